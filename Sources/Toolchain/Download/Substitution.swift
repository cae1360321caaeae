// A regular expression and what its matches become, with the replacement written as Python's re.sub takes it: ESP-IDF's
// tools are Python, so that is what IDF_MIRROR_PREFIX_MAP and `version_regex_replace` are written in. Octal escapes are
// left out: nobody writes a URL or a version with them.

struct Substitution {
    private enum Piece: Equatable {
        case text(String)
        case group(Int)
        case name(String)
    }

    private let pattern: Regex<AnyRegexOutput>
    private let pieces: [Piece]

    /// Nil for a text that is no regular expression, and for a replacement that names a group it has not got.
    init?(_ pattern: String, replacement: String) {
        guard let regex = try? Regex(pattern).matchingSemantics(.unicodeScalar),
            let pieces = Self.pieces(of: replacement),
            // Something that matches everywhere tells how many groups there are and what they are called.
            let probe = try? Regex("(?:\(pattern))|"), let groups = "".firstMatch(of: probe)?.output
        else { return nil }
        for piece in pieces {
            switch piece {
            case .text: break
            case .group(let index): guard index < groups.count else { return nil }
            case .name(let name): guard groups.contains(where: { $0.name == name }) else { return nil }
            }
        }
        self.pattern = regex
        self.pieces = pieces
    }

    /// The text with every match replaced.
    func replacingAll(in text: String) -> String {
        text.replacing(pattern) { expanded($0.output) }
    }

    /// What the first match becomes; nil where there is none.
    func first(in text: String) -> String? {
        if let match = text.firstMatch(of: pattern) { return expanded(match.output) }
        // To Python's expressions the end is also before the last line's end.
        guard text.hasSuffix("\n") else { return nil }
        return text.dropLast().firstMatch(of: pattern).map { expanded($0.output) }
    }

    // A group that took no part in the match is empty.
    private func expanded(_ groups: AnyRegexOutput) -> String {
        pieces.reduce(into: "") { text, piece in
            switch piece {
            case .text(let part): text += part
            case .group(let index): text += groups[index].substring ?? ""
            case .name(let name): text += groups.first { $0.name == name && $0.substring != nil }?.substring ?? ""
            }
        }
    }

    // The rules of Python's `re` documentation for sub(): one or two digits are a group, `\g<...>` is a group by number
    // or name, a letter that means nothing is an error, and a backslash before anything else is itself.
    private static func pieces(of text: String) -> [Piece]? {
        let escapes: [Character: String] = [
            "a": "\u{7}", "b": "\u{8}", "f": "\u{C}", "n": "\n", "r": "\r", "t": "\t", "v": "\u{B}", "\\": "\\",
        ]
        var pieces: [Piece] = []
        var plain = ""
        func add(_ piece: Piece) {
            if !plain.isEmpty { pieces.append(.text(plain)) }
            plain = ""
            pieces.append(piece)
        }
        var rest = text[...]
        while let character = rest.popFirst() {
            guard character == "\\" else {
                plain.append(character)
                continue
            }
            guard let next = rest.popFirst() else { return nil }
            if next == "g" {
                guard rest.popFirst() == "<", let end = rest.firstIndex(of: ">"), end != rest.startIndex else {
                    return nil
                }
                let name = String(rest[..<end])
                rest = rest[rest.index(after: end)...]
                add(Int(name).map { .group($0) } ?? .name(name))
            } else if next.isASCII, let digit = next.wholeNumberValue, digit > 0 {
                let second = rest.first.flatMap { $0.isASCII ? $0.wholeNumberValue : nil }
                if second != nil { rest.removeFirst() }
                add(.group(second.map { digit * 10 + $0 } ?? digit))
            } else if let escaped = escapes[next] {
                plain += escaped
            } else if next.isASCII, next.isLetter || next.isNumber {
                return nil
            } else {
                plain += "\\" + String(next)
            }
        }
        if !plain.isEmpty { pieces.append(.text(plain)) }
        return pieces
    }
}
