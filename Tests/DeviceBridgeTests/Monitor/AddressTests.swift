// Addresses looked up in ELF files that a real compiler made, against what LLVM's symbolizer says of the same addresses.
// binutils 2.40 is no judge: it counts the files of DWARF 5 from the wrong end and names main.cpp for helper.h.

import DeviceBridge
import ESPImage
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// A program and what compiled it.
private struct Compiled: Sendable, CustomTestStringConvertible {
    var name: String
    var compiler: FilePath
    var flags: [String]
    var testDescription: String { name }

    static let xtensa = Peers.program("xtensa-lx106-elf-gcc")
    static let symbolizer = Peers.program("llvm-symbolizer")
    static let all: [Compiled] = [2, 3, 4, 5].flatMap { version in
        xtensa.map { compiler in
            ["-O0", "-O2"].map {
                Compiled(
                    name: "Xtensa, DWARF \(version), \($0)", compiler: compiler,
                    flags: [$0, "-gdwarf-\(version)", "-mlongcalls"])
            }
        } ?? []
    }

    /// The program, linked, in a folder.
    func build(in folder: ScratchFolder) async throws -> [UInt8] {
        try folder.write(Array(Self.source.utf8), as: "main.cpp")
        try folder.write(Array(Self.header.utf8), as: "helper.h")
        let common = [
            "-nostdlib", "-ffreestanding", "-Wl,-e,entry", "-Wl,--gc-sections", "-ffunction-sections", "main.cpp", "-o",
            "a.elf",
        ]
        let outcome = try await Peers.run(compiler, flags + common, in: folder.path)
        try #require(outcome.status == 0, "\(outcome.errors)")
        return try Peers.contents(of: folder.path.appending("a.elf"))
    }

    /// Not static: binutils names an inline function without a mangled name after the one that holds it.
    private static let header = """
        inline int helped(int x) {
            volatile int y = x;
            return y * 3;
        }

        """
    private static let source = """
        #include "helper.h"
        namespace net {
        struct Model {
            int state;
            Model(int s);
            int predict(int x);
        };
        Model::Model(int s) : state(s) {}
        int Model::predict(int x) {
            volatile int sum = 0;
            for (int i = 0; i < x; i++) sum += helped(i) + state;
            return sum;
        }
        }
        __attribute__((noinline)) int unused(int x) { return x + 1; }
        extern "C" __attribute__((noinline)) int plain(int x) {
            net::Model model(x);
            return model.predict(x) + helped(x);
        }
        extern "C" void entry(void) {
            for (;;) plain(3);
        }

        """
}

