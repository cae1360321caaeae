// What can be wrong with a partition table.

/// Why a partition table was refused.
public enum PartitionFault: Error, Equatable, Sendable {
    /// The CSV file is no UTF-8 (nor UTF-16 with a byte-order mark).
    case notText
    /// A line names a variable that has no value.
    case unknownVariable(String)
    /// A field that must be filled in is empty.
    case emptyField(String)
    /// A field's value is neither a number nor one of the known words.
    case badValue(field: String, value: String, known: [String])
    /// A number is outside its field's range.
    case outOfRange(field: String, value: String)
    /// A flag that does not exist.
    case unknownFlag(String)
    /// The bootloader's offset is needed and not known.
    case bootloaderOffsetUnknown(subtype: String)
    /// A name holds a control character.
    case controlInName
    /// A name does not fit 15 bytes and a NUL.
    case nameTooLong(String)
    /// Two partitions share a name.
    case duplicateName(String)
    /// A partition starts before the end of the one before it, or of the table.
    case overlap(name: String, offset: Int, previousEnd: Int, previous: String)
    /// An offset is not a multiple of what its type needs.
    case misalignedOffset(name: String, offset: Int, alignment: Int)
    /// An application partition's size is no multiple of a sector.
    case misalignedSize(name: String, size: Int)
    /// A partition that must exist at most once exists again.
    case repeated(kind: String)
    /// The partition that says which application boots must be two sectors.
    case wrongOTADataSize(name: String, size: Int)
    /// A kind that is always written is marked readonly.
    case cannotBeReadOnly(name: String)
    /// A writable NVS partition is too small.
    case nvsTooSmall(name: String, size: Int)
    /// More rows than a table holds.
    case tooManyPartitions(count: Int)
    /// No partition at all.
    case empty
    /// A binary table ends without an end mark, or inside a row.
    case unterminated
    /// A row of a binary table has another magic.
    case badMagic(row: Int)
    /// A name in a binary table is no UTF-8.
    case badName(row: Int)
    /// The MD5 row does not match the rows before it.
    case badChecksum
    /// No partition of that name.
    case notFound(name: String, known: [String])
    /// The table's partitions end beyond the flash.
    case beyondFlash(name: String, end: Int, flashSize: Int)

    var message: String {
        switch self {
        case .notText: "the partition table is neither UTF-8 text nor a binary table"
        case .unknownVariable(let name): "the variable '\(name)' has no value"
        case .emptyField(let field): "the field '\(field)' is empty"
        case .badValue(let field, let value, _): "'\(value)' is no \(field)"
        case .outOfRange(let field, let value): "the \(field) \(value) is out of range"
        case .unknownFlag(let flag): "there is no flag '\(flag)'"
        case .bootloaderOffsetUnknown(let subtype): "where the \(subtype) bootloader lies is not known"
        case .controlInName: "the name holds a control character"
        case .nameTooLong(let name): "the name '\(name)' is longer than 15 bytes"
        case .duplicateName(let name): "there are two partitions named '\(name)'"
        case .overlap(let name, let offset, let end, let previous):
            "'\(name)' at \(hexOffset(offset)) overlaps \(previous), which ends at \(hexOffset(end))"
        case .misalignedOffset(let name, let offset, let alignment):
            "'\(name)' starts at \(hexOffset(offset)), which is no multiple of \(hexOffset(alignment))"
        case .misalignedSize(let name, let size):
            "the application '\(name)' has a size of \(hexOffset(size)), which is no multiple of 0x1000"
        case .repeated(let kind): "there is more than one \(kind) partition"
        case .wrongOTADataSize(let name, let size): "'\(name)' must be 0x2000 bytes, not \(hexOffset(size))"
        case .cannotBeReadOnly(let name): "'\(name)' is always written and cannot be readonly"
        case .nvsTooSmall(let name, let size):
            "the NVS partition '\(name)' has \(hexOffset(size)) bytes; a writable one needs 0x3000"
        case .tooManyPartitions(let count):
            "\(count) partitions are more than the \(PartitionTable.capacity) of a table"
        case .empty: "the partition table has no partition"
        case .unterminated: "the binary partition table ends without its end mark"
        case .badMagic(let row): "row \(row) of the binary partition table does not start with aa 50"
        case .badName(let row): "the name in row \(row) of the binary partition table is no text"
        case .badChecksum: "the partition table's MD5 does not match its rows"
        case .notFound(let name, _): "there is no partition '\(name)'"
        case .beyondFlash(let name, let end, let flashSize):
            "'\(name)' ends at \(hexOffset(end)), beyond the flash of \(hexOffset(flashSize)) bytes"
        }
    }

    var hint: String {
        switch self {
        case .notText: "save the CSV file as UTF-8"
        case .unknownVariable: "write the value in place of the variable"
        case .emptyField(let field): "fill in the \(field); a line is name, type, subtype, offset, size, flags"
        case .badValue(_, _, let known):
            known.isEmpty
                ? "write a number: 0x9000, 36864, 36K or 1M"
                : "write a number or one of \(known.joined(separator: ", "))"
        case .outOfRange: "type and subtype go up to 0xfe, offset and size to 4 GB"
        case .unknownFlag: "the flags are encrypted and readonly, joined by a colon"
        case .bootloaderOffsetUnknown: "leave the bootloader out of the table, or name the chip"
        case .controlInName: "write the name in letters, digits and underscores"
        case .nameTooLong: "shorten the name: the chip reads at most 15 bytes and a NUL"
        case .duplicateName: "rename one of them"
        case .overlap: "leave the offset empty to put it after the one before, or order the lines by offset"
        case .misalignedOffset: "leave the offset empty, or round it up"
        case .misalignedSize: "round the size up to a multiple of 4K"
        case .repeated: "keep one of them"
        case .wrongOTADataSize: "give it a size of 8K"
        case .cannotBeReadOnly: "remove the flag readonly"
        case .nvsTooSmall: "give it 12K or more, or the flag readonly"
        case .tooManyPartitions: "join or remove partitions"
        case .empty: "a table needs at least one line; a board without one has to be flashed first"
        case .unterminated: "give the whole table: 0xc00 bytes from its offset (0x8000) on"
        case .badMagic: "this is no partition table, or not at this offset"
        case .badName: "the table is damaged: make it again from its CSV file"
        case .badChecksum: "the table is damaged: make it again from its CSV file and flash it"
        case .notFound(_, let known): "the table has \(known.joined(separator: ", "))"
        case .beyondFlash: "make partitions smaller, or use a board with more flash"
        }
    }
}
