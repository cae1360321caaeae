// Files and arrays that ci_artifacts.json names, each held against what the file says of it.

import Crypto
import ESPImage
import Foundation

/// Reads and checks what an entry names.
struct Loader {
    /// Gives a file's bytes by its path in the folder.
    let read: (String) throws -> [UInt8]

    /// The bytes of a file whose digest is the entry's.
    func file(_ entry: ArtifactsFile.File) throws -> [UInt8] {
        let bytes = try bytes(entry.path, digest: entry.sha256)
        guard bytes.count == entry.bytes else {
            throw EvaluationError("\(entry.path) has \(bytes.count) bytes, not \(entry.bytes)")
        }
        return bytes
    }

    /// An array of finite numbers with the entry's shape and type, of a rank, and of so many rows.
    func array(_ entry: ArtifactsFile.Array, rank: Int, first: Int? = nil) throws -> NumPyFile {
        let bytes = try bytes(entry.path, digest: entry.sha256)
        let array: NumPyFile
        do throws(EvaluationError) { array = try NumPyFile(bytes) } catch {
            throw EvaluationError("\(entry.path): \(error.message)", hint: error.hint)
        }
        guard array.shape == entry.shape, array.element.rawValue == entry.type else {
            throw EvaluationError(
                "\(entry.path) holds \(array.element.rawValue) \(array.shape), "
                    + "\(Artifacts.name) says \(entry.type) \(entry.shape)")
        }
        guard array.shape.count == rank, first.map({ $0 == array.shape.first }) ?? true else {
            let rows = first.map { " with \($0) rows" } ?? ""
            throw EvaluationError("\(entry.path) has the shape \(array.shape); \(rank) dimensions\(rows) are needed")
        }
        guard array.doubles.allSatisfy(\.isFinite) else {
            throw EvaluationError("\(entry.path) holds what is no finite number")
        }
        return array
    }

    /// An array of `count` numbers.
    func vector(_ entry: ArtifactsFile.Array, count: Int) throws -> [Double] {
        try array(entry, rank: 1, first: count).doubles
    }

    /// An array of `count` indices below a limit.
    func indices(_ entry: ArtifactsFile.Array, count: Int, below limit: Int) throws -> [Int] {
        guard let numbers = try array(entry, rank: 1, first: count).integers,
            numbers.allSatisfy({ (0..<limit).contains($0) })
        else { throw EvaluationError("\(entry.path) holds what is no whole number from 0 to \(limit - 1)") }
        return numbers
    }

    /// An array of rows of `columns` numbers.
    func matrix(_ entry: ArtifactsFile.Array, columns: Int) throws -> [[Double]] {
        let array = try array(entry, rank: 2)
        guard array.shape[1] == columns, array.shape[0] > 0 else {
            throw EvaluationError("\(entry.path) has the shape \(array.shape); \(columns) columns are needed")
        }
        let values = array.doubles
        return stride(from: 0, to: values.count, by: columns).map { Array(values[$0..<($0 + columns)]) }
    }

    func preprocessing(_ entry: ArtifactsFile.Preprocessors, columns: Int) throws -> Preprocessing {
        let scale = try vector(entry.scaler.scale, count: columns)
        guard scale.allSatisfy({ $0 > 0 }) else {
            throw EvaluationError("\(entry.scaler.scale.path) holds a scale that is not above 0")
        }
        return Preprocessing(
            mean: try vector(entry.scaler.mean, count: columns), scale: scale,
            centre: try vector(entry.pca.mean, count: columns),
            components: try matrix(entry.pca.components, columns: columns))
    }

    func regression(
        _ entry: ArtifactsFile.Baseline.Model, columns: Int, classes: Int
    ) throws -> LogisticRegression {
        // Of two classes scikit-learn keeps one row, for the second.
        let rows = classes == 2 ? 1 : classes
        let coefficients = try matrix(entry.coef, columns: columns)
        guard coefficients.count == rows else {
            throw EvaluationError("\(entry.coef.path) has \(coefficients.count) rows; \(classes) classes need \(rows)")
        }
        return LogisticRegression(
            coefficients: coefficients, intercepts: try vector(entry.intercept, count: rows))
    }

    /// The board's map, which must be the one that scaler and PCA fold into.
    func transform(
        _ entry: ArtifactsFile.File, like folded: ModelSlot.InputTransform
    ) throws -> ModelSlot.InputTransform {
        let map = try ModelSlot.InputTransform(parsing: try file(entry))
        guard map.rows == folded.rows, map.columns == folded.columns else {
            throw EvaluationError("\(entry.path) is \(map.rows) x \(map.columns), scaler and PCA are not")
        }
        // Rounded once from the same doubles: only a division that rounds otherwise could move a last bit.
        let pairs = zip(map.mean + map.matrix, folded.mean + folded.matrix)
        guard pairs.allSatisfy({ abs($0 - $1) <= 1e-6 * max(1, abs($1)) }) else {
            throw EvaluationError("\(entry.path) is not what scaler and PCA fold into")
        }
        return map
    }

    func network(_ entry: ArtifactsFile.Network, name: String) throws -> Artifacts.Network {
        var models: [Artifacts.Form: (path: String, bytes: [UInt8])] = [:]
        for (form, file) in [
            (Artifacts.Form.float32, entry.tflite.float32), (.dynamic, entry.tflite.dynamic),
            (.int8, entry.tflite.int8),
        ] { models[form] = (file.path, try self.file(file)) }
        return Artifacts.Network(name: name, models: models, isBehindTransform: !entry.preprocessors.isEmpty)
    }

    private func bytes(_ path: String, digest: String) throws -> [UInt8] {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !path.isEmpty, !path.contains("\\"), !path.contains("\0"),
            parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." })
        else { throw EvaluationError("\(Artifacts.name) names '\(path)', which is no path inside its folder") }
        let bytes = try read(path)
        let found = SHA256.hash(data: bytes).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
        guard found == digest else {
            throw EvaluationError("\(path) is damaged or another file: its SHA-256 is not the one written down")
        }
        return bytes
    }
}
