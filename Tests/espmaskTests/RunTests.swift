// `espmask run` and `flash` from the command line to the virtual board and back, as a user calls them.

import SystemPackage
import TestSupport
import Testing

@Suite("Run on the virtual board", .enabled(if: Peers.program("xtensa-lx106-elf-gcc") != nil, "no cross compiler"))
struct RunTests {
    private static let models = Peers.checkout.appending("models")

    private static func lines(_ result: Peers.Outcome, holding event: String) -> [Substring] {
        result.output.split(separator: "\n").filter { $0.contains("\"event\":\"\(event)\"") }
    }

    private static func text(_ key: String, of line: Substring) -> String? {
        let parts = line.split(separator: "\"\(key)\":", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 ? String(parts[1].prefix { $0 != "," && $0 != "}" }) : nil
    }

    @Test("The first run flashes, the second finds everything in place; both predict this machine's bits")
    func runsTwice() async throws {
        let folder = try ScratchFolder()
        let first = try await BuiltProgram.run(["run", "--count", "5", "--json"], in: folder.path)
        #expect(first.status == 0, "\(first.output)\(first.errors)")
        let done = try #require(Self.lines(first, holding: "done").first)
        #expect(Self.text("written", of: done).flatMap { Int($0) } ?? 0 > 10_000)
        let inferences = Self.lines(first, holding: "inference")
        #expect(inferences.count == 5)
        for line in inferences {
            #expect(Self.text("matches_host", of: line) == "true", "\(line)")
            #expect(line.contains("\"label\":\"mask\"") || line.contains("\"label\":\"no_mask\""))
        }
        #expect(Self.lines(first, holding: "boot").first?.contains("\"reset\":\"POWERON_RESET\"") == true)

        let second = try await BuiltProgram.run(["run", "--count", "1", "--json"], in: folder.path)
        #expect(second.status == 0, "\(second.errors)")
        let again = try #require(Self.lines(second, holding: "done").first)
        #expect(Self.text("written", of: again) == "0", "\(again)")
    }

    @Test(
        "Every sample of every demo model comes back with this machine's bits",
        arguments: [
            ("run_model_cnn", "mask_cnn_10"), ("run_model_cnn", "mask_cnn_10_int8"), ("run_model_cnn", "mask_mlp_7"),
            ("run_model_cnn", "mask_mlp_7_int8"),
        ])
    func predictsAllSamples(sketch: String, name: String) async throws {
        let folder = try ScratchFolder()
        let model = Self.models.appending(name + ".tflite").string
        let inputs = Self.models.appending("samples").appending(name + ".csv").string
        let result = try await BuiltProgram.run(
            ["run", sketch, "--model", model, "--inputs", inputs, "--json"], in: folder.path)
        #expect(result.status == 0, "\(result.output.suffix(400))\(result.errors)")
        let inferences = Self.lines(result, holding: "inference")
        #expect(inferences.count == 16)
        #expect(inferences.allSatisfy { Self.text("matches_host", of: $0) == "true" })
    }

    @Test("The PCA sketch transforms 400 pixels on the board as this machine does")
    func transformsOnTheBoard() async throws {
        let folder = try ScratchFolder()
        let result = try await BuiltProgram.run(["run", "run_model_pca_mlp", "--json"], in: folder.path)
        #expect(result.status == 0, "\(result.output.suffix(400))\(result.errors)")
        let inferences = Self.lines(result, holding: "inference")
        #expect(inferences.count == 5)
        #expect(inferences.allSatisfy { Self.text("matches_host", of: $0) == "true" })
    }

    @Test("A model that was packed with a build goes to the board with it, once, and is what predicts")
    func flashesPackedBuild() async throws {
        let folder = try ScratchFolder()
        let model = Self.models.appending("mask_mlp_7_int8.tflite").string
        let built = try await BuiltProgram.run(
            ["build", "run_model_cnn", "--output", "out", "--model", model, "--json"], in: folder.path)
        #expect(built.status == 0, "\(built.errors)")
        #expect(built.output.contains("\"offset\":\"0x110000\"") && built.output.contains("model.bin"))
        let first = try await BuiltProgram.run(["flash", "out", "--json"], in: folder.path)
        #expect(first.status == 0, "\(first.errors)")
        let heard = try await BuiltProgram.run(["monitor", "--until", "ready", "--timeout", "60"], in: folder.path)
        #expect(heard.status == 0 && heard.output.contains("model=mask_mlp_7_int8"), "\(heard.output)\(heard.errors)")
        let second = try await BuiltProgram.run(["flash", "out", "--json"], in: folder.path)
        #expect(Self.lines(second, holding: "done").first.map { Self.text("written", of: $0) } == "0")
        // Built again without a model, the folder has none.
        let again = try await BuiltProgram.run(
            ["build", "run_model_cnn", "--output", "out", "--json"], in: folder.path)
        #expect(again.status == 0 && !again.output.contains("model.bin"))
    }

    @Test("A model that cannot run is refused before anything is compiled")
    func refusesModelOfBuild() async throws {
        let folder = try ScratchFolder()
        let result = try await BuiltProgram.run(
            ["build", "run_model_cnn", "--output", "out", "--model", "missing.tflite"], in: folder.path)
        #expect(result.status == 2 && result.errors.contains("missing.tflite"))
        #expect((try? Peers.contents(of: folder.path.appending("out").appending("build.json"))) == nil)
    }

    @Test("A profile names every operator's cycles, the stack and the free memory, and changes no bits")
    func profiles() async throws {
        let folder = try ScratchFolder()
        let result = try await BuiltProgram.run(["run", "--count", "3", "--profile", "--json"], in: folder.path)
        #expect(result.status == 0, "\(result.output.suffix(400))\(result.errors)")
        let inferences = Self.lines(result, holding: "inference")
        #expect(inferences.count == 3 && inferences.allSatisfy { Self.text("matches_host", of: $0) == "true" })
        let profile = try #require(Self.lines(result, holding: "profile").first)
        let ops = profile.matches(of: /\{"index":(\d+),"op":"(\w+)","cycles":(\d+),"most":(\d+)\}/)
        #expect(
            ops.map(\.2) == ["DEPTHWISE_CONV_2D", "CONV_2D", "RESHAPE", "FULLY_CONNECTED", "LOGISTIC"], "\(profile)")
        let cycles = try #require(Self.text("cycles", of: profile).flatMap { Int($0) })
        #expect(abs(ops.reduce(0) { $0 + (Int($1.3) ?? 0) } - cycles) <= 5)
        // A regression here is one of the engine's speed on the board.
        #expect(cycles < 15_000, "\(profile)")
        let (stack, size) = (Self.text("stack", of: profile), Self.text("stack_size", of: profile))
        #expect(stack.flatMap { Int($0) }.map { $0 > 200 && $0 < 4096 } == true && size == "16384", "\(profile)")
        #expect(Self.text("free", of: profile).flatMap { Int($0) }.map { $0 > 200_000 } == true, "\(profile)")

        let table = try await BuiltProgram.run(["run", "--count", "1", "--profile"], in: folder.path)
        #expect(table.status == 0 && table.output.contains("1 CONV_2D"), "\(table.output)\(table.errors)")
        #expect(table.output.contains(" of 16384 bytes at the most"), "\(table.output)")
    }

