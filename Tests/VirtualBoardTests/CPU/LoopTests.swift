// Zero-overhead loops at their edges, on decoded code and by the word: how often the body runs, and where it goes on.

import Testing
import VirtualBoard

@Suite("Zero-overhead loops")
struct LoopTests {
    private static let code = TestProcessor.code
    private static let always: UInt32 = 8
    private static let loopIfNonzero: UInt32 = 9
    private static let loopIfPositive: UInt32 = 10

    /// Runs `words` to the J behind them and says how often a6 was counted up.
    private func count(_ twin: TestProcessor, _ words: [UInt32], _ registers: [Int: UInt32], cycles: UInt64 = 1000)
        -> UInt32
    {
        let end = twin.put(words, at: Self.code)
        twin.put([Op.j(from: end, to: end)], at: end)
        for register in 0..<16 { twin.cpu[register] = registers[register] ?? 0 }
        twin.cpu.pc = Self.code
        _ = twin.cpu.run(until: twin.cpu.cycle + cycles)
        #expect(twin.cpu.pc == end)
        return twin.cpu[6]
    }

    private static let counts: [(UInt32, UInt32, UInt32)] = [
        (always, 1, 1), (always, 2, 2), (always, 100, 100), (loopIfNonzero, 0, 0), (loopIfNonzero, 1, 1),
        (loopIfNonzero, 7, 7), (loopIfPositive, 0, 0), (loopIfPositive, 0xFFFF_FFFF, 0),
        (loopIfPositive, 0x8000_0000, 0), (loopIfPositive, 3, 3),
    ]

    @Test("The body runs as often as the count says", arguments: [true, false], counts)
    func turns(isDecoding: Bool, form: (kind: UInt32, count: UInt32, expected: UInt32)) {
        let twin = TestProcessor(isDecoding: isDecoding)
        let (kind, count, expected) = form
        #expect(self.count(twin, [Op.loop(kind, 5, body: 3), Op.addi(6, 6, 1)], [5: count]) == expected)
        // The same with a body of two narrow and one wide instruction.
        let body: [UInt32] = [0x661B, 0x661B, Op.addi(6, 6, 1)]
        #expect(self.count(twin, [Op.loop(kind, 5, body: 7)] + body, [5: count]) == expected * 3)
    }

    @Test("A count of zero for LOOP means 2^32 turns", arguments: [true, false])
    func zeroCount(isDecoding: Bool) {
        let twin = TestProcessor(isDecoding: isDecoding)
        twin.put([Op.loop(Self.always, 5, body: 3), Op.addi(6, 6, 1), Op.nop], at: Self.code)
        twin.cpu[5] = 0
        twin.cpu[6] = 0
        twin.cpu.pc = Self.code
        _ = twin.cpu.run(until: twin.cpu.cycle + 5001)
        #expect(twin.cpu[6] == 5000)
        #expect(twin.cpu.registerState[33 + 2] == UInt32.max - 5000)
    }

    @Test("A branch out of the body, over its end, and to its end", arguments: [true, false])
    func branches(isDecoding: Bool) {
        let twin = TestProcessor(isDecoding: isDecoding)
        let start = Self.code
        // Out when a6 reaches a7: LCOUNT stays.
        let out = [
            Op.loop(Self.always, 5, body: 9), Op.addi(6, 6, 1),
            Op.branch(1, 6, 7, from: start + 6, to: start + 12), Op.nop, Op.nop,
        ]
        #expect(count(twin, out, [5: 50, 7: 20]) == 20)
        #expect(twin.cpu.registerState[33 + 2] == 30)
        // To LEND: leaves the loop, since the end was jumped to and not reached.
        let toEnd = [
            Op.loop(Self.always, 5, body: 9), Op.addi(6, 6, 1),
            Op.branch(1, 6, 7, from: start + 6, to: start + 12), Op.nop,
        ]
        #expect(count(twin, toEnd, [5: 50, 7: 20]) == 20)
        // The last instruction of the body is a branch: not taken, the loop goes on.
        let last = [
            Op.loop(Self.always, 5, body: 6), Op.addi(6, 6, 1), Op.branch(1, 6, 7, from: start + 6, to: start + 12),
            Op.nop,
        ]
        #expect(count(twin, last, [5: 50, 7: 1000]) == 50)
        #expect(count(twin, last, [5: 50, 7: 20]) == 20)
    }

    @Test("Code that ran as a straight line becomes a loop's body when LEND is written", arguments: [true, false])
    func written(isDecoding: Bool) {
        let twin = TestProcessor(isDecoding: isDecoding)
        let body = [UInt32](repeating: Op.addi(6, 6, 1), count: 10)
        #expect(count(twin, body, [:]) == 10)
        for (length, turns) in [(3, 4), (1, 2), (10, 3), (9, 0)] as [(UInt32, UInt32)] {
            twin.setSpecial(0, Self.code)
            twin.setSpecial(1, Self.code + 3 * length)
            twin.setSpecial(2, turns)
            #expect(count(twin, body, [:]) == 10 + length * turns)
            // LEND is left behind, the count is used up.
            #expect(count(twin, body, [:]) == 10)
        }
    }

    @Test("A body that was entered from its middle, before its LOOP was seen", arguments: [true, false])
    func middle(isDecoding: Bool) {
        let twin = TestProcessor(isDecoding: isDecoding)
        let words = [Op.loop(Self.always, 5, body: 9), Op.addi(6, 6, 1), Op.addi(6, 6, 1), Op.addi(6, 6, 1), Op.nop]
        let end = twin.put(words, at: Self.code)
        twin.put([Op.j(from: end, to: end)], at: end)
        twin.cpu[6] = 0
        twin.cpu.pc = Self.code + 6
        _ = twin.cpu.run(until: twin.cpu.cycle + 20)
        #expect(twin.cpu[6] == 2)
        #expect(count(twin, words, [5: 5]) == 15)
    }

    @Test("PS.EXCM holds the way back", arguments: [true, false])
    func exceptionMode(isDecoding: Bool) {
        let twin = TestProcessor(isDecoding: isDecoding)
        twin.setSpecial(230, 0x10)
        let words = [Op.loop(Self.always, 5, body: 3), Op.addi(6, 6, 1), Op.nop]
        #expect(count(twin, words, [5: 5]) == 1)
        twin.setSpecial(230, 0)
        twin.setSpecial(2, 0)
        #expect(count(twin, words, [5: 5]) == 5)
    }

    @Test("The inner of two loops with one end", arguments: [true, false])
    func nested(isDecoding: Bool) {
        let twin = TestProcessor(isDecoding: isDecoding)
        // The registers of the outer loop are lost: the body ends with the inner loop's count.
        let words = [
            Op.loop(Self.always, 5, body: 9), Op.addi(8, 8, 1), Op.loop(Self.always, 7, body: 3), Op.addi(6, 6, 1),
            Op.nop,
        ]
        #expect(count(twin, words, [5: 5, 7: 3]) == 3)
        #expect(twin.cpu[8] == 1)
    }
}
