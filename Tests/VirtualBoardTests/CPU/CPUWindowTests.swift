// The windowed registers: calls and returns, WindowCheck, the overflow and underflow exceptions with handlers as the ISA
// reference's window option needs them, and what is illegal.

import Testing
import VirtualBoard

/// PS with windows on, user mode, no exception.
private let windowed: UInt32 = 0x4_0020

@Suite("Windowed registers")
struct CPUWindowTests {
    private let bench = CPUBench()
    private var cpu: XtensaCPU { bench.cpu }

    init() { bench.setSpecial(SR.ps, windowed) }

    /// Spills and reloads by the save areas below the stack pointers: a0 to a3 of a frame lie below its callee's stack
    /// pointer, the rest below its own caller's, whose stack pointer lies below its own.
    private func installHandlers() {
        let own = (0..<4).map { Op.s32e(UInt32($0), 5, -16 + $0 * 4) }
        bench.put(own + [Op.rfwo], at: CPUBench.vectors)
        bench.put((0..<4).map { Op.l32e(UInt32($0), 5, -16 + $0 * 4) } + [Op.rfwu], at: CPUBench.vectors + 0x40)
        bench.put(spill(base: 9, count: 4), at: CPUBench.vectors + 0x80)
        bench.put(reload(base: 9, scratch: 7, count: 4), at: CPUBench.vectors + 0xC0)
        bench.put(spill(base: 13, count: 8), at: CPUBench.vectors + 0x100)
        bench.put(reload(base: 13, scratch: 11, count: 8), at: CPUBench.vectors + 0x140)
    }

    private func spill(base: UInt32, count: Int) -> [UInt32] {
        // a0 is stored before it becomes the caller's stack pointer.
        var words = [Op.s32e(0, base, -16), Op.l32e(0, 1, -12)]
        words += (1..<4).map { Op.s32e(UInt32($0), base, -16 + $0 * 4) }
        words += (0..<count).map { Op.s32e(UInt32(4 + $0), 0, -16 - count * 4 + $0 * 4) }
        return words + [Op.rfwo]
    }

    private func reload(base: UInt32, scratch: UInt32, count: Int) -> [UInt32] {
        var words = (0..<3).map { Op.l32e(UInt32($0), base, -16 + $0 * 4) }
        words += [Op.l32e(scratch, 1, -12), Op.l32e(3, base, -4)]
        // The scratch register is the last that comes back.
        words += (0..<count).map { Op.l32e(UInt32(4 + $0), scratch, -16 - count * 4 + $0 * 4) }
        return words + [Op.rfwu]
    }

    /// sum(n) = n + sum(n - 1), by a call of the given increment, with a local in every frame that must survive.
    private func putSum(increment: UInt32, at place: UInt32, narrow: Bool) {
        let out = increment * 4 + 2
        let body: [UInt32] = [
            Op.entry(1, 64),
            Op.beqz(2, from: place + 3, to: place + 21),
            Op.or(3, 2, 2),
            Op.addi(out, 2, -1),
            Op.call(increment, from: place + 12, to: place),
            Op.add(2, 3, out),
            narrow ? Op.retwNarrow : Op.retw,
        ]
        bench.put(body, at: place)
        bench.put([Op.movi(2, 0), Op.retw], at: place + 21)
    }

    @Test("Recursion far beyond 64 registers spills and reloads", arguments: [1, 2, 3] as [UInt32], [false, true])
    func recursion(increment: UInt32, narrow: Bool) {
        installHandlers()
        let (start, sum) = (CPUBench.code + 0x100, CPUBench.code + 0x200)
        putSum(increment: increment, at: sum, narrow: narrow)
        bench.put([Op.call(increment, from: start, to: sum), Op.nop], at: start)
        cpu[1] = CPUBench.stack - 256
        // The outermost frame's caller has a save area and a stack pointer too.
        #expect(bench.memory.writeWord(CPUBench.stack - 256 - 12, CPUBench.stack - 64, at: 0))
        cpu[Int(increment) * 4 + 2] = 100
        cpu.pc = start
        #expect(bench.run(to: start + 3))
        #expect(cpu[Int(increment) * 4 + 2] == 5050)
        #expect(cpu[1] == CPUBench.stack - 256)
        #expect(bench.special(SR.windowBase) == 0)
        #expect(bench.special(SR.windowStart) == 1)
        #expect(bench.special(SR.ps) & 0x3F == 0x20)
    }

