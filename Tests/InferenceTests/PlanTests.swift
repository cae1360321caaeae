// The host's memory plans: as small as can be, by trying every placement on small models; never larger than the board's
// own; and the figures that well-known models must reach.

import HostInference
import InferenceC
import SystemPackage
import TestSupport
import Testing

@Suite("Memory plans")
struct PlanTests {
    /// Builtin operators that the models here are made of.
    private enum Op {
        static let add: UInt8 = 0
        static let concatenation: UInt8 = 2
        static let convolution: UInt8 = 3
        static let relu: UInt8 = 19
        static let maxPool: UInt8 = 17
    }

    /// A random graph of a few layers over small vectors, some of which may be written over their input.
    private static func smallGraph(_ random: inout Xorshift, layers: Int) -> [UInt8] {
        var model = ModelWriter()
        var shapes = [[1, 1, Int.random(in: 1...3, using: &random), Int.random(in: 1...2, using: &random)]]
        var alive = [model.tensor(shapes[0])]
        for _ in 0..<layers {
            let pick = Int.random(in: max(0, alive.count - 2)..<alive.count, using: &random)
            var shape = shapes[pick]
            let source = alive[pick]
            switch Int.random(in: 0..<5, using: &random) {
            case 0:
                let twin = alive.indices.filter { shapes[$0] == shape }.randomElement(using: &random) ?? pick
                alive.append(model.tensor(shape))
                model.op(Op.add, [source, alive[twin]], [alive[alive.count - 1]])
            case 1:
                shape[3] *= 2
                alive.append(model.tensor(shape))
                model.op(
                    Op.concatenation, [source, source], [alive[alive.count - 1]],
                    ModelWriter.Options(10, words: [0: 3]))
            case 2:
                // Ten channels from one pixel go through scratch where they are written over it.
                let channels = Int.random(in: 0..<3, using: &random) == 0 ? 10 : Int.random(in: 1...3, using: &random)
                let weights = [Float](repeating: 0.5, count: channels * shape[3])
                let filter = model.tensor([channels, 1, 1, shape[3]], constant: ModelWriter.bytes(of: weights))
                shape[3] = channels
                alive.append(model.tensor(shape))
                model.op(
                    Op.convolution, [source, filter], [alive[alive.count - 1]],
                    ModelWriter.Options(1, words: [1: 1, 2: 1], bytes: [0: 1]))
            case 3 where shape[2] > 1:
                shape[2] -= 1
                alive.append(model.tensor(shape))
                model.op(
                    Op.maxPool, [source], [alive[alive.count - 1]],
                    ModelWriter.Options(5, words: [1: 1, 2: 1, 3: 2, 4: 1], bytes: [0: 1]))
            case _:
                alive.append(model.tensor(shape))
                model.op(Op.relu, [source], [alive[alive.count - 1]])
            }
            shapes.append(shape)
        }
        let ends = Bool.random(using: &random) ? [alive[alive.count - 1]] : Array(alive.suffix(2))
        return model.file(inputs: [alive[0]], outputs: ends)
    }

    /// Whether any placement below `limit` bytes stands the engine's check; nil = too many to try.
    private static func fits(_ model: LoadedModel, below limit: Int) -> Bool? {
        let plan: MemoryPlan
        do { plan = try model.plan() } catch { return nil }
        let arena = limit - 4
        var positions = 1
        for tensor in plan.tensors {
            positions *= max(0, (arena - tensor.tensor.bytes) / 4 + 1)
            guard positions <= 60_000 else { return nil }
        }
        var words = [UInt32(arena)] + plan.offsets
        for code in 0..<positions {
            var rest = code
            for tensor in plan.tensors {
                let choices = (arena - tensor.tensor.bytes) / 4 + 1
                words[tensor.tensor.index + 1] = UInt32(4 * (rest % choices))
                rest /= choices
            }
            if model.accepts(planWords: words) { return true }
        }
        return false
    }

    @Test("No placement of a small graph's tensors is smaller than the planned one")
    func exactOnSmallGraphs() throws {
        let seed = Peers.seed(named: "ESPMASK_SEED", upTo: 10_000)
        var random = Xorshift(state: UInt64(seed))
        var tried = 0
        for round in 0..<400 where tried < 60 {
            let model = try LoadedModel(bytes: Self.smallGraph(&random, layers: 2 + round % 3))
            let plan = try model.plan()
            #expect(plan.isProven && model.accepts(planWords: plan.words), "ESPMASK_SEED=\(seed), graph \(round)")
            guard let smaller = Self.fits(model, below: plan.arenaBytes) else { continue }
            #expect(!smaller, "ESPMASK_SEED=\(seed), graph \(round): \(plan.arenaBytes) bytes")
            tried += 1
        }
        #expect(tried >= 30, "ESPMASK_SEED=\(seed)")
    }

    @Test("The host's plan is never larger than the board's own, and sometimes smaller")
    func neverWorse() throws {
        let seed = Peers.seed(named: "ESPMASK_SEED", upTo: 10_000)
        var random = Xorshift(state: UInt64(seed))
        var smaller = 0
        for round in 0..<300 {
            let layers = round % 20 == 0 ? 90 : 3 + round % 25
            let model = try LoadedModel(bytes: Self.smallGraph(&random, layers: layers))
            let (plan, greedy) = (try model.plan(), try model.greedyPlan())
            #expect(plan.arenaBytes <= greedy.arenaBytes, "ESPMASK_SEED=\(seed), graph \(round)")
            #expect(model.accepts(planWords: plan.words), "ESPMASK_SEED=\(seed), graph \(round)")
            smaller += plan.arenaBytes < greedy.arenaBytes ? 1 : 0
        }
        #expect(smaller > 0, "ESPMASK_SEED=\(seed)")
    }

