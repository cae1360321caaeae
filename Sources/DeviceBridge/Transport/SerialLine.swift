// The seam between everything that talks to a board and whatever carries the bytes: a serial device,
// a TCP socket, RFC 2217, a virtual board in the same process, or a table in a test. It knows no
// protocol; framing and meaning are the business of the machines above it.

/// What a line can do beyond carrying bytes.
public struct LineCapabilities: OptionSet, Equatable, Sendable {
    /// The bit set.
    public let rawValue: UInt8

    /// Makes a set from its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// DTR and RTS reach the board, so it can be reset into the loader.
    public static let modemLines = LineCapabilities(rawValue: 1)
    /// The baud rate of this end can be changed.
    public static let baudRate = LineCapabilities(rawValue: 2)
    /// The modem lines change one after the other and with a network's delays.
    public static let remote = LineCapabilities(rawValue: 8)
    /// Time passes on the board only while this end reads: waiting costs nothing.
    public static let virtualTime = LineCapabilities(rawValue: 4)
}

/// An open connection to a board, one owner at a time.
public protocol SerialLine: Sendable {
    /// What this line can do.
    var capabilities: LineCapabilities { get }
    /// The time on this line since some fixed moment: the wall clock's, or on a line with `.virtualTime` the board's.
    /// Deadlines are measured with it, since a read that returned bytes may have taken any time up to its limit.
    var now: Duration { get async }
    /// Sends all bytes, or fails.
    func write(_ bytes: [UInt8]) async throws(DeviceError)
    /// Returns what has arrived, waiting at most `time` for the first byte; an empty result is a timeout.
    /// On a line with `.virtualTime` the time is the board's own.
    func read(within time: Duration) async throws(DeviceError) -> [UInt8]
    /// Changes the baud rate of this end; on a line without `.baudRate` there is none and nothing happens.
    func setBaudRate(_ baud: Int) async throws(DeviceError)
    /// Drives DTR and RTS; true asserts the line, which pulls the pin low. Without `.modemLines` nothing happens.
    func setModemLines(dtr: Bool, rts: Bool) async throws(DeviceError)
    /// Throws away what has arrived and was not read.
    func discardInput() async throws(DeviceError)
    /// Lets time pass; on a line with `.virtualTime` the board's own, else the wall clock's.
    func pause(_ time: Duration) async throws(DeviceError)
    /// Ends the connection. Further calls throw.
    func close() async
}

/// A moment all wall-clock lines of this process count from.
private let processStart = ContinuousClock.now

extension SerialLine {
    /// The wall clock since the first use, which is right for every line but a virtual one.
    public var now: Duration { get async { ContinuousClock.now - processStart } }
}
