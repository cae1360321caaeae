import DeviceBridge
import ESPImage
import Testing

private typealias FlashRegion = DeviceBridge.FlashRegion

@Suite("What is refused before anything is erased")
struct GuardTests {
    /// A region and the code of its refusal, nil where it is taken.
    struct Case: CustomTestStringConvertible {
        var what: String
        var offset: Int
        var bytes: [UInt8]
        var code: String?
        var words = ""
        var partition: String?
        var testDescription: String { what }

        init(
            _ what: String, _ offset: Int, _ bytes: [UInt8], _ code: String?, _ words: String = "",
            partition: String? = nil
        ) {
            (self.what, self.offset, self.bytes, self.code, self.words, self.partition) =
                (what, offset, bytes, code, words, partition)
        }
    }

    private static let image = handMadeImage()
    private static let data = noise(5000, seed: 8)

    static let cases: [Case] = [
        Case("an image for this chip", 0x10000, image, nil),
        Case("an image for an S3", 0x10000, handMadeImage(chip: 9), "wrong-chip", "esp32s3"),
        Case("an image for a C3 in the second stage's place", 0x1000, handMadeImage(chip: 5), "wrong-chip", "esp32c3"),
        Case("an image for a chip nobody knows", 0x110000, handMadeImage(chip: 999), "wrong-chip", "999"),
        Case("an image for revision 3.0 and newer", 0x10000, handMadeImage(minimum: 300), nil),
        Case("an image for revision 3.1 and newer", 0x10000, handMadeImage(minimum: 301), "wrong-chip", "v3.1"),
        Case("an image for revisions up to 2.99", 0x10000, handMadeImage(maximum: 299), "wrong-chip", "v2.99"),
        Case("an old image for revision 3", 0x10000, handMadeImage(legacy: 3), nil),
        Case("an image with a wrong checksum", 0x10000, damaged(40), "image-invalid", "checksum"),
        Case("an image with a wrong digest", 0x10000, damaged(4), "image-invalid", "SHA-256"),
        Case("an image that was cut off", 0x10000, Array(image.prefix(300)), "image-invalid"),
        Case("an ELF file", 0x10000, [0x7F, 0x45, 0x4C, 0x46] + data, "image-invalid", "ELF"),
        Case("a second stage for 4 MB", 0x1000, image, nil),
        Case("a second stage for 8 MB", 0x1000, handMadeImage(flashNibble: 3), "layout-overlap", "8 MB"),
        Case(
            "an application for 8 MB, which the second stage reads anyway", 0x10000, handMadeImage(flashNibble: 3), nil),
        Case("data in a file system", 0x110000, data, nil),
        Case("data in the middle of a file system", 0x120000, data, nil),
        Case("data on NVS", 0x9000, data, "layout-overlap", "'nvs'"),
        Case("data on NVS, named", 0x9000, data, nil, partition: "nvs"),
        Case("data on otadata", 0xD000, data, "layout-overlap", "'otadata'"),
        Case(
            "an application that outgrows its partition", 0x10000, [UInt8](repeating: 1, count: 0x100001),
            "layout-overlap", "1 more"),
        Case("a file that reaches from the gap into a partition", 0xF000, data, "layout-overlap", "'factory'"),
        Case("a file behind the last partition", 0x200000, data, nil),
        Case("a second stage that reaches into the table", 0x7000, data, nil),
        Case("a second stage that reaches into NVS", 0x7000, noise(0x2800, seed: 3), "layout-overlap"),
        Case(
            "a table with a partition behind the flash's end", 0x8000,
            handMadeTable([(0, 0, 0x10000, 0x400000, "big")]), "layout-overlap", "'big'"),
        Case("a whole flash in one file, over NVS", 0x1000, merged, "layout-overlap", "'nvs'"),
    ]

    private static func damaged(_ place: Int) -> [UInt8] {
        var bytes = image
        bytes[place] ^= 0x40
        return bytes
    }

    private static let merged: [UInt8] = {
        var bytes = [UInt8](repeating: 0xFF, count: 0x10000 - 0x1000 + image.count)
        bytes.replaceSubrange(0..<image.count, with: image)
        bytes.replaceSubrange(0x7000..<0x7000 + usualTable.count, with: usualTable)
        bytes.replaceSubrange(0xF000..<0xF000 + image.count, with: image)
        return bytes
    }()

