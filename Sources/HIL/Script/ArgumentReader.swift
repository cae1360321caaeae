// Reads the values of keys: puts variables in, checks types and bounds, and notes everything that is wrong. Where a value
// is only known when the script runs, its check waits until then.

internal import DeviceBridge

/// Reads the values of one map.
struct ArgumentReader {
    let scope: Scope
    let files: any ScriptFiles
    private(set) var problems: [Problem] = []

    init(scope: Scope, files: any ScriptFiles) {
        self.scope = scope
        self.files = files
    }

    /// Notes a problem.
    mutating func complain(_ node: ScriptNode, _ message: String) { problems.append(Problem(node.place, message)) }

    /// Notes a problem of a whole step.
    mutating func problems(at place: Place, _ message: String) { problems.append(Problem(place, message)) }

    /// A text; nil where it is missing, wrong, or only known later.
    mutating func text(_ node: ScriptNode?, _ key: String) -> String? {
        guard let node else { return nil }
        guard let raw = node.text, !node.isNull else {
            complain(node, "\(key) must be a text, not \(node.kind)")
            return nil
        }
        do throws(ScopeError) {
            switch try scope.fill(raw) {
            case .text(let text):
                if text.isEmpty { complain(node, "\(key) is empty") }
                return text.isEmpty ? nil : text
            case .later: return nil
            }
        } catch {
            complain(node, error.message)
            return nil
        }
    }

    /// A text or a list of texts.
    mutating func texts(_ node: ScriptNode?, _ key: String) -> [String]? {
        guard let node else { return nil }
        guard let elements = node.elements else { return text(node, key).map { [$0] } }
        var texts: [String] = []
        for element in elements { if let text = text(element, key) { texts.append(text) } }
        return texts
    }

    /// A number.
    mutating func number(_ node: ScriptNode?, _ key: String, _ what: String, in range: ClosedRange<Double>) -> Double? {
        guard let node else { return nil }
        guard let text = numeral(node, "\(key) must be \(what)") else { return nil }
        if let number = Self.number(text), range.contains(number) { return number }
        complain(node, "\(key) must be \(what), not '\(text)'")
        return nil
    }

    /// A whole number.
    mutating func whole(_ node: ScriptNode?, _ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let node else { return nil }
        let what = "a whole number " + Self.words(range)
        guard let text = numeral(node, "\(key) must be \(what)") else { return nil }
        if let number = Self.whole(text), range.contains(number) { return number }
        complain(node, "\(key) must be \(what), not '\(text)'")
        return nil
    }

    /// Seconds, above 0.
    mutating func seconds(_ node: ScriptNode?, _ key: String) -> Double? {
        number(node, key, "a number of seconds above 0", in: 1e-6...1e6)
    }

    /// A number or a list of numbers.
    mutating func numbers(_ node: ScriptNode?, _ key: String) -> [Double]? {
        guard let node else { return nil }
        let all = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
        guard let elements = node.elements else { return number(node, key, "a number", in: all).map { [$0] } }
        if elements.isEmpty { complain(node, "\(key) must be a number or a list of numbers, not an empty list") }
        var numbers: [Double] = []
        for element in elements { if let one = number(element, key, "a number", in: all) { numbers.append(one) } }
        return numbers
    }

    mutating func flag(_ node: ScriptNode?, _ key: String) -> Bool? {
        guard let node else { return nil }
        guard let text = numeral(node, "\(key) must be true or false") else { return nil }
        if text == "true" || text == "false" { return text == "true" }
        complain(node, "\(key) must be true or false, not '\(text)'")
        return nil
    }

    mutating func word(_ node: ScriptNode?, _ key: String, of words: [String]) -> String? {
        guard let node, let text = text(node, key) else { return nil }
        if words.contains(text) { return text }
        let list = words.dropLast().joined(separator: ", ") + " or \(words.last ?? "")"
        complain(node, "\(key) must be \(list), not '\(text)'" + Spelling.remark(text, among: words))
        return nil
    }

