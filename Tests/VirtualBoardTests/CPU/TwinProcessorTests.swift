// The decode cache against the instructions' words: random programs from random states, which must leave the same
// registers, memory, time and reason to stop behind.

import Testing
import VirtualBoard

@Suite("Decoded and by the word")
struct TwinProcessorTests {
    private let twins = [TestProcessor(isDecoding: true), TestProcessor(isDecoding: false)]

    private func setUp(_ program: inout RandomProgram) {
        var bytes: [UInt8] = []
        while bytes.count < Int(TestProcessor.ramSize) {
            let word = program.word()
            for index in 0..<(word & 15 >= 8 ? 2 : 3) {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(index * 8)))
            }
        }
        bytes = Array(bytes.prefix(Int(TestProcessor.ramSize)))
        let data = (0..<1024).flatMap { _ in
            let value = program.random.chance(50) ? program.float() : program.register()
            return (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        }
        let registers = (0..<16).map { _ in program.register() }
        let floats = (0..<16).map { _ in program.float() }
        let specials: [(Int, UInt32)] = [
            (0, TestProcessor.code + UInt32(program.random.below(256))),
            (1, TestProcessor.code + UInt32(program.random.below(256))), (2, UInt32(program.random.below(4))),
            (3, program.random.word()), (4, program.random.word()), (12, program.register()),
            (226, program.random.word()),
            (228, program.random.chance(50) ? program.random.word() : 0),
            (230, program.random.pick([0, 0, 0x10, 0x1F, 0x20, 3, 0x4_0000, 0x4_0020, 0x5_0000, 0x6_0003])),
            (231, TestProcessor.code + 0x400),
            (224, program.random.chance(85) ? 1 : 0), (73, program.random.chance(50) ? 1 : program.random.word()),
        ]
        let matches = (0..<3).map { _ in UInt32(program.random.below(400)) }
        let start = TestProcessor.code + UInt32(program.random.below(256))
        for twin in twins {
            twin.cpu.reset(to: start)
            #expect(twin.memory.write(TestProcessor.code, bytes))
            #expect(twin.memory.write(TestProcessor.instructions, bytes))
            #expect(twin.memory.write(TestProcessor.data, data))
            twin.flash.copyMemory(from: bytes, byteCount: bytes.count)
            twin.memory.noteChange(at: UnsafeRawPointer(twin.flash), count: bytes.count)
            for (number, value) in floats.enumerated() { twin.setFloat(number, value) }
            for (number, value) in registers.enumerated() { twin.cpu[number] = value }
            for (number, value) in specials { twin.setSpecial(number, value) }
            let now = twin.cpu.registerState[33 + 234]
            for (index, match) in matches.enumerated() { twin.setSpecial(240 + index, now &+ 16 &+ match) }
        }
    }

    @Test("Random programs do the same in both", arguments: 0..<16)
    func same(seed: UInt64) throws {
        var program = RandomProgram(random: ProgramRandom(seed: seed))
        for round in 0..<400 {
            setUp(&program)
            for part in 0..<12 {
                let count = UInt64(program.random.chance(50) ? 1 + program.random.below(4) : program.random.below(90))
                let stops = twins.map { $0.cpu.run(until: $0.cpu.cycle + count) }
                let place = "seed \(seed) round \(round) part \(part) count \(count)"
                try #require(stops[0] == stops[1], "\(place)")
                try #require(twins[0].cpu.cycle == twins[1].cpu.cycle, "\(place)")
                let (decoded, words) = (twins[0].cpu.registerState, twins[1].cpu.registerState)
                if decoded != words {
                    let different = decoded.indices.filter { decoded[$0] != words[$0] }
                    let text = different.map { "\($0): \(decoded[$0]) \(words[$0])" }
                    Issue.record("\(place): \(text)")
                    return
                }
                if case .trap = stops[0] { break }
                if stops[0] == .waiting { break }
            }
            for base in [TestProcessor.code, TestProcessor.data, TestProcessor.instructions] {
                try #require(twins[0].bytes(base) == twins[1].bytes(base), "seed \(seed) round \(round)")
            }
        }
    }
}
