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
    /// The input that was printed before it.
    public var inputs: [Double]?
    /// The raw outputs in hex, eight digits for a float32, two for an int8.
    public var bits: [String]?
    /// How long the prediction took, in microseconds.
    public var microseconds: Int?
    /// The line that carried it.
    public var source: Diagnosis.Evidence

    /// The number of the line that carried it.
    public var line: Int { source.line }
    /// The first output as printed.
    public var token: String { tokens.first ?? "" }
    /// The first output.
    public var value: Double? { values.first ?? nil }
}
