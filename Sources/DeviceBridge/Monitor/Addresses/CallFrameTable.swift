// Reads how to go from a function to its caller: the tables of .debug_frame and .eh_frame. Answers for one address at a
// time: which register or register plus offset is the frame's address, and where each register of the caller lies.
// Sources: DWARF 5, section 6.4; Linux Standard Base 5, "Exception Frames" (.eh_frame). Left out: DWARF expressions,
// which compilers write for no ordinary function, and 64-bit DWARF.

/// Where a register of the caller is.
enum SavedRegister: Equatable {
    /// Still in the register.
    case kept
    /// Nowhere.
    case lost
    /// In memory, so far from the frame's address.
    case memory(Int32)
    /// The frame's address plus so much.
    case address(Int32)
    /// In another register.
    case register(Int)
}

/// How to go from one instruction's frame to its caller's.
struct CallFrameRow: Equatable {
    /// The frame's address is this register plus the offset; nil where only an expression tells.
    var base: Int? = 2
    var offset: Int32 = 0
    var saved: [SavedRegister]
    var returnAddress = 1

    /// The state where a function begins, on RISC-V: nothing is saved.
    init(registers: Int) { saved = [SavedRegister](repeating: .kept, count: registers) }
}

/// The call frame tables of a file.
struct CallFrameTable {
    /// A section with them.
    struct Section {
        var bytes: ArraySlice<UInt8>
        var address: UInt32
        var isForExceptions: Bool
    }

    /// RISC-V's integer registers; rules for others are read over.
    static let registers = 32
    private let sections: [Section]

    init(_ sections: [Section]) { self.sections = sections.filter { !$0.bytes.isEmpty } }

    /// The row for an instruction; nil where no table tells.
    func row(at address: UInt32) -> CallFrameRow? {
        for section in sections {
            if let row = Self.row(at: address, in: section) { return row }
        }
        return nil
    }

    private static func row(at address: UInt32, in section: Section) -> CallFrameRow? {
        var reader = DebugReader(section.bytes)
        while !reader.isAtEnd {
            let length = reader.u32()
            guard length > 0 else { continue }
            guard length < 0xFFFF_FFF0, var entry = reader.part(UInt64(length)) else { return nil }
            let place = entry.at
            let identity = entry.u32()
            if identity == (section.isForExceptions ? 0 : 0xFFFF_FFFF) { continue }
            let start = section.isForExceptions ? place - Int(identity) : section.bytes.startIndex + Int(identity)
            guard let head = CallFrameHead(at: start, in: section) else { continue }
            let first = head.pointer(&entry, in: section)
            let count = head.size(&entry)
            guard !entry.isBroken, address >= first, address - first < count else { continue }
            if head.isAugmented { entry.skip(entry.uleb()) }
            var program = CallFrameProgram(head: head, first: first, wanted: address)
            return program.run(instructions: entry)
        }
        return nil
    }
}

/// What many functions' tables have in common (a CIE).
struct CallFrameHead {
    var codeFactor: UInt32 = 1
    var dataFactor: Int64 = 1
    var returnAddress = 1
    /// Whether functions have a block of data of their own before the instructions.
    var isAugmented = false
    private var encoding: UInt8 = 0
    /// What holds at the beginning of every function.
    private(set) var instructions: DebugReader

    /// Reads the head whose length stands at a place of the section.
    init?(at start: Int, in section: CallFrameTable.Section) {
        guard section.bytes.indices.contains(start) else { return nil }
        var reader = DebugReader(section.bytes[start...])
        let length = reader.u32()
        guard length > 0, length < 0xFFFF_FFF0, var entry = reader.part(UInt64(length)) else { return nil }
        let identity = entry.u32()
        guard identity == (section.isForExceptions ? 0 : 0xFFFF_FFFF) else { return nil }
        let version = entry.u8()
        guard [1, 3, 4].contains(version) else { return nil }
        let augmentation = entry.string()
        if version == 4, entry.u8() != 4 || entry.u8() != 0 { return nil }
        codeFactor = UInt32(truncatingIfNeeded: entry.uleb())
        dataFactor = entry.sleb()
        returnAddress = version == 1 ? Int(entry.u8()) : Int(clamping: entry.uleb())
        instructions = entry
        if augmentation.hasPrefix("z") {
            isAugmented = true
            guard var data = entry.part(entry.uleb()) else { return nil }
            instructions = entry
            for letter in augmentation.dropFirst() {
                switch letter {
                case "R": encoding = data.u8()
                case "L": data.skip(1)
                case "P": _ = Self.read(&data, as: data.u8(), base: 0)
                case _: break
                }
            }
        } else if !augmentation.isEmpty {
            return nil
        }
        if entry.isBroken || returnAddress >= CallFrameTable.registers { return nil }
    }

