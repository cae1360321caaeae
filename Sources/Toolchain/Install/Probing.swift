// Asks an unpacked tool for its version. That it answers at all proves that it runs on this machine; the archive's
// contents are proven by its digest already.

import FoundationEssentials
import SystemPackage

enum Probing {
    /// A program that says nothing for so long will not.
    private static let patience = Duration.seconds(60)

    /// The version that the tool in `folder` tells; nil where it has none to tell.
    ///
    /// Throws `tool-missing` for a tool that cannot be run or ends with an error.
    static func version(
        of artifact: Artifact, in folder: FilePath, environment: [String: String]
    ) async throws(ToolchainError) -> String? {
        guard let probe = artifact.probe else { return nil }
        switch probe.source {
        case .file(let components):
            struct Info: Decodable { var version: String }
            let path = components.reduce(folder) { $1.isEmpty ? $0 : $0.appending($1) }
            guard let bytes = try? FileStamp.contents(of: path),
                let info = try? JSONDecoder().decode(Info.self, from: Data(bytes))
            else { throw broken(artifact, "\(components.joined(separator: "/")) does not tell its version") }
            return extract(probe, from: info.version)
        case .command(let words):
            let folders = artifact.exports.paths.map { $0.reduce(folder) { $0.appending($1) } }
            let path = folders.map(\.string) + [environment["PATH"] ?? "/usr/bin:/bin"]
            let environment = environment.merging(["PATH": path.joined(separator: ":")]) { $1 }
            guard let name = words.first, let program = Programs.path(name, environment: environment) else {
                throw broken(artifact, "it has no program '\(words.first ?? "")'")
            }
            let arguments = Array(words.dropFirst())
            let outcome = try await withPatience(artifact) { () async throws(ToolchainError) in
                try await Programs.run(program, arguments, environment: environment)
            }
            guard outcome.succeeded else {
                let said = (outcome.errors + outcome.output).split(whereSeparator: \.isNewline).first ?? ""
                throw broken(artifact, "'\(words.joined(separator: " "))' ended with \(outcome.status): \(said)")
            }
            return extract(probe, from: outcome.output + outcome.errors)
        }
    }

    /// What the probe's expression makes of a text; nil where it does not match.
    static func extract(_ probe: VersionProbe, from text: String) -> String? {
        guard let pattern = try? Regex(probe.pattern).matchingSemantics(.unicodeScalar),
            // To the manifests' regular expressions, which are Python's, the end is also before the last line's end.
            let match = text.firstMatch(of: pattern)
                ?? text.dropLast(text.hasSuffix("\n") ? 1 : 0).firstMatch(of: pattern)
        else { return nil }
        var result = ""
        var rest = probe.replacement[...]
        while let character = rest.popFirst() {
            guard character == "\\", let next = rest.first else {
                result.append(character)
                continue
            }
            rest.removeFirst()
            var digits = next.isNumber ? String(next) : ""
            if next == "g", rest.first == "<", let end = rest.firstIndex(of: ">") {
                digits = String(rest[rest.index(after: rest.startIndex)..<end])
                rest = rest[rest.index(after: end)...]
            }
            if let group = Int(digits), group < match.output.count {
                result += match.output[group].substring.map { String($0) } ?? ""
            } else if let group = match[digits] {
                result += group.substring.map { String($0) } ?? ""
            } else {
                result.append(next)
            }
        }
        return result
    }

    private static func withPatience(
        _ artifact: Artifact, _ work: @escaping @Sendable () async throws(ToolchainError) -> ProgramOutcome
    ) async throws(ToolchainError) -> ProgramOutcome {
        let result = await withTaskGroup(of: Result<ProgramOutcome, ToolchainError>?.self) { group in
            group.addTask {
                do throws(ToolchainError) { return .success(try await work()) } catch { return .failure(error) }
            }
            group.addTask {
                try? await Task.sleep(for: patience)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        guard let result else { throw broken(artifact, "it does not answer when asked for its version") }
        return try result.get()
    }

    private static func broken(_ artifact: Artifact, _ reason: String) -> ToolchainError {
        .install(.toolBroken(tool: "\(artifact.name) \(artifact.version)", reason: reason))
    }
}
