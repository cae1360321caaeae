// MAC16: which halves are multiplied, how 40 bits accumulate, and the loads beside the products.

import Testing
import VirtualBoard

private let accumulatorLow: UInt32 = 16
private let accumulatorHigh: UInt32 = 17
private let firstMultiplier: UInt32 = 32

/// Encodings of MAC16: kind in the upper two bits of op1 (UMUL, MUL, MULA, MULS), halves in the lower two.
private enum MAC {
    static func aa(_ kind: UInt32, _ halves: UInt32, s: UInt32, t: UInt32) -> UInt32 {
        Op.rrr(7, kind << 2 | halves, s: s, t: t, op0: 4)
    }
    static func ad(_ kind: UInt32, _ halves: UInt32, s: UInt32, y: UInt32) -> UInt32 {
        Op.rrr(3, kind << 2 | halves, s: s, t: y << 2, op0: 4)
    }
    static func da(_ kind: UInt32, _ halves: UInt32, x: UInt32, t: UInt32) -> UInt32 {
        Op.rrr(6, kind << 2 | halves, r: x << 2, t: t, op0: 4)
    }
    static func dd(_ kind: UInt32, _ halves: UInt32, x: UInt32, y: UInt32) -> UInt32 {
        Op.rrr(2, kind << 2 | halves, r: x << 2, t: y << 2, op0: 4)
    }
    static func daLoad(_ halves: UInt32, down: Bool, w: UInt32, s: UInt32, x: UInt32, t: UInt32) -> UInt32 {
        Op.rrr(down ? 5 : 4, 8 | halves, r: x << 2 | w, s: s, t: t, op0: 4)
    }
    static func ddLoad(_ halves: UInt32, down: Bool, w: UInt32, s: UInt32, x: UInt32, y: UInt32) -> UInt32 {
        Op.rrr(down ? 1 : 0, 8 | halves, r: x << 2 | w, s: s, t: y << 2, op0: 4)
    }
    static func load(down: Bool, w: UInt32, s: UInt32) -> UInt32 { Op.rrr(down ? 9 : 8, 0, r: w, s: s, op0: 4) }
}

@Suite("MAC16")
struct CPUMultiplyTests {
    private let bench = CPUBench()
    private var cpu: XtensaCPU { bench.cpu }

    init() { bench.setSpecial(SR.ps, 0x20) }

    private var accumulator: Int64 {
        Int64(Int32(bitPattern: bench.special(accumulatorHigh))) << 32 | Int64(bench.special(accumulatorLow))
    }

    private func setAccumulator(_ value: Int64) {
        bench.setSpecial(accumulatorLow, UInt32(truncatingIfNeeded: value))
        bench.setSpecial(accumulatorHigh, UInt32(truncatingIfNeeded: value >> 32))
    }

    private func half(_ value: UInt32, _ isHigh: Bool) -> Int64 {
        Int64(Int16(truncatingIfNeeded: isHigh ? value >> 16 : value))
    }

    @Test("Products of every pair of halves, from every pair of sources", arguments: [0, 1, 2, 3] as [UInt32])
    func products(halves: UInt32) {
        let (left, right): (UInt32, UInt32) = (0x8001_7FFE, 0xFFFD_8000)
        (cpu[3], cpu[4]) = (left, right)
        for index in 0..<4 as Range<UInt32> {
            bench.setSpecial(firstMultiplier + index, index < 2 ? left &+ index : right &- index)
        }
        for kind in 0...3 as ClosedRange<UInt32> {
            for selector in 0...3 as ClosedRange<UInt32> {
                let (x, y) = (selector & 1, selector >> 1)
                let (m, n) = (left &+ x, right &- (2 + y))
                let table = [
                    (MAC.aa(kind, halves, s: 3, t: 4), left, right), (MAC.ad(kind, halves, s: 3, y: y), left, n),
                    (MAC.da(kind, halves, x: x, t: 4), m, right), (MAC.dd(kind, halves, x: x, y: y), m, n),
                ]
                for (index, (word, a, b)) in table.enumerated() where kind > 0 || index == 0 {
                    setAccumulator(0x12_3456_789A)
                    bench.execute(word)
                    let product = half(a, halves & 1 == 1) * half(b, halves & 2 == 2)
                    let unsigned =
                        Int64(halves & 1 == 1 ? a >> 16 : a & 0xFFFF) * Int64(halves & 2 == 2 ? b >> 16 : b & 0xFFFF)
                    let want = [unsigned, product, 0x12_3456_789A + product, 0x12_3456_789A - product][Int(kind)]
                    #expect(accumulator == want, "kind \(kind) sources \(index)")
                }
            }
        }
    }

