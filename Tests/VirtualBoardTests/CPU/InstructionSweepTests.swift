// Every integer instruction against qemu, and what the sweep itself is worth.

import TestSupport
import Testing
import VirtualBoard

@Suite("Single instructions", .enabled(if: Qemu.program != nil, "\(Qemu.absence)"))
struct InstructionSweepTests {
    static let integers = InstructionSweep(
        rows: SweepRow.table(of: SweepRow.corners, count: 900, seed: 1),
        cases: IntegerCases.all + MultiplyAccumulateCases.all + FloatCases.toFloat)
    static let floats = InstructionSweep(
        rows: FloatCases.rows,
        cases: FloatCases.arithmetic + FloatCases.compares + FloatCases.moves + FloatCases.toWhole + FloatCases.memory
            + FloatCases.disabled + FloatCases.sequences)

    @Test(
        "every instruction does what qemu's does, over corner values and every immediate",
        arguments: [integers, floats])
    func instructions(sweep: InstructionSweep) async throws {
        let image = sweep.image()
        let theirs = try await Qemu.run(image)
        for isDecoding in [true, false] {
            let differences = sweep.differences(theirs, try VirtualProcessor.run(image, isDecoding: isDecoding))
            #expect(differences.isEmpty, "\(differences.prefix(40).map(\.text).joined(separator: "\n"))")
        }
    }

    @Test(
        "leaving an instruction out is seen in every case that has something to see",
        arguments: [integers, floats])
    func blankInstructionsShow(sweep: InstructionSweep) throws {
        let whole = try VirtualProcessor.run(sweep.image())
        let blank = try VirtualProcessor.run(sweep.image(isBlank: true))
        let seen = Set(sweep.differences(whole, blank, perCase: 1).map(\.index))
        let unseen = sweep.cases.indices.filter { sweep.cases[$0].isVisible && !seen.contains($0) }
        #expect(unseen.isEmpty, "\(unseen.map { sweep.cases[$0].name })")
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
            #expect(ours[index * 4] == row.x.multipliedFullWidth(by: row.y).high, "\(hexWord(row.x)) \(hexWord(row.y))")
            #expect(ours[(2000 + index) * 4] == UInt32(bitPattern: signed), "\(hexWord(row.x)) \(hexWord(row.y))")
        }
    }
}

@Suite("The tests' own encoder", .enabled(if: Qemu.program != nil, "\(Qemu.absence)"))
struct EncoderTests {
    /// What qemu's disassembler read at each address.
    private static func disassembly(of image: GuestImage) async throws -> [UInt32: String] {
        var found: [UInt32: String] = [:]
        for line in try await Qemu.runListing(image).split(separator: "\n") where line.hasPrefix("0x") {
            let parts = line.dropFirst(2).split(separator: ":", maxSplits: 1)
            guard parts.count == 2, let address = UInt32(parts[0], radix: 16) else { continue }
            found[address] = parts[1].replacing("\t", with: " ").split(separator: " ").joined(separator: " ")
        }
        return found
    }

    /// Lines whose text is not the disassembler's, or that it never saw.
    private static func misread(_ image: GuestImage, _ disassembly: [UInt32: String]) -> [String] {
        image.listing.compactMap { line in
            let text = line.text.split(separator: " ;")[0]
            guard let read = disassembly[line.address], read != text else { return nil }
            return "\(hexWord(line.address)): \(text), read as \(read)"
        }
    }

    @Test(
        "a disassembler that is not ours reads the words as the instructions that were meant",
        arguments: [InstructionSweepTests.integers, InstructionSweepTests.floats])
    func disassembly(sweep: InstructionSweep) async throws {
        let image = sweep.image()
        let disassembly = try await Self.disassembly(of: image)
        let misread = Self.misread(image, disassembly)
        #expect(misread.isEmpty, "\(misread.prefix(20).joined(separator: "\n"))")
        let seen = image.listing.filter { disassembly[$0.address] != nil }
        #expect(seen.count > image.listing.count * 9 / 10)
        // A wrong line is noticed.
        var wrong = image
        wrong.listing[100].text = "add a1, a2, a3"
        #expect(Self.misread(wrong, disassembly).count == 1)
    }
}
