// How the program fails: one value that carries the stable code, what happened, and what to do now; and the
// table from codes to exit codes. The targets' own error types become this value here and nowhere else.

/// A failure as the user sees it.
struct Failure: Error, Equatable, Sendable {
    /// The stable code, one of the list in the command-line contract.
    var code: String
    /// What happened, to what.
    var message: String
    /// What to do next.
    var hint: String

    init(_ code: String, _ message: String, hint: String) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// The exit code that belongs to the code.
    var exitCode: Int32 { ExitCode.forFailure(code) }

    /// The shape printed with `--json`.
    var json: JSON {
        ["error": ["code": .string(code), "message": .string(message), "hint": .string(hint)]]
    }

    /// The same, of one board among several.
    func json(port: String) -> JSON {
        [
            "error": [
                "code": .string(code), "message": .string(message), "hint": .string(hint), "port": .string(port),
            ]
        ]
    }

    /// The text printed to stderr.
    var text: String { "error: \(message) [\(code)]" + (hint.isEmpty ? "" : "\n  hint: \(hint)") }
}

/// The exit codes of the contract.
enum ExitCode {
    static let done: Int32 = 0
    static let workFailed: Int32 = 1
    static let badUsageOrInput: Int32 = 2
    static let noBoard: Int32 = 3
    static let boardRefused: Int32 = 4
    static let toolMissing: Int32 = 5
    static let firmwareSick: Int32 = 6
    static let timedOut: Int32 = 124
    static let interrupted: Int32 = 130
    /// The reader of our output closed it (128 + SIGPIPE).
    static let readerGone: Int32 = 141

    private static let badInput: Set<String> = [
        "usage", "file-not-found", "bad-inputs", "model-invalid", "model-unsupported", "op-missing", "arena-too-small",
        "model-too-large", "model-schema-mismatch", "input-mismatch", "image-invalid", "elf-invalid",
        "wrong-architecture", "partition-table-invalid", "layout-overlap", "script-invalid", "manifest-invalid",
        "output-unwritable",
    ]
    private static let board: Set<String> = [
        "port-not-found", "port-ambiguous", "port-busy", "permission-denied", "wrong-chip", "board-mismatch",
    ]
    private static let refused: Set<String> = [
        "no-reply", "wrong-boot-mode", "application-running", "loader-refused", "connection-lost", "protected-chip",
        "needs-mask-rom",
    ]
    private static let tool: Set<String> = [
        "compiler-missing", "build-failed", "tool-missing", "download-failed", "hash-mismatch", "archive-unsafe",
        "disk-full",
    ]

    /// The exit code of a failure's code; a code that is not in the table is a failure of the work itself.
    static func forFailure(_ code: String) -> Int32 {
        if badInput.contains(code) { return badUsageOrInput }
        if board.contains(code) { return noBoard }
        if refused.contains(code) { return boardRefused }
        if tool.contains(code) { return toolMissing }
        return code == "timed-out" ? timedOut : workFailed
    }
}
