// The layouts that images are compared on: one per rule, random ones, and compiled ones.

import ESPImage
import SystemPackage
import TestSupport

/// Addresses that layouts are drawn from.
struct AddressMap {
    var dataFlash: UInt32
    var codeFlash: UInt32
    var ram: [UInt32]

    init(_ chip: Chip) {
        switch chip.name {
        case "esp32":
            self.init(0x3F40_0000, 0x400D_0000, [0x3FFB_0000, 0x4008_0000, 0x4007_8000, 0x5000_0000, 0x400C_0000])
        case "esp32s2": self.init(0x3F00_0000, 0x4008_0000, [0x3FFB_0000, 0x4002_4000, 0x4007_0000, 0x5000_0000])
        case "esp32s3": self.init(0x3C00_0000, 0x4200_0000, [0x3FC8_8000, 0x4037_8000, 0x600F_E000, 0x5000_0000])
        case "esp32c2": self.init(0x3C00_0000, 0x4200_0000, [0x3FCA_0000, 0x4037_C000])
        case "esp32c3": self.init(0x3C00_0000, 0x4200_0000, [0x3FC8_0000, 0x3FC8_8000, 0x4037_C000, 0x5000_0000])
        case "esp32p4": self.init(0x4000_0000, 0x4004_0000, [0x4FF0_0000, 0x4FF4_0000, 0x5010_8000])
        case _: self.init(0x4200_0000, 0x4280_0000, [0x4080_0000, 0x4081_0000, 0x5000_0000, 0x600F_E000])
        }
    }

    private init(_ dataFlash: UInt32, _ codeFlash: UInt32, _ ram: [UInt32]) {
        self.dataFlash = dataFlash
        self.codeFlash = codeFlash
        self.ram = ram
    }
}

enum ImageCases {
    /// An application descriptor, as an application begins with.
    static func descriptor(pageLogarithm: UInt8 = 0) -> [UInt8] {
        var bytes = u32(0xABCD_5432) + u32(7) + [UInt8](repeating: 0, count: 8)
        for (text, size) in [("1.2.3", 32), ("mask", 32), ("12:34:56", 16), ("Nov 24 2026", 16), ("v5.5", 32)] {
            bytes += Array(text.utf8) + [UInt8](repeating: 0, count: size - text.utf8.count)
        }
        bytes += [UInt8](repeating: 0, count: 32 + 4)
        bytes.append(pageLogarithm)
        return bytes + [UInt8](repeating: 0, count: 256 - bytes.count)
    }

