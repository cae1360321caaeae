// The binary form: 32-byte rows, a row with the MD5 of those before it, 0xFF to 0xC00 bytes.

import Crypto

extension PartitionTable {
    static let rowMagic: [UInt8] = [0xAA, 0x50]
    private static let checksumMagic: [UInt8] = [0xEB, 0xEB]
    private static let nameField = 16

    /// Reads a binary table: rows up to the end mark, with or without an MD5 row. What follows the end mark is
    /// ignored. The rules among partitions are not checked; `validate` does that.
    public init(binary bytes: [UInt8]) throws(ESPImageError) {
        var partitions: [Partition] = []
        var rows: [UInt8] = []
        var position = 0
        while let row = bytes.slice(position, Self.rowSize), !row.allSatisfy({ $0 == 0xFF }) {
            if row.starts(with: Self.checksumMagic) {
                guard row.suffix(16).elementsEqual(Insecure.MD5.hash(data: rows)) else {
                    throw .partitionTableInvalid(line: nil, .badChecksum)
                }
            } else {
                partitions.append(try Self.partition(Array(row), number: position / Self.rowSize))
                rows.append(contentsOf: row)
            }
            position += Self.rowSize
        }
        guard bytes.holds(position, Self.rowSize) else { throw .partitionTableInvalid(line: nil, .unterminated) }
        guard !partitions.isEmpty else { throw .partitionTableInvalid(line: nil, .empty) }
        self.init(partitions)
    }

    /// The binary table, 0xC00 bytes; flashed to the table's offset.
    ///
    /// Throws `partition-table-invalid` where a value does not fit its field. The rules among partitions are not
    /// checked; `validate` does that.
    public func binary() throws(ESPImageError) -> [UInt8] {
        guard partitions.count <= Self.capacity else {
            throw .partitionTableInvalid(line: nil, .tooManyPartitions(count: partitions.count))
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.binarySize)
        for partition in partitions {
            guard partition.name.utf8.count <= Self.nameField else {
                throw .partitionTableInvalid(line: nil, .nameTooLong(partition.name))
            }
            guard let offset = UInt32(exactly: partition.offset), let size = UInt32(exactly: partition.size) else {
                let value = "\(hexOffset(partition.offset)) with \(hexOffset(partition.size)) bytes"
                throw .partitionTableInvalid(line: nil, .outOfRange(field: "offset or size", value: value))
            }
            bytes.append(contentsOf: Self.rowMagic)
            bytes.append(contentsOf: [partition.type, partition.subtype])
            bytes.append(u32: offset)
            bytes.append(u32: size)
            bytes.append(contentsOf: partition.name.utf8)
            bytes.append(repeating: 0, Self.nameField - partition.name.utf8.count)
            bytes.append(u32: partition.flags.rawValue)
        }
        let digest = Insecure.MD5.hash(data: bytes)
        bytes.append(contentsOf: Self.checksumMagic)
        bytes.append(repeating: 0xFF, 14)
        bytes.append(contentsOf: digest)
        bytes.append(repeating: 0xFF, Self.binarySize - bytes.count)
        return bytes
    }

    private static func partition(_ row: [UInt8], number: Int) throws(ESPImageError) -> Partition {
        guard row.starts(with: rowMagic), let offset = row.u32(at: 4), let size = row.u32(at: 8),
            let flags = row.u32(at: 28)
        else { throw .partitionTableInvalid(line: nil, .badMagic(row: number)) }
        guard let name = row.text(at: 12, limit: nameField) else {
            throw .partitionTableInvalid(line: nil, .badName(row: number))
        }
        return Partition(
            name: name, type: row[2], subtype: row[3], offset: Int(offset), size: Int(size),
            flags: Partition.Flags(rawValue: flags))
    }
}
