// Random programs on qemu and on our processor. ESPMASK_CPU_SEED and ESPMASK_CPU_PROGRAMS ask for other and more programs.

import Glibc
import TestSupport
import Testing
import VirtualBoard

private func setting(_ name: String, otherwise: UInt64) -> UInt64 {
    getenv(name).flatMap { UInt64(String(cString: $0)) } ?? otherwise
}

@Suite("Random programs", .enabled(if: Qemu.program != nil, "\(Qemu.absence)"))
struct RandomProgramTests {
    private static let batchSize: UInt64 = 250
    private static let batches: [Range<UInt64>] = {
        let first = setting("ESPMASK_CPU_SEED", otherwise: 1)
        let count = setting("ESPMASK_CPU_PROGRAMS", otherwise: 2000)
        return stride(from: first, to: first + count, by: Int(batchSize)).map {
            $0..<min($0 + batchSize, first + count)
        }
    }()

    @Test("random programs leave the same registers and memory as on qemu", arguments: batches)
    func programs(seeds: Range<UInt64>) async throws {
        let batch = ProgramBatch(seeds: seeds)
        let theirs = try await Qemu.run(batch.image)
        for isDecoding in [true, false] {
            let differences = batch.differences(
                theirs, try VirtualProcessor.run(batch.image, isDecoding: isDecoding))
            #expect(differences.isEmpty, "\(batch.report(differences))")
        }
    }

    @Test(
        "one more instruction in one of the programs is found, and what it changed is named",
        arguments: [
            ([Instruction.addi(9, 9, 1)], "a9:"), ([.addi(0, 0, -1)], "a0:"), ([.ill], "exceptions:"),
            ([.rsr(.sar, 1), .addi(1, 1, 1), .wsr(.sar, 1)], "sar:"), ([.wsr(.lcount, 1)], "lcount:"),
            ([.boolean("orbc", 1, 1, 1), .boolean("xorb", 0, 0, 1)], "br:"),
            ([.rsr(.scompare1, 1), .addi(1, 1, 1), .wsr(.scompare1, 1)], "scompare1:"),
            ([.rsr(.acclo, 1), .addi(1, 1, 1), .wsr(.acclo, 1)], "acclo:"),
            ([.rsr(.m2, 1), .addi(1, 1, 1), .wsr(.m2, 1)], "m2:"),
            ([.rsr(.misc0, 1), .s32i(0, 1, 4 * ExceptionRecord.words)], "data[0]:"),
        ])
    func alterations(instructions: [Instruction], name: String) async throws {
        let (plain, altered) = (ProgramBatch(seeds: 1..<6), ProgramBatch(seeds: 1..<6, alterations: [3: instructions]))
        let differences = plain.differences(
            try await Qemu.run(plain.image), try VirtualProcessor.run(altered.image))
        #expect(differences.map(\.seed) == [3], "\(differences)")
        #expect(differences.contains { $0.text.contains(name) }, "\(differences)")
    }

    @Test("programs whose seeds differ are different, and the same seed gives the same program")
    func seeds() {
        let (first, again) = (ProgramBatch(seeds: 5..<8), ProgramBatch(seeds: 5..<8))
        #expect(first.image.elf == again.image.elf)
        #expect(first.listing(seed: 5) != first.listing(seed: 6))
    }
}
