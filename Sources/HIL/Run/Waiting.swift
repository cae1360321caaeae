// A step that waits for the board to say something: what it waits for, until when, and from where on it counts.

internal import DeviceBridge

/// Something that is waited for.
struct Waiting {
    enum Goal {
        case pattern(TextPattern)
        case boot(BootWish)
        /// Predictions that come by themselves; those that were judged and how many were damaged.
        case predictions(PredictionWish)
        case diagnosis(DiagnosisCode)
        case noDiagnosis(code: DiagnosisCode?, fromWarnings: Bool)
        /// The sketch's word on its arena.
        case arena
        /// The sketch is ready for the first time.
        case ready
        /// Time.
        case sleep
    }

    /// What became of it.
    enum Verdict {
        case open
        case met(Meeting)
        case missed(Miss)
    }

    /// It came.
    struct Meeting {
        var note: String?
        /// Where the next step looks on; nil leaves it.
        var cursor: Transcript.Position?
        var values: [String: String] = [:]
    }

    /// It cannot come any more, or not in time.
    struct Miss {
        var message: String
        var expected: String?
        var nearest: String?
        var hint: String?
    }

    var goal: Goal
    var within: Duration
    var deadline: Duration
    var from: Transcript.Position
    /// Before this line nothing that counts was found.
    var searched: Transcript.Position
    /// How often it was looked for, the board restarted in between.
    var looks = 1
    /// What nearly was it in the looks before.
    var nearly: [String] = []
    /// What nearly is it in this look, and when it was seen.
    private(set) var near: (text: String, distance: Int, since: Duration)?
    private let resemblance: Resemblance?
    private var compared = 0
    /// The predictions that were judged.
    var judged: [HeardPrediction] = []
    /// Those that the line damaged.
    var damaged = 0
    /// The next prediction to look at.
    var nextPrediction = 0
    let beganAt: Duration

    init(_ goal: Goal, within: Duration, from: Transcript.Position, at now: Duration) {
        self.goal = goal
        self.within = within
        self.from = from
        searched = from
        deadline = now + within
        beganAt = now
        compared = from.line
        resemblance = Self.likeness(of: goal).map { Resemblance(to: $0) }
    }

    /// Compares the lines that came since with what is waited for.
    mutating func compare(with transcript: Transcript, now: Duration) {
        guard let resemblance else { return }
        while compared < transcript.openLine.line {
            defer { compared += 1 }
            guard let text = transcript[compared]?.text, let distance = resemblance.distance(in: text) else { continue }
            if distance < near?.distance ?? .max { near = (text, distance, now) }
        }
    }

    /// The board was restarted to look again.
    mutating func lookAgain(from position: Transcript.Position, at now: Duration) {
        looks += 1
        (from, searched) = (position, position)
        deadline = now + within
        near = nil
        compared = position.line
    }

    /// A text that stands for what is waited for, to tell what nearly was it.
    private static func likeness(of goal: Goal) -> TextPattern? {
        switch goal {
        case .pattern(let pattern): pattern
        case .boot(let wish): TextPattern(text: wish.reset.map { "(\($0))" } ?? "rst:0x")
        case .diagnosis(let code): TextPattern(text: code.rawValue)
        case .ready: TextPattern(text: "espmask: ready")
        case .arena: TextPattern(text: "espmask: arena=")
        case .predictions, .noDiagnosis, .sleep: nil
        }
    }

