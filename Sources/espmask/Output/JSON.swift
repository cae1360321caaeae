// A JSON value that keeps its keys in the order written, and its text. Writing only: what the program
// reads as JSON is decoded by the targets that own the format.

/// A JSON value to print.
enum JSON: Equatable, Sendable {
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
    case verbatim([UInt8])
    case object([Member])

    /// A key and its value.
    struct Member: Equatable, Sendable {
        var key: String
        var value: JSON
    }

    /// The value as one line of text.
    var text: String {
        var out: [UInt8] = []
        write(to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    /// Appends the value to a text in UTF-8.
    func write(to out: inout [UInt8]) {
        switch self {
        case .null: out += "null".utf8
        case .bool(let value): out += (value ? "true" : "false").utf8
        case .int(let value): out += String(value).utf8
        case .number(let value): out += (value.isFinite ? value.description : "null").utf8
        case .float(let value): out += (value.isFinite ? value.description : "null").utf8
        case .string(let value): JSON.quote(value, to: &out)
        case .verbatim(let text): out += text
        case .array(let values):
            out.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                value.write(to: &out)
            }
            out.append(UInt8(ascii: "]"))
        case .object(let members):
            out.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                JSON.quote(member.key, to: &out)
                out.append(UInt8(ascii: ":"))
                member.value.write(to: &out)
            }
            out.append(UInt8(ascii: "}"))
        }
    }

    private static func quote(_ text: String, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): out += "\\\"".utf8
            case UInt8(ascii: "\\"): out += "\\\\".utf8
            case 0x0A: out += "\\n".utf8
            case 0x0D: out += "\\r".utf8
            case 0x09: out += "\\t".utf8
            case 0..<0x20, 0x7F:
                let digits = String(byte, radix: 16)
                out += ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8
            case _: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
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
