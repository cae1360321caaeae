// The clock of decoded code: a run ends at its cycle, CCOUNT can be read at any instruction, timers match and interrupts
// come at their cycle, and a device is told the cycle of the access.

import Testing
import VirtualBoard

@Suite("Cycles of decoded code")
struct CycleTests {
    private let one = TestProcessor(isDecoding: true)
    private let code = TestProcessor.code
    private static let epc1 = 33 + 177
    private static let interrupt = 33 + 226

    /// ADDI.N a2, a2, 1, so often.
    private func counting(_ count: Int) -> [UInt32] { [UInt32](repeating: 0x221B, count: count) }

    @Test("A run ends at its cycle")
    func deadlines() {
        let end = one.put(counting(300), at: code)
        one.put([Op.j(from: end, to: code)], at: end)
        one.cpu.pc = code
        one.cpu[2] = 0
        var expected: UInt32 = 0
        for count in Array(0..<70) + [128, 1, 64, 65, 299, 300, 301, 1000] {
            let until = one.cpu.cycle + UInt64(count)
            #expect(one.cpu.run(until: until) == .deadline)
            #expect(one.cpu.cycle == until)
            expected += UInt32(count)
            // Each 301st instruction is the jump.
            #expect(one.cpu[2] == expected - expected / 301)
            #expect(one.cpu.pc == code + expected % 301 * 2)
        }
    }

    @Test("CCOUNT is the number of instructions before, wherever it is read", arguments: [0, 1, 7, 63, 64, 65, 130])
    func countReading(distance: Int) {
        let end = one.put(counting(distance) + [Op.rsr(3, 234)] + counting(2), at: code)
        one.put([Op.j(from: end, to: end)], at: end)
        one.cpu.pc = code
        let start = one.cpu.cycle
        _ = one.cpu.run(until: start + 500)
        #expect(one.cpu[3] == UInt32(truncatingIfNeeded: start) + UInt32(distance))
    }

    @Test("A timer matches at its cycle, and its interrupt comes before the next instruction", arguments: 1..<140)
    func matches(distance: Int) {
        one.put(counting(200), at: code)
        one.setSpecial(231, code + 0x800)
        one.put([Op.j(from: code + 0xB40, to: code + 0xB40)], at: code + 0xB40)
        one.put([Op.j(from: code + 0xB00, to: code + 0xB00)], at: code + 0xB00)
        one.setSpecial(230, 0)
        one.cpu[2] = 0
        one.cpu.pc = code
        one.setSpecial(228, 1 << 6)
        one.setSpecial(240, UInt32(truncatingIfNeeded: one.cpu.cycle) + 1 + UInt32(distance))
        let start = one.cpu.cycle
        _ = one.cpu.run(until: start + UInt64(distance))
        #expect(one.cpu[2] == UInt32(distance))
        #expect(one.cpu.registerState[Self.interrupt] >> 6 & 1 == 1)
        _ = one.cpu.run(until: start + 190)
        #expect(one.cpu[2] == UInt32(distance), "nothing of the code runs after the match")
        #expect(one.cpu.registerState[Self.epc1] == code + UInt32(distance) * 2)
    }

    @Test("A match whose interrupt is off is seen in INTERRUPT at the instruction", arguments: [1, 2, 30, 64, 65])
    func masked(distance: Int) {
        let end = one.put(counting(distance - 1) + [Op.rsr(3, 226), Op.rsr(4, 226), Op.rsr(5, 226)], at: code)
        one.put([Op.j(from: end, to: end)], at: end)
        one.setSpecial(228, 0)
        one.cpu.pc = code
        one.setSpecial(241, UInt32(truncatingIfNeeded: one.cpu.cycle) + 1 + UInt32(distance))
        _ = one.cpu.run(until: one.cpu.cycle + 200)
        #expect([3, 4, 5].map { one.cpu[$0] >> 15 & 1 } == [0, 1, 1])
    }

    @Test("An interrupt that a device raises comes before the next instruction, one that is off does not")
    func devices() {
        one.setSpecial(231, code + 0x800)
        one.put([Op.j(from: code + 0xB00, to: code + 0xB00)], at: code + 0xB00)
        one.put([Op.j(from: code + 0xB40, to: code + 0xB40)], at: code + 0xB40)
        one.put(counting(5) + [Op.s32i(5, 4, 0)] + counting(50), at: code)
        one.setSpecial(230, 0)
        one.cpu[4] = TestProcessor.device
        for (enabled, after) in [(1 << 2, 5), (0, 55)] as [(UInt32, UInt32)] {
            one.setSpecial(228, enabled)
            one.cpu[2] = 0
            one.cpu[5] = 2 | 32
            one.cpu.pc = code
            _ = one.cpu.run(until: one.cpu.cycle + 56)
            #expect(one.cpu[2] == after)
            if enabled != 0 { #expect(one.cpu.registerState[Self.epc1] == code + 13) }
            one.cpu.setInterruptLine(2, false)
            one.setSpecial(230, 0)
        }
    }

    @Test("A device sees the cycle of the access, and a stop that it asks for comes behind the instruction")
    func accesses() {
        one.put(counting(20) + [Op.l32i(3, 4, 0)] + counting(5) + [Op.l32i(6, 4, 4)] + counting(50), at: code)
        one.cpu.pc = code
        one.cpu[2] = 0
        one.cpu[4] = TestProcessor.device
        let start = one.cpu.cycle
        #expect(one.cpu.run(until: start + 70) == .stopRequested)
        #expect(one.cpu[3] == UInt32(truncatingIfNeeded: start + 20) &* 3)
        #expect(one.cpu.cycle == start + 27)
        #expect(one.cpu.run(until: start + 70) == .deadline)
        #expect(one.cpu[2] == 68)
    }
}
