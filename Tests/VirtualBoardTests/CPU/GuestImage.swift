// What both processors run: one image of vectors, code, tables and a result area, at the same addresses in both. The
// start code puts the processor into one known state; the end code writes the result area into a file through the
// simulator's calls, which only qemu understands: our processor stops where the end code begins. The vectors count
// exceptions and go on behind the instruction that raised one, and spill and fill register windows.

/// Where things lie. The cores that qemu has with an MMU map addresses to themselves and have RAM from 0 up.
enum GuestLayout {
    static let ram: Range<UInt32> = 0x0010_0000..<0x00F0_0000
    static let vectors: UInt32 = 0x0010_0000
    /// The end code has pages of its own, so that our side can stop there.
    static let end: Range<UInt32> = 0x0010_2000..<0x0010_3000
    static let code: UInt32 = 0x0011_0000
    static let tables: UInt32 = 0x0040_0000
    static let results: UInt32 = 0x0050_0000
    static let stackTop: UInt32 = 0x00EF_0000
    /// Where the cores with an MMU start after a reset; the simulator's machine does not start at the ELF file's entry.
    static let reset: UInt32 = 0xFE00_0000
}

/// Words of the record that MISC0 points to, in which the exception handler counts.
enum ExceptionRecord {
    static let count = 0
    static let lastCause = 1
    static let lastAddress = 2
    /// Sums causes and addresses in order.
    static let digest = 3
    static let words = 4
}

/// A program for both processors.
struct GuestImage {
    typealias Section = (address: UInt32, bytes: [UInt8])

    /// Bytes by address.
    var sections: [Section]
    var entry: UInt32
    /// The code of `body` with what is around it.
    var listing: [(address: UInt32, text: String)]
    /// How many bytes of the result area count.
    var resultSize: Int

    /// `body` emits the code; it starts with MISC0 pointing to a record behind the results, and falls off its end.
    static func make(
        resultSize: Int, tables: [UInt8] = [], stack: UInt32 = GuestLayout.stackTop,
        body: (inout Assembler) -> Void
    ) -> GuestImage {
        var code = Assembler(origin: GuestLayout.code)
        code.startPool(words: 8)
        let entry = code.here
        // PS.EXCM off, or loops would not loop; WOE on, as compiled code has it.
        code.load(2, 0x0004_0000)
        code.emit([.wsr(.ps, 2), .rsync])
        // A reset leaves the windows undefined.
        code.emit([.movi(2, 0), .wsr(.windowbase, 2), .rsync, .movi(2, 1), .wsr(.windowstart, 2), .rsync])
        code.load(2, GuestLayout.results + UInt32(resultSize))
        code.emit([.wsr(.misc0, 2), .rsync])
        code.load(2, GuestLayout.vectors)
        code.emit([.wsr(.vecbase, 2), .movi(2, 0xFF), .wsr(.cpenable, 2), .movi(2, 0), .wsr(.intenable, 2)])
        // S32C1I works by itself on memory of every kind; after a reset qemu's core refuses it on uncached memory.
        code.emit([.movi(2, 0x2A), .wsr(.atomctl, 2)])
        code.load(1, stack)
        body(&code)
        let tail = code.label()
        code.emit(.jump, to: tail)
        code.startPool(words: 2)
        code.place(tail)
        code.load(2, GuestLayout.end.lowerBound)
        code.emit(.jx(2))
        code.resolve()
        precondition(code.here <= GuestLayout.tables, "too much code")
        let all = resultSize + ExceptionRecord.words * 4
        precondition(GuestLayout.results + UInt32(all) < stack, "too many results")
        return GuestImage(
            sections: [
                (GuestLayout.vectors, vectors()), (GuestLayout.end.lowerBound, endCode(resultSize: all)),
                (code.origin, code.bytes), (GuestLayout.tables, tables),
                (GuestLayout.results, [UInt8](repeating: 0, count: all)),
            ],
            entry: entry, listing: code.listing, resultSize: all)
    }