    /// Where a function begins.
    func pointer(_ reader: inout DebugReader, in section: CallFrameTable.Section) -> UInt32 {
        let here = section.address &+ UInt32(truncatingIfNeeded: reader.at - section.bytes.startIndex)
        // DW_EH_PE_pcrel: the distance from where the number stands.
        return Self.read(&reader, as: encoding & 0x0F, base: encoding & 0x70 == 0x10 ? here : 0)
    }

    /// How long a function is.
    func size(_ reader: inout DebugReader) -> UInt32 { Self.read(&reader, as: encoding & 0x07, base: 0) }

    /// A number in one of the forms of DW_EH_PE.
    private static func read(_ reader: inout DebugReader, as form: UInt8, base: UInt32) -> UInt32 {
        switch form & 0x0F {
        case 0x01: return base &+ UInt32(truncatingIfNeeded: reader.uleb())
        case 0x02: return base &+ UInt32(truncatingIfNeeded: reader.number(2))
        case 0x09: return base &+ UInt32(truncatingIfNeeded: reader.sleb())
        case 0x0A: return base &+ UInt32(bitPattern: Int32(Int16(truncatingIfNeeded: reader.number(2))))
        case 0x04, 0x0C: return base &+ UInt32(truncatingIfNeeded: reader.number(8))
        case _: return base &+ reader.u32()
        }
    }
}

/// The instructions of one function's table, run up to an address.
private struct CallFrameProgram {
    private let head: CallFrameHead
    private let wanted: UInt32
    private var location: UInt32
    private var row = CallFrameRow(registers: CallFrameTable.registers)
    private var initial: CallFrameRow?
    private var remembered: [CallFrameRow] = []

    init(head: CallFrameHead, first: UInt32, wanted: UInt32) {
        self.head = head
        self.wanted = wanted
        location = first
        row.returnAddress = head.returnAddress
    }

    mutating func run(instructions: DebugReader) -> CallFrameRow? {
        var common = head.instructions
        while !common.isAtEnd { if !step(&common) { return nil } }
        initial = row
        var own = instructions
        while !own.isAtEnd, location <= wanted {
            let before = row
            guard step(&own) else { return nil }
            // The row that holds is the last one before the address was passed.
            if location > wanted { return before }
        }
        return row
    }

    /// One instruction; false where it cannot be followed.
    private mutating func step(_ code: inout DebugReader) -> Bool {
        let byte = code.u8()
        let low = Int(byte & 0x3F)
        switch byte >> 6 {
        case 1: location = location &+ UInt32(low) &* head.codeFactor
        case 2: set(low, .memory(scaled(code.uleb())))
        case 3: restore(low)
        case _: return extended(low, &code)
        }
        return !code.isBroken
    }

    private mutating func extended(_ operation: Int, _ code: inout DebugReader) -> Bool {
        func register() -> Int { Int(clamping: code.uleb()) }
        switch operation {
        case 0x00: break
        case 0x01: location = code.u32()
        case 0x02: location = location &+ UInt32(code.u8()) &* head.codeFactor
        case 0x03: location = location &+ UInt32(code.number(2)) &* head.codeFactor
        case 0x04: location = location &+ code.u32() &* head.codeFactor
        case 0x05: set(register(), .memory(scaled(code.uleb())))
        case 0x06: restore(register())
        case 0x07: set(register(), .lost)
        case 0x08: set(register(), .kept)
        case 0x09: set(register(), .register(register()))
        case 0x0A where remembered.count < 64: remembered.append(row)
        case 0x0B:
            guard let last = remembered.popLast() else { return false }
            row = last
        case 0x0C: (row.base, row.offset) = (register(), Int32(truncatingIfNeeded: code.uleb()))
        case 0x0D: row.base = register()
        case 0x0E: row.offset = Int32(truncatingIfNeeded: code.uleb())
        case 0x0F:
            code.skip(code.uleb())
            row.base = nil
        case 0x10, 0x16:
            set(register(), .lost)
            code.skip(code.uleb())
        case 0x11: set(register(), .memory(scaled(code.sleb())))
        case 0x12: (row.base, row.offset) = (register(), scaled(code.sleb()))
        case 0x13: row.offset = scaled(code.sleb())
        case 0x14: set(register(), .address(scaled(code.uleb())))
        case 0x15: set(register(), .address(scaled(code.sleb())))
        case 0x2E: _ = code.uleb()
        case _: return false
        }
        return !code.isBroken
    }

    private func scaled(_ number: UInt64) -> Int32 { scaled(Int64(truncatingIfNeeded: number)) }

    private func scaled(_ number: Int64) -> Int32 { Int32(truncatingIfNeeded: number &* head.dataFactor) }

    private mutating func set(_ register: Int, _ rule: SavedRegister) {
        if row.saved.indices.contains(register) { row.saved[register] = rule }
    }

    private mutating func restore(_ register: Int) {
        guard row.saved.indices.contains(register) else { return }
        row.saved[register] = initial?.saved[register] ?? .kept
    }
}
