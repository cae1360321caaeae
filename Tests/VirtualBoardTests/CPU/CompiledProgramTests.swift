// C programs, compiled by the cross compiler at hand for the instruction set that its core and the ESP32's share, run on
// qemu and on our processor: sorting, 64-bit arithmetic, floats and doubles by the firmware's own runtime, strings,
// checksums, recursion. The compiler knows no windows; those are tested by hand-made code.

import SystemPackage
import TestSupport
import Testing
import VirtualBoard

private let compiler = Peers.program("xtensa-lx106-elf-gcc")
private let hasBoth = Qemu.program != nil && compiler != nil

@Suite(
    "Compiled programs",
    .enabled(
        if: hasBoth, "qemu-system-xtensa or xtensa-lx106-elf-gcc is not installed: compiled programs are not compared"))
struct CompiledProgramTests {
    /// As start.c has them, and how many words each writes of its row.
    private static let names = [
        "sorting", "long_arithmetic", "soft_doubles", "strings", "checksums", "recursion", "structures", "bit_fields",
    ]
    private static let rowWords = 64
    private static let address: UInt32 = 0x0030_0000

    /// Compiles all programs into one piece that starts at `address`.
    private static func compile(_ options: [String]) async throws -> [UInt8] {
        let folder = try ScratchFolder()
        let sources = Peers.checkout.pushing("Tests/VirtualBoardTests/CPU/Programs")
        let object = folder.path.appending("programs.elf").string
        let runtime = Peers.checkout.pushing("boards/esp32/runtime")
        let files =
            ["start", "sorting", "arithmetic", "text", "control", "integers"].map {
                sources.appending("\($0).c").string
            }
            + ["float.S", "double.c", "int64.c"].map { runtime.appending($0).string }
        let common = [
            "-std=c11", "-Wall", "-Wextra", "-Werror", "-mtext-section-literals", "-mlongcalls", "-ffreestanding",
            "-fno-builtin", "-fno-tree-loop-distribute-patterns", "-nostdlib", "-T",
            sources.appending("programs.ld").string,
        ]
        let program = try #require(compiler)
        let linked = try await Peers.run(program, options + common + files + ["-lgcc", "-o", object])
        try #require(linked.status == 0, "\(linked.errors)")
        let copier = try #require(Peers.program("xtensa-lx106-elf-objcopy"))
        let flat = folder.path.appending("programs.bin")
        let copied = try await Peers.run(copier, ["-O", "binary", object, flat.string])
        try #require(copied.status == 0, "\(copied.errors)")
        return try Peers.contents(of: flat)
    }

    private static func image(_ program: [UInt8]) -> GuestImage {
        var image = GuestImage.make(resultSize: names.count * rowWords * 4) { code in
            code.startPoolBehindJump(words: 2)
            code.load(3, address)
            code.load(2, GuestLayout.results)
            code.emit(.callx0(3))
        }
        image.sections.append((address, program))
        return image
    }

    private static func differences(_ theirs: [UInt32], _ ours: [UInt32]) -> [String] {
        zip(theirs, ours).enumerated().filter { $0.element.0 != $0.element.1 }.map { place, words in
            let name = place / rowWords < names.count ? names[place / rowWords] : "exceptions"
            return "\(name)[\(place % rowWords)]: qemu \(hexWord(words.0)), ours \(hexWord(words.1))"
        }
    }

    @Test("programs in C compute what they compute on qemu", arguments: [["-O0"], ["-O2"], ["-Os", "-mno-longcalls"]])
    func programs(options: [String]) async throws {
        let image = Self.image(try await Self.compile(options))
        let theirs = try await Qemu.run(image)
        let ours = try VirtualProcessor.run(image)
        let differences = Self.differences(theirs, ours)
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
        // Every program has said something, and none met an exception.
        for index in Self.names.indices {
            #expect(
                ours[index * Self.rowWords..<(index + 1) * Self.rowWords].contains { $0 != 0 }, "\(Self.names[index])")
        }
        #expect(ours.suffix(ExceptionRecord.words).allSatisfy { $0 == 0 })
    }

    @Test("results do not depend on how the compiler optimised")
    func optimisation() async throws {
        let plain = try VirtualProcessor.run(Self.image(try await Self.compile(["-O0"])))
        let fast = try VirtualProcessor.run(Self.image(try await Self.compile(["-O2"])))
        #expect(Self.differences(plain, fast).isEmpty)
    }

    @Test("one changed byte of a program's data is found")
    func alteredProgram() async throws {
        let program = try await Self.compile(["-O2"])
        var altered = program
        let text = Array("board that is not".utf8)
        let place = try #require(program.indices.first { program[$0...].starts(with: text) })
        altered[place] = UInt8(ascii: "B")
        let differences = Self.differences(
            try await Qemu.run(Self.image(program)), try VirtualProcessor.run(Self.image(altered)))
        #expect(!differences.isEmpty)
        #expect(differences.allSatisfy { $0.hasPrefix("strings") }, "\(differences)")
    }
}
