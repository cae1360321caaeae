// What `monitor` shows: the board's lines as they come, made safe for a terminal, with causes set apart; JSON events
// with --json.

import DeviceBridge

/// A filter of log lines, `TAG:L`.
struct LogFilter {
    let tag: String
    let level: Int

    private static let levels: [Character] = ["E", "W", "I", "D", "V"]

    /// Reads a filter. Throws `usage`.
    init(_ text: String) throws(Failure) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let letter = parts[1].first, parts[1].count == 1,
            let level = Self.levels.firstIndex(of: letter)
        else { throw Failure("usage", "'\(text)' is no filter", hint: "Write TAG:L with L one of E, W, I, D, V.") }
        tag = String(parts[0])
        self.level = level
    }

    /// Whether a line of a tag and level is shown by these filters; lines without a level always are.
    static func show(_ line: MonitorLine, _ filters: [LogFilter]) -> Bool {
        guard let log = line.log, !filters.isEmpty else { return true }
        let rank = log.level.rank
        if let own = filters.last(where: { $0.tag == log.tag }) { return rank <= own.level }
        if let all = filters.last(where: { $0.tag == "*" }) { return rank <= all.level }
        return true
    }
}

/// The face of a monitor.
struct MonitorView {
    private let console: Console
    private let timestamps: Bool
    private let filters: [LogFilter]
    private let start = ContinuousClock.now
    private var isPartial = false

    init(console: Console, timestamps: Bool, filters: [LogFilter]) {
        self.console = console
        self.timestamps = timestamps
        self.filters = filters
    }

    /// Shows an event.
    mutating func take(_ event: MonitorEvent) {
        switch event {
        case .line(let line):
            guard LogFilter.show(line, filters) else { return }
            if console.json {
                console.event(["event": "line", "line": .int(line.number), "text": .string(line.text)])
            } else {
                console.line(stamp + line.text)
            }
        case .boot(let boot): console.event(boot.json)
        case .inference(let inference): console.event(inference.json)
        case .diagnosis(let diagnosis): show(diagnosis)
        case .partial(let text):
            if !console.json, console.colour { console.draw("\r\(stamp)\(text)") }
        case .sketch, .panic: break
        }
    }

    /// Leaves the terminal as it should be.
    func finish() {}

    private func show(_ diagnosis: Diagnosis) {
        if console.json { return console.event(diagnosis.json) }
        console.note("--- \(diagnosis.severity.rawValue): \(diagnosis.code.rawValue)")
        console.note("---   \(diagnosis.hint)")
    }

    private var stamp: String {
        guard timestamps else { return "" }
        let elapsed = ContinuousClock.now - start
        let milliseconds =
            Int(elapsed.components.seconds) * 1000 + Int(elapsed.components.attoseconds / 1_000_000_000_000_000)
        let fraction = String(milliseconds % 1000)
        return "[\(milliseconds / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)] "
    }
}
