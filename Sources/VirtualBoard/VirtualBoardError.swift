// The one error type of the virtual board: what went wrong, what to do now, and a stable code that the
// command line maps to an exit code. What the board answers over the wire is not an error in this sense.

/// Why a virtual board cannot be made, opened or told to misbehave.
public struct VirtualBoardError: Error, Equatable, Sendable {
    /// The stable code: `usage`, `file-not-found`, `port-busy`, `permission-denied`, `disk-full`, `port-not-found`.
    public var code: String
    /// What happened, to what.
    public var message: String
    /// What to do now.
    public var hint: String

    /// Makes an error from its three parts.
    public init(code: String, message: String, hint: String) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}
