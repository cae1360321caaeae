// One partition: a row of the table.

/// A named range of flash.
public struct Partition: Sendable, Equatable {
    /// The bits of a row's last word.
    public struct Flags: OptionSet, Sendable, Hashable {
        /// All 32, so that bits without a name survive.
        public let rawValue: UInt32
        /// Flags from their bits.
        public init(rawValue: UInt32) { self.rawValue = rawValue }
        /// Encrypted where flash encryption is on.
        public static let encrypted = Flags(rawValue: 1)
        /// Writing is refused by the chip's own driver.
        public static let readOnly = Flags(rawValue: 2)
    }

    /// At most 15 bytes of UTF-8; up to 16 are read.
    public var name: String
    /// 0 application, 1 data, 2 bootloader, 3 partition table, 0x40 to 0xFE free for applications.
    public var type: UInt8
    /// Its meaning depends on the type.
    public var subtype: UInt8
    /// Where in flash it starts.
    public var offset: Int
    /// In bytes.
    public var size: Int
    /// Encrypted, read-only.
    public var flags: Flags

    /// A partition.
    public init(name: String, type: UInt8, subtype: UInt8, offset: Int, size: Int, flags: Flags = []) {
        self.name = name
        self.type = type
        self.subtype = subtype
        self.offset = offset
        self.size = size
        self.flags = flags
    }

    /// One past its last byte.
    public var end: Int { offset + size }
    /// `app`, or the number where the type has no name.
    public var typeName: String { PartitionType.words.first { $0.value == type }?.word ?? hexOffset(type) }
    /// `ota_0`, or the number where the subtype has no name.
    public var subtypeName: String {
        PartitionType.subtypes(of: type).first { $0.value == subtype }?.word ?? hexOffset(subtype)
    }
    /// `encrypted:readonly`
    public var flagNames: String {
        PartitionType.flags.filter { flags.contains($0.flag) }.map(\.word).joined(separator: ":")
    }
}

/// The words of the CSV file. Source: esp_partition.h of ESP-IDF and its documentation of partition tables.
enum PartitionType {
    static let application: UInt8 = 0
    static let data: UInt8 = 1
    static let bootloader: UInt8 = 2
    static let table: UInt8 = 3

    static let words: [(word: String, value: UInt8)] = [
        ("app", application), ("data", data), ("bootloader", bootloader), ("partition_table", table),
    ]

    static let flags: [(word: String, flag: Partition.Flags)] = [("encrypted", .encrypted), ("readonly", .readOnly)]

    static let otaData: UInt8 = 0x00
    static let nvs: UInt8 = 0x02
    static let coreDump: UInt8 = 0x03
    static let undefined: UInt8 = 0x06
    static let teeOTAData: UInt8 = 0x90

    /// The words for subtypes of a type; none for types of the user's own.
    static func subtypes(of type: UInt8) -> [(word: String, value: UInt8)] {
        switch type {
        case application: applicationSubtypes
        case data: dataSubtypes
        case bootloader: [("primary", 0), ("ota", 1), ("recovery", 2)]
        case table: [("primary", 0), ("ota", 1)]
        case _: []
        }
    }

    private static let applicationSubtypes: [(word: String, value: UInt8)] =
        [("factory", 0x00), ("test", 0x20), ("tee_0", 0x30), ("tee_1", 0x31)]
        + (0..<16).map { ("ota_\($0)", 0x10 + UInt8($0)) }

    private static let dataSubtypes: [(word: String, value: UInt8)] = [
        ("ota", otaData), ("phy", 0x01), ("nvs", nvs), ("coredump", coreDump), ("nvs_keys", 0x04), ("efuse", 0x05),
        ("undefined", undefined), ("esphttpd", 0x80), ("fat", 0x81), ("spiffs", 0x82), ("littlefs", 0x83),
        ("tee_ota", teeOTAData),
    ]
}
