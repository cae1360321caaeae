// Makes bytes that are safe to print and to search out of a board's: broken UTF-8 is repaired, escape sequences,
// control characters and invisible ones are gone, whether the escape came as a byte, as U+241B, as `\033` written out,
// or was lost on the way to a saved log. Most lines need nothing taken away and are told at a glance. Sources: ECMA-48,
// sections 5.4 and 8.3.117 (CSI, SGR); the Unicode standard, section 3.9 (what one U+FFFD stands for).

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

    /// Appends the readable part of a line to `out`, as UTF-8.
    static func strip(_ line: UnsafeBufferPointer<UInt8>, into out: inout [UInt8]) {
        var at = 0
        var escapeIsE = false
        while at < line.count {
            let start = at
            while at < line.count, isOrdinary(line[at]) { at += 1 }
            out += UnsafeBufferPointer(rebasing: line[start..<at])
            guard at < line.count else { break }
            switch line[at] {
            case 0x1B: at = endOfSequence(line, from: at + 1)
            case 0x5B:
                if let end = endOfColour(line, from: at) {
                    removeWrittenEscape(&out, &escapeIsE)
                    at = end
                } else {
                    out.append(line[at])
                    at += 1
                }
            case 0x80...: stripWide(line, &at, into: &out)
            case _: at += 1
            }
        }
        while let length = out.withUnsafeBufferPointer(lengthOfWrittenEnding) { out.removeLast(length) }
    }

    /// A character of several bytes, or what is left of one.
    private static func stripWide(_ line: UnsafeBufferPointer<UInt8>, _ at: inout Int, into out: inout [UInt8]) {
        let start = at
        guard let scalar = WideScalar.next(in: line, &at) else {
            out += [0xEF, 0xBF, 0xBD]
            return
        }
        switch scalar {
        // The C1 control CSI begins a sequence by itself; the picture of ESC, which browsers copy, is as good as ESC.
        case 0x9B: at = endOfParameters(line, from: at)
        case 0x241B: at = endOfSequence(line, from: at)
        // Controls, and what is invisible or reverses the direction of writing.
        case 0x80..<0xA0, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF: break
        case _: out += UnsafeBufferPointer(rebasing: line[start..<at])
        }
    }

    /// Neither a control nor the bracket that may begin a colour.
    private static func isOrdinary(_ byte: UInt8) -> Bool { (byte &- 0x20 < 0x5F && byte != 0x5B) || byte == 0x09 }

    /// Where the sequence ends whose escape stands before `start`.
    private static func endOfSequence(_ line: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var at = start
        guard at < line.count else { return at }
        switch line[at] {
        case UInt8(ascii: "["): return endOfParameters(line, from: at + 1)
        case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "X"):
            // Strings: up to BEL or ESC \.
            while at < line.count, line[at] != 0x07, line[at] != 0x1B { at += 1 }
            return min(at + (at < line.count && line[at] == 0x1B ? 2 : 1), line.count)
        case 0x20..<0x7F: return at + 1
        case _: return at
        }
    }

    private static func endOfParameters(_ line: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var at = start
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
        // An `e` may be the last letter of a word: it counts only where no letter goes before it, or where the line's
        // first colour had one.
        let before = out.dropLast().last
        if escapeIsE || !(before.map { $0.isLetter || $0 >= 0x80 } ?? false) {
            escapeIsE = true
            out.removeLast()
        }
    }

    private static func endsWritten(_ line: UnsafeBufferPointer<UInt8>) -> Bool { lengthOfWrittenEnding(line) != nil }

    /// The length of a line ending that was written out: `<CR>`, `<LF>`, `\r`, `\n`, or as U+240D or U+240A.
    private static func lengthOfWrittenEnding(_ line: UnsafeBufferPointer<UInt8>) -> Int? {
        let count = line.count
        guard count >= 2 else { return nil }
        switch line[count - 1] {
        case UInt8(ascii: "r"), UInt8(ascii: "n"): return line[count - 2] == 0x5C ? 2 : nil
        case UInt8(ascii: ">"):
            guard count >= 4, line[count - 4] == 0x3C else { return nil }
            let pair = (line[count - 3], line[count - 2])
            return pair == (0x43, 0x52) || pair == (0x4C, 0x46) ? 4 : nil
        case 0x8A, 0x8D:
            return count >= 3 && line[count - 2] == 0x90 && line[count - 3] == 0xE2 ? 3 : nil
        case _: return nil
        }
    }
}
