// The artifacts of a training, reloaded: every file is there with the digest it was written with, every array has the
// shape that the others need, every number is finite. Reading the files is the caller's.

import Crypto
public import ESPImage
import Foundation

/// The pictures, the labels and the models of a training.
public struct Artifacts: Sendable {
    /// The forms of a network.
    public enum Form: String, Sendable, CaseIterable {
        case float32, dynamic, int8
    }

    /// `mlp` or `cnn`.
    public struct Network: Sendable {
        /// Its key in the file.
        public var name: String
        /// The .tflite of each form: path relative to the folder, and bytes.
        public var models: [Form: (path: String, bytes: [UInt8])]
        /// Whether it takes the pixels behind scaler and PCA; else the pictures.
        public var isBehindTransform: Bool
    }

    /// The file's name.
    public static let name = "ci_artifacts.json"

    /// The classes' names; labels are their indices.
    public let classes: [String]
    /// Of two classes, the output from which it is the second.
    public let threshold: Double
    /// Names of the pictures.
    public let pictures: [String]
    /// Their labels.
    public let labels: [Int]
    /// Which of them no network was trained on or chosen by.
    public let isHeldOut: [Bool]
    /// The pixels in front of scaler and PCA, a row per picture.
    public let pixelRows: [[Float]]
    /// The pictures as the CNN takes them, a row per picture, and their side.
    public let pictureRows: [[Float]]
    /// Width and height of a picture as the CNN takes it.
    public let pictureSide: Int
    /// Scaler, PCA and logistic regression.
    public let preprocessing: Preprocessing
    /// The logistic regression behind them.
    public let baseline: LogisticRegression
    /// Scaler and PCA as the file that goes to the board holds them: path and contents.
    public let transform: (path: String, map: ModelSlot.InputTransform)
    /// `mlp` and `cnn`.
    public let networks: [Network]

    /// Loads a folder's artifacts. `read` gives a file's bytes by its path in the folder; what it throws goes through.
    public init(read: @escaping (String) throws -> [UInt8]) throws {
        let file = try Self.decoded(try read(Self.name))
        let loader = Loader(read: read)
        try Self.check(file)
        classes = file.target.encoder.classes
        threshold = file.target.threshold
        pictures = file.pictures
        let count = file.pictures.count
        let pixels = try loader.array(file.inputs.pixels, rank: 2, first: count)
        let pictureArray = try loader.array(file.inputs.pictures, rank: 4, first: count)
        let side: Int = pictureArray.shape[1]
        guard pictureArray.shape[2] == side, pictureArray.shape[3] == 1, side > 0, pixels.shape[1] > 0 else {
            throw EvaluationError("\(file.inputs.pictures.path): \(pictureArray.shape) is no shape of square pictures")
        }
        pictureSide = side
        pixelRows = Self.rows(pixels.floats, of: pixels.shape[1])
        pictureRows = Self.rows(pictureArray.floats, of: side * side)
        labels = try loader.indices(file.target.y, count: count, below: classes.count)
        let parts = try loader.indices(file.split.parts, count: count, below: file.split.names.count)
        let test = file.split.names.firstIndex(of: "test")
        isHeldOut = parts.map { $0 == test }
        preprocessing = try loader.preprocessing(file.preprocessors, columns: pixels.shape[1])
        baseline = try loader.regression(
            file.baseline.model, columns: preprocessing.components.count, classes: classes.count)
        transform = (file.transform.path, try loader.transform(file.transform, like: preprocessing.folded))
        networks = [
            try loader.network(file.mlp, name: "mlp"), try loader.network(file.cnn, name: "cnn"),
        ]
        for network in [file.mlp, file.cnn] {
            _ = try loader.file(network.keras)
            if let header = network.h { _ = try loader.file(header) }
        }
    }

    /// The inputs of a network, a row per picture, in front of the transform where it is behind one.
    public func inputs(of network: Network) -> [[Float]] { network.isBehindTransform ? pixelRows : pictureRows }

    private static func rows(_ values: [Float], of count: Int) -> [[Float]] {
        stride(from: 0, to: values.count, by: count).map { Array(values[$0..<($0 + count)]) }
    }

    private static func decoded(_ bytes: [UInt8]) throws -> ArtifactsFile {
        do { return try JSONDecoder().decode(ArtifactsFile.self, from: Data(bytes)) } catch let error as DecodingError {
            throw EvaluationError("\(name) is not what training writes: \(place(error))")
        }
    }

    private static func place(_ error: DecodingError) -> String {
        func path(_ context: DecodingError.Context, _ last: String? = nil) -> String {
            (context.codingPath.map(\.stringValue) + (last.map { [$0] } ?? [])).joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context): return "\(path(context, key.stringValue)) is missing"
        case .valueNotFound(_, let context), .typeMismatch(_, let context):
            return "\(path(context)) has the wrong type"
        case .dataCorrupted(let context):
            return context.codingPath.isEmpty ? "it is no JSON" : "\(path(context)) is damaged"
        @unknown case _: return "\(error)"
        }
    }

    /// The parts of the file that agree or not by themselves.
    private static func check(_ file: ArtifactsFile) throws(EvaluationError) {
        guard file.version == 1 else {
            throw EvaluationError("\(name) has version \(file.version); this program reads version 1")
        }
        guard file.pixels.offset == 127, file.pixels.scale == 128 || file.pixels.scale == 127 else {
            throw EvaluationError("\(name): pixels are (byte - 127) / 128 or 127, not otherwise")
        }
        guard !file.pictures.isEmpty, file.target.encoder.classes.count >= 2, file.target.threshold.isFinite else {
            throw EvaluationError("\(name) names no pictures, fewer than two classes, or no threshold")
        }
        let chains = [file.baseline.preprocessors, file.mlp.preprocessors, file.cnn.preprocessors]
        let inputs = [file.baseline.input, file.mlp.input, file.cnn.input]
        guard chains == [["scaler", "pca"], ["scaler", "pca"], []], inputs == ["X", "X", "X_cnn"],
            file.preprocessors.scaler.kind == "standard-scaler", file.preprocessors.pca.kind == "pca",
            file.baseline.model.kind == "logistic-regression"
        else { throw EvaluationError("\(name) asks for preprocessors or models that this program does not have") }
    }
}
