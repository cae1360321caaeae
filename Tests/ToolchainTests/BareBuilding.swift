// The bare-metal build with the real cross compiler. Skipped where it is not installed (make test installs it).

import ESPImage
import SystemPackage
import TestSupport
import Testing
import Toolchain

private let hasCompiler = Peers.program("xtensa-lx106-elf-gcc") != nil
private let home = ProjectHome(root: Peers.checkout)
private let driver = BareBuild(environment: ["PATH": "/usr/local/bin:/usr/bin:/bin"])

private func request(_ sketch: String, defines: [String] = [], output: FilePath) throws -> BuildRequest {
    BuildRequest(
        sketch: try home.sketch(sketch), board: try home.board(named: "esp32-devkitc-v4"), defines: defines,
        output: output)
}

/// Builds a sketch of one file, and hands over its folder to change it.
private func withSketch(
    _ text: String, _ body: (_ sketch: FilePath, _ output: FilePath) async throws -> Void
) async throws {
    try await withTemporaryFolder { folder in
        let sketch = folder.appending("blink")
        try await write(text, to: sketch.appending("blink.ino"))
        try await body(sketch, folder.appending("out"))
    }
}

private let blink = """
    #include "level.h"
    void setup() { pinMode(2, OUTPUT); }
    void loop() { digitalWrite(2, LEVEL); delay(500); }
    """

// The cross compiler is a Debian package; nothing here can be checked without it.
@Suite("Bare-metal builds", .enabled(if: hasCompiler, "xtensa-lx106-elf-gcc is not installed"), .serialized)
struct BareBuilding {
    @Test(
        "A sketch becomes images that are whole, and a second build finds nothing to do",
        arguments: ["run_model_cnn", "run_model_pca_mlp"])
    func sketches(name: String) async throws {
        try await withTemporaryFolder { output in
            let first = try await driver.build(try request(name, output: output))
            #expect(!first.isUpToDate)
            #expect(first.warnings == [])
            #expect(first.images.map(\.offset) == [0x1000, 0x8000, 0x10000])
            #expect(first.images.map(\.label) == ["second-stage", "partition-table", "factory"])
            for index in [0, 2] {
                let file = try Peers.contents(of: FilePath(first.images[index].file))
                let image = try FirmwareImage(parsing: file)
                #expect(image.checksum == .ok && image.digest == .ok && image.chip?.name == "esp32")
            }
            let table = try PartitionTable(parsing: try Peers.contents(of: FilePath(first.images[1].file)))
            #expect(table.partitions.map(\.name) == ["factory", "model"])
            #expect((10_000..<200_000).contains(first.sizes.flash) && (16_384..<100_000).contains(first.sizes.ram))
            let second = try await driver.build(try request(name, output: output))
            #expect(second.isUpToDate)
            #expect(second.images == first.images && second.sizes == first.sizes)
            #expect(second.seconds < 1)
        }
    }

