// Asking the sketch, one input after the other, over a line that may damage what it carries. An answer counts when it is
// this machine's to the last bit, which damage does not bring about, or when the same other answer came twice: damage does
// not repeat itself, a wrong engine does. In between the same input is asked again, and how often is told.

internal import DeviceBridge

/// A conversation with the sketch.
struct Conversation {
    /// What an input came to.
    struct Answer: Equatable {
        var input: PreparedInput
        var prediction: HeardPrediction
        /// Whether the bits are this machine's; nil where the firmware prints none.
        var isHosts: Bool?
        /// How often the input was sent.
        var asks: Int
    }

    /// Why no answer came.
    struct Silence: Equatable {
        var message: String
        var hint: String
        var expected: String?
    }

    /// What is to be done.
    enum Step: Equatable {
        case send([UInt8])
        case listen
        /// All inputs were answered.
        case finished
        case failed(Silence)
    }

    private let inputs: [PreparedInput]
    /// How long an answer may stay away.
    private let patience: Duration
    private(set) var answers: [Answer] = []
    /// Answers that could not be read.
    private(set) var damaged = 0

    private enum State: Equatable {
        case waitingForReady(since: Duration)
        case waitingForAnswer(sentAt: Duration, readyCount: Int)
    }

    private var state: State
    private var asks = 0
    /// Answers to this input that are not this machine's, as bits or as printed.
    private var others: [[String]] = []
    /// The next prediction to look at.
    private var next = 0
    /// Whether a prediction was ever asked for: then the sketch no longer predicts by itself.
    private var hasAsked = false

    /// A sketch says once a second that it is ready, until it was sent something. One that is silent for so long waits.
    private static let silence = Duration.seconds(2)
    /// After an answer it is ready at once.
    private static let shortSilence = Duration.milliseconds(400)
    /// Behind a prediction its other half may come.
    private static let companion = Duration.milliseconds(300)
    private static let mostAsks = 30

    init(_ inputs: [PreparedInput], patience: Duration, hasAsked: Bool, at now: Duration) {
        self.inputs = inputs
        self.patience = patience
        self.hasAsked = hasAsked
        state = .waitingForReady(since: now)
    }

    /// Something was heard, or time passed.
    mutating func look(at hearing: Hearing, events: [MonitorEvent], now: Duration) -> Step {
        guard answers.count < inputs.count else { return .finished }
        for event in events {
            if let failure = refusal(event) { return .failed(failure) }
        }
        switch state {
        case .waitingForReady(let since):
            let isReady = events.contains { if case .sketch(let report) = $0 { report.kind == .ready } else { false } }
            let quiet = now - max(since, hearing.lastArrival)
            guard isReady || quiet >= (hasAsked ? Self.shortSilence : Self.silence) else {
                return now - since < patience ? .listen : .failed(noAnswer("the sketch never waits for an input"))
            }
            return ask(hearing, now)
        case .waitingForAnswer(let sentAt, let readyCount):
            let isOver = hearing.readyCount > readyCount
            let quiet = now - hearing.lastArrival
            while next < hearing.predictions.count {
                // The last one's other half may still come.
                guard next + 1 < hearing.predictions.count || isOver || quiet >= Self.companion else { return .listen }
                next += 1
                if let step = judge(hearing.predictions[next - 1], hearing, now) { return step }
            }
            let isRefused = events.contains { Self.isRefusedInput($0) }
            if isRefused || (hearing.lastArrival > sentAt && quiet >= (isOver ? Self.shortSilence : Self.silence)) {
                // It has answered, but what came could not be read.
                damaged += 1
                return ask(hearing, now)
            }
            return now - sentAt < patience ? .listen : .failed(noAnswer("no prediction came for the input"))
        }
    }

    private mutating func ask(_ hearing: Hearing, _ now: Duration) -> Step {
        guard asks < Self.mostAsks else {
            return .failed(noAnswer("the line damages too much: \(asks) answers to one input, and no two alike"))
        }
        asks += 1
        hasAsked = true
        next = hearing.predictions.count
        state = .waitingForAnswer(sentAt: now, readyCount: hearing.readyCount)
        return .send(inputs[answers.count].line)
    }

