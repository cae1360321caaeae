// Edge Impulse's report of a classification: a head, then a line per class. Source: the SDK's
// ei_print_results / display_results over its versions.

/// Collects the lines of a report.
struct ResultBlock: Equatable, Sendable {
    private var names: [String] = []
    private var tokens: [NumberToken] = []
    private var source: Diagnosis.Evidence?

    /// A finished report.
    struct Result: Equatable {
        var tokens: [NumberToken]
        var label: String
        var source: Diagnosis.Evidence
    }

    /// Takes a line; the report that ended with the line before, if one did.
    mutating func take(_ line: MonitorLine) -> Result? {
        if Self.isHead(line) {
            let done = finish()
            source = Diagnosis.Evidence(line)
            return done
        }
        guard source != nil else { return nil }
        if let (name, token) = Self.pair(line), tokens.count < 256 {
            names.append(name)
            tokens.append(token)
            return nil
        }
        return line.text.allSatisfy { $0 == " " } && tokens.isEmpty ? nil : finish()
    }

    /// Whether a report is being read.
    var isOpen: Bool { source != nil }

    /// The report as far as it came.
    mutating func finish() -> Result? {
        defer {
            names = []
            tokens = []
            source = nil
        }
        guard let source, !tokens.isEmpty else { return nil }
        let best = tokens.indices.max { (tokens[$0].value ?? -1) < (tokens[$1].value ?? -1) } ?? 0
        return Result(tokens: tokens, label: names[best], source: source)
    }

    private static func isHead(_ line: MonitorLine) -> Bool {
        let lower = line.bytes.lowercased
        return lower.holds("predictions (dsp") || lower.holds("#classification")
            || lower.holds("classification results:")
            || lower.holds("classification predictions") || lower.holds("#predictions")
    }

    /// `    no mask: 0.00391`
    private static func pair(_ line: MonitorLine) -> (String, NumberToken)? {
        guard let colon = line.text.lastIndex(of: ":") else { return nil }
        let name = line.text[..<colon].trimmed
        guard !name.isEmpty, name.utf8.count <= 48, !name.contains("anomaly"),
            let token = NumberToken(line.text[line.text.index(after: colon)...].trimmed)
        else { return nil }
        return (String(name), token)
    }
}