    @Test("The accumulator wraps at 40 bits, and ACCHI reads as a signed byte")
    func wraps() {
        (cpu[3], cpu[4]) = (0x7FFF, 0x7FFF)
        setAccumulator(0x7F_FFFF_FFFF)
        bench.execute(MAC.aa(2, 0, s: 3, t: 4))
        #expect(accumulator == -0x80_0000_0000 + 0x3FFF_0000)
        bench.execute(MAC.aa(3, 0, s: 3, t: 4))
        #expect(accumulator == 0x7F_FFFF_FFFF)
        bench.setSpecial(accumulatorHigh, 0xABCD_EF80)
        #expect(bench.special(accumulatorHigh) == 0xFFFF_FF80)
        bench.setSpecial(accumulatorLow, 0x8765_4321)
        #expect(bench.special(accumulatorLow) == 0x8765_4321)
        #expect(bench.special(accumulatorHigh) == 0xFFFF_FF80)
    }

    @Test("LDINC and LDDEC step before they load", arguments: [false, true], [0, 1, 2, 3] as [UInt32])
    func loads(down: Bool, w: UInt32) {
        let place = CPUBench.data + 0x40
        #expect(bench.memory.writeWord(place - 4, 0x1111_1111, at: 0))
        #expect(bench.memory.writeWord(place + 4, 0x2222_2222, at: 0))
        cpu[2] = place
        bench.execute(MAC.load(down: down, w: w, s: 2))
        #expect(cpu[2] == (down ? place - 4 : place + 4))
        #expect(bench.special(firstMultiplier + w) == (down ? 0x1111_1111 : 0x2222_2222))
    }

    @Test("A product with a load uses the register's old value", arguments: [false, true])
    func productsWithLoads(down: Bool) {
        let place = CPUBench.data + 0x40
        #expect(bench.memory.writeWord(down ? place - 4 : place + 4, 0x0009_0008, at: 0))
        for index in 0..<4 as Range<UInt32> { bench.setSpecial(firstMultiplier + index, 0x0003_0002 + index) }
        setAccumulator(100)
        (cpu[2], cpu[4]) = (place, 0x0007_0005)
        bench.execute(MAC.daLoad(1, down: down, w: 1, s: 2, x: 1, t: 4))
        #expect(accumulator == 100 + 3 * 5)
        #expect(bench.special(firstMultiplier + 1) == 0x0009_0008)
        cpu[2] = place
        bench.execute(MAC.ddLoad(2, down: down, w: 3, s: 2, x: 1, y: 1))
        #expect(accumulator == 115 + 8 * 3)
        #expect(bench.special(firstMultiplier + 3) == 0x0009_0008)
        #expect(cpu[2] == (down ? place - 4 : place + 4))
    }

    @Test("A load that faults leaves everything as it was")
    func faults() {
        setAccumulator(5)
        (cpu[2], cpu[4]) = (0x1000, 3)
        bench.setSpecial(firstMultiplier, 7)
        bench.execute(MAC.daLoad(0, down: false, w: 0, s: 2, x: 0, t: 4))
        #expect(cpu.pc == CPUBench.vectors + 0x340)
        #expect(bench.special(SR.exccause) == 28)
        #expect(accumulator == 5)
        #expect(bench.special(firstMultiplier) == 7)
        #expect(cpu[2] == 0x1000)
    }

    @Test(
        "Reserved encodings are illegal",
        arguments: [
            MAC.dd(0, 0, x: 0, y: 0), MAC.ad(0, 0, s: 2, y: 0), MAC.da(0, 0, x: 0, t: 2), Op.rrr(10, 0, op0: 4),
            Op.rrr(8, 1, op0: 4), Op.rrr(7, 4, r: 1, op0: 4), Op.rrr(0, 4, op0: 4), Op.rrr(3, 4, t: 1, op0: 4),
            Op.rrr(6, 4, r: 8, op0: 4),
        ])
    func illegal(word: UInt32) {
        bench.execute(word)
        #expect(cpu.pc == CPUBench.vectors + 0x340)
        #expect(bench.special(SR.exccause) == 0)
    }
}
