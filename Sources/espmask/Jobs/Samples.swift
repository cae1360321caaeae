// The inputs of `run`: read from a file, sent to the board in the form that loses nothing, and given to the same engine
// on this machine, whose answer the board's is compared with.

import ESPImage
import HostInference
import Pictures

/// Inputs for a model.
struct Samples {
    let all: [[InputValue]]

    /// Reads the file. Throws `file-not-found` and `bad-inputs`.
    init(path: String, model: PackedModel) throws {
        let bytes = try Files.read(path)
        if PictureFile.isPicture(bytes) {
            all = [try Self.picture(bytes, path: path, model: model)]
            return
        }
        let text = String(decoding: bytes, as: UTF8.self)
        do throws(InferenceError) {
            all = try SampleFile.samples(in: text, values: model.inputCount, areInt8: model.takesWholeNumbers)
        } catch {
            throw Failure(error.code.rawValue, "\(path): \(error.message)", hint: error.hint)
        }
    }

    /// Reads a CSV file of real numbers, which an int8 model quantises. Throws `file-not-found` and `bad-inputs`.
    init(path: String, real model: PackedModel) throws {
        let text = String(decoding: try Files.read(path), as: UTF8.self)
        do throws(InferenceError) {
            all = try SampleFile.samples(in: text, values: model.inputCount, areInt8: false)
        } catch {
            throw Failure(error.code.rawValue, "\(path): \(error.message)", hint: error.hint)
        }
    }

    /// The line that sends a sample: float32 bits, or an int8 as it is.
    static func line(_ sample: [InputValue]) -> String {
        "in: "
            + sample.map { value in
                switch value {
                case .real(let real):
                    let digits = String(real.bitPattern, radix: 16)
                    return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
                case .whole(let whole): return String(whole)
                }
            }.joined(separator: ",") + "\n"
    }
}

/// The engine on this machine, with a model's input transform in front of it.
struct HostJudge {
    private let session: InferenceSession
    private let transform: ModelSlot.InputTransform?

    /// A judge with an arena of `arenaLimit` bytes, or as many as the model needs. Throws `arena-too-small`.
    init(_ model: PackedModel, arenaLimit: Int? = nil) throws(InferenceError) {
        session = try InferenceSession(model.loaded, arenaLimit: arenaLimit)
        transform = model.slot.inputTransform
    }

    /// What this machine makes of a sample.
    func predict(_ sample: [InputValue]) throws -> Prediction {
        guard let transform else { return try session.run(sample) }
        return try session.run(transform.apply(to: sample.map(\.number)).map { .real($0) })
    }
}

extension InputValue {
    /// The value as a number.
    var number: Float {
        switch self {
        case .real(let real): real
        case .whole(let whole): Float(whole)
        }
    }
}

extension PackedModel {
    /// Whether inputs are int8 as they are; behind a transform they are real numbers.
    var takesWholeNumbers: Bool { slot.inputTransform == nil && loaded.takesInt8 }

    /// Width and height of the picture that an input is, where it is one.
    var pictureSize: (width: Int, height: Int)? {
        if slot.inputTransform == nil, let shape = loaded.inputs.first?.shape, shape.count == 4, shape[3] == 1 {
            return (shape[2], shape[1])
        }
        let side = Int(Double(inputCount).squareRoot().rounded())
        return side * side == inputCount && side > 1 ? (side, side) : nil
    }

    /// The pixels of a sample, -1 to 1, for a picture of it.
    func pixels(_ sample: [InputValue]) -> [Float] {
        let input = loaded.inputs.first
        return sample.map { value in
            switch value {
            case .real(let real): real
            case .whole(let whole): (Float(whole) - Float(input?.zeroPoint ?? 0)) * (input?.scale ?? 1)
            }
        }
    }

    /// The class of a prediction, from its exact outputs.
    func label(_ values: [Float], threshold: Double) -> String? {
        let labels = slot.labels
        guard let first = values.first, !labels.isEmpty else { return nil }
        if values.count == 1, labels.count == 2 { return labels[Double(first) >= threshold ? 1 : 0] }
        guard labels.count == values.count else { return nil }
        return values.indices.max { values[$0] < values[$1] }.map { labels[$0] }
    }
}
