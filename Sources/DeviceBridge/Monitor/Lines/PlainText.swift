// Makes text that is safe to print and to search out of bytes from a board: broken UTF-8 is repaired, escape
// sequences and control characters are gone, whether the escape came as a byte, as U+241B, as `\033` written out, or
// was lost on the way to a saved log. Source: ECMA-48, sections 5.4 and 8.3.117 (CSI, SGR).

/// Text without anything that a terminal would obey.
public enum PlainText {
    /// The readable part of a line's bytes. Nothing in it moves a cursor, changes a colour, sets a title or reverses
    /// the direction of writing.
    public static func of(_ bytes: some Collection<UInt8>) -> String {
        of(String(decoding: bytes, as: UTF8.self))
    }

    /// The readable part of a text.
    public static func of(_ text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        if scalars.allSatisfy({ isPlain($0) && $0 != "[" && $0 != "<" && $0 != "\\" }) { return text }
        var out: [Unicode.Scalar] = []
        out.reserveCapacity(scalars.count)
        var at = 0
        var escapeIsE = false
        while at < scalars.count {
            let scalar = scalars[at]
            if isEscape(scalar) {
                at = endOfSequence(scalars, from: at)
            } else if scalar == "[", let end = endOfColour(scalars, from: at) {
                removeWrittenEscape(&out, &escapeIsE)
                at = end
            } else {
                if isPlain(scalar) { out.append(scalar) }
                at += 1
            }
        }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: withoutWrittenEnding(out))
        return String(result)
    }

    /// Neither control character, nor invisible, nor one that reverses the direction of writing.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09: true
        case 0..<0x20, 0x7F..<0xA0: false
        case 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0x241B: false
        case _: true
        }
    }

    /// ESC, the C1 control CSI, or the picture of ESC that browsers copy.
    private static func isEscape(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value == 0x1B || scalar.value == 0x9B || scalar.value == 0x241B
    }

    /// Where the sequence that begins with an escape ends.
    private static func endOfSequence(_ scalars: [Unicode.Scalar], from start: Int) -> Int {
        var at = start + 1
        guard at < scalars.count else { return at }
        if scalars[start].value != 0x9B {
            switch scalars[at] {
            case "[": at += 1
            case "]", "P", "^", "_", "X":  // strings: up to BEL or ESC \
                while at < scalars.count, scalars[at].value != 0x07, scalars[at].value != 0x1B { at += 1 }
                if at < scalars.count, scalars[at].value == 0x1B { return min(at + 2, scalars.count) }
                return min(at + 1, scalars.count)
            case _: return (0x20..<0x7F).contains(scalars[at].value) ? at + 1 : at
            }
        }
        while at < scalars.count, (0x20...0x3F).contains(scalars[at].value) { at += 1 }
        if at < scalars.count, (0x40...0x7E).contains(scalars[at].value) { at += 1 }
        return at
    }

    /// Where `[0;32m` ends when its escape was lost: only the forms that log libraries print.
    private static func endOfColour(_ scalars: [Unicode.Scalar], from start: Int) -> Int? {
        var parameters: [Int] = [0]
        var at = start + 1
        while at < scalars.count, at - start < 12 {
            let scalar = scalars[at]
            if let digit = Int(String(scalar)) {
                parameters[parameters.count - 1] = parameters[parameters.count - 1] * 10 + digit
            } else if scalar == ";" {
                parameters.append(0)
            } else if scalar == "m" {
                let known = parameters.allSatisfy { $0 < 2 || (30...49).contains($0) || (90...107).contains($0) }
                return known && at > start + 1 ? at + 1 : nil
            } else {
                return nil
            }
            at += 1
        }
        return nil
    }

    /// Drops `\033`, `\x1b`, `\e`, `^[` or an `e` that stands for the escape of a colour. An `e` may be the last
    /// letter of a word: it counts only where no letter goes before it, or where the line's first colour had one.
    private static func removeWrittenEscape(_ out: inout [Unicode.Scalar], _ escapeIsE: inout Bool) {
        for name in ["\\033", "\\x1b", "\\x1B", "\\u001b", "\\e", "^["] where out.ends(with: name.unicodeScalars) {
            out.removeLast(name.unicodeScalars.count)
            return
        }
        guard out.last == "e" else { return }
        let before = out.dropLast().last
        if escapeIsE || !(before?.properties.isAlphabetic ?? false) {
            escapeIsE = true
            out.removeLast()
        }
    }

    /// Drops a line ending that was written out: `<CR><LF>`, `\r\n`.
    private static func withoutWrittenEnding(_ text: [Unicode.Scalar]) -> ArraySlice<Unicode.Scalar> {
        var rest = text[...]
        var found = true
        while found {
            found = false
            for name in ["<CR>", "<LF>", "\\r", "\\n", "\u{240D}", "\u{240A}"]
            where rest.ends(with: name.unicodeScalars) {
                rest.removeLast(name.unicodeScalars.count)
                found = true
            }
        }
        return rest
    }
}

extension BidirectionalCollection<Unicode.Scalar> {
    /// Whether these are the last scalars.
    fileprivate func ends(with text: String.UnicodeScalarView) -> Bool {
        reversed().starts(with: text.reversed())
    }
}
