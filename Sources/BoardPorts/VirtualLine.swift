// A virtual board in this process as a line: what is written reaches the board's UART, and the board runs while its
// owner reads or lets time pass. In virtual time nothing waits for the wall clock; in real time the board keeps pace
// with it. What a wire can do wrong is the board's faults'; a hang-up ends the line here.

public import DeviceBridge
package import VirtualBoard

/// A line to a board that lives behind it.
public actor VirtualLine: SerialLine {
    /// How the board's time passes.
    public enum Pace: Sendable {
        /// As fast as this machine can, and only while somebody reads.
        case virtualTime
        /// As fast as the wall clock.
        case realTime
    }

    /// Virtual time or real time; modem lines and baud rate always reach the board.
    nonisolated public let capabilities: LineCapabilities

    private let executor: LineExecutor
    private let name: String
    private let pace: Pace
    private var board: Board?
    /// Board time that passed while the board had nothing to do and its clock stood still.
    private var idleNanoseconds: UInt64 = 0
    /// When board time and the wall clock were last the same: the difference of the two.
    private var start: (wall: ContinuousClock.Instant, line: Duration)

    /// The board runs on a thread of its own: predicting may take seconds of computing.
    nonisolated public var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private static let largestRead = 4096
    // Six bytes' time at 115200 baud: what comes later is not the same sentence.
    private static let byteGapNanoseconds: UInt64 = 520_000
    // In real time the wall clock is asked this often for what the board may do.
    private static let slice = Duration.milliseconds(4)

    /// Powers a board with this flash on. `name` stands in messages.
    package init(
        name: String, profile: BoardProfile, flash: sending NORFlash, pace: Pace, baud: Int = 115200,
        faults: sending FaultInjector = FaultInjector()
    ) {
        executor = LineExecutor(label: "espmask.board")
        self.name = name
        self.pace = pace
        capabilities = pace == .virtualTime ? [.modemLines, .baudRate, .virtualTime] : [.modemLines, .baudRate]
        let board = Board(profile: profile, flash: flash, faults: faults)
        board.hostBaudRate = baud
        board.powerOn(.flashBoot)
        self.board = board
        start = (ContinuousClock.now, .zero)
    }

    /// The board's time, or the wall clock's where the board follows it.
    public var now: Duration {
        guard let board else { return .zero }
        switch pace {
        case .virtualTime: return .nanoseconds(board.now + idleNanoseconds)
        case .realTime: return start.line + (ContinuousClock.now - start.wall)
        }
    }

    /// Sends bytes at this end's rate; at another rate than the board's they arrive as something else.
    public func write(_ bytes: [UInt8]) throws(DeviceError) {
        let board = try opened()
        board.receive(bytes)
        try hangUp(board)
    }

    /// What the board sends within `time`, its own or the wall clock's.
    public func read(within time: Duration) async throws(DeviceError) -> [UInt8] {
        let deadline = now + time
        repeat {
            let board = try opened()
            if !kept.isEmpty {
                defer { kept = [] }
                return kept
            }
            let bytes = try advance(board, to: min(deadline, pace == .realTime ? now : deadline))
            if !bytes.isEmpty { return bytes }
            if now < deadline { try await rest(until: deadline) }
        } while now < deadline
        return []
    }

    /// Sets this end's rate.
    public func setBaudRate(_ baud: Int) throws(DeviceError) {
        try opened().hostBaudRate = baud
    }

    /// Drives the auto-reset circuit.
    public func setModemLines(dtr: Bool, rts: Bool) throws(DeviceError) {
        try opened().setModemLines(dtr: dtr, rts: rts)
    }

    /// Drops what the board has sent.
    public func discardInput() throws(DeviceError) {
        _ = try opened().takeOutput()
        kept = []
    }

    /// Lets time pass on the board; what it sends meanwhile is kept for the next read.
    public func pause(_ time: Duration) async throws(DeviceError) {
        let deadline = now + time
        while now < deadline {
            let board = try opened()
            switch pace {
            case .virtualTime:
                // What it has sent must be out of its way, or it would stop for it.
                kept += try advance(board, to: deadline)
            case .realTime: try await rest(until: deadline)
            }
        }
    }

    /// Takes the power away and lets go of the flash.
    public func close() {
        board?.powerOff()
        board = nil
    }

    /// Plugs the board in anew, as after a hang-up or a power cut, with one more fault where one is given.
    package func plugIn(_ fault: FaultSpec? = nil) throws(DeviceError) {
        let board = try opened(evenIfHungUp: true)
        hasHungUp = false
        kept = []
        _ = board.takeOutput()
        board.powerOff()
        board.setModemLines(dtr: false, rts: false)
        board.hostBaudRate = 115200
        if let fault { board.add(fault) }
        board.powerOn(.flashBoot)
    }

    /// Adds a fault; its bytes, writes and milliseconds are counted from now.
    package func add(_ fault: FaultSpec) throws(DeviceError) { try opened(evenIfHungUp: true).add(fault) }

    /// Opens the line again after a hang-up; the board never knew. False where it had not hung up.
    package func reconnect() -> Bool {
        defer { hasHungUp = false }
        return board != nil && hasHungUp
    }

    /// What the board's flash holds.
    package func flashContents() throws(DeviceError) -> [UInt8] {
        let flash = try opened(evenIfHungUp: true).flash
        return flash.read(0, count: flash.size) ?? []
    }

    /// How often its flash was programmed or erased.
    package func flashWrites() throws(DeviceError) -> Int {
        try opened(evenIfHungUp: true).flash.counters.writes
    }

    /// Whatever goes wrong with the board is over.
    package func endFaults() { board?.endFaults() }

    private var kept: [UInt8] = []
    private var hasHungUp = false

    private func hangUp(_ board: Board) throws(DeviceError) {
        guard board.takeDisconnect() else { return }
        hasHungUp = true
        throw .connectionLost(name, cause: "the other end hung up")
    }

    private func opened(evenIfHungUp: Bool = false) throws(DeviceError) -> Board {
        guard let board, evenIfHungUp || !hasHungUp else { throw .closed(name) }
        return board
    }

    /// Runs the board up to a line time, or until it has sent something.
    private func advance(_ board: Board, to deadline: Duration) throws(DeviceError) -> [UInt8] {
        let target = nanoseconds(deadline) &- idleNanoseconds
        let pause = target > board.now ? board.run(until: target) : .deadline
        switch pause {
        case .output: break
        // The line's clock goes on where the board's stands still, or cannot stand between two of its cycles.
        case .idle, .off, .deadline:
            idleNanoseconds += nanoseconds(deadline) - min(nanoseconds(deadline), board.now + idleNanoseconds)
        }
        var bytes = board.takeOutput()
        // A board speaks byte by byte; a reader that took each by itself would spend its time on being woken.
        while pace == .virtualTime, !bytes.isEmpty, bytes.count < Self.largestRead,
            board.run(until: board.now + Self.byteGapNanoseconds) == .output
        {
            bytes += board.takeOutput()
        }
        if bytes.isEmpty { try hangUp(board) }
        if bytes.isEmpty, let failure = board.failure { throw DeviceError(failure) }
        return bytes
    }

    /// Exact, and rounded up: a deadline that comes out a nanosecond early, as by way of a Double, is never reached.
    private func nanoseconds(_ time: Duration) -> UInt64 {
        let (seconds, attoseconds) = time.components
        return UInt64(max(0, seconds)) * 1_000_000_000 + (UInt64(max(0, attoseconds)) + 999_999_999) / 1_000_000_000
    }

    private func rest(until deadline: Duration) async throws(DeviceError) {
        guard pace == .realTime else { return }
        do { try await Task.sleep(for: min(Self.slice, deadline - now)) } catch { throw .interrupted }
    }
}
