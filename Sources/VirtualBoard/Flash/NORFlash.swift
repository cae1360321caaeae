// The serial NOR flash chip as an array that wears its physics: erased bytes are 0xFF, programming only clears
// bits, erasing goes by blocks. Its SPI commands are in NORFlashCommands.swift, where its bytes lie in
// FlashStorage.swift. Reading is free of side effects, so the cache may map the bytes directly.

internal import Glibc
public import SystemPackage

/// How long the chip is busy with each operation, in nanoseconds.
package struct FlashTiming: Equatable, Sendable {
    package var pageProgram: UInt64
    package var sectorErase: UInt64
    package var block32Erase: UInt64
    package var block64Erase: UInt64
    package var chipErasePerMegabyte: UInt64

    /// Typical values of a W25Q32JV (datasheet, AC characteristics).
    package static let typical = FlashTiming(
        pageProgram: 400_000, sectorErase: 45_000_000, block32Erase: 120_000_000, block64Erase: 150_000_000,
        chipErasePerMegabyte: 2_500_000_000)
}

/// What the chip has done since it was made.
package struct FlashCounters: Equatable, Sendable {
    package var programs = 0
    package var erases = 0
    package var bytesProgrammed = 0
    /// Programs and erases together; the running number that a fault refers to.
    package var writes: Int { programs + erases }
}

/// The sizes that the chip can erase at once.
package enum FlashBlock: Int, CaseIterable, Sendable {
    case sector = 0x1000
    case half = 0x8000
    case full = 0x10000
}

/// A bit that does not take what is written.
package struct StuckBit: Equatable, Sendable {
    package var offset: Int
    package var bit: Int
    package var value: Bool

    package init(offset: Int, bit: Int, value: Bool) {
        self.offset = offset
        self.bit = bit
        self.value = value
    }
}

/// A serial NOR flash chip: 0xFF when erased, programming clears bits, erasing goes by 4 KB sectors.
///
/// Not Sendable: it has one owner, the board.
public final class NORFlash {
    package static let pageSize = 256
    package static let sectorSize = FlashBlock.sector.rawValue

    /// The number of bytes: a power of two from 64 KB to 16 MB.
    public let size: Int
    /// The contents, at an address that never changes; whoever maps it only reads.
    package let bytes: UnsafeMutableRawPointer
    /// Manufacturer, memory type and capacity, first byte lowest, as the SPI controller shows them.
    package var jedecID: UInt32
    package var counters = FlashCounters()
    /// Set to have `busyNanoseconds` counted; nil makes every operation instant.
    package var timing: FlashTiming?
    /// The time spent programming and erasing so far.
    package var busyNanoseconds: UInt64 = 0
    /// Called with the running number (from 1) of each program and erase; false cuts the power in its middle.
    package var onWrite: ((Int) -> Bool)?
    /// Called with the offsets of bytes that have changed; whoever keeps what it made of mapped bytes makes it anew.
    package var contentsChanged: ((Range<Int>) -> Void)?
    /// Cells that do not take what is written to them.
    package var stuckBits: [StuckBit] = [] { didSet { applyStuckBits() } }
    /// False after a power cut: nothing is programmed or erased until `restorePower`.
    package private(set) var isPowered = true

    /// The status registers 1, 2 and 3 of the chip.
    var status: [UInt8] = [0, 0, 0]
    /// Latched by the write-enable command, for the SPI commands that need it.
    var isWriteEnabled = false
    var isPoweredDown = false
    private let storage: FlashStorage

    /// Erased flash in memory.
    ///
    /// `size` is in bytes. Throws `usage` for a size that no chip has, `disk-full` when there is no memory.
    public init(size: Int) throws(VirtualBoardError) {
        try Self.check(size)
        storage = try FlashStorage(size: size)
        self.size = size
        bytes = storage.base
        jedecID = Self.winbondID(size: size)
    }

    /// The flash whose raw image is `file`, which is created when absent and locked until this is released.
    ///
    /// `size` is in bytes; a shorter file is filled up with 0xFF. Throws `port-busy` when another process holds
    /// the file, `permission-denied`, `file-not-found`, `disk-full`, and `usage` for a file that is too long.
    public init(file: FilePath, size: Int) throws(VirtualBoardError) {
        try Self.check(size)
        storage = try FlashStorage(file: file, size: size)
        self.size = size
        bytes = storage.base
        jedecID = Self.winbondID(size: size)
    }

    deinit { storage.release() }

    /// The bytes of a range; nil when it leaves the chip.
    package func read(_ offset: Int, count: Int) -> [UInt8]? {
        guard isInside(offset, count) else { return nil }
        return [UInt8](UnsafeRawBufferPointer(start: bytes + offset, count: count))
    }

    /// Clears the bits that are 0 in `data`, page by page; false when it leaves the chip or power is gone.
    package func program(_ offset: Int, _ data: ArraySlice<UInt8>) -> Bool {
        guard isInside(offset, data.count) else { return false }
        var offset = offset
        var rest = data
        while !rest.isEmpty {
            let room = Self.pageSize - offset % Self.pageSize
            let piece = rest.prefix(room)
            guard programPage(offset, piece) else { return false }
            offset += piece.count
            rest = rest.dropFirst(piece.count)
        }
        return true
    }

