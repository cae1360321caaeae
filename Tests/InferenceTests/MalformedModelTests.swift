// Models that are cut, flipped or lie: each is refused with a code and what it is about, or runs inside its arena;
// none may crash. The same engine runs under the sanitizers with `make sanitize`.

import HostInference
import SystemPackage
import TestSupport
import Testing

@Suite("Malformed models")
struct MalformedModelTests {
    private static func demo(_ name: String) throws -> [UInt8] {
        try Peers.contents(of: Peers.checkout.appending("models").appending(name + ".tflite"))
    }

    /// Opens, plans and runs; what is refused is refused with an error of ours.
    private static func attempt(_ bytes: [UInt8]) throws(InferenceError) {
        let model = try LoadedModel(bytes: bytes)
        let session = try InferenceSession(model)
        let inputs = [UInt8](repeating: 1, count: model.inputs.reduce(0) { $0 + $1.bytes })
        _ = session.run(bytes: inputs)
        if !session.guardsAreIntact { Issue.record("an operator wrote outside the arena") }
    }

    @Test("Cut at any byte, a model is refused or runs", arguments: ["mask_mlp_7", "mask_cnn_10_int8"])
    func cutAnywhere(name: String) throws {
        let whole = try Self.demo(name)
        var refused = 0
        for length in 0..<whole.count {
            do { try Self.attempt(Array(whole[..<length])) } catch {
                #expect(error.code == .modelInvalid && !error.message.isEmpty, "\(length): \(error)")
                refused += 1
            }
        }
        // Whatever is cut off but padding at the very end is missed.
        #expect(refused > whole.count - 64)
    }

    @Test("With any byte changed, a model is refused or runs", arguments: ["mask_mlp_7", "mask_cnn_10_int8"])
    func flippedAnywhere(name: String) throws {
        let whole = try Self.demo(name)
        let seed = Peers.seed(named: "ESPMASK_SEED", upTo: 10_000)
        var random = Xorshift(state: UInt64(seed))
        var refused = 0
        for at in whole.indices {
            var bytes = whole
            bytes[at] ^= UInt8.random(in: 1...255, using: &random)
            do { try Self.attempt(bytes) } catch {
                #expect(!error.message.isEmpty && !error.hint.isEmpty, "ESPMASK_SEED=\(seed) at \(at)")
                refused += 1
            }
        }
        #expect(refused > whole.count / 10, "ESPMASK_SEED=\(seed)")
    }

