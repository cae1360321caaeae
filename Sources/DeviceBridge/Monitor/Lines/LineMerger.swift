// Turns bytes, however they were cut, into physical lines: LF, CR LF, CR CR LF, LF CR and lone CR end a line, in the
// sense that none of them invents an empty one. Lines are bounded: an endless one comes out in pieces. What the bytes
// mean is not known here.

/// A line as it came over the wire, without its ending.
public struct RawLine: Equatable, Sendable {
    /// Its bytes, at most `LineMerger.longest`.
    public var bytes: [UInt8]
    /// Which line of the stream it is, from 1, counted as an editor does, by LF; pieces of one line share a number.
    public var number: Int

    /// Makes a line.
    public init(bytes: [UInt8], number: Int) {
        self.bytes = bytes
        self.number = number
    }
}

/// Collects bytes until a line is whole.
public struct LineMerger: Equatable, Sendable {
    /// A line is cut after so many bytes: four dumps of a 96 x 96 picture.
    public static let longest = 1 << 18

    private var buffer: [UInt8] = []
    private var number = 1
    private var afterCarriageReturn = false

    /// Makes an empty merger.
    public init() {}

    /// What has come of the line that is not whole yet.
    public var unfinished: [UInt8] { buffer }

    /// Takes bytes; the lines that became whole.
    public mutating func received(_ bytes: some Sequence<UInt8>) -> [RawLine] {
        var lines: [RawLine] = []
        for byte in bytes { take(byte, into: &lines) }
        return lines
    }

    /// The stream ended: the line that has no ending, if any.
    public mutating func finished() -> RawLine? {
        afterCarriageReturn = false
        guard !buffer.isEmpty else { return nil }
        return end()
    }

    private mutating func take(_ byte: UInt8, into lines: inout [RawLine]) {
        switch byte {
        case 0x0A:
            lines.append(end())
            afterCarriageReturn = false
            number += 1
        case 0x0D:
            afterCarriageReturn = true
        case _:
            // A CR that no LF followed: the line before it is whole, unless it was the second half of LF CR.
            if afterCarriageReturn, !buffer.isEmpty { lines.append(end()) }
            afterCarriageReturn = false
            buffer.append(byte)
            if buffer.count == Self.longest { lines.append(end()) }
        }
    }

    private mutating func end() -> RawLine {
        defer { buffer.removeAll(keepingCapacity: buffer.capacity <= 1 << 14) }
        return RawLine(bytes: buffer, number: number)
    }
}