    /// Looks at what was heard.
    mutating func look(at hearing: Hearing, accepted: Set<DiagnosisCode>, now: Duration) -> Verdict {
        let isOver = now >= deadline
        switch goal {
        case .pattern(let pattern):
            if let match = hearing.transcript.firstMatch(of: pattern, from: searched, isSettled: isOver) {
                return .met(
                    Meeting(
                        note: Self.note(match, pattern), cursor: match.end, values: match.groups))
            }
            searched = max(searched, min(hearing.transcript.openLine, hearing.transcript.end))
            return isOver ? .missed(missed(hearing, "\(pattern) did not come", expected: "\(pattern)")) : .open
        case .boot(let wish):
            for boot in hearing.boots where Transcript.Position(line: boot.line) >= from || boot.line == from.line {
                guard wish.fits(boot.event) else { continue }
                return .met(
                    Meeting(
                        note: "\(boot.event.reset), \(boot.event.mode)",
                        cursor: Transcript.Position(
                            line: boot.line, offset: hearing.transcript[boot.line]?.text.utf8.count ?? 0)))
            }
            guard isOver else { return .open }
            var miss = missed(hearing, "\(wish.words) did not come", expected: wish.words)
            if let other = hearing.boots.last(where: { $0.line >= from.line }) {
                miss.nearest = "a start by \(other.event.reset) in mode \(other.event.mode)"
            }
            return .missed(miss)
        case .predictions(let wish): return lookForPredictions(wish, hearing, isOver: isOver)
        case .diagnosis(let code):
            if let found = hearing.diagnoses.first(where: { $0.code == code }) {
                return .met(Meeting(note: found.summary))
            }
            guard isOver else { return .open }
            let others = hearing.diagnoses.map(\.code.rawValue)
            var miss = missed(
                hearing, "no diagnosis \(code.rawValue) was made", expected: "the diagnosis \(code.rawValue)")
            if !others.isEmpty { miss.nearest = "the diagnosis \(others.joined(separator: ", "))" }
            return .missed(miss)
        case .noDiagnosis(let code, let fromWarnings):
            let bad = hearing.diagnoses.first {
                (code == nil || $0.code == code) && !accepted.contains($0.code)
                    && ($0.severity == .error || (fromWarnings && $0.severity == .warning))
            }
            if let bad {
                return .missed(
                    Miss(
                        message: "the monitor names \(bad.summary)",
                        expected: code.map { "no diagnosis \($0.rawValue)" } ?? "no diagnosis",
                        nearest: bad.evidence.first?.text, hint: bad.hint))
            }
            // A firmware that is ready and had time for second thoughts; the monitor's need a third of a second.
            let isSettled = now - max(beganAt, hearing.lastArrival) >= .milliseconds(400)
            let works = hearing.readyAt.map { now - $0 >= .milliseconds(400) } ?? false
            let isDone = works && (isSettled || now - beganAt >= .seconds(2))
            return isOver || isDone ? .met(Meeting(note: nil)) : .open
        case .arena:
            if let arena = hearing.arena { return .met(Meeting(note: "arena=\(arena.bytes)")) }
            return isOver
                ? .missed(missed(hearing, "the sketch did not say its arena", expected: "espmask: arena=")) : .open
        case .ready:
            if hearing.readyAt != nil { return .met(Meeting()) }
            return isOver ? .missed(missed(hearing, "the sketch was never ready", expected: "espmask: ready")) : .open
        case .sleep: return isOver ? .met(Meeting()) : .open
        }
    }

    private func missed(_ hearing: Hearing, _ what: String, expected: String) -> Miss {
        let seconds = Self.words(within)
        return Miss(message: "\(what) within \(seconds) s", expected: expected, nearest: near?.text)
    }

    static func words(_ time: Duration) -> String {
        let seconds = time / .seconds(1)
        return seconds == seconds.rounded() ? String(Int(seconds)) : String((seconds * 1000).rounded() / 1000)
    }

    private static func note(_ match: Transcript.Match, _ pattern: TextPattern) -> String? {
        guard pattern.isExpression else { return nil }
        if match.groups.isEmpty { return match.text }
        return match.groups.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: ", ")
    }
}

extension BootWish {
    /// Whether a start is one of these. The ROM's number stands for its name, in case the line damaged that.
    func fits(_ boot: BootEvent) -> Bool {
        if let reset, boot.reset != reset, !(reset == "POWERON_RESET" && boot.kind == .powerOn && boot.code == 1) {
            return false
        }
        return mode == nil || boot.mode == mode
    }

    var words: String {
        let facts = [reset.map { "by \($0)" }, mode.map { "in mode \($0)" }].compactMap { $0 }
        return (["a start of the board"] + facts).joined(separator: " ")
    }
}

extension Diagnosis {
    /// The code with its facts.
    var summary: String {
        let facts = details.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.word)" }
        return code.rawValue + (facts.isEmpty ? "" : " (\(facts.joined(separator: ", ")))")
    }
}

extension Diagnosis.Detail {
    var word: String {
        switch self {
        case .number(let number): String(number)
        case .text(let text): text
        case .address(let address): "0x" + String(address, radix: 16)
        case .flag(let flag): flag ? "yes" : "no"
        }
    }
}
