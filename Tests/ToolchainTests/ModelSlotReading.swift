// The board's reader of the `model` partition, run here and judged by the host's own code for the same format, which
// was written apart from it.

import ESPImage
import SketchLibraryC
import Testing

@Suite("Model slots on the board")
struct ModelSlotReading {
    /// What the board's reader says of a partition.
    struct Reading: Equatable {
        var result: model_slot_result
        var letter: String
        var sequence: UInt32
        var arena: UInt32
        var scale: Float
        var name: String
        var model: [UInt8]
        var sections: [Int]
    }

    static func read(_ partition: [UInt8]) -> Reading {
        partition.withUnsafeBufferPointer { bytes in
            var slot = model_slot()
            // An empty buffer has no address, and the reader takes no null.
            let result = model_slot_find(bytes.baseAddress ?? UnsafePointer(bitPattern: 4), bytes.count, &slot)
            guard result == MODEL_SLOT_FOUND else {
                return Reading(
                    result: result, letter: "", sequence: 0, arena: 0, scale: 0, name: "", model: [], sections: [])
            }
            let name = withUnsafeBytes(of: slot.name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            let model = Array(UnsafeBufferPointer(start: slot.model, count: Int(slot.model_bytes)))
            return Reading(
                result: result, letter: String(UnicodeScalar(UInt8(bitPattern: slot.letter))),
                sequence: slot.sequence, arena: slot.arena_bytes, scale: slot.pixel_scale, name: name, model: model,
                sections: [slot.plan_bytes, slot.transform_bytes, slot.labels_bytes].map { Int($0) })
        }
    }

    static func slot(_ name: String, count: Int) -> ModelSlot {
        var slot = ModelSlot(name: name, model: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        slot.labels = ["mask", "no_mask"]
        return slot
    }

    /// Both slots filled: A with sequence 3, B with sequence 4.
    static func partition() throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0xFF, count: ModelPartition.size)
        var second = slot("second", count: 300)
        second.pixelScale = .by127
        second.arenaBytes = 1300
        second.memoryPlan = .init(arenaBytes: 64, offsets: [0, nil, 32])
        second.inputTransform = .init(rows: 1, columns: 2, mean: [1, 2], matrix: [3, 4])
        for (offset, slot, sequence) in [(0, slot("first", count: 100), 3), (ModelSlot.size, second, 4)] {
            let encoded = try slot.encoded(sequence: UInt32(sequence))
            bytes.replaceSubrange(offset..<offset + encoded.count, with: encoded)
        }
        return bytes
    }

    @Test("The slot with the highest sequence is in force, with all its sections")
    func highestSequence() throws {
        let reading = Self.read(try Self.partition())
        #expect(reading.result == MODEL_SLOT_FOUND)
        #expect(reading.letter == "B")
        #expect(reading.sequence == 4)
        #expect(reading.arena == 1300)
        #expect(reading.scale == 127)
        #expect(reading.name == "second")
        #expect(reading.model == Self.slot("", count: 300).model)
        #expect(reading.sections == [16, 24, 13])
    }

    @Test("A slot with a damaged payload gives way to the other")
    func damagedPayload() throws {
        var bytes = try Self.partition()
        bytes[ModelSlot.size + ModelSlot.payloadOffset + 5] ^= 0x10
        let reading = Self.read(bytes)
        #expect(reading.letter == "A")
        #expect(reading.sequence == 3)
        #expect(reading.sections == [0, 0, 13])
        bytes[ModelSlot.payloadOffset] ^= 1
        #expect(Self.read(bytes).result == MODEL_SLOT_INVALID)
    }

    @Test("A blank partition has no model, one that is too small neither, and zeros are damage")
    func nothingThere() {
        #expect(Self.read([UInt8](repeating: 0xFF, count: ModelPartition.size)).result == MODEL_SLOT_MISSING)
        #expect(Self.read([UInt8](repeating: 0xFF, count: ModelSlot.size - 1)).result == MODEL_SLOT_MISSING)
        #expect(Self.read([]).result == MODEL_SLOT_MISSING)
        #expect(Self.read([UInt8](repeating: 0, count: ModelPartition.size)).result == MODEL_SLOT_INVALID)
    }

    @Test("One slot alone is read when the partition has room for no other")
    func oneSlot() throws {
        let bytes = Array(try Self.partition().prefix(ModelSlot.size))
        #expect(Self.read(bytes).letter == "A")
    }

    @Test("Board and host agree on every mutation of headers and payloads")
    func mutations() throws {
        var generator = SeededGenerator(seed: 11)
        let good = try Self.partition()
        let places = [0, ModelSlot.secondHeaderOffset, ModelSlot.size, ModelSlot.size + ModelSlot.secondHeaderOffset]
        for _ in 0..<300 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let place = places.randomElement(using: &generator) ?? 0
                if Bool.random(using: &generator) {
                    // A second copy of some header, with another sequence: the CRC is made good again.
                    let source = Bool.random(using: &generator) ? 0 : ModelSlot.size
                    var header = Array(good[source..<source + 256])
                    header[8] = UInt8.random(in: 0...6, using: &generator)
                    if Bool.random(using: &generator) {
                        header[Int.random(in: 4..<120, using: &generator)] = .random(in: 0...255, using: &generator)
                    }
                    let crc = header.withUnsafeBufferPointer { model_slot_crc32($0.baseAddress, 252) }
                    header.replaceSubrange(252..<256, with: (0..<4).map { UInt8(truncatingIfNeeded: crc >> (8 * $0)) })
                    bytes.replaceSubrange(place..<place + 256, with: header)
                } else {
                    let offset = place + Int.random(in: 0..<0x400, using: &generator) % 256
                    bytes[offset] = .random(in: 0...255, using: &generator)
                }
            }
            let board = Self.read(bytes)
            let host = try ModelPartition(parsing: bytes).inForce
            #expect(board.sequence == host?.header.sequence ?? 0)
            #expect(board.letter == (host.map { $0.slot.rawValue.uppercased() } ?? ""))
        }
    }
}
