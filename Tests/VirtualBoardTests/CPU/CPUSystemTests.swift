// The core's surroundings: special registers, exceptions, interrupts and their levels, breakpoints, region attributes, and
// the encodings that this core does not have.

import Testing
import VirtualBoard

private let user: UInt32 = 0x20
private let intset: UInt32 = 226
private let intclear: UInt32 = 227
private let intenable: UInt32 = 228
private let rsync: UInt32 = 0x00_2010
private func rfi(_ level: UInt32) -> UInt32 { 0x00_3010 | level << 8 }
private func rsil(_ t: UInt32, _ level: UInt32) -> UInt32 { 0x00_6000 | level << 8 | t << 4 }

@Suite("The core's surroundings")
struct CPUSystemTests {
    private let bench = CPUBench()
    private var cpu: XtensaCPU { bench.cpu }
    private let userVector = CPUBench.vectors + 0x340

    init() { bench.setSpecial(SR.ps, user) }

    @Test(
        "Special registers keep the bits that they have",
        arguments: [
            (0, .max), (1, .max), (2, .max), (3, 0x3F), (4, 0xFFFF), (12, .max), (16, .max), (17, .max), (32, .max),
            (33, .max),
            (34, .max), (35, .max), (73, 0xFFFF), (96, 3), (97, 1), (99, 0x3F), (104, .max), (128, .max), (129, .max),
            (144, .max),
            (145, .max), (160, 0xC000_003F), (161, 0xC000_003F), (177, .max), (178, .max), (183, .max), (192, .max),
            (194, 0x7_0F3F), (199, 0x7_0F3F), (209, .max), (215, .max), (224, 0xFF), (228, .max), (232, 0x3F),
            (233, 0xF3F),
            (236, .max), (237, 15), (238, .max), (240, .max), (242, .max), (244, .max), (247, .max),
        ] as [(UInt32, UInt32)])
    func registers(number: UInt32, mask: UInt32) {
        for value in [0, UInt32.max, 0x5A5A_5A5A] {
            bench.setSpecial(number, value)
            let wanted = number == 17 ? UInt32(bitPattern: Int32(Int8(truncatingIfNeeded: value))) : value & mask
            #expect(bench.special(number) == wanted)
        }
        // An exchange gives the old value and takes the new one.
        bench.setSpecial(number, 0)
        cpu[2] = 1
        bench.execute(Op.xsr(2, number))
        #expect(cpu[2] == 0)
        #expect(bench.special(number) == 1)
    }

    @Test("VECBASE keeps 22 bits, PS no ring, and the constants are the ESP32's")
    func constants() {
        cpu[2] = .max
        bench.execute(Op.wsr(2, SR.vecbase))
        #expect(bench.special(SR.vecbase) == 0xFFFF_FC00)
        cpu[2] = 0xFFFB_FFFF
        bench.execute(Op.wsr(2, SR.ps))
        #expect(bench.special(SR.ps) == 0x3_0F3F)
        #expect(bench.special(176) == 0xC2BC_FFFE)
        #expect(bench.special(208) == 0x1CC5_FE96)
        #expect(bench.special(235) == 0xCDCD)
        bench.setSpecial(176, 0)
        #expect(bench.special(176) == 0xC2BC_FFFE)
    }

    @Test("User registers are kept", arguments: [230, 231, 234, 235, 236] as [UInt32])
    func userRegisters(number: UInt32) {
        cpu[2] = 0xA5A5_0000 | number
        bench.execute(Op.wur(2, number))
        bench.execute(Op.rur(3, number))
        #expect(cpu[3] == 0xA5A5_0000 | number)
    }

    @Test("Encodings that the core does not have are illegal, and keep their place in EPC1", arguments: absent)
    func absentEncodings(word: UInt32) {
        bench.execute(word)
        #expect(cpu.pc == userVector)
        #expect(bench.special(SR.exccause) == 0)
        #expect(bench.special(SR.epc1) == CPUBench.code)
        #expect(bench.special(SR.ps) == user | 0x10)
    }

