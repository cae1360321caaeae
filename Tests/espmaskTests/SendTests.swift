// `espmask send` and pictures in `predict`: the same picture gives the same bits here and on the virtual board.

import SystemPackage
import TestSupport
import Testing

@Suite("espmask send", .enabled(if: Peers.program("xtensa-lx106-elf-gcc") != nil, "no cross compiler"))
struct SendTests {
    private static let samples = Peers.checkout.appending("models/samples/60x60")
    /// No environment of training: whole pictures are sent.
    private static let alone = ["ESPMASK_TRAINING": "/nonexistent"]

    private static func flashed(_ sketch: String = "run_model_cnn") async throws -> ScratchFolder {
        let folder = try ScratchFolder()
        let result = try await BuiltProgram.run(["flash", sketch], in: folder.path)
        try #require(result.status == 0, "\(result.errors)")
        return folder
    }

    private static func bits(_ text: String, key: String = "bits") -> [String] {
        text.split(separator: "\n").compactMap { (line: Substring) -> String? in
            guard let range = line.firstRange(of: "\"\(key)\":[\"") else { return nil }
            return String(line.suffix(from: range.upperBound).prefix { $0 != "\"" })
        }
    }

    @Test("A picture's prediction comes back with its label and this machine's bits")
    func images() async throws {
        let folder = try await Self.flashed()
        let pictures = ["mask_0.png", "no_mask_0.png"].map { Self.samples.appending($0).string }
        let sent = try await BuiltProgram.run(
            ["send", "--json", "--image"] + pictures, in: folder.path, environment: Self.alone)
        #expect(sent.status == 0, "\(sent.output)\(sent.errors)")
        let model = Peers.checkout.appending("models/mask_cnn_10.tflite").string
        let predicted = try await BuiltProgram.run(
            ["predict", "--model", model, "--json", "--inputs"] + pictures, in: folder.path)
        #expect(Self.bits(sent.output).count == 2 && Self.bits(sent.output) == Self.bits(predicted.output))
        #expect(sent.output.matches(of: /"matches_host":true/).count == 2)
        #expect(sent.output.contains("\"label\":\"mask\"") && sent.output.contains("\"label\":\"no_mask\""))
        #expect(sent.errors.contains("whole pictures are sent"))
    }

    @Test("A person sees the picture and what was made of it")
    func text() async throws {
        let folder = try await Self.flashed()
        let sent = try await BuiltProgram.run(
            ["send", "--no-crop", "--image", Self.samples.appending("mask_1.png").string], in: folder.path)
        #expect(sent.status == 0, "\(sent.errors)")
        #expect(sent.output.contains("predicted ") && sent.output.contains("same bits as this machine"))
        #expect(sent.output.contains("▀") || sent.output.contains("▄") || sent.output.contains("█"))
    }

    @Test("The PCA sketch takes pictures too, scaler and PCA included")
    func transform() async throws {
        let folder = try await Self.flashed("run_model_pca_mlp")
        let sent = try await BuiltProgram.run(
            ["send", "--sketch", "run_model_pca_mlp", "--no-crop", "--json", "--image"]
                + [Self.samples.appending("no_mask_2.png").string], in: folder.path)
        #expect(sent.status == 0 && sent.output.contains("\"matches_host\":true"), "\(sent.output)\(sent.errors)")
    }

    @Test("A file of inputs goes line by line")
    func inputs() async throws {
        let folder = try await Self.flashed()
        let file = Peers.checkout.appending("models/samples/mask_cnn_10.csv").string
        let sent = try await BuiltProgram.run(["send", "--inputs", file, "--json"], in: folder.path)
        #expect(sent.status == 0 && sent.output.matches(of: /"matches_host":true/).count == 16, "\(sent.errors)")
    }

    @Test("Every picture of a watched folder is sent, and what is none is passed over with a word")
    func watch() async throws {
        let folder = try await Self.flashed()
        try folder.makeFolders("in")
        for name in ["mask_0.png", "no_mask_0.png"] {
            try folder.write(try Peers.contents(of: Self.samples.appending(name)), as: "in/\(name)")
        }
        try folder.write(Array("no picture".utf8), as: "in/a.jpg")
        try folder.write(Array("not looked at".utf8), as: "in/a.txt")
        let sent = try await BuiltProgram.run(
            ["send", "--watch", "in", "--count", "2", "--no-crop", "--json"], in: folder.path)
        #expect(sent.status == 0 && Self.bits(sent.output).count == 2, "\(sent.output)\(sent.errors)")
        #expect(sent.errors.contains("in/a.jpg is no PNG or JPEG picture") && !sent.errors.contains("a.txt"))
    }

    @Test("What cannot be sent is said before the board is touched")
    func errors() async throws {
        let folder = try ScratchFolder()
        try folder.write(Array("text".utf8), as: "a.jpg")
        let cases: [([String], Int, String)] = [
            (["--image", "a.jpg"], 2, "bad-inputs"), (["--image", "none.png"], 2, "file-not-found"),
            (["--watch", "none"], 2, "file-not-found"), (["--camera", "--device", "/dev/none"], 3, "port-not-found"),
            ([], 2, "usage"), (["--camera", "--watch", "."], 2, "usage"),
            (["--watch", ".", "--every", "0"], 2, "usage"),
        ]
        for (arguments, status, code) in cases {
            let result = try await BuiltProgram.run(
                ["send", "--json"] + arguments, in: folder.path, environment: Self.alone)
            #expect(result.status == status && result.output.contains(code), "\(arguments): \(result.output)")
        }
        let crop = try await BuiltProgram.run(
            ["predict", "--model", Peers.checkout.appending("models/mask_cnn_10.tflite").string, "--crop", "--inputs"]
                + [Self.samples.appending("mask_0.png").string], in: folder.path, environment: Self.alone)
        #expect(crop.status == 5 && crop.errors.contains("tool-missing"))
    }
}
