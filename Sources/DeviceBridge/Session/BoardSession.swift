// A conversation with a running board for tests: everything it says is kept from the first byte on, what is expected is
// looked for from where the last match ended, and predictions wait until they are taken. Time is the line's, so that on a
// virtual board nothing depends on how fast this machine is.

/// A conversation with a running board, which misses nothing.
///
///     let session = try await board.start()
///     try await session.expect("espmask: ready")
///     try await session.send(line: "in: 0.1,0.2")
///     for try await prediction in session.predictions.prefix(3) { print(prediction.values) }
///
/// One task at a time should wait for text: the place from which text is looked for is the session's.
public actor BoardSession {
    /// The line, which outlives the session.
    nonisolated public let line: any SerialLine
    /// How long to wait where nothing else is said.
    nonisolated public let patience: Duration

    private var monitor: MonitorSession
    private var heard = Transcript()
    /// Where the next search begins.
    private var place = Transcript.Position()
    /// Predictions that nobody has taken yet.
    private var untaken: [InferenceEvent] = []
    private var isListening = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Waiting is done in pieces, so that a cancelled task ends soon.
    private static let slice = Duration.milliseconds(250)
    private static let lastLines = 8

    /// Listens on an open line. With the names of the classes in `configuration` predictions are labelled.
    public init(
        line: any SerialLine, _ configuration: MonitorConfiguration = MonitorConfiguration(),
        patience: Duration = .seconds(30)
    ) {
        self.line = line
        self.patience = patience
        monitor = MonitorSession(line: line, configuration)
    }

    /// All that the board has said.
    public var transcript: Transcript { heard }
    /// The causes that were named so far, root cause first.
    public var diagnoses: [Diagnosis] { monitor.diagnoses }

    // MARK: Expecting

    /// Waits for a text, from where the last match ended, and returns where it was found.
    @discardableResult
    public func expect(
        _ text: String, within time: Duration? = nil
    ) async throws(UnmetExpectation) -> Transcript.Match {
        try await expect(TextPattern(text: text), within: time)
    }

    /// Waits for a text or a regular expression, whose named groups are in the match. An expression is held against
    /// whole lines.
    @discardableResult
    public func expect(
        _ pattern: TextPattern, within time: Duration? = nil
    ) async throws(UnmetExpectation) -> Transcript.Match {
        let start = place
        var from = place
        return try await wait(within: time, for: pattern.description, nearest: { $0.nearest(to: pattern, from: start) })
        {
            session, isLastLook in
            guard let match = session.heard.firstMatch(of: pattern, from: from, isSettled: isLastLook) else {
                from = max(from, session.heard.openLine)
                return nil
            }
            session.place = match.end
            return match
        }
    }

    /// Waits until the monitor names this cause; at once where it has already.
    @discardableResult
    public func expect(
        diagnosis code: DiagnosisCode, within time: Duration? = nil
    ) async throws(UnmetExpectation) -> Diagnosis {
        try await wait(within: time, for: "the diagnosis \(code.rawValue)", nearest: { _ in nil }) { session, _ in
            session.monitor.diagnoses.first { $0.code == code }
        }
    }

    /// The next prediction that nobody has taken, also one that came while something else was waited for. With a
    /// condition, those that do not meet it are taken and left aside: what a sketch predicts of its own accord, say.
    public func nextPrediction(
        within time: Duration? = nil, where isWanted: @Sendable (InferenceEvent) -> Bool = { _ in true }
    ) async throws(UnmetExpectation) -> InferenceEvent {
        try await wait(within: time, for: "a prediction", nearest: { _ in nil }) { session, _ in
            while !session.untaken.isEmpty {
                let next = session.untaken.removeFirst()
                if isWanted(next) { return next }
            }
            return nil
        }
    }

    /// The predictions, each once and none left out. The sequence ends by an error where one takes longer than the
    /// session's patience; take as many as are wanted with `prefix`.
    nonisolated public var predictions: BoardPredictions { BoardPredictions(session: self) }

    // MARK: Acting

    /// Sends a line; its end is added.
    public func send(line text: String) async throws(DeviceError) { try await send(Array(text.utf8) + [0x0A]) }

    /// Sends bytes as they are.
    public func send(_ bytes: [UInt8]) async throws(DeviceError) { try await line.write(bytes) }

    /// Resets the board, where the line can. What it said before is kept in the transcript, and is neither matched nor
    /// predicted any more.
    public func reset() async throws(DeviceError) {
        await takeTurn()
        defer { endTurn() }
        var listener = monitor
        // What is on its way was said before the reset.
        let rest = try await listener.listen(within: .zero)
        monitor = listener
        await take(rest)
        heard.breakLine()
        place = heard.end
        untaken = []
        try await listener.reset()
        monitor = listener
    }

    // MARK: Listening

    /// Looks with `look` after each piece that arrives, until it finds something or the time is up; then once more,
    /// since a line that has not ended will not end any more.
    private func wait<Found: Sendable>(
        within time: Duration?, for expected: String, nearest: (Transcript) -> Transcript.Line?,
        _ look: (isolated BoardSession, _ isLastLook: Bool) -> Found?
    ) async throws(UnmetExpectation) -> Found {
        let time = time ?? patience
        let deadline = await line.now + time
        var cause: DeviceError?
        while true {
            if let found = look(self, false) { return found }
            let left = deadline - (await line.now)
            if left <= .zero { break }
            if Task.isCancelled { cause = .interrupted }
            do throws(DeviceError) {
                if cause == nil { try await hear(within: min(left, Self.slice)) }
            } catch {
                cause = error
            }
            if cause != nil { break }
        }
        if let found = look(self, true) { return found }
        throw UnmetExpectation(
            expected: expected, waited: time, nearest: nearest(heard)?.text,
            lastLines: heard.last(Self.lastLines).map(\.text), diagnoses: monitor.diagnoses, cause: cause)
    }

    /// Takes what arrives within `time`; where another task listens already, until that one heard something.
    private func hear(within time: Duration) async throws(DeviceError) {
        if isListening {
            await withCheckedContinuation { waiting.append($0) }
            return
        }
        isListening = true
        defer { endTurn() }
        var listener = monitor
        let piece = try await listener.listen(within: time)
        monitor = listener
        await take(piece)
    }

    private func take(_ piece: MonitorSession.Heard) async {
        if !piece.bytes.isEmpty { heard.received(piece.bytes, at: await line.now) }
        for event in piece.events {
            if case .inference(let inference) = event { untaken.append(inference) }
        }
    }

    private func takeTurn() async {
        while isListening { await withCheckedContinuation { waiting.append($0) } }
        isListening = true
    }

    private func endTurn() {
        isListening = false
        for task in waiting { task.resume() }
        waiting = []
    }
}

/// The predictions of a board, as they are taken.
public struct BoardPredictions: AsyncSequence, Sendable {
    /// A prediction.
    public typealias Element = InferenceEvent
    /// What ends the sequence.
    public typealias Failure = UnmetExpectation

    fileprivate let session: BoardSession

    /// Takes predictions from the session.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let session: BoardSession

        /// The next prediction; there is always one, or an error.
        public mutating func next() async throws(UnmetExpectation) -> InferenceEvent? {
            try await session.nextPrediction()
        }

        /// The next prediction, for a caller of any actor.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(UnmetExpectation) -> InferenceEvent? {
            try await session.nextPrediction()
        }
    }

    /// Goes on where the session's predictions were last taken.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(session: session) }
}