    /// What a model's arena may take, by the name of its file.
    private static let figures = [
        ("cnn_10", 1300), ("mlp_7", 64), ("vww_96_int8", 40_000), ("kws_ref_model", 9290), ("person_detect", 40_500),
        ("pretrainedResnet_quant", 36_640), ("magic_wand", 4610), ("str_ww_ref_model", 4083), ("ad01_int8", 768),
        ("micro_speech_quantized", 4581), ("simple_add_model", 32_768), ("hello_world_int8", 32),
        ("hello_world_float", 128),
    ]

    private static let folder = Peers.setting("ESPMASK_MODELS").map { FilePath($0) }

    @Test(
        "Models of the same layers as well-known ones need no more than this, and the plan is proven",
        .enabled(if: Peers.python("python") != nil, "no Python judges: make peers"))
    func lookAlikes() async throws {
        let folder = try ScratchFolder()
        let script = Peers.checkout.pushing("Tests/InferenceTests/peers/known_models.py")
        let made = try await Peers.run(try #require(Peers.python("python")), [script.string, folder.path.string])
        try #require(made.status == 0, "\(made.errors)")
        for (name, most) in Self.figures where name != "simple_add_model" {
            try Self.check(folder.path, name, most)
        }
    }

    @Test(
        "Well-known models need no more than this, and the plan is proven",
        .enabled(if: folder != nil, "ESPMASK_MODELS names no folder with the models of MLPerf Tiny and TFLM"),
        arguments: figures)
    func knownModels(name: String, most: Int) throws {
        try Self.check(try #require(Self.folder), name, most)
    }

    private static func check(_ folder: FilePath, _ name: String, _ most: Int) throws {
        let model = try LoadedModel(bytes: try Peers.contents(of: folder.appending(name + ".tflite")))
        let plan = try model.plan()
        #expect(plan.arenaBytes <= most, "\(name)")
        #expect(plan.isProven, "\(name)")
        #expect(model.accepts(planWords: plan.words), "\(name)")
    }

    /// TFLM's smallest working arena on a 32-bit machine.
    private static let tflmArenas = [
        ("cnn_10", 3508), ("mlp_7", 1224), ("hello_world_float", 1100), ("hello_world_int8", 1100),
        ("micro_speech_quantized", 6808), ("magic_wand", 9176), ("person_detect", 82_296), ("kws_ref_model", 22_780),
        ("ad01_int8", 2808), ("pretrainedResnet_quant", 54_360), ("vww_96_int8", 100_668),
        ("str_ww_ref_model", 15_272), ("simple_add_model", 49_628),
    ]

    @Test(
        "What TFLM would need is estimated within two percent of what was measured",
        .enabled(if: folder != nil, "ESPMASK_MODELS names no folder with the models of MLPerf Tiny and TFLM"),
        arguments: tflmArenas)
    func estimatesTFLM(name: String, measured: Int) throws {
        let path = try #require(Self.folder).appending(name + ".tflite")
        let model = try LoadedModel(bytes: try Peers.contents(of: path))
        let estimate = try #require(model.tflmEstimate())
        #expect(abs(estimate.bytes - measured) * 50 <= measured, "\(estimate)")
    }

    @Test("With its ends in the caller's memory a model needs less, and gives the same outputs")
    func endsOutside() throws {
        let path = Peers.checkout.appending("models").appending("mask_cnn_10.tflite")
        let file = try Peers.contents(of: path)
        let inside = try InferenceSession(try LoadedModel(bytes: file))
        let sample = (0..<100).map { InputValue.real(Float($0 % 7) / 7 - 0.3) }
        let expected = try inside.run(sample).bits

        let storage = UnsafeMutableRawBufferPointer.allocate(byteCount: file.count, alignment: 16)
        defer { storage.deallocate() }
        storage.copyBytes(from: file)
        var model = inference_model()
        var error = inference_error()
        #expect(inference_open(&model, storage.baseAddress, file.count, &error) == INFERENCE_OK)
        inference_keep_ends_outside(&model)
        var words = [UInt32](repeating: 0, count: Int(inference_exact_workspace_words(&model)))
        var bytes: UInt32 = 0
        var proven = false
        #expect(
            inference_plan_exactly(&model, &words, UInt32(words.count), 400, &bytes, &proven, &error) == INFERENCE_OK)
        #expect(Int(bytes) <= inside.plan.arenaBytes)
        let plan = [bytes] + words.prefix(Int(model.tensor_count))
        let arena = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(bytes), alignment: 16)
        defer { arena.deallocate() }
        let input: [Float] = (0..<100).map { Float($0 % 7) / 7 - 0.3 }
        var output: Float = 0
        plan.withUnsafeBufferPointer { plan in
            var engine = inference_engine()
            #expect(
                inference_start(
                    &engine, &model, plan.baseAddress, UInt32(plan.count), arena.baseAddress, bytes, &error)
                    == INFERENCE_OK)
            #expect(engine.used_bytes == bytes)
            #expect(inference_invoke(&engine, &error) == INFERENCE_INPUT_MISMATCH)
            input.withUnsafeBufferPointer { input in
                withUnsafeMutablePointer(to: &output) { output in
                    #expect(inference_bind_input(&engine, 0, input.baseAddress, &error) == INFERENCE_OK)
                    #expect(inference_bind_output(&engine, 0, output, &error) == INFERENCE_OK)
                    #expect(inference_bind_output(&engine, 1, output, &error) == INFERENCE_INPUT_MISMATCH)
                    #expect(inference_invoke(&engine, &error) == INFERENCE_OK)
                }
            }
        }
        let digits = String(output.bitPattern, radix: 16)
        #expect([String(repeating: "0", count: 8 - digits.count) + digits] == expected)
    }
}
