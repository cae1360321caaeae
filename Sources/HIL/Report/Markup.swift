// Text for XML and HTML in which nothing can be forgotten to be escaped: what stands in the source is taken as it is,
// what is put into it is escaped, and only markup goes into markup unchanged.

/// A piece of markup.
package struct Markup: Sendable, Equatable, ExpressibleByStringInterpolation {
    /// Its text.
    package private(set) var text: String

    package init(stringLiteral value: String) { text = value }
    package init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

    /// Takes a text as markup: for what this program itself has made.
    init(trusted text: String) { self.text = text }

    /// The pieces behind each other.
    init(_ pieces: some Sequence<Markup>) {
        text = ""
        for piece in pieces { text += piece.text }
    }

    static func += (left: inout Markup, right: Markup) { left.text += right.text }

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        package init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + 16 * interpolationCount)
        }

        package mutating func appendLiteral(_ literal: String) { text += literal }
        package mutating func appendInterpolation(_ value: String) { Markup.escape(value, into: &text) }
        package mutating func appendInterpolation(_ value: Int) { text += String(value) }
        package mutating func appendInterpolation(_ value: Markup) { text += value.text }
        package mutating func appendInterpolation(_ value: Markup?) { text += value?.text ?? "" }
        package mutating func appendInterpolation(_ values: [Markup]) { for value in values { text += value.text } }
        /// A length or place in a picture, to a hundredth.
        package mutating func appendInterpolation(_ value: Double) { text += Figures.decimal(value, digits: 2) }
    }

    /// Escapes what could end a text or a quoted attribute, and replaces what XML 1.0 has no characters for
    /// (section 2.2, Char); a carriage return would be read back as a line feed.
    private static func escape(_ text: String, into out: inout String) {
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x26: out += "&amp;"
            case 0x3C: out += "&lt;"
            case 0x3E: out += "&gt;"
            case 0x22: out += "&quot;"
            case 0x27: out += "&#39;"
            case 0x0D: out += "&#13;"
            case 0x09, 0x0A: out.unicodeScalars.append(scalar)
            case 0..<0x20, 0x7F..<0xA0, 0xFFFE, 0xFFFF: out.unicodeScalars.append("\u{FFFD}")
            case _: out.unicodeScalars.append(scalar)
            }
        }
    }
}
