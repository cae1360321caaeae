// A number as firmware prints it. Arduino's Print writes `nan`, `inf` (without sign) and `ovf` for a finite value
// beyond 4294967040; printf writes `-nan`, `inf`, `-inf`. The token is kept as printed: `ovf` is a huge number, not
// a broken one.

/// A printed number.
struct NumberToken: Equatable, Sendable {
    /// As printed.
    var text: String
    /// The number, or nil when it is not a finite one.
    var value: Double?

    /// What kind of number a token that is not finite stands for.
    enum Oddity: Equatable, Sendable {
        case notANumber
        case infinite
        case tooLargeToPrint
    }

    var oddity: Oddity? { Self.oddity(of: text.utf8) }

    /// A token whose value is known.
    init(text: String, value: Double) { (self.text, self.value) = (text, value) }

    /// Reads a token; nil when it is no number.
    init?(_ text: Substring) { self.init(Array(text.utf8)[...]) }

    /// Reads a token; nil when it is no number.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard let first = bytes.first, bytes.count <= 40 else { return nil }
        if let number = NumberScan.value(bytes) {
            value = number
        } else if Self.oddity(of: bytes) != nil {
            value = nil
        } else {
            let text = String(decoding: bytes, as: UTF8.self)
            if let number = Self.binaryScaled(text[...]) {
                value = number
            } else {
                // Swift's own reader also takes "infinity", "0x1p3" and "nan(7)"; none of them is printed by a board.
                guard first.isDigit || first == 0x2D || first == 0x2B || first == 0x2E,
                    bytes.allSatisfy({ $0.isDigit || $0 == 0x2D || $0 == 0x2B || $0 == 0x2E || $0 | 0x20 == 0x65 }),
                    let number = Double(text), number.isFinite
                else { return nil }
                value = number
            }
        }
        text = String(decoding: bytes, as: UTF8.self)
    }

    /// `1.2566366*2^-2`: how TensorFlow Lite Micro printed floats before it had printf.
    private static func binaryScaled(_ text: Substring) -> Double? {
        guard let star = text.firstIndex(of: "*"), text[star...].hasPrefix("*2^"),
            let mantissa = Double(text[..<star]), let exponent = Int(text[star...].dropFirst(3)),
            (-1000...1000).contains(exponent)
        else { return nil }
        let number = mantissa * Double(sign: .plus, exponent: exponent, significand: 1)
        return number.isFinite ? number : nil
    }

    static func oddity(of bytes: some Collection<UInt8>) -> Oddity? {
        guard (3...4).contains(bytes.count) else { return nil }
        var word: UInt32 = 0
        for (index, byte) in bytes.enumerated() {
            if index == 0, byte == 0x2D || byte == 0x2B { continue }
            word = word << 8 | UInt32(byte.lowercase)
        }
        switch word {
        case 0x6E616E: return .notANumber
        case 0x696E66: return .infinite
        case 0x6F7666: return .tooLargeToPrint
        case _: return nil
        }
    }

    /// The tokens of `0.1,-0.2,nan,` with nothing else between; nil when anything else is there.
    static func list(_ text: ArraySlice<UInt8>) -> [NumberToken]? {
        var tokens: [NumberToken] = []
        for part in text.split(separator: 0x2C) {
            let trimmed = part.trimmed
            if trimmed.isEmpty { continue }
            guard let token = NumberToken(trimmed) else { return nil }
            tokens.append(token)
        }
        return tokens.isEmpty ? nil : tokens
    }
}

extension Substring {
    /// Without spaces and tabs at both ends.
    var trimmed: Substring {
        var rest = self
        while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
        while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
        return rest
    }
}
