// A child process whose output is heard line by line, errors among it, with its last words kept.

import Subprocess
import SystemPackage

enum LineProcess {
    /// How a child ended.
    struct Outcome: Sendable {
        var succeeded: Bool
        /// `ended with 3`, `was ended by signal 9`.
        var status: String
        /// The last lines that nobody took.
        var lastWords: [String]
    }

    private static let keptLines = 30

    /// Runs a program to its end. `take` hears every line; those for which it is false are kept as last words.
    static func run(
        _ program: FilePath, _ arguments: [String], environment: [String: String?] = [:],
        take: @Sendable (String) async -> Bool
    ) async throws -> Outcome {
        var overrides: [Environment.Key: String?] = [:]
        for (key, value) in environment { overrides[Environment.Key(stringLiteral: key)] = value }
        let result = try await Subprocess.run(
            .path(program), arguments: Arguments(arguments), environment: .inherit.updating(overrides),
            input: .none, output: .sequence, error: .combinedWithOutput
        ) { execution in
            var kept: [String] = []
            for try await line in execution.standardOutput.strings() {
                let text = line.last == "\n" ? String(line.dropLast()) : line
                if await take(text) { continue }
                kept.append(text)
                if kept.count > keptLines { kept.removeFirst() }
            }
            return kept
        }
        let status =
            switch result.terminationStatus {
            case .exited(let code): "ended with \(code)"
            case .signaled(let signal): "was ended by signal \(signal)"
            }
        return Outcome(
            succeeded: result.terminationStatus == .exited(0), status: status,
            lastWords: result.closureResult)
    }
}
