// What is known of a run of tests once it is over: the one value that every report (table, JSON lines, JUnit, HTML) is
// made from. Values only; times are seconds, and a step's and a line's are counted from the start of their attempt.

/// A whole run.
package struct RunRecord: Sendable, Equatable {
    /// The tests in the order of their scripts.
    package var tests: [TestRecord]
    /// The boards that were offered.
    package var boards: [BoardRecord]
    /// When it began, in seconds since 1970.
    package var startedAt: Double
    /// Wall-clock seconds from the first test's start to the last one's end.
    package var seconds: Double

    package init(tests: [TestRecord], boards: [BoardRecord], startedAt: Double, seconds: Double) {
        self.tests = tests
        self.boards = boards
        self.startedAt = startedAt
        self.seconds = seconds
    }
}

/// A board that tests ran on.
package struct BoardRecord: Sendable, Equatable {
    /// The port as it was given.
    package var port: String
    /// The board's name in the board table, "esp32-devkitc-v4"; nil where it never answered.
    package var board: String?
    /// Why it was set aside during the run; nil for a board that lived.
    package var setAside: String?

    package init(port: String, board: String? = nil, setAside: String? = nil) {
        self.port = port
        self.board = board
        self.setAside = setAside
    }
}

/// One script on one board.
package struct TestRecord: Sendable, Equatable {
    /// The script's `name:`.
    package var name: String
    /// The script's path as it was given.
    package var file: String
    /// The script's tags.
    package var tags: [String]
    /// Where it ran last; nil where it never reached a board.
    package var port: String?
    package var verdict: Verdict
    /// All attempts together.
    package var seconds: Double
    /// Why it did not pass, in one line; for a flaky test, why the first attempt failed; nil for a passed one.
    package var message: String?
    /// In order; the last one decides. Empty for a skipped test.
    package var attempts: [AttemptRecord]

    package init(
        name: String, file: String, tags: [String] = [], port: String? = nil, verdict: Verdict, seconds: Double = 0,
        message: String? = nil, attempts: [AttemptRecord] = []
    ) {
        self.name = name
        self.file = file
        self.tags = tags
        self.port = port
        self.verdict = verdict
        self.seconds = seconds
        self.message = message
        self.attempts = attempts
    }
}

/// One try at a script.
package struct AttemptRecord: Sendable, Equatable {
    package var port: String
    package var passed: Bool
    /// When it began, in seconds from the run's start; nil where nobody noted it.
    package var startedAt: Double?
    package var seconds: Double
    /// Every step that was begun or left out, setup and teardown too, in the order of their running; the steps inside a
    /// `repeat` or a `for-each` come once a round, after their parent.
    package var steps: [StepRecord]
    /// All that the board said.
    package var log: [LogLine]
    /// The causes that the monitor named, root cause first.
    package var diagnoses: [DiagnosisRecord]
    /// What ended it, where it did not pass.
    package var failure: FailureRecord?
    /// The memory map of the model that ran last, as SVG; nil where no model was packed.
    package var arenaMap: String?

    package init(
        port: String, passed: Bool, startedAt: Double? = nil, seconds: Double, steps: [StepRecord], log: [LogLine],
        diagnoses: [DiagnosisRecord] = [], failure: FailureRecord? = nil, arenaMap: String? = nil
    ) {
        self.port = port
        self.passed = passed
        self.startedAt = startedAt
        self.seconds = seconds
        self.steps = steps
        self.log = log
        self.diagnoses = diagnoses
        self.failure = failure
        self.arenaMap = arenaMap
    }
}
