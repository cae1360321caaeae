// Model slots: to the byte as documented, A/B updates that survive a power cut at any byte, and hostile bytes.

import Crypto
import ESPImage
import SystemPackage
import TestSupport
import Testing

@Suite("Model slots")
struct ModelSlotTests {
    static var sample: ModelSlot {
        var slot = ModelSlot(name: "mask_cnn_10", model: ImageCases.pattern(101))
        slot.arenaBytes = 1408
        slot.pixelScale = .by127
        slot.memoryPlan = .init(arenaBytes: 1300, offsets: [0, nil, 400])
        slot.inputTransform = .init(rows: 2, columns: 3, mean: [1, 2, 3], matrix: [1, 0, -1, 0.5, 0.25, -0.125])
        slot.labels = ["mask", "no_mask", "wow ü"]
        return slot
    }

    @Test("A slot is laid out to the byte as documented")
    func layout() throws {
        let bytes = try Self.sample.encoded(sequence: 7)
        // magic ESPM, version 1, header 256, sequence 7, arena 1408, scale 127.0, 4 sections
        #expect(Array(bytes[..<24]) == hex("4553504D 0100 0001 07000000 80050000 0000FE42 04000000"))
        // kind, offset, length; the CRC-32s are compared with zlib's below
        #expect(Array(bytes[24..<36]) == hex("01000000 00200000 65000000"))
        #expect(Array(bytes[40..<52]) == hex("02000000 70200000 10000000"))
        #expect(Array(bytes[56..<68]) == hex("03000000 80200000 2C000000"))
        #expect(Array(bytes[72..<84]) == hex("04000000 B0200000 14000000"))
        #expect(bytes[88..<120].allSatisfy { $0 == 0 })
        #expect(Array(bytes[120..<152]) == Array("mask_cnn_10".utf8) + [UInt8](repeating: 0, count: 21))
        #expect(Array(bytes[152..<184]) == Array(SHA256.hash(data: Self.sample.model)))
        #expect(bytes[184..<252].allSatisfy { $0 == 0 })
        #expect(bytes[256..<0x2000].allSatisfy { $0 == 0xFF })
        #expect(Array(bytes[0x2000..<0x2065]) == Self.sample.model)
        #expect(Array(bytes[0x2070..<0x2080]) == hex("14050000 00000000 FFFFFFFF 90010000"))
        #expect(Array(bytes[0x2080..<0x2088]) == hex("02000000 03000000"))
        #expect(Array(bytes[0x2088..<0x2094]) == hex("0000803F 00000040 00004040"))
        #expect(Array(bytes[0x2094..<0x20AC]) == hex("0000803F 00000000 000080BF 0000003F 0000803E 000000BE"))
        #expect(Array(bytes[0x20B0...]) == Array("mask\0no_mask\0wow ü\0".utf8))
    }

    @Test(
        "The CRC-32 is zlib's",
        arguments: [("", 0), ("123456789", 0xCBF4_3926), ("The quick brown fox jumps over the lazy dog", 0x414F_A339)])
    func crc32(text: String, expected: UInt32) {
        #expect(CRC32.checksum(Array(text.utf8)) == expected)
        #expect(CRC32.checksum(text.utf8.map { $0 }[...]) == expected)
    }

    // Skipped where the peers' Python environment (make peers) is absent.
    @Test("Python's zlib and struct read the same header", .enabled(if: Peers.python("python") != nil))
    func pythonReads() async throws {
        let script = """
            import hashlib, json, struct, sys, zlib
            data = open(sys.argv[1], 'rb').read()
            magic, version, size, sequence, arena, scale, count = struct.unpack_from('<4sHHIIfI', data)
            crcs = []
            for i in range(count):
                kind, offset, length, crc = struct.unpack_from('<IIII', data, 24 + 16 * i)
                crcs.append(zlib.crc32(data[offset:offset + length]) == crc)
            print(json.dumps([magic.decode(), version, size, sequence, arena, scale, count, all(crcs),
                zlib.crc32(data[:252]) == struct.unpack_from('<I', data, 252)[0]]))
            """
        let python = try #require(Peers.python("python"))
        let output = try await withTemporaryFolder { folder in
            try write(try Self.sample.encoded(sequence: 3), to: folder.appending("slot"))
            return try await Peers.run(python, ["-c", script, folder.appending("slot").string]).output
        }
        #expect(output == "[\"ESPM\", 1, 256, 3, 1408, 127.0, 4, true, true]\n")
    }

    @Test("A slot reads back as itself")
    func roundTrip() throws {
        #expect(try ModelSlot(parsing: try Self.sample.encoded()) == Self.sample)
        let bare = ModelSlot(name: "", model: [1])
        #expect(try ModelSlot(parsing: try bare.encoded()) == bare)
        let padded = try Self.sample.encoded() + [UInt8](repeating: 0xFF, count: 5000)
        #expect(try ModelSlot(parsing: padded) == Self.sample)
    }

    @Test(
        "A long name is cut between characters",
        arguments: [("abcdefghijklmnopqrstuvwxyz0123456789", 31), ("ääääääääääääääääääää", 30)])
    func longName(name: String, length: Int) throws {
        let read = try ModelSlot(parsing: try ModelSlot(name: name, model: [1]).encoded())
        #expect(name.hasPrefix(read.name))
        #expect(read.name.utf8.count == length)
    }