    static func pattern(_ count: Int, _ seed: UInt8 = 1) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) &+ seed }
    }

    private static func product<First: Sequence>(_ first: First, _ second: [Int]) -> [(First.Element, Int)] {
        first.flatMap { left in second.map { (left, $0) } }
    }

    static let directed: [ImageCase] = layouts + descriptors + flags + refusals

    private static let layouts: [ImageCase] = {
        let base = ELFBuilder()
        let mixed =
            base.with(".rodata", at: 0x3F40_0020, pattern(3000)).with(".data", at: 0x3FFB_0000, pattern(500))
            .with(".iram", at: 0x4008_0000, pattern(70_001)).with(".text", at: 0x400D_0020, pattern(40_000))
        var cases = [
            ImageCase("RAM only", .esp32, base.with(".data", at: 0x3FFB_0000, pattern(40))),
            ImageCase("length not a multiple of 4", .esp32, base.with(".data", at: 0x3FFB_0000, pattern(41))),
            ImageCase("flash and RAM", .esp32, mixed),
            ImageCase("flash before any RAM", .esp32, base.with(".text", at: 0x400D_0018, pattern(100))),
            ImageCase(
                "RAM shorter than the gap", .esp32,
                base.with(".data", at: 0x3FFB_0000, pattern(100)).with(".iram", at: 0x4008_0000, pattern(200))
                    .with(".text", at: 0x400D_0018, pattern(100))),
            ImageCase(
                "unsorted sections", .esp32,
                base.with(".iram", at: 0x4008_0400, pattern(64)).with(".vectors", at: 0x4008_0000, pattern(0x400))
                    .with(".data", at: 0x3FFB_0000, pattern(8))),
            ImageCase(
                "neighbours become one", .esp32,
                base.with(".a", at: 0x3FFB_0000, pattern(40)).with(".b", at: 0x3FFB_0028, pattern(4))
                    .with(".c", at: 0x3FFB_002C, pattern(3)).with(".d", at: 0x3FFB_0030, pattern(9))),
            ImageCase(
                "neighbours in other memory stay two", .esp32,
                base.with(".a", at: 0x4009_FFF0, pattern(16)).with(".b", at: 0x400A_0000, pattern(16))),
            ImageCase(
                "what is not loaded", .esp32,
                base.with(".bss", at: 0x3FFB_0000, pattern(64), type: 8).with(".zero", at: 0, pattern(64))
                    .with(".init", at: 0x3FFB_1000, pattern(8), type: 14).with(".empty", at: 0x3FFB_2000, [])
                    .with(".note", at: 0x3FFB_3000, pattern(8), type: 7).with(
                        ".fini", at: 0x3FFB_4000, pattern(8), type: 15
                    )
                    .with(".pre", at: 0x3FFB_5000, pattern(8), type: 16)),
        ]
        for tail in [0xFFD0, 0xFFE0, 0xFFFC, 0x1_0000, 0x1_0004, 0x1_0020, 0x1_0024] {
            for chip in [Chip.esp32, .esp32s3] {
                let map = AddressMap(chip)
                cases.append(
                    ImageCase(
                        "page tail \(tail) on \(chip.name)", chip,
                        base.with(".rodata", at: map.dataFlash + 0x20, pattern(tail - 0x20))
                            .with(".data", at: map.ram[0], pattern(33)).with(
                                ".text", at: map.codeFlash + 0x40, pattern(64))))
            }
        }
        // The second flash segment starts at every distance of the page from the end of the first.
        for end in [0x40, 0x30, 0x28, 0x20, 0x1C] {
            for (offset, ram) in product(stride(from: 0, through: 64, by: 4), [0, 4, 8, 12, 70_000]) {
                cases.append(
                    ImageCase(
                        "gap at \(offset) behind \(end) with \(ram) bytes of RAM", .esp32c6,
                        base.with(".rodata", at: 0x4200_0020, pattern(0x1_0000 - end))
                            .with(".data", at: 0x4080_0000, pattern(ram))
                            .with(".text", at: 0x4280_0000 + UInt32(offset), pattern(16))))
            }
        }
        return cases
    }()

    private static let descriptors: [ImageCase] = {
        var cases: [ImageCase] = []
        for chip in Chip.all {
            let map = AddressMap(chip)
            for logarithm in [0, 12, 13, 14, 15, 16, 17, 200] as [UInt8] {
                cases.append(
                    ImageCase(
                        "descriptor with pages of 2^\(logarithm) on \(chip.name)", chip,
                        ELFBuilder().with(".text", at: map.codeFlash + 0x20, pattern(900))
                            .with(".flash.appdesc", at: map.dataFlash + 0x4_0020, descriptor(pageLogarithm: logarithm))
                            .with(".flash.rodata", at: map.dataFlash + 0x4_0120, pattern(100))
                            .with(".data", at: map.ram[0], pattern(5000))))
            }
            for place in [0x2020, 0x4020, 0x8020, 0x1_0020, 0x1_0040] as [UInt32] {
                cases.append(
                    ImageCase(
                        "descriptor at \(place) on \(chip.name)", chip,
                        ELFBuilder().with(".flash.appdesc", at: map.dataFlash + place, descriptor())
                            .with(".text", at: map.codeFlash + 0x2_0020, pattern(900))))
            }
            cases.append(
                ImageCase(
                    "bootloader on \(chip.name)", chip,
                    ELFBuilder().with(".iram", at: map.ram[0], pattern(80))
                        .with(".dram0.bootdesc", at: map.ram[1], [0x50] + pattern(79)).with(
                            ".d", at: map.ram[1] + 80, pattern(8))))
        }
        let inRAM = ELFBuilder().with(".flash.appdesc", at: 0x3FFB_0000, descriptor())
        cases.append(ImageCase("descriptor in RAM", .esp32, inRAM))
        let taken = ELFBuilder().with(".flash.appdesc", at: 0x3F40_0020, descriptor().map { $0 | 1 })
        cases.append(ImageCase("no room for the digest", .esp32, taken))
        let second = ELFBuilder().with(".rodata", at: 0x3F40_0020, [UInt8](repeating: 0, count: 400))
            .with(".flash.appdesc", at: 0x3F41_0020, descriptor())
        cases.append(ImageCase("descriptor moved first", .esp32, second))
        let joined = ELFBuilder().with(".rodata", at: 0x3F40_0020, [UInt8](repeating: 0, count: 256))
            .with(".flash.appdesc", at: 0x3F40_0120, descriptor())
        cases.append(ImageCase("descriptor inside a segment", .esp32, joined))
        return cases
    }()

    private static let flags: [ImageCase] = {
        let elf = ELFBuilder().with(".data", at: 0x3FFB_0000, [UInt8](repeating: 0, count: 100))
            .with(".text", at: 0x400D_0020, pattern(40))
        let plain = ImageCase("flags", .esp32, elf)
        var cases: [ImageCase] = []
        for mode in FlashMode.allCases { cases.append(plain.changed { $0.mode = mode }) }
        for size in FlashSize.all { cases.append(plain.changed { $0.size = size }) }
        for chip in Chip.all {
            for frequency in chip.flashFrequencies {
                let map = AddressMap(chip)
                let builder = ELFBuilder().with(".data", at: map.ram[0], pattern(12))
                cases.append(
                    ImageCase("\(frequency.name) on \(chip.name)", chip, builder).changed {
                        $0.frequency = frequency.name
                    })
            }
        }
        cases.append(plain.changed { ($0.minimumRevision, $0.maximumRevision) = (301, 399) })
        cases.append(plain.changed { $0.usesSegments = true })
        for offset in [0, 24, 31, 32, 33, 40, 64, 67, 68, 92, 93, 100, 120, 124, 131, 132, 200, 65536, 65568, 99999] {
            cases.append(plain.changed { ($0.name, $0.digestOffset) = ("digest at \(offset)", offset) })
        }
        return cases
    }()

    private static let refusals: [ImageCase] = {
        var many = ELFBuilder()
        for index in 0..<17 { many = many.with(".s\(index)", at: 0x3FFB_0000 + UInt32(index) * 64, pattern(16)) }
        var sixteen = many
        sixteen.sections.removeLast()
        sixteen.loads.removeLast()
        let shared = ELFBuilder().with(".a", at: 0x400D_0020, pattern(16)).with(".b", at: 0x400D_8000, pattern(16))
        return [
            ImageCase("17 segments", .esp32, many),
            ImageCase("16 segments", .esp32, sixteen),
            ImageCase("16 segments and padding", .esp32, sixteen.with(".data", at: 0x3FFB_03D0, pattern(16))),
            ImageCase("two in one page", .esp32, shared),
            ImageCase("odd flash address", .esp32, ELFBuilder().with(".a", at: 0x400D_0021, pattern(16))),
            ImageCase("odd RAM address", .esp32, ELFBuilder().with(".a", at: 0x3FFB_0001, pattern(16))),
            ImageCase(
                "16 MB", .esp32s3, ELFBuilder().with(".a", at: 0x3FC8_8000, [UInt8](repeating: 1, count: 1 << 24))),
            ImageCase("nothing to load", .esp32, ELFBuilder().with(".a", at: 0, pattern(16))),
            ImageCase(
                "past the end of memory", .esp32,
                ELFBuilder().with(".a", at: 0xFFFF_FFF0, pattern(100)).with(".b", at: 0x400D_0040, pattern(4))),
        ]
    }()

    /// Sections in flash and RAM, touching or not, in and out of order, with and without a descriptor.
    static func random(_ name: String, _ generator: inout SeededGenerator) -> ImageCase {
        let chip = Chip.all[Int.random(in: 0..<Chip.all.count, using: &generator)]
        let map = AddressMap(chip)
        var builder = ELFBuilder()
        var next: UInt32?
        var page: UInt32 = 0
        let count = Int.random(in: 1...9, using: &generator)
        let descriptorAt = generator.chance(40) ? Int.random(in: 0..<count, using: &generator) : -1
        for index in 0..<count {
            let isDescriptor = index == descriptorAt
            let address: UInt32
            if let next, generator.chance(45) {
                address = next &+ (generator.chance(10) ? 4 : 0)
            } else if isDescriptor || generator.chance(40) {
                page += UInt32.random(in: 0...2, using: &generator)
                let base = generator.chance(50) ? map.dataFlash : map.codeFlash
                address = base + page * 0x1_0000 + [0x20, 0x18, 0, 0x2020][Int.random(in: 0..<4, using: &generator)]
            } else {
                let base = map.ram[Int.random(in: 0..<map.ram.count, using: &generator)]
                address = base + 4 * UInt32.random(in: 0..<0x200, using: &generator)
            }
            let size = Int.random(in: 1...(generator.chance(10) ? 70_000 : 600), using: &generator)
            let pages = [0, 13, 14, 15, 16] as [UInt8]
            let data =
                isDescriptor
                ? descriptor(pageLogarithm: pages[Int.random(in: 0..<5, using: &generator)]) : generator.bytes(size)
            let type = generator.chance(8) ? [8, 14, 7][Int.random(in: 0..<3, using: &generator)] as UInt32 : 1
            builder = builder.with(isDescriptor ? ".flash.appdesc" : ".s\(index)", at: address, data, type: type)
            next = address &+ UInt32((data.count + 3) / 4 * 4)
        }
        if generator.chance(15) {
            builder.sections.shuffle(using: &generator)
        }
        builder.entry = UInt32.random(in: 0...UInt32.max, using: &generator)
        return ImageCase(name, chip, builder).changed { item in
            item.usesSegments = generator.chance(15)
            item.mode = FlashMode.allCases[Int.random(in: 0..<4, using: &generator)]
            item.size = FlashSize.all[Int.random(in: 0..<8, using: &generator)]
            item.minimumRevision = UInt16.random(in: 0...UInt16.max, using: &generator)
            if generator.chance(10) { item.digestOffset = Int.random(in: 0...400, using: &generator) }
        }
    }

    /// Programs whose sections the linker placed.
    static func compiled() async throws -> [ImageCase] {
        guard let compiler = Peers.program("xtensa-lx106-elf-gcc") else { return [] }
        let source = """
            __attribute__((section(".flash.rodata"))) const int table[300] = { 1, 2, 3 };
            __attribute__((section(".dram0.data"))) int counter = 5;
            __attribute__((section(".dram0.bss"))) int zero[10];
            __attribute__((section(".flash.text"))) int mapped(int x) { return x * table[x & 7] + counter; }
            __attribute__((section(".iram0.text"))) int entry(void) { return mapped(zero[3]++); }
            """
        let layouts: [(Chip, [String])] = [
            (.esp32, ["0x3F400020", "0x3FFB0000", "0x3FFC0000", "0x400D0020", "0x40080000"]),
            (.esp32, ["0x3FFB1000", "0x3FFB0000", "0x3FFC0000", "0x40080400", "0x40080000"]),
            (.esp32s2, ["0x3F000020", "0x3FFB0000", "0x3FFC0000", "0x40080020", "0x40024000"]),
            (.esp32s3, ["0x3C000020", "0x3FC90000", "0x3FCA0000", "0x42010020", "0x40378000"]),
        ]
        return try await withTemporaryFolder { folder in
            try write(Array(source.utf8), to: folder.appending("main.c"))
            var cases: [ImageCase] = []
            for (index, (chip, addresses)) in layouts.enumerated() {
                let sections = [".flash.rodata", ".dram0.data", ".dram0.bss", ".flash.text", ".iram0.text"]
                let starts = zip(sections, addresses).map { "-Wl,--section-start=\($0)=\($1)" }
                let options = ["-O1", "-g", "-nostdlib", "-Wl,-e,entry", "-mtext-section-literals", "-mlongcalls"]
                let output = folder.appending("\(index).elf")
                let outcome = try await Peers.run(
                    compiler, options + starts + ["main.c", "-o", output.string], in: folder)
                guard outcome.status == 0 else { throw PeerFailure(text: outcome.errors) }
                let item = ImageCase("compiled \(index)", chip, elf: try Peers.contents(of: output))
                cases.append(item)
                cases.append(item.changed { ($0.name, $0.usesSegments) = ("compiled \(index) by segments", true) })
            }
            return cases
        }
    }
}
