// `espmask evaluate` as a user calls it: the report, the gates for CI, damage of every kind, and the board.

import SystemPackage
import TestSupport
import Testing

@Suite("espmask evaluate")
struct EvaluateTests {
    private static func evaluate(
        _ artifacts: DemoArtifacts, _ more: [String] = []
    ) async throws -> Peers.Outcome {
        let folder = try ScratchFolder()
        return try await BuiltProgram.run(["evaluate", artifacts.folder.path.string] + more, in: folder.path)
    }

    @Test("Prints a report of each model and all forms side by side")
    func report() async throws {
        let result = try await Self.evaluate(try DemoArtifacts())
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("cnn float32\n              precision    recall  f1-score   support\n\n"))
        #expect(result.output.contains("\n        mask       "))
        #expect(result.output.contains("\nweighted avg       "))
        #expect(result.output.contains("16 pictures, 4 of them in the test part"))
        for title in ["baseline float64", "mlp float32", "mlp int8", "cnn dynamic", "cnn int8"] {
            #expect(result.output.contains("\n\(title) "), "\(title)")
        }
    }

    @Test("The predictions are those that TensorFlow Lite Micro made of the same samples")
    func predictions() async throws {
        let result = try await Self.evaluate(try DemoArtifacts(), ["--json"])
        #expect(result.status == 0, "\(result.errors)")
        let expected = String(
            decoding: try Peers.contents(of: Peers.checkout.appending("models/samples/expected.json")), as: UTF8.self)
        for (name, format, model) in [
            ("cnn", "float32", "mask_cnn_10"), ("cnn", "int8", "mask_cnn_10_int8"), ("mlp", "float32", "mask_mlp_7"),
            ("mlp", "int8", "mask_mlp_7_int8"),
        ] {
            let part = try #require(
                result.output.components(from: "\"name\":\"\(name)\",\"format\":\"\(format)\""))
            let own = part.prefix { $0 != "\u{0}" }.matches(of: /"bits":\["([0-9a-f]+)"\]/).prefix(16).map {
                String($0.1)
            }
            let theirs = try #require(expected.components(from: "\"\(model)\": {"))
                .matches(of: /"([0-9a-f]{2}|[0-9a-f]{8})"/).prefix(16).map { String($0.1) }
            #expect(own == theirs, "\(model)")
        }
    }

    @Test("Ends with 1 where a model is less accurate than was asked, or than before")
    func gates() async throws {
        let artifacts = try DemoArtifacts()
        let low = try await Self.evaluate(artifacts, ["--min-accuracy", "1.0", "--json"])
        #expect(low.status == 1 && low.output.contains("accuracy-too-low"))
        let good = try await Self.evaluate(artifacts, ["--min-accuracy", "0.4"])
        #expect(good.status == 0, "\(good.errors)")
        let other = try DemoArtifacts()
        let same = try await Self.evaluate(artifacts, ["--compare", other.folder.path.string])
        #expect(same.status == 0 && same.output.contains("before"), "\(same.errors)")
        // A baseline that says the opposite is worse than the one before.
        let worse = try DemoArtifacts()
        let flipped = DemoArtifacts.numPy(
            "<f8", [-1.0, 0, 0, 0, 0, 0, 0].flatMap { value in withUnsafeBytes(of: value) { Array($0) } },
            shape: [1, 7])
        try worse.replace("arrays/baseline_coef.npy", with: flipped)
        let outcomes = [
            try await Self.evaluate(worse, ["--compare", artifacts.folder.path.string]),
            try await Self.evaluate(artifacts, ["--compare", worse.folder.path.string]),
        ]
        #expect(outcomes.map(\.status).sorted() == [0, 1])
    }

    @Test(
        "Any changed byte of any file is noticed, and the file named",
        arguments: [
            "arrays/X.npy", "arrays/y.npy", "arrays/parts.npy", "arrays/pca_components.npy", "mask_cnn_10.tflite",
            "mask_mlp_7_int8.tflite", "pca_7.bin", "any.keras",
        ])
    func damage(name: String) async throws {
        let artifacts = try DemoArtifacts()
        var bytes = try Peers.contents(of: artifacts.folder.path.pushing(FilePath(name)))
        bytes[bytes.count / 2] ^= 1
        try artifacts.folder.write(bytes, as: name)
        let result = try await Self.evaluate(artifacts)
        #expect(result.status == 2 && result.errors.contains("\(name) is damaged"), "\(result.errors)")
    }

    @Test("A file that is gone is named")
    func gone() async throws {
        let artifacts = try DemoArtifacts()
        try artifacts.edit("arrays/X.npy", to: "arrays/Z.npy")
        let result = try await Self.evaluate(artifacts)
        #expect(result.status == 2 && result.errors.contains("file-not-found") && result.errors.contains("Z.npy"))
    }

    @Test("Arrays of another shape, type or with no finite numbers are refused, however well they are signed")
    func wrongArrays() async throws {
        let zeros = [UInt8](repeating: 0, count: 64)
        let nan = withUnsafeBytes(of: Double.nan) { Array($0) }
        let cases: [(String, [UInt8])] = [
            ("arrays/y.npy", DemoArtifacts.numPy("<i8", zeros, shape: [8])),
            ("arrays/y.npy", DemoArtifacts.numPy("<f4", zeros, shape: [16])),
            ("arrays/baseline_intercept.npy", DemoArtifacts.numPy("<f8", nan, shape: [1])),
            ("arrays/baseline_intercept.npy", Array("\u{80}\u{3}cos\nsystem\n".utf8)),
            ("arrays/baseline_intercept.npy", DemoArtifacts.numPy("|O", zeros, shape: [1])),
            ("arrays/parts.npy", DemoArtifacts.numPy("|u1", [UInt8](repeating: 9, count: 16), shape: [16])),
            ("pca_7.bin", zeros),
        ]
        for (name, bytes) in cases {
            let artifacts = try DemoArtifacts()
            try artifacts.replace(name, with: bytes)
            let result = try await Self.evaluate(artifacts, ["--json"])
            #expect(result.status == 2, "\(name): \(result.output)")
            #expect(result.output.contains("bad-inputs") || result.output.contains("model-invalid"), "\(result.output)")
        }
    }

    @Test("A map that is not what scaler and PCA fold into is refused")
    func otherMap() async throws {
        let artifacts = try DemoArtifacts()
        var bytes = try Peers.contents(of: artifacts.folder.path.appending("pca_7.bin"))
        bytes[8 + 4 * 500 + 3] ^= 0x80
        try artifacts.replace("pca_7.bin", with: bytes)
        let result = try await Self.evaluate(artifacts)
        #expect(result.status == 2 && result.errors.contains("not what scaler and PCA fold into"), "\(result.errors)")
    }

    @Test(
        "A ci_artifacts.json that says something else is refused",
        arguments: [
            ("\"version\": 1", "\"version\": 2"), ("\"arrays/X.npy\"", "\"../X.npy\""),
            ("\"arrays/X.npy\"", "\"/etc/passwd\""), ("\"shape\": [16, 400]", "\"shape\": [400, 16]"),
            ("[\"scaler\", \"pca\"]", "[\"pca\"]"), ("\"threshold\": 0.5", "\"threshold\": \"x\""),
            ("\"scale\": 128", "\"scale\": 255"), ("{\"version\"", "[\"version\""),
            ("\"encoder\": {\"classes\": [\"mask\", \"no_mask\"]}", "\"encoder\": {\"classes\": [\"mask\"]}"),
        ])
    func wrongWords(old: String, new: String) async throws {
        let artifacts = try DemoArtifacts()
        try artifacts.edit(old, to: new)
        let result = try await Self.evaluate(artifacts)
        #expect(result.status == 2 && result.errors.contains("bad-inputs"), "\(result.errors)")
    }

    @Test("A folder without artifacts, or none at all, is said to be so")
    func nothing() async throws {
        let folder = try ScratchFolder()
        for name in [".", "none"] {
            let result = try await BuiltProgram.run(["evaluate", name], in: folder.path)
            #expect(result.status == 2 && result.errors.contains("file-not-found"), "\(result.errors)")
        }
    }

    @Test(
        "On the virtual board every form of every network gives this machine's bits, scaler and PCA included",
        .enabled(if: Peers.program("xtensa-lx106-elf-gcc") != nil, "no cross compiler"))
    func board() async throws {
        let result = try await Self.evaluate(try DemoArtifacts(), ["--port", "virtual:", "--json"])
        #expect(result.status == 0, "\(result.output.suffix(300))\(result.errors)")
        let answers = result.output.matches(of: /"board":\{"predictions":(\d+),"differing":(\d+),"us":(\d+)\}/)
        #expect(answers.count == 6 && answers.allSatisfy { $0.1 == "16" && $0.2 == "0" }, "\(answers)")
    }
}

extension String {
    /// What comes behind a text; nil where it is not there.
    fileprivate func components(from marker: String) -> Substring? {
        firstRange(of: marker).map { suffix(from: $0.upperBound) }
    }
}
