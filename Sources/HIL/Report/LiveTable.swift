// The running tests on a terminal: a row per board at work and a line with the counts, drawn over themselves; a test that
// has ended gets a line of its own above, which stays. No clock and no terminal in here: time and width are told, and
// what to write comes back. A window that became narrower breaks the rows drawn before; as many as they take now are
// taken back, so that nothing is left of them.

import DeviceBridge

/// What a terminal shows of a run.
package struct LiveTable: Sendable {
    private struct Row: Sendable {
        var test: Int
        var port: String
        var attempt: Int
        var since: Double
        var step = ""
    }

    private let names: [String]
    private let paint: Paint
    private let report: TextReport
    private let nameColumns: Int
    private var rows: [Row] = []
    private var ended: [TestRecord] = []
    /// What has to be written before the next frame, for good.
    private var said: [String] = []
    /// The columns that each row of the last frame took.
    private var drawn: [Int] = []

    private static let spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]

    /// `names` are those of the tests, in the order of the run.
    package init(names: [String], colour: Bool) {
        self.names = names.map { PlainText.of($0) }
        paint = Paint(isAllowed: colour)
        report = TextReport(RunRecord(tests: [], boards: [], startedAt: 0, seconds: 0), colour: colour)
        nameColumns = min(40, self.names.map(\.columns).max() ?? 0)
    }

    /// Something happened, `seconds` after the start.
    package mutating func take(_ progress: RunProgress, at seconds: Double) {
        switch progress {
        case .began(let test, let port, let attempt):
            rows.removeAll { $0.test == test }
            rows.append(Row(test: test, port: port, attempt: attempt, since: seconds))
        case .step(let test, let title, let line):
            guard let index = rows.firstIndex(where: { $0.test == test }) else { return }
            rows[index].step = "\(line): \(PlainText.of(title))"
        case .stepEnded: break
        case .ended(let test, let record):
            rows.removeAll { $0.test == test }
            ended.append(record)
            said.append(report.line(record, nameColumns: nameColumns))
        case .boardSetAside(let port, let reason):
            said.append(paint.yellow("board    \(port) is set aside: \(PlainText.of(reason))"))
        }
    }

    /// What to write now: the last frame is taken back, what stays is said, and the rows are drawn anew.
    package mutating func frame(columns: Int, at seconds: Double) -> String {
        let room = max(20, columns) - 1
        let lines = rows.map { row($0, room: room, at: seconds) } + [status(room: room, at: seconds)]
        let out = erasure(columns: columns) + takeSaid() + lines.map { $0.text + "\n" }.joined()
        drawn = lines.map(\.columns)
        return out
    }

    /// The end: the rows go, the tests' lines stay.
    package mutating func end(columns: Int) -> String {
        let out = erasure(columns: columns) + takeSaid()
        drawn = []
        return out
    }

    /// What there is to say where nothing can be drawn over: the lines of tests that ended since.
    package mutating func plainLines() -> String { takeSaid() }

    private mutating func takeSaid() -> String {
        defer { said = [] }
        return said.map { $0 + "\n" }.joined()
    }

    /// Back to where the last frame began, and everything from there on away.
    private func erasure(columns: Int) -> String {
        guard !drawn.isEmpty else { return "" }
        let up = drawn.reduce(0) { $0 + max(1, ($1 + max(1, columns) - 1) / max(1, columns)) }
        return "\r\u{1B}[\(up)A\u{1B}[J"
    }

    private func row(_ row: Row, room: Int, at seconds: Double) -> (text: String, columns: Int) {
        let elapsed = max(0, seconds - row.since)
        let turn = Int(min(seconds, 1e6) * 8) % Self.spinner.count
        let again = row.attempt > 1 ? " (attempt \(row.attempt))" : ""
        let name = names.indices.contains(row.test) ? names[row.test] : "test \(row.test)"
        let head = "\(Self.spinner[turn]) \(name.padded(columns: nameColumns))"
        let time = "\(Int(elapsed)) s".leftPadded(columns: 5)
        let plain = "\(head)  \(time)  \(row.port)\(again)  \(row.step)".cut(columns: room)
        // The head alone is coloured, and only where all of it is there.
        let coloured = plain.hasPrefix(head) ? paint.bold(head) + plain.dropFirst(head.count) : plain
        return (coloured, plain.columns)
    }

    private func status(room: Int, at seconds: Double) -> (text: String, columns: Int) {
        let tally = RunTally(ended)
        let counts = ended.isEmpty ? "" : " · \(tally.words)"
        let plain = "  \(ended.count) of \(names.count)\(counts) · \(Figures.duration(seconds.rounded(.down)))"
            .cut(columns: room)
        return (tally.isGreen ? paint.dim(plain) : paint.red(plain), plain.columns)
    }
}

extension String {
    fileprivate func leftPadded(columns wanted: Int) -> String {
        String(repeating: " ", count: max(0, wanted - columns)) + self
    }
}
