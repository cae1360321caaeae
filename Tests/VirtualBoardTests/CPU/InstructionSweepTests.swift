// Every integer instruction against qemu, and what the sweep itself is worth.

import TestSupport
import Testing
import VirtualBoard

@Suite("Single instructions", .enabled(if: Qemu.program != nil, "\(Qemu.absence)"))
struct InstructionSweepTests {
    static let integers = InstructionSweep(
        rows: SweepRow.table(of: SweepRow.corners, count: 900, seed: 1), cases: IntegerCases.all)

    @Test("every integer instruction does what qemu's does, over corner values and every immediate")
    func integerInstructions() async throws {
        let image = Self.integers.image()
        let theirs = try await Qemu.run(image)
        let differences = Self.integers.differences(theirs, try VirtualProcessor.run(image))
        #expect(differences.isEmpty, "\(differences.prefix(40).map(\.text).joined(separator: "\n"))")
    }

    @Test("leaving an instruction out is seen in every case that has something to see")
    func blankInstructionsShow() throws {
        let whole = try VirtualProcessor.run(Self.integers.image())
        let blank = try VirtualProcessor.run(Self.integers.image(isBlank: true))
        let seen = Set(Self.integers.differences(whole, blank, perCase: 1).map(\.index))
        let unseen = Self.integers.cases.indices.filter { Self.integers.cases[$0].isVisible && !seen.contains($0) }
        #expect(unseen.isEmpty, "\(unseen.map { Self.integers.cases[$0].name })")
    }

    @Test("one wrong instruction among all is found, and only that one")
    func alteredInstructionIsFound() async throws {
        var altered = Self.integers
        let index = try #require(altered.cases.firstIndex { $0.name == "maxu a5, a3, a4" })
        altered.cases[index].emit = { $0.emit(.three("max", 5, 3, 4)) }
        let theirs = try await Qemu.run(altered.image())
        let differences = altered.differences(theirs, try VirtualProcessor.run(Self.integers.image()))
        #expect(Set(differences.map(\.index)) == [index])
    }
}

@Suite("High halves of products")
struct HighProductTests {
    @Test("MULUH and MULSH give what the host's full-width product gives")
    func highProducts() throws {
        let rows = SweepRow.table(of: SweepRow.corners, count: 2000, seed: 2)
        let sweep = InstructionSweep(
            rows: rows,
            cases: [SweepCase(.three("muluh", 5, 3, 4), rows: 2000), SweepCase(.three("mulsh", 5, 3, 4), rows: 2000)])
        let ours = try VirtualProcessor.run(sweep.image())
        for (index, row) in rows.enumerated() {
            let signed = Int32(bitPattern: row.x).multipliedFullWidth(by: Int32(bitPattern: row.y)).high
            #expect(ours[index * 4] == row.x.multipliedFullWidth(by: row.y).high, "\(hex(row.x)) \(hex(row.y))")
            #expect(ours[(2000 + index) * 4] == UInt32(bitPattern: signed), "\(hex(row.x)) \(hex(row.y))")
        }
    }
}
