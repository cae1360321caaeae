// What happens while tests run, for those who show it live. The order is that of the events; tests that run side by side
// interleave.

/// Something that happened during a run. A test is named by its place in the run's list.
package enum RunProgress: Sendable, Equatable {
    /// An attempt at a test begins on a board; the first is 1.
    case began(test: Int, port: String, attempt: Int)
    /// A step begins.
    case step(test: Int, title: String, line: Int)
    /// A step ended.
    case stepEnded(test: Int, step: StepRecord)
    /// A test ended, with all its attempts.
    case ended(test: Int, record: TestRecord)
    /// A board is not used any more.
    case boardSetAside(port: String, reason: String)
}
