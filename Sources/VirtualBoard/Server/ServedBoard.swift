// What the server needs of a board, and how board time follows the wall clock. The board itself knows neither
// sockets nor clocks.

internal import Glibc

/// A board as its server drives it.
package protocol ServedBoard: AnyObject {
    /// Takes power away and gives it back.
    func powerCycle(intoLoader: Bool)
    func setModemLines(dtr: Bool, rts: Bool)
    func receive(_ bytes: [UInt8])
    func takeOutput() -> [UInt8]
    /// Board time in nanoseconds since the board was made.
    var now: UInt64 { get }
    /// Runs until board time `deadline`, or until output waits.
    func advance(to deadline: UInt64, outputLimit: Int) -> ServedPause
    /// True once when a fault wants the line to hang up.
    func takeDisconnect() -> Bool
    /// Bytes given to `receive` that the board has not taken yet.
    var waitingInput: Int { get }
    /// The speed of the host's end of the line in bits per second; nil where it has none of its own.
    var hostBaudRate: Int? { get set }
    /// Why the board's program cannot go on, nil while it can.
    var failure: VirtualBoardError? { get }
}

/// Why a served board stopped running.
package enum ServedPause: Equatable, Sendable {
    case output
    case deadline
    /// Nothing will happen without input.
    case idle
    /// The board has no power.
    case off
}

/// How a served board's time passes.
public enum BoardPace: Sendable {
    /// As fast as the wall clock.
    case realTime
    /// As fast as the host can, while a client takes the output.
    case virtualTime
}

/// Ties board time to the wall clock from one moment on.
struct BoardClock {
    /// A board further behind than this has lost the race; its clock starts anew instead of rushing after.
    static let largestLag: UInt64 = 50_000_000
    private var wallOrigin: UInt64 = 0
    private var boardOrigin: UInt64 = 0

    /// Lets both clocks meet now.
    mutating func restart(board: UInt64, wall: UInt64) {
        wallOrigin = wall
        boardOrigin = board
    }

    /// The board time that belongs to `wall`.
    mutating func target(board: UInt64, wall: UInt64) -> UInt64 {
        let target = boardOrigin &+ (wall &- wallOrigin)
        guard target > board &+ Self.largestLag else { return max(target, board) }
        restart(board: board &+ Self.largestLag, wall: wall)
        return board &+ Self.largestLag
    }

    static func wallNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
