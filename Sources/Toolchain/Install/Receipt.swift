// What an installed tool's folder says of itself: receipt.json, written before the folder gets its name. A folder
// without one is not installed, whatever is in it.

import FoundationEssentials
public import SystemPackage

/// The receipt of an installed tool.
public struct Receipt: Codable, Equatable, Sendable {
    /// The archive that it came from.
    public struct Archive: Codable, Equatable, Sendable {
        /// Its file name.
        public var name: String
        /// The URL that the manifest gives.
        public var url: String
        /// Its size in bytes; nil where the manifest gives none.
        public var size: Int?
        /// `SHA-256:` and hex digits.
        public var digest: String
    }

    static let fileName = "receipt.json"
    static let currentFormat = 1

    /// The receipt's own form.
    public var format = Receipt.currentFormat
    /// The tool.
    public var name: String
    /// The version by which the manifest knows it.
    public var version: String
    /// The folder below the prefix.
    public var place: [String]
    /// The tool's place in its manifest, which is the order of PATH.
    public var order: Int
    /// What the manifest's makers think of the version: `recommended`, `supported`, `deprecated`; nil where they do not
    /// tell.
    public var status: String?
    /// The archive.
    public var archive: Archive
    /// Files and links in the folder.
    public var files: Int
    /// The version that the tool itself told; nil where it tells none.
    public var reported: String?
    /// What using it needs.
    public var exports: Exports

    init(step: InstallStep, files: Int, reported: String?) {
        let artifact = step.artifact
        name = artifact.name
        version = artifact.version
        place = artifact.place
        order = step.order
        status = step.status?.rawValue
        archive = Archive(
            name: artifact.archiveName, url: artifact.url, size: artifact.size, digest: artifact.digest.text)
        self.files = files
        self.reported = reported
        exports = artifact.exports
    }

    /// Reads the receipt in a folder; nil where there is no whole one.
    static func read(in folder: FilePath) -> Receipt? {
        guard let bytes = try? FileStamp.contents(of: folder.appending(fileName)),
            let receipt = try? JSONDecoder().decode(Receipt.self, from: Data(bytes)),
            receipt.format == currentFormat, ManifestNames.areInside(receipt.place)
        else { return nil }
        return receipt
    }

    func write(in folder: FilePath) throws(ToolchainError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else { return }
        try FileStamp.write(Array(data) + [0x0A], to: folder.appending(Self.fileName))
    }
}

extension Digest {
    /// `SHA-256:` and hex digits.
    var text: String { "\(algorithm.rawValue):\(hex)" }
}

/// Where tools are installed.
public struct InstallPrefix: Equatable, Sendable {
    /// The folder.
    public let root: FilePath

    /// Takes a folder as it is.
    public init(root: FilePath) { self.root = root.absolute }

    /// The folder that the environment means: `ESPMASK_TOOLCHAINS`, else `XDG_DATA_HOME/espmask/toolchains`, else
    /// `~/.local/share/espmask/toolchains`.
    public init(environment: [String: String]) {
        if let named = environment["ESPMASK_TOOLCHAINS"], !named.isEmpty {
            self.init(root: FilePath(named))
            return
        }
        let data =
            environment["XDG_DATA_HOME"].flatMap { $0.isEmpty ? nil : FilePath($0) }
            ?? FilePath(environment["HOME"] ?? "/").pushing(".local/share")
        self.init(root: data.pushing("espmask/toolchains"))
    }

    var staging: FilePath { root.appending(".staging") }

    /// The folder of a tool.
    public func folder(_ place: [String]) -> FilePath {
        place.reduce(root) { $0.appending($1) }
    }

    /// The receipts of everything that is installed, in the order of PATH, newer versions first.
    public func receipts() -> [Receipt] {
        var found: [Receipt] = []
        func look(in folder: FilePath, depth: Int) {
            for name in FileStamp.names(in: folder) where !name.hasPrefix(".") {
                let child = folder.appending(name)
                guard FileStamp.isDirectory(child) else { continue }
                if depth > 1 {
                    look(in: child, depth: depth - 1)
                } else if let receipt = Receipt.read(in: child) {
                    found.append(receipt)
                }
            }
        }
        look(in: root.appending("tools"), depth: 2)
        for vendor in FileStamp.names(in: root.appending("packages")) {
            for kind in ["tools", "hardware"] {
                look(in: root.appending("packages").appending(vendor).appending(kind), depth: 2)
            }
        }
        return found.sorted {
            if $0.order != $1.order { return $0.order < $1.order }
            if $0.name != $1.name { return $0.name < $1.name }
            return isOlderVersion($1.version, than: $0.version)
        }
    }
}
