// Panics of a RISC-V program that really ran: compiled and linked here, run on QEMU until it fails, its dump read by the
// monitor, its callers found in the stack, and all frames compared with what esp-idf-monitor's panic decoder (gdb on the
// same dump) says.

import DeviceBridge
import SystemPackage
import TestSupport
import Testing

/// What the program is made with and runs on.
private enum RISCVTools {
    static let clang = Peers.program("clang")
    static let linker = Peers.program("ld.lld")
    static let machine = Peers.program("qemu-system-riscv32")
    static let canRun = clang != nil && linker != nil && machine != nil
    /// The decoder starts a gdb of its toolchain's name; Debian's speaks RISC-V as well.
    static let debugger = Peers.program("riscv32-esp-elf-gdb") ?? Peers.program("gdb-multiarch")
}

/// How the program is compiled.
private struct Variant: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var flags: [String]
    /// Whether gdb, too, can follow every frame.
    var judgeSeesAll = true

    static let all: [Variant] =
        ["-O0", "-O1", "-O2", "-Os"].flatMap { level in
            [4, 5].map { Variant(testDescription: "\(level), DWARF \($0)", flags: [level, "-gdwarf-\($0)"]) }
        } + [
            Variant(
                testDescription: "-O2 with .eh_frame alone", flags: ["-O2", "-g0", "-fasynchronous-unwind-tables"]),
            Variant(
                testDescription: "-Os with symbols alone", flags: ["-Os", "-g0", "-fno-asynchronous-unwind-tables"],
                judgeSeesAll: false),
        ]
}

@Suite(
    "RISC-V panics of a program that ran", .enabled(if: RISCVTools.canRun, "no clang, ld.lld or QEMU for RISC-V"))
struct RISCVPanicTests {
    /// The program's ELF file and what it printed when it failed.
    private static func run(_ variant: Variant, in folder: ScratchFolder) async throws -> (elf: [UInt8], dump: [UInt8])
    {
        let sources = Peers.checkout.pushing("Tests/DeviceBridgeTests/Scripts/riscv")
        let target = ["--target=riscv32-unknown-elf", "-march=rv32imc_zicsr", "-mabi=ilp32", "-ffreestanding"]
        let clang = try #require(RISCVTools.clang)
        for (source, flags) in [("handler.c", []), ("program.cpp", ["-fno-exceptions"])] {
            let compiled = try await Peers.run(
                clang, target + variant.flags + flags + ["-c", sources.appending(source).string, "-o", source + ".o"],
                in: folder.path)
            try #require(compiled.status == 0, "\(compiled.errors)")
        }
        let linked = try await Peers.run(
            try #require(RISCVTools.linker),
            ["-T", sources.appending("program.ld").string, "handler.c.o", "program.cpp.o", "-o", "a.elf"],
            in: folder.path)
        try #require(linked.status == 0, "\(linked.errors)")
        let run = try await Peers.run(
            try #require(RISCVTools.machine), ["-M", "virt", "-bios", "none", "-nographic", "-kernel", "a.elf"],
            in: folder.path)
        try #require(run.output.contains("Rebooting..."), "\(run.output)\(run.errors)")
        let dump = Array(run.output.utf8)
        try folder.write(dump, as: "dump.txt")
        return (try Peers.contents(of: folder.path.appending("a.elf")), dump)
    }

    /// `function file:line`, or the function alone; the file without its folder.
    private static func shown(_ frame: AddressDecoder.Frame) -> String {
        let place = frame.place.map { " \($0.file.split(separator: "/").last ?? ""):\($0.line)" }
        return (frame.function ?? "??") + (place ?? "")
    }

    @Test("The callers are found, with and without the compiler's tables", arguments: Variant.all)
    private func callers(variant: Variant) async throws {
        let folder = try ScratchFolder()
        let (elf, dump) = try await Self.run(variant, in: folder)
        let report = try #require(monitor(dump).events.panics.first)
        let frames = try AddressDecoder(elf: elf).frames(of: report)
        #expect(frames.allSatisfy { !$0.isGuess })
        let names = frames.compactMap(\.function).filter { $0 != "inlined" }
        let expected = [
            "net::Model::layer", "net::Model::predict", "(anonymous namespace)::hidden", "plain", "app_main",
        ]
        #expect(Array(names.prefix(5)) == expected, "\(frames.map(Self.shown))")
    }

    @Test(
        "The frames are those of esp-idf-monitor's panic decoder",
        .enabled(
            if: RISCVTools.debugger != nil && Peers.python("idf-monitor") != nil,
            "no gdb for RISC-V, or no esp-idf-monitor among the judges"),
        arguments: Variant.all)
    private func fieldParity(variant: Variant) async throws {
        let folder = try ScratchFolder()
        let (elf, dump) = try await Self.run(variant, in: folder)
        let report = try #require(monitor(dump).events.panics.first)
        let ours = try AddressDecoder(elf: elf).frames(of: report)
        let debugger = try #require(RISCVTools.debugger)
        // On a busy machine two seconds are not enough for the decoder to answer its gdb.
        let script = "#!/bin/sh\nexec '\(debugger.string)' -l 120 \"$@\"\n"
        try folder.write(Array(script.utf8), as: "riscv32-test-elf-gdb")
        let made = try await Peers.run("/bin/chmod", ["+x", "riscv32-test-elf-gdb"], in: folder.path)
        try #require(made.status == 0)
        let judge = try await Peers.run(
            try #require(Peers.python("python")),
            [
                Peers.checkout.pushing("Tests/DeviceBridgeTests/Scripts/decode_panic.py").string,
                folder.path.appending("riscv32-test-elf-").string, "a.elf", "dump.txt",
            ], in: folder.path)
        try #require(judge.status == 0, "\(judge.errors)")
        let theirs = judge.output.split(separator: "\n").filter { $0.hasPrefix("#") }.map(Self.comparable)
        try #require(theirs.count >= 2, "\(judge.output)")
        if variant.judgeSeesAll {
            #expect(ours.map(Self.shown) == theirs, "\(judge.output)")
        } else {
            #expect(ours.map(Self.shown).starts(with: theirs), "\(judge.output)")
        }
    }

    /// gdb's `#1  0x8000052a in net::Model::predict (this=0x800fffc4, x=7) at program.cpp:24` in our form.
    private static func comparable(_ line: Substring) -> String {
        var rest = line.drop { $0 != " " }.drop { $0 == " " }
        if let found = rest.firstMatch(of: #/^0x[0-9a-f]+ in /#) { rest = rest[found.range.upperBound...] }
        let place = rest.firstMatch(of: #/ at [^ ]*?([^/ ]+:[0-9]+)$/#).map { " \($0.1)" } ?? ""
        // The name may begin with "(anonymous namespace)"; the parameters follow it.
        let hidden = rest.hasPrefix("(anonymous namespace)") ? "(anonymous namespace)" : ""
        let name = rest.dropFirst(hidden.count).prefix { $0 != "(" && $0 != " " }
        return hidden + name + place
    }
}
