// What TensorFlow Lite Micro would need for a model on a 32-bit board, for comparison: tensors as its greedy planner lays
// them out, and what it keeps of its own at the arena's end. The sizes of its structures were measured on TFLM of August
// 2026 compiled for a 32-bit machine, and the figures come out within two percent of its smallest working arenas for
// thirteen known models. Left out: scratch that optimised kernels (ESP-NN) ask for.

import InferenceC

/// An estimate of TFLM's smallest working arena.
public struct TFLMEstimate: Sendable, Equatable {
    /// The arena in bytes.
    public var bytes: Int
    /// Bytes of it for tensors.
    public var tensorBytes: Int
    /// Bytes of it for TFLM's own structures.
    public var ownBytes: Int { bytes - tensorBytes }
}

extension LoadedModel {
    /// What TFLM would need; nil where it refuses the model (dynamic-range layers).
    public func tflmEstimate() -> TFLMEstimate? {
        var copy = model
        var lives: [TensorLife] = []
        for index in 0..<copy.tensor_count {
            var (first, last): (UInt32, UInt32) = (0, 0)
            guard inference_lifetime(&copy, index, &first, &last),
                let tensor = TensorDescription(model, Int(index))
            else { continue }
            lives.append(TensorLife(bytes: (tensor.bytes + 15) / 16 * 16, first: Int(first), last: Int(last)))
        }
        var own = Sizes.fixed + Sizes.evalTensor * Int(copy.tensor_count) + Sizes.node * Int(copy.operator_count)
        own += Sizes.end * Int(copy.input_count + copy.output_count)
        for index in 0..<copy.operator_count {
            guard let cost = Self.cost(of: index, in: &copy, model) else { return nil }
            own += cost
        }
        let tensors = TensorLife.greedyArena(lives)
        // While it prepares, a record per tensor and the planner's own lie where tensors will.
        let preparing = own + Sizes.allocation * Int(copy.tensor_count) + Sizes.planned * lives.count
        return TFLMEstimate(bytes: (max(tensors + own, preparing) + 3) / 4 * 4, tensorBytes: tensors)
    }

    /// Bytes that TFLM keeps for an operator, its options included; nil = it does not run it.
    private static func cost(of index: UInt32, in copy: inout inference_model, _ model: inference_model) -> Int? {
        let output = TensorDescription(model, Int(inference_op_output(&copy, index)))
        let op = inference_op(rawValue: inference_get_op(&copy, index))
        switch op {
        case INFERENCE_CONV_2D, INFERENCE_DEPTHWISE_CONV_2D, INFERENCE_FULLY_CONNECTED:
            let input = TensorDescription(model, Int(inference_op_input(&copy, index, 0)))
            let weights = TensorDescription(model, Int(inference_op_input(&copy, index, 1)))
            if input?.isInt8 == false, weights?.isInt8 == true { return nil }
            if op == INFERENCE_FULLY_CONNECTED { return 64 }
            return (op == INFERENCE_CONV_2D ? 92 : 96) + 8 * (output?.shape.last ?? 0)
        case INFERENCE_ADD, INFERENCE_MUL: return 84
        case INFERENCE_MEAN, INFERENCE_AVERAGE_POOL_2D, INFERENCE_MAX_POOL_2D: return 60
        case INFERENCE_SOFTMAX: return 56
        case INFERENCE_RESHAPE: return 44
        case INFERENCE_LOGISTIC: return 8
        default: return 48
        }
    }

    private enum Sizes {
        static let fixed = 196
        static let evalTensor = 12
        static let node = 32
        static let end = 40
        static let allocation = 26
        static let planned = 40
    }
}

/// A tensor's bytes and the operators between which it lives.
private struct TensorLife {
    var bytes: Int
    var first: Int
    var last: Int
    var offset = 0

    /// The end of the arena with the largest tensors placed first, each into the first gap; none shares bytes. Of two
    /// alike the later one comes first, as in TFLM.
    static func greedyArena(_ lives: [TensorLife]) -> Int {
        var placed: [TensorLife] = []
        let order = lives.enumerated().sorted { ($0.element.bytes, $0.offset) > ($1.element.bytes, $1.offset) }
        for (_, life) in order {
            var life = life
            life.offset = 0
            let neighbours = placed.filter { $0.first <= life.last && life.first <= $0.last }
            for other in neighbours.sorted(by: { $0.offset < $1.offset }) {
                if life.offset + life.bytes <= other.offset { break }
                life.offset = max(life.offset, other.offset + other.bytes)
            }
            placed.append(life)
        }
        return placed.map { $0.offset + $0.bytes }.max() ?? 0
    }
}
