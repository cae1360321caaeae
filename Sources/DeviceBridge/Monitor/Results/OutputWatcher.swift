// Looks at the outputs themselves: not numbers, too large to print, always zero, always the same, or not the same for
// the same input.

/// Watches predictions and printed numbers.
struct OutputWatcher: Equatable, Sendable {
    private var zeros = 0
    private var same = 0
    private var previous: [String] = []
    /// Up to three different inputs that gave the same output.
    private var inputsOfSame: [Int] = []
    private var outputsByInput: [Int: Double] = [:]
    private var linesSinceResult = Int.max
    private var told: Set<DiagnosisCode> = []

    /// Looks at a prediction.
    mutating func take(_ event: InferenceEvent) -> [Finding] {
        var findings: [Finding] = []
        linesSinceResult = 0
        guard let first = event.values.firstIndex(where: { $0 == nil }), event.tokens.indices.contains(first) else {
            return compare(event)
        }
        let odd = event.tokens.compactMap { NumberToken($0[...])?.oddity }
        guard !odd.isEmpty else { return compare(event) }
        let named: [String: Diagnosis.Detail] = ["token": .text(event.tokens[first])]
        findings.append(
            Finding(
                odd.contains(.notANumber) ? .nanOutput : .overflowOutput, .error, event.source, details: named))
        return findings
    }

    private mutating func compare(_ event: InferenceEvent) -> [Finding] {
        var findings: [Finding] = []
        let key = event.printedInputs.map { numbers in numbers.bytes.withUnsafeBytes { Self.digest($0) } }
        let exact = event.bits ?? event.tokens
        let allZero =
            event.values.allSatisfy { $0 == 0 } && (event.bits ?? []).allSatisfy { $0.allSatisfy { $0 == "0" } }
        zeros = allZero ? zeros + 1 : 0
        if exact == previous {
            same += 1
        } else {
            same = 1
            inputsOfSame.removeAll(keepingCapacity: true)
        }
        previous = exact
        if let key, inputsOfSame.count < 3, !inputsOfSame.contains(key) { inputsOfSame.append(key) }
        // A softmax is never zero everywhere; one sigmoid may well be, to two decimals.
        if allZero, event.values.count > 1 || zeros >= 5 {
            findings += once(Finding(.zeroOutput, .warning, event.source, details: ["count": .number(zeros)]))
        } else if !allZero,
            inputsOfSame.count >= 3 ? same >= 4 : event.printedInputs == nil && same >= (isSaturated(event) ? 4 : 6)
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
    mutating func take(_ line: MonitorLine, _ traits: LineTraits) -> [Finding] {
        nextLine(speaksOfResults: traits.contains(.speaksOfResults) && line.bytes.count < Self.longestLine)
        guard traits.contains(.oddNumber), line.bytes.count < Self.longestLine else { return [] }
        let lower = line.bytes.lowercased
        guard let odd = Self.oddToken(lower), !lower.holds("sending state") else { return [] }
        let severity: Diagnosis.Severity = linesSinceResult < 40 ? .error : .warning
        let details: [String: Diagnosis.Detail] = ["token": .text(odd.text)]
        return [Finding(odd.oddity == .notANumber ? .nanOutput : .overflowOutput, severity, line, details: details)]
    }

    /// A line that holds no such number.
    mutating func nextLine(speaksOfResults: Bool) {
        if speaksOfResults { linesSinceResult = 0 } else if linesSinceResult < Int.max { linesSinceResult += 1 }
    }

    static let longestLine = 4096

    /// Inputs are told apart by 64 bits of their text (FNV-1a, eight bytes at a time, four sums side by side).
    private static func digest(_ bytes: UnsafeRawBufferPointer) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var at = 0
        if bytes.count >= 64 {
            var sums = SIMD4<UInt64>(hash, hash &+ 1, hash &+ 2, hash &+ 3)
            while at + 32 <= bytes.count {
                sums = (sums ^ bytes.loadUnaligned(fromByteOffset: at, as: SIMD4<UInt64>.self)) &* 0x0000_0100_0000_01B3
                sums ^= sums &>> 29
                at += 32
            }
            for index in 0..<4 {
                hash = (hash ^ sums[index]) &* 0x0000_0100_0000_01B3
                hash ^= hash >> 29
            }
        }
        while at + 8 <= bytes.count {
            hash = (hash ^ bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)) &* 0x0000_0100_0000_01B3
            hash ^= hash >> 29
            at += 8
        }
        while at < bytes.count {
            hash = (hash ^ UInt64(bytes[at])) &* 0x0000_0100_0000_01B3
            at += 1
        }
        return Int(truncatingIfNeeded: hash)
    }

    /// Whether `nan`, `inf` or `ovf` stands somewhere as a word of its own, or a NaN's bits as an integer.
    static func mayHoldOddNumber(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
        var at = 0
        while at + 2 < line.count {
            let first = line[at] | 0x20
            if first == 0x6E || first == 0x69 || first == 0x6F {
                let word = UInt32(first) << 16 | UInt32(line[at + 1] | 0x20) << 8 | UInt32(line[at + 2] | 0x20)
                let isWord = word == 0x6E616E || word == 0x696E66 || word == 0x6F7666
                if isWord, at == 0 || isEdge(line[at - 1]) || line[at - 1] == 0x2D || line[at - 1] == 0x2B,
                    at + 3 == line.count || isEdge(line[at + 3])
                {
                    return true
                }
            } else if line[at] == 0x32, line[at + 1] == 0x31, line[at + 2] == 0x34 {
                return true
            }
            at += 1
        }
        return false
    }

    private static func isEdge(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, 0x09, 0x2C, 0x7C, 0x3D, 0x3A, 0x28, 0x29, 0x5B, 0x5D, 0x3B, 0x7B, 0x7D: true
        case _: false
        }
    }

    /// The first token that stands for no number, where a number belongs: among numbers, or after `=` or `:`.
    private static func oddToken(_ lower: [UInt8]) -> (text: String, oddity: NumberToken.Oddity)? {
        let tokens = lower.split(whereSeparator: isEdge)
        let numbers = tokens.count { NumberToken($0)?.value != nil }
        for token in tokens {
            // A quiet NaN's bits, printed as an integer.
            if token.elementsEqual("2146959360".utf8) { return ("2146959360", .notANumber) }
            guard let oddity = NumberToken.oddity(of: token) else { continue }
            // The list of a value may stand in brackets.
            let before = lower[..<token.startIndex].last { $0 != 0x20 && $0 != 0x09 && $0 != 0x5B && $0 != 0x7B }
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