    @Test(
        "A call puts the increment into the return address and into PS", arguments: [1, 2, 3] as [UInt32],
        [false, true])
    func calls(increment: UInt32, byRegister: Bool) {
        let target = CPUBench.code + 0x40
        cpu[2] = target
        bench.execute(byRegister ? Op.callx(increment, 2) : Op.call(increment, from: CPUBench.code, to: target))
        #expect(cpu.pc == target)
        #expect(cpu[Int(increment) * 4] == increment << 30 | (CPUBench.code + 3) & 0x3FFF_FFFF)
        #expect(bench.special(SR.ps) == windowed | increment << 16)
    }

    @Test("ENTRY rotates, marks the window and makes the frame; RETW undoes it", arguments: [1, 2, 3] as [UInt32])
    func entryAndReturn(increment: UInt32) {
        cpu[1] = CPUBench.stack
        for register in 2..<16 { cpu[register] = UInt32(register) * 0x0101_0101 }
        let target = CPUBench.code + 0x40
        bench.put([Op.entry(1, 0x7FF8), Op.retw], at: target)
        bench.execute(Op.call(increment, from: CPUBench.code, to: target))
        bench.step()
        #expect(bench.special(SR.windowBase) == increment)
        #expect(bench.special(SR.windowStart) == 1 | 1 << increment)
        #expect(cpu[1] == CPUBench.stack - 0x7FF8)
        #expect(cpu[2] == (increment * 4 + 2) * 0x0101_0101)
        #expect(cpu.physicalRegister(2) == 0x0202_0202)
        bench.step()
        #expect(cpu.pc == CPUBench.code + 3)
        #expect(bench.special(SR.windowBase) == 0)
        #expect(bench.special(SR.windowStart) == 1)
        #expect(cpu[3] == 0x0303_0303)
    }

    @Test("The window wraps round the end of the 64 registers")
    func wraps() {
        for register in 0..<16 { cpu[register] = 100 + UInt32(register) }
        cpu[0] = 14
        bench.execute(Op.wsr(0, SR.windowBase))
        for register in 0..<8 { cpu[register] = 200 + UInt32(register) }
        #expect(cpu[8] == 14)
        #expect(cpu[9] == 101)
        bench.execute(Op.rotw(3))
        #expect(bench.special(SR.windowBase) == 1)
        #expect(cpu[3] == 107)
        bench.execute(Op.rotw(-2))
        #expect(bench.special(SR.windowBase) == 15)
        #expect(cpu[0] == 204)
        #expect(cpu.physicalRegister(56) == 200)
        #expect(cpu.physicalRegister(60) == 204)
        bench.execute(Op.rotw(-8))
        #expect(bench.special(SR.windowBase) == 7)
    }

    @Test(
        "WindowCheck goes to the handler of the caller's frame size",
        arguments: [
            // The instruction, WindowStart, the group that overflows, the vector.
            (Op.or(4, 2, 2), 0b0011, 1, 0x100), (Op.or(2, 7, 2), 0b0111, 1, 0), (Op.or(2, 2, 4), 0b1011, 1, 0x80),
            (Op.or(2, 2, 8), 0b0101, 2, 0x100), (Op.or(12, 2, 2), 0b1101, 2, 0), (Op.or(12, 2, 2), 0b1001, 3, 0x100),
            (Op.or(15, 4, 8), 0b11_1001, 3, 0), (Op.or(15, 4, 8), 0b10_1001, 3, 0x80),
            (Op.call(2, from: CPUBench.code, to: CPUBench.code), 0b0101, 2, 0x100), (Op.callx(3, 2), 0b1001, 3, 0x100),
            (Op.l32i(9, 2, 0), 0b0101, 2, 0x100), (Op.rsr(5, 3), 0b0011, 1, 0x100), (0x0478, 0b0011, 1, 0x100),
            (Op.movi(12, 0), 0b1001, 3, 0x100), (0x10_C020 | 0x30, 0b0001, 0, 0),
        ] as [(UInt32, UInt32, UInt32, UInt32)])
    func overflows(word: UInt32, start: UInt32, group: UInt32, vector: UInt32) {
        bench.setSpecial(SR.windowStart, start)
        cpu[2] = CPUBench.data
        cpu[4] = CPUBench.data
        bench.execute(word)
        guard group > 0 else {
            #expect(cpu.pc == CPUBench.code + 3)
            return
        }
        #expect(cpu.pc == CPUBench.vectors + vector)
        #expect(bench.special(SR.windowBase) == group)
        #expect(bench.special(SR.epc1) == CPUBench.code)
        #expect(bench.special(SR.ps) == windowed | 0x10)
        bench.put([Op.rfwo], at: CPUBench.vectors + vector)
        bench.step()
        #expect(cpu.pc == CPUBench.code)
        #expect(bench.special(SR.windowBase) == 0)
        #expect(bench.special(SR.windowStart) == start & ~(1 << group))
        #expect(bench.special(SR.ps) & 0x10 == 0)
    }

