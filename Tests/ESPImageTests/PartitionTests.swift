// Partition tables: the stock tables give the generator's bytes, and every rule speaks up.

import Crypto
import ESPImage
import TestSupport
import Testing

@Suite("Partition tables")
struct PartitionTests {
    /// A table in lines of our own writing with the values of one of ESP-IDF's stock tables.
    struct Stock: Sendable, CustomTestStringConvertible {
        var name: String
        var rows: [String]
        var sha256: String
        var testDescription: String { name }
    }

    // The digests are of what gen_esp32part.py (version 1.5 of ESP-IDF at 102122904ade, July 2026) writes for the table
    // of that name in components/partition_table, with its default options.
    static let stock = [
        Stock(
            name: "partitions_singleapp",
            rows: ["nvs,data,nvs,,0x6000", "phy_init,data,phy,,0x1000", "factory,app,factory,,1M"],
            sha256: "7f00b6c042a89b15b0cac534f82ed988caf29278ff5700b0c511eb1b5bb7c820"),
        Stock(
            name: "partitions_singleapp_coredump",
            rows: [
                "nvs,data,nvs,,0x6000", "phy_init,data,phy,,0x1000", "factory,app,factory,,1M",
                "coredump,data,coredump,,64K",
            ],
            sha256: "57af5bcbfe44ebb831ce4c916c5dbe30cddc8aac1993f69f928d66c05d5f6460"),
        Stock(
            name: "partitions_singleapp_encr_nvs",
            rows: [
                "nvs,data,nvs,,0x6000", "phy_init,data,phy,,0x1000", "factory,app,factory,,1M",
                "nvs_key,data,nvs_keys,,0x1000,encrypted",
            ], sha256: "f52fa3953c5b26b72f5ae607c21479ff2934465919b746734d8def6d8a1155b5"),
        Stock(
            name: "partitions_singleapp_large",
            rows: ["nvs,data,nvs,,0x6000", "phy_init,data,phy,,0x1000", "factory,app,factory,,1500K"],
            sha256: "5295e8c42d6fb5f95e4e8a185932c6191d27cfc5078322475347e40e71af815a"),
        Stock(
            name: "partitions_singleapp_large_coredump",
            rows: [
                "nvs,data,nvs,,0x6000", "phy_init,data,phy,,0x1000", "factory,app,factory,,1500K",
                "coredump,data,coredump,,64K",
            ],
            sha256: "e5e69dfa991051451c2fbe2468f33c915763b41bdd7f1709ea3000c4a5ede04e"),
        Stock(
            name: "partitions_singleapp_large_encr_nvs",
            rows: [
                "nvs,data,nvs,,0x6000", "phy_init,data,phy,,0x1000", "factory,app,factory,,1500K",
                "nvs_key,data,nvs_keys,,0x1000,encrypted",
            ], sha256: "6fdd2ac12e27354d766eacaab93841ff6546af033d34199c7dd70fd24df18436"),
        Stock(
            name: "partitions_singleapp_tee",
            rows: [
                "tee,app,tee_0,,256K", "secure_storage,data,nvs,,64K", "factory,app,factory,,1536K",
                "nvs,data,nvs,,24K",
                "phy_init,data,phy,,4K",
            ], sha256: "5b2260f358eba8508b055470ad198f2233bcd68ea1b6a53f7633acef088ef891"),
        Stock(
            name: "partitions_two_ota",
            rows: [
                "nvs,data,nvs,,0x4000", "otadata,data,ota,,0x2000", "phy_init,data,phy,,0x1000",
                "factory,app,factory,,1M",
                "ota_0,app,ota_0,,1M", "ota_1,app,ota_1,,1M",
            ], sha256: "d1c0e9d02fa9d26cd2e1984e7b5dd20157204f501ddc83ce82229e5f3175ee8b"),
        Stock(
            name: "partitions_two_ota_coredump",
            rows: [
                "nvs,data,nvs,,0x4000", "otadata,data,ota,,0x2000", "phy_init,data,phy,,0x1000", "factory,0,0,,1M",
                "coredump,data,coredump,,64K", "ota_0,0,ota_0,,1M", "ota_1,0,ota_1,,1M",
            ], sha256: "7255f503b6ff44cf4d9ded4634279d2e7fd67f5fe9693228f65d089e5e1725a5"),
        Stock(
            name: "partitions_two_ota_encr_nvs",
            rows: [
                "nvs,data,nvs,,0x4000", "otadata,data,ota,,0x2000", "phy_init,data,phy,,0x1000",
                "factory,app,factory,,1M",
                "ota_0,app,ota_0,,1M", "ota_1,app,ota_1,,1M", "nvs_key,data,nvs_keys,,0x1000,encrypted",
            ], sha256: "0ae0abb93d54ada2268764212d09b9a55ddf7718eb062f499b5413c4e4052cf2"),
        Stock(
            name: "partitions_two_ota_large",
            rows: [
                "nvs,data,nvs,,0x6000", "otadata,data,ota,,0x2000", "phy_init,data,phy,,0x1000",
                "ota_0,app,ota_0,,1700K",
                "ota_1,app,ota_1,,1700K",
            ], sha256: "41d8ef7960bf03647249e26ca1ace2b8d35f317a87f6c2ff5bc9f4bdbdbf602b"),
        Stock(
            name: "partitions_two_ota_tee",
            rows: [
                "tee_0,app,tee_0,,256K", "tee_1,app,tee_1,,256K", "tee_otadata,data,tee_ota,,8K",
                "secure_storage,data,nvs,,56K", "ota_0,app,ota_0,,1536K", "ota_1,app,ota_1,,1536K",
                "otadata,data,ota,,8K",
                "nvs,data,nvs,,24K", "phy_init,data,phy,,4K",
            ], sha256: "8cb614c824998362a0b0780ba59d259be940d4c6b253311ae8c15a061e375269"),
    ]