    @Test("Another model goes to the other slot and needs no new firmware")
    func swapsModels() async throws {
        let folder = try ScratchFolder()
        var slots: [String?] = []
        for name in ["mask_cnn_10", "mask_cnn_10_int8", "mask_cnn_10"] {
            let model = Self.models.appending(name + ".tflite").string
            let result = try await BuiltProgram.run(["flash", "--model", model, "--json"], in: folder.path)
            #expect(result.status == 0, "\(result.errors)")
            let done = try #require(Self.lines(result, holding: "done").first)
            slots.append(Self.text("slot", of: done))
            if slots.count > 1 {
                #expect(done.contains("\"written\":0,\"label\":\"factory\""), "\(done)")
            }
        }
        #expect(slots == ["\"A\"", "\"B\"", "\"A\""])
    }

    @Test(
        "What cannot be run is refused before a board is touched, with the documented code",
        arguments: [
            (["--arena", "500"], 2, "arena-too-small"), (["--model", "absent.tflite"], 2, "file-not-found"),
            (["--model", "short.tflite"], 2, "model-invalid"), (["--model", "random.tflite"], 2, "model-invalid"),
            (["--inputs", "short.csv"], 2, "bad-inputs"), (["--scale", "100"], 2, "usage"),
            (["--count", "0"], 2, "usage"), (["no_such_sketch"], 2, "file-not-found"),
            (["--port", "virtual:other"], 3, "port-not-found"),
            (["--port", "/dev/no-such-device"], 3, "port-not-found"),
            (["--port", "nowhere://x"], 2, "usage"),
        ])
    func refuses(arguments: [String], status: Int, code: String) async throws {
        let folder = try ScratchFolder()
        let model = try Peers.contents(of: Self.models.appending("mask_cnn_10.tflite"))
        try folder.write(Array(model.prefix(3000)), as: "short.tflite")
        try folder.write((0..<4000).map { UInt8(truncatingIfNeeded: $0 &* 89 &+ $0 >> 3) }, as: "random.tflite")
        try folder.write(Array("1,2,3\n".utf8), as: "short.csv")
        let result = try await BuiltProgram.run(["run"] + arguments + ["--json"], in: folder.path)
        #expect(result.status == status, "\(result.output)\(result.errors)")
        #expect(result.output.contains("\"code\":\"\(code)\""), "\(result.output)")
        let flash = ".espmask/boards/esp32-devkitc-v4/flash.bin"
        #expect((try? Peers.contents(of: folder.path.pushing(FilePath(flash)))) == nil, "a board was touched")
    }

    @Test("A board whose model partition is blank is a sick firmware: exit 6, with the command that cures it")
    func namesABlankPartition() async throws {
        let folder = try ScratchFolder()
        let flashed = try await BuiltProgram.run(["flash", "--only", "firmware"], in: folder.path)
        #expect(flashed.status == 0, "\(flashed.errors)")
        let watched = try await BuiltProgram.run(
            ["monitor", "--until", "count=1", "--timeout", "2", "--json"], in: folder.path)
        #expect(watched.status == 6, "\(watched.output)\(watched.errors)")
        #expect(watched.output.contains("\"code\":\"model-missing\""), "\(watched.output)")
        #expect(watched.output.contains("espmask flash"), "\(watched.output)")
    }
}
