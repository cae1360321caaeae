// A JSON value that keeps its keys in the order written, and its text. Writing only: what the program
// reads as JSON is decoded by the targets that own the format.

/// A JSON value to print.
indirect enum JSON: Equatable, Sendable {
    case null
    case bool(Bool)
    case int(Int)
    /// A double; one that is not finite prints as null, since JSON has no such number.
    case number(Double)
    /// A float32, printed with the fewest digits that read back as the same float32.
    case float(Float)
    case string(String)
    case array([JSON])
    /// A value that is JSON already.
    case verbatim(String)
    case object([Member])

    /// A key and its value.
    struct Member: Equatable, Sendable {
        var key: String
        var value: JSON
    }

    /// The value as one line of text.
    var text: String {
        var out = ""
        write(to: &out)
        return out
    }

    /// Appends the value to a text.
    func write(to out: inout String) {
        switch self {
        case .null: out += "null"
        case .bool(let value): out += value ? "true" : "false"
        case .int(let value): out += String(value)
        case .number(let value): out += value.isFinite ? value.description : "null"
        case .float(let value): out += value.isFinite ? value.description : "null"
        case .string(let value): JSON.quote(value, to: &out)
        case .verbatim(let text): out += text
        case .array(let values):
            out += "["
            for (index, value) in values.enumerated() {
                if index > 0 { out += "," }
                value.write(to: &out)
            }
            out += "]"
        case .object(let members):
            out += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { out += "," }
                JSON.quote(member.key, to: &out)
                out += ":"
                member.value.write(to: &out)
            }
            out += "}"
        }
    }

    private static func quote(_ text: String, to out: inout String) {
        out += "\""
        // Nearly every text is plain, and then it is copied as it is.
        if text.utf8.allSatisfy({ $0 &- 0x20 < 0x5F && $0 != 0x22 && $0 != 0x5C }) {
            out += text
            out += "\""
            return
        }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            case _: out.unicodeScalars.append(scalar)
            }
        }
        out += "\""
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    init(stringLiteral value: String) { self = .string(value) }
    init(integerLiteral value: Int) { self = .int(value) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
    init(arrayLiteral elements: JSON...) { self = .array(elements) }
    init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(elements.map { Member(key: $0.0, value: $0.1) })
    }
    init(nilLiteral: ()) { self = .null }

    /// The string, or null for nil.
    static func optional(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }
    /// The number, or null for nil.
    static func optional(_ value: Int?) -> JSON { value.map { .int($0) } ?? .null }
    /// An address as the contract prints it: `"0x400d2d5c"`.
    static func address(_ value: UInt32) -> JSON { .string("0x" + String(value, radix: 16)) }
}
