// The values that `${name}` stands for, and their putting in. `$${` is a `${` that is meant as it is.

/// Names and what they stand for.
package struct Scope: Sendable, Equatable {
    /// What is known.
    package private(set) var values: [String: String]
    /// What will be known when the script runs: named groups of an `expect`, files of a `for-each`.
    private var later: Set<String> = []

    package init(_ values: [String: String] = [:]) { self.values = values }

    /// Gives a name its value.
    package mutating func set(_ name: String, to value: String) {
        values[name] = value
        later.remove(name)
    }

    /// From here on the name has some value, which only the run can tell.
    package mutating func announce(_ name: String) {
        later.insert(name)
        values[name] = nil
    }

    /// Takes over what steps with values of their own have made known.
    mutating func adopt(_ inner: Scope) { for name in inner.later where values[name] == nil { later.insert(name) } }

    /// Gives a name the value back that it had.
    mutating func restore(_ name: String, to value: String?) { values[name] = value }

    /// What a text became.
    enum Filled: Equatable {
        /// All is known.
        case text(String)
        /// It holds a value that only the run can tell.
        case later
    }

    /// A text with its values put in. Throws a message.
    func fill(_ text: String) throws(ScopeError) -> Filled {
        guard text.contains("${") else { return .text(text) }
        var (out, isLater) = ("", false)
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            if rest[..<start.lowerBound].last == "$" {
                out += rest[..<start.lowerBound].dropLast() + "${"
                rest = rest[start.upperBound...]
                continue
            }
            out += rest[..<start.lowerBound]
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                throw ScopeError(message: "the '${' has no '}'; write $${ for one that is meant as it is")
            }
            let name = String(rest[start.upperBound..<end])
            if let value = values[name] {
                out += value
            } else if later.contains(name) {
                isLater = true
            } else {
                let known = Array(values.keys) + Array(later)
                throw ScopeError(
                    message: Self.isName(name)
                        ? "there is no value '\(name)' here" + Spelling.remark(name, among: known.sorted())
                        : "'${\(name)}' is no variable")
            }
            rest = rest[rest.index(after: end)...]
        }
        return isLater ? .later : .text(out + rest)
    }

    /// Letters, digits, `_` and `-`, a letter or `_` first.
    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, first == 0x5F || (first | 0x20 >= 0x61 && first | 0x20 <= 0x7A) else {
            return false
        }
        return text.utf8.allSatisfy {
            $0 == 0x5F || $0 == 0x2D || (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20)
        }
    }
}

/// Why a text cannot be filled in.
struct ScopeError: Error, Equatable {
    var message: String
}
