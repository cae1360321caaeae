// ci_artifacts.json as it is written by training/: names, relative paths, shapes and digests. What they point to is
// checked elsewhere.

import Foundation

/// What the file says.
struct ArtifactsFile: Decodable {
    /// An array beside it.
    struct Array: Decodable {
        var path: String
        var shape: [Int]
        var type: String
        var sha256: String
    }

    /// Any other file beside it.
    struct File: Decodable {
        var path: String
        var bytes: Int
        var sha256: String
    }

    struct Pixels: Decodable {
        var offset: Int
        var scale: Int
    }

    struct Inputs: Decodable {
        var pixels: Array
        var pictures: Array

        enum CodingKeys: String, CodingKey {
            case pixels = "X"
            case pictures = "X_cnn"
        }
    }

    struct Target: Decodable {
        struct Encoder: Decodable {
            var classes: [String]
        }
        var y: Array
        var encoder: Encoder
        var threshold: Double
    }

    struct Split: Decodable {
        var parts: Array
        var names: [String]
    }

    struct Preprocessors: Decodable {
        struct Scaler: Decodable {
            var kind: String
            var mean: Array
            var scale: Array
        }
        struct Components: Decodable {
            var kind: String
            var mean: Array
            var components: Array
        }
        var scaler: Scaler
        var pca: Components
    }

    struct Baseline: Decodable {
        struct Model: Decodable {
            var kind: String
            var coef: Array
            var intercept: Array
        }
        var input: String
        var model: Model
        var preprocessors: [String]
    }

    struct Network: Decodable {
        struct Forms: Decodable {
            var float32: File
            var dynamic: File
            var int8: File
        }
        var input: String
        var preprocessors: [String]
        var keras: File
        var tflite: Forms
        var h: File?
    }

    var version: Int
    var pixels: Pixels
    var pictures: [String]
    var inputs: Inputs
    var target: Target
    var split: Split
    var preprocessors: Preprocessors
    var transform: File
    var baseline: Baseline
    var mlp: Network
    var cnn: Network
}
