// Looks at the outputs themselves: not numbers, too large to print, always zero, always the same, or not the same for
// the same input.

/// Watches predictions and printed numbers.
struct OutputWatcher: Equatable, Sendable {
    private var zeros = 0
    private var same = 0
    private var previous: [String] = []
    private var inputsOfSame: Set<Int> = []
    private var outputsByInput: [Int: Double] = [:]
    private var linesSinceResult = Int.max
    private var told: Set<DiagnosisCode> = []

    /// Looks at a prediction.
    mutating func take(_ event: InferenceEvent) -> [Finding] {
        var findings: [Finding] = []
        linesSinceResult = 0
        let tokens = event.tokens.compactMap { NumberToken($0[...]) }
        let odd = tokens.compactMap(\.oddity)
        let named: [String: Diagnosis.Detail] = [
            "token": .text(event.tokens.first { NumberToken($0[...])?.value == nil } ?? "")
        ]
        if odd.contains(.notANumber) {
            findings.append(Finding(.nanOutput, .error, event.source, details: named))
        } else if !odd.isEmpty {
            findings.append(Finding(.overflowOutput, .error, event.source, details: named))
        } else {
            findings += compare(event)
        }
        return findings
    }

    private mutating func compare(_ event: InferenceEvent) -> [Finding] {
        var findings: [Finding] = []
        let key = event.inputs?.hashValue
        let exact = event.bits ?? event.tokens
        let allZero =
            event.values.allSatisfy { $0 == 0 } && (event.bits ?? []).allSatisfy { $0.allSatisfy { $0 == "0" } }
        zeros = allZero ? zeros + 1 : 0
        if exact == previous {
            same += 1
        } else {
            same = 1
            inputsOfSame = []
        }
        previous = exact
        if let key, inputsOfSame.count < 64 { inputsOfSame.insert(key) }
        // A softmax is never zero everywhere; one sigmoid may well be, to two decimals.
        if allZero, event.values.count > 1 || zeros >= 5 {
            findings += once(Finding(.zeroOutput, .warning, event.source, details: ["count": .number(zeros)]))
        } else if !allZero,
            inputsOfSame.count >= 3 ? same >= 4 : event.inputs == nil && same >= (isSaturated(event) ? 4 : 6)
        {
            findings += once(
                Finding(
                    .stuckOutput, .warning, event.source,
                    details: ["count": .number(same), "token": .text(event.token)]))
        }
        if let key, let value = event.value {
            if let before = outputsByInput[key], abs(before - value) > max(0.02, abs(before) * 0.02) {
                let range = ["before": Diagnosis.Detail.text("\(before)"), "now": .text(event.token)]
                findings += once(Finding(.driftingOutput, .warning, event.source, details: range))
            }
            if outputsByInput.count < 1024 || outputsByInput[key] != nil { outputsByInput[key] = value }
        }
        return findings
    }

    /// At the end of its type's range, or of a softmax's.
    private func isSaturated(_ event: InferenceEvent) -> Bool {
        event.values.allSatisfy { value in
            value.map { [0, 1, 255, -128, 127, 0.00391, 0.99609, 0.996094, 0.003906].contains($0) } ?? false
        }
    }

    private mutating func once(_ finding: Finding) -> [Finding] { told.insert(finding.code).inserted ? [finding] : [] }

    /// Looks for `nan`, `inf` and `ovf` in a line that is no prediction we know.
    mutating func take(_ line: MonitorLine) -> [Finding] {
        if linesSinceResult < Int.max { linesSinceResult += 1 }
        guard line.bytes.count < 4096 else { return [] }
        let lower = line.bytes.lowercased
        if Self.speaksOfResults(lower) { linesSinceResult = 0 }
        guard let odd = Self.oddToken(lower), !lower.holds("sending state") else { return [] }
        let severity: Diagnosis.Severity = linesSinceResult < 40 ? .error : .warning
        let details: [String: Diagnosis.Detail] = ["token": .text(odd.text)]
        return [Finding(odd.oddity == .notANumber ? .nanOutput : .overflowOutput, severity, line, details: details)]
    }

    private static func speaksOfResults(_ lower: [UInt8]) -> Bool {
        lower.holds("predict") || lower.holds("inference") || lower.holds("score")
            || lower.holds("classif")
    }

    /// The first token that stands for no number, where a number belongs: among numbers, or after `=` or `:`.
    private static func oddToken(_ lower: [UInt8]) -> (text: String, oddity: NumberToken.Oddity)? {
        guard lower.holds("nan") || lower.holds("ovf") || lower.holds("inf") || lower.holds("21469593") else {
            return nil
        }
        let separators: Set<UInt8> = [0x20, 0x09, 0x2C, 0x7C, 0x3D, 0x3A, 0x28, 0x29, 0x5B, 0x5D, 0x3B, 0x7B, 0x7D]
        let tokens = lower.split { separators.contains($0) }
        let numbers = tokens.count { NumberToken(Substring(String(decoding: $0, as: UTF8.self)))?.value != nil }
        for token in tokens {
            // A quiet NaN's bits, printed as an integer.
            if token.elementsEqual("2146959360".utf8) { return ("2146959360", .notANumber) }
            guard let oddity = NumberToken.oddity(of: token) else { continue }
            let before = lower[..<token.startIndex].last { $0 != 0x20 && $0 != 0x09 }
            let assigned = before == 0x3D || before == 0x3A
            let signed = token.first == 0x2D
            guard assigned || signed || numbers > 0 && before.map({ !$0.isLetter }) ?? true || tokens.count == 1 else {
                continue
            }
            if oddity == .infinite, !assigned, !signed { continue }
            return (String(decoding: token, as: UTF8.self), oddity)
        }
        return nil
    }
}
