// The environment in which installed tools are found, as text for shells and programs. PATH is put in front of what is
// there. Of several versions of a tool the one that its manifest recommends counts, else a supported one, and of equals
// the newest, as in ESP-IDF's own export; that one ignores deprecated versions, which here count where nothing else is.

import FoundationEssentials
import SystemPackage

/// What installed tools add to the environment.
public struct ToolEnvironment: Equatable, Sendable {
    /// The form of the text.
    public enum Format: String, Sendable, CaseIterable {
        /// For sh, bash and zsh.
        case sh
        /// For fish.
        case fish
        /// For programs.
        case json
    }

    /// Folders for PATH, the first one first.
    public var paths: [String]
    /// The other variables.
    public var variables: [Exports.Variable]

    /// What the tools of a prefix need.
    public init(prefix: InstallPrefix) {
        paths = []
        variables = []
        let receipts = prefix.receipts()
        func isBetter(_ one: Receipt, than other: Receipt) -> Bool {
            let (first, second) = (Self.rank(one), Self.rank(other))
            return first == second ? isOlderVersion(other.version, than: one.version) : first < second
        }
        var best: [[String]: Receipt] = [:]
        for receipt in receipts {
            let kind = Array(receipt.place.dropLast())
            if let other = best[kind], !isBetter(receipt, than: other) { continue }
            best[kind] = receipt
        }
        for receipt in receipts where best[Array(receipt.place.dropLast())] == receipt {
            add(receipt.exports, folder: prefix.folder(receipt.place))
        }
    }

    private static func rank(_ receipt: Receipt) -> Int {
        switch receipt.status.flatMap({ ToolVersion.Status(rawValue: $0) }) {
        case .recommended: 0
        case .supported, nil: 1
        case .deprecated: 2
        }
    }

    private mutating func add(_ exports: Exports, folder: FilePath) {
        // A folder that a tool does not have is of no use to PATH (Arduino's tools name none).
        paths += exports.paths.map { $0.reduce(folder) { $0.appending($1) } }.filter { FileStamp.isDirectory($0) }
            .map(\.string)
        for variable in exports.variables {
            let value = variable.value.replacing("${TOOL_PATH}", with: folder.string)
            variables.removeAll { $0.name == variable.name }
            variables.append(.init(name: variable.name, value: value))
        }
    }

    /// The text that makes a shell use it.
    public func text(_ format: Format) -> String {
        switch format {
        case .sh:
            let lines = variables.map { "export \($0.name)=\(Self.quoted($0.value))" }
            let path =
                paths.isEmpty ? [] : ["export PATH=\(Self.quoted(paths.joined(separator: ":")))\"${PATH:+:$PATH}\""]
            return (lines + path).map { $0 + "\n" }.joined()
        case .fish:
            let lines = variables.map { "set -gx \($0.name) \(Self.fishQuoted($0.value))" }
            let path =
                paths.isEmpty ? [] : ["set -gx PATH \(paths.map { Self.fishQuoted($0) }.joined(separator: " ")) $PATH"]
            return (lines + path).map { $0 + "\n" }.joined()
        case .json:
            struct Object: Encodable {
                var paths: [String]
                var variables: [String: String]
            }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let object = Object(
                paths: paths, variables: Dictionary(variables.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }))
            let data = (try? encoder.encode(object)) ?? Data()
            return String(decoding: data, as: UTF8.self) + "\n"
        }
    }

    /// An environment with the tools in it.
    public func applied(to environment: [String: String]) -> [String: String] {
        var environment = environment
        for variable in variables { environment[variable.name] = variable.value }
        if !paths.isEmpty {
            environment["PATH"] = (paths + [environment["PATH"] ?? "/usr/bin:/bin"]).joined(separator: ":")
        }
        return environment
    }

    // Between single quotes nothing is special but they themselves.
    private static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }

    private static func fishQuoted(_ text: String) -> String {
        "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
    }
}
