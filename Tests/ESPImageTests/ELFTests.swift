// ELF files: what is read, what is refused, and that a hostile one does no harm.

import ESPImage
import SystemPackage
import TestSupport
import Testing

@Suite("ELF files")
struct ELFTests {
    private static let sample = ELFBuilder().with(".text", at: 0x400D_0020, ImageCases.pattern(64))
        .with(".data", at: 0x3FFB_0000, [1, 2, 3, 4]).with(".bss", at: 0x3FFB_0004, ImageCases.pattern(8), type: 8)
        .bytes()

    @Test("Headers, sections and program headers are read")
    func reading() throws {
        let elf = try ELFFile(Self.sample)
        #expect(elf.machine == 94)
        #expect(elf.entry == 0x4008_0000)
        #expect(elf.sections.map(\.name) == ["", ".text", ".data", ".bss", ".shstrtab"])
        #expect(elf.programHeaders.map(\.physicalAddress) == [0x400D_0020, 0x3FFB_0000, 0x3FFB_0004])
        #expect(Array(try elf.contents(of: elf.sections[2])) == [1, 2, 3, 4])
        #expect(try elf.contents(of: elf.sections[3]).isEmpty)
        #expect(Array(try elf.contents(of: elf.programHeaders[1])) == [1, 2, 3, 4])
        #expect(try elf.symbols().isEmpty)
    }

    // Skipped where the compiler is absent.
    @Test("Symbols of a compiled program are found", .enabled(if: Peers.program("xtensa-lx106-elf-gcc") != nil))
    func symbols() async throws {
        let cases = try await ImageCases.compiled()
        let elf = try ELFFile(try #require(cases.first).elf)
        let entry = try #require(try elf.symbol(named: "entry"))
        #expect(entry.value == elf.entry)
        #expect(entry.isFunction)
        #expect(entry.size > 0)
        #expect(try elf.symbol(named: "table")?.size == 1200)
        #expect(try elf.symbol(named: "table")?.isFunction == false)
        #expect(try elf.symbol(named: "missing") == nil)
    }

    @Test(
        "A file for another processor is refused",
        arguments: [(62, "x86-64"), (243, "RISC-V"), (40, "ARM"), (8, "machine 8")])
    func wrongArchitecture(machine: UInt16, name: String) throws {
        var builder = ELFBuilder().with(".text", at: 0x4008_0000, [1, 2, 3, 4])
        builder.machine = machine
        let elf = try ELFFile(builder.bytes())
        let error = #expect(throws: ESPImageError.self) { try FirmwareImage(elf: elf, chip: .esp32) }
        #expect(error?.code == "wrong-architecture")
        #expect(error?.message.contains(name) == true)
        #expect(error?.message.contains("esp32") == true)
    }

    @Test("A program of the host itself is for the wrong processor")
    func hostProgram() throws {
        let error = #expect(throws: ESPImageError.self) { try ELFFile(try Peers.contents(of: "/bin/sh")) }
        #expect(error?.code == "wrong-architecture")
    }

    @Test(
        "What is no ELF file is refused",
        arguments: [[], [0x7F], Array("hello, this is a text file".utf8), [UInt8](repeating: 0xE9, count: 100)])
    func notELF(bytes: [UInt8]) {
        #expect(throws: ESPImageError.elfInvalid(.notELF)) { try ELFFile(bytes) }
    }

    @Test("An ELF file cut at any byte is refused, or makes no image")
    func truncation() {
        let whole = Self.sample
        for count in 0..<whole.count {
            let image = try? FirmwareImage(elf: try ELFFile(Array(whole[..<count])), chip: .esp32)
            #expect(image == nil, "cut at \(count)")
        }
    }

    @Test("Random damage never traps", arguments: 0..<4)
    func mutation(seed: Int) {
        var generator = SeededGenerator(UInt64(100 + seed))
        for _ in 0..<1500 {
            var bytes = Self.sample
            for _ in 0..<Int.random(in: 1...5, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[place] = generator.chance(40) ? 0xFF : UInt8.random(in: 0...255, using: &generator)
            }
            guard let elf = try? ELFFile(bytes) else { continue }
            for section in elf.sections { _ = try? elf.contents(of: section) }
            _ = try? elf.symbols()
            for source in [LoadSource.sections, .programHeaders] {
                var options = FirmwareImage.Options()
                options.source = source
                if let image = try? FirmwareImage(elf: elf, chip: .esp32, options: options) {
                    #expect((try? FirmwareImage(parsing: image.bytes)) == image)
                }
            }
        }
    }

    @Test("Headers that lie are named")
    func lies() {
        let faults: [(Int, [UInt8], ELFFault)] = [
            (48, [0, 0], .noSections),
            (46, [41, 0], .wrongEntrySize(table: "section header table", size: 41, expected: 40)),
            (42, [0, 0], .wrongEntrySize(table: "program header table", size: 0, expected: 32)),
            (32, [0xFF, 0xFF, 0xFF, 0xFF], .truncated(part: "section header table")),
            (28, [0xFF, 0xFF, 0xFF, 0xFF], .truncated(part: "program header table")),
            (50, [0xFF, 0xFF], .truncated(part: "section name table")),
        ]
        for (offset, bytes, fault) in faults {
            var file = Self.sample
            file.replaceSubrange(offset..<offset + bytes.count, with: bytes)
            #expect(throws: ESPImageError.elfInvalid(fault)) { try ELFFile(file) }
        }
    }

    @Test("A megabyte of program becomes an image in milliseconds")
    func speed() throws {
        let bytes = ELFBuilder().with(".flash.rodata", at: 0x3F40_0020, ImageCases.pattern(400_000))
            .with(".iram", at: 0x4008_0000, ImageCases.pattern(100_000))
            .with(".flash.text", at: 0x400D_0020, ImageCases.pattern(600_000)).bytes()
        let clock = ContinuousClock()
        var best = Duration.seconds(60)
        for _ in 0..<5 {
            best = min(best, try clock.measure { _ = try FirmwareImage(elf: try ELFFile(bytes), chip: .esp32) })
        }
        // About 1 ms was measured; the bound leaves room for a busy machine and still catches copying byte by byte.
        #expect(best < .milliseconds(60))
    }
}
