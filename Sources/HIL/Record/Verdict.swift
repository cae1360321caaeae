// How tests and their steps end. What makes a verdict is the runner's and the script machine's affair.

/// How a test ended, all its attempts together.
package enum Verdict: String, Sendable, Equatable, CaseIterable {
    /// Every step held at the first attempt.
    case passed
    /// A step did not hold, at every attempt.
    case failed
    /// The test could not be judged: no board, no build, a board that died, a line that broke, time used up.
    case error
    /// It passed, but only when tried again.
    case flaky
    /// It did not run, and that was asked for or no board of those given could have run it.
    case skipped
}

/// How one step ended.
package enum StepVerdict: String, Sendable, Equatable, CaseIterable {
    case passed
    case failed
    case error
    /// A step before it ended the attempt.
    case skipped
}
