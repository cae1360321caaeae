// A run in words, for a terminal or a log: a line per test, then what went wrong in full, then the counts.

import DeviceBridge

/// Words for a run.
package struct TextReport: Sendable {
    private let run: RunRecord
    private let paint: Paint

    /// `colour` allows control sequences for colours.
    package init(_ run: RunRecord, colour: Bool = false) {
        self.run = run
        paint = Paint(isAllowed: colour)
    }

    /// The whole report.
    package var text: String {
        let width = min(48, run.tests.map { PlainText.of($0.name).columns }.max() ?? 0)
        let lines = run.tests.map { line($0, nameColumns: width) }
        return (lines + [ending]).joined(separator: "\n") + "\n"
    }

    /// What follows the tests' lines: what went wrong in full, boards that were set aside, and the counts.
    package var ending: String {
        var parts: [String] = []
        for test in run.tests where test.verdict != .passed && test.verdict != .skipped {
            parts.append(account(of: test))
        }
        for board in run.boards {
            if let reason = board.setAside {
                parts.append(paint.yellow("\(board.port) was set aside: \(PlainText.of(reason))"))
            }
        }
        let tally = RunTally(run.tests)
        let words = "\(tally.words) in \(Figures.duration(run.seconds))"
        parts.append(tally.total == 0 ? words : tally.isGreen ? paint.green(words) : paint.red(words))
        return (parts.count > 1 ? "\n" : "") + parts.joined(separator: "\n\n")
    }

    /// A test's line: verdict, name, board, time, and why it did not pass.
    package func line(_ test: TestRecord, nameColumns: Int) -> String {
        let name = PlainText.of(test.name).padded(columns: nameColumns)
        let verdict = paint.verdict(test.verdict, test.verdict.rawValue.padded(columns: 7))
        var parts = ["\(verdict)  \(name)"]
        if let port = test.port { parts.append(port) }
        if !test.attempts.isEmpty { parts.append(Figures.duration(test.seconds)) }
        if let message = test.message { parts.append(PlainText.of(message)) }
        return parts.joined(separator: "  ")
    }

    private func account(of test: TestRecord) -> String {
        let name = PlainText.of(test.name)
        var lines = [paint.bold("\(test.verdict.rawValue): \(name)") + " (\(test.file))"]
        var previous: [String] = []
        for (index, attempt) in test.attempts.enumerated() where !attempt.passed {
            let said = self.lines(of: attempt)
            if test.attempts.count > 1 {
                lines.append("  attempt \(index + 1) on \(attempt.port)" + (said == previous ? ": the same" : ":"))
            }
            if said != previous { lines += said }
            previous = said
        }
        if test.attempts.isEmpty, let message = test.message { lines.append("  \(PlainText.of(message))") }
        return lines.joined(separator: "\n")
    }

    private func lines(of attempt: AttemptRecord) -> [String] {
        guard let failure = attempt.failure else { return ["  \(attempt.reason)"] }
        var lines = ["  line \(failure.line): \(PlainText.of(failure.step))", "  \(PlainText.of(failure.message))"]
        if let expected = failure.expected { lines.append("  expected: \(PlainText.of(expected))") }
        if let nearest = failure.nearest { lines.append("  nearest:  \(PlainText.of(nearest))") }
        if !failure.lastLines.isEmpty {
            lines.append("  the last lines of the board:")
            lines += failure.lastLines.map { "    | \(PlainText.of($0))" }
        }
        for diagnosis in attempt.diagnoses {
            lines.append("  \(diagnosis.severity): \(diagnosis.code): \(PlainText.of(diagnosis.hint))")
        }
        if let hint = failure.hint { lines.append("  do: \(PlainText.of(hint))") }
        return lines
    }
}

/// Colours of a terminal, or none.
struct Paint: Sendable {
    let isAllowed: Bool

    func green(_ text: String) -> String { coloured(32, text) }
    func red(_ text: String) -> String { coloured(31, text) }
    func yellow(_ text: String) -> String { coloured(33, text) }
    func bold(_ text: String) -> String { coloured(1, text) }
    func dim(_ text: String) -> String { coloured(2, text) }

    func verdict(_ verdict: Verdict, _ text: String) -> String {
        switch verdict {
        case .passed: green(text)
        case .failed: red(text)
        case .error: coloured(35, text)
        case .flaky: yellow(text)
        case .skipped: dim(text)
        }
    }

    private func coloured(_ code: Int, _ text: String) -> String {
        isAllowed ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