    @Test("The second stage fits before the partition table and lies where no application does")
    func secondStage() async throws {
        try await withTemporaryFolder { output in
            let built = try await driver.build(try request("run_model_cnn", output: output))
            let stage = try FirmwareImage(parsing: try Peers.contents(of: FilePath(built.images[0].file)))
            let application = try FirmwareImage(parsing: try Peers.contents(of: FilePath(built.images[2].file)))
            #expect(stage.bytes.count < 0x7000)
            for segment in stage.segments {
                #expect(segment.address >= 0x4009_E000 || (0x3FFF_0000..<0x3FFF_4000).contains(segment.address))
            }
            for segment in application.segments where segment.address != 0 {
                let end = Int(segment.address) + segment.size
                #expect(
                    end <= 0x3FFF_0000 || (0x4008_0000...0x4009_E000).contains(end) || segment.address >= 0x400D_0000)
            }
        }
    }

    @Test("Only what changed is made again")
    func incremental() async throws {
        try await withSketch(blink) { sketch, output in
            let header = sketch.appending("level.h")
            try await write("#define LEVEL HIGH\n", to: header)
            let build = { try await driver.build(try request(sketch.string, output: output)) }
            #expect(try await !build().isUpToDate)
            let image = try Peers.contents(of: output.appending("firmware.bin"))
            // The same bytes at another time.
            try await write("#define LEVEL HIGH\n", to: header)
            #expect(try await build().isUpToDate)
            try await write("#define LEVEL LOW\n", to: header)
            #expect(try await !build().isUpToDate)
            #expect(try Peers.contents(of: output.appending("firmware.bin")) != image)
            try await write("#define LEVEL HIGH\n", to: header)
            _ = try await build()
            #expect(try Peers.contents(of: output.appending("firmware.bin")) == image)
            for lost in ["objects/sketch/blink.ino.o", "firmware.elf", "firmware.bin", "build.json"] {
                _ = try await Peers.run("/bin/rm", [output.pushing(FilePath(lost)).string])
                #expect(try await !build().isUpToDate)
                #expect(try Peers.contents(of: output.appending("firmware.bin")) == image)
            }
            try await write("{ damaged", to: output.appending("build.json"))
            #expect(try await !build().isUpToDate)
            #expect(try await build().isUpToDate)
        }
    }

    @Test("A definition reaches the sketch, and another one means another build")
    func defines() async throws {
        let sketch = """
            #ifndef FLAG
            #error no FLAG
            #endif
            const char text[] = NAME;
            void setup() { Serial.println(text); Serial.println(COUNT); }
            void loop() {}
            """
        try await withSketch(sketch) { sketch, output in
            let build = { (count: Int) in
                try await driver.build(
                    try request(
                        sketch.string, defines: ["FLAG", "NAME=\"a b;$(c)\"", "COUNT=\(count)"], output: output))
            }
            #expect(try await !build(1).isUpToDate)
            #expect(try await build(1).isUpToDate)
            #expect(try await !build(2).isUpToDate)
            let image = try Peers.contents(of: output.appending("firmware.bin"))
            #expect(String(decoding: image, as: UTF8.self).contains("a b;$(c)"))
        }
    }

    @Test("A malformed definition is refused", arguments: ["", "=1", "1A", "A-B", "A B=1", "-DX", "Ä"])
    func malformedDefinition(define: String) async throws {
        try await withTemporaryFolder { output in
            let wanted = try request("run_model_cnn", defines: [define], output: output)
            let error = await #expect(throws: ToolchainError.self) { try await driver.build(wanted) }
            #expect(error == .defineInvalid(define))
        }
    }

    struct Failure: Sendable, CustomTestStringConvertible {
        var sketch: String
        var code: String
        var says: String
        var testDescription: String { code + ": " + says }
    }

    static let failures = [
        Failure(
            sketch: "void setup() {}\nvoid loop() { x = 1; }", code: "compile-error", says: "blink.ino:2:15: error"),
        Failure(sketch: "#include <none.h>\n", code: "compile-error", says: "none.h"),
        Failure(sketch: "void setup() {}", code: "compile-error", says: "undefined reference to `loop"),
        Failure(
            sketch: "char big[400000];\nvoid setup() { big[millis()] = 1; }\nvoid loop() {}", code: "dram-overflow",
            says: "`dram' overflowed"),
        Failure(
            sketch: "__attribute__((section(\".iram.code\"))) char code[200000] = {1};\n"
                + "void setup() { code[millis()] = 1; }\nvoid loop() {}", code: "iram-overflow",
            says: "`iram' overflowed"),
        Failure(
            sketch: "extern const char text[1200000] = {1};\n"
                + "void setup() { Serial.print(text[millis()]); }\nvoid loop() {}", code: "app-too-large",
            says: "partition 'factory' has 1048576"),
        Failure(
            sketch: "extern const char text[4000000] = {1};\n"
                + "void setup() { Serial.print(text[millis()]); }\nvoid loop() {}", code: "drom-overflow",
            says: "`drom' overflowed"),
    ]

    // One folder for all, so that only the sketch is compiled each time.
    @Test("Sources that cannot become firmware fail with the tool's own words")
    func failure() async throws {
        try await withSketch("") { sketch, output in
            for example in Self.failures {
                try await write(example.sketch, to: sketch.appending("blink.ino"))
                let wanted = try request(sketch.string, output: output)
                let error = await #expect(throws: ToolchainError.self) { try await driver.build(wanted) }
                #expect(error?.code == "build-failed")
                #expect(error?.message.contains(example.says) == true, "\(error?.message ?? "")")
                guard case .buildFailed(let diagnostics)? = error else { continue }
                #expect(diagnostics.contains { $0.code == example.code }, "\(example)")
                if example.code.hasSuffix("overflow") || example.code == "app-too-large" {
                    #expect(diagnostics.contains { ($0.bytes ?? 0) > 0 }, "\(example)")
                }
            }
        }
    }

    @Test("After a failure only what was at fault is compiled again")
    func repair() async throws {
        try await withSketch("void setup() { oops }\nvoid loop() {}") { sketch, output in
            let wanted = try request(sketch.string, output: output)
            await #expect(throws: ToolchainError.self) { try await driver.build(wanted) }
            try await write("void setup() {}\nvoid loop() {}", to: sketch.appending("blink.ino"))
            #expect(try await !driver.build(wanted).isUpToDate)
            #expect(try await driver.build(wanted).isUpToDate)
        }
    }

    @Test("Warnings are told again when nothing had to be compiled")
    func warnings() async throws {
        try await withSketch("void setup() { int unused; }\nvoid loop() {}") { sketch, output in
            let wanted = try request(sketch.string, output: output)
            let first = try await driver.build(wanted).warnings
            #expect(first.count == 1)
            #expect(first.first?.message.contains("unused") == true)
            #expect(try await driver.build(wanted).warnings == first)
        }
    }

    @Test("Two builds of one folder at a time get along")
    func concurrent() async throws {
        try await withTemporaryFolder { output in
            let wanted = try request("run_model_cnn", output: output)
            async let first = driver.build(wanted)
            async let second = driver.build(wanted)
            let results = try await [first, second]
            #expect(results.map(\.isUpToDate).sorted { !$0 && $1 } == [false, true])
        }
    }

    @Test(
        "The image is the one that esptool makes of the same program",
        // esptool is in the Python environment that `make peers` fills.
        .enabled(if: Peers.python("esptool") != nil, "esptool is not installed"))
    func esptool() async throws {
        let esptool = try #require(Peers.python("esptool"))
        try await withTemporaryFolder { output in
            let built = try await driver.build(try request("run_model_cnn", output: output))
            let theirs = output.appending("theirs.bin")
            let run = try await Peers.run(
                esptool,
                [
                    "--chip", "esp32", "elf2image", "--flash-mode", "dio", "--flash-freq", "40m", "--flash-size", "4MB",
                    "-o", theirs.string, built.elf.string,
                ])
            #expect(run.status == 0, "\(run.output)\(run.errors)")
            #expect(try Peers.contents(of: theirs) == Peers.contents(of: output.appending("firmware.bin")))
        }
    }
}

