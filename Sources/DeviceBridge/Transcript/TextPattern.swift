// What is looked for in a board's output: a text as it stands, or a regular expression whose named groups become values.
// Both are looked for within one line. Where lines come from and how far was searched is the transcript's affair.

/// A text or a regular expression.
public struct TextPattern: @unchecked Sendable, Equatable, CustomStringConvertible {
    // Unchecked: an expression that is compiled from text has no closures in it and never changes.

    /// The text, or the expression's source.
    public let source: String
    private let expression: Regex<AnyRegexOutput>?

    /// So much of a line is searched with an expression, which may take long on a line of a quarter of a megabyte.
    private static let searchedBytes = 1 << 14

    /// Looks for a text as it stands.
    public init(text: String) {
        source = text
        expression = nil
    }

    /// Looks for a regular expression in Swift's syntax, which is nearly PCRE's: `(?<name>...)` names a group.
    /// Throws `usage`.
    public init(expression source: String) throws(DeviceError) {
        do {
            expression = try Regex(source)
        } catch {
            throw .usage(
                "'\(source)' is no regular expression: \(Self.reason(error))",
                hint: "Write a backslash before ( ) [ ] { } . * + ? | that are meant as they are, or look for a text.")
        }
        self.source = source
    }

    /// Whether it is a regular expression.
    public var isExpression: Bool { expression != nil }

    /// `'text'` or `/expression/`.
    public var description: String { isExpression ? "/\(source)/" : "'\(source)'" }

    /// Two patterns are equal where they look for the same thing.
    public static func == (left: Self, right: Self) -> Bool {
        left.source == right.source && left.isExpression == right.isExpression
    }

    /// What stands for itself in it: the text, or the expression's longest run of plain characters. It is what a line
    /// that nearly matched would have in common with it.
    var literal: String {
        guard isExpression else { return source }
        var (best, run) = ("", "")
        var depth = 0
        var characters = source.makeIterator()
        while let character = characters.next() {
            switch character {
            case "\\":
                let escaped = characters.next()
                // \d, \b and their like are classes; \. is a dot.
                if let escaped, !escaped.isLetter, !escaped.isNumber, depth == 0 {
                    run.append(escaped)
                    continue
                }
            case "(", "[", "{": depth += 1
            case ")", "]", "}": depth -= 1
            // The character before it may be there or not.
            case "*", "?": if !run.isEmpty { run.removeLast() }
            case "+", "|", "^", "$", ".": break
            case _:
                if depth == 0 {
                    run.append(character)
                    continue
                }
            }
            if run.count > best.count { best = run }
            run = ""
        }
        return run.count > best.count ? run : best
    }

    /// Where it stands first in a line's text from a UTF-8 offset on, and its named groups. What is left of a line
    /// counts as a line: `^` matches at its start.
    func find(in text: String, from offset: Int) -> (range: Range<Int>, groups: [String: String])? {
        guard let expression else {
            return Self.find(Array(source.utf8), in: Array(text.utf8), from: offset).map { ($0, [:]) }
        }
        let units = text.utf8
        guard let start = units.index(units.startIndex, offsetBy: offset, limitedBy: units.endIndex) else {
            return nil
        }
        let end = units.index(start, offsetBy: Self.searchedBytes, limitedBy: units.endIndex) ?? units.endIndex
        guard let match = try? expression.firstMatch(in: text[start..<end]) else { return nil }
        var groups: [String: String] = [:]
        for element in match.output {
            if let name = element.name, let value = element.substring { groups[name] = String(value) }
        }
        let lower = units.distance(from: units.startIndex, to: match.range.lowerBound)
        return (lower..<units.distance(from: units.startIndex, to: match.range.upperBound), groups)
    }

    private static func find(_ needle: [UInt8], in text: [UInt8], from offset: Int) -> Range<Int>? {
        guard let first = needle.first, text.count - offset >= needle.count else { return nil }
        for start in offset...(text.count - needle.count)
        where text[start] == first && text[start..<start + needle.count].elementsEqual(needle) {
            return start..<start + needle.count
        }
        return nil
    }

    private static func reason(_ error: any Error) -> String {
        // The parser's own words, without the name of its type.
        String("\(error)".prefix { $0 != "\n" })
    }
}
