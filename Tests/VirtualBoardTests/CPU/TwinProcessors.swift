// Two processors with the same memory around them, one on its decode cache and one that executes each instruction by its
// word, and random programs for both.

import Testing
import VirtualBoard

extension ProgramRandom {
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}

/// A device whose register tells the cycle and whose writes raise and drop interrupt lines or stop the processor.
final class Nuisance: Peripheral {
    var line: (Int, Bool) -> Void = { _, _ in }
    var stop: () -> Void = {}

    func read(_ offset: UInt32, at cycle: UInt64) -> UInt32 {
        if offset == 4 { stop() }
        if offset == 8 { line(2, true) }
        return UInt32(truncatingIfNeeded: cycle) &* 3 ^ offset
    }

    func write(_ offset: UInt32, _ value: UInt32, at cycle: UInt64) {
        line(Int(value & 31), value & 32 != 0)
        if value & 0xC0 == 0xC0 { stop() }
    }
}

extension Op {
    /// L32R with a distance in words, negative, from the rounded-up address.
    static func l32r(_ t: UInt32, words: Int) -> UInt32 {
        (UInt32(bitPattern: Int32(words)) & 0xFFFF) << 8 | t << 4 | 1
    }

    /// LOOP (8), LOOPNEZ (9) or LOOPGTZ (10) over a body of so many bytes; LEND is PC + 4 + the immediate.
    static func loop(_ kind: UInt32, _ s: UInt32, body: UInt32) -> UInt32 {
        (body - 1) << 16 | kind << 12 | s << 8 | 0x76
    }

    /// A branch of the format with two registers: 1 is BEQ, 9 BNE.
    static func branch(_ form: UInt32, _ s: UInt32, _ t: UInt32, from pc: UInt32, to target: UInt32) -> UInt32 {
        let offset: UInt32 = target &- pc &- 4
        return (offset & 0xFF) << 16 | form << 12 | s << 8 | t << 4 | 7
    }

    /// The bytes of instructions one behind the other.
    static func bytes(_ words: [UInt32]) -> [UInt8] {
        words.flatMap { word in
            (0..<(word & 15 >= 8 ? 2 : 3)).map { UInt8(truncatingIfNeeded: word >> UInt32($0 * 8)) }
        }
    }
}

/// One processor with code, data, flash and a device around it.
final class TestProcessor {
    static let code: UInt32 = 0x5000_0000
    static let data: UInt32 = 0x3FFB_0000
    static let instructions: UInt32 = 0x4008_0000
    static let device: UInt32 = 0x3FF4_0000
    static let flashCode: UInt32 = 0x400D_0000
    static let flashData: UInt32 = 0x3F40_0000
    static let trap: UInt32 = 0x4000_0000
    static let ramSize: UInt32 = 0x1000

    let memory = MemoryMap()
    let cpu: XtensaCPU
    let flash: UnsafeMutableRawPointer
    private let nuisance = Nuisance()

    init(isDecoding: Bool) {
        memory.addRAM(Self.code..<Self.code + Self.ramSize, access: .both)
        memory.addRAM(Self.data..<Self.data + Self.ramSize, access: .data)
        memory.addRAM(Self.instructions..<Self.instructions + Self.ramSize, access: .instruction)
        memory.attach(nuisance, at: Self.device, size: 0x1000)
        memory.addTrap(Self.trap..<Self.trap + 0x1000)
        flash = .allocate(byteCount: 0x20000, alignment: 0x10000)
        flash.initializeMemory(as: UInt8.self, repeating: 0, count: 0x20000)
        memory.mapCachePage(at: Self.flashCode, to: flash)
        memory.mapCachePage(at: Self.flashData, to: flash)
        cpu = XtensaCPU(memory: memory, isDecoding: isDecoding)
        nuisance.line = { [unowned cpu] number, level in cpu.setInterruptLine(number, level) }
        nuisance.stop = { [unowned cpu] in cpu.requestStop() }
        // Reset leaves PS.EXCM set.
        setSpecial(230, 0)
    }

    deinit { flash.deallocate() }

    /// Puts instructions one behind the other; narrow ones take two bytes. Returns the address behind.
    @discardableResult
    func put(_ words: [UInt32], at address: UInt32) -> UInt32 {
        let bytes = Op.bytes(words)
        #expect(memory.write(address, bytes))
        return address + UInt32(bytes.count)
    }

    /// Writes a special register, with an instruction at the end of the code.
    func setSpecial(_ number: Int, _ value: UInt32) {
        let (pc, kept) = (cpu.pc, cpu[2])
        put([0x13_0000 | UInt32(number) << 8 | 2 << 4], at: Self.code + Self.ramSize - 4)
        cpu.pc = Self.code + Self.ramSize - 4
        cpu[2] = value
        _ = cpu.run(until: cpu.cycle + 1)
        cpu.pc = pc
        cpu[2] = kept
    }

