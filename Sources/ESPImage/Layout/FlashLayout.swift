// What goes where in one flash: regions that may not share an erase sector, lie beyond the flash, or outgrow their
// partition. Nothing is written here; the order of writing is someone else's.

/// Bytes for one place in flash.
public struct FlashRegion: Sendable, Equatable {
    /// Where it starts; a multiple of the erase sector.
    public let offset: Int
    /// What it holds.
    public let bytes: [UInt8]
    /// What to call it: `bootloader`, `factory`, a file name.
    public let label: String

    /// Flash is erased in pieces of 4 KB, so two regions in one sector would wipe each other out.
    public static let sectorSize = 0x1000

    /// A region.
    public init(offset: Int, bytes: [UInt8], label: String) {
        self.offset = offset
        self.bytes = bytes
        self.label = label
    }

    /// The bytes of flash it occupies, without the rest of its last sector.
    public var range: Range<Int> { offset..<offset + bytes.count }
    /// The bytes of flash that are erased for it: whole sectors.
    public var erasedRange: Range<Int> {
        let sector = Self.sectorSize
        return offset / sector * sector..<(offset + bytes.count + sector - 1) / sector * sector
    }
}

/// Regions for one flash that do not get into each other's way, in the order of their offsets.
public struct FlashLayout: Sendable, Equatable {
    /// Bytes of flash there are.
    public let flashSize: Int
    /// By offset.
    public private(set) var regions: [FlashRegion] = []

    /// An empty layout for a flash of that many bytes.
    public init(flashSize: Int) {
        self.flashSize = flashSize
    }

    /// Adds a region. Throws `layout-overlap` where it shares a sector with another one, which the message names, does
    /// not start at a sector, or ends beyond the flash. An empty region is left out.
    public mutating func add(_ region: FlashRegion) throws(ESPImageError) {
        guard region.offset >= 0, region.offset % FlashRegion.sectorSize == 0 else {
            throw .layoutOverlap(.misaligned(label: region.label, offset: region.offset))
        }
        guard region.offset <= flashSize, region.bytes.count <= flashSize - region.offset else {
            let (end, overflows) = region.offset.addingReportingOverflow(region.bytes.count)
            throw .layoutOverlap(
                .beyondFlash(label: region.label, end: overflows ? .max : end, flashSize: flashSize))
        }
        if region.bytes.isEmpty { return }
        if let other = regions.first(where: { $0.erasedRange.overlaps(region.erasedRange) }) {
            let (first, second) = other.offset <= region.offset ? (other, region) : (region, other)
            throw .layoutOverlap(
                .overlap(
                    first: first.label, firstEnd: first.range.upperBound, second: second.label, offset: second.offset))
        }
        regions.insert(region, at: regions.firstIndex { $0.offset > region.offset } ?? regions.endIndex)
    }

    /// Adds the contents of a partition. Throws `layout-overlap` where they are larger than it; for the rest as above.
    public mutating func add(_ bytes: [UInt8], to partition: Partition) throws(ESPImageError) {
        guard bytes.count <= partition.size else {
            throw .layoutOverlap(
                .partitionTooSmall(contents: bytes.count, partition: partition.name, size: partition.size))
        }
        try add(FlashRegion(offset: partition.offset, bytes: bytes, label: partition.name))
    }

    /// Adds the table itself, after checking its rules and that its partitions fit the flash.
    public mutating func add(
        _ table: PartitionTable, placement: PartitionTable.Placement = .init()
    ) throws(ESPImageError) {
        try table.validate(placement)
        try table.validate(flashSize: flashSize)
        try add(
            FlashRegion(offset: placement.tableOffset, bytes: try table.binary(), label: "partition-table"))
    }

    /// The flash from offset 0 to the end of the last region; gaps are 0xFF, as erased flash is.
    public func merged() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(regions.last?.range.upperBound ?? 0)
        for region in regions {
            bytes.append(repeating: 0xFF, region.offset - bytes.count)
            bytes.append(contentsOf: region.bytes)
        }
        return bytes
    }
}

/// Why something does not fit the flash.
public enum LayoutFault: Error, Equatable, Sendable {
    /// Two regions share a sector.
    case overlap(first: String, firstEnd: Int, second: String, offset: Int)
    /// A region ends beyond the flash.
    case beyondFlash(label: String, end: Int, flashSize: Int)
    /// The contents are larger than the partition.
    case partitionTooSmall(contents: Int, partition: String, size: Int)
    /// A region does not start at a sector.
    case misaligned(label: String, offset: Int)

    var message: String {
        switch self {
        case .overlap(let first, let firstEnd, let second, let offset):
            "\(first) ends at \(hexOffset(firstEnd)) and shares a 4 KB sector with \(second) at \(hexOffset(offset))"
        case .beyondFlash(let label, let end, let flashSize):
            "\(label) ends at \(hexOffset(end)), beyond the flash of \(hexOffset(flashSize)) bytes"
        case .partitionTooSmall(let contents, let partition, let size):
            "\(contents) bytes do not fit the partition '\(partition)' of \(size)"
        case .misaligned(let label, let offset):
            "\(label) at \(hexOffset(offset)) does not start at a multiple of 0x1000"
        }
    }

    var hint: String {
        switch self {
        case .overlap: "move one of the two, or make the first smaller"
        case .beyondFlash: "check the offset and the flash size, or use a board with more flash"
        case .partitionTooSmall: "enlarge the partition in the CSV file, or shrink what goes into it"
        case .misaligned: "round the offset to a multiple of 0x1000: flash is erased in such pieces"
        }
    }
}
