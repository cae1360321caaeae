// Drives a MonitorMachine over a line: reads what the board says, tells the machine the time, and hands on what follows.
// Left out: what to do about it.

/// Listening to a board.
public struct MonitorSession: Sendable {
    /// What one look at the line brought.
    public struct Heard: Equatable, Sendable {
        /// The bytes as they came.
        public var bytes: [UInt8]
        /// What they turned into.
        public var events: [MonitorEvent]
    }

    /// The line, which outlives the session.
    public private(set) var line: any SerialLine
    private var machine: MonitorMachine
    private var hasReadStart = false
    /// The lines before this one lasted so long: the machine's clock never goes back.
    private var earlier: UInt64 = 0
    private var latest: UInt64 = 0

    /// A session over an open line.
    public init(line: any SerialLine, _ configuration: MonitorConfiguration = MonitorConfiguration()) {
        self.line = line
        machine = MonitorMachine(configuration)
    }

    /// All diagnoses so far, root cause first.
    public var diagnoses: [Diagnosis] { machine.diagnoses }
    /// Whether the start of the firmware was heard, and with it what it says of its errors then.
    public var sawStart: Bool { machine.sawStart }
    /// The restarts that nobody asked for, while they follow each other.
    public var loop: RebootLoop? { machine.loop }

    /// Waits at most `time` on the line's clock for something to happen. Errors: `connection-lost`, `needs-mask-rom`.
    public mutating func listen(within time: Duration) async throws(DeviceError) -> Heard {
        var wait = time
        if let deadline = machine.deadline {
            let now = earlier &+ Self.nanoseconds(await line.now)
            wait = max(.zero, min(wait, .nanoseconds(Int64(clamping: deadline > now ? deadline - now : 0))))
        }
        let bytes = try await line.read(within: wait)
        latest = earlier &+ Self.nanoseconds(await line.now)
        let events = bytes.isEmpty ? machine.timePassed(to: latest) : machine.received(bytes, at: latest)
        return Heard(bytes: bytes, events: events)
    }

    /// Sends bytes to the board.
    public func send(_ bytes: [UInt8]) async throws(DeviceError) { try await line.write(bytes) }

    /// Resets the board, where the line can; what it then says of its start is not the firmware's doing.
    public mutating func reset() async throws(DeviceError) {
        machine.hostResets()
        try await line.perform(.run)
    }

    /// Resets the board into its loader, where the line can.
    public mutating func resetIntoLoader() async throws(DeviceError) {
        machine.hostResets(intoLoader: true)
        try await line.perform(.classic(.milliseconds(50)))
    }

    /// What was done about a start that nobody heard.
    public enum StartReading: Equatable, Sendable {
        /// Nothing: the start was heard, or is not what matters, or was asked for before.
        case notNeeded
        /// The board was reset, to hear it.
        case resetting
        /// Nothing, though it would help: it was not allowed.
        case notAllowed
        /// Nothing, though it would help: this line has no means to reset the board.
        case notPossible
    }

    /// A sketch whose model could not be started says so once, when it starts, and predicts nan from then on. Where a nan
    /// was found and nobody heard the start, the board is reset, once, to hear the cause.
    public mutating func readStart(
        for diagnosis: Diagnosis, mayReset: Bool
    ) async throws(DeviceError) -> StartReading {
        guard diagnosis.code == .nanOutput, !sawStart, !hasReadStart else { return .notNeeded }
        hasReadStart = true
        guard line.capabilities.contains(.modemLines) else { return .notPossible }
        guard mayReset else { return .notAllowed }
        try await reset()
        return .resetting
    }

    /// Names the classes from now on.
    public mutating func name(labels: [String], threshold: Double) {
        machine.name(labels: labels, threshold: threshold)
    }

    /// The end of the stream, or of this line: what was only held back. A line that had no ending yet means nothing.
    public mutating func finish() -> [MonitorEvent] { machine.finished(isCutOff: true) }

    /// Goes on over another line to the same board, which may have started again meanwhile.
    public mutating func resume(on line: any SerialLine) async {
        machine.lineWasAway()
        self.line = line
        earlier = latest &- min(latest, Self.nanoseconds(await line.now))
    }

    private static func nanoseconds(_ time: Duration) -> UInt64 {
        UInt64(clamping: time.components.seconds) &* 1_000_000_000
            &+ UInt64(clamping: time.components.attoseconds / 1_000_000_000)
    }
}
