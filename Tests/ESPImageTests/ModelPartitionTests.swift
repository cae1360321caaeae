// The two slots of a board: which header is in force, and updates that survive a power cut at any byte.

import ESPImage
import TestSupport
import Testing

/// A partition on NOR flash: erasing sets bits by sector, writing clears them; power may fail after any byte.
private struct NORPartition {
    var bytes = [UInt8](repeating: 0xFF, count: ModelPartition.size)
    /// Bytes that may still be changed.
    var power = Int.max

    mutating func apply(_ steps: [ModelPartition.Step]) {
        for step in steps {
            switch step {
            case .erase(let range): erase(range)
            case .write(let offset, let data):
                erase(offset..<offset + data.count)
                for (index, byte) in data.enumerated() {
                    guard power > 0 else { return }
                    power -= 1
                    bytes[offset + index] &= byte
                }
            }
        }
    }

    private mutating func erase(_ range: Range<Int>) {
        for sector in stride(from: range.lowerBound / 4096 * 4096, to: range.upperBound, by: 4096) {
            guard power > 0 else { return }
            power -= 1
            // An erase that is cut short leaves anything; half of the sector is done here.
            let end = power == 0 ? sector + 2048 : sector + 4096
            bytes.replaceSubrange(sector..<end, with: [UInt8](repeating: 0xFF, count: end - sector))
        }
    }

    var model: ModelSlot? {
        guard let partition = try? ModelPartition(parsing: bytes) else { return nil }
        return try? partition.model(in: bytes)
    }

    mutating func write(_ slot: ModelSlot) throws {
        apply(try ModelPartition(parsing: bytes).steps(toWrite: slot))
    }
}

@Suite("Model partition")
struct ModelPartitionTests {
    private func model(_ seed: UInt8, bytes: Int = 50) -> ModelSlot {
        var slot = ModelSlot(name: "model \(seed)", model: ImageCases.pattern(bytes, seed))
        slot.labels = ["a", "b"]
        return slot
    }

