// How fast the bare processor runs a tight loop, decoded and by the word. Not a test: it asserts nothing about time, and
// runs only where ESPMASK_BENCH is set. `ESPMASK_BENCH=1 swift test -c release --filter ProcessorSpeed`

import Foundation
import Testing
import VirtualBoard

@Suite(
    "ProcessorSpeed", .enabled(if: ProcessInfo.processInfo.environment["ESPMASK_BENCH"] != nil, "a measurement"),
    .serialized)
struct ProcessorSpeedMeasurement {
    @Test("Million instructions per second in a loop of eight", arguments: [true, false])
    func tightLoop(isDecoding: Bool) {
        let one = TestProcessor(isDecoding: isDecoding)
        let code = TestProcessor.code
        // A sum over words and back: load, multiply, add, mask, store, step, compare, branch.
        let words: [UInt32] = [
            Op.l32i(3, 2, 0), Op.rrr(8, 2, r: 5, s: 3, t: 4), Op.add(6, 6, 5), 0x54_7060, Op.s32i(6, 2, 4),
            Op.addi(8, 8, -1), Op.rrr(3, 0, r: 9, s: 6, t: 8), Op.branch(9, 8, 10, from: code + 21, to: code),
        ]
        one.put(words, at: code)
        measure("loop, \(isDecoding ? "decoded" : "by the word")", one)
        // The same body in a zero-overhead loop.
        one.put([Op.loop(8, 11, body: 21)] + words.dropLast() + [Op.j(from: code + 24, to: code)], at: code)
        measure("zero-overhead loop, \(isDecoding ? "decoded" : "by the word")", one)
    }

    private func measure(_ name: String, _ one: TestProcessor) {
        one.cpu.pc = TestProcessor.code
        one.cpu[2] = TestProcessor.data
        one.cpu[8] = 0
        one.cpu[10] = 0
        one.cpu[11] = 1000
        let count: UInt64 = 50_000_000
        for _ in 0..<3 {
            let start = clock()
            _ = one.cpu.run(until: one.cpu.cycle + count)
            let seconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
            print("\(name): \(String(format: "%.0f", Double(count) / 1e6 / seconds)) M instructions/s")
        }
    }
}