    mutating func diagnosis(_ node: ScriptNode?, _ key: String) -> DiagnosisCode? {
        guard let node, let text = text(node, key) else { return nil }
        if let code = DiagnosisCode(rawValue: text) { return code }
        let known = DiagnosisCode.allCases.map(\.rawValue)
        complain(node, "'\(text)' is no diagnosis code" + Spelling.remark(text, among: known))
        return nil
    }

    mutating func expression(_ node: ScriptNode?, _ key: String) -> TextPattern? {
        guard let node, let text = text(node, key) else { return nil }
        do throws(DeviceError) {
            return try TextPattern(expression: text)
        } catch {
            complain(node, error.message)
            return nil
        }
    }

    /// A file that is there, and where.
    mutating func file(_ node: ScriptNode?, _ key: String, _ role: FileRole) -> String? {
        guard let node, let text = text(node, key) else { return nil }
        if let path = files.find(text, role, from: node.place.folder) { return path }
        complain(node, role == .sketch ? "there is no sketch '\(text)'" : "there is no file '\(text)'")
        return nil
    }

    /// Files that match a pattern, at least one.
    mutating func matches(_ node: ScriptNode?, _ key: String) -> [String]? {
        guard let node, let text = text(node, key) else { return nil }
        let found = files.files(matching: text, from: node.place.folder)
        if found.isEmpty { complain(node, "no file matches '\(text)'") }
        return found
    }

    /// Fault specs; an empty list for `none`.
    mutating func faults(_ node: ScriptNode?, _ key: String) -> [String]? {
        guard let node else { return nil }
        if node.text == "none" { return [] }
        var specs: [String] = []
        for element in node.elements ?? [node] {
            guard let text = text(element, key) else { continue }
            if let complaint = files.complaint(aboutFault: text) {
                complain(element, complaint)
            } else {
                specs.append(text)
            }
        }
        if node.elements?.isEmpty == true { complain(node, "\(key) is empty; write `none` to end all faults") }
        return specs
    }

    /// The name of a variable.
    mutating func variable(_ node: ScriptNode?, _ key: String) -> String? {
        guard let node, let text = text(node, key) else { return nil }
        if Scope.isName(text) { return text }
        complain(node, "'\(text)' is no name of a variable: letters, digits, _ and -")
        return nil
    }

    /// Names and texts.
    mutating func values(_ node: ScriptNode?, _ key: String) -> [String: String] {
        guard let node, !node.isNull else { return [:] }
        guard let entries = node.entries else {
            complain(node, "\(key) must be a map of names and values, not \(node.kind)")
            return [:]
        }
        var values: [String: String] = [:]
        for entry in entries {
            if !Scope.isName(entry.name) {
                complain(entry.key, "'\(entry.name)' is no name of a variable: letters, digits, _ and -")
            }
            if let text = entry.value.text {
                values[entry.name] = text
            } else {
                complain(entry.value, "the value of \(entry.name) must be a text or a number, not \(entry.value.kind)")
            }
        }
        return values
    }

    /// The text of a scalar that is no text: not in quotes, unless a variable is put in.
    private mutating func numeral(_ node: ScriptNode, _ demand: String) -> String? {
        switch node.content {
        case .list, .map:
            complain(node, "\(demand), not \(node.kind)")
            return nil
        case .scalar(let raw, let isQuoted):
            if node.isNull || isQuoted && !raw.contains("${") {
                complain(node, "\(demand), not \(node.kind)")
                return nil
            }
            return text(node, "it")
        }
    }

    private static func number(_ text: String) -> Double? {
        guard let first = text.utf8.first, first == 0x2D || first == 0x2B || first == 0x2E || first < 0x3A,
            let number = Double(text), number.isFinite
        else { return nil }
        return number
    }

    private static func whole(_ text: String) -> Int? {
        text.hasPrefix("0x") ? Int(text.dropFirst(2), radix: 16) : Int(text)
    }

    private static func words(_ range: ClosedRange<Int>) -> String {
        range.upperBound >= 1_000_000
            ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
    }
}
