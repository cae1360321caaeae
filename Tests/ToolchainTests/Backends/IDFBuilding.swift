// How idf.py is called and what is made of its results; a stand-in writes down the words and leaves a build folder.

import ESPImage
import SystemPackage
import TestSupport
import Testing
import Toolchain

@Suite("Builds by idf.py")
struct IDFBuilding {
    /// Leaves a build folder as ESP-IDF 5 and 6 do, with offsets out of order and an empty entry.
    static let replay = """
        for word; do [ "$previous" = -B ] && build=$word; previous=$word; done
        mkdir -p "$build/bootloader" "$build/partition_table"
        printf bootloader > "$build/bootloader/bootloader.bin"
        cp "$STAND_IN_TABLE" "$build/partition_table/partition-table.bin"
        printf application > "$build/run_model_cnn.bin"
        cp "$STAND_IN_ELF" "$build/run_model_cnn.elf"
        : > "$build/sdkconfig"
        cat > "$build/flasher_args.json" <<'END'
        {"write_flash_args":["--flash-mode","dio"],"flash_settings":{"flash_mode":"dio"},
         "flash_files":{"0x10000":"run_model_cnn.bin","0x1000":"bootloader/bootloader.bin",
           "0x8000":"partition_table/partition-table.bin","0xf000":""},
         "app":{"offset":"0x10000","file":"run_model_cnn.bin","encrypted":"false"}}
        END
        printf '{"version":"1.3","project_name":"run_model_cnn","app_elf":"run_model_cnn.elf"}' \\
            > "$build/project_description.json"
        echo "/x/sketch.cpp:4:2: warning: odd [-Wodd]"
        """

