// The shape of a line as it is written in the source that prints it, with names where printf has its percent signs:
// "Requested: <requested:int>, available <available:int>". Compared without regard to case and to how many spaces
// stand where one does; quotes may be missing or typographic, since logs are copied through editors and browsers. Behind a `~` all is
// optional, since lines are cut. It is searched for anywhere in a line. No regular expressions: a rule set of two
// hundred of these costs one pass over the line (RuleIndex).

/// What a line must look like.
struct LinePattern: Equatable, Sendable {
    /// A part of a pattern.
    enum Piece: Equatable, Sendable {
        /// These bytes, in small letters; never a quote.
        case text([UInt8])
        /// A quotation mark, or none.
        case quote
        /// A decimal number, possibly negative.
        case int(String)
        /// A hexadecimal number with or without 0x.
        case hex(String)
        /// A name: letters, digits, and `_.:$<>/-`.
        case word(String)
        /// Anything up to what follows, or to the end.
        case until(String)
    }

    let pieces: [Piece]
    /// So many of the pieces must be there.
    let required: Int

    /// The bytes it begins with, for finding candidates; at least four.
    var head: [UInt8] {
        if case .text(let bytes) = pieces.first { bytes } else { [] }
    }

    /// The longest text that must stand in a line: what tells best that the pattern may be there.
    var longestText: [UInt8] {
        pieces.prefix(required).reduce([]) { longest, piece in
            if case .text(let bytes) = piece, bytes.count > longest.count { bytes } else { longest }
        }
    }

    init(_ source: String) {
        var pieces: [Piece] = []
        var required: Int?
        var text: [UInt8] = []
        func close() {
            if !text.isEmpty { pieces.append(.text(text)) }
            text = []
        }
        var rest = source[...]
        while let character = rest.first {
            rest.removeFirst()
            switch character {
            case "'", "\"", "`":
                close()
                if pieces.last != .quote { pieces.append(.quote) }
            case "~":
                close()
                required = pieces.count
            case "<":
                close()
                let inside = rest.prefix { $0 != ">" }
                rest = rest.dropFirst(inside.count + 1)
                pieces.append(Self.capture(inside))
            case _:
                text += String(character).utf8.map(\.lowercase)
            }
        }
        close()
        self.pieces = pieces
        self.required = required ?? pieces.count
    }

    private static func capture(_ inside: Substring) -> Piece {
        let parts = inside.split(separator: ":")
        let name = parts.first.map(String.init) ?? ""
        switch parts.count > 1 ? parts[1] : "until" {
        case "int": return .int(name)
        case "hex": return .hex(name)
        case "word": return .word(name)
        case _: return .until(name)
        }
    }

    /// What the names stand for when the pattern matches at `start`; nil when it does not.
    func match(_ line: FoldedLine, at start: Int) -> [String: String]? {
        var captures: [String: String] = [:]
        var at = start
        for (index, piece) in pieces.enumerated() {
            if take(piece, line, &at, &captures, next: index + 1 < pieces.count ? pieces[index + 1] : nil) { continue }
            return index < required ? nil : captures
        }
        return captures
    }

    private func take(
        _ piece: Piece, _ line: FoldedLine, _ at: inout Int, _ captures: inout [String: String], next: Piece?
    ) -> Bool {
        let bytes = line.folded
        var end = at
        switch piece {
        case .text(let text):
            guard at + text.count <= bytes.count else { return false }
            for index in text.indices where bytes[at + index] != text[index] { return false }
            at += text.count
            return true
        case .quote:
            if at < bytes.count, bytes[at] == 0x27 { at += 1 }
            return true
        case .int(let name):
            if end < bytes.count, bytes[end] == 0x2D { end += 1 }
            let digits = end
            while end < bytes.count, bytes[end].isDigit { end += 1 }
            guard end > digits, end - digits < 19 else { return false }
            captures[name] = line.original(at..<end)
        case .hex(let name):
            if end + 1 < bytes.count, bytes[end] == 0x30, bytes[end + 1] == 0x78 { end += 2 }
            let digits = end
            while end < bytes.count, end - digits < 8, bytes[end].hexDigit != nil { end += 1 }
            guard end > digits else { return false }
            captures[name] = line.original(digits..<end)
        case .word(let name):
            while end < bytes.count, Self.isNameByte(bytes[end]) { end += 1 }
            // A name never ends in a full stop or colon: those belong to the sentence.
            while end > at, bytes[end - 1] == 0x2E || bytes[end - 1] == 0x3A { end -= 1 }
            guard end > at else { return false }
            captures[name] = line.original(at..<end)
        case .until(let name):
            end = Self.stop(bytes, at, before: next)
            captures[name] = line.original(at..<end).trimmedSpaces
        }
        at = end
        return true
    }

    private static func stop(_ bytes: [UInt8], _ start: Int, before next: Piece?) -> Int {
        var at = start
        while at < bytes.count {
            switch next {
            case .text(let text)? where bytes[at...].starts(with: text): return at
            case .quote? where bytes[at] == 0x27: return at
            case .text?, .quote?, .int?, .hex?, .word?, .until?, nil: at += 1
            }
        }
        return at
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte.isLetter || byte.isDigit || [0x5F, 0x2E, 0x3A, 0x24, 0x3C, 0x3E, 0x2F, 0x2D].contains(byte)
    }
}

/// A line made ready for comparing: small letters, all quotation marks alike, one space where there were several.
struct FoldedLine: Sendable {
    /// So much of a line is compared with the rules: messages are shorter, hostile lines are not.
    private static let longest = 1 << 14
    /// For comparing.
    let folded: [UInt8]
    private let bytes: [UInt8]

    init(_ line: MonitorLine) {
        let start = line.bytes.count > Self.longest ? Array(line.bytes.prefix(Self.longest)) : line.bytes
        bytes = Self.withSingleSpaces(Self.withPlainQuotes(start))
        folded = bytes.map { byte in
            switch byte {
            case 0x22, 0x60: 0x27
            case _: byte.lowercase
            }
        }
    }

    /// The text of a range, as printed.
    func original(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    private static func withSingleSpaces(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        for byte in bytes {
            let plain = byte == 0x09 ? 0x20 : byte
            if plain != 0x20 || out.last != 0x20 { out.append(plain) }
        }
        return out
    }

    /// With U+2018, U+2019, U+201C, U+201D and the acute accent written as '.
    private static func withPlainQuotes(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.contains(where: { $0 == 0xE2 || $0 == 0xC2 }) else { return bytes }
        var out: [UInt8] = []
        var at = 0
        while at < bytes.count {
            let rest = bytes[at...]
            if rest.starts(with: [0xE2, 0x80]), at + 2 < bytes.count, [0x98, 0x99, 0x9C, 0x9D].contains(bytes[at + 2]) {
                out.append(0x27)
                at += 3
            } else if rest.starts(with: [0xC2, 0xB4]) {
                out.append(0x27)
                at += 2
            } else {
                out.append(bytes[at])
                at += 1
            }
        }
        return out
    }
}
