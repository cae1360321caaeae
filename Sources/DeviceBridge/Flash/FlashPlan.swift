// What shall stand in the flash when the work is done: regions of bytes, checked against each other before
// anything is sent. Flash is erased by sectors of 4 KB, so regions begin on one and never share one.

/// Bytes that belong at an offset of the flash.
public struct FlashRegion: Equatable, Sendable {
    /// Where, a multiple of 4096.
    public var offset: Int
    /// What.
    public var bytes: [UInt8]
    /// What to call it, `factory`.
    public var label: String
    /// The partition it was meant for by name; nil where only the offset was given.
    public var partition: String?
    /// False for what is no firmware image, whatever it begins with.
    package var mayBeImage = true

    /// Makes a region.
    public init(offset: Int, bytes: [UInt8], label: String, partition: String? = nil) {
        self.offset = offset
        self.bytes = bytes
        self.label = label
        self.partition = partition
    }

    /// The offsets it covers.
    public var range: Range<Int> { offset..<offset + bytes.count }
}

/// Regions that can be flashed together.
public struct FlashPlan: Equatable, Sendable {
    /// In order of their offsets, none empty.
    public let regions: [FlashRegion]

    /// The flash is erased in these.
    package static let sectorBytes = 0x1000
    /// The larger unit that is compared first.
    package static let blockBytes = 0x10000
    /// The ROM's loader cannot address more.
    package static let addressableBytes = 0x100_0000

    /// Checks alignment, bounds and overlap; throws `layout-overlap`.
    public init(_ regions: [FlashRegion]) throws(DeviceError) {
        let sorted = regions.filter { !$0.bytes.isEmpty }.sorted { $0.offset < $1.offset }
        for region in sorted {
            guard region.offset >= 0, region.offset < Self.addressableBytes,
                region.bytes.count <= Self.addressableBytes - region.offset
            else { throw .layout("\(region.label) at \(hexadecimal(region.offset)) lies outside a flash of 16 MB") }
            guard region.offset % Self.sectorBytes == 0 else {
                throw .layout("\(region.label) at \(hexadecimal(region.offset)) does not begin on a 4 KB sector")
            }
        }
        for (one, next) in zip(sorted, sorted.dropFirst())
        where Self.sectorsEnd(one.range.upperBound) > next.offset {
            throw .layout(
                "\(one.label) ends at \(hexadecimal(one.range.upperBound)), in or behind the first sector of "
                    + "\(next.label) at \(hexadecimal(next.offset))")
        }
        self.regions = sorted
    }

    /// Throws `layout-overlap` where a region reaches beyond a flash of `bytes`.
    package func check(flashBytes bytes: Int) throws(DeviceError) {
        for region in regions where region.range.upperBound > bytes {
            throw .layout(
                "\(region.label) ends at \(hexadecimal(region.range.upperBound)), "
                    + "the flash at \(hexadecimal(bytes))")
        }
    }

    private static func sectorsEnd(_ offset: Int) -> Int {
        (offset + sectorBytes - 1) / sectorBytes * sectorBytes
    }
}

/// How to flash.
public struct FlashOptions: Equatable, Sendable {
    /// Ask the board first and write only the sectors that differ.
    public var onlyDifferences = true
    /// Have the board hash every region at the end.
    public var verifies = true
    /// Compress what shrinks by it.
    public var compresses = true
    /// Go on although the chip is protected, or the files are for another chip, too large or in the wrong place.
    public var isForced = false

    /// The usual way: differences only, compressed, verified.
    public init() {}
}

/// How far the work is.
public struct FlashProgress: Equatable, Sendable {
    /// What is being done.
    public enum Phase: String, Sendable {
        /// The board hashes what it holds.
        case compare
        /// A range is being erased.
        case erase
        /// Data is being sent.
        case write
        /// The board hashes what it holds now.
        case verify
        /// Data is being read.
        case read
    }

    /// What is being done.
    public var phase: Phase
    /// Bytes done in this phase.
    public var done: Int
    /// Bytes in this phase.
    public var total: Int
    /// Which region.
    public var label: String

    /// Makes a report of progress.
    public init(phase: Phase, done: Int, total: Int, label: String) {
        self.phase = phase
        self.done = done
        self.total = total
        self.label = label
    }
}

/// What flashing did.
public struct FlashReport: Equatable, Sendable {
    /// What was done to one region.
    public struct Region: Equatable, Sendable {
        /// Where it begins.
        public var offset: Int
        /// How long it is.
        public var size: Int
        /// How many of its bytes were sent.
        public var written: Int
        /// What it is called.
        public var label: String

        /// How many of its bytes the flash held already.
        public var skipped: Int { size - written }
    }

    /// In order of their offsets.
    public var regions: [Region]
    /// Wall-clock time of the whole work.
    public var seconds: Double
    /// How often the connection had to be mended.
    public var recoveries: Int
    /// True when data that the loader had taken was not where it belongs and was written again. The loaders do not check
    /// the command that says where to erase and write: it may have been damaged, and sectors elsewhere with it.
    public var wentAstray = false

    /// Bytes sent.
    public var written: Int { regions.reduce(0) { $0 + $1.written } }
    /// Bytes left as they were.
    public var skipped: Int { regions.reduce(0) { $0 + $1.skipped } }
}
