// A .tflite file that the engine has verified, and what it tells: operators, ends, a memory plan. The bytes are
// kept once, aligned, and never change. Left out: running it (InferenceSession).

import InferenceC

/// A verified model.
public final class LoadedModel: @unchecked Sendable {
    // Unchecked: nothing is written after init; the engine's calls get a copy of `model` to scribble on.
    private let storage: UnsafeMutableRawBufferPointer
    let model: inference_model

    /// Names of the operators, in the order in which they run.
    public let ops: [String]
    /// The model's inputs.
    public let inputs: [TensorDescription]
    /// The model's outputs.
    public let outputs: [TensorDescription]

    /// How many rounds the host spends on looking for a smaller plan.
    private static let planningEffort: UInt32 = 400

    /// Verifies a whole .tflite file and every operator in it.
    public init(bytes: [UInt8]) throws(InferenceError) {
        let storage = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 16), alignment: 16)
        storage.copyBytes(from: bytes)
        var model = inference_model()
        var error = inference_error()
        guard inference_open(&model, storage.baseAddress, bytes.count, &error) == INFERENCE_OK else {
            defer { storage.deallocate() }
            throw InferenceError(error, model: model)
        }
        self.storage = storage
        self.model = model
        ops = (0..<model.operator_count).map { OperatorNames.name(of: inference_get_op(&model, $0)) }
        inputs = (0..<model.input_count).compactMap {
            TensorDescription(model, Int(inference_input_tensor(&model, $0)))
        }
        outputs = (0..<model.output_count).compactMap {
            TensorDescription(model, Int(inference_output_tensor(&model, $0)))
        }
    }

    deinit { storage.deallocate() }

    /// How many values one sample has: those of all inputs.
    public var sampleCount: Int { inputs.reduce(0) { $0 + $1.elements } }

    /// Whether the model takes int8 values.
    public var takesInt8: Bool { inputs.allSatisfy(\.isInt8) }

    /// Plans the arena, as small as it can be: proven on models of up to 64 tensors, else never worse than the board's own
    /// plan. The same model always gets the same plan.
    public func plan() throws(InferenceError) -> MemoryPlan {
        var copy = model
        var error = inference_error()
        var words = [UInt32](repeating: 0, count: Int(inference_exact_workspace_words(&copy)))
        var bytes: UInt32 = 0
        var proven = false
        guard
            inference_plan_exactly(
                &copy, &words, UInt32(words.count), Self.planningEffort, &bytes, &proven, &error) == INFERENCE_OK
        else { throw InferenceError(error, model: model) }
        var plan = describe(offsets: Array(words.prefix(Int(model.tensor_count))), arenaBytes: Int(bytes))
        plan.isProven = proven
        return plan
    }

    /// The plan that a board makes where it is given none.
    package func greedyPlan() throws(InferenceError) -> MemoryPlan {
        var copy = model
        var error = inference_error()
        var words = [UInt32](repeating: 0, count: Int(inference_workspace_words(&copy)))
        var bytes: UInt32 = 0
        guard inference_plan(&copy, &words, UInt32(words.count), 0, &bytes, &error) == INFERENCE_OK
        else { throw InferenceError(error, model: model) }
        return describe(offsets: Array(words.prefix(Int(model.tensor_count))), arenaBytes: Int(bytes))
    }

    /// Whether the engine accepts a plan (the words of a slot's section of kind 2) for this model.
    public func accepts(planWords words: [UInt32]) -> Bool {
        guard let bytes = words.first else { return false }
        var copy = model
        var error = inference_error()
        return inference_check_plan(&copy, Array(words.dropFirst()), UInt32(words.count - 1), bytes, &error)
            == INFERENCE_OK
    }

    private func describe(offsets: [UInt32], arenaBytes: Int) -> MemoryPlan {
        var copy = model
        var ends = ops.map { _ in 0 }
        var tensors: [MemoryPlan.Tensor] = []
        for (index, offset) in offsets.enumerated() where offset != UInt32.max {
            var first: UInt32 = 0
            var last: UInt32 = 0
            guard inference_lifetime(&copy, UInt32(index), &first, &last),
                let tensor = TensorDescription(model, index)
            else { continue }
            let lastOp = min(Int(last), ops.count - 1)
            tensors.append(.init(tensor: tensor, offset: Int(offset), firstOp: Int(first), lastOp: lastOp))
            for op in Int(first)...max(Int(first), lastOp) { ends[op] = max(ends[op], Int(offset) + tensor.bytes) }
        }
        let needs = ends.enumerated().map { op, end in
            (end + 3) / 4 * 4 + Int(inference_scratch_bytes(&copy, offsets, UInt32(op)))
        }
        return MemoryPlan(arenaBytes: arenaBytes, offsets: offsets, tensors: tensors, bytesPerOp: needs)
    }
}
