// The loop of `monitor`: what comes is recorded, shown and counted until the goal is met or the time is over.

import DeviceBridge

/// What `--until` waits for.
enum MonitorGoal {
    case forever
    case predictions(Int)
    case match(Regex<AnyRegexOutput>)

    /// Reads the flag's value. Throws `usage`.
    init(until text: String?) throws(Failure) {
        guard let text else {
            self = .forever
            return
        }
        if text.hasPrefix("count=") {
            guard let count = Int(text.dropFirst(6)), count > 0 else {
                throw Failure("usage", "'\(text)' is no number of predictions", hint: "Write for example count=5.")
            }
            self = .predictions(count)
            return
        }
        do { self = .match(try Regex(text)) } catch {
            throw Failure("usage", "'\(text)' is no regular expression: \(error)", hint: "Quote it for the shell.")
        }
    }
}

/// A monitor at work.
struct Watch {
    private var session: MonitorSession
    private let goal: MonitorGoal
    private var recorder: MonitorRecorder
    private var view: MonitorView
    private var predictions = 0
    private var isMet = false
    private var isSick = false

    init(session: MonitorSession, goal: MonitorGoal, recorder: MonitorRecorder, view: MonitorView) {
        self.session = session
        self.goal = goal
        self.recorder = recorder
        self.view = view
    }

    /// Watches. Throws `timed-out` where the goal was not met in time; ends with 6 where the firmware is sick.
    mutating func perform(resets: Bool, timeout: Duration?) async throws {
        let start = ContinuousClock.now
        if resets { try await session.reset() }
        while !isMet {
            let left = timeout.map { $0 - (ContinuousClock.now - start) } ?? .seconds(1)
            if left <= .zero { break }
            let heard = try await session.listen(within: min(left, .milliseconds(100)))
            try recorder.take(heard.bytes)
            for event in heard.events where !isMet { try take(event) }
        }
        if !isMet { for event in session.finish() { try take(event) } }
        view.finish()
        try recorder.finish()
        if isSick { throw SickFirmware() }
        if case .forever = goal { return }
        if isMet { return }
        throw Failure(
            "timed-out", "the time was over before \(goalText)", hint: "Give a longer --timeout, or look at the log.")
    }

    private var goalText: String {
        switch goal {
        case .forever: "anything"
        case .predictions(let count): "\(count) predictions came; \(predictions) did"
        case .match: "a line matched --until"
        }
    }

    private mutating func take(_ event: MonitorEvent) throws {
        view.take(event)
        switch event {
        case .inference(let inference):
            try recorder.take(inference)
            predictions += 1
            if case .predictions(let count) = goal, predictions >= count { isMet = true }
        case .line(let line):
            if case .match(let regex) = goal, try regex.firstMatch(in: line.text) != nil { isMet = true }
        case .diagnosis(let diagnosis):
            if diagnosis.severity == .error { isSick = true }
        case .boot, .sketch, .panic, .partial: break
        }
    }
}