    private static let absent: [UInt32] = [
        // ILL, ILL.N, RFUE, RFDO, RFDD, SIMCALL, RFI 0 and 1, LDDR32.P, SDDR32.P.
        0, 0xF06D, 0x00_3100, 0xF1_E000, 0xF1_E010, 0x00_5100, rfi(0), rfi(1), 0x00_70E0, 0x00_70F0,
        // Registers without number, LITBASE, and the directions that a register does not have.
        Op.rsr(2, 5), Op.wsr(2, 5), Op.rsr(2, 89), Op.rsr(2, 90), Op.rsr(2, 227), Op.wsr(2, 208), Op.wsr(2, 235),
        Op.xsr(2, 226), Op.xsr(2, 227), Op.xsr(2, 176), Op.xsr(2, 235), Op.rsr(2, 243), Op.wsr(2, 200), Op.rur(2, 1),
        Op.wur(2, 229),
        // Cache instructions, AD.L8UI's gap, barriers and shifts with fields that must be zero, NOP.N with one.
        Op.rri8(7, s: 2, t: 0, 0), Op.rri8(3, s: 2, t: 2, 0), Op.rri8(8, s: 2, t: 2, 0), 0x00_21F0,
        Op.rrr(4, 0, s: 2, t: 1),
        Op.rrr(4, 0, r: 4, s: 2, t: 2), Op.rrr(9, 1, r: 2, s: 1, t: 3), Op.rrr(10, 1, r: 2, s: 3, t: 1), 0xF13D,
        Op.rrr(11, 1, r: 2, s: 1, t: 3), Op.rrr(4, 0, r: 8, s: 1), Op.rrr(5, 0, r: 4, s: 2, t: 1),
        Op.rrr(5, 0, r: 0, s: 2),
        Op.rrr(2, 9, s: 2, t: 3), Op.rrr(0, 14, r: 3), Op.rrr(0, 14, s: 1), Op.rrr(0, 6), Op.rrr(0, 7),
        Op.rrr(6, 0, s: 2),
        // The double-precision accelerator's F64ITER, and op0 14.
        Op.rrr(8, 14), 0x0000_000E,
    ]

    @Test("SYSCALL, a division by zero and a fault inside a handler go to their vectors")
    func exceptions() {
        bench.execute(0x00_5000)
        #expect(cpu.pc == userVector)
        #expect(bench.special(SR.exccause) == 1)
        bench.setSpecial(SR.ps, 0)
        cpu[3] = 0
        bench.execute(Op.rrr(12, 2, r: 2, s: 2, t: 3))
        #expect(cpu.pc == CPUBench.vectors + 0x300)
        #expect(bench.special(SR.exccause) == 6)
        // PS.EXCM is set now: the next one is a double exception, which keeps EPC1.
        bench.put([0], at: CPUBench.code + 0x40)
        cpu.pc = CPUBench.code + 0x40
        bench.step()
        #expect(cpu.pc == CPUBench.vectors + 0x3C0)
        #expect(bench.special(192) == CPUBench.code + 0x40)
        #expect(bench.special(SR.epc1) == CPUBench.code)
        bench.execute(0x00_3200)
        #expect(cpu.pc == CPUBench.code + 0x40)
        bench.execute(Op.rfe)
        #expect(cpu.pc == CPUBench.code)
        #expect(bench.special(SR.ps) == 0)
    }

    @Test("BREAK and BREAK.N take the debug exception below level 6 and nothing from there on")
    func breakpoints() {
        for (word, cause) in [(0x00_4120, 8), (0xF12D, 16)] as [(UInt32, UInt32)] {
            bench.setSpecial(SR.ps, user | 5)
            bench.execute(word)
            #expect(cpu.pc == CPUBench.vectors + 0x280)
            #expect(bench.special(233) == cause)
            #expect(bench.special(182) == CPUBench.code)
            #expect(bench.special(198) == user | 5)
            #expect(bench.special(SR.ps) == user | 0x16)
            bench.execute(rfi(6))
            #expect(cpu.pc == CPUBench.code)
            #expect(bench.special(SR.ps) == user | 5)
            bench.setSpecial(SR.ps, user | 6)
            bench.execute(word)
            #expect(cpu.pc == CPUBench.code + (word > 0xFFFF || word == 0x00_4120 ? 3 : 2))
        }
    }

    @Test("RSIL sets every level and gives the old PS")
    func levels() {
        for level in 0...15 as ClosedRange<UInt32> {
            bench.setSpecial(SR.ps, 0x7_0F20 | (15 - level))
            bench.execute(rsil(2, level))
            #expect(cpu[2] == 0x7_0F20 | (15 - level))
            #expect(bench.special(SR.ps) == 0x7_0F20 | level)
        }
    }