    @Test("The largest model fits, one byte more does not")
    func limits() throws {
        let largest = ModelSlot(name: "big", model: [UInt8](repeating: 5, count: ModelSlot.payloadLimit))
        #expect(try largest.encoded().count == ModelSlot.size)
        let tooLarge = ModelSlot(name: "big", model: largest.model + [5])
        #expect(throws: ESPImageError.modelTooLarge(bytes: 0x7E001, limit: 0x7E000)) { try tooLarge.encoded() }
    }

    @Test("What cannot be written is refused")
    func contents() {
        var slot = Self.sample
        slot.labels = ["a", ""]
        #expect(throws: ESPImageError.slotContents(.badLabel(""))) { try slot.encoded() }
        slot = Self.sample
        slot.inputTransform?.mean = [1]
        #expect(throws: ESPImageError.slotContents(.badTransform(rows: 2, columns: 3))) { try slot.encoded() }
        slot.inputTransform = .init(rows: .max, columns: .max, mean: [], matrix: [])
        #expect(throws: ESPImageError.slotContents(.badTransform(rows: .max, columns: .max))) { try slot.encoded() }
        #expect(throws: ESPImageError.slotContents(.emptyModel)) { try ModelSlot(name: "x", model: []).encoded() }
        for sequence in [0, UInt32.max] {
            #expect(throws: ESPImageError.slotContents(.sequenceExhausted)) {
                try Self.sample.encoded(sequence: sequence)
            }
        }
        #expect(throws: ESPImageError.slotContents(.badScale(255))) { try ModelSlot.PixelScale.of(255) }
        #expect((try? ModelSlot.PixelScale.of(128)) == .by128)
    }

    @Test("Every flipped bit of a slot is noticed")
    func damage() throws {
        let bytes = try Self.sample.encoded()
        // Between sections and before the payload there are unused bytes.
        let used = Array(0..<256) + Array(0x2000..<0x2065) + Array(0x2070..<0x20AC) + Array(0x20B0..<bytes.count)
        for place in used {
            var damaged = bytes
            damaged[place] ^= 1 << UInt8(place % 8)
            let error = #expect(throws: ESPImageError.self, "byte \(place)") { try ModelSlot(parsing: damaged) }
            #expect(error?.code == "model-invalid")
        }
        for count in 0..<bytes.count where count < 300 || count > 0x1FF0 {
            #expect(throws: ESPImageError.self, "cut at \(count)") { try ModelSlot(parsing: Array(bytes[..<count])) }
        }
    }

    /// The header of `sample` with bytes replaced and the CRC-32 put right again.
    private func forged(_ offset: Int, _ bytes: [UInt8]) throws -> [UInt8] {
        var slot = try Self.sample.encoded()
        slot.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        slot.replaceSubrange(252..<256, with: u32(CRC32.checksum(slot[..<252])))
        return slot
    }

    @Test("A header that lies with a correct CRC-32 is refused")
    func lies() throws {
        let lies: [(Int, [UInt8], SlotFault)] = [
            (0, Array("ESPN".utf8), .wrongMagic), (4, [2, 0], .unknownVersion(2)), (6, [0, 2], .wrongHeaderSize(512)),
            (8, u32(0), .badSequence(0)), (8, u32(.max), .badSequence(.max)),
            (16, u32(Float(126).bitPattern), .badScale),
            (20, u32(0), .badSectionCount(0)), (20, u32(7), .badSectionCount(7)),
            (20, u32(.max), .badSectionCount(.max)),
            (28, u32(0x2008), .sectionOutside(kind: 1)), (28, u32(0x100), .sectionOutside(kind: 1)),
            (28, u32(0xFFFF_FFF0), .sectionOutside(kind: 1)), (32, u32(.max), .sectionOutside(kind: 1)),
            (32, u32(0x7E001), .sectionOutside(kind: 1)), (32, u32(0x7E000), .truncated(part: "payload")),
            (24, u32(9), .sectionCount(kind: 1, count: 0)), (40, u32(1), .sectionCount(kind: 1, count: 2)),
            (152, [0, 0, 0], .modelDigest), (120, [0xFF], .badName), (36, u32(0), .sectionChecksum(kind: 1)),
        ]
        for (offset, bytes, fault) in lies {
            let slot = try forged(offset, bytes)
            #expect(throws: ESPImageError.slotInvalid(fault)) { try ModelSlot(parsing: slot) }
        }
    }

    @Test(
        "A transform that lies about its size is refused",
        arguments: [(0x80, UInt32.max), (0x84, .max), (0x80, 0), (0x84, 0), (0x80, 3)])
    func transformLies(offset: Int, value: UInt32) throws {
        var slot = try Self.sample.encoded()
        slot.replaceSubrange(0x2000 + offset..<0x2004 + offset, with: u32(value))
        slot.replaceSubrange(68..<72, with: u32(CRC32.checksum(slot[0x2080..<0x20AC])))
        slot.replaceSubrange(252..<256, with: u32(CRC32.checksum(slot[..<252])))
        #expect(throws: ESPImageError.slotInvalid(.badSection(kind: 3))) { try ModelSlot(parsing: slot) }
    }

    @Test("Random damage never traps", arguments: 0..<4)
    func mutation(seed: Int) throws {
        var generator = SeededGenerator(UInt64(300 + seed))
        let original = try Self.sample.encoded()
        for _ in 0..<500 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<256, using: &generator)
                bytes[place] = UInt8.random(in: 0...255, using: &generator)
            }
            bytes.replaceSubrange(252..<256, with: u32(CRC32.checksum(bytes[..<252])))
            _ = try? ModelSlot(parsing: bytes)
        }
    }
}
