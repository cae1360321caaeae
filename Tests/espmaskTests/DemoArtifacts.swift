// What a training leaves, made from the demo models and their samples: for tests of what reloads it, without Python.

import Crypto
import SystemPackage
import TestSupport
import Testing

/// A folder as `espmask train --out` writes it.
struct DemoArtifacts {
    let folder: ScratchFolder
    private var arrays: [String: String] = [:]
    private var files: [String: String] = [:]

    /// How many samples there are, half of each class.
    static let count = 16

    init() throws {
        folder = try ScratchFolder()
        try folder.makeFolders("arrays")
        let models = Peers.checkout.appending("models")
        let names = [
            "mask_cnn_10", "mask_cnn_10_int8", "mask_mlp_7", "mask_mlp_7_int8",
        ]
        for name in names {
            try file(name, try Peers.contents(of: models.appending(name + ".tflite")), as: name + ".tflite")
        }
        try file("keras", Array("a Keras file, which nothing here opens".utf8), as: "any.keras")
        let map = try Peers.contents(of: models.appending("mask_pca_7.bin"))
        try file("transform", map, as: "pca_7.bin")
        try array("X", Self.csv(models.appending("samples/mask_pca_7.csv")), shape: [16, 400])
        try array("X_cnn", Self.csv(models.appending("samples/mask_cnn_10.csv")), shape: [16, 10, 10, 1])
        try array("y", integers: (0..<16).map { $0 % 2 })
        try array("parts", bytes: (0..<16).map { $0 < 8 ? 0 : $0 < 12 ? 1 : 2 })
        // The map as a scaler that only centres, and a PCA that does the rest: they fold into the map.
        let numbers = stride(from: 8, to: map.count, by: 4).map { at in
            Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(map[at + $1]) << UInt32(8 * $1) })
        }
        try array("scaler_mean", doubles: numbers[..<400].map { Double($0) }, shape: [400])
        try array("scaler_scale", doubles: [Double](repeating: 1, count: 400), shape: [400])
        try array("pca_mean", doubles: [Double](repeating: 0, count: 400), shape: [400])
        try array("pca_components", doubles: numbers[400...].map { Double($0) }, shape: [7, 400])
        try array("baseline_coef", doubles: [1, 0, 0, 0, 0, 0, 0], shape: [1, 7])
        try array("baseline_intercept", doubles: [0], shape: [1])
        try folder.write(Array(text.utf8), as: "ci_artifacts.json")
    }

    /// ci_artifacts.json.
    var text: String {
        func network(_ base: String, input: String, preprocessors: String) -> String {
            """
            {"input": "\(input)", "preprocessors": \(preprocessors), "keras": \(files["keras"] ?? ""), "h": null,
             "tflite": {"float32": \(files[base] ?? ""), "dynamic": \(files[base] ?? ""),
              "int8": \(files[base + "_int8"] ?? "")}}
            """
        }
        let pictures = (0..<16).map { "\"\($0 % 2 == 0 ? "mask" : "no_mask")/\($0 / 2).png\"" }.joined(separator: ",")
        return """
            {"version": 1, "pixels": {"offset": 127, "scale": 128}, "pictures": [\(pictures)],
             "inputs": {"X": \(arrays["X"] ?? ""), "X_cnn": \(arrays["X_cnn"] ?? "")},
             "target": {"y": \(arrays["y"] ?? ""), "encoder": {"classes": ["mask", "no_mask"]}, "threshold": 0.5},
             "split": {"parts": \(arrays["parts"] ?? ""), "names": ["train", "validation", "test"]},
             "preprocessors": {
              "scaler": {"kind": "standard-scaler", "mean": \(arrays["scaler_mean"] ?? ""),
               "scale": \(arrays["scaler_scale"] ?? "")},
              "pca": {"kind": "pca", "mean": \(arrays["pca_mean"] ?? ""), "components": \(arrays["pca_components"] ?? "")}},
             "transform": \(files["transform"] ?? ""),
             "baseline": {"input": "X", "preprocessors": ["scaler", "pca"], "model": {"kind": "logistic-regression",
              "coef": \(arrays["baseline_coef"] ?? ""), "intercept": \(arrays["baseline_intercept"] ?? "")}},
             "mlp": \(network("mask_mlp_7", input: "X", preprocessors: "[\"scaler\", \"pca\"]")),
             "cnn": \(network("mask_cnn_10", input: "X_cnn", preprocessors: "[]"))}
            """
    }

    /// Writes other bytes in a file's place, with their digest in ci_artifacts.json, so that only what they say is wrong.
    func replace(_ name: String, with bytes: [UInt8]) throws {
        let path = folder.path.pushing(FilePath(name))
        let old = try Peers.contents(of: path)
        try folder.write(bytes, as: name)
        let json = try Peers.contents(of: folder.path.appending("ci_artifacts.json"))
        let text = String(decoding: json, as: UTF8.self)
        try folder.write(
            Array(text.replacing(Self.digest(old), with: Self.digest(bytes)).utf8), as: "ci_artifacts.json")
    }

    /// Changes the text of ci_artifacts.json.
    func edit(_ old: String, to new: String) throws {
        try #require(text.contains(old))
        try folder.write(Array(text.replacing(old, with: new).utf8), as: "ci_artifacts.json")
    }

    private mutating func file(_ key: String, _ bytes: [UInt8], as name: String) throws {
        try folder.write(bytes, as: name)
        files[key] = "{\"path\": \"\(name)\", \"bytes\": \(bytes.count), \"sha256\": \"\(Self.digest(bytes))\"}"
    }

    private mutating func array(_ name: String, _ values: [Float], shape: [Int]) throws {
        try array(name, "<f4", "float32", values.flatMap { Self.bytes($0.bitPattern) }, shape: shape)
    }

    private mutating func array(_ name: String, doubles: [Double], shape: [Int]) throws {
        try array(name, "<f8", "float64", doubles.flatMap { Self.bytes($0.bitPattern) }, shape: shape)
    }

    private mutating func array(_ name: String, integers: [Int]) throws {
        try array(
            name, "<i8", "int64", integers.flatMap { Self.bytes(UInt64(bitPattern: Int64($0))) },
            shape: [integers.count])
    }

    private mutating func array(_ name: String, bytes: [UInt8]) throws {
        try array(name, "|u1", "uint8", bytes, shape: [bytes.count])
    }

    private mutating func array(
        _ name: String, _ descriptor: String, _ type: String, _ data: [UInt8], shape: [Int]
    ) throws {
        let bytes = Self.numPy(descriptor, data, shape: shape)
        try folder.write(bytes, as: "arrays/\(name).npy")
        arrays[name] = """
            {"path": "arrays/\(name).npy", "shape": \(shape), "type": "\(type)", "sha256": "\(Self.digest(bytes))"}
            """
    }

    /// A .npy file's bytes.
    static func numPy(_ descriptor: String, _ data: [UInt8], shape: [Int]) -> [UInt8] {
        let dimensions = shape.map { "\($0)," }.joined(separator: " ")
        var header = Array("{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (\(dimensions)), }".utf8)
        while (10 + header.count + 1) % 64 != 0 { header.append(0x20) }
        header.append(0x0A)
        let start: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
        return start + [UInt8(header.count & 0xFF), UInt8(header.count >> 8)] + header + data
    }

    private static func bytes<Word: FixedWidthInteger>(_ word: Word) -> [UInt8] {
        withUnsafeBytes(of: word.littleEndian) { Array($0) }
    }

    private static func csv(_ path: FilePath) throws -> [Float] {
        let text = String(decoding: try Peers.contents(of: path), as: UTF8.self)
        return text.split { $0 == "," || $0 == "\n" }.compactMap { Float($0) }
    }

    static func digest(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