    @Test(
        "An interrupt comes through below its level alone, to its level's vector",
        arguments: [
            // Number, level, vector.
            (0, 1, 0x340), (19, 2, 0x180), (23, 3, 0x1C0), (24, 4, 0x200), (26, 5, 0x240),
        ] as [(Int, UInt32, UInt32)])
    func interrupts(number: Int, level: UInt32, vector: UInt32) {
        bench.put([Op.nop, Op.nop, Op.nop], at: CPUBench.code + 0x40)
        cpu.setInterruptLine(number, true)
        for current in 0...7 as ClosedRange<UInt32> {
            bench.setSpecial(intenable, 0)
            bench.setSpecial(SR.ps, user | current)
            setEnable(1 << UInt32(number))
            cpu.pc = CPUBench.code + 0x40
            bench.step()
            guard current < level else {
                #expect(cpu.pc == CPUBench.code + 0x43)
                continue
            }
            // One instruction of the handler has run: an illegal one, which the EXCM of the handler makes a double exception.
            setEnable(0)
            let link = level == 1 ? bench.special(SR.epc1) : bench.special(176 + level)
            #expect(link == CPUBench.code + 0x40)
            #expect(bench.special(SR.ps) == user | 0x10 | (level == 1 ? current : level))
            #expect(bench.special(192) == CPUBench.vectors + vector)
            if level > 1 { #expect(bench.special(192 + level) == user | current) }
        }
    }

    /// INTENABLE is written with interrupts held off, so that the write itself is not interrupted.
    private func setEnable(_ value: UInt32) {
        let ps = bench.special(SR.ps)
        bench.setSpecial(SR.ps, 0xF)
        bench.setSpecial(intenable, value)
        cpu[0] = ps
        bench.execute(Op.wsr(0, SR.ps))
    }

    @Test("The NMI needs neither INTENABLE nor a low level, and is taken once")
    func nonMaskable() {
        bench.put([Op.nop, Op.nop], at: CPUBench.code + 0x40)
        bench.put([Op.nop, rfi(7)], at: CPUBench.vectors + 0x2C0)
        bench.setSpecial(SR.ps, user | 0xF)
        cpu.setInterruptLine(14, true)
        cpu.pc = CPUBench.code + 0x40
        bench.step()
        #expect(cpu.pc == CPUBench.vectors + 0x2C3)
        bench.step()
        #expect(cpu.pc == CPUBench.code + 0x40)
        bench.step()
        #expect(cpu.pc == CPUBench.code + 0x43)
        #expect(bench.special(SR.ps) == user | 0xF)
    }

    @Test("INTSET raises software interrupts alone; INTCLEAR takes back those and edges")
    func interruptRegister() {
        bench.setSpecial(SR.ps, user | 15)
        bench.setSpecial(intset, .max)
        #expect(bench.special(intset) == 1 << 7 | 1 << 29)
        cpu.setInterruptLine(10, true)
        cpu.setInterruptLine(10, false)
        cpu.setInterruptLine(0, true)
        #expect(bench.special(intset) == 1 << 7 | 1 << 29 | 1 << 10 | 1)
        bench.setSpecial(intclear, .max)
        #expect(bench.special(intset) == 1)
        cpu.setInterruptLine(0, false)
        #expect(bench.special(intset) == 0)
    }

    @Test("RFI returns to the level's PC and PS", arguments: [2, 3, 4, 5, 6, 7] as [UInt32])
    func returns(level: UInt32) {
        bench.setSpecial(176 + level, CPUBench.code + 0x80)
        bench.setSpecial(192 + level, 0x4_0025)
        bench.execute(rfi(level))
        #expect(cpu.pc == CPUBench.code + 0x80)
        #expect(bench.special(SR.ps) == 0x4_0025)
    }

    @Test("A loop goes round, but not while PS.EXCM is set", arguments: [false, true])
    func loops(isException: Bool) {
        let place = CPUBench.code + 0x40
        bench.put([0x00_8276 | 2 << 16, Op.addi(3, 3, 1), Op.nop], at: place)
        bench.setSpecial(SR.ps, isException ? user | 0x10 : user)
        (cpu[2], cpu[3]) = (5, 0)
        cpu.pc = place
        #expect(bench.run(to: place + 6, limit: 20))
        #expect(cpu[3] == (isException ? 1 : 5))
        #expect(bench.special(2) == (isException ? 4 : 0))
    }

    @Test("Region attributes are kept for each of eight regions and both sides")
    func translation() {
        #expect(attribute(3, of: 0x4000_0000) == 0x4000_0002)
        for (writing, reading) in [(6, 7), (14, 15)] as [(UInt32, UInt32)] {
            for region in 0..<8 as Range<UInt32> {
                (cpu[2], cpu[3]) = (region << 29 | 0x123_4567, region << 29 | (region + 1 & 15))
                bench.execute(Op.rrr(5, 0, r: writing, s: 2, t: 3))
            }
            for region in 0..<8 as Range<UInt32> {
                cpu[2] = region << 29 | 0x1000
                bench.execute(Op.rrr(5, 0, r: reading, s: 2, t: 3))
                #expect(cpu[3] == region << 29 | region + 1)
                bench.execute(Op.rrr(5, 0, r: reading - 2, s: 2, t: 4))
                #expect(cpu[4] == region << 29 | 1)
                bench.execute(Op.rrr(5, 0, r: reading - 4, s: 2, t: 4))
                #expect(cpu[4] == region << 29)
                bench.execute(Op.rrr(5, 0, r: reading - 3, s: 2))
                #expect(cpu.pc == CPUBench.code + 3)
            }
        }
    }

    private func attribute(_ t: UInt32, of address: UInt32) -> UInt32 {
        cpu[2] = address
        bench.execute(Op.rrr(5, 0, r: 7, s: 2, t: t))
        return cpu[Int(t)]
    }

    @Test("External registers read as zero; the state wires out are bits of EXPSTATE")
    func wires() {
        (cpu[2], cpu[3]) = (0x10_200C, 7)
        bench.execute(Op.rrr(4, 0, r: 7, s: 2, t: 3))
        bench.execute(Op.rrr(4, 0, r: 6, s: 2, t: 3))
        #expect(cpu[3] == 0)
        bench.execute(Op.rrr(0, 14, r: 1, s: 1, t: 3))
        bench.execute(Op.rrr(0, 14, r: 1, s: 0, t: 2))
        bench.execute(Op.rur(4, 230))
        #expect(cpu[4] == 1 << 19 | 1 << 2)
        bench.execute(Op.rrr(0, 14, r: 1, s: 3, t: 3))
        (cpu[2], cpu[3]) = (0xF0, 0xFF)
        bench.execute(Op.rrr(0, 14, r: 2, s: 2, t: 3))
        bench.execute(Op.rur(4, 230))
        #expect(cpu[4] == 0xF4)
        bench.execute(Op.rrr(0, 14, t: 4))
        #expect(cpu[4] == 0)
    }

    @Test("Stores and loads with ordering, and the conditional store")
    func orderedMemory() {
        (cpu[2], cpu[3]) = (CPUBench.data, 0x1234_5678)
        bench.execute(Op.rri8(15, s: 2, t: 3, 4))
        #expect(bench.word(at: CPUBench.data + 16) == 0x1234_5678)
        bench.execute(Op.rri8(11, s: 2, t: 4, 4))
        #expect(cpu[4] == 0x1234_5678)
        bench.execute(Op.rrr(5, 9, r: 15, s: 2, t: 3))
        #expect(bench.word(at: CPUBench.data + 60) == 0x1234_5678)
        bench.setSpecial(12, 0x1234_5678)
        cpu[5] = 9
        bench.execute(Op.rri8(14, s: 2, t: 5, 4))
        #expect(cpu[5] == 0x1234_5678)
        #expect(bench.word(at: CPUBench.data + 16) == 9)
        cpu[5] = 11
        bench.execute(Op.rri8(14, s: 2, t: 5, 4))
        #expect(cpu[5] == 9)
        #expect(bench.word(at: CPUBench.data + 16) == 9)
    }

    @Test("ANY and ALL look at whole groups of four and eight booleans")
    func booleanGroups() {
        let table: [(UInt32, UInt32, UInt32, Bool)] = [
            (8, 4, 0x0080, true), (8, 4, 0x0F0F, false), (9, 8, 0x0F00, true), (9, 8, 0x0700, false),
            (10, 8, 0x0100, true),
            (10, 8, 0x00FF, false), (11, 0, 0x00FF, true), (11, 0, 0x007F, false), (8, 7, 0x0010, true),
            (11, 12, 0xFF00, true),
        ]
        for (r, s, booleans, result) in table {
            bench.setSpecial(4, booleans)
            bench.execute(Op.rrr(0, 0, r: r, s: s, t: 3))
            #expect(bench.special(4) >> 3 & 1 == (result ? 1 : 0), "\(r) \(s)")
        }
    }

    @Test("Barriers and NOPs do nothing")
    func barriers() {
        let before = (0..<16).map { cpu[$0] }
        for t in [0, 1, 2, 3, 8, 12, 13, 15] as [UInt32] {
            bench.execute(rsync & ~0xF0 | t << 4)
            #expect(cpu.pc == CPUBench.code + 3)
        }
        bench.execute(0xF03D)
        #expect(cpu.pc == CPUBench.code + 2)
        #expect((0..<16).map { cpu[$0] } == before)
    }
}
