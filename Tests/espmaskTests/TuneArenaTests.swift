// `espmask tune-arena` on the virtual board.

import SystemPackage
import TestSupport
import Testing

@Suite("Tune the arena", .enabled(if: Peers.program("xtensa-lx106-elf-gcc") != nil, "no cross compiler"))
struct TuneArenaTests {
    private static func model(_ name: String) -> String {
        Peers.checkout.appending("models").appending(name + ".tflite").string
    }

    @Test("The planned arena works and four bytes less are refused with their number; the margin is left in force")
    func provesTheMinimum() async throws {
        let folder = try ScratchFolder()
        let tuned = try await BuiltProgram.run(
            ["tune-arena", "--model", Self.model("mask_mlp_7"), "--margin", "10", "--json"], in: folder.path)
        try #require(tuned.status == 0, "\(tuned.output)\(tuned.errors)")
        #expect(tuned.output.split(separator: "\n").count == 1)
        for part in [
            "\"boots\":2", "\"steps\":[{\"arena\":56,\"ok\":true},{\"arena\":52,\"ok\":false,\"missing\":4}]",
            "\"minimum\":56", "\"recommended\":64", "\"static_estimate\":56",
        ] {
            #expect(tuned.output.contains(part), "\(part) in \(tuned.output)")
        }

        let kept = try Peers.contents(of: folder.path.appending("espmask.yaml"))
        #expect(String(decoding: kept, as: UTF8.self).contains("arena: 64\n"))
        let run = try await BuiltProgram.run(["run", "--count", "1"], in: folder.path)
        #expect(run.status == 0, "\(run.output)\(run.errors)")
        #expect(run.output.contains("nothing to flash"), "\(run.output)")
        #expect(run.output.contains("its arena has 64 bytes, 56 used"), "\(run.output)")
        // The arena of one model is not another's.
        let other = try await BuiltProgram.run(
            ["run", "--count", "1", "--model", Self.model("mask_cnn_10")], in: folder.path)
        #expect(other.status == 0, "\(other.output)\(other.errors)")
    }

    @Test(
        "Of ten models the planned arena is the smallest that works, proven in two boots",
        .enabled(if: Peers.python("python") != nil, "no Python judges: make peers"))
    func tenModels() async throws {
        let folder = try ScratchFolder()
        let script = Peers.checkout.pushing("Tests/InferenceTests/peers/known_models.py")
        let python = try #require(Peers.python("python"))
        let made = try await Peers.run(python, [script.string, folder.path.appending("known").string])
        try #require(made.status == 0, "\(made.errors)")
        for name in [
            "cnn_10", "cnn_10_int8", "mlp_7", "mlp_5", "mlp_7_int8", "hello_world_float", "hello_world_int8",
            "kws_ref_model", "ad01_int8", "str_ww_ref_model", "micro_speech_quantized", "magic_wand",
        ] {
            let model = folder.path.appending("known").appending(name + ".tflite").string
            let info = try await BuiltProgram.run(["model", "info", model, "--json"], in: folder.path)
            let digits = try #require(info.output.firstMatch(of: /"arena":\{"bytes":(\d+)/)).1
            let planned = try #require(Int(digits))
            let tuned = try await BuiltProgram.run(["tune-arena", "--model", model, "--json"], in: folder.path)
            #expect(tuned.status == 0, "\(name): \(tuned.output)\(tuned.errors.suffix(400))")
            for part in [
                "\"minimum\":\(planned)", "\"boots\":2",
                "{\"arena\":\(planned),\"ok\":true},{\"arena\":\(planned - 4),\"ok\":false,\"missing\":4}",
            ] {
                #expect(tuned.output.contains(part), "\(name): \(part) in \(tuned.output)")
            }
        }
    }

    @Test("A margin that cannot be is refused", arguments: ["-1", "nan", "100000"])
    func refusesMargins(margin: String) async throws {
        let folder = try ScratchFolder()
        let result = try await BuiltProgram.run(["tune-arena", "--margin=\(margin)"], in: folder.path)
        #expect(result.status == 2, "\(result.errors)")
    }
}
