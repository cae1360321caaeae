// A rule: what a line looks like and what it means. The rules are data, a file per family in Rules/; the index finds
// those whose first letters occur in a line in one pass over it.

/// A line's shape and its meaning.
struct DiagnosisRule: Sendable {
    var code: DiagnosisCode
    var severity: Diagnosis.Severity
    var pattern: LinePattern
    /// The finding says that something failed, not why.
    var weak = false
    /// Stands elsewhere among the causes than its code does.
    var rank: Int?
    /// Looks at what was captured; false when the line means nothing after all.
    var judge: (@Sendable (inout Finding) -> Bool)?

    init(
        _ code: DiagnosisCode, _ pattern: String, _ severity: Diagnosis.Severity = .error, weak: Bool = false,
        rank: DiagnosisCode? = nil, judge: (@Sendable (inout Finding) -> Bool)? = nil
    ) {
        self.code = code
        self.severity = severity
        self.pattern = LinePattern(pattern)
        self.weak = weak
        self.rank = rank.map { $0.rank + 5 }
        self.judge = judge
    }

    /// The finding when the rule matches at a place of a line.
    func finding(_ line: MonitorLine, _ folded: FoldedLine, at start: Int) -> Finding? {
        guard let captures = pattern.match(folded, at: start) else { return nil }
        var finding = Finding(code, severity, line, weak: weak)
        if let rank { finding.rank = rank }
        for (name, text) in captures { finding.details[name] = detail(name, text) }
        if let judge, !judge(&finding) { return nil }
        return finding
    }

    private func detail(_ name: String, _ text: String) -> Diagnosis.Detail {
        for piece in pattern.pieces {
            switch piece {
            case .int(name): return .reading(text)
            case .hex(name): return UInt32(text, radix: 16).map { .address($0) } ?? .text(text)
            case .text, .quote, .int, .hex, .word, .until: continue
            }
        }
        return .text(text)
    }
}

/// All rules, found by the first four bytes of their patterns.
struct RuleIndex: Sendable {
    /// So many places of a line are taken at most: a message has a few.
    private static let mostHits = 64

    /// The rules of every family.
    static let all = RuleIndex(
        ArenaRules.rules + ModelRules.rules + MemoryRules.rules + BootRules.rules + FlashRules.rules
            + CrashRules.rules + BuildRules.rules)

    let rules: [DiagnosisRule]
    private var byHead: [UInt32: [Int]] = [:]
    /// One bit per hash of a head: most bytes of a line are dismissed by it.
    private var sieve = [Bool](repeating: false, count: 1 << 12)

    init(_ rules: [DiagnosisRule]) {
        self.rules = rules
        for (index, rule) in rules.enumerated() {
            let head = rule.pattern.head
            precondition(head.count >= 4, "a rule's pattern must begin with four letters: \(rule.pattern.pieces)")
            let key = Self.key(head, 0)
            byHead[key, default: []].append(index)
            sieve[Self.hash(key)] = true
        }
    }

    /// What the rules find in a line, in the order of the rules; one finding per code.
    func findings(in line: MonitorLine) -> [Finding] {
        let folded = FoldedLine(line)
        guard folded.folded.count >= 4 else { return [] }
        var hits: [(rule: Int, finding: Finding)] = []
        for start in 0...(folded.folded.count - 4) where hits.count < Self.mostHits {
            let key = Self.key(folded.folded, start)
            guard sieve[Self.hash(key)], let candidates = byHead[key] else { continue }
            for index in candidates {
                guard let finding = rules[index].finding(line, folded, at: start) else { continue }
                hits.append((index, finding))
            }
        }
        hits.sort { $0.rule < $1.rule }
        var seen: Set<DiagnosisCode> = []
        return hits.map(\.finding).filter { seen.insert($0.code).inserted }
    }

    private static func key(_ bytes: [UInt8], _ at: Int) -> UInt32 {
        UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16 | UInt32(bytes[at + 3]) << 24
    }

    private static func hash(_ key: UInt32) -> Int { Int((key &* 0x9E37_79B1) >> 20) }
}
