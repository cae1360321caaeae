// ESP-IDF checkouts that are on this machine already: what Espressif's installers wrote down (eim_idf.json, idf-env.json),
// what IDF_PATH says, and our own clones. They are read and used where they are, never changed.

import FoundationEssentials
public import SystemPackage

/// A checkout of ESP-IDF.
public struct FoundIDF: Equatable, Sendable {
    /// Who told of it.
    public enum Source: String, Sendable {
        /// The variable IDF_PATH.
        case variable = "IDF_PATH"
        /// Espressif's installation manager.
        case eim = "eim_idf.json"
        /// ESP-IDF's own installer.
        case idfEnv = "idf-env.json"
        /// `espmask toolchain install idf`.
        case own = "espmask"
    }

    /// The checkout.
    public var path: FilePath
    /// `5.5.1`; nil where the checkout does not say.
    public var version: String?
    /// Who told of it.
    public var source: Source
    /// The folder of its tools and its Python environment.
    public var toolsPath: FilePath
    /// A script that prints its environment with `-e`, where there is one.
    public var activationScript: FilePath?

    /// The manifest of its tools.
    public var manifest: FilePath { path.pushing("tools/tools.json") }

    /// All checkouts, the one that is in use first; each folder once.
    public static func all(environment: [String: String], prefix: InstallPrefix) -> [FoundIDF] {
        let home = FilePath(environment["HOME"] ?? "/")
        let tools = environment["IDF_TOOLS_PATH"].map { FilePath($0) } ?? home.appending(".espressif")
        var found: [FoundIDF] = []
        if let path = environment["IDF_PATH"], !path.isEmpty {
            found.append(FoundIDF(path: FilePath(path), source: .variable, toolsPath: tools))
        }
        found += managed(by: [tools.pushing("tools/eim_idf.json"), tools.appending("eim_idf.json")], tools: tools)
        found += recorded(in: tools.appending("idf-env.json"), tools: tools)
        let own = prefix.root.appending("idf")
        found += FileStamp.names(in: own).sorted().map {
            FoundIDF(path: own.appending($0), source: .own, toolsPath: prefix.root)
        }
        // Checkouts whose tools were installed by us, which is what their user asked for.
        let ours = Set(recorded(in: prefix.root.appending("idf-env.json"), tools: prefix.root).map(\.path))
        var seen: Set<FilePath> = []
        return found.filter { FileStamp.of($0.manifest) != nil && seen.insert($0.path.lexicallyNormalized()).inserted }
            .map { $0.withVersion }
            .map { $0.source != .own && ours.contains($0.path) ? $0.withTools(in: prefix.root) : $0 }
    }

    private static func managed(by files: [FilePath], tools: FilePath) -> [FoundIDF] {
        struct List: Decodable {
            struct Installation: Decodable {
                var id: String?
                var path: String
                var idfToolsPath: String?
                var activationScript: String?
            }
            var idfInstalled: [Installation]
            var idfSelectedId: String?
        }
        guard let file = files.first(where: { FileStamp.of($0) != nil }), let list: List = try? SettingsFile.read(file)
        else { return [] }
        let selectedFirst = list.idfInstalled.sorted { one, _ in one.id != nil && one.id == list.idfSelectedId }
        return selectedFirst.map {
            FoundIDF(
                path: FilePath($0.path), source: .eim, toolsPath: $0.idfToolsPath.map { FilePath($0) } ?? tools,
                activationScript: $0.activationScript.map { FilePath($0) })
        }
    }

    private static func recorded(in file: FilePath, tools: FilePath) -> [FoundIDF] {
        struct Record: Decodable {
            struct Installation: Decodable {
                var path: String
            }
            var idfInstalled: [String: Installation]
        }
        guard let record: Record = try? SettingsFile.read(file) else { return [] }
        return record.idfInstalled.sorted { $0.key > $1.key }.map {
            FoundIDF(path: FilePath($0.value.path), source: .idfEnv, toolsPath: tools)
        }
    }

    private init(path: FilePath, source: Source, toolsPath: FilePath, activationScript: FilePath? = nil) {
        self.path = path
        self.source = source
        self.toolsPath = toolsPath
        self.activationScript = activationScript
    }

    /// Whether the folder of tools says that it belongs to the checkout.
    var isRecorded: Bool {
        Self.recorded(in: toolsPath.appending("idf-env.json"), tools: toolsPath).contains { $0.path == path }
    }

    /// The same checkout with another folder of tools.
    func withTools(in folder: FilePath) -> FoundIDF {
        var found = self
        found.toolsPath = folder
        found.activationScript = nil
        return found
    }

    // A release has version.txt; every checkout has the header.
    private var withVersion: FoundIDF {
        var found = self
        if let bytes = try? FileStamp.contents(of: path.appending("version.txt")) {
            let text = String(decoding: bytes, as: UTF8.self).trimmed
            found.version = text.hasPrefix("v") ? String(text.dropFirst()) : text
            return found
        }
        let header = path.pushing("components/esp_common/include/esp_idf_version.h")
        guard let bytes = try? FileStamp.contents(of: header) else { return found }
        let text = String(decoding: bytes, as: UTF8.self)
        let numbers = ["MAJOR", "MINOR", "PATCH"].compactMap { part -> Substring? in
            guard let pattern = try? Regex("ESP_IDF_VERSION_\(part)\\s+([0-9]+)", as: (Substring, Substring).self)
            else {
                return nil
            }
            return text.firstMatch(of: pattern)?.output.1
        }
        if numbers.count == 3 { found.version = numbers.joined(separator: ".") }
        return found
    }

    /// Whether `wanted` names its version: `5.5`, `v5.5.1` or nil for any.
    func isVersion(_ wanted: String?) -> Bool {
        guard let wanted else { return true }
        // A clone of ours is named after its tag or branch, which its own header may not know.
        if source == .own, [wanted, "v\(wanted)"].contains(path.lastComponent?.string) { return true }
        guard let version else { return false }
        let plain = wanted.hasPrefix("v") ? String(wanted.dropFirst()) : wanted
        return version == plain || version.hasPrefix(plain + ".") || version.hasPrefix(plain + "-")
    }
}