    /// Sets a floating-point register, with WFR at the end of the code.
    func setFloat(_ number: Int, _ bits: UInt32) {
        let (pc, kept) = (cpu.pc, cpu[2])
        setSpecial(224, 1)
        put([0xFA_0050 | UInt32(number) << 12 | 2 << 8], at: Self.code + Self.ramSize - 4)
        cpu.pc = Self.code + Self.ramSize - 4
        cpu[2] = bits
        _ = cpu.run(until: cpu.cycle + 1)
        cpu.pc = pc
        cpu[2] = kept
    }

    func bytes(_ base: UInt32) -> [UInt8] { memory.read(base, count: Int(Self.ramSize)) ?? [] }
}

/// Random instructions. Most are of those that programs use, with small offsets, so that control stays in the code.
struct RandomProgram {
    var random: ProgramRandom

    mutating func word() -> UInt32 {
        let kind = random.below(100)
        let fields = random.word() & 0xFFF0
        switch kind {
        case 0..<34: return registers(fields)
        case 34..<50: return random.word() & 0xFF_0000 | fields & 0xFF0 | random.pick(Self.memoryForms) << 12 | 2
        case 50..<56: return random.word() & 0x07_0000 | fields & 0xFF0 | random.pick([0, 4, 8, 12]) << 12 | 3
        case 56..<70: return branch(fields)
        case 70..<90: return random.word() & 0xFFF0 | random.pick([8, 9, 10, 11, 12, 13])
        case 90..<94: return 0xFF_C001 | random.word() & 0x00_3FF0
        case 94: return calls(fields)
        case 95: return random.word() & 0x00_3FC0 | random.pick([5, 6, 0xFF_C005, 0xFF_C006])
        case 96..<99: return 0x76 | fields & 0xF00 | random.pick([8, 9, 10]) << 12 | UInt32(random.below(24)) << 16
        case _: return random.word() & 0xFF_FFFF
        }
    }

    /// Calls and jumps by register, returns, BF and BT, MAC16, windowed calls.
    private mutating func calls(_ fields: UInt32) -> UInt32 {
        let s = fields & 0xF00
        switch random.below(8) {
        case 0, 1: return s | 0xC0
        case 2: return s | 0xA0
        case 3: return random.chance(50) ? Op.ret : 0xF00D
        case 4, 5: return UInt32(random.below(30)) << 16 | fields & 0x1000 | s | 0x76
        case 6: return random.word() & 0xFF_0000 | fields | 4
        case _:
            return random.pick([Op.retw, Op.retwNarrow, 0x36 | 4 << 12 | 1 << 8, s | 0xE0, 0x25 | fields & 0x1FC0])
        }
    }

    private static let memoryForms: [UInt32] = [0, 1, 2, 4, 5, 6, 9, 10, 11, 12, 12, 12, 13, 14, 15]

    private mutating func registers(_ fields: UInt32) -> UInt32 {
        let op1 = random.pick([0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 8, 10, 10, 11, 11] as [UInt32])
        let word = random.word() & 0xF0_0000 | op1 << 16 | fields
        // Writes of special registers are rare, and those of PS, CCOMPARE and VECBASE are done by the tests.
        guard op1 == 3, word >> 20 < 2 else { return word }
        let number = random.pick([0, 1, 2, 3, 4, 12, 177, 209, 224, 226, 227, 228, 234, 240, 241])
        return word & 0xFF_00F0 | UInt32(number) << 8
    }

    private mutating func branch(_ fields: UInt32) -> UInt32 {
        let offset = UInt32(bitPattern: Int32(random.below(60) - 24)) & 0xFF
        switch random.below(4) {
        case 0: return offset << 12 | random.pick([0, 0xF0_0000 * (offset >> 7)]) | fields & 0xFC0 | 0x16
        case 1: return offset << 16 | fields & 0xFFC0 | 0x26
        case 2: return offset << 16 | fields & 0x1F80 | 0x80 | fields & 0x40 | 0x36
        case _: return offset << 16 | fields & 0xFFF0 | 7
        }
    }

    mutating func register() -> UInt32 {
        let near = UInt32(random.below(Int(TestProcessor.ramSize)))
        switch random.below(20) {
        case 0..<5: return TestProcessor.data + near & ~3
        case 5..<7: return TestProcessor.data + near
        case 7..<10: return TestProcessor.code + near
        case 10: return TestProcessor.code + near & ~3
        case 11: return TestProcessor.instructions + near & ~3
        case 12: return random.chance(50) ? TestProcessor.flashData + near & ~3 : TestProcessor.flashCode + near
        case 13: return random.chance(50) ? TestProcessor.device + near & 0x3C : TestProcessor.trap
        case 14..<17: return UInt32(bitPattern: Int32(random.below(70) - 20))
        case _: return random.word()
        }
    }

    mutating func float() -> UInt32 {
        switch random.below(8) {
        case 0: random.pick([0, 0x8000_0000, 0x7F80_0000, 0xFF80_0000, 0x7FC0_0000, 1, 0x7F7F_FFFF])
        case 1: random.word()
        case _: Float(random.below(2000) - 1000).bitPattern + UInt32(random.below(5))
        }
    }
}
