// `measure`: one thing after the other is brought about, read, and held against its limit and its earlier values.

internal import DeviceBridge

extension ScriptMachine {
    private static let usualPredictions = 5
    /// So often a boot is timed on a line that may swallow the word it is timed by.
    private static let mostBoots = 5
    private static let bootWait = Duration.seconds(20)

    mutating func measure(_ measuring: Measuring) -> ScriptAction? {
        var measuring = measuring
        guard let item = measuring.left.first else { return conclude(measuring) }
        switch item.name {
        case .latency:
            measuring.state = .preparing
            activity = .measuring(measuring)
            return .work(.prepare(.random(measuring.wish.predictions ?? Self.usualPredictions, seed: seed)))
        case .arena:
            if let arena = hearing.arena { return recall(Double(arena.bytes), nil, measuring) }
            return restart(measuring)
        case .boot: return restart(measuring)
        }
    }

    private mutating func restart(_ measuring: Measuring) -> ScriptAction {
        var measuring = measuring
        measuring.state = .restarting
        activity = .measuring(measuring)
        return .work(.reset)
    }

    private mutating func recall(_ value: Double, _ note: String?, _ measuring: Measuring) -> ScriptAction? {
        var measuring = measuring
        guard let item = measuring.left.first else { return conclude(measuring) }
        measuring.state = .recalling(value: value, note: note)
        activity = .measuring(measuring)
        return .work(.recall(item.name.rawValue))
    }

    /// Something was heard.
    mutating func heard(_ events: [MonitorEvent], _ measuring: Measuring) -> ScriptAction? {
        var measuring = measuring
        switch measuring.state {
        case .waiting(var waiting):
            switch waiting.look(at: hearing, accepted: accepted, now: now.line) {
            case .open:
                measuring.state = .waiting(waiting)
                activity = .measuring(measuring)
                return .listen(until: min(waiting.deadline, now.line + Self.look))
            case .missed(let miss):
                if configuration.canBeNoisy, measuring.boots.count < Self.mostBoots {
                    measuring.boots.append(.infinity)
                    return restart(measuring)
                }
                return end(miss, measuring)
            case .met: return timed(measuring)
            }
        case .asking(var asking):
            let step = asking.conversation.look(at: hearing, events: events, now: now.line)
            switch step {
            case .send(let bytes):
                hasSent = true
                canBeHadAgain = false
                measuring.state = .asking(asking)
                activity = .measuring(measuring)
                return .work(.send(bytes))
            case .listen:
                measuring.state = .asking(asking)
                activity = .measuring(measuring)
                return .listen(until: now.line + .milliseconds(100))
            case .failed(let silence):
                return end(
                    Waiting.Miss(message: silence.message, expected: silence.expected, hint: silence.hint), measuring)
            case .finished:
                asking.judged = asking.conversation.answers.count
                lastInput = asking.conversation.answers.last?.input
                cursor = hearing.transcript.end
                return latency(asking.conversation.answers.compactMap { $0.prediction.microseconds }, measuring)
            }
        case .idle, .restarting, .preparing, .recalling: return .listen(until: now.line + Self.look)
        }
    }

    /// Work was done.
    mutating func ended(_ outcome: WorkOutcome, _ measuring: Measuring) -> ScriptAction? {
        var measuring = measuring
        switch (measuring.state, outcome) {
        case (.restarting, .restarted):
            let goal: Waiting.Goal = measuring.left.first?.name == .arena ? .arena : .ready
            measuring.state = .waiting(Waiting(goal, within: Self.bootWait, from: cursor, at: now.line))
            return heard([], measuring)
        case (.preparing, .inputs(let inputs)):
            let conversation = Conversation(inputs, patience: .seconds(60), hasAsked: hasSent, at: now.line)
            measuring.state = .asking(Asking(wish: .time, conversation: conversation))
            return heard([], measuring)
        case (.recalling(let value, let note), .recalled(let trend)): return judge(value, note, trend, measuring)
        case _: return heard([], measuring)
        }
    }

    private mutating func timed(_ measuring: Measuring) -> ScriptAction? {
        var measuring = measuring
        guard let item = measuring.left.first, item.name == .boot else {
            return recall(Double(hearing.arena?.bytes ?? 0), nil, measuring)
        }
        let time = ((hearing.readyAt ?? now.line) - hearing.startedAt) / .milliseconds(1)
        measuring.boots.append(time)
        let best = measuring.boots.min() ?? time
        if let below = item.below, best >= below, configuration.canBeNoisy, measuring.boots.count < Self.mostBoots {
            return restart(measuring)
        }
        let note = measuring.boots.count > 1 ? "the shortest of \(measuring.boots.count) starts" : nil
        measuring.boots = []
        return recall((best * 10).rounded() / 10, note, measuring)
    }

    private mutating func latency(_ times: [Int], _ measuring: Measuring) -> ScriptAction? {
        let sorted = times.sorted()
        guard !sorted.isEmpty else {
            return end(
                Waiting.Miss(message: "the firmware does not say how long its predictions take", expected: "us=NUMBER"),
                measuring)
        }
        let note = sorted.count > 1 ? "\(sorted[0]) to \(sorted[sorted.count - 1]) us" : nil
        return recall(Double(sorted[sorted.count / 2]), note, measuring)
    }

    private mutating func judge(
        _ value: Double, _ note: String?, _ trend: [Double], _ measuring: Measuring
    ) -> ScriptAction? {
        var measuring = measuring
        guard let item = measuring.left.first else { return conclude(measuring) }
        measuring.left.removeFirst()
        let found = MeasureRecord(
            name: item.name.rawValue, unit: item.name.unit, value: value, below: item.below, trend: trend)
        measuring.records.append(found)
        if let note { extraNotes.append("\(item.name.rawValue): \(note)") }
        if let below = item.below, value >= below {
            record { $0.measures = measuring.records }
            endStep(
                .failed, note: Self.words(measuring.records),
                message: "\(item.name.rawValue) is \(Self.word(value)) \(item.name.unit)",
                expected: "less than \(Self.word(below)) \(item.name.unit)", hint: Self.remark(value, trend))
            return nil
        }
        measuring.state = .idle
        return measure(measuring)
    }

    private mutating func conclude(_ measuring: Measuring) -> ScriptAction? {
        record { $0.measures = measuring.records }
        endStep(.passed, note: Self.words(measuring.records))
        return nil
    }

    private mutating func end(_ miss: Waiting.Miss, _ measuring: Measuring) -> ScriptAction? {
        record { $0.measures = measuring.records }
        endStep(.failed, message: miss.message, expected: miss.expected, nearest: miss.nearest, hint: miss.hint)
        return nil
    }

    private static func words(_ records: [MeasureRecord]) -> String {
        records.map { "\($0.name) \(word($0.value))" }.joined(separator: ", ")
    }

    private static func word(_ value: Double) -> String {
        value == value.rounded() && value.magnitude < 1e15 ? String(Int(value)) : String(value)
    }

    private static func remark(_ value: Double, _ trend: [Double]) -> String? {
        guard let last = trend.last else { return nil }
        return value == last ? "The run before measured the same." : "The run before measured \(word(last))."
    }
}
