// What a board did not do in time, told so that nobody has to run the test again to see why: what was waited for, what came
// nearest to it, the board's last lines, and the causes that were named.

/// Something that was expected of a board and did not come.
public struct UnmetExpectation: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was waited for: `'text'`, `/expression/`, or a name.
    public var expected: String
    /// How long, on the line's clock.
    public var waited: Duration
    /// The line that looked most like it.
    public var nearest: String?
    /// The board's last lines.
    public var lastLines: [String]
    /// The causes that were named so far, root cause first.
    public var diagnoses: [Diagnosis]
    /// Why nothing more can come; nil where the time was simply up.
    public var cause: DeviceError?

    /// All of it as text.
    public var description: String {
        var lines = ["\(expected) did not come within \(waited)"]
        if let cause { lines = ["\(expected) can not come any more: \(cause.message)"] }
        if let nearest { lines.append("nearest: \(nearest)") }
        if !lastLines.isEmpty {
            lines.append("the last lines of the board:")
            lines += lastLines.map { "  | \($0)" }
        }
        lines += diagnoses.map { "\($0.severity.rawValue): \($0.code.rawValue): \($0.hint)" }
        if let cause { lines.append("do: \(cause.hint)") }
        return lines.joined(separator: "\n")
    }
}
