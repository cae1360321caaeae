// Runs one compiler or linker to its end. Messages are asked for in the C locale, since they are parsed.

import Subprocess
import SystemPackage

/// How a child process ended.
struct CompilerOutcome: Sendable {
    /// True for exit code 0.
    var succeeded: Bool
    /// What it printed on standard error.
    var output: String
}

enum CompilerProcess {
    /// Most of a compiler's complaints that is kept.
    private static let outputLimit = 4 << 20

    static func run(_ program: FilePath, _ arguments: [String]) async throws(ToolchainError) -> CompilerOutcome {
        do {
            let result = try await Subprocess.run(
                .path(program), arguments: Arguments(arguments), environment: .inherit.updating(["LC_ALL": "C"]),
                output: .discarded, error: .string(limit: outputLimit))
            return CompilerOutcome(
                succeeded: result.terminationStatus == .exited(0), output: result.standardError)
        } catch {
            throw .compilerFailed(program: program.string, output: "\(error)")
        }
    }
}
