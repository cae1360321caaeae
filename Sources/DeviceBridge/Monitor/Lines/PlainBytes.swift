// The quick way to plain text, for lines of ASCII, which nearly all are: most need nothing taken away and are told at a
// glance, the others lose their colours and controls byte by byte. It does to ASCII what PlainText does to any text;
// a test holds the two against each other.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

enum PlainBytes {
    /// Whether a line is plain text as it is.
    static func isPlain(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
        // Tab is the one control that stays; the loop has no branches, so that it runs over many bytes at once.
        var strange: UInt8 = 0
        for byte in line {
            strange |= (byte &- 0x20 < 0x5F ? 0 : 1) & (byte == 0x09 ? 0 : 1)
        }
        return strange == 0 && !endsWritten(line) && !holdsColour(line)
    }

    /// Appends the readable part of a line to `out`.
    static func strip(_ line: UnsafeBufferPointer<UInt8>, into out: inout [UInt8]) {
        if line.contains(where: { $0 >= 0x80 }) {
            out += PlainText.of(line).utf8
            return
        }
        var at = 0
        var escapeIsE = false
        while at < line.count {
            let byte = line[at]
            if byte == 0x1B {
                at = endOfSequence(line, from: at)
            } else if byte == 0x5B, let end = endOfColour(line, from: at) {
                removeWrittenEscape(&out, &escapeIsE)
                at = end
            } else {
                if byte &- 0x20 < 0x5F || byte == 0x09 { out.append(byte) }
                at += 1
            }
        }
        while let length = out.withUnsafeBufferPointer(lengthOfWrittenEnding) { out.removeLast(length) }
    }

    private static func endOfSequence(_ line: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var at = start + 1
        guard at < line.count else { return at }
        switch line[at] {
        case UInt8(ascii: "["): at += 1
        case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "X"):
            // Strings: up to BEL or ESC \.
            while at < line.count, line[at] != 0x07, line[at] != 0x1B { at += 1 }
            return min(at + (at < line.count && line[at] == 0x1B ? 2 : 1), line.count)
        case 0x20..<0x7F: return at + 1
        case _: return at
        }
        while at < line.count, (0x20...0x3F).contains(line[at]) { at += 1 }
        if at < line.count, (0x40...0x7E).contains(line[at]) { at += 1 }
        return at
    }

    private static func holdsColour(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let base = line.baseAddress else { return false }
        var at = 0
        while at < line.count, let found = memchr(base + at, 0x5B, line.count - at) {
            at = UnsafeRawPointer(found) - UnsafeRawPointer(base)
            if endOfColour(line, from: at) != nil { return true }
            at += 1
        }
        return false
    }

    /// Where `[0;32m` ends when its escape was lost: only the forms that log libraries print.
    private static func endOfColour(_ line: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        var parameter = 0
        var at = start + 1
        while at < line.count, at - start < 12 {
            let byte = line[at]
            if byte.isDigit {
                parameter = min(parameter * 10 + Int(byte - 0x30), 1000)
            } else if byte == 0x3B || byte == 0x6D {
                guard parameter < 2 || (30...49).contains(parameter) || (90...107).contains(parameter) else {
                    return nil
                }
                if byte == 0x6D { return at > start + 1 ? at + 1 : nil }
                parameter = 0
            } else {
                return nil
            }
            at += 1
        }
        return nil
    }

    private static let writtenEscapes: [[UInt8]] = ["\\033", "\\x1b", "\\x1B", "\\u001b", "\\e", "^["].map {
        Array($0.utf8)
    }

    private static func removeWrittenEscape(_ out: inout [UInt8], _ escapeIsE: inout Bool) {
        for name in writtenEscapes where out.suffix(name.count).elementsEqual(name) {
            out.removeLast(name.count)
            return
        }
        guard out.last == 0x65 else { return }
        let before = out.dropLast().last
        if escapeIsE || !(before?.isLetter ?? false) {
            escapeIsE = true
            out.removeLast()
        }
    }

    private static func endsWritten(_ line: UnsafeBufferPointer<UInt8>) -> Bool { lengthOfWrittenEnding(line) != nil }

    /// The length of a line ending that was written out: `<CR>`, `<LF>`, `\r`, `\n`.
    private static func lengthOfWrittenEnding(_ line: UnsafeBufferPointer<UInt8>) -> Int? {
        let count = line.count
        guard count >= 2 else { return nil }
        switch line[count - 1] {
        case UInt8(ascii: "r"), UInt8(ascii: "n"): return line[count - 2] == 0x5C ? 2 : nil
        case UInt8(ascii: ">"):
            guard count >= 4, line[count - 4] == 0x3C else { return nil }
            let pair = (line[count - 3], line[count - 2])
            return pair == (0x43, 0x52) || pair == (0x4C, 0x46) ? 4 : nil
        case _: return nil
        }
    }
}
