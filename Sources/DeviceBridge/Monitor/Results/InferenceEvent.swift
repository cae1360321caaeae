// A prediction as the board reported it.

/// One prediction.
public struct InferenceEvent: Equatable, Sendable {
    /// Its number in this session, from 0.
    public var index: Int
    /// The outputs as printed, `0.47`, `nan`, `ovf`.
    public var tokens: [String]
    /// The outputs; nil for what is not a finite number.
    public var values: [Double?]
    /// The class, where the labels are known or the firmware names it.
    public var label: String?
    /// The input that was printed before it, as printed.
    var printedInputs: PrintedNumbers?
    /// The raw outputs in hex, eight digits for a float32, two for an int8.
    public var bits: [String]?
    /// How long the prediction took, in microseconds.
    public var microseconds: Int?
    /// The line that carried it.
    public var source: Diagnosis.Evidence

    /// The input that was printed before it.
    public var inputs: [Double]? { printedInputs?.values }

    /// The input that was printed before it as a JSON array, appended to text; false where there was none.
    public func writeInputsAsJSON(to out: inout [UInt8]) -> Bool {
        guard let printedInputs else { return false }
        printedInputs.writeJSON(to: &out)
        return true
    }

    /// The number of the line that carried it.
    public var line: Int { source.line }
    /// The first output as printed.
    public var token: String { tokens.first ?? "" }
    /// The first output.
    public var value: Double? { values.first ?? nil }
}
