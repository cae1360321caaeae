// `monitor` in a terminal: the board's words scroll, a prediction is a row with its input as a picture, and the last
// line of the screen is a status line with counters, the recent outputs as a curve, and what is being typed. The
// status line is drawn anew after each word with the width the window has then; nothing else of the screen is ruled.

import DeviceBridge

/// The terminal's face.
struct ScreenFace: MonitorFace {
    private let console: Console
    private let port: String
    private let stamp: LineStamp
    private let filters: [LogFilter]
    private let start = ContinuousClock.now
    private var loops = LoopFold()
    private var status = StatusCounters()
    private var typed = ""
    private var partial = ""
    /// The columns that the status line takes, and those the window had when it was drawn; nil while there is none.
    private var shown: (length: Int, columns: Int)?

    init(console: Console, port: String, timestamps: Bool, filters: [LogFilter]) {
        self.console = console
        self.port = port
        self.filters = filters
        stamp = LineStamp(isWanted: timestamps)
    }

    mutating func take(_ event: MonitorEvent) {
        let isFolded = loops.take(event)
        status.take(event)
        switch event {
        case .line(let line):
            partial = ""
            // What belongs to a prediction is in its row.
            guard !isFolded, !line.belongsToPrediction, LogFilter.show(line, filters) else { break }
            say([stamp.text + line.text])
        case .inference(let inference): say(rows(inference))
        case .diagnosis(let diagnosis): say(diagnosis.remarks.map { paint($0, diagnosis.severity) })
        case .partial(let text): partial = text
        case .boot, .sketch, .panic: break
        }
        draw()
    }

    mutating func panic(_ panic: DecodedPanic) {
        if !loops.isFolding { say(panic.remarks.map { paint($0, .info) }) }
    }

    mutating func note(_ code: String, _ text: String) {
        say([paint("--- " + text, .info)])
        draw()
    }

    mutating func typing(_ text: String) {
        typed = PlainText.of(text)
        draw()
    }

    mutating func idle() {
        if let shown, shown.columns != Screen.columns { draw() }
    }

    mutating func finish(_ summary: WatchSummary) {
        erase()
        if let loop = summary.loop { say(["--- " + LoopFold.text(loop)]) }
        say(["--- \(status.text)"])
    }

    /// A prediction's row: number, class, outputs, time, bits; the picture of its input below.
    private func rows(_ inference: InferenceEvent) -> [String] {
        let number = "#\(inference.index + 1)".padded(to: 6)
        let label = (inference.label ?? "").padded(to: 10)
        let time = inference.microseconds.map { "\($0) us" } ?? ""
        // In a narrow window the picture is worth more than the bits.
        let bits = Screen.columns < 64 ? nil : inference.bits.map { $0.prefix(4).joined(separator: ",") }
        let values = inference.tokens.prefix(16).joined(separator: ", ")
        let head =
            "\(stamp.text)\(bold(number + label)) \(values.padded(to: 8)) \(time.padded(to: 10)) \(bits ?? "")"
        return [head] + picture(inference).map { "      " + $0 }
    }

    /// The input as a picture where it has a square number of pixels and the window has room for it.
    private func picture(_ inference: InferenceEvent) -> [String] {
        guard let inputs = inference.inputs, inputs.count >= 16 else { return [] }
        let side = Int(Double(inputs.count).squareRoot())
        guard side * side == inputs.count, side + 8 <= Screen.columns, side <= 64 else { return [] }
        return Picture(values: inputs.map { Float($0) }, width: side, height: side)?.lines(colour: console.colour) ?? []
    }

    private mutating func say(_ lines: [String]) {
        erase()
        for line in lines { console.line(line) }
    }

    /// Takes the status line away. In a window that became narrower it takes several rows now: terminals break the line
    /// anew, and leave the cursor in the last of them.
    private mutating func erase() {
        guard let shown else { return }
        let rows = (max(1, shown.length) - 1) / max(1, Screen.columns)
        console.paint("\r" + (rows > 0 ? "\u{1B}[\(rows)A" : "") + "\u{1B}[J")
        self.shown = nil
    }

    private mutating func draw() {
        let text: String
        if !typed.isEmpty || !partial.isEmpty {
            text = "\(partial)> \(typed)"
        } else {
            let restarts = loops.isFolding ? " · \(loops.count) restarts, text left out" : ""
            text = " \(port) · \(status.text)\(restarts) · Ctrl-T h: help"
        }
        // One column stays free: a full line would wrap, and could not be taken back.
        let columns = Screen.columns
        var width = 0
        let room = text.prefix { character in
            width += character.columns
            return width < max(8, columns)
        }
        erase()
        console.paint(console.colour ? "\u{1B}[7m\(room)\u{1B}[0m" : String(room))
        shown = (room.reduce(0) { $0 + $1.columns }, columns)
    }

    private func paint(_ text: String, _ severity: Diagnosis.Severity) -> String {
        guard console.colour else { return text }
        let colour =
            switch severity {
            case .error: 31
            case .warning: 33
            case .info: 36
            }
        return "\u{1B}[\(colour)m\(text)\u{1B}[0m"
    }

    private func bold(_ text: String) -> String { console.colour ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
}

extension Character {
    /// How many columns of a terminal it takes: characters of East Asia and pictures take two (Unicode, annex 11).
    fileprivate var columns: Int {
        switch unicodeScalars.first?.value ?? 0 {
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            2
        case _: 1
        }
    }
}

/// What a status line counts.
struct StatusCounters {
    private var predictions = 0
    private var missed = 0
    private var boots = 0
    private var lastCount: Int?
    private var recent: [Double] = []
    private var first: ContinuousClock.Instant?
    private var last: ContinuousClock.Instant?
    private static let curve = 24

    mutating func take(_ event: MonitorEvent) {
        switch event {
        case .boot:
            boots += 1
            lastCount = nil
        case .sketch(let report):
            guard case .result(let count?, _, _) = report.kind else { return }
            // The board numbers its predictions: a gap is what got lost on the way.
            if let lastCount, count > lastCount + 1 { missed += count - lastCount - 1 }
            lastCount = count
        case .inference(let inference):
            predictions += 1
            first = first ?? .now
            last = .now
            guard let value = inference.value else { return }
            recent.append(value)
            if recent.count > Self.curve { recent.removeFirst() }
        case .line, .panic, .diagnosis, .partial: break
        }
    }

    /// The counters in a line.
    var text: String {
        var parts = [Self.count(predictions, "prediction")]
        if let rate { parts.append("\(rate)/s") }
        if missed > 0 { parts.append("\(missed) missed") }
        parts.append(Self.count(boots, "start"))
        if recent.count > 1 { parts.append(Self.sparkline(recent)) }
        return parts.joined(separator: " · ")
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    private var rate: String? {
        guard let first, let last, predictions > 1 else { return nil }
        let seconds = (last - first) / .seconds(1)
        guard seconds > 0 else { return nil }
        let tenths = Int((Double(predictions - 1) / seconds * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    /// Values as a row of bars; outputs of a classifier on their own scale from 0 to 1.
    static func sparkline(_ values: [Double]) -> String {
        let bars = Array("▁▂▃▄▅▆▇█")
        let low = min(0, values.min() ?? 0), high = max(1, values.max() ?? 1)
        return String(values.map { bars[min(bars.count - 1, max(0, Int(($0 - low) / (high - low) * 8)))] })
    }
}