    /// Judges a prediction; nil where it is the answer to something else.
    private mutating func judge(_ prediction: HeardPrediction, _ hearing: Hearing, _ now: Duration) -> Step? {
        let input = inputs[answers.count]
        let isHosts = prediction.bits.map { $0 == input.hostBits }
        if isHosts == true { return accept(prediction, isHosts: true, hearing, now) }
        // The sketch's own random input, or one that was sent again before its answer had come.
        let isOurs = InputEcho(before: prediction.line, in: hearing.transcript)?.isOf(input)
        if isOurs == false { return nil }
        let said: [String]
        if hearing.speaksBits {
            guard let bits = prediction.bits, prediction.isIntact(speaksBits: true) else {
                damaged += 1
                return ask(hearing, now)
            }
            said = bits
        } else {
            // Firmware of others: two decimals have to do.
            if prediction.isNear(input.hostValues) { return accept(prediction, isHosts: nil, hearing, now) }
            said = prediction.tokens
        }
        if others.contains(said) {
            return accept(prediction, isHosts: hearing.speaksBits ? false : nil, hearing, now)
        }
        if isOurs == nil, answers.contains(where: { $0.prediction.bits == prediction.bits }) { return nil }
        others.append(said)
        return ask(hearing, now)
    }

    private mutating func accept(
        _ prediction: HeardPrediction, isHosts: Bool?, _ hearing: Hearing, _ now: Duration
    ) -> Step {
        answers.append(Answer(input: inputs[answers.count], prediction: prediction, isHosts: isHosts, asks: asks))
        asks = 0
        others = []
        guard answers.count < inputs.count else { return .finished }
        // The answer's end was its `ready`, where that could be read.
        guard case .waitingForAnswer(_, let readyCount) = state, hearing.readyCount > readyCount else {
            state = .waitingForReady(since: now)
            return .listen
        }
        return ask(hearing, now)
    }

    private func noAnswer(_ what: String) -> Silence {
        Silence(
            message: "\(what) (\(inputs[answers.count].caption))",
            hint: "Look at what the board says in the log: the sketch must be running and wait for inputs.",
            expected: "a prediction of \(inputs[answers.count].caption)")
    }

    private static func isRefusedInput(_ event: MonitorEvent) -> Bool {
        guard case .sketch(let report) = event, case .error(let code) = report.kind else { return false }
        return code == "input-mismatch"
    }

    /// What the firmware says that ends the conversation.
    private func refusal(_ event: MonitorEvent) -> Silence? {
        switch event {
        case .sketch(let report):
            guard case .error(let code) = report.kind else { return nil }
            let fields = report.fields.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: " ")
            if code == "input-mismatch" {
                // Where the sketch wants as many as were sent, they were damaged on their way.
                guard let wanted = report.fields["expected"].flatMap({ Int($0) }),
                    wanted != inputs[answers.count].printed.count
                else { return nil }
            }
            return Silence(
                message: "the sketch refused: \(fields)",
                hint: "Name the model that the board runs with `model:`, or flash this one first.", expected: nil)
        case .panic(let panic):
            return Silence(
                message: "the firmware crashed: \(panic.cause ?? "no cause named")",
                hint: "The log has the panic; `espmask explain` names its lines.", expected: nil)
        case .diagnosis(let diagnosis):
            guard diagnosis.severity == .error, !diagnosis.code.isOfOutputs else { return nil }
            return Silence(
                message: "the firmware is sick: \(diagnosis.code.rawValue)", hint: diagnosis.hint, expected: nil)
        case .line, .partial, .boot, .inference: return nil
        }
    }
}

extension DiagnosisCode {
    /// Whether it is about values that came, which are judged by themselves, and not about a firmware that ended.
    var isOfOutputs: Bool {
        [.nanOutput, .overflowOutput, .zeroOutput, .stuckOutput, .driftingOutput, .inputMismatch].contains(self)
    }
}
