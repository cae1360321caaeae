// The faces of `monitor`: JSON events, plain lines, and (in a file of its own) the terminal's. They draw what they are
// told; what is a panic's name or a goal, others know.

import DeviceBridge

/// Shows what a monitor hears.
protocol MonitorFace {
    /// Shows an event; panics come decoded, through `panic`.
    mutating func take(_ event: MonitorEvent)
    /// Shows a panic with its names.
    mutating func panic(_ panic: DecodedPanic)
    /// Shows a word of the monitor itself; the code is stable.
    mutating func note(_ code: String, _ text: String)
    /// Nothing happened for a moment: time to look whether the window is another one.
    mutating func idle()
    /// Shows what is being typed.
    mutating func typing(_ text: String)
    /// The end: leaves everything as it should be.
    mutating func finish(_ summary: WatchSummary)
}

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
        guard !filters.isEmpty, let log = line.log else { return true }
        let rank = log.level.rank
        if let own = filters.last(where: { $0.tag == log.tag }) { return rank <= own.level }
        if let all = filters.last(where: { $0.tag == "*" }) { return rank <= all.level }
        return true
    }
}

/// The time since a monitor began, as it stands before a line.
struct LineStamp {
    private let start = ContinuousClock.now
    private let isWanted: Bool

    init(isWanted: Bool) { self.isWanted = isWanted }

    /// Milliseconds since the beginning.
    var milliseconds: Int {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
    }

    /// `[12.034] `, or nothing where no stamps are wanted.
    var text: String {
        guard isWanted else { return "" }
        let milliseconds = milliseconds
        let fraction = String(milliseconds % 1000)
        return "[\(milliseconds / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)] "
    }
}

/// One JSON object per event on stdout.
struct JSONFace: MonitorFace {
    let console: Console
    let stamp: LineStamp
    let isStamped: Bool
    let filters: [LogFilter]

    init(console: Console, timestamps: Bool, filters: [LogFilter]) {
        self.console = console
        self.filters = filters
        isStamped = timestamps
        stamp = LineStamp(isWanted: timestamps)
    }

    func take(_ event: MonitorEvent) {
        switch event {
        case .line(let line):
            guard LogFilter.show(line, filters) else { return }
            emit(["event": "line", "line": .int(line.number), "text": .string(line.text)])
        case .boot(let boot): emit(boot.json)
        case .inference(let inference): emit(inference.json)
        case .diagnosis(let diagnosis): emit(diagnosis.json)
        case .partial, .sketch, .panic: break
        }
    }

    func panic(_ panic: DecodedPanic) { emit(panic.json) }

    func note(_ code: String, _ text: String) {
        emit(["event": "note", "code": .string(code), "message": .string(text)])
    }

    func typing(_ text: String) {}
    func idle() {}

    func finish(_ summary: WatchSummary) {
        emit([
            "event": "summary", "inferences": .int(summary.predictions), "boots": .int(summary.boots),
            "reboots": .int(summary.loop?.count ?? 0), "period_ms": .optional(summary.loop?.periodMilliseconds),
            "diagnoses": .array(summary.diagnoses.map { .string($0.code.rawValue) }),
        ])
    }

    private func emit(_ event: JSON) {
        guard isStamped, case .object(var members) = event else { return console.event(event) }
        members.append(.init(key: "ms", value: .int(stamp.milliseconds)))
        console.event(.object(members))
    }
}

/// The board's lines on stdout as they come, made safe; causes and notes on stderr, set apart.
struct TextFace: MonitorFace {
    let console: Console
    let stamp: LineStamp
    let filters: [LogFilter]
    private var loops = LoopFold()

    init(console: Console, timestamps: Bool, filters: [LogFilter]) {
        self.console = console
        self.filters = filters
        stamp = LineStamp(isWanted: timestamps)
    }

    mutating func take(_ event: MonitorEvent) {
        let isFolded = loops.take(event)
        switch event {
        case .line(let line):
            if !isFolded, LogFilter.show(line, filters) { console.line(stamp.text + line.text) }
        case .diagnosis(let diagnosis): for line in diagnosis.remarks { console.note(line) }
        case .boot:
            if let word = loops.word(isRare: true) { console.note("--- " + word) }
        case .inference, .partial, .sketch, .panic: break
        }
    }

    mutating func panic(_ panic: DecodedPanic) {
        if !loops.isFolding { for line in panic.remarks { console.note(line) } }
    }

    func note(_ code: String, _ text: String) { console.note("--- " + text) }

    func typing(_ text: String) {}
    func idle() {}

    func finish(_ summary: WatchSummary) {
        if let loop = summary.loop { console.note("--- " + LoopFold.text(loop)) }
    }
}

/// Keeps a board that restarts again and again from scrolling: after the loop was named, each further restart is
/// counted and its text left out, until the firmware shows that it works.
struct LoopFold {
    private(set) var isFolding = false
    private(set) var count = 0
    private var lastTold = 0

    /// Takes an event; whether its line is to be left out.
    mutating func take(_ event: MonitorEvent) -> Bool {
        switch event {
        case .diagnosis(let diagnosis):
            if diagnosis.code == .rebootLoop {
                isFolding = true
                count = max(count, diagnosis.details["count"]?.number ?? 2)
                lastTold = count
            }
        case .boot: if isFolding { count += 1 }
        case .inference: isFolding = false
        case .sketch(let report): if case .ready = report.kind { isFolding = false }
        case .line, .panic, .partial: break
        }
        return isFolding
    }

    /// What to say of the restart that just was; rarely and more rarely where each word is a line.
    mutating func word(isRare: Bool) -> String? {
        guard isFolding, !isRare || count >= lastTold * 2 || count - lastTold >= 100 else { return nil }
        lastTold = count
        return "restart \(count); its text is left out, since it says the same again"
    }

    /// A loop in a sentence.
    static func text(_ loop: RebootLoop) -> String {
        let period = loop.periodMilliseconds.map { ", one every \($0) ms" } ?? ""
        return "\(loop.count) restarts in a row that nobody asked for\(period), the last one \(loop.reset)"
    }
}

extension Diagnosis {
    /// The diagnosis as a remark between the board's lines.
    var remarks: [String] {
        let facts = details.sorted { $0.key < $1.key }.map {
            "\($0.key.replacing("_", with: " ")) \($0.value.json.plain)"
        }
        let summary = facts.isEmpty ? "" : " (\(facts.joined(separator: ", ")))"
        return ["--- \(severity.rawValue): \(code.rawValue)\(summary)", "---   do: \(hint)"]
    }
}

extension DecodedPanic {
    /// The frames as remarks between the board's lines.
    var remarks: [String] { lines.map { "--- " + $0 } }
}