    static func build(
        replay: String = replay, times: Int = 1, defines: [String] = [], active: Bool = true,
        between: (FilePath) async throws -> Void = { _ in },
        check: (Result<BuildResult, ToolchainError>, StandIn, FilePath) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let standIn = try await StandIn(["idf.py", "python3"], in: folder, replay: replay)
            try writeBytes(
                try StandIn.table("factory, app, factory, 0x10000, 0x100000,\n"), to: folder.appending("table.bin"))
            try writeBytes(PartitionBytes.elf, to: folder.appending("program.elf"))
            var environment = standIn.environment
            environment["STAND_IN_TABLE"] = folder.appending("table.bin").string
            environment["STAND_IN_ELF"] = folder.appending("program.elf").string
            if active { environment["IDF_PATH"] = folder.appending("esp-idf").string }
            let home = ProjectHome(root: Peers.checkout)
            let request = BuildRequest(
                sketch: try home.sketch("run_model_cnn"), board: try home.board(named: "esp32-devkitc-v4"),
                defines: defines, output: folder.appending("out"))
            var result: Result<BuildResult, ToolchainError> = .failure(.compilerFailed(program: "", output: ""))
            for time in 0..<times {
                if time > 0 { try await between(folder) }
                do throws(ToolchainError) {
                    result = .success(try await FirmwareBuild(environment: environment).build(request, with: .idf))
                } catch {
                    result = .failure(error)
                }
            }
            try await check(result, standIn, folder)
        }
    }

    @Test("The command line is the one that avoids the traps")
    func words() async throws {
        try await Self.build(defines: ["ARENA=4096", "FLAG"]) { result, standIn, folder in
            _ = try result.get()
            let call = try #require(try standIn.calls().first)
            let out = folder.appending("out")
            #expect(
                call.words == [
                    "-C", "\(out)/project", "-B", "\(out)/idf", "-DIDF_TARGET=esp32",
                    "-DSDKCONFIG=\(out)/idf/sdkconfig",
                    "-DSDKCONFIG_DEFAULTS=\(out)/idf/espmask.defaults", "-DEXTRA_COMPONENT_DIRS=\(out)/components",
                    "-DESPMASK_DEFINES=ARENA=4096;FLAG", "-G", "Ninja", "--no-hints", "build",
                ])
            let defaults = String(decoding: try Peers.contents(of: out.pushing("idf/espmask.defaults")), as: UTF8.self)
            for line in [
                "CONFIG_PARTITION_TABLE_CUSTOM=y", "CONFIG_ESPTOOLPY_FLASHSIZE_4MB=y",
                "CONFIG_ESPTOOLPY_FLASHMODE_DIO=y",
                "CONFIG_ESPTOOLPY_FLASHFREQ_40M=y",
            ] {
                #expect(defaults.contains(line))
            }
        }
    }

    @Test("Sketch, libraries, engine and core are a project and its components")
    func project() async throws {
        try await Self.build { result, _, folder in
            _ = try result.get()
            func text(_ path: String) throws -> String {
                String(decoding: try Peers.contents(of: folder.pushing(FilePath("out/" + path))), as: UTF8.self)
            }
            #expect(try text("project/CMakeLists.txt").contains("project(run_model_cnn)"))
            #expect(try text("project/main/sketch.cpp").contains("#include \"run_model_cnn.ino\""))
            #expect(try text("project/main/CMakeLists.txt").contains("InferenceC"))
            #expect(try text("components/InferenceC/CMakeLists.txt").contains("-ffp-contract=off"))
            #expect(try text("components/Espmask/Model.cpp").isEmpty == false)
            #expect(try text("components/espmask_arduino/wiring.cpp").contains("app_main"))
        }
    }

    @Test("The images are those of flasher_args.json, by their offsets")
    func images() async throws {
        try await Self.build { result, _, folder in
            let built = try result.get()
            #expect(built.backend == .idf)
            #expect(built.images.map(\.offset) == [0x1000, 0x8000, 0x10000])
            #expect(built.images.map(\.label) == ["second-stage", "partition-table", "factory"])
            #expect(built.warnings.map(\.message) == ["odd [-Wodd]"])
            #expect(built.elf == folder.pushing("out/firmware.elf"))
            #expect(try BuiltFolder(folder.appending("out")).backend == .idf)
        }
    }

    @Test("An sdkconfig is kept while its inputs are the same and thrown away when they are not")
    func sdkconfig() async throws {
        let marked =
            Self.replay
            + "\n[ -f \"$build/kept\" ] && : > \"$build/second\"; [ -f \"$build/marker\" ] && : > \"$build/kept\"\n"
        let config = FilePath("out/idf/sdkconfig")
        try await Self.build(
            replay: marked.replacing(
                ": > \"$build/sdkconfig\"", with: "[ -f \"$build/sdkconfig\" ] || : > \"$build/sdkconfig\""),
            times: 2, between: { try await write("changed by hand", to: $0.pushing(config)) },
            check: { _, _, folder in
                let kept = try Peers.contents(of: folder.pushing(config))
                #expect(kept == Array("changed by hand".utf8))
            })
        try await Self.build(
            replay: marked.replacing(
                ": > \"$build/sdkconfig\"", with: "[ -f \"$build/sdkconfig\" ] || : > \"$build/sdkconfig\""),
            times: 2,
            between: { folder in
                try await write("of other inputs", to: folder.pushing(config))
                try await write("esp32 0", to: folder.pushing("out/idf/espmask.inputs"))
            },
            check: { _, _, folder in
                let fresh = try Peers.contents(of: folder.pushing(config))
                #expect(fresh.isEmpty)
            })
        try await Self.build(
            times: 2,
            between: { folder in
                try await write("of another chip", to: folder.pushing("out/idf/CMakeCache.txt"))
                try await write("esp32c3 0", to: folder.pushing("out/idf/espmask.inputs"))
            },
            check: { _, _, folder in
                let left = try await Peers.run("/bin/ls", [folder.pushing("out/idf").string]).output
                #expect(!left.contains("CMakeCache"))
            })
    }

    static let failures: [(String, String, String, Int?)] = [
        ("/x/main.cpp:3:1: error: no", "build-failed", "first error", nil),
        (
            "Error: All app partitions are too small for binary x.bin size 0x123456:\n  - Part 'factory' 0/0 @ 0x10000 size 0x100000 (overflow 0x23456)",
            "build-failed", "partitions.csv", 0x23456
        ),
        ("ld: region `iram0_0_seg' overflowed by 1234 bytes", "build-failed", "IRAM_ATTR", 1234),
        ("/t/ld: DRAM segment data does not fit.", "build-failed", "static data", nil),
        ("/t/ld: x.elf section `.dram0.bss' will not fit in region `dram0_0_seg'", "build-failed", "static data", nil),
        ("/t/ld: a.o: cannot decode instruction opcode", "build-failed", "another Xtensa core", nil),
        (
            "ERROR: ESP-IDF Python virtual environment \"/p\" not found. Please run the install script", "tool-missing",
            "install idf", nil
        ),
        ("ModuleNotFoundError: No module named 'click'", "tool-missing", "install idf", nil),
        (
            "ERROR: tool xtensa-esp-elf has no installed versions. Please run '/p /i/tools/idf_tools.py install'",
            "tool-missing", "install idf", nil
        ),
        (
            "ESP-IDF supports Python 3.10 or newer but you are using Python 3.7.3. Please upgrade your installation.",
            "tool-missing", "python3", nil
        ),
        (
            "The following Python requirements are not satisfied:\nRequirement 'esptool' was not met.", "tool-missing",
            "install idf", nil
        ),
        (
            "CMake Error at /i/tools/cmake/component.cmake:321 (message):\n  It is not there.\n", "build-failed",
            "first error", nil
        ),
    ]

    @Test("Failures are told by their cause, with the way out", arguments: failures)
    func failure(text: String, code: String, hint: String, bytes: Int?) async throws {
        let replay = "cat <<'END'\n\(text)\nEND\nSTAND_IN_STATUS=2\n"
        try await Self.build(replay: replay) { result, _, _ in
            guard case .failure(let error) = result else {
                Issue.record("it succeeded")
                return
            }
            #expect(error.code == code, "\(error)")
            #expect(error.hint.contains(hint), "\(error.hint)")
            if case .buildFailed(let said) = error, let bytes { #expect(said.contains { $0.bytes == bytes }) }
        }
    }

    @Test("Without ESP-IDF it is said what to install")
    func missing() async throws {
        try await Self.build(active: false) { result, _, _ in
            guard case .failure(let error) = result else {
                Issue.record("it succeeded")
                return
            }
            #expect(error.code == "tool-missing" && error.hint.contains("toolchain install idf"))
        }
    }

    @Test("A checkout that is found is activated by its own script, and its idf.py run by its own Python")
    func found() async throws {
        let replay = """
            case "$*" in *export*)
                echo "IDF_PYTHON_ENV_PATH=$HOME/env"; echo 'PATH=/its/tools:$PATH'
                echo undo > "$HOME/undo"; echo "IDF_DEACTIVATE_FILE_PATH=$HOME/undo"; exit 0 ;;
            esac
            """ + "\n" + Self.replay
        try await withTemporaryFolder { folder in
            let standIn = try await StandIn(["python3"], in: folder, replay: replay)
            let idf = folder.appending("idf")
            try await write("{\"tools\":[]}", to: idf.pushing("tools/tools.json"))
            try await write("v5.5.1\n", to: idf.appending("version.txt"))
            try await write(
                #"{"idfInstalled":{"x-v5.5":{"version":"5.5","path":"\#(idf)","features":["core"],"targets":["esp32"]}}}"#,
                to: folder.pushing("home/.espressif/idf-env.json"))
            let python = folder.pushing("home/env/bin/python")
            try await write("", to: python)
            try writeBytes(try Peers.contents(of: folder.pushing("bin/python3")), to: python)
            _ = try await Peers.run("/bin/chmod", ["755", python.string])
            try writeBytes(
                try StandIn.table("factory, app, factory, 0x10000, 0x100000,\n"), to: folder.appending("table.bin"))
            try writeBytes(PartitionBytes.elf, to: folder.appending("program.elf"))
            var environment = standIn.environment
            environment["STAND_IN_TABLE"] = folder.appending("table.bin").string
            environment["STAND_IN_ELF"] = folder.appending("program.elf").string
            let home = ProjectHome(root: Peers.checkout)
            let request = BuildRequest(
                sketch: try home.sketch("run_model_cnn"), board: try home.board(named: "esp32-devkitc-v4"),
                output: folder.appending("out"))
            _ = try await FirmwareBuild(environment: environment).build(request, with: .idf)
            let calls = try standIn.calls()
            #expect(calls.map(\.program) == ["python3", "python"])
            #expect(calls[0].words == ["\(idf)/tools/idf_tools.py", "--quiet", "export", "--format", "key-value"])
            #expect(calls[0].environment["IDF_PATH"] == idf.string)
            #expect(calls[1].words.first == "\(idf)/tools/idf.py")
            #expect(calls[1].environment["IDF_DEACTIVATE_FILE_PATH"] == nil)
            #expect(!Peers.writable(folder.pushing("home/undo").string))
        }
    }
}

