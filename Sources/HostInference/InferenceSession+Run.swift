// One inference: values in, the model run, values out, in reals and in the bits that a board prints.

import InferenceC

/// What a model made of one sample.
public struct Prediction: Sendable, Equatable {
    /// The outputs as real numbers, dequantised for int8 models.
    public var values: [Float]
    /// The outputs as they lie in memory: eight hex digits per float32, two per int8.
    public var bits: [String]
}

/// One value of a sample as it was written.
public enum InputValue: Sendable, Equatable {
    /// A real number; an int8 input quantises it.
    case real(Float)
    /// A whole number, as int8 inputs take it.
    case whole(Int32)
}

extension InferenceSession {
    /// Runs the model on one sample, the values of all inputs in order.
    ///
    /// Throws `input-mismatch` where their number is not the model's.
    public func run(_ sample: [InputValue]) throws(InferenceError) -> Prediction {
        let needed = loaded.sampleCount
        guard sample.count == needed else {
            var error = inference_error()
            error.code = INFERENCE_INPUT_MISMATCH
            (error.needed, error.available) = (UInt32(needed), UInt32(clamping: sample.count))
            (error.op, error.tensor, error.op_index) = (UInt32.max, UInt32.max, UInt32.max)
            throw InferenceError(error, model: loaded.model)
        }
        var error = inference_error()
        var position = 0
        for (input, tensor) in loaded.inputs.enumerated() {
            for index in 0..<tensor.elements {
                let code =
                    switch sample[position] {
                    case .real(let value):
                        inference_put_float(&engine, UInt32(input), UInt32(index), value, &error)
                    case .whole(let value):
                        inference_put_int(&engine, UInt32(input), UInt32(index), value, &error)
                    }
                guard code == INFERENCE_OK else { throw InferenceError(error, model: loaded.model) }
                position += 1
            }
        }
        guard inference_invoke(&engine, &error) == INFERENCE_OK else {
            throw InferenceError(error, model: loaded.model)
        }
        return outputs()
    }

    /// Runs the model on the bytes of its inputs as they lie in memory, one after the other; nil where there are not
    /// as many as the inputs take. Returns the bytes of all outputs.
    package func run(bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count == loaded.inputs.reduce(0, { $0 + $1.bytes }) else { return nil }
        var at = 0
        for (input, tensor) in loaded.inputs.enumerated() {
            guard let place = inference_input(&engine, UInt32(input)) else { return nil }
            bytes[at..<(at + tensor.bytes)].withUnsafeBytes {
                UnsafeMutableRawBufferPointer(start: place, count: tensor.bytes).copyMemory(from: $0)
            }
            at += tensor.bytes
        }
        var error = inference_error()
        guard inference_invoke(&engine, &error) == INFERENCE_OK else { return nil }
        return loaded.outputs.enumerated().flatMap { output, tensor in
            inference_output(&engine, UInt32(output)).map {
                Array(UnsafeRawBufferPointer(start: $0, count: tensor.bytes))
            } ?? []
        }
    }

    private func outputs() -> Prediction {
        var prediction = Prediction(values: [], bits: [])
        for (output, tensor) in loaded.outputs.enumerated() {
            guard let bytes = inference_output(&engine, UInt32(output)) else { continue }
            for index in 0..<tensor.elements {
                prediction.values.append(inference_get_float(&engine, UInt32(output), UInt32(index)))
                let word =
                    tensor.isInt8
                    ? UInt32(bytes.load(fromByteOffset: index, as: UInt8.self))
                    : bytes.load(fromByteOffset: 4 * index, as: UInt32.self)
                let digits = String(word, radix: 16)
                prediction.bits.append(String(repeating: "0", count: (tensor.isInt8 ? 2 : 8) - digits.count) + digits)
            }
        }
        return prediction
    }
}
