// A partition table: rows, how they are found, and the rules that hold among them. PartitionCSV.swift and
// PartitionBinary.swift read and write the two forms. Sources: ESP-IDF's documentation of partition tables, and its
// generator's behaviour (version 1.5), which the tests hold this against.

/// The table at 0x8000 that says where in flash what is.
public struct PartitionTable: Sendable, Equatable {
    /// In the order of the table.
    public var partitions: [Partition]

    /// What a table's place in flash depends on.
    public struct Placement: Sendable {
        /// Where the table itself lies; partitions start a sector later.
        public var tableOffset: Int
        /// Where the second-stage bootloader lies; nil where unknown, which only tables that name it need.
        public var bootloaderOffset: Int?
        /// Where the recovery bootloader lies.
        public var recoveryBootloaderOffset: Int?

        /// The usual place, 0x8000.
        public init(
            tableOffset: Int = 0x8000, bootloaderOffset: Int? = nil, recoveryBootloaderOffset: Int? = nil
        ) {
            self.tableOffset = tableOffset
            self.bootloaderOffset = bootloaderOffset
            self.recoveryBootloaderOffset = recoveryBootloaderOffset
        }

        /// The first offset after the table.
        var firstFree: Int { tableOffset + PartitionTable.sectorSize }
    }

    /// Bytes of flash a table occupies: one sector, of which it fills 0xC00.
    public static let sectorSize = 0x1000
    /// Bytes of a binary table.
    public static let binarySize = 0xC00
    /// The most partitions: one row each, the MD5 row, the end mark.
    public static let capacity = binarySize / rowSize - 2
    static let rowSize = 32

    /// A table of these partitions; nothing is checked until it is validated or written.
    public init(_ partitions: [Partition]) {
        self.partitions = partitions
    }

    /// Reads either form: binary where the bytes start with a row's magic, else CSV.
    ///
    /// Throws `partition-table-invalid`, with the line for CSV.
    public init(parsing bytes: [UInt8], placement: Placement = Placement()) throws(ESPImageError) {
        if bytes.starts(with: Self.rowMagic) {
            try self.init(binary: bytes)
            try validate(placement)
        } else {
            try self.init(csv: bytes, placement: placement)
        }
    }

    /// The partition of that name.
    public subscript(name: String) -> Partition? {
        partitions.first { $0.name == name }
    }

    /// The partition of that name; throws `partition-table-invalid` naming those there are.
    public func partition(named name: String) throws(ESPImageError) -> Partition {
        if let found = self[name] { return found }
        throw .partitionTableInvalid(line: nil, .notFound(name: name, known: partitions.map(\.name)))
    }

    /// The partitions of a type, and of a subtype where one is given.
    public func partitions(ofType type: UInt8, subtype: UInt8? = nil) -> [Partition] {
        partitions.filter { $0.type == type && (subtype == nil || $0.subtype == subtype) }
    }

    /// Checks all rules of the format: alignment, sizes, names, order, what may exist once.
    public func validate(_ placement: Placement = Placement()) throws(ESPImageError) {
        try validate(placement) { _ in nil }
    }

    /// Checks that no partition ends beyond the flash.
    public func validate(flashSize: Int) throws(ESPImageError) {
        for partition in partitions where partition.end > flashSize {
            throw .partitionTableInvalid(
                line: nil, .beyondFlash(name: partition.name, end: partition.end, flashSize: flashSize))
        }
    }
}
