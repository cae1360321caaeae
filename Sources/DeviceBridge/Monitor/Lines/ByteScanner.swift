// A cursor over the bytes of a line, for the small hand-written readers of this folder. Every call that fails leaves
// the cursor where it was.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Reads a line from left to right.
struct ByteScanner {
    let bytes: [UInt8]
    var at: Int

    init(_ bytes: [UInt8], at: Int = 0) {
        self.bytes = bytes
        self.at = at
    }

    init(_ text: String) { self.init(Array(text.utf8)) }

    var isAtEnd: Bool { at >= bytes.count }

    func peek(_ ahead: Int = 0) -> UInt8? { at + ahead < bytes.count ? bytes[at + ahead] : nil }

    /// Skips spaces and tabs.
    mutating func skipSpaces() {
        while let byte = peek(), byte == 0x20 || byte == 0x09 { at += 1 }
    }

    /// Takes the text if it is next.
    mutating func take(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard at + count <= bytes.count else { return false }
        for index in 0..<count where bytes[at + index] != text.utf8Start[index] { return false }
        at += count
        return true
    }

    /// Takes exactly `count` decimal digits.
    mutating func digits(_ count: Int) -> Int? {
        guard at + count <= bytes.count else { return nil }
        var number = 0
        for byte in bytes[at..<at + count] {
            guard byte.isDigit else { return nil }
            number = number * 10 + Int(byte - 0x30)
        }
        at += count
        return number
    }

    /// Takes a decimal number of up to 18 digits.
    mutating func decimal() -> Int? {
        var end = at
        while end < bytes.count, bytes[end].isDigit { end += 1 }
        guard end > at, end - at <= 18 else { return nil }
        return digits(end - at)
    }

    /// Takes `0x` and one to eight hexadecimal digits.
    mutating func hexadecimal() -> UInt32? {
        guard peek() == 0x30, peek(1) == 0x78 || peek(1) == 0x58 else { return nil }
        var end = at + 2
        var number: UInt32 = 0
        while end < bytes.count, let digit = bytes[end].hexDigit {
            guard end - at < 10 else { break }
            number = number << 4 | UInt32(digit)
            end += 1
        }
        guard end > at + 2 else { return nil }
        at = end
        return number
    }

    /// The text from here to the end.
    var rest: String { String(decoding: bytes[min(at, bytes.count)...], as: UTF8.self) }
}

extension UInt8 {
    var isDigit: Bool { (0x30...0x39).contains(self) }

    var isLetter: Bool { (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self) }

    /// The value as a hexadecimal digit.
    var hexDigit: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x41 + 10
        case 0x61...0x66: self - 0x61 + 10
        case _: nil
        }
    }

    /// The byte with ASCII capitals made small.
    var lowercase: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
}

extension [UInt8] {
    /// Where `needle` first stands at or after `start`.
    func position(of needle: StaticString, from start: Int = 0) -> Int? {
        let count = needle.utf8CodeUnitCount
        guard count > 0, self.count >= count, start <= self.count - count else { return nil }
        return withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return nil }
            var at = start
            let last = bytes.count - count
            while at <= last, let found = memchr(base + at, CInt(needle.utf8Start[0]), last - at + 1) {
                if memcmp(found, needle.utf8Start, count) == 0 { return UnsafeRawPointer(found) - base }
                at = UnsafeRawPointer(found) - base + 1
            }
            return nil
        }
    }

    /// Whether `needle` stands anywhere.
    func holds(_ needle: StaticString) -> Bool { position(of: needle) != nil }

    /// Where a text begins with `needle`.
    func holds(_ needle: StaticString, at start: Int) -> Bool {
        let count = needle.utf8CodeUnitCount
        guard start >= 0, start <= self.count - count else { return false }
        return withUnsafeBytes { bytes in
            bytes.baseAddress.map { memcmp($0 + start, needle.utf8Start, count) == 0 } ?? false
        }
    }
}
