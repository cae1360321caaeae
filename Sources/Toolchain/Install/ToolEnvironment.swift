// The environment in which installed tools are found, as text for shells and programs. PATH is put in front of what is
// there; of several versions of a tool the newest counts.

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
        var seen: Set<String> = []
        for receipt in prefix.receipts() {
            let kind = receipt.place.dropLast().joined(separator: "/")
            guard seen.insert(kind).inserted else { continue }
            add(receipt.exports, folder: prefix.folder(receipt.place))
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
