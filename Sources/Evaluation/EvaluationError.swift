// What is wrong with a set of artifacts: the file, what about it, and what to do. Everything is `bad-inputs`.

/// Why artifacts cannot be used.
public struct EvaluationError: Error, Equatable, Sendable {
    /// The stable code of the command line.
    public let code = "bad-inputs"
    /// What is wrong with what.
    public var message: String
    /// What to do now.
    public var hint: String

    init(_ message: String, hint: String = "Train again, or copy the whole folder anew.") {
        self.message = message
        self.hint = hint
    }
}
