// A line whose other end is a value in the same process, with a clock that moves only when this end waits.
// Tests put a scripted board behind it; nothing here knows what the bytes mean.

/// Bytes a scripted board sends, and when.
public struct Delivery: Equatable, Sendable {
    /// How long after the event that caused it.
    public var after: Duration
    /// What arrives; nil is a hang-up.
    public var bytes: [UInt8]?

    /// Makes a delivery.
    public init(after: Duration = .zero, bytes: [UInt8]?) {
        self.after = after
        self.bytes = bytes
    }
}

/// The other end of an `InMemoryLine`.
public protocol LinePeer: Sendable {
    /// Bytes from this end.
    mutating func received(_ bytes: [UInt8]) -> [Delivery]
    /// This end drove its modem lines.
    mutating func modemLines(dtr: Bool, rts: Bool) -> [Delivery]
    /// This end changed its rate.
    mutating func baudRate(_ baud: Int) -> [Delivery]
}

/// A line to a `LinePeer`.
public actor InMemoryLine<Peer: LinePeer>: SerialLine {
    /// What this line can do.
    nonisolated public let capabilities: LineCapabilities
    /// The scripted board as it is now.
    public private(set) var peer: Peer
    /// Time since the line was made.
    public private(set) var now = Duration.zero
    /// How many times bytes were sent: round trips, when each is answered.
    public private(set) var writes = 0

    private var queue: [(at: Duration, bytes: [UInt8]?)] = []
    private var isClosed = false

    /// Puts `peer` at the other end.
    public init(_ peer: Peer, capabilities: LineCapabilities = [.modemLines, .baudRate, .virtualTime]) {
        self.peer = peer
        self.capabilities = capabilities
    }

    /// Hands bytes to the peer.
    public func write(_ bytes: [UInt8]) throws(DeviceError) {
        try check()
        writes += 1
        enqueue(peer.received(bytes))
    }

    /// The next delivery due within `time`, moving the clock as far as needed.
    public func read(within time: Duration) throws(DeviceError) -> [UInt8] {
        try check()
        guard let next = queue.first, next.at <= now + time else {
            now += time
            return []
        }
        queue.removeFirst()
        now = max(now, next.at)
        guard let bytes = next.bytes else {
            isClosed = true
            throw .connectionLost("the scripted board", cause: "it hung up")
        }
        return bytes
    }

    /// Tells the peer.
    public func setBaudRate(_ baud: Int) throws(DeviceError) {
        try check()
        enqueue(peer.baudRate(baud))
    }

    /// Tells the peer, if this line has modem lines.
    public func setModemLines(dtr: Bool, rts: Bool) throws(DeviceError) {
        try check()
        if capabilities.contains(.modemLines) { enqueue(peer.modemLines(dtr: dtr, rts: rts)) }
    }

    /// Drops what is due by now.
    public func discardInput() throws(DeviceError) {
        try check()
        queue.removeAll { $0.at <= now && $0.bytes != nil }
    }

    /// Moves the clock.
    public func pause(_ time: Duration) throws(DeviceError) {
        try check()
        now += time
    }

    /// Ends the connection.
    public func close() { isClosed = true }

    private func check() throws(DeviceError) {
        if isClosed { throw .closed("the scripted board") }
    }

    private func enqueue(_ deliveries: [Delivery]) {
        for delivery in deliveries {
            let at = now + delivery.after
            let place = queue.firstIndex { $0.at > at } ?? queue.count
            queue.insert((at, delivery.bytes), at: place)
        }
    }
}
