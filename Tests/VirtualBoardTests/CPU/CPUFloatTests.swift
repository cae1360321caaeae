// The floating-point coprocessor: arithmetic in every rounding mode against the host's own unit, conversions, NaNs, flags,
// and the division and square root sequences that compilers emit.

import Testing
import VirtualBoard

@Suite("Floating point")
struct CPUFloatTests {
    private let bench = CPUBench()
    private var cpu: XtensaCPU { bench.cpu }

    init() {
        bench.setSpecial(224, 1)
        bench.setSpecial(SR.ps, 0x20)
    }

    private func user(_ number: UInt32) -> UInt32 {
        bench.execute(Op.rur(5, number))
        return cpu[5]
    }

    private func setUser(_ number: UInt32, _ value: UInt32) {
        cpu[5] = value
        bench.execute(Op.wur(5, number))
    }

    /// Puts a sequence behind a place that other instructions leave alone, between a write of FSR and a read of it.
    private func put(_ sequence: [UInt32]) {
        bench.put([Op.wur(5, fsrRegister)] + sequence + [Op.rur(6, fsrRegister)], at: CPUBench.code + 0x100)
    }

    /// Runs the sequence of `count` instructions with FSR as given; FSR as it leaves it.
    @discardableResult
    private func run(_ count: Int, flags: UInt32 = 0) -> UInt32 {
        cpu.pc = CPUBench.code + 0x100
        cpu[5] = flags
        bench.step(UInt64(count + 2))
        return cpu[6]
    }

    /// Runs f2 = operation(f0, f1) (or with f2 as the accumulator); f2, and the flags.
    private func compute(_ a: UInt32, _ b: UInt32, _ c: UInt32, flags: UInt32) -> (result: UInt32, flags: UInt32) {
        (cpu[2], cpu[3], cpu[4]) = (a, b, c)
        let flags = run(5, flags: flags)
        return (cpu[2], flags)
    }

    private func putOperation(_ op2: UInt32) {
        put([FP.wfr(0, 2), FP.wfr(1, 3), FP.wfr(2, 4), FP.op(op2, 2, 0, 1), FP.rfr(2, 2)])
    }

    #if arch(x86_64)
        @Test(
            "Sums, products and fused products agree with the host in every rounding mode, flags too",
            arguments: [0, 1, 2, 4, 5] as [UInt32], [0, 1, 2, 3] as [UInt32])
        func agrees(op2: UInt32, mode: UInt32) {
            var random = ProgramRandom(seed: UInt64(op2 << 8 | mode))
            putOperation(op2)
            setUser(fcrRegister, mode)
            var operands: [(UInt32, UInt32, UInt32)] = []
            for a in floatEdges { for b in floatEdges { operands.append((a, b, floatEdges[Int(random.next() % 46)])) } }
            for _ in 0..<20_000 { operands.append(random.operands()) }
            // A cleared and a full FSR: the second lets the fast way run.
            for sticky in [0, FloatFlag.inexact] {
                for (a, b, c) in operands {
                    let (got, flags) = compute(a, b, c, flags: sticky)
                    let (want, wantedFlags) = HostFloat.compute(op2, mode, a, b, c)
                    let isSame = got == want || isNaN(got) && isNaN(want)
                    if !isSame || flags != wantedFlags | sticky {
                        Issue.record(
                            "\(op2) mode \(mode) \(hexWord(a)) \(hexWord(b)) \(hexWord(c)): \(hexWord(got)) \(hexWord(flags))"
                        )
                        return
                    }
                }
            }
        }

        @Test("Division and square root sequences are correctly rounded in every mode, with flags", arguments: 0...3)
        func sequences(mode: UInt32) {
            var random = ProgramRandom(seed: UInt64(mode))
            setUser(fcrRegister, mode)
            var operands = floatEdges.flatMap { a in floatEdges.map { (a, $0) } }
            for _ in 0..<10_000 {
                let (a, b, _) = random.operands()
                operands.append((a, b))
            }
            for (code, op2) in [(divisionSequence, 20), (rootSequence, 21)] as [([UInt32], UInt32)] {
                put(code)
                for (a, b) in operands {
                    (cpu[2], cpu[3]) = (a, b)
                    let flags = run(code.count)
                    let (want, wantedFlags) = HostFloat.compute(op2, mode, a, b, 0)
                    if cpu[2] != want && !(isNaN(want) && isNaN(cpu[2])) || flags != wantedFlags {
                        Issue.record(
                            "\(op2) mode \(mode) \(hexWord(a)) \(hexWord(b)): \(hexWord(cpu[2])) not \(hexWord(want)), \(hexWord(flags))"
                        )
                        return
                    }
                }
            }
        }
    #endif