    @Test("A stock table becomes the bytes that ESP-IDF's generator writes", arguments: stock)
    func stockTable(_ stock: Stock) throws {
        let bytes = try PartitionTable(csv: Array(stock.rows.joined(separator: "\n").utf8)).binary()
        #expect(bytes.count == 0xC00)
        #expect(SHA256.hash(data: bytes).map { hexByte($0) }.joined() == stock.sha256)
    }

    @Test("A table goes to binary and CSV and back unchanged", arguments: stock)
    func roundTrip(_ stock: Stock) throws {
        let table = try PartitionTable(csv: Array(stock.rows.joined(separator: "\n").utf8))
        #expect(try PartitionTable(binary: table.binary()) == table)
        #expect(try PartitionTable(parsing: Array(table.csv().utf8)) == table)
        #expect(try PartitionTable(parsing: table.binary()) == table)
    }

    @Test("The layout of the bare-metal build is written out as documented")
    func ownLayout() throws {
        let csv = "factory, app, factory, 0x10000, 1M\nmodel, data, 0x40, , 0x100000\n"
        let table = try PartitionTable(csv: Array(csv.utf8))
        #expect(table["model"] == Partition(name: "model", type: 1, subtype: 0x40, offset: 0x110000, size: 0x100000))
        #expect(
            table.csv() == """
                # Name, Type, SubType, Offset, Size, Flags
                factory,app,factory,0x10000,1M,
                model,data,0x40,0x110000,1M,

                """)
        #expect(
            Array(try table.binary()[..<32])
                == hex("AA50 00 00 00000100 00001000 666163746F72790000000000000000 00 00000000"))
        #expect(try table.partition(named: "factory").end == 0x110000)
        #expect(table.partitions(ofType: 1).map(\.name) == ["model"])
        #expect(table.partitions(ofType: 0, subtype: 0).map(\.name) == ["factory"])
        let error = #expect(throws: ESPImageError.self) { try table.partition(named: "nvs") }
        #expect(error?.hint == "the table has factory, model")
    }

    @Test(
        "A CSV line is read as the generator reads it",
        arguments: [
            ("a,data,nvs,0x9000,0x3000", Partition(name: "a", type: 1, subtype: 2, offset: 0x9000, size: 0x3000)),
            (
                "  a ,\tDATA , NVS, 36864 , 12k ,",
                Partition(name: "a", type: 1, subtype: 2, offset: 0x9000, size: 0x3000)
            ),
            ("a,data,,,4K", Partition(name: "a", type: 1, subtype: 6, offset: 0x9000, size: 0x1000)),
            ("a,0x40,0xfe,,0x1_000", Partition(name: "a", type: 0x40, subtype: 0xFE, offset: 0x9000, size: 0x1000)),
            ("a,app,ota_15,,1M", Partition(name: "a", type: 0, subtype: 0x1F, offset: 0x10000, size: 0x100000)),
            ("a,app,tee_1,,1m", Partition(name: "a", type: 0, subtype: 0x31, offset: 0x10000, size: 0x100000)),
            ("a,data,fat,0x10000,-1M", Partition(name: "a", type: 1, subtype: 0x81, offset: 0x10000, size: 0xF0000)),
            ("a,data,fat,,-0x10000", Partition(name: "a", type: 1, subtype: 0x81, offset: 0x9000, size: 0x7000)),
            (
                "a,data,nvs,,0x1000,readonly:encrypted",
                Partition(name: "a", type: 1, subtype: 2, offset: 0x9000, size: 0x1000, flags: [.readOnly, .encrypted])
            ),
            (
                "a,data,phy,,0b1000000000000,,more,fields",
                Partition(name: "a", type: 1, subtype: 1, offset: 0x9000, size: 0x1000)
            ),
            ("a,data,phy,,0o10000", Partition(name: "a", type: 1, subtype: 1, offset: 0x9000, size: 0x1000)),
        ])
    func line(text: String, partition: Partition) throws {
        #expect(try PartitionTable(csv: Array(text.utf8)).partitions == [partition])
    }

    @Test("Comments, blank lines, line ends and byte-order marks do not matter")
    func framing() throws {
        let plain = "# c\n\n  # d\nnvs,data,nvs,,24K\nphy_инит_,data,phy,,4K\n"
        let expected = try PartitionTable(csv: Array(plain.utf8))
        #expect(expected.partitions.map(\.name) == ["nvs", "phy_инит_"])
        let windows = plain.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
        let units = Array(plain.utf16)
        let forms: [[UInt8]] = [
            Array(windows.utf8), Array(windows.utf8.dropLast(2)), Array(plain.utf8).map { $0 == 0x0A ? 0x0D : $0 },
            [0xEF, 0xBB, 0xBF] + Array(plain.utf8),
            [0xFF, 0xFE] + units.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] },
            [0xFE, 0xFF] + units.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] },
        ]
        for form in forms { #expect(try PartitionTable(csv: form) == expected) }
    }

    @Test("Variables are replaced, and one without a value is an error")
    func variables() throws {
        let csv = Array("a,data,phy,$START,${SIZE}\n".utf8)
        let table = try PartitionTable(csv: csv, variables: ["START": "0xA000", "SIZE": "4K"])
        #expect(table["a"]?.offset == 0xA000)
        #expect(throws: ESPImageError.partitionTableInvalid(line: 1, .unknownVariable("START"))) {
            try PartitionTable(csv: csv)
        }
    }

    @Test("Bootloader and table rows take their places from the chip")
    func bootloader() throws {
        let csv = Array(
            "boot,bootloader,primary,N/A,N/A\ntable,partition_table,primary,N/A,N/A\nnvs,data,nvs,,24K\n".utf8)
        let table = try PartitionTable(csv: csv, placement: .init(bootloaderOffset: 0x1000))
        #expect(table.partitions.map(\.offset) == [0x1000, 0x8000, 0x9000])
        #expect(table.partitions.map(\.size) == [0x7000, 0x1000, 0x6000])
        let error = ESPImageError.partitionTableInvalid(line: 1, .bootloaderOffsetUnknown(subtype: "primary"))
        #expect(throws: error) { try PartitionTable(csv: csv) }
    }

    private static let faults: [(String, Int?, PartitionFault)] = [
        ("a,,nvs,,24K", 1, .emptyField("type")),
        ("# x\n\na,app,,,1M", 3, .emptyField("subtype")),
        ("a,data,nvs,,", 1, .emptyField("size")),
        ("a", 1, .emptyField("type")), (",data,phy,,4K", 1, .emptyField("name")),
        ("a\u{0}b,data,phy,,4K", 1, .controlInName),
        (
            "a,\u{301}data,phy,,4K", 1,
            .badValue(field: "type", value: "\u{301}data", known: ["app", "data", "bootloader", "partition_table"])
        ),
        (
            "a,program,nvs,,1K", 1,
            .badValue(field: "type", value: "program", known: ["app", "data", "bootloader", "partition_table"])
        ),
        ("a,data,phy,zero,4K", 1, .badValue(field: "offset", value: "zero", known: [])),
        ("a,data,phy,,010", 1, .badValue(field: "size", value: "010", known: [])),
        ("a,data,phy,,0x", 1, .badValue(field: "size", value: "0x", known: [])),
        ("a,data,phy,,4G", 1, .badValue(field: "size", value: "4G", known: [])),
        ("a,data,phy,,5000M", 1, .outOfRange(field: "size", value: "5000M")),
        ("a,data,phy,,99999999999999999999M", 1, .outOfRange(field: "size", value: "99999999999999999999M")),
        ("a,256,0,,4K", 1, .outOfRange(field: "type", value: "256")),
        ("a,data,-1,,4K", 1, .outOfRange(field: "subtype", value: "-1")),
        ("a,data,phy,,4K,secret", 1, .unknownFlag("secret")),
        ("sixteen_bytes_xx,data,phy,,4K", 1, .nameTooLong("sixteen_bytes_xx")),
        ("a,data,phy,,4K\n#\na,data,fat,,4K", 3, .duplicateName("a")),
        (
            "a,data,phy,0x8000,4K", 1,
            .overlap(name: "a", offset: 0x8000, previousEnd: 0x9000, previous: "the partition table")
        ),
        (
            "a,data,phy,0xA000,8K\nb,data,fat,0xB000,4K", 2,
            .overlap(name: "b", offset: 0xB000, previousEnd: 0xC000, previous: "'a'")
        ),
        ("a,app,factory,0x18000,1M", 1, .misalignedOffset(name: "a", offset: 0x18000, alignment: 0x10000)),
        ("a,data,phy,0x9004,4K", 1, .misalignedOffset(name: "a", offset: 0x9004, alignment: 0x1000)),
        ("a,app,factory,,1000", 1, .misalignedSize(name: "a", size: 1000)),
        ("a,data,ota,,8K\nb,data,ota,,8K", 2, .repeated(kind: "OTA data")),
        ("a,data,tee_ota,,8K\nb,data,tee_ota,,8K", 2, .repeated(kind: "TEE OTA data")),
        ("a,data,ota,,4K", 1, .wrongOTADataSize(name: "a", size: 4096)),
        ("a,data,coredump,,64K,readonly", 1, .cannotBeReadOnly(name: "a")),
        ("a,data,nvs,,8K", 1, .nvsTooSmall(name: "a", size: 8192)),
        ("a,data,fat,0x20000,-64K", 1, .outOfRange(field: "size", value: "-0x10000")),
        ("a,data,fat,0xFFFFF000,8K", 1, .outOfRange(field: "size", value: "0x2000")),
        ("# nothing\n", nil, .empty),
        ((0..<95).map { "p\($0),data,fat,,4K" }.joined(separator: "\n"), nil, .tooManyPartitions(count: 95)),
    ]

    @Test("A line that breaks a rule is named with its number", arguments: faults)
    func fault(csv: String, line: Int?, fault: PartitionFault) {
        #expect(throws: ESPImageError.partitionTableInvalid(line: line, fault)) {
            try PartitionTable(csv: Array(csv.utf8))
        }
    }

    @Test("Bytes that are no text are refused")
    func notText() {
        #expect(throws: ESPImageError.partitionTableInvalid(line: nil, .notText)) {
            try PartitionTable(csv: [0x61, 0xFF, 0x0A])
        }
        #expect(throws: ESPImageError.partitionTableInvalid(line: nil, .notText)) {
            try PartitionTable(csv: [0xFF, 0xFE, 0x61])
        }
    }

    @Test("94 partitions fit a table, with an end mark behind the MD5")
    func full() throws {
        let csv = (0..<94).map { "p\($0),data,fat,,4K" }.joined(separator: "\n")
        let bytes = try PartitionTable(csv: Array(csv.utf8)).binary()
        #expect(bytes.count == 0xC00)
        #expect(bytes.suffix(32).allSatisfy { $0 == 0xFF })
        #expect(try PartitionTable(binary: bytes).partitions.count == 94)
    }

    @Test("A damaged binary table is refused")
    func damagedBinary() throws {
        let bytes = try PartitionTable(csv: Array(Self.stock[0].rows.joined(separator: "\n").utf8)).binary()
        let none: Int? = nil
        for place in 0..<96 {
            var damaged = bytes
            damaged[place] ^= 0x10
            #expect(throws: ESPImageError.self, "byte \(place)") { try PartitionTable(binary: damaged) }
        }
        var checksum = bytes
        checksum[8] ^= 1
        #expect(throws: ESPImageError.partitionTableInvalid(line: none, .badChecksum)) {
            try PartitionTable(binary: checksum)
        }
        var magic = bytes
        magic[32] = 0
        #expect(throws: ESPImageError.partitionTableInvalid(line: none, .badMagic(row: 1))) {
            try PartitionTable(binary: magic)
        }
        let blank = [UInt8](repeating: 0xFF, count: 0xC00)
        #expect(throws: ESPImageError.partitionTableInvalid(line: none, .empty)) { try PartitionTable(binary: blank) }
        for count in 0..<160 {
            #expect(throws: ESPImageError.self) { try PartitionTable(binary: Array(bytes[..<count])) }
        }
        #expect(try PartitionTable(binary: Array(bytes[..<160])).partitions.count == 3)
    }

    @Test("A table without an MD5 row, and flags without a name, are read")
    func oldBinary() throws {
        var bytes = try PartitionTable(csv: Array(Self.stock[0].rows.joined(separator: "\n").utf8)).binary()
        bytes.replaceSubrange(96..<128, with: [UInt8](repeating: 0xFF, count: 32))
        bytes[28] = 0x80
        let table = try PartitionTable(binary: bytes)
        #expect(table.partitions.count == 3)
        #expect(table.partitions[0].flags.rawValue == 0x80)
        #expect(Array(try table.binary()[..<96]) == Array(bytes[..<96]))
    }

    @Test("The rules hold for a table from elsewhere as well, in any order")
    func foreign() throws {
        let first = Partition(name: "a", type: 1, subtype: 0x81, offset: 0x10000, size: 0x2000)
        let second = Partition(name: "b", type: 1, subtype: 0x81, offset: 0x11000, size: 0x1000)
        let early = Partition(name: "c", type: 1, subtype: 0x81, offset: 0x1000, size: 0x1000)
        for partitions in [[first, second], [second, first]] {
            let fault = PartitionFault.overlap(name: "b", offset: 0x11000, previousEnd: 0x12000, previous: "'a'")
            let binary = try PartitionTable(partitions).binary()
            #expect(throws: ESPImageError.partitionTableInvalid(line: nil, fault)) {
                try PartitionTable(parsing: binary)
            }
            #expect(try PartitionTable(binary: binary).partitions == partitions)
        }
        let fault = PartitionFault.overlap(
            name: "c", offset: 0x1000, previousEnd: 0x9000, previous: "the partition table")
        #expect(throws: ESPImageError.partitionTableInvalid(line: nil, fault)) {
            try PartitionTable([early]).validate()
        }
        #expect(throws: ESPImageError.partitionTableInvalid(line: nil, .empty)) { try PartitionTable([]).validate() }
        var huge = first
        huge.size = 1 << 33
        #expect(throws: ESPImageError.self) { try PartitionTable([huge]).binary() }
        try PartitionTable([first]).validate()
    }

    @Test("A partition beyond the flash is named")
    func flashSize() throws {
        let table = try PartitionTable(csv: Array(Self.stock[7].rows.joined(separator: "\n").utf8))
        try table.validate(flashSize: 4 << 20)
        let fault = PartitionFault.beyondFlash(name: "ota_0", end: 0x210000, flashSize: 2 << 20)
        #expect(throws: ESPImageError.partitionTableInvalid(line: nil, fault)) {
            try table.validate(flashSize: 2 << 20)
        }
    }

    @Test("Random text and bytes never trap", arguments: 0..<4)
    func mutation(seed: Int) throws {
        var generator = SeededGenerator(UInt64(200 + seed))
        let csv = Array(Self.stock[8].rows.joined(separator: "\n").utf8)
        let binary = Array(try PartitionTable(csv: csv).binary()[..<320])
        let alphabet = Array("0x9Kkm-+_,:$#{}/\n\r \u{7F}\u{0}".utf8)
        for _ in 0..<1000 {
            var text = csv
            var bytes = binary
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let place = Int.random(in: 0..<text.count, using: &generator)
                if generator.chance(50) {
                    text.insert(alphabet[Int.random(in: 0..<alphabet.count, using: &generator)], at: place)
                } else {
                    text[place] = UInt8.random(in: 0...255, using: &generator)
                }
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            if let table = try? PartitionTable(csv: text) {
                #expect((try? PartitionTable(binary: table.binary())) == table)
            }
            if let table = try? PartitionTable(binary: bytes) {
                _ = try? table.validate()
                _ = table.csv()
            }
        }
    }
}

func hexByte(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
}
