// Asks an unpacked tool for its version. That it answers at all proves that it runs on this machine; the archive's
// contents are proven by its digest already.

import FoundationEssentials
import SystemPackage

enum Probing {
    /// The version that the tool in `folder` tells; nil where it has none to tell.
    ///
    /// Throws `tool-missing` for a tool that cannot be run, ends with an error, or says nothing for as long as
    /// `patience`.
    static func version(
        of artifact: Artifact, in folder: FilePath, environment: [String: String], patience: Duration
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
            let outcome = try await withPatience(artifact, patience) { () async throws(ToolchainError) in
                do throws(ToolchainError) {
                    return try await Programs.run(program, arguments, environment: environment, endsWhole: true)
                } catch {
                    // One for another machine, for example, which the system will not start.
                    throw broken(artifact, "'\(name)' cannot be run: \(error.message)")
                }
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
        Substitution(probe.pattern, replacement: probe.replacement)?.first(in: text)
    }

    private static func withPatience(
        _ artifact: Artifact, _ patience: Duration,
        _ work: @escaping @Sendable () async throws(ToolchainError) -> ProgramOutcome
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
