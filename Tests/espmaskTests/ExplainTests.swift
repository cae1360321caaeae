// `espmask explain` as a user runs it: files and pipes, text and JSON, with and without an ELF file.

import SystemPackage
import TestSupport
import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

@Suite("espmask explain")
struct ExplainTests {
    private struct Explained: Decodable {
        struct Diagnosis: Decodable {
            struct Details: Decodable {
                var missing: Int?
                var needed: Int?
                var pc: String?
            }
            var event: String
            var code: String
            var severity: String
            var evidence: [String]
            var line: Int
            var hint: String
            var details: Details
        }
        struct Inference: Decodable {
            var event: String
            var index: Int
            var value: Double?
            var values: [Double?]
            var token: String
            var label: String?
            var inputs: [Double]?
            var bits: [String]?
            var us: Int?
        }
        struct Boot: Decodable {
            var event: String
            var code: Int
            var reset: String
            var mode: String
            var chip: String?
        }
        var diagnoses: [Diagnosis]
        var inferences: [Inference]
        var boots: [Boot]
    }

    private static let log = """
        rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r
        \u{1B}[0;31mFailed to resize buffer. Requested: 128, available 64, missing: 64\u{1B}[0m\r
        AllocateTensors() failed\r
        0.1,0.2,0.3,0.4,\r
        predicted: nan\r
        espmask: n=1 out=7fc00000 us=12\r
        """

    @Test("The JSON is one object with the keys of the contract")
    func json() async throws {
        let folder = try ScratchFolder()
        try folder.write(Array(Self.log.utf8), as: "board.log")
        let outcome = try await BuiltProgram.run(["explain", "board.log", "--json"], in: folder.path)
        #expect(outcome.status == 0)
        #expect(outcome.errors.isEmpty)
        let found = try JSONDecoder().decode(Explained.self, from: Data(outcome.output.utf8))
        #expect(found.diagnoses.map(\.code) == ["arena-too-small", "nan-output"])
        let first = try #require(found.diagnoses.first)
        #expect(first.event == "diagnosis")
        #expect(first.severity == "error")
        #expect(first.line == 2)
        #expect(first.evidence == ["Failed to resize buffer. Requested: 128, available 64, missing: 64"])
        #expect(first.details.missing == 64)
        #expect(first.details.needed == 128)
        let inference = try #require(found.inferences.first)
        #expect(inference.event == "inference")
        #expect(inference.value == nil)
        #expect(inference.values == [nil])
        #expect(inference.token == "nan")
        #expect(inference.inputs == [0.1, 0.2, 0.3, 0.4])
        #expect(inference.bits == ["7fc00000"])
        #expect(inference.us == 12)
        #expect(found.boots.map(\.reset) == ["POWERON_RESET"])
        #expect(found.boots.first?.event == "boot")
        #expect(found.boots.first?.chip == "esp32")
    }

    @Test("The text names the root cause first, with its line and a hint, and nothing that a terminal obeys")
    func text() async throws {
        let folder = try ScratchFolder()
        try folder.write(Array(Self.log.utf8), as: "board.log")
        let outcome = try await BuiltProgram.run(["explain", "board.log"], in: folder.path)
        #expect(outcome.status == 0)
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.first?.hasPrefix("error: arena-too-small") == true)
        #expect(
            lines.dropFirst().first == "  line 2: Failed to resize buffer. Requested: 128, available 64, missing: 64")
        #expect(outcome.output.contains("  hint: 64 bytes are missing"))
        #expect(!outcome.output.contains("\u{1B}"))
    }

    @Test(
        "A healthy, an empty and a binary log end with 0",
        arguments: ["predicted: 0.5\n", "", "\u{0}\u{1}\u{FF}\u{1B}[2J"])
    func harmless(log: String) async throws {
        let folder = try ScratchFolder()
        try folder.write(Array(log.utf8), as: "board.log")
        for arguments in [["explain", "board.log"], ["explain", "board.log", "--json"]] {
            let outcome = try await BuiltProgram.run(arguments, in: folder.path)
            #expect(outcome.status == 0)
            #expect(!outcome.output.contains("\u{1B}"))
        }
    }

    @Test("A log that is not there ends with 2 and says its name")
    func missing() async throws {
        let folder = try ScratchFolder()
        let outcome = try await BuiltProgram.run(["explain", "nothing.log"], in: folder.path)
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("nothing.log"))
    }

    @Test(
        "With the firmware's ELF file a panic gets functions and lines; another firmware's panic is told",
        .enabled(if: Peers.program("xtensa-lx106-elf-gcc") != nil, "no Xtensa compiler on PATH"))
    func elf() async throws {
        let folder = try ScratchFolder()
        try folder.write(
            Array("int value;\nvoid crash(void) {\n    value = 1;\n    for (;;) {}\n}\n".utf8), as: "crash.c")
        let gcc = try #require(Peers.program("xtensa-lx106-elf-gcc"))
        let built = try await Peers.run(
            gcc, ["-g", "-O0", "-nostdlib", "-Wl,-e,crash", "-Wl,-Ttext=0x400d0000", "crash.c", "-o", "crash.elf"],
            in: folder.path)
        try #require(built.status == 0, "\(built.errors)")
        let log =
            "Guru Meditation Error: Core  0 panic'ed (StoreProhibited). Exception was unhandled.\nBacktrace: 0x400d0006:0x3ffb0000\nELF file SHA256: 0123456789abcdef\nRebooting...\n"
        try folder.write(Array(log.utf8), as: "crash.log")
        let outcome = try await BuiltProgram.run(["explain", "crash.log", "--elf", "crash.elf"], in: folder.path)
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("crash at "))
        #expect(outcome.output.contains("crash.c:"))
        #expect(outcome.errors.contains("not that of crash.elf"))
        let wrong = try await BuiltProgram.run(["explain", "crash.log", "--elf", "crash.c"], in: folder.path)
        #expect(wrong.status == 2)
        #expect(wrong.errors.contains("elf-invalid"))
    }
}