    /// A lie, and what has to be said of it.
    struct Lie: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var code: InferenceError.Code
        /// What the message must contain.
        var says: String
        var tell: @Sendable (inout FlatbufferEditor) throws -> Void
    }

    static let lies: [Lie] = [
        Lie(testDescription: "another identifier", code: .modelInvalid, says: "TFL3") { $0.bytes[4] = 0x55 },
        Lie(testDescription: "a root outside the file", code: .modelInvalid, says: "byte 0") {
            $0.write(0x7FFF_FFF0, at: 0)
        },
        Lie(testDescription: "schema version 4", code: .modelSchemaMismatch, says: "version 4") {
            $0.write(4, at: try $0.field(0, of: $0.root))
        },
        Lie(testDescription: "more operators than bytes", code: .modelInvalid, says: "offset at byte") {
            $0.write(0x4000_0000, at: try $0.vector(3, of: try $0.graph).at - 4)
        },
        Lie(testDescription: "no operators", code: .modelInvalid, says: "no subgraph") {
            $0.write(0, at: try $0.vector(3, of: try $0.graph).at - 4)
        },
        Lie(testDescription: "a tensor's table outside the file", code: .modelInvalid, says: "offset at byte") {
            $0.write(0x7FFF_FFFF, at: try $0.vector(0, of: try $0.graph).at)
        },
        Lie(testDescription: "an operator that is not there", code: .opMissing, says: "EMBEDDING_LOOKUP (number 0)") {
            $0.bytes[try $0.field(0, of: try $0.operatorCode(0))] = 7
        },
        Lie(testDescription: "an operator code that no table has", code: .modelInvalid, says: "operator code") {
            // The last operator's: that of the first is the default and absent.
            let operators = try $0.vector(3, of: try $0.graph)
            $0.write(99, at: try $0.field(0, of: try $0.element(operators.count - 1, of: operators)))
        },
        Lie(testDescription: "an input index that no tensor has", code: .modelInvalid, says: "no tensor 1000") {
            $0.write(1000, at: try $0.vector(1, of: try $0.operation(0)).at)
        },
        Lie(testDescription: "an operator that reads its own output", code: .modelInvalid, says: "before it is written")
        {
            let own = $0.read(at: try $0.vector(2, of: try $0.operation(0)).at)
            $0.write(own, at: try $0.vector(1, of: try $0.operation(0)).at)
        },
        Lie(testDescription: "an int16 tensor", code: .modelUnsupported, says: "int16") {
            $0.bytes[try $0.field(1, of: try $0.inputTensor())] = 7
        },
        Lie(testDescription: "a dimension of zero", code: .modelInvalid, says: "shape") {
            $0.write(0, at: try $0.vector(0, of: try $0.inputTensor()).at + 4)
        },
        Lie(testDescription: "a dimension of two thousand million", code: .modelInvalid, says: "shape") {
            $0.write(0x7FFF_FFFF, at: try $0.vector(0, of: try $0.inputTensor()).at + 4)
        },
        Lie(testDescription: "weights of another shape than their bytes", code: .modelInvalid, says: "fewer") {
            let weights = $0.read(at: try $0.vector(1, of: try $0.operation(0)).at + 4)
            $0.write(4000, at: try $0.vector(0, of: try $0.tensor(Int(weights))).at + 4)
        },
        Lie(testDescription: "a buffer that does not exist", code: .modelInvalid, says: "buffer") {
            $0.write(1000, at: try $0.field(2, of: try $0.inputTensor()))
        },
        Lie(testDescription: "a scale that is not a number", code: .modelInvalid, says: "scale") {
            let quantization = try $0.table(4, of: try $0.inputTensor())
            $0.write(0x7FC0_0000, at: try $0.vector(2, of: quantization).at)
        },
        Lie(testDescription: "a zero point outside int8", code: .modelInvalid, says: "zero point") {
            let quantization = try $0.table(4, of: try $0.inputTensor())
            $0.write(200, at: try $0.vector(3, of: quantization).at)
        },
        Lie(testDescription: "a stride of zero", code: .modelUnsupported, says: "DEPTHWISE_CONV_2D (number 0)") {
            $0.write(0, at: try $0.field(1, of: try $0.table(4, of: try $0.operation(0))))
        },
    ]

    @Test("A lie in the file is named", arguments: lies)
    func namedLie(lie: Lie) throws {
        var editor = FlatbufferEditor(bytes: try Self.demo("mask_cnn_10_int8"))
        try lie.tell(&editor)
        let bytes = editor.bytes
        #expect {
            try Self.attempt(bytes)
        } throws: { error in
            guard let refusal = error as? InferenceError else { return false }
            return refusal.code == lie.code && refusal.message.contains(lie.says) && !refusal.hint.isEmpty
        }
    }

    @Test("A plan with two live tensors in the same bytes, or one outside the arena, is not accepted")
    func badPlans() throws {
        let model = try LoadedModel(bytes: try Self.demo("mask_cnn_10"))
        let good = try model.plan()
        #expect(model.accepts(planWords: good.words))
        #expect(!model.accepts(planWords: []))
        #expect(!model.accepts(planWords: Array(good.words.dropLast())))
        for tensor in good.tensors {
            let at = tensor.tensor.index + 1
            for wrong in [good.arenaBytes, Int(UInt32.max), good.arenaBytes - tensor.tensor.bytes + 2, 0xFFFF_FFFC] {
                var words = good.words
                words[at] = UInt32(wrong)
                #expect(!model.accepts(planWords: words), "tensor \(tensor.tensor.index) at \(wrong)")
            }
        }
        var smaller = good.words
        smaller[0] -= 4
        #expect(!model.accepts(planWords: smaller))
    }
}

/// A small seeded generator.
struct Xorshift: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
