// Predictions as a noisy line lets them be read: what was printed with two decimals and the raw bits are two accounts of
// the same outputs, and where one is damaged the other still tells.

internal import DeviceBridge

/// A prediction that was heard.
struct HeardPrediction: Sendable, Equatable {
    /// The outputs as they were printed; empty where that line was damaged beyond reading.
    var tokens: [String]
    /// The outputs as they were printed, as numbers.
    var printed: [Double?]
    /// The raw outputs in hex, where all of them were read.
    var bits: [String]?
    var microseconds: Int?
    var label: String?
    /// The input that was printed before.
    var input: [Double]?
    /// The line's index in the transcript.
    var line: Int

    /// The outputs, exactly where their bits are float32, else as printed.
    var values: [Double?] { exact ?? printed }

    /// The outputs of float32 bits.
    var exact: [Double]? {
        guard let bits, bits.allSatisfy({ $0.utf8.count == 8 }) else { return nil }
        return bits.map { Double(Float(bitPattern: UInt32($0, radix: 16) ?? 0)) }
    }

    var token: String {
        tokens.isEmpty ? values.map(Self.word).joined(separator: ", ") : tokens.joined(separator: ", ")
    }

    /// Whether what was read of it hangs together: two accounts that agree, or one that is well-formed where the other
    /// could not be read. `speaksBits` says that this firmware prints the bits of every prediction.
    func isIntact(speaksBits: Bool) -> Bool {
        guard let exact else {
            return bits != nil || !speaksBits || tokens.allSatisfy(Self.isWellFormed) && !tokens.isEmpty
        }
        if tokens.isEmpty { return true }
        guard tokens.count == exact.count else { return false }
        return zip(printed, exact).allSatisfy { printed, exact in
            guard let printed else { return !exact.isFinite || abs(exact) > 4_294_967_040 }
            return abs(printed - exact) <= 0.00501 + abs(exact) * 1e-6
        }
    }

    /// Whether what was printed is these values, as far as two decimals tell.
    func isNear(_ values: [Double]) -> Bool {
        printed.count == values.count
            && zip(printed, values).allSatisfy { printed, value in
                printed.map { abs($0 - value) <= 0.00501 + abs(value) * 1e-6 } ?? false
            }
    }

    /// Two decimals, as the sketches print.
    private static func isWellFormed(_ token: String) -> Bool {
        token.wholeMatch(of: /-?[0-9]+\.[0-9][0-9]|nan|inf|ovf/) != nil
    }

    private static func word(_ value: Double?) -> String {
        guard let value else { return "?" }
        let hundredths = (value * 100).rounded()
        guard hundredths.magnitude < 1e15 else { return "\(value)" }
        let whole = Int(hundredths.magnitude)
        let fraction = whole % 100
        return (hundredths < 0 ? "-" : "") + "\(whole / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }
}

extension HeardPrediction {
    /// A prediction as the monitor told it.
    init(_ event: InferenceEvent, line: Int) {
        tokens = event.tokens
        printed = event.values
        bits = event.bits.flatMap { Self.wellFormed($0) }
        microseconds = event.microseconds
        label = event.label
        input = event.inputs
        self.line = line
    }

    /// A prediction of which only the line with the bits could be read; nil where that is damaged too.
    init?(_ report: SketchReport, line: Int) {
        guard case .result(_, let words, let microseconds) = report.kind, let bits = Self.wellFormed(words) else {
            return nil
        }
        tokens = []
        self.bits = bits
        self.microseconds = microseconds
        self.line = line
        printed = []
    }

    private static func wellFormed(_ bits: [String]) -> [String]? {
        let lengths = Set(bits.map(\.utf8.count))
        guard lengths == [8] || lengths == [2] else { return nil }
        return bits.allSatisfy { $0.allSatisfy(\.isHexDigit) } ? bits : nil
    }
}