    @Test("Reciprocal sequences come within one unit in the last place and reach the limits")
    func reciprocals() {
        var random = ProgramRandom(seed: 7)
        for (code, isRoot) in [(reciprocalSequence, false), (reciprocalRootSequence, true)] {
            put(code)
            for _ in 0..<5_000 {
                let bits = UInt32(truncatingIfNeeded: random.next()) & 0x3FFF_FFFF | 0x2000_0000
                cpu[2] = bits
                run(code.count)
                let value = Double(Float(bitPattern: bits))
                let want = Float(isRoot ? 1 / value.squareRoot() : 1 / value).bitPattern
                #expect(abs(Int(cpu[2]) - Int(want)) <= 1, "\(hexWord(bits)) \(isRoot)")
            }
            for (operand, limit) in [(0, 0x7F80_0000), (0x7F80_0000, 0), (quietNaN, quietNaN)] as [(UInt32, UInt32)] {
                cpu[2] = operand
                run(code.count)
                #expect(cpu[2] == limit, "\(hexWord(operand)) \(isRoot)")
            }
        }
    }

    @Test(
        "NaNs: the operand named last wins, quiet; a signalling one is invalid; no result gives the default NaN",
        arguments: [
            // op2, a, b, accumulator, result, flags.
            (0, 0x7FC0_0001, 0x7FC0_0002, 0, 0x7FC0_0002, 0), (1, 0xFFC0_0001, 0x3F80_0000, 0, 0xFFC0_0001, 0),
            (1, 0x3F80_0000, 0xFFC0_0001, 0, 0xFFC0_0001, 0),
            (2, 0x7F80_0001, 0x3F80_0000, 0, 0x7FC0_0001, FloatFlag.invalid),
            (2, 0x7F80_0001, 0x7FC0_0005, 0, 0x7FC0_0005, FloatFlag.invalid),
            (0, 0x7F80_0000, 0xFF80_0000, 0, quietNaN, FloatFlag.invalid),
            (2, 0x7F80_0000, 0, 0, quietNaN, FloatFlag.invalid),
            (4, 0x7FC0_0001, 0x7FC0_0002, 0x7FC0_0003, 0x7FC0_0003, 0),
            (4, 0x7FC0_0001, 0x7FC0_0002, 0, 0x7FC0_0002, 0), (5, 0x7FC0_0001, 0, 0, 0x7FC0_0001, 0),
            (4, 0x7F80_0000, 0, 0x7FC0_0003, 0x7FC0_0003, FloatFlag.invalid),
            (4, 0, 0xFF80_0000, 0, quietNaN, FloatFlag.invalid),
            (5, 0x7F80_0000, 0x3F80_0000, 0x7F80_0000, quietNaN, FloatFlag.invalid),
        ] as [(UInt32, UInt32, UInt32, UInt32, UInt32, UInt32)])
    func nans(op2: UInt32, a: UInt32, b: UInt32, c: UInt32, result: UInt32, flags: UInt32) {
        putOperation(op2)
        for sticky in [0, FloatFlag.inexact] {
            let got = compute(a, b, c, flags: sticky)
            #expect(got.result == result)
            #expect(got.flags == flags | sticky)
        }
    }

