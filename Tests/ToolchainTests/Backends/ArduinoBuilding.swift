// How arduino-cli is called and what is made of its results; a stand-in writes down the words and leaves files.

import ESPImage
import SystemPackage
import TestSupport
import Testing
import Toolchain

@Suite("Builds by arduino-cli")
struct ArduinoBuilding {
    /// Leaves what the real one does: artefacts named after the sketch, and one JSON object.
    static func replay(table: String, size: String = "") -> String {
        """
        out=; last=
        for word; do [ "$previous" = --output-dir ] && out=$word; previous=$word; last=$word; done
        name=$(basename "$last").ino
        mkdir -p "$out"
        printf bootloader > "$out/$name.bootloader.bin"
        cp "$STAND_IN_TABLE" "$out/$name.partitions.bin"
        cp "$STAND_IN_ELF" "$out/$name.elf"
        printf '%s' application\(size) > "$out/$name.bin"
        cat <<'END'
        {"compiler_out":"Sketch uses 300000 bytes (19%) of program storage space. Maximum is 1048576 bytes.\\n",
         "compiler_err":"/x/a.ino:3:5: warning: unused variable 'x' [-Wunused-variable]\\n",
         "builder_result":{"executable_sections_size":[{"name":"text","size":300000,"max_size":1048576}],
           "board_platform":{"id":"esp32:esp32","version":"3.3.5"},"diagnostics":[]},
         "success":true}
        END
        """
    }

    static let table = """
        nvs, data, nvs, 0x9000, 0x5000,
        otadata, data, ota, 0xe000, 0x2000,
        app0, app, ota_0, 0x10000, 0x100000,
        model, data, 0x40, 0x110000, 0x100000,
        """