@Suite("Builds that cannot begin")
struct BuildsThatCannotBegin {
    @Test("A missing compiler is named, with the packages that bring it")
    func missingCompiler() async throws {
        try await withTemporaryFolder { output in
            let wanted = try request("run_model_cnn", output: output)
            let nowhere = BareBuild(environment: ["PATH": output.string])
            let error = await #expect(throws: ToolchainError.self) { try await nowhere.build(wanted) }
            #expect(error?.code == "compiler-missing")
            #expect(error?.message.contains("xtensa-lx106-elf-gcc") == true)
            #expect(error?.hint == "apt-get install gcc-xtensa-lx106 picolibc-xtensa-lx106-elf")
        }
    }

    @Test(
        "An output folder that is a file is refused", .enabled(if: hasCompiler, "xtensa-lx106-elf-gcc is not installed")
    )
    func outputIsFile() async throws {
        try await withTemporaryFolder { folder in
            try await write("", to: folder.appending("file"))
            let wanted = try request("run_model_cnn", output: folder.appending("file").appending("out"))
            let error = await #expect(throws: ToolchainError.self) { try await driver.build(wanted) }
            guard case .unwritable? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test("A board without bare-metal support is refused")
    func vendorBoard() async throws {
        var changed = try request("run_model_cnn", output: "/nowhere")
        changed.board.bare = nil
        let wanted = changed
        let error = await #expect(throws: ToolchainError.self) { try await driver.build(wanted) }
        #expect(error == .bareUnsupported(board: "esp32-devkitc-v4"))
    }

    @Test("Every error has a code the command line knows, a message and a hint of its own")
    func errors() {
        let errors: [ToolchainError] = [
            .homeNotFound(tried: ["/a"]), .boardUnknown(name: "x", known: ["y"]),
            .sketchNotFound(name: "x", tried: ["/a"]), .settingsInvalid(path: "/a", reason: "r"),
            .bareUnsupported(board: "x"), .defineInvalid("x"), .compilerMissing(program: "gcc", packages: ["p"]),
            .compilerFailed(program: "gcc", output: "o"),
            .buildFailed([CompilerDiagnostic(severity: .error, message: "m", code: "compile-error")]),
            .unreadable(path: "/a", .noSuchFileOrDirectory), .unwritable(path: "/a", .permissionDenied),
            .unwritable(path: "/a", .noSpace),
        ]
        let codes: Set = ["file-not-found", "usage", "compiler-missing", "build-failed", "disk-full"]
        #expect(errors.allSatisfy { codes.contains($0.code) && !$0.message.isEmpty })
        #expect(Set(errors.map(\.hint)).count == errors.count)
        #expect(ToolchainError.unwritable(path: "/a", .noSpace).code == "disk-full")
    }
}
