// The engine against other people's outputs: recorded ones of TensorFlow Lite Micro for the workshop's models
// (skipped where the shared data is absent), and those that come with the demo models.

import Foundation
import HostInference
import SystemPackage
import TestSupport
import Testing

private struct GoldenFile: Decodable {
    struct Case: Decodable {
        var input_f32_hex: [String]
        var output_f32_hex_tflm: [String]
    }
    var cases: [Case]
}

private struct ExpectedFile: Decodable {
    struct Outputs: Decodable { var bits: [String] }
    var outputs: [String: Outputs]
}

@Suite("Golden outputs")
struct GoldenTests {
    @Test(
        "The workshop's models give TFLM's bits for every recorded input",
        .enabled(if: Peers.shared("data/golden") != nil, "the shared data is not beside this checkout"),
        arguments: ["cnn_10", "mlp_7", "mlp_5"])
    func workshopModels(name: String) throws {
        let model = try #require(Peers.shared("data/workshop/\(name).tflite"))
        let golden = try #require(Peers.shared("data/golden/golden_\(name).json"))
        let file = try JSONDecoder().decode(GoldenFile.self, from: Data(try Peers.contents(of: golden)))
        let session = try InferenceSession(try LoadedModel(bytes: try Peers.contents(of: model)))
        #expect(file.cases.count >= 20)
        for record in file.cases {
            let sample = try record.input_f32_hex.map { digits in
                InputValue.real(Float(bitPattern: try #require(UInt32(digits, radix: 16))))
            }
            #expect(try session.run(sample).bits == record.output_f32_hex_tflm)
        }
        #expect(session.guardsAreIntact)
    }

    @Test(
        "The workshop's CNN fits into 1284 bytes, and 4 bytes less is refused with that number",
        .enabled(if: Peers.shared("data/workshop") != nil, "the shared data is not beside this checkout"))
    func workshopArena() throws {
        let path = try #require(Peers.shared("data/workshop/cnn_10.tflite"))
        let model = try LoadedModel(bytes: try Peers.contents(of: path))
        #expect(try model.plan().arenaBytes == 1284)
        #expect {
            _ = try InferenceSession(model, arenaLimit: 1280)
        } throws: { error in
            let refusal = error as? InferenceError
            return refusal?.code == .arenaTooSmall && refusal?.missing == 4
        }
    }

    @Test(
        "The demo models give the recorded bits for their samples",
        arguments: ["mask_cnn_10", "mask_cnn_10_int8", "mask_mlp_7", "mask_mlp_7_int8"])
    func demoModels(name: String) throws {
        let folder = Peers.checkout.appending("models")
        let model = try LoadedModel(bytes: try Peers.contents(of: folder.appending(name + ".tflite")))
        let text = String(
            decoding: try Peers.contents(of: folder.appending("samples").appending(name + ".csv")), as: UTF8.self)
        let session = try InferenceSession(model)
        let samples = try SampleFile.samples(in: text, for: model)
        let recorded = try Self.expected(name, folder.appending("samples").appending("expected.json").string)
        #expect(samples.count == recorded.count)
        for (sample, bits) in zip(samples, recorded) { #expect(try session.run(sample).bits == [bits]) }
    }

    private static func expected(_ name: String, _ path: String) throws -> [String] {
        let file = try JSONDecoder().decode(ExpectedFile.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        return try #require(file.outputs[name]).bits
    }

    @Test("A model cut at any byte is refused, never run")
    func truncatedModels() throws {
        let path = Peers.checkout.appending("models").appending("mask_cnn_10_int8.tflite")
        let whole = try Peers.contents(of: path)
        for length in 0..<whole.count - 64 {
            #expect(throws: InferenceError.self) { _ = try LoadedModel(bytes: Array(whole[..<length])) }
        }
    }
}