@Suite("What is there already")
struct DetectionTests {
    @Test("Checkouts are found by every record of them, each once, the one in use first")
    func idf() async throws {
        try await withTemporaryFolder { folder in
            for (name, header) in [("one", true), ("two", false), ("three", false)] {
                let path = folder.appending(name)
                try await write("{}", to: path.pushing("tools/tools.json"))
                if header {
                    try await write(
                        "#define ESP_IDF_VERSION_MAJOR   6\n#define ESP_IDF_VERSION_MINOR   2\n#define ESP_IDF_VERSION_PATCH   0\n",
                        to: path.pushing("components/esp_common/include/esp_idf_version.h"))
                } else {
                    try await write("v5.\(name.count)\n", to: path.appending("version.txt"))
                }
            }
            let tools = folder.pushing("home/.espressif")
            try await write(
                """
                {"version":"2.0","idfSelectedId":"b","idfInstalled":[
                  {"id":"a","name":"v5","path":"\(folder)/gone","python":"p","activationScript":"s","idfToolsPath":"t"},
                  {"id":"b","name":"v5","path":"\(folder)/two","python":"p","activationScript":"/s.sh","idfToolsPath":"/t"}]}
                """, to: tools.pushing("tools/eim_idf.json"))
            try await write(
                #"{"idfInstalled":{"x":{"path":"\#(folder)/three"},"y":{"path":"\#(folder)/two"}}}"#,
                to: tools.appending("idf-env.json"))
            let environment = ["HOME": folder.appending("home").string, "IDF_PATH": folder.appending("one").string]
            let prefix = InstallPrefix(root: folder.appending("prefix"))
            let found = FoundIDF.all(environment: environment, prefix: prefix)
            #expect(found.map(\.source) == [.variable, .eim, .idfEnv])
            #expect(found.map(\.version) == ["6.2.0", "5.3", "5.5"])
            #expect(found[1].activationScript == "/s.sh" && found[1].toolsPath == "/t")
            for broken in ["", "{", "[]", #"{"idfInstalled":7}"#] {
                try await write(broken, to: tools.pushing("tools/eim_idf.json"))
                try await write(broken, to: tools.appending("idf-env.json"))
                #expect(FoundIDF.all(environment: environment, prefix: prefix).count == 1)
            }
        }
    }

