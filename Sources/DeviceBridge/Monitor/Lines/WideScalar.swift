// Reads the characters beyond ASCII out of UTF-8 that may be broken anywhere. The standard library does the same, but
// noise from a wrong baud rate is all errors, and each costs it as much as a line.

enum WideScalar {
    /// The character at a place, which moves behind it; nil where there is none, and the place moves behind what one
    /// U+FFFD stands for: the longest beginning of a character, else one byte (Unicode, section 3.9, table 3-7).
    static func next(in bytes: UnsafeBufferPointer<UInt8>, _ at: inout Int) -> UInt32? {
        let first = bytes[at]
        at += 1
        var second: ClosedRange<UInt8> = 0x80...0xBF
        let more: Int
        switch first {
        case 0xC2...0xDF: more = 1
        case 0xE0: (more, second) = (2, 0xA0...0xBF)
        case 0xED: (more, second) = (2, 0x80...0x9F)
        case 0xE1...0xEF: more = 2
        case 0xF0: (more, second) = (3, 0x90...0xBF)
        case 0xF1...0xF3: more = 3
        case 0xF4: (more, second) = (3, 0x80...0x8F)
        case _: return nil
        }
        var scalar = UInt32(first) & (0x3F >> UInt32(more))
        for index in 0..<more {
            guard at < bytes.count, (index == 0 ? second : 0x80...0xBF).contains(bytes[at]) else { return nil }
            scalar = scalar << 6 | UInt32(bytes[at] & 0x3F)
            at += 1
        }
        return scalar
    }
}