@Suite("Addresses in ELF files")
struct AddressTests {
    @Test(
        "File and line of every instruction are what LLVM's symbolizer says",
        .enabled(
            if: !Compiled.all.isEmpty && Compiled.symbolizer != nil, "no Xtensa compiler or llvm-symbolizer on PATH"),
        arguments: Compiled.all)
    private func parity(program: Compiled) async throws {
        let folder = try ScratchFolder()
        let bytes = try await program.build(in: folder)
        let elf = try ELFFile(bytes)
        let decoder = try AddressDecoder(elf: bytes)
        let code = elf.sections.filter { $0.flags & 4 != 0 }
        let addresses = code.flatMap { stride(from: $0.address, to: $0.address + UInt32($0.size), by: 1) }
        try #require(addresses.count > 50)
        let judge = try #require(Compiled.symbolizer)
        let outcome = try await Peers.run(
            judge,
            ["--output-style=GNU", "--no-inlines", "-f", "--obj=a.elf"]
                + addresses.map { "0x" + String($0, radix: 16) },
            in: folder.path)
        let answers = outcome.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var named = 0
        var wrong: [String] = []
        for (index, address) in addresses.enumerated() {
            let frame = decoder.frame(at: address)
            let place = answers[2 * index + 1].split(separator: " ").first.map(String.init) ?? ""
            if place.hasPrefix("?") || place.hasSuffix(":0") { continue }
            let theirs = place.split(separator: "/").last.map(String.init)
            let ours = frame.place.map { "\($0.file.split(separator: "/").last ?? ""):\($0.line)" }
            if theirs != ours { wrong.append("\(address): \(ours ?? "nothing"), not \(place)") }
            // It writes the parameters too, and names the function that was inlined; symbols know nothing of that.
            let function = String(answers[2 * index].prefix { $0 != "(" })
            if program.flags.contains("-O0"), frame.function != function {
                wrong.append("\(address): \(frame.function ?? "nothing"), not \(function)")
            }
            named += 1
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
        #expect(named > 50)
    }

    /// esp-idf-monitor's own decoder, where its environment has it. binutils misreads the files of DWARF 5 (above).
    private static let decoderOfTheField: FilePath? = {
        let library = Peers.python("python")?.removingLastComponent().removingLastComponent().appending("lib")
        let names = ["python3.11", "python3.12", "python3.13", "python3.14"]
        let isThere = names.contains { name in
            library.map { $0.appending(name).pushing("site-packages/esp_idf_panic_decoder") }.map {
                $0.withPlatformString { access($0, F_OK) == 0 }
            } ?? false
        }
        return isThere ? Peers.python("python") : nil
    }()

    @Test(
        "The frames of a backtrace are those of esp-idf-monitor's panic decoder",
        .enabled(
            if: !Compiled.all.isEmpty && decoderOfTheField != nil,
            "no Xtensa compiler, or no esp-idf-panic-decoder among the judges"),
        arguments: Compiled.all.filter { !$0.flags.contains("-gdwarf-5") })
    private func fieldParity(program: Compiled) async throws {
        let folder = try ScratchFolder()
        let bytes = try await program.build(in: folder)
        let elf = try ELFFile(bytes)
        let code = elf.sections.filter { $0.flags & 4 != 0 }
        // Every eleventh byte of the code as a frame, and addresses that are none.
        var pcs: [UInt32] = code.flatMap { Array(stride(from: $0.address, to: $0.address + UInt32($0.size), by: 11)) }
        pcs.append(0x4000_0400)
        func hex(_ number: UInt32) -> String {
            let digits = String(number, radix: 16)
            return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
        }
        let line = "Backtrace: " + pcs.map { "\(hex($0)):0x3ffb0000" }.joined(separator: " ")
        let script = Peers.checkout.pushing("Tests/DeviceBridgeTests/Scripts/decode_backtrace.py")
        let judge = try #require(Self.decoderOfTheField)
        let outcome = try await Peers.run(
            judge, [script.string, "xtensa-lx106-elf-", "a.elf", line], in: folder.path)
        let theirs = outcome.output.split(separator: "\n").map(String.init)
        try #require(theirs.count > 5, "\(outcome.errors)")
        let report = try #require(monitor(line, "Rebooting...").events.panics.first)
        let frames = try AddressDecoder(elf: bytes).frames(of: report)
        #expect(frames.filter { !$0.isInlined }.map(\.pc) == pcs)
        if program.flags.contains("-O2") { #expect(frames.contains { $0.isInlined }, "nothing was put inline") }
        let ours = frames.compactMap { frame in
            frame.function.map { function in
                "\(hex(frame.pc))\t\(function)\t\(frame.place.map { "\($0.file):\($0.line)" } ?? "??:?")"
            }
        }
        func comparable(_ line: String) -> String {
            // It writes the parameters of C++ functions too.
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
            return "\(parts[0]) \(parts[1].prefix { $0 != "(" }) \(parts[2].split(separator: "/").last ?? "")"
        }
        #expect(ours.map(comparable) == theirs.map(comparable))
    }

    @Test(
        "A dump's frames get names, and a foreign dump is told from the file's own",
        .enabled(if: Compiled.xtensa != nil, "no Xtensa compiler on PATH"))
    func dump() async throws {
        let folder = try ScratchFolder()
        let bytes = try await Compiled(name: "", compiler: try #require(Compiled.xtensa), flags: ["-O0", "-g"]).build(
            in: folder)
        let decoder = try AddressDecoder(elf: bytes)
        let plain = try #require(try ELFFile(bytes).symbol(named: "plain"))
        let pc = String(plain.value + 3, radix: 16)
        let log = { (digest: String) in
            "Guru Meditation Error: Core  0 panic'ed (LoadProhibited). Exception was unhandled.\nBacktrace: 0x\(String(repeating: "0", count: 8 - pc.count))\(pc):0x3ffb0000 0x40000000:0x3ffb0010\nELF file SHA256: \(digest)\nRebooting...\n"
        }
        let own = try #require(monitor(Array(log(String(decoder.digest.prefix(16))).utf8)).events.panics.first)
        #expect(decoder.match(own) == .same)
        #expect(decoder.frames(of: own).map(\.function) == ["plain", nil])
        let foreign = try #require(monitor(Array(log("0123456789abcdef").utf8)).events.panics.first)
        #expect(decoder.match(foreign) == .different)
        let silent = try #require(monitor(Array(log("0000000000000000").utf8)).events.panics.first)
        #expect(decoder.match(silent) == .unknown)
    }

    @Test(
        "An ELF file that is cut or changed anywhere gives an error or fewer names, never a trap",
        .enabled(if: Compiled.xtensa != nil, "no Xtensa compiler on PATH"))
    func damaged() async throws {
        let folder = try ScratchFolder()
        let bytes = try await Compiled(name: "", compiler: try #require(Compiled.xtensa), flags: ["-O1", "-g"]).build(
            in: folder)
        let addresses = try ELFFile(bytes).sections.filter { $0.flags & 4 != 0 }.map { $0.address + 8 }
        var random = SystemRandomNumberGenerator()
        for round in 0..<400 {
            var copy = bytes
            if round % 4 == 0 { copy.removeLast(Int.random(in: 1..<copy.count, using: &random)) }
            for _ in 0..<Int.random(in: 1...30) { copy[Int.random(in: 0..<copy.count)] = UInt8.random(in: 0...255) }
            guard let decoder = try? AddressDecoder(elf: copy) else { continue }
            for address in addresses { _ = decoder.frame(at: address) }
            for report in monitor(Array(SampleLog.riscvPanic.utf8)).events.panics { _ = decoder.frames(of: report) }
        }
    }
}
