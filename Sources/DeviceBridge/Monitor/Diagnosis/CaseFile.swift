// Collects sightings and weighs them: one diagnosis per code, root cause first. Bounded: a board that fails for days
// costs no more memory than one that fails once.

/// What is known of a case.
struct CaseFile: Equatable, Sendable {
    private var findings: [Finding] = []
    private var counts: [DiagnosisCode: Int] = [:]
    private static let evidencePerCode = 5

    var isEmpty: Bool { findings.isEmpty }
    var codes: Set<DiagnosisCode> { Set(findings.map(\.code)) }

    /// Adds a sighting. The first one of a code stays the account of it; later ones add what it did not say, and a
    /// graver one has the last word.
    mutating func add(_ finding: Finding) {
        counts[finding.code, default: 0] += 1
        guard let index = findings.firstIndex(where: { $0.code == finding.code && $0.isWeak == finding.isWeak }) else {
            findings.append(finding)
            return
        }
        var merged = findings[index]
        let graver = finding.severity > merged.severity
        merged.details.merge(finding.details) { old, new in graver ? new : old }
        merged.severity = max(merged.severity, finding.severity)
        merged.rank = min(merged.rank, finding.rank)
        for line in finding.evidence where merged.evidence.count < Self.evidencePerCode {
            if !merged.evidence.contains(where: { $0.text == line.text }) { merged.evidence.append(line) }
        }
        findings[index] = merged
    }

    /// Changes the finding of a code, if there is one.
    mutating func update(_ code: DiagnosisCode, _ change: (inout Finding) -> Void) {
        for index in findings.indices where findings[index].code == code { change(&findings[index]) }
    }

    /// What was said plainly, not only guessed from a general complaint.
    private var strongCodes: Set<DiagnosisCode> { Set(findings.filter { !$0.isWeak }.map(\.code)) }

    /// The diagnoses, root cause first. What `others` found plainly may explain a weak finding here.
    func diagnoses(_ context: HintContext, others: CaseFile = CaseFile()) -> [Diagnosis] {
        let kept = ordered(context, others: others)
        let codes = Set(kept.map(\.code)).union(others.codes)
        return kept.map { finding in
            Diagnosis(
                code: finding.code, severity: finding.severity, evidence: finding.evidence,
                hint: Hints.hint(for: finding, context, codes: codes), details: finding.details,
                occurrences: counts[finding.code] ?? 1)
        }
    }

    /// What comes first of all that is not only a consequence.
    func rootCause(_ context: HintContext) -> DiagnosisCode? {
        ordered(context, others: CaseFile()).first { $0.code.family != .symptom }?.code
    }

    private func ordered(_ context: HintContext, others: CaseFile) -> [Finding] {
        let strong = strongCodes.union(others.strongCodes)
        let families = strong.map(\.family)
        var kept: [Finding] = []
        for finding in findings where !(finding.isWeak && families.contains(finding.code.family)) {
            // What was built well enough to start did not fail to build: these are a firmware's own words.
            if finding.isWeak, finding.code.family == .build, context.sawStart { continue }
            kept.append(finding)
        }
        kept.removeAll { explained($0, by: strong) }
        return kept.sorted { Self.order($0, $1) }
    }

    /// A reset by a watchdog is news only where nobody has said why the watchdog bit.
    private func explained(_ finding: Finding, by strong: Set<DiagnosisCode>) -> Bool {
        guard finding.code == .watchdogReset else { return false }
        return strong.contains(.interruptWatchdog) || strong.contains(.cpuLockup)
            || findings.contains { $0.code == .taskWatchdog && $0.severity == .error }
    }

    private static func order(_ left: Finding, _ right: Finding) -> Bool {
        if left.severity != right.severity { return left.severity > right.severity }
        if left.rank != right.rank { return left.rank < right.rank }
        return (left.evidence.first?.line ?? 0) < (right.evidence.first?.line ?? 0)
    }
}
