// `espmask train` and `fit`: what goes wrong before Python runs, and, where `make train-test` has left the environment,
// the whole way from photos to a size that runs.

import SystemPackage
import TestSupport
import Testing

@Suite("espmask train and fit")
struct TrainTests {
    private static let environment = Peers.checkout.appending(".venv-training")
    private static let isReady =
        (try? Peers.contents(of: environment.appending("espmask-requirements.txt")))
        == (try? Peers.contents(of: Peers.checkout.appending("training/requirements.txt")))
    private static let ready = ["ESPMASK_TRAINING": environment.string]

    @Test("A folder that is not there is named before anything is fetched", arguments: ["train", "fit"])
    func noFolder(verb: String) async throws {
        let folder = try ScratchFolder()
        let result = try await BuiltProgram.run([verb, "none", "--out", "out", "--json"], in: folder.path)
        #expect(result.status == 2 && result.output.contains("file-not-found"), "\(result.output)")
        let both = try await BuiltProgram.run([verb, ".", "--synthetic", "--out", "out"], in: folder.path)
        #expect(both.status == 2)
    }

    @Test("A Python that no wheels are for is named")
    func wrongPython() async throws {
        let folder = try ScratchFolder()
        try folder.write(Array("#!/bin/sh\necho 3.4 /opt/python\n".utf8), as: "python3.4")
        let python = folder.path.appending("python3.4")
        _ = try await Peers.run("/bin/chmod", ["755", python.string])
        let result = try await BuiltProgram.run(
            ["train", "--synthetic", "--out", "out"], in: folder.path,
            environment: ["ESPMASK_TRAINING": folder.path.appending("venv").string, "ESPMASK_PYTHON": python.string])
        #expect(result.status == 5 && result.errors.contains("only Python 3.4 was found"), "\(result.errors)")
    }

    @Test(
        "Without a network it says so, and what to do",
        .enabled(if: Peers.program("python3") != nil, "no Python"))
    func noNetwork() async throws {
        let folder = try ScratchFolder()
        let result = try await BuiltProgram.run(
            ["train", "--synthetic", "--out", "out"], in: folder.path,
            environment: [
                "ESPMASK_TRAINING": folder.path.appending("venv").string, "PIP_CONFIG_FILE": "/dev/null",
                "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_NO_CACHE_DIR": "1", "PIP_RETRIES": "0",
            ])
        try #require(!result.errors.contains("apt-get install python3"), "no Python that wheels are for")
        #expect(result.status == 5 && result.errors.contains("download-failed"), "\(result.errors)")
        #expect(result.errors.contains("PIP_FIND_LINKS"))
    }

    @Test("Folders that cannot be trained on are refused with their names", .enabled(if: isReady, "no .venv-training"))
    func badFolders() async throws {
        let picture = try Peers.contents(of: Peers.checkout.appending("models/samples/20x20/mask_0.png"))
        var huge = picture
        huge.replaceSubrange(16..<24, with: [0, 0, 0x4E, 0x20, 0, 0, 0x4E, 0x20])
        let cases: [(String, [String: [UInt8]], String)] = [
            ("one class", ["a/1.png": picture], "one class only (a)"),
            ("an empty class", ["a/1.png": picture, "b/x.txt": [0]], "b holds no .jpg or .png"),
            ("two photos", ["a/1.png": picture, "b/1.png": picture], "a has 1, b has 1"),
        ]
        for (name, files, words) in cases {
            let result = try await Self.train(files)
            #expect(result.status == 2 && result.errors.contains(words), "\(name): \(result.errors)")
        }
        for (name, bytes, words) in [
            ("a/9.jpg", Array("I am a text\n".utf8), "no PNG or JPEG"),
            ("b/9.png", huge, "20000 x 20000 pixels are too many"),
        ] {
            var files = [name: bytes]
            for index in 0..<5 { (files["a/\(index).png"], files["b/\(index).png"]) = (picture, picture) }
            let result = try await Self.train(files)
            #expect(result.status == 2 && result.errors.contains(name), "\(result.errors)")
            #expect(result.errors.contains(words), "\(result.errors)")
        }
    }

    private static func train(_ files: [String: [UInt8]]) async throws -> Peers.Outcome {
        let folder = try ScratchFolder()
        for (name, bytes) in files {
            try folder.makeFolders("in/" + name.prefix { $0 != "/" })
            try folder.write(bytes, as: "in/" + name)
        }
        return try await BuiltProgram.run(["train", "in", "--out", "out"], in: folder.path, environment: ready)
    }

    @Test(
        "Fit says by number what does not fit, and the size it recommends runs",
        .enabled(if: isReady, "no .venv-training"),
        .enabled(if: Peers.program("xtensa-lx106-elf-gcc") != nil, "no cross compiler"))
    func fit() async throws {
        let folder = try ScratchFolder()
        let result = try await BuiltProgram.run(
            ["fit", "--synthetic", "--count", "30", "--epochs", "3", "--sizes", "6,8,130", "--json"],
            in: folder.path, environment: Self.ready)
        #expect(result.status == 0, "\(result.output.suffix(400))\(result.errors)")
        let report = try #require(result.output.split(separator: "\n").last { $0.hasPrefix("{\"sizes\"") })
        #expect(report.matches(of: /"cycles":\d+/).count == 5)
        #expect(report.contains("\"code\":\"arena-too-small\"") && report.contains("the firmware leaves "))
        let file = try #require(report.firstMatch(of: /"recommended":\{"size":(\d+),"format":"\w+","file":"([^"]+)"/))
        let run = try await BuiltProgram.run(
            ["run", "--model", "fit/\(file.2)", "--count", "1", "--json"], in: folder.path)
        #expect(run.status == 0, "\(run.errors)")
        let plot = String(decoding: try Peers.contents(of: folder.path.appending("fit/fit.svg")), as: UTF8.self)
        #expect(plot.hasPrefix("<svg") && plot.contains("cycles on the board"))
    }

    @Test(
        "A photo in colour has the same pixels here and in training, whatever its format",
        .enabled(if: isReady, "no .venv-training"))
    func samePixels() async throws {
        let folder = try ScratchFolder()
        let script = """
            import sys; sys.path.insert(0, sys.argv[1])
            import cv2, numpy as np, photos, area
            lot = np.random.RandomState(1)
            rough = lot.randint(0, 256, (12, 9, 3)).astype(np.uint8)
            for name, size in (("a.png", (83, 61)), ("b.jpg", (211, 160)), ("c.jpg", (37, 44))):
                cv2.imwrite(name, cv2.resize(rough, size, interpolation=cv2.INTER_CUBIC))
                pixels = area.resized(photos.decoded(open(name, "rb").read()), 10, 10)
                open(name + ".csv", "w").write(",".join(str(v) for v in (pixels.astype(np.float32) - 127).ravel() / np.float32(128)))
            """
        let made = try await Peers.run(
            Self.environment.appending("bin").appending("python"),
            ["-c", script, Peers.checkout.appending("training").string], in: folder.path)
        try #require(made.status == 0, "\(made.errors)")
        let model = Peers.checkout.appending("models/mask_cnn_10.tflite").string
        for name in ["a.png", "b.jpg", "c.jpg"] {
            let result = try await BuiltProgram.run(
                ["predict", "--model", model, "--json", "--inputs", name, name + ".csv"], in: folder.path)
            let bits = result.output.matches(of: /"bits":\["([0-9a-f]{8})"\]/).map { String($0.1) }
            #expect(bits.count == 2 && bits.first == bits.last, "\(name): \(result.output)\(result.errors)")
        }
    }
}