    /// What the result area holds before the program runs, from its start.
    mutating func setInitialResults(_ words: [UInt32]) {
        guard let index = sections.firstIndex(where: { $0.address == GuestLayout.results }) else { return }
        let bytes = words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) } }
        precondition(bytes.count <= sections[index].bytes.count, "more than the result area")
        sections[index].bytes.replaceSubrange(0..<bytes.count, with: bytes)
    }

    private static func vectors() -> [UInt8] {
        var code = Assembler(origin: GuestLayout.vectors)
        for turn in [4, 8, 12] {
            code.emit(WindowVectors.overflow(turn))
            code.pad(to: GuestLayout.vectors + UInt32(turn / 4) * 0x80 - 0x40)
            code.emit(WindowVectors.underflow(turn))
            code.pad(to: GuestLayout.vectors + UInt32(turn / 4) * 0x80)
        }
        let handler = code.label()
        for offset: UInt32 in [0x300, 0x340] {
            code.pad(to: GuestLayout.vectors + offset)
            code.emit(.jump, to: handler)
        }
        // A double exception is never meant to be: both sides end, and the results tell.
        code.pad(to: GuestLayout.vectors + 0x3A0)
        code.startPool(words: 1)
        code.pad(to: GuestLayout.vectors + 0x3C0)
        code.load(2, GuestLayout.end.lowerBound)
        code.emit(.jx(2))
        code.pad(to: GuestLayout.vectors + 0x400)
        code.place(handler)
        emitHandler(&code)
        code.resolve()
        return code.bytes
    }

    /// Notes cause and address of an exception and returns behind the instruction. It runs on three registers of its own.
    private static func emitHandler(_ code: inout Assembler) {
        typealias Record = ExceptionRecord
        code.emit([.wsr(.excsave1, 0), .wsr(.excsave3, 1), .wsr(.excsave4, 2), .rsr(.misc0, 0)])
        code.emit([.l32i(1, 0, 4 * Record.count), .addi(1, 1, 1), .s32i(1, 0, 4 * Record.count)])
        code.emit([.rsr(.exccause, 1), .s32i(1, 0, 4 * Record.lastCause)])
        code.emit([.rsr(.epc1, 2), .s32i(2, 0, 4 * Record.lastAddress), .three("add", 1, 1, 2)])
        code.emit([.l32i(2, 0, 4 * Record.digest), .three("subx8", 2, 2, 2), .three("add", 2, 2, 1)])
        code.emit([.s32i(2, 0, 4 * Record.digest), .rsr(.epc1, 1), .memory("l8ui", 2, 1, 0), .addi(1, 1, 3)])
        // Bit 3 of the first byte tells 16 from 24 bits.
        let wide = code.label()
        code.emit(.bitBranch(isSet: false, 2, 3), to: wide)
        code.emit(.addi(1, 1, -1))
        code.place(wide)
        code.emit([.wsr(.epc1, 1), .rsr(.excsave4, 2), .rsr(.excsave3, 1), .rsr(.excsave1, 0), .rfe])
    }

    /// The simulator's calls, numbers and arguments in a2 to a5: open, write, exit.
    private static func endCode(resultSize: Int) -> [UInt8] {
        var code = Assembler(origin: GuestLayout.end.lowerBound)
        let start = code.label()
        code.emit(.jump, to: start)
        code.startPool(words: 4)
        let name = code.here
        code.append(Array("results".utf8) + [0])
        code.place(start)
        code.emit(.movi(2, 5))
        code.load(3, name)
        code.load(4, openForWriting)
        code.emit([.movi(5, 0o644), .simcall, .three("or", 3, 2, 2), .movi(2, 4)])
        code.load(4, GuestLayout.results)
        code.load(5, UInt32(resultSize))
        code.emit([.simcall, .movi(2, 1), .movi(3, 0), .simcall])
        code.resolve()
        return code.bytes
    }

    /// The host's own flags for open: qemu hands them through.
    private static let openForWriting: UInt32 = {
        #if os(Linux)
            0o1101
        #else
            0x601
        #endif
    }()

    private var resetCode: [UInt8] {
        var code = Assembler(origin: GuestLayout.reset)
        let start = code.label()
        code.emit(.jump, to: start)
        code.startPool(words: 1)
        code.place(start)
        code.load(2, entry)
        code.emit(.jx(2))
        code.resolve()
        return code.bytes
    }

    /// The image as an ELF file, one loadable segment for each section.
    var elf: [UInt8] {
        let present = sections.filter { !$0.bytes.isEmpty } + [(GuestLayout.reset, resetCode)]
        var file: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 1, 1, 1] + [UInt8](repeating: 0, count: 9)
        func half(_ value: Int) { file += [UInt8(value & 0xFF), UInt8(value >> 8)] }
        func word(_ value: UInt32) { half(Int(value & 0xFFFF)); half(Int(value >> 16)) }
        let (headerSize, segmentSize) = (52, 32)
        // ET_EXEC, EM_XTENSA, one version, no sections.
        half(2)
        half(94)
        word(1)
        word(entry)
        word(UInt32(headerSize))
        word(0)
        word(0)
        for value in [headerSize, segmentSize, present.count, 40, 0, 0] { half(value) }
        var offset = headerSize + segmentSize * present.count
        for section in present {
            let size = UInt32(section.bytes.count)
            for value in [1, UInt32(offset), section.address, section.address, size, size, 7, 4] { word(value) }
            offset += section.bytes.count
        }
        return file + present.flatMap(\.bytes)
    }
}
