// A bounded cursor over a debug section. Past the end, or at a number that does not fit, it is broken and stays so:
// the caller asks once, at the end of what belongs together. Source: DWARF 5, section 7 (LEB128, forms).

/// Reads little-endian numbers, LEB128 and strings.
struct DebugReader {
    let bytes: ArraySlice<UInt8>
    var at: Int
    private(set) var isBroken = false

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        at = bytes.startIndex
    }

    var isAtEnd: Bool { isBroken || at >= bytes.endIndex }

    /// The part that follows, `count` bytes of it.
    mutating func part(_ count: UInt64) -> DebugReader? {
        guard !isBroken, count <= UInt64(bytes.endIndex - at) else {
            isBroken = true
            return nil
        }
        defer { at += Int(count) }
        return DebugReader(bytes[at..<at + Int(count)])
    }

    mutating func skip(_ count: UInt64) { _ = part(count) }

    mutating func u8() -> UInt8 {
        guard !isBroken, at < bytes.endIndex else {
            isBroken = true
            return 0
        }
        defer { at += 1 }
        return bytes[at]
    }

    mutating func number(_ count: Int) -> UInt64 {
        var value: UInt64 = 0
        for shift in 0..<count { value |= UInt64(u8()) << (8 * UInt64(shift)) }
        return value
    }

    mutating func u32() -> UInt32 { UInt32(truncatingIfNeeded: number(4)) }

    mutating func uleb() -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 63, by: 7) {
            let byte = u8()
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        isBroken = true
        return 0
    }

    mutating func sleb() -> Int64 {
        var value: Int64 = 0
        for shift in stride(from: Int64(0), to: 63, by: 7) {
            let byte = u8()
            value |= Int64(byte & 0x7F) << shift
            guard byte >= 0x80 else { return byte & 0x40 != 0 && shift < 56 ? value | -(1 << (shift + 7)) : value }
        }
        isBroken = true
        return 0
    }

    mutating func string() -> String {
        let rest = bytes[min(at, bytes.endIndex)...]
        guard !isBroken, let end = rest.firstIndex(of: 0) else {
            isBroken = true
            return ""
        }
        defer { at = end + 1 }
        return String(decoding: rest[..<end], as: UTF8.self)
    }
}
