// `espmask board serve` without any other program: its first line, its flash file and lock, its ends, and what it says to
// wrong arguments and to firmware that it cannot run.

import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("board serve")
struct BoardServeTests {
    private static func start(_ arguments: [String], in folder: ScratchFolder) throws -> (RunningProgram, String) {
        let program = try BuiltProgram.start(["board", "serve"] + arguments, in: folder.path)
        let line = program.line()
        if line == nil { _ = program.end() }
        return (program, try #require(line, "\(program.errors)"))
    }

    private static func port(of line: String) throws -> UInt16 {
        let number = line.split(separator: ":").last?.prefix { $0.isNumber } ?? ""
        return try #require(UInt16(number), "\(line)")
    }

    @Test(
        "The first line says where it is, and SIGTERM and Ctrl-C end it",
        arguments: [
            ([], #"{"event":"listening","url":"rfc2217://127.0.0.1:"#),
            (["--rfc2217", "0"], #"{"event":"listening","url":"rfc2217://127.0.0.1:"#),
            (["--tcp", "0", "--virtual-time"], #"{"event":"listening","url":"socket://127.0.0.1:"#),
            (["--pty", "--realtime", "--json"], #"{"event":"listening","url":"/dev/pts/"#),
        ] as [([String], String)])
    func listens(arguments: [String], prefix: String) throws {
        for (signal, status) in [(SIGTERM, 0), (SIGINT, 130)] {
            let folder = try ScratchFolder()
            let (program, line) = try Self.start(arguments, in: folder)
            #expect(line.hasPrefix(prefix) && line.hasSuffix("\"}"))
            #expect(program.end(signal) == status)
            #expect(program.line() == nil && program.errors.isEmpty)
        }
    }

    @Test("Each board has a flash file of its own, locked while it is served")
    func locks() async throws {
        let folder = try ScratchFolder()
        let (first, _) = try Self.start([], in: folder)
        let (second, _) = try Self.start(["--board", "esp32-devkitc-v4#two"], in: folder)
        for name in ["esp32-devkitc-v4", "esp32-devkitc-v4#two"] {
            let file = folder.path.pushing(FilePath(".espmask/boards/\(name)/flash.bin"))
            #expect(try Peers.contents(of: file).count == 4 << 20)
        }
        let other = try await BuiltProgram.run(["board", "serve", "--json"], in: folder.path)
        #expect(other.status == 3)
        #expect(other.output.hasPrefix(#"{"error":{"code":"port-busy","message":"#), "\(other.output)")
        #expect(other.output.contains("process \(first.process) (espmask)"), "\(other.output)")
        #expect(first.end() == 0 && second.end() == 0)
        let (third, _) = try Self.start([], in: folder)
        #expect(third.end() == 0)
    }

    @Test("A port in use is refused")
    func refusesPort() async throws {
        let folder = try ScratchFolder()
        let (program, line) = try Self.start(["--tcp", "0"], in: folder)
        let taken = "\(try Self.port(of: line))"
        let other = try await BuiltProgram.run(
            ["board", "serve", "--rfc2217", taken, "--flash", "other.bin"], in: folder.path)
        #expect(other.status == 3 && other.errors.contains("[port-busy]") && other.errors.contains(taken))
        #expect(program.end() == 0)
    }

    @Test(
        "Wrong arguments end with their code and name what is wrong",
        arguments: [
            (["--tcp", "0", "--pty"], 2, "--pty"), (["--tcp", "70000"], 2, "70000"),
            (["--fault", "explode:byte=1"], 2, "'explode'"), (["--board", "toaster"], 2, "toaster"),
            (["--board", "../x"], 2, "../x"), (["--board", ""], 2, "''"),
            (["--flash", "no/such/folder/flash.bin"], 2, "[file-not-found]"),
            (["--flash", "/dev/null"], 2, "/dev/null"),
        ])
    func refuses(arguments: [String], status: Int, part: String) async throws {
        let folder = try ScratchFolder()
        let outcome = try await BuiltProgram.run(["board", "serve"] + arguments, in: folder.path)
        #expect(outcome.status == status && outcome.output.isEmpty)
        #expect(outcome.errors.contains(part), "\(outcome.errors)")
    }

    @Test("Firmware that needs the mask ROM is named on the line and on stderr, and the loader still answers")
    func needsROM() throws {
        // An image of one segment at 0x40080000: `j 0x40068000`, which is where the mask ROM would be.
        var image = hex("e9 01 02 20 00 00 08 40 ee 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00")
        let code = hex("06 ff 9f 00")
        image += hex("00 00 08 40 04 00 00 00") + code
        image += [UInt8](repeating: 0, count: 15 - image.count % 16) + [code.reduce(0xEF, ^)]
        let folder = try ScratchFolder()
        try folder.write([UInt8](repeating: 0xFF, count: 0x1000) + image, as: "flash.bin")
        let (program, line) = try Self.start(["--flash", "flash.bin"], in: folder)
        let client = try ByteClient(port: try Self.port(of: line))
        let text = client.text(until: "\"\r\n")
        #expect(text.contains("entry 0x40080000\r\n"), "\(text)")
        #expect(text.contains("espmask: error=needs-mask-rom message=\"") && text.contains("0x40068000"), "\(text)")
        #expect(program.errors.contains("[needs-mask-rom]"))
        // RTS on, DTR on, RTS off (RFC 2217, SET-CONTROL).
        client.send(hex("ff fa 2c 05 0b ff f0 ff fa 2c 05 08 ff f0 ff fa 2c 05 0c ff f0"))
        #expect(client.text(until: "waiting for download\r\n").contains("boot:0x3 (DOWNLOAD_BOOT"))
        #expect(program.end() == 0)
    }
}