    /// A stand-in with a core, and what a build with it gives.
    static func build(
        replay: String = replay(table: table), table: String = table, core: String? = "3.3.5",
        sketch: String = "run_model_cnn",
        defines: [String] = [], more: [String: String] = [:], csv: String? = nil,
        check: (Result<BuildResult, ToolchainError>, StandIn, FilePath) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let standIn = try await StandIn(["arduino-cli"], in: folder, replay: replay)
            if let core { try await standIn.makeCore(version: core) }
            try writeBytes(try StandIn.table(table), to: folder.appending("table.bin"))
            try writeBytes(PartitionBytes.elf, to: folder.appending("program.elf"))
            var environment = standIn.environment.merging(more) { $1 }
            environment["STAND_IN_TABLE"] = folder.appending("table.bin").string
            environment["STAND_IN_ELF"] = folder.appending("program.elf").string
            let home = ProjectHome(root: Peers.checkout)
            var found = try home.sketch(sketch)
            if let csv {
                let own = folder.pushing("own").appending(found.name)
                try await write("void setup() {}\nvoid loop() {}\n", to: own.appending("\(found.name).ino"))
                try await write(csv, to: own.appending("partitions.csv"))
                found = try home.sketch(own.string)
            }
            let request = BuildRequest(
                sketch: found, board: try home.board(named: "esp32-devkitc-v4"), defines: defines,
                output: folder.appending("out"))
            let result: Result<BuildResult, ToolchainError>
            do throws(ToolchainError) {
                result = .success(try await FirmwareBuild(environment: environment).build(request, with: .arduino))
            } catch {
                result = .failure(error)
            }
            try await check(result, standIn, folder)
        }
    }

    @Test("The command line is the one that avoids the traps")
    func words() async throws {
        try await Self.build(defines: ["ARENA=24576", "NAME=\"a b\""]) { result, standIn, folder in
            _ = try result.get()
            let call = try #require(try standIn.calls().first)
            #expect(call.words.first == "compile")
            #expect(call.words.contains("--json") && call.words.contains("--no-color"))
            #expect(
                call.value("--fqbn")
                    == "esp32:esp32:esp32:PartitionScheme=custom,FlashMode=dio,FlashFreq=40,FlashSize=4M")
            #expect(call.value("--output-dir") == folder.pushing("out/arduino").string)
            // With a build path of its own the shared cache of cores is off, and this property is full of the core's own.
            #expect(!call.words.contains("--build-path"))
            #expect(!call.words.contains { $0.contains("build.extra_flags") })
            let properties = call.values("--build-property")
            #expect(
                properties.contains(#"compiler.c.extra_flags=-ffp-contract=off -DARENA=24576 '-DNAME="a b"'"#),
                "\(properties)")
            #expect(properties.contains(#"compiler.cpp.extra_flags=-DARENA=24576 '-DNAME="a b"'"#))
            #expect(properties.contains("upload.maximum_size=1048576"))
            #expect(
                call.values("--library").map { FilePath($0).lastComponent?.string } == ["InferenceC", "Espmask"])
            #expect(call.words.last == folder.pushing("out/sketch/run_model_cnn").string)
        }
    }

    @Test("arduino-cli works in folders of ours, and never in the user's")
    func folders() async throws {
        try await Self.build { result, standIn, folder in
            _ = try result.get()
            let environment = try #require(try standIn.calls().first).environment
            let own = folder.pushing("prefix/arduino").string
            #expect(environment["ARDUINO_DIRECTORIES_DATA"] == own + "/data")
            #expect(environment["ARDUINO_DIRECTORIES_DOWNLOADS"] == own + "/downloads")
            #expect(environment["ARDUINO_DIRECTORIES_USER"] == own + "/user")
            #expect(environment["ARDUINO_UPDATER_ENABLE_NOTIFICATION"] == "false")
            #expect(environment["ARDUINO_BUILD_CACHE_PATH"]?.hasPrefix(folder.string) == true)
        }
    }

    @Test(
        "The sketch gets the board's partitions, the engine is a library, and both keep their dates when nothing changed"
    )
    func staged() async throws {
        try await Self.build { result, _, folder in
            _ = try result.get()
            let sketch = folder.pushing("out/sketch/run_model_cnn")
            let board = Peers.checkout.pushing("boards/esp32/partitions.csv")
            #expect(try Peers.contents(of: sketch.appending("partitions.csv")) == Peers.contents(of: board))
            let library = folder.pushing("out/libraries/InferenceC")
            for file in ["library.properties", "src/InferenceC.h", "src/engine.c"] {
                #expect(try Peers.contents(of: library.pushing(FilePath(file))).isEmpty == false)
            }
        }
    }

    @Test("The images lie where the table says, boot_app0 where its otadata is")
    func images() async throws {
        try await Self.build { result, _, folder in
            let built = try result.get()
            #expect(built.backend == .arduino)
            #expect(built.images.map(\.offset) == [0x1000, 0x8000, 0xE000, 0x10000])
            #expect(built.images.map(\.label) == ["second-stage", "partition-table", "otadata", "app0"])
            #expect(try Peers.contents(of: FilePath(built.images[3].file)) == Array("application".utf8))
            #expect(built.warnings.map(\.line) == [3])
            let again = try BuiltFolder(folder.appending("out"))
            #expect(again.images == built.images && again.backend == .arduino)
        }
        let other = "factory, app, factory, 0x20000, 0x100000,\n"
        try await Self.build(table: other) { result, _, _ in
            let images = try result.get().images
            #expect(images.map(\.offset) == [0x1000, 0x8000, 0x20000])
        }
    }

    @Test("A sketch's own partition table counts, also for the size that is allowed")
    func ownTable() async throws {
        let csv = "factory, app, factory, 0x10000, 0x180000,\n"
        try await Self.build(table: csv, csv: csv) { result, standIn, _ in
            _ = try result.get()
            let call = try #require(try standIn.calls().first)
            #expect(call.values("--build-property").contains("upload.maximum_size=1572864"))
        }
    }

    @Test("An application that outgrows its partition is refused by its own table")
    func tooLarge() async throws {
        let csv = "factory, app, factory, 0x10000, 0x10000,\n"
        let huge = Self.replay(table: csv) + "\nhead -c 70000 /dev/zero > \"$out/$name.bin\"\n"
        try await Self.build(replay: huge, table: csv) { result, _, _ in
            guard case .failure(.buildFailed(let said)) = result else {
                Issue.record("\(result)")
                return
            }
            #expect(said.first?.code == "app-too-large" && said.first?.bytes == 70000 - 0x10000)
        }
    }

    struct Failure: Sendable, CustomTestStringConvertible {
        var json: String
        var code: String
        var diagnosis: String?
        var hint: String
        var bytes: Int?
        var testDescription: String { hint }
    }

    static let failures = [
        Failure(
            json:
                #"{"compiler_err":"/x/a.ino:7:1: error: 'foo' was not declared in this scope\n","success":false,"error":"exit status 1"}"#,
            code: "build-failed", diagnosis: "compile-error", hint: "first error"),
        Failure(
            json:
                #"{"compiler_err":"/x/a.ino:1:10: fatal error: EloquentTinyML.h: No such file or directory\n","success":false}"#,
            code: "build-failed", diagnosis: "compile-error", hint: "espmask toolchain install arduino"),
        Failure(
            json:
                #"{"compiler_err":"/x/a.ino:1:10: fatal error: Other.h: No such file or directory\n","success":false}"#,
            code: "build-failed", diagnosis: "compile-error", hint: "Other.h is missing"),
        Failure(
            json:
                #"{"compiler_err":"/t/xtensa-esp32-elf-ld: region `dram0_0_seg' overflowed by 51200 bytes\ncollect2: error: ld returned 1 exit status\n","success":false}"#,
            code: "build-failed", diagnosis: "dram-overflow", hint: "smaller arena", bytes: 51200),
        Failure(
            json:
                #"{"compiler_err":"/t/ld: a.o:(.text.f+0x3): dangerous relocation: l32r: literal placed after use: .literal\n","success":false}"#,
            code: "build-failed", diagnosis: "literal-out-of-range", hint: "const arrays"),
        Failure(
            json:
                #"{"compiler_out":"Sketch uses 1400000 bytes (133%) of program storage space. Maximum is 1048576 bytes.\n","success":false,"error":"text section exceeds available space in board"}"#,
            code: "build-failed", diagnosis: "app-too-large", hint: "partitions.csv", bytes: 351424),
        Failure(
            json: #"{"success":false,"error":"Error resolving FQBN: platform esp32:esp32 is not installed"}"#,
            code: "tool-missing", diagnosis: nil, hint: "espmask toolchain install arduino"),
        Failure(
            json: #"{"compiler_err":"ModuleNotFoundError: No module named 'serial'\n","success":false}"#,
            code: "tool-missing", diagnosis: nil, hint: "python3-serial"),
    ]

    @Test("Failures are told by their cause, with the way out", arguments: failures)
    func failure(_ example: Failure) async throws {
        let replay = "cat <<'END'\n\(example.json)\nEND\nSTAND_IN_STATUS=1\n"
        try await Self.build(replay: replay) { result, _, _ in
            guard case .failure(let error) = result else {
                Issue.record("it succeeded")
                return
            }
            #expect(error.code == example.code, "\(error)")
            #expect(error.hint.contains(example.hint), "\(error.hint)")
            guard case .buildFailed(let said) = error else { return }
            #expect(said.contains { $0.code == example.diagnosis && $0.bytes == example.bytes }, "\(said)")
        }
    }

    @Test("Without arduino-cli, and without a core, it is said what to install")
    func missing() async throws {
        try await Self.build(core: nil) { result, standIn, _ in
            guard case .failure(let error) = result else { return }
            #expect(error.code == "tool-missing" && error.hint.contains("toolchain install arduino"))
            let calls = try standIn.calls()
            #expect(calls.isEmpty)
        }
        try await Self.build(more: ["PATH": "/nowhere"]) { result, _, _ in
            guard case .failure(let error) = result else { return }
            #expect(error.code == "tool-missing" && error.message.contains("arduino-cli"))
        }
    }

    @Test("A core in the 2020 sketchbook is used where it is, in its own words")
    func sketchbook() async throws {
        try await Self.build(core: nil) { _, standIn, folder in
            let core = folder.pushing("home/Documents/Arduino/hardware/espressif/esp32")
            try await write("name=ESP32\nversion=1.0.6\n", to: core.appending("platform.txt"))
            try await write("boot", to: core.pushing("tools/partitions/boot_app0.bin"))
            let found = {
                FoundArduino.all(
                    environment: standIn.environment, prefix: InstallPrefix(environment: standIn.environment))
            }
            #expect(found().isEmpty)
            try await write("", to: core.pushing("tools/xtensa-esp32-elf/bin/xtensa-esp32-elf-gcc"))
            #expect(found().map(\.source) == [.sketchbook])
            #expect(found().first?.version == "1.0.6")
            var environment = standIn.environment
            environment["STAND_IN_TABLE"] = folder.appending("table.bin").string
            environment["STAND_IN_ELF"] = folder.appending("program.elf").string
            let home = ProjectHome(root: Peers.checkout)
            let request = BuildRequest(
                sketch: try home.sketch("eloquent_cnn"), board: try home.board(named: "esp32-devkitc-v4"),
                output: folder.appending("out"))
            _ = try await FirmwareBuild(environment: environment).build(request, with: .arduino)
            let call = try #require(try standIn.calls().last)
            #expect(call.value("--fqbn") == "espressif:esp32:esp32:FlashMode=dio,FlashFreq=40,FlashSize=4M")
            #expect(call.environment["ARDUINO_DIRECTORIES_DATA"] == nil)
            // Its own guess is ~/Arduino.
            #expect(call.environment["ARDUINO_DIRECTORIES_USER"] == folder.pushing("home/Documents/Arduino").string)
        }
    }

    @Test("A sketch that needs Arduino says so, and is built by it where nothing else is asked for")
    func suiting() throws {
        let home = ProjectHome(root: Peers.checkout)
        let board = try home.board(named: "esp32-devkitc-v4")
        #expect(BuildBackend.suiting(try home.sketch("eloquent_cnn"), board) == .arduino)
        #expect(BuildBackend.suiting(try home.sketch("run_model_cnn"), board) == .bare)
        var plain = board
        plain.bare = nil
        #expect(BuildBackend.suiting(try home.sketch("run_model_cnn"), plain) == .arduino)
        plain.arduino = nil
        #expect(BuildBackend.suiting(try home.sketch("run_model_cnn"), plain) == .idf)
    }
}
