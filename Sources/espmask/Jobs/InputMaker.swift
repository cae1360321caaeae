// Inputs of a script: from files or random, as lines for the sketch, with pictures for the report and with what this
// machine makes of them.

import DeviceBridge
import ESPImage
import HIL
import HostInference

/// Makes inputs for a model.
struct InputMaker {
    private let model: PackedModel
    private let threshold: Double
    private let judge: HostJudge

    init(model: PackedModel, threshold: Double) throws {
        self.model = model
        self.threshold = threshold
        judge = try HostJudge(model)
    }

    /// Those of a CSV file, or one picture.
    func inputs(from path: String) throws -> [PreparedInput] {
        let samples = try Samples(path: path, model: model)
        let name = Self.name(path)
        return try samples.all.enumerated().map { index, sample in
            try prepared(sample, caption: samples.all.count == 1 ? name : "\(name) #\(index + 1)")
        }
    }

    /// A picture, whole.
    func picture(_ path: String) throws -> PreparedInput {
        try prepared(try Samples.picture(path, model: model, face: nil), caption: Self.name(path))
    }

    /// Random ones: float32 of all kinds between -1 and 1, int8 of all kinds.
    func random(_ count: Int, seed: UInt64) throws -> [PreparedInput] {
        var generator = SeededGenerator(seed: seed)
        return try (1...max(1, count)).map { index in
            let sample = (0..<model.inputCount).map { _ -> InputValue in
                model.takesWholeNumbers
                    ? .whole(Int32.random(in: -128...127, using: &generator))
                    : .real(Float.random(in: -1...1, using: &generator))
            }
            return try prepared(sample, caption: "random \(index)")
        }
    }

    private func prepared(_ sample: [InputValue], caption: String) throws -> PreparedInput {
        let host = try judge.predict(sample)
        let pixels = model.pixels(sample)
        // Two decimals are printed; large numbers keep fewer digits of a float32.
        let largest = pixels.reduce(0) { max($0, abs(Double($1))) }
        return PreparedInput(
            line: Array(Samples.line(sample).utf8), caption: caption, picture: picture(pixels, caption),
            printed: pixels.map(Double.init), printedTolerance: 0.0051 + largest * 1e-6, hostBits: host.bits,
            hostValues: host.values.map(Double.init), hostLabel: model.label(host.values, threshold: threshold))
    }

    private func picture(_ pixels: [Float], _ caption: String) -> InputPicture? {
        guard let size = model.pictureSize else { return nil }
        let grey = pixels.map { UInt8(min(max($0 * 128 + 127, 0), 255)) }
        return InputPicture(rows: size.height, columns: size.width, grey: grey, caption: caption)
    }

    private static func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}

/// Random numbers that come again with their seed (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
/// Generators").
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