    private func board() -> FakeROM {
        var rom = FakeROM()
        // Revision 3.0.
        rom.registers[0x3FF5_A00C] = 1 << 15
        rom.registers[0x3FF5_A014] = 1 << 20
        rom.registers[0x3FF6_607C] = 1 << 31
        rom.flash.replaceSubrange(0x8000..<0x8000 + usualTable.count, with: usualTable)
        rom.flash.replaceSubrange(0x9000..<0xF000, with: noise(0x6000, seed: 12))
        return rom
    }

    @Test("Each by its own rule, and forced it is written all the same", arguments: cases)
    func rules(_ item: Case) async throws {
        let line = InMemoryLine(board())
        let session = LoaderSession(line: line)
        try await session.connect()
        let plan = try FlashPlan([
            FlashRegion(offset: item.offset, bytes: item.bytes, label: "the file", partition: item.partition)
        ])
        do {
            let report = try await session.flash(plan)
            #expect(item.code == nil)
            #expect(report.written > 0)
        } catch {
            #expect(error.code == item.code, "\(error)")
            #expect(error.message.contains(item.words), "\(error.message)")
            #expect(await line.peer.erasedSectors.isEmpty)
            var options = FlashOptions()
            options.isForced = true
            #expect(try await session.flash(plan, options: options).written > 0)
        }
        #expect(Array(await line.peer.flash[item.offset..<item.offset + item.bytes.count]) == item.bytes)
    }

    @Test("On a board without a table any place will do, and a blank NVS may be overwritten")
    func blank() async throws {
        for hasTable in [false, true] {
            var rom = FakeROM()
            if hasTable { rom.flash.replaceSubrange(0x8000..<0x8000 + usualTable.count, with: usualTable) }
            let session = LoaderSession(line: InMemoryLine(rom))
            try await session.connect()
            let plan = try FlashPlan([FlashRegion(offset: 0x1000, bytes: Self.merged, label: "merged.bin")])
            #expect(try await session.flash(plan).written > 0)
        }
    }

    @Test("A protected chip is not erased first, even when everything is to be erased")
    func eraseAll() async throws {
        var rom = board()
        rom.registers[0x3FF5_A000] = 1 << 20
        let line = InMemoryLine(rom)
        var update = BoardUpdate(
            chip: "esp32", plan: try FlashPlan([FlashRegion(offset: 0x10000, bytes: Self.image, label: "app")]))
        update.erasesAll = true
        let asked = update
        await #expect { _ = try await LoaderSession(line: line).perform(asked) } throws: {
            ($0 as? DeviceError)?.code == "protected-chip"
        }
        #expect(await line.peer.erasedSectors.isEmpty)
    }

    @Test("Labels are looked up in the board's table, or in the one that goes along")
    func labels() async throws {
        for alongside in [false, true] {
            var rom = board()
            if alongside { rom.flash = [UInt8](repeating: 0xFF, count: rom.flash.count) }
            let line = InMemoryLine(rom)
            let table = DeviceBridge.FlashRegion(offset: 0x8000, bytes: usualTable, label: "table")
            var update = BoardUpdate(chip: nil, plan: try FlashPlan(alongside ? [table] : []))
            update.labelled = [.init(partition: "storage", bytes: Self.data, label: "files.bin")]
            _ = try await LoaderSession(line: line).perform(update)
            #expect(Array(await line.peer.flash[0x110000..<0x110000 + 5000]) == Self.data)
            update.labelled[0].partition = "absent"
            let asked = update
            await #expect { _ = try await LoaderSession(line: line).perform(asked) } throws: {
                ($0 as? DeviceError)?.code == "usage" && ($0 as? DeviceError)?.hint.contains("factory") == true
            }
        }
    }

    @Test("A table in the flash is read, a damaged or absent one is none")
    func table() async throws {
        var rom = board()
        #expect(try await read(rom)?.map { $0 } == ["nvs", "otadata", "factory", "storage"])
        rom.flash[0x8000 + 40] ^= 1
        #expect(try await read(rom) == nil)
        rom.flash[0x8000] = 0
        #expect(try await read(rom) == nil)
        #expect(try await read(FakeROM()) == nil)
    }

    private func read(_ rom: FakeROM) async throws -> [String]? {
        let session = LoaderSession(line: InMemoryLine(rom))
        try await session.connect()
        return try await session.partitionTable()?.partitions.map(\.name)
    }
}