    @Test(
        "Conversions to whole numbers round, scale, saturate and flag",
        arguments: [
            // op2, scale, float, result, flags.
            (8, 0, 0x4020_0000, 2, FloatFlag.inexact), (8, 0, 0x4060_0000, 4, FloatFlag.inexact),
            (8, 0, 0xC020_0000, 0xFFFF_FFFE, FloatFlag.inexact),
            (9, 0, 0xC03F_FFFF, 0xFFFF_FFFE, FloatFlag.inexact), (10, 0, 0xC000_0001, 0xFFFF_FFFD, FloatFlag.inexact),
            (11, 0, 0x4000_0001, 3, FloatFlag.inexact), (11, 0, 0xBF00_0000, 0, FloatFlag.inexact),
            (9, 4, 0x4020_0000, 40, 0),
            (9, 15, 0x3F80_0000, 32768, 0), (9, 0, 0x4EFF_FFFF, 0x7FFF_FF80, 0),
            (9, 0, 0x4F00_0000, 0x7FFF_FFFF, FloatFlag.invalid),
            (9, 0, 0xCF00_0000, 0x8000_0000, 0), (9, 0, 0xCF00_0001, 0x8000_0000, FloatFlag.invalid),
            (8, 0, 0x7F80_0000, 0x7FFF_FFFF, FloatFlag.invalid), (10, 0, 0xFF80_0000, 0x8000_0000, FloatFlag.invalid),
            (11, 0, quietNaN, 0x7FFF_FFFF, FloatFlag.invalid), (9, 0, 0xFFC0_0000, 0x7FFF_FFFF, FloatFlag.invalid),
            (14, 0, 0x4F00_0000, 0x8000_0000, 0), (14, 0, 0x4F7F_FFFF, 0xFFFF_FF00, 0),
            (14, 0, 0x4F80_0000, .max, FloatFlag.invalid),
            (14, 0, quietNaN, .max, FloatFlag.invalid), (14, 0, 0xFFC0_0000, .max, FloatFlag.invalid),
            (14, 0, 0xBF00_0000, 0, FloatFlag.inexact),
            (14, 0, 0xBF80_0000, .max, FloatFlag.invalid), (14, 0, 0xFF80_0000, 0x8000_0000, FloatFlag.invalid),
            (14, 0, 0x8000_0000, 0, 0),
            (14, 3, 0x3FC0_0000, 12, 0),
            (9, 1, 0x7F7F_FFFF, 0x7FFF_FFFF, FloatFlag.invalid | FloatFlag.overflow | FloatFlag.inexact),
        ] as [(UInt32, UInt32, UInt32, UInt32, UInt32)], [0, 3] as [UInt32])
    func toWhole(row: (UInt32, UInt32, UInt32, UInt32, UInt32), mode: UInt32) {
        setUser(fcrRegister, mode)
        setUser(fsrRegister, 0)
        cpu[2] = row.2
        bench.execute(FP.wfr(4, 2))
        bench.execute(FP.op(row.0, 3, 4, row.1))
        #expect(cpu[3] == row.3)
        #expect(user(fsrRegister) == row.4)
    }

    @Test(
        "FLOAT and UFLOAT round by FCR and scale down",
        arguments: [
            // op2, scale, mode, whole, float, flags.
            (12, 0, 0, 0x0100_0001, 0x4B80_0000, FloatFlag.inexact),
            (12, 0, 2, 0x0100_0001, 0x4B80_0001, FloatFlag.inexact),
            (12, 0, 3, 0xFEFF_FFFF, 0xCB80_0001, FloatFlag.inexact),
            (12, 0, 1, 0xFEFF_FFFF, 0xCB80_0000, FloatFlag.inexact),
            (12, 0, 0, 0x8000_0000, 0xCF00_0000, 0), (13, 0, 0, 0x8000_0000, 0x4F00_0000, 0),
            (13, 0, 0, .max, 0x4F80_0000, FloatFlag.inexact), (13, 0, 1, .max, 0x4F7F_FFFF, FloatFlag.inexact),
            (12, 15, 0, 1, 0x3800_0000, 0), (13, 4, 0, 40, 0x4020_0000, 0), (12, 3, 0, 0, 0, 0),
        ] as [(UInt32, UInt32, UInt32, UInt32, UInt32, UInt32)])
    func toFloat(op2: UInt32, scale: UInt32, mode: UInt32, whole: UInt32, float: UInt32, flags: UInt32) {
        setUser(fcrRegister, mode)
        setUser(fsrRegister, 0)
        cpu[2] = whole
        bench.execute(FP.op(op2, 4, 2, scale))
        bench.execute(FP.rfr(3, 4))
        #expect(cpu[3] == float)
        #expect(user(fsrRegister) == flags)
    }