    @Test("An erased partition has no model")
    func blank() throws {
        let flash = NORPartition()
        let partition = try ModelPartition(parsing: flash.bytes)
        #expect(partition.inForce == nil)
        #expect(throws: ESPImageError.slotInvalid(.noModel)) { try partition.model(in: flash.bytes) }
        #expect(throws: ESPImageError.slotInvalid(.noModel)) { try partition.steps(toSetArena: 5) }
        #expect(throws: ESPImageError.slotInvalid(.truncated(part: "second slot"))) {
            try ModelPartition(parsing: Array(flash.bytes.dropLast()))
        }
    }

    @Test("Models alternate between the slots, each with the next sequence")
    func alternate() throws {
        var flash = NORPartition()
        for (round, slot) in zip(1..., [SlotPosition.a, .b, .a, .b]) {
            try flash.write(model(UInt8(round)))
            let inForce = try #require(try ModelPartition(parsing: flash.bytes).inForce)
            #expect(inForce.slot == slot)
            #expect(inForce.copy == 0)
            #expect(inForce.header.sequence == UInt32(round))
            #expect(flash.model == model(UInt8(round)))
        }
    }

    @Test("The steps of a new model come in the documented order")
    func order() throws {
        var flash = NORPartition()
        try flash.write(model(1))
        let steps = try ModelPartition(parsing: flash.bytes).steps(toWrite: model(2))
        let image = try model(2).encoded(sequence: 2)
        #expect(
            steps == [
                .erase(0x80000..<0x82000), .write(offset: 0x82000, bytes: Array(image[0x2000...])),
                .write(offset: 0x80000, bytes: Array(image[..<256])),
            ])
    }

    @Test("The model that is in force already is not written again")
    func unchanged() throws {
        var flash = NORPartition()
        try flash.write(model(1))
        #expect(try ModelPartition(parsing: flash.bytes).steps(toWrite: model(1)).isEmpty)
        try flash.write(model(2))
        #expect(try ModelPartition(parsing: flash.bytes).steps(toWrite: model(2)).isEmpty)
    }

    @Test("Another arena writes only the header copy that is not in force")
    func arena() throws {
        var flash = NORPartition()
        try flash.write(model(1))
        for (round, copy) in zip([UInt32(2000), 3000, 4000], [1, 0, 1]) {
            let steps = try ModelPartition(parsing: flash.bytes).steps(toSetArena: round)
            var changed = model(1)
            changed.arenaBytes = round
            #expect(try ModelPartition(parsing: flash.bytes).steps(toWrite: changed) == steps)
            guard case .write(let offset, let bytes) = try #require(steps.first), steps.count == 1 else {
                Issue.record("\(steps)")
                return
            }
            #expect(offset == copy * 0x1000)
            #expect(bytes.count == 256)
            flash.apply(steps)
            #expect(flash.model == changed)
            #expect(try ModelPartition(parsing: flash.bytes).steps(toSetArena: round).isEmpty)
        }
    }

    @Test("A model written over one with a changed arena removes both of its headers")
    func arenaThenModels() throws {
        var flash = NORPartition()
        try flash.write(model(1))
        flash.apply(try ModelPartition(parsing: flash.bytes).steps(toSetArena: 999))
        try flash.write(model(2))
        try flash.write(model(3))
        let partition = try ModelPartition(parsing: flash.bytes)
        #expect(partition.headers.map(\.header.sequence) == [4, 3])
        #expect(flash.model == model(3))
    }

    @Test("Power may fail at any byte of an update: the old model or the new one is in force")
    func powerCut() throws {
        var before = NORPartition()
        try before.write(model(1))
        try before.write(model(2))
        before.apply(try ModelPartition(parsing: before.bytes).steps(toSetArena: 77))
        var old = model(2)
        old.arenaBytes = 77
        var otherArena = old
        otherArena.arenaBytes = 88
        for target in [model(3), otherArena] {
            let steps = try ModelPartition(parsing: before.bytes).steps(toWrite: target)
            var finished = false
            for power in 0..<1000 where !finished {
                var flash = before
                flash.power = power
                flash.apply(steps)
                finished = flash.power > 0
                let model = flash.model
                #expect(model == old || model == target, "power cut after \(power)")
                #expect(!finished || model == target)
                // Whatever was left behind, the next attempt succeeds.
                flash.power = .max
                try flash.write(target)
                #expect(flash.model == target)
            }
            #expect(finished)
        }
    }

    @Test("A header whose payload is damaged does not count, and its sequence is not used again")
    func damagedPayload() throws {
        var flash = NORPartition()
        try flash.write(model(1))
        try flash.write(model(2))
        flash.bytes[0x82000] ^= 1
        let partition = try ModelPartition(parsing: flash.bytes)
        #expect(partition.headers.map(\.isPayloadValid) == [true, false])
        #expect(partition.inForce?.slot == .a)
        #expect(flash.model == model(1))
        try flash.write(model(3))
        #expect(try ModelPartition(parsing: flash.bytes).inForce?.header.sequence == 3)
    }

    @Test("A newer header without a model does not count")
    func noModelSection() throws {
        var flash = NORPartition()
        try flash.write(model(1))
        try flash.write(model(2))
        flash.bytes.replaceSubrange(0x80018..<0x8001C, with: u32(99))
        flash.bytes.replaceSubrange(0x800FC..<0x80100, with: u32(CRC32.checksum(flash.bytes[0x80000..<0x800FC])))
        #expect(try ModelPartition(parsing: flash.bytes).headers.count == 2)
        #expect(flash.model == model(1))
    }

    @Test("Of two headers with one sequence the first is in force")
    func tie() throws {
        var flash = NORPartition()
        let (first, second) = (try model(1).encoded(sequence: 5), try model(2).encoded(sequence: 5))
        flash.bytes.replaceSubrange(0..<first.count, with: first)
        flash.bytes.replaceSubrange(0x80000..<0x80000 + second.count, with: second)
        #expect(flash.model == model(1))
    }

    @Test("The last sequence number is followed by an error, not by a wrap")
    func exhausted() throws {
        var flash = NORPartition()
        let last = try model(1).encoded(sequence: 0xFFFF_FFFE)
        flash.bytes.replaceSubrange(0..<last.count, with: last)
        #expect(flash.model == model(1))
        #expect(throws: ESPImageError.slotContents(.sequenceExhausted)) { try flash.write(model(2)) }
    }

    @Test("Four headers are enough to tell what is in force")
    func headersOnly() throws {
        var flash = NORPartition()
        try flash.write(model(1))
        try flash.write(model(2))
        let bytes = flash.bytes
        let partition = ModelPartition { slot, copy in
            Array(bytes[(slot.offset + copy * 0x1000)...].prefix(256))
        } isPayloadValid: { slot, _ in
            slot == .a
        }
        #expect(partition.inForce?.slot == .a)
        #expect(partition.headers.map(\.offset) == [0, 0x80000])
    }
}
