// Boards, sketches, and the folder they are found in.

import SystemPackage
import TestSupport
import Testing
import Toolchain

@Suite("Boards and sketches")
struct Settings {
    let home = ProjectHome(root: Peers.checkout)

    @Test("Every board's description can be read")
    func boards() throws {
        #expect(home.boardNames().contains("esp32-devkitc-v4"))
        for name in home.boardNames() { _ = try home.board(named: name) }
        let board = try home.board(named: "esp32-devkitc-v4")
        #expect(board.chip == "esp32" && board.flash.size == "4MB" && board.bare == "esp32")
    }

    @Test("A board that nobody knows is refused with the names of those that are")
    func unknownBoard() {
        let error = #expect(throws: ToolchainError.self) { try home.board(named: "esp33") }
        #expect(error?.code == "usage")
        #expect(error?.hint.contains("esp32-devkitc-v4") == true)
    }

    @Test("A sketch is found by its name, its folder and its file")
    func sketchPlaces() throws {
        let folder = Peers.checkout.appending("sketches").appending("run_model_cnn")
        let places = ["run_model_cnn", folder.string, folder.appending("run_model_cnn.ino").string]
        for place in places {
            let sketch = try home.sketch(place)
            #expect(sketch.name == "run_model_cnn")
            #expect(sketch.sources.map { $0.lastComponent?.string } == ["run_model_cnn.ino"])
            #expect(sketch.settings.labels == ["mask", "no_mask"])
        }
    }

    @Test("A sketch that is not there is refused", arguments: ["no_such_sketch", "/nowhere/at/all", "/tmp", ""])
    func missingSketch(name: String) {
        let error = #expect(throws: ToolchainError.self) { try home.sketch(name) }
        #expect(error?.code == "file-not-found")
    }

    @Test(
        "A malformed sketch.json is refused and says where",
        arguments: [
            ("{", "no JSON"), ("[]", "wrong kind"), (#"{"arena": "big"}"#, "'arena'"), (#"{"labels": [1]}"#, "'labels"),
            ("", "no JSON"), ("\u{0}\u{1}", "no JSON"),
        ])
    func malformedSettings(text: String, reason: String) async throws {
        try await withTemporaryFolder { folder in
            try await write("void setup() {}", to: folder.appending("a.ino"))
            try await write(text, to: folder.appending("sketch.json"))
            let error = #expect(throws: ToolchainError.self) { try home.sketch(folder.string) }
            #expect(error?.code == "usage")
            #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
        }
    }

    @Test("Files that settings name are looked for beside the sketch first, then in the product")
    func files() async throws {
        try await withTemporaryFolder { folder in
            try await write("void setup() {}", to: folder.appending("a.ino"))
            try await write("x", to: folder.appending("near.tflite"))
            let sketch = try home.sketch(folder.string)
            #expect(sketch.file("near.tflite") == folder.appending("near.tflite"))
            #expect(sketch.file("models/far.tflite") == home.root.pushing("models/far.tflite"))
        }
    }

    @Test("The product's folder is ESPMASK_HOME, an installed share, or the checkout above the executable")
    func home() async throws {
        try await withTemporaryFolder { prefix in
            let share = prefix.pushing("share/espmask")
            let executable = prefix.pushing("bin/espmask")
            #expect(throws: ToolchainError.self) { try ProjectHome.find(environment: [:], executable: executable) }
            try await write("", to: share.pushing("boards/.keep"))
            try await write("", to: share.pushing("sketches/.keep"))
            #expect(try ProjectHome.find(environment: [:], executable: executable).root == share)
            let build = Peers.checkout.pushing(".build/release/espmask")
            #expect(try ProjectHome.find(environment: [:], executable: build).root == Peers.checkout)
            let set = ["ESPMASK_HOME": share.string]
            #expect(try ProjectHome.find(environment: set, executable: build).root == share)
            let wrong = ["ESPMASK_HOME": prefix.string]
            #expect(throws: ToolchainError.self) { try ProjectHome.find(environment: wrong, executable: build) }
        }
    }
}