    @Test("The newest of arduino-cli's cores is taken, our own before the user's")
    func arduino() async throws {
        try await withTemporaryFolder { folder in
            let prefix = InstallPrefix(root: folder.appending("prefix"))
            let cores = "packages/esp32/hardware/esp32"
            for version in ["2.0.9", "3.10.0", "3.9.1"] {
                let core = folder.pushing("home/.arduino15").pushing(FilePath(cores)).appending(version)
                try await write("", to: core.appending("platform.txt"))
            }
            let environment = ["HOME": folder.appending("home").string]
            #expect(
                FoundArduino.all(environment: environment, prefix: prefix).map(\.version) == [
                    "3.10.0", "3.9.1", "2.0.9",
                ])
            let own = ArduinoFolders(prefix: prefix).data.pushing(FilePath(cores)).pushing("2.0.0/platform.txt")
            try await write("", to: own)
            #expect(FoundArduino.all(environment: environment, prefix: prefix).first?.source == .own)
        }
    }
}

@Suite("Sketches as a vendor's compiler sees them", .enabled(if: Peers.program("clang++") != nil, "no clang++"))
struct PortableSketches {
    private func compile(_ file: String, _ flags: [String]) async throws {
        let compiler = try #require(Peers.program("clang++"))
        let common = [
            "-std=gnu++17", "-fno-exceptions", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c++", "-include",
            "Arduino.h", "-ISources/InferenceC/include", "-Isketches/libraries/Espmask/src",
        ]
        let outcome = try await Peers.run(compiler, common + flags + [file], in: Peers.checkout)
        #expect(outcome.status == 0, "\(file): \(outcome.errors)")
    }

    @Test(
        "Under Arduino's core",
        arguments: [
            "sketches/run_model_cnn/run_model_cnn.ino", "sketches/run_model_pca_mlp/run_model_pca_mlp.ino",
            "sketches/eloquent_cnn/eloquent_cnn.ino", "sketches/libraries/Espmask/src/Model.cpp",
            "sketches/libraries/Espmask/src/ModelPartition.cpp", "sketches/libraries/Espmask/src/InputSource.cpp",
        ])
    func arduino(file: String) async throws { try await compile(file, ["-ITests/ToolchainTests/StandIns/arduino"]) }

    @Test(
        "Under ESP-IDF",
        arguments: [
            "sketches/run_model_cnn/run_model_cnn.ino", "sketches/run_model_pca_mlp/run_model_pca_mlp.ino",
            "sketches/libraries/Espmask/src/Model.cpp", "sketches/libraries/Espmask/src/ModelPartition.cpp",
            "sketches/libraries/Espmask/src/InputSource.cpp", "boards/esp32/idf/HardwareSerial.cpp",
            "boards/esp32/idf/wiring.cpp", "boards/esp32/arduino/Print.cpp",
        ])
    func idf(file: String) async throws {
        try await compile(file, ["-DESP_PLATFORM", "-ITests/ToolchainTests/StandIns/idf", "-Iboards/esp32/arduino"])
    }
}
