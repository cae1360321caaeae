// Samples as text: CSV, one sample to a line; floats as the model takes them, integers for int8 models, or the bits
// of a float32 as 0xHHHHHHHH. Blank lines and lines that start with # do not count.

/// Reads samples.
public enum SampleFile {
    /// The samples of a text. Throws `bad-inputs` with the line and what is wrong there.
    public static func samples(in text: String, for model: LoadedModel) throws(InferenceError) -> [[InputValue]] {
        try samples(in: text, values: model.sampleCount, areInt8: model.takesInt8)
    }

    /// The samples of a text, each with this many values: those in front of an input transform, for example.
    /// Throws `bad-inputs` with the line and what is wrong there.
    public static func samples(
        in text: String, values count: Int, areInt8: Bool
    ) throws(InferenceError) -> [[InputValue]] {
        var samples: [[InputValue]] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let trimmed = line.filter { $0 != "\r" && $0 != " " && $0 != "\t" && $0 != "\r\n" }
            if trimmed.isEmpty || trimmed.hasPrefix("#") { continue }
            var tokens = trimmed.split(separator: ",", omittingEmptySubsequences: false)
            // The sketches end a line of values with a comma; what they print can be fed back.
            if tokens.last?.isEmpty == true { tokens.removeLast() }
            var sample: [InputValue] = []
            for token in tokens {
                guard let value = value(of: token, isInt8: areInt8) else {
                    throw bad("line \(index + 1): '\(token)' is no value of this model")
                }
                sample.append(value)
            }
            guard sample.count == count else {
                throw bad("line \(index + 1) has \(sample.count) values, the model takes \(count)")
            }
            samples.append(sample)
        }
        guard !samples.isEmpty else { throw bad("there is no sample in it") }
        return samples
    }

    private static func value(of token: Substring, isInt8: Bool) -> InputValue? {
        if token.lowercased().hasPrefix("0x") {
            guard token.count == 10, let bits = UInt32(token.dropFirst(2), radix: 16) else { return nil }
            return .real(Float(bitPattern: bits))
        }
        if isInt8 {
            return Int32(token).flatMap { (-128...127).contains($0) ? .whole($0) : nil }
        }
        return Float(token).map { .real($0) }
    }

    private static func bad(_ message: String) -> InferenceError {
        InferenceError(
            .badInputs, message, hint: "write one sample to a line, its values separated by commas; integers for int8")
    }
}
