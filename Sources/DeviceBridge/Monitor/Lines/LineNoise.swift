// Notices that what comes is no text: the usual sign of two ends with different baud rates, where every byte arrives
// as another one. A binary dump or a burst of noise while a plug is pulled is shorter than what it takes.

/// Measures how much of a stream is readable.
public struct LineNoise: Equatable, Sendable {
    private var readable = 0
    private var unreadable = 0
    /// Bytes that a character of UTF-8 has so far and still needs.
    private var pending = 0
    private var expected = 0
    private var told = false
    /// So many bytes decide; half of them unreadable are too many. A receiver that is much slower than the sender gets
    /// few bytes out of many, so it must not be many.
    private static let windowBytes = 64

    /// Makes a measure.
    public init() {}

    /// Takes bytes; true once, when most of what came lately cannot be text.
    public mutating func take(_ bytes: [UInt8]) -> Bool {
        guard !told else { return false }
        for byte in bytes {
            take(byte)
            guard readable + unreadable >= Self.windowBytes else { continue }
            if unreadable > readable {
                told = true
                return true
            }
            // Half of it stays, so that a change of the rate is noticed in the middle as well.
            readable /= 2
            unreadable /= 2
        }
        return false
    }

    /// Rates worth trying, the commonest first.
    public static func candidates(besides baud: Int) -> String {
        let usual = [115200, 9600, 921600, 460800, 230400, 57600].filter { $0 != baud }.prefix(4).map { String($0) }
        return usual.dropLast().joined(separator: ", ") + " or " + (usual.last ?? "")
    }

    /// Counts a byte: printable, or part of how text is sent, or of a whole character of UTF-8, or none of these.
    private mutating func take(_ byte: UInt8) {
        if byte & 0xC0 == 0x80, expected > 0 {
            pending += 1
            expected -= 1
            if expected == 0 {
                readable += pending
                pending = 0
            }
            return
        }
        // A character that does not go on was none.
        unreadable += pending
        (pending, expected) = (0, 0)
        switch byte {
        case 0x09, 0x0A, 0x0D, 0x1B, 0x20..<0x7F: readable += 1
        case 0xC2..<0xE0: (pending, expected) = (1, 1)
        case 0xE0..<0xF0: (pending, expected) = (1, 2)
        case 0xF0..<0xF5: (pending, expected) = (1, 3)
        case _: unreadable += 1
        }
    }
}
