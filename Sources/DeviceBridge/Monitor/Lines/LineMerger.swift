// Turns bytes, however they were cut, into physical lines: LF, CR LF, CR CR LF, LF CR and lone CR end a line, in the
// sense that none of them invents an empty one. Lines are bounded: an endless one comes out in pieces. What the bytes
// mean is not known here. A line that lies whole in what arrived is handed on where it lies, without a copy.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

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
    /// The number of the line that is being read.
    private(set) var number = 1
    private var afterCarriageReturn = false

    /// Makes an empty merger.
    public init() {}

    /// What has come of the line that is not whole yet.
    public var unfinished: [UInt8] { buffer }

    /// Takes bytes; the lines that became whole.
    public mutating func received(_ bytes: some Sequence<UInt8>) -> [RawLine] {
        var lines: [RawLine] = []
        Array(bytes).withUnsafeBufferPointer { whole in
            take(whole) { lines.append(RawLine(bytes: Array($0), number: $1)) }
        }
        return lines
    }

    /// The stream ended: the line that has no ending, if any.
    public mutating func finished() -> RawLine? {
        afterCarriageReturn = false
        guard !buffer.isEmpty else { return nil }
        defer { buffer = [] }
        return RawLine(bytes: buffer, number: number)
    }

    /// Takes bytes and hands on each line that became whole, with its number; the bytes are good during the call only.
    mutating func take(_ bytes: UnsafeBufferPointer<UInt8>, _ line: (UnsafeBufferPointer<UInt8>, Int) -> Void) {
        var at = 0
        while at < bytes.count {
            if afterCarriageReturn {
                if bytes[at] == 0x0D {
                    at += 1
                    continue
                }
                if bytes[at] == 0x0A {
                    endBuffer(line)
                    number += 1
                    at += 1
                    continue
                }
                // A CR that no LF followed: the line before it is whole, unless it was the second half of LF CR.
                if !buffer.isEmpty { endBuffer(line) }
                afterCarriageReturn = false
            }
            let room = min(bytes.count - at, Self.longest - buffer.count)
            let end = Self.end(of: bytes, from: at, within: room)
            let piece = UnsafeBufferPointer(rebasing: bytes[at..<end])
            if end - at == room {
                // No ending: kept for later, or cut.
                buffer.append(contentsOf: piece)
                if buffer.count == Self.longest { endBuffer(line) }
                at = end
            } else if bytes[end] == 0x0A || buffer.isEmpty && end + 1 < bytes.count && bytes[end + 1] == 0x0A {
                if buffer.isEmpty {
                    line(piece, number)
                } else {
                    buffer.append(contentsOf: piece)
                    endBuffer(line)
                }
                number += 1
                at = bytes[end] == 0x0A ? end + 1 : end + 2
            } else {
                buffer.append(contentsOf: piece)
                afterCarriageReturn = true
                at = end + 1
            }
        }
    }

    /// Where the next CR or LF is, or the limit.
    private static func end(of bytes: UnsafeBufferPointer<UInt8>, from start: Int, within room: Int) -> Int {
        guard let base = bytes.baseAddress else { return start }
        let first = base + start
        var count = room
        if let feed = memchr(first, 0x0A, count) { count = UnsafeRawPointer(feed) - UnsafeRawPointer(first) }
        if let back = memchr(first, 0x0D, count) { count = UnsafeRawPointer(back) - UnsafeRawPointer(first) }
        return start + count
    }

    private mutating func endBuffer(_ line: (UnsafeBufferPointer<UInt8>, Int) -> Void) {
        buffer.withUnsafeBufferPointer { line($0, number) }
        // One long line must not hold its room for ever.
        buffer.removeAll(keepingCapacity: buffer.capacity <= 1 << 14)
    }
}