    /// Erases the block that holds `offset`; false when it is outside or power is gone.
    package func erase(_ block: FlashBlock, at offset: Int) -> Bool {
        guard isInside(offset, 1) else { return false }
        let start = offset - offset % block.rawValue
        return erase(start..<min(start + block.rawValue, size), nanoseconds: timing?.nanoseconds(block) ?? 0)
    }

    /// Erases the 4 KB sectors of a range with the largest blocks that fit, as the chip's drivers do.
    ///
    /// Both ends must lie on sectors; false when they do not or power is gone.
    package func eraseSectors(_ range: Range<Int>) -> Bool {
        guard range.lowerBound >= 0, range.upperBound <= size, range.lowerBound % Self.sectorSize == 0,
            range.upperBound % Self.sectorSize == 0
        else { return false }
        var offset = range.lowerBound
        while offset < range.upperBound {
            let fits = offset % FlashBlock.full.rawValue == 0 && range.upperBound - offset >= FlashBlock.full.rawValue
            let block: FlashBlock = fits ? .full : .sector
            guard erase(block, at: offset) else { return false }
            offset += block.rawValue
        }
        return true
    }

    /// Erases the whole chip; false when power is gone.
    package func eraseAll() -> Bool {
        let megabytes = UInt64((size + 0xFFFFF) >> 20)
        return erase(0..<size, nanoseconds: (timing?.chipErasePerMegabyte ?? 0) * megabytes)
    }

    /// Puts the chip back on its supply: volatile state is gone, contents stay.
    package func restorePower() {
        isPowered = true
        isWriteEnabled = false
        isPoweredDown = false
    }

    /// Turns one stored bit over, as radiation or age would.
    package func flipBit(_ bit: Int, at offset: Int) {
        guard isInside(offset, 1), (0..<8).contains(bit) else { return }
        let cell = bytes + offset
        cell.storeBytes(of: cell.load(as: UInt8.self) ^ (1 << UInt8(bit)), as: UInt8.self)
        contentsChanged?(offset..<offset + 1)
    }

    func isInside(_ offset: Int, _ count: Int) -> Bool {
        offset >= 0 && count >= 0 && offset <= size && count <= size - offset
    }

    /// Programs within one page; the address wraps to the page's start as the chip's own counter does.
    func programPage(_ offset: Int, _ data: ArraySlice<UInt8>) -> Bool {
        guard isPowered else { return false }
        // A protected block swallows the command; only reading back shows it.
        if protected.contains(offset) { return true }
        counters.programs += 1
        counters.bytesProgrammed += data.count
        busyNanoseconds += timing?.pageProgram ?? 0
        let completes = onWrite?(counters.writes) ?? true
        let page = (bytes + (offset - offset % Self.pageSize)).assumingMemoryBound(to: UInt8.self)
        var place = offset % Self.pageSize
        for byte in completes ? data : data.prefix(data.count / 2) {
            page[place] &= byte
            place = (place + 1) % Self.pageSize
        }
        let start = offset - offset % Self.pageSize
        return finishWrite(start..<start + Self.pageSize, completes)
    }

    private func erase(_ range: Range<Int>, nanoseconds: UInt64) -> Bool {
        guard isPowered else { return false }
        if protected.overlaps(range) { return true }
        counters.erases += 1
        busyNanoseconds += nanoseconds
        let completes = onWrite?(counters.writes) ?? true
        memset(bytes + range.lowerBound, 0xFF, completes ? range.count : range.count / 2)
        return finishWrite(range, completes)
    }

    private func finishWrite(_ range: Range<Int>, _ completes: Bool) -> Bool {
        if !stuckBits.isEmpty { applyStuckBits() }
        contentsChanged?(range)
        if !completes { isPowered = false }
        return completes
    }

    private func applyStuckBits() {
        for stuck in stuckBits where isInside(stuck.offset, 1) && (0..<8).contains(stuck.bit) {
            let cell = bytes + stuck.offset
            let mask: UInt8 = 1 << UInt8(stuck.bit)
            let value = cell.load(as: UInt8.self)
            cell.storeBytes(of: stuck.value ? value | mask : value & ~mask, as: UInt8.self)
            contentsChanged?(stuck.offset..<stuck.offset + 1)
        }
    }

    private static func check(_ size: Int) throws(VirtualBoardError) {
        if (0x10000...0x1000000).contains(size), size & (size - 1) == 0 { return }
        throw VirtualBoardError(
            code: "usage", message: "no flash chip has \(size) bytes", hint: "use a power of two from 64 KB to 16 MB")
    }

    // W25Q family: manufacturer EF, type 40, capacity as the exponent of two (datasheet, JEDEC ID).
    private static func winbondID(size: Int) -> UInt32 {
        0x40EF | UInt32(size.trailingZeroBitCount) << 16
    }
}

extension FlashTiming {
    func nanoseconds(_ block: FlashBlock) -> UInt64 {
        switch block {
        case .sector: sectorErase
        case .half: block32Erase
        case .full: block64Erase
        }
    }
}
