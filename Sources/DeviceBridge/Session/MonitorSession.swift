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
    public let line: any SerialLine
    private var machine: MonitorMachine

    /// A session over an open line.
    public init(line: any SerialLine, _ configuration: MonitorConfiguration = MonitorConfiguration()) {
        self.line = line
        machine = MonitorMachine(configuration)
    }

    /// All diagnoses so far, root cause first.
    public var diagnoses: [Diagnosis] { machine.diagnoses }

    /// Waits at most `time` on the line's clock for something to happen. Errors: `connection-lost`, `needs-mask-rom`.
    public mutating func listen(within time: Duration) async throws(DeviceError) -> Heard {
        var wait = time
        if let deadline = machine.deadline {
            wait = max(.zero, min(wait, await .nanoseconds(Int64(clamping: deadline)) - line.now))
        }
        let bytes = try await line.read(within: wait)
        let now = Self.nanoseconds(await line.now)
        let events = bytes.isEmpty ? machine.timePassed(to: now) : machine.received(bytes, at: now)
        return Heard(bytes: bytes, events: events)
    }

    /// Sends bytes to the board.
    public func send(_ bytes: [UInt8]) async throws(DeviceError) { try await line.write(bytes) }

    /// Resets the board, where the line can; what it then says of its start is not the firmware's doing.
    public mutating func reset() async throws(DeviceError) {
        machine.hostResets()
        try await line.perform(.run)
    }

    /// The end of the stream: what was only held back.
    public mutating func finish() -> [MonitorEvent] { machine.finished() }

    private static func nanoseconds(_ time: Duration) -> UInt64 {
        UInt64(clamping: time.components.seconds) &* 1_000_000_000
            &+ UInt64(clamping: time.components.attoseconds / 1_000_000_000)
    }
}
