// A board behind an RFC 2217 server (rfc2217://HOST:PORT): TCP that also carries baud rate and modem lines, so
// that a remote board can be reset into its loader. The protocol is RFC2217Machine's; here is the socket and
// the waiting for confirmations.

import SystemPackage

/// A telnet connection with the com-port option.
public actor RFC2217Line: SerialLine {
    private let executor: LineExecutor
    private let port: String
    private var channel: DescriptorChannel?
    private var machine = RFC2217Machine()
    private var arrived: [UInt8] = []
    private var confirms = true

    /// How long the negotiation and the change of a rate may take.
    private static let negotiationLimit = Duration.seconds(3)
    /// How long to wait for a confirmation of modem lines; servers that never confirm are not waited for twice.
    private static let controlLimit = Duration.seconds(1)

    /// The thread that waits for the socket.
    nonisolated public var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    /// Modem lines and the rate reach the board.
    nonisolated public var capabilities: LineCapabilities { [.modemLines, .baudRate, .remote] }

    /// Connects and negotiates 8N1 at `baud`.
    /// Errors: `port-not-found` where nobody listens, `connection-lost` where the server lacks the option.
    public init(host: String, port: UInt16, baud: Int = 115200, within limit: Duration = .seconds(5))
        async throws(DeviceError)
    {
        self.port = "rfc2217://\(host):\(port)"
        executor = LineExecutor(label: "espmask.rfc2217")
        try open(host, port, baud, limit)
    }

    private func open(_ host: String, _ number: UInt16, _ baud: Int, _ limit: Duration) throws(DeviceError) {
        let channel = try TCPConnection.open(host: host, port: number, name: port, within: limit)
        self.channel = channel
        do throws(DeviceError) {
            try channel.write(machine.opened())
            try wait(Self.negotiationLimit) { $0.negotiation != .pending }
            guard machine.negotiation == .accepted else {
                throw .serverRefused(port, what: "does not take the com-port option")
            }
            try channel.write(machine.plainFraming())
            try setBaudRate(baud)
        } catch {
            try? channel.descriptor.close()
            self.channel = nil
            throw error
        }
    }

    /// Sends all bytes, or fails with `connection-lost`.
    public func write(_ bytes: [UInt8]) throws(DeviceError) {
        try opened().write(machine.escaped(bytes))
    }

    /// Returns what the board sent within `time`.
    public func read(within time: Duration) throws(DeviceError) -> [UInt8] {
        let deadline = ContinuousClock.now + time
        while arrived.isEmpty {
            let left = deadline - ContinuousClock.now
            if !(try pump(max(left, .zero))) && left <= .zero { break }
            if Task.isCancelled { break }
        }
        defer { arrived = [] }
        return arrived
    }

    /// Asks the server for a rate and waits until it confirms it.
    public func setBaudRate(_ baud: Int) throws(DeviceError) {
        guard let rate = UInt32(exactly: baud) else { throw .serverRefused(port, what: "cannot do \(baud) baud") }
        try opened().write(machine.baud(rate))
        try wait(Self.negotiationLimit) { $0.confirmedBaud != nil }
        guard machine.confirmedBaud == baud else {
            let got = machine.confirmedBaud.map { "chose \($0) baud instead of \(baud)" }
            throw .serverRefused(port, what: got ?? "did not confirm \(baud) baud")
        }
        machine.stopWaiting()
    }

    /// Drives both lines and waits until the server says it did.
    public func setModemLines(dtr: Bool, rts: Bool) throws(DeviceError) {
        let commands = machine.modemLines(dtr: dtr, rts: rts)
        if commands.isEmpty { return }
        try opened().write(commands)
        try settle()
    }

    /// Throws away what has arrived here and at the server.
    public func discardInput() throws(DeviceError) {
        try opened().write(machine.purgeInput())
        try settle()
        while try pump(.zero) {}
        arrived = []
    }

    /// Lets wall-clock time pass.
    public func pause(_ time: Duration) async throws(DeviceError) {
        _ = try opened()
        try? await Task.sleep(for: time)
    }

    /// Closes the socket.
    public func close() {
        try? channel?.descriptor.close()
        channel = nil
    }

    private func settle() throws(DeviceError) {
        guard confirms else { return machine.stopWaiting() }
        try wait(Self.controlLimit) { !$0.isWaiting }
        confirms = !machine.isWaiting
        machine.stopWaiting()
    }

    private func wait(_ limit: Duration, _ done: (RFC2217Machine) -> Bool) throws(DeviceError) {
        let deadline = ContinuousClock.now + limit
        while !done(machine) {
            let left = deadline - ContinuousClock.now
            if left <= .zero || Task.isCancelled { return }
            _ = try pump(left)
        }
    }

    /// Takes what the socket has within `time`; false when nothing came.
    private func pump(_ time: Duration) throws(DeviceError) -> Bool {
        let channel = try opened()
        let bytes = try channel.read(within: time)
        let arrival = machine.received(bytes)
        arrived += arrival.data
        if !arrival.answer.isEmpty { try channel.write(arrival.answer) }
        return !bytes.isEmpty
    }

    private func opened() throws(DeviceError) -> DescriptorChannel {
        guard let channel else { throw .closed(port) }
        return channel
    }
}
