// Every error has a documented code, a message that names what was given, and a hint of its own.

import ESPImage
import Testing

@Suite("Errors")
struct ErrorTests {
    private static let elf: [ELFFault] = [
        .notELF, .truncated(part: "PART"), .wrongEntrySize(table: "TABLE", size: 3, expected: 40), .noSections,
        .badName(section: 5), .addressWraps(name: "NAME", address: 1, size: 2), .nothingToLoad,
    ]
    private static let image: [ImageFault] = [
        .wrongMagic(7), .wrongMagic(nil), .truncated(part: "PART"), .tooManySegments(count: 99), .badDigestFlag(9),
        .sharedPage(first: 1, second: 2, pageSize: 65536), .unalignedFlashSegment(address: 3),
        .segmentTooLarge(address: 4, size: 5), .unknownPageSize(logarithm: 9, chip: "CHIP"),
        .digestPlaceOutside(offset: 6),
        .digestPlaceTaken(offset: 7), .mergeOverlap(first: "ONE", second: "TWO", offset: 8),
        .mergeBeyondFlash(name: "NAME", end: 9), .mergeEmpty,
    ]
    private static let partition: [PartitionFault] = [
        .notText, .unknownVariable("VAR"), .emptyField("FIELD"), .badValue(field: "FIELD", value: "V", known: ["K"]),
        .controlInName, .outOfRange(field: "FIELD", value: "V"), .unknownFlag("FLAG"),
        .bootloaderOffsetUnknown(subtype: "primary"), .nameTooLong("NAME"), .duplicateName("NAME"),
        .overlap(name: "NAME", offset: 1, previousEnd: 2, previous: "OTHER"),
        .misalignedOffset(name: "NAME", offset: 1, alignment: 2), .misalignedSize(name: "NAME", size: 1),
        .repeated(kind: "KIND"), .wrongOTADataSize(name: "NAME", size: 1), .cannotBeReadOnly(name: "NAME"),
        .nvsTooSmall(name: "NAME", size: 1), .tooManyPartitions(count: 99), .empty, .unterminated, .badMagic(row: 1),
        .badName(row: 1), .badChecksum, .notFound(name: "NAME", known: ["K"]),
        .beyondFlash(name: "NAME", end: 1, flashSize: 2),
    ]
    private static let layout: [LayoutFault] = [
        .overlap(first: "ONE", firstEnd: 1, second: "TWO", offset: 2),
        .beyondFlash(label: "NAME", end: 1, flashSize: 2),
        .partitionTooSmall(contents: 1, partition: "NAME", size: 2), .misaligned(label: "NAME", offset: 1),
    ]
    private static let slot: [SlotFault] = [
        .noModel, .truncated(part: "PART"), .wrongMagic, .unknownVersion(9), .wrongHeaderSize(9), .headerChecksum,
        .badSequence(9), .badSectionCount(9), .sectionOutside(kind: 1), .sectionChecksum(kind: 2),
        .sectionCount(kind: 3, count: 2), .badSection(kind: 4), .badSection(kind: 99), .modelDigest, .badScale,
        .badName,
    ]
    private static let contents: [SlotContentsFault] = [
        .emptyModel, .badLabel("LABEL"), .badTransform(rows: 1, columns: 2), .badScale(9), .sequenceExhausted,
    ]

    private static let all: [ESPImageError] =
        [
            .unknownValue(option: "OPTION", value: "VALUE", known: ["KNOWN"]),
            .wrongArchitecture(found: "FOUND", expected: "EXPECTED"), .modelTooLarge(bytes: 9, limit: 8),
        ] + elf.map { .elfInvalid($0) } + image.map { .imageInvalid($0) }
        + partition.flatMap { [.partitionTableInvalid(line: nil, $0), .partitionTableInvalid(line: 7, $0)] }
        + layout.map { .layoutOverlap($0) } + slot.map { .slotInvalid($0) } + contents.map { .slotContents($0) }

    /// The codes of CLI.md that this module uses.
    private static let codes: Set<String> = [
        "usage", "model-invalid", "model-too-large", "image-invalid", "elf-invalid", "wrong-architecture",
        "partition-table-invalid", "layout-overlap",
    ]

    @Test("Each has a known code, a message and a hint", arguments: all)
    func complete(error: ESPImageError) {
        #expect(Self.codes.contains(error.code))
        for text in [error.message, error.hint] {
            #expect(text.count > 10)
            #expect(text.last != ".")
            #expect(!text.contains("Optional"))
            #expect(!text.contains("  "))
        }
        #expect(error.message != error.hint)
    }

    @Test("No two faults have the same message")
    func distinct() {
        #expect(Set(Self.all.map(\.message)).count == Self.all.count)
        #expect(Set(Self.all.map(\.code)) == Self.codes)
    }

    @Test("What was given is named")
    func named() {
        for error in Self.all {
            let quoted = "\(error)".split(separator: "\"", omittingEmptySubsequences: false)
            for (index, word) in quoted.enumerated() where index % 2 == 1 {
                #expect("\(error.message) \(error.hint)".contains(word), "\(error) does not name \(word)")
            }
        }
    }

    @Test("A CSV line number starts the message")
    func line() {
        let error = ESPImageError.partitionTableInvalid(line: 7, .emptyField("size"))
        #expect(error.message == "line 7: the field 'size' is empty")
    }
}

@Suite("Chips and settings")
struct ChipTests {
    @Test("A chip is found by its name in any spelling", arguments: ["esp32s3", "ESP32-S3", "Esp32S3"])
    func named(name: String) throws {
        #expect(try Chip.named(name).imageID == 9)
    }

    @Test("Names and ids are unique, and bootloader offsets are the chips'")
    func table() throws {
        #expect(Set(Chip.all.map(\.name)).count == Chip.all.count)
        for chip in Chip.all { #expect(Chip.withImageID(chip.imageID) == chip) }
        let offsets = Dictionary(uniqueKeysWithValues: Chip.all.map { ($0.name, $0.bootloaderOffset) })
        #expect(offsets["esp32"] == 0x1000)
        #expect(offsets["esp32s2"] == 0x1000)
        #expect(offsets["esp32c3"] == 0)
        #expect(offsets["esp32p4"] == 0x2000)
        #expect(Chip.withImageID(999) == nil)
    }

    @Test("Unknown names are refused with those that are known")
    func unknown() {
        let attempts: [() throws -> Void] = [
            { _ = try Chip.named("esp8266") }, { _ = try Chip.esp32h2.flashFrequency(named: "80m") },
            { _ = try FlashMode.named("fast") }, { _ = try FlashSize.named("3MB") },
        ]
        for attempt in attempts {
            let error = #expect(throws: ESPImageError.self) { try attempt() }
            #expect(error?.code == "usage")
            #expect(error?.hint.contains(",") == true)
        }
    }

    @Test("Sizes have names, bytes and nibbles")
    func sizes() throws {
        #expect(try FlashSize.named("4mb").bytes == 4 << 20)
        #expect(FlashSize.fourMegabytes.nibble == 2)
        #expect(FlashSize.withNibble(7)?.name == "128MB")
        #expect(FlashSize.withNibble(9) == nil)
        #expect(try FlashMode.named("DIO").headerByte == 2)
    }
}