    @Test("Compares set booleans; OLT and OLE are invalid for any NaN, the others for signalling ones")
    func compares() {
        let operands: [UInt32] = [0, 0x8000_0000, 0x3F80_0000, 0xBF80_0000, 0x7F80_0000, quietNaN, 0x7F80_0001]
        for a in operands {
            for b in operands {
                (cpu[2], cpu[3]) = (a, b)
                bench.execute(FP.wfr(0, 2))
                bench.execute(FP.wfr(1, 3))
                let (x, y) = (Float(bitPattern: a), Float(bitPattern: b))
                let un = isNaN(a) || isNaN(b)
                let wanted = [un, x == y, un || x == y, x < y, un || x < y, x <= y, un || x <= y]
                for (index, want) in wanted.enumerated() {
                    setUser(fsrRegister, 0)
                    bench.execute(Op.rrr(UInt32(index + 1), 11, r: 3, s: 0, t: 1))
                    #expect(bench.special(4) >> 3 & 1 == (want ? 1 : 0), "\(index) \(hexWord(a)) \(hexWord(b))")
                    let isInvalid = un && (index == 3 || index == 5) || a == 0x7F80_0001 || b == 0x7F80_0001
                    #expect(
                        user(fsrRegister) == (isInvalid ? FloatFlag.invalid : 0), "\(index) \(hexWord(a)) \(hexWord(b))"
                    )
                }
            }
        }
    }

    @Test("CONST.S, NEXP01.S and ADDEXP.S are what their names say")
    func steps() {
        let table: [(UInt32, UInt32, UInt32)] = [
            (FP.const(0, 0), 0, 0), (FP.const(0, 1), 0, 0x3F80_0000), (FP.const(0, 2), 0, 0x4000_0000),
            (FP.const(0, 3), 0, 0x3F00_0000), (FP.nexp01(0, 1), 0x4100_0000, 0xC000_0000),
            (FP.nexp01(0, 1), 0x4080_0000, 0xBF80_0000), (FP.nexp01(0, 1), 0xBF40_0000, 0xC040_0000),
            (FP.nexp01(0, 1), 1, 0xC000_0000), (FP.mov(0, 1), 0x7F80_0001, 0x7F80_0001),
        ]
        for (word, operand, result) in table {
            cpu[2] = operand
            bench.execute(FP.wfr(1, 2))
            bench.execute(word)
            bench.execute(FP.rfr(3, 0))
            #expect(cpu[3] == result, "\(hexWord(word))")
        }
        (cpu[2], cpu[3]) = (0x4040_0000, 0xBF00_0000)
        for word in [FP.wfr(0, 2), FP.wfr(1, 3), FP.addexp(0, 1), FP.rfr(3, 0)] { bench.execute(word) }
        #expect(cpu[3] == 0xBFC0_0000)
    }

    @Test("Loads and stores move the pointer after the access, and not at all where the access fails")
    func memory() {
        #expect(bench.memory.writeWord(CPUBench.data + 8, 0x7F80_0001, at: 0))
        cpu[2] = CPUBench.data
        bench.execute(Op.rri8(0, s: 2, t: 1, 2, op0: 3))
        bench.execute(FP.rfr(3, 1))
        #expect(cpu[3] == 0x7F80_0001)
        #expect(cpu[2] == CPUBench.data)
        cpu[2] = CPUBench.data + 8
        bench.execute(Op.rri8(8, s: 2, t: 4, 3, op0: 3))
        bench.execute(FP.rfr(3, 4))
        #expect(cpu[3] == 0x7F80_0001)
        #expect(cpu[2] == CPUBench.data + 20)
        cpu[4] = 12
        bench.execute(Op.rrr(5, 8, r: 4, s: 2, t: 4))
        #expect(bench.word(at: CPUBench.data + 20) == 0x7F80_0001)
        #expect(cpu[2] == CPUBench.data + 32)
        cpu[2] = 0x1000
        bench.execute(Op.rri8(12, s: 2, t: 4, 3, op0: 3))
        #expect(bench.special(SR.exccause) == 29)
        #expect(cpu[2] == 0x1000)
    }

    @Test("Without CPENABLE bit 0 every float instruction raises the coprocessor exception; illegal ones stay illegal")
    func disabled() {
        let words = [
            (FP.op(0, 0, 0, 0), 32), (FP.const(0, 0), 32), (Op.rrr(2, 11), 32), (Op.rri8(0, s: 2, t: 1, 0, op0: 3), 32),
            (Op.rrr(0, 8), 32), (Op.rur(3, fcrRegister), 32), (Op.wur(3, fsrRegister), 32), (FP.op(3, 0, 0, 0), 0),
            (FP.op(15, 0, 0, 2), 0),
            (Op.rrr(0, 11), 0), (Op.rrr(14, 11), 0), (Op.rrr(2, 8), 0), (Op.rri8(1, s: 2, t: 1, 0, op0: 3), 0),
        ]
        bench.setSpecial(224, 0xFE)
        for (word, cause) in words {
            bench.setSpecial(SR.ps, 0x20)
            bench.execute(word)
            #expect(cpu.pc == CPUBench.vectors + 0x340, "\(hexWord(word))")
            #expect(bench.special(SR.exccause) == UInt32(cause), "\(hexWord(word))")
        }
    }

    @Test("FCR and FSR keep their own bits")
    func registers() {
        setUser(fcrRegister, .max)
        setUser(fsrRegister, .max)
        #expect(user(fcrRegister) == 0x7F)
        #expect(user(fsrRegister) == 0xF80)
    }
}
