// What a model tells of a tensor: name, shape, type, quantisation.

import InferenceC

/// A tensor of the model's main subgraph.
public struct TensorDescription: Sendable, Equatable {
    /// Its index in the subgraph.
    public var index: Int
    /// Its name in the file; broken UTF-8 is replaced.
    public var name: String
    /// Its dimensions, outermost first; empty for a scalar.
    public var shape: [Int]
    /// `float32`, `int8`, ...
    public var type: String
    /// How many bytes its values take.
    public var bytes: Int
    /// Real value of one step of an int8 value; nil for float32.
    public var scale: Float?
    /// The int8 value that means 0; nil for float32.
    public var zeroPoint: Int?

    /// How many values it has.
    public var elements: Int { shape.reduce(1, *) }

    /// Whether its values are int8.
    public var isInt8: Bool { type == "int8" }
}

extension TensorDescription {
    init?(_ model: inference_model, _ index: Int) {
        var model = model
        var tensor = inference_tensor()
        guard let number = UInt32(exactly: index), inference_get_tensor(&model, number, &tensor) else { return nil }
        self.index = index
        name = Self.text(tensor.name, count: Int(tensor.name_length))
        shape = Self.dimensions(of: tensor)
        type = Self.typeName(tensor.type)
        bytes = Int(tensor.bytes)
        let isQuantized = tensor.scale_count > 0 && tensor.type == INFERENCE_INT8.rawValue
        scale = isQuantized ? tensor.scale : nil
        zeroPoint = isQuantized ? Int(tensor.zero_point) : nil
    }

    private static func text(_ start: UnsafePointer<CChar>?, count: Int) -> String {
        guard let start else { return "" }
        return UnsafeRawBufferPointer(start: start, count: count).withMemoryRebound(to: UInt8.self) {
            String(decoding: $0, as: UTF8.self)
        }
    }

    private static func dimensions(of tensor: inference_tensor) -> [Int] {
        let rank = min(Int(tensor.rank), Int(INFERENCE_MAX_RANK))
        return withUnsafeBytes(of: tensor.dims) { dims in
            (0..<rank).map { Int(dims.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)) }
        }
    }

    /// The field's name of a TensorType number.
    static func typeName(_ type: UInt32) -> String {
        let names = [
            "float32", "float16", "int32", "uint8", "int64", "string", "bool", "int16", "complex64", "int8", "float64",
            "complex128", "uint64", "resource", "variant", "uint32", "uint16", "int4",
        ]
        return Int(type) < names.count ? names[Int(type)] : "type \(type)"
    }
}