    @Test(
        "No overflow where registers of another group, PS.WOE or PS.EXCM say so",
        arguments: [
            (Op.or(3, 2, 2), windowed, 0b1111), (Op.or(7, 2, 2), windowed, 0b1101), (Op.or(11, 2, 2), windowed, 0b1001),
            (Op.or(15, 2, 2), 0x20, 0b1111), (Op.or(15, 2, 2), windowed | 0x10, 0b1111),
            (Op.or(15, 2, 2), windowed, 0b1_0001),
            // Fields that are no address registers: booleans, immediates, SAR amounts, float registers.
            (0x02_FEC0, windowed, 0b1111), (0x40_4F10, windowed, 0b1111),
        ] as [(UInt32, UInt32, UInt32)])
    func noOverflow(word: UInt32, ps: UInt32, start: UInt32) {
        bench.setSpecial(SR.windowStart, start)
        bench.setSpecial(SR.ps, ps)
        bench.execute(word)
        #expect(cpu.pc == CPUBench.code + 3)
    }

    @Test("RETW to a spilled caller underflows into the caller's window", arguments: [1, 2, 3] as [UInt32])
    func underflows(increment: UInt32) {
        bench.setSpecial(SR.windowStart, 1)
        cpu[0] = increment << 30 | (CPUBench.code + 0x80) & 0x3FFF_FFFF
        bench.execute(Op.retw)
        #expect(cpu.pc == CPUBench.vectors + [0, 0x40, 0xC0, 0x140][Int(increment)])
        #expect(bench.special(SR.windowBase) == 16 - increment)
        #expect(bench.special(SR.ps) == windowed | 0x10)
        #expect(bench.special(SR.epc1) == CPUBench.code)
        cpu[7] = 77
        bench.put([Op.rfwu], at: cpu.pc)
        bench.step()
        #expect(cpu.pc == CPUBench.code)
        #expect(bench.special(SR.windowBase) == 0)
        #expect(bench.special(SR.windowStart) == 1 | 1 << (16 - increment))
        bench.put([Op.retw], at: CPUBench.code)
        bench.step()
        #expect(cpu.pc == CPUBench.code + 0x80)
        #expect(bench.special(SR.windowStart) == 1 << (16 - increment))
    }

    @Test(
        "What the window option forbids is an illegal instruction",
        arguments: [
            (Op.entry(4, 32), windowed, 1, 0), (Op.entry(1, 32), 0x20, 1, 0), (Op.retw, windowed, 1, 0),
            (Op.retw, 0x20, 1, 0x4000_0000), (Op.retw, windowed, 1 | 1 << 14, 0x4000_0000),
            (Op.retwNarrow, windowed, 1 | 1 << 15, 0x8000_0000),
        ] as [(UInt32, UInt32, UInt32, UInt32)])
    func illegal(word: UInt32, ps: UInt32, start: UInt32, link: UInt32) {
        bench.setSpecial(SR.windowStart, start)
        bench.setSpecial(SR.ps, ps)
        cpu[0] = link
        bench.execute(word)
        #expect(cpu.pc == CPUBench.vectors + 0x340)
        #expect(bench.special(SR.exccause) == 0)
        #expect(bench.special(SR.windowBase) == 0)
    }

    @Test("MOVSP moves while a caller is live and raises the alloca exception where it is spilled")
    func movsp() {
        for distance in 1...3 as ClosedRange<UInt32> {
            bench.setSpecial(SR.windowStart, 1 | 1 << (16 - distance))
            cpu[2] = 0x1234_0000 + distance
            bench.execute(Op.movsp(1, 2))
            #expect(cpu[1] == 0x1234_0000 + distance)
        }
        bench.setSpecial(SR.windowStart, 1 | 1 << 12)
        cpu[2] = 5
        bench.execute(Op.movsp(1, 2))
        #expect(cpu.pc == CPUBench.vectors + 0x340)
        #expect(bench.special(SR.exccause) == 5)
        #expect(cpu[1] == 0x1234_0003)
    }

    @Test("L32E and S32E reach 64 to 4 bytes below", arguments: Array(stride(from: -64, through: -4, by: 4)))
    func windowMemory(offset: Int) {
        cpu[2] = CPUBench.data + 0x100
        cpu[3] = 0xCAFE_0000 + UInt32(offset + 64)
        bench.execute(Op.s32e(3, 2, offset))
        #expect(bench.word(at: CPUBench.data + 0x100 - UInt32(-offset)) == cpu[3])
        bench.execute(Op.l32e(4, 2, offset))
        #expect(cpu[4] == cpu[3])
    }
}
