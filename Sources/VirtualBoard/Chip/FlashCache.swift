// The PRO CPU's cache as programs see it (TRM, "System and Memory", cache and MMU): 64 KB pages of flash at the data and
// instruction windows, through an MMU table, while the cache is on and the window is not masked. Left out: lines,
// misses and stale contents (a page always shows the flash as it is), external RAM, the APP CPU's cache, and the
// illegal-access interrupt: an access outside of a mapped page is the CPU's exception instead.

/// Maps flash pages into the address space.
package final class FlashCache {
    package static let pageSize = 0x10000
    private static let invalid: UInt32 = 0x100

    private struct Window {
        let base: UInt32
        let entries: Range<Int>
        let maskBit: UInt32
    }

    // Entries 64 to 76 would lie over the internal memories; the page at 0x400C0000 is shared with RTC fast memory.
    private static let windows = [
        Window(base: 0x3F40_0000, entries: 0..<64, maskBit: 1 << 4),
        Window(base: 0x400D_0000, entries: 77..<128, maskBit: 1 << 0),
        Window(base: 0x4040_0000, entries: 128..<192, maskBit: 1 << 1),
        Window(base: 0x4080_0000, entries: 192..<256, maskBit: 1 << 2),
    ]

    private let flash: NORFlash
    /// The map holds the cache's registers, so that the cache must not hold the map.
    private unowned let memory: MemoryMap
    private var table = [UInt32](repeating: 0, count: 256)
    private var mapped = [Int?](repeating: nil, count: 256)
    /// PRO_CACHE_CTRL: bit 3 turns the cache on, bit 4 flushes, bit 5 says that a flush is done.
    package private(set) var control: UInt32 = 0x10
    /// PRO_CACHE_CTRL1: bits 0 to 5 mask a window each.
    package private(set) var masks: UInt32 = 0x08FF

    package init(flash: NORFlash, memory: MemoryMap) {
        self.flash = flash
        self.memory = memory
    }

    package func setControl(_ value: UInt32) {
        let isDone = value & 1 << 4 != 0 || control & 1 << 5 != 0
        control = value & ~(1 << 5) | (isDone ? 1 << 5 : 0)
        refresh()
    }

    package func setMasks(_ value: UInt32) {
        masks = value
        refresh()
    }

    /// An entry of the MMU table: a flash page number, or 256 for none.
    package func entry(_ index: Int) -> UInt32 { table.indices.contains(index) ? table[index] : 0 }

    package func setEntry(_ index: Int, _ value: UInt32) {
        guard table.indices.contains(index) else { return }
        table[index] = value & 0x1FF
        for window in Self.windows where window.entries.contains(index) { refresh(index, in: window) }
    }

    /// Off, with an empty table of zeros.
    package func reset() {
        control = 0x10
        masks = 0x08FF
        for index in table.indices { table[index] = 0 }
        refresh()
    }

    /// On, with every entry at page 0 and the two windows in common use open: what the boot ROM hands over.
    package func setUpAsROM() {
        control = 0x28
        masks = 0x06
        for index in table.indices { table[index] = 0 }
        refresh()
    }

    private func refresh() {
        for window in Self.windows {
            for index in window.entries { refresh(index, in: window) }
        }
    }

    // A page beyond the chip's size shows its start again: the upper address bits are not wired.
    private func refresh(_ index: Int, in window: Window) {
        let isOpen = control & 1 << 3 != 0 && masks & window.maskBit == 0 && table[index] < Self.invalid
        let offset = isOpen ? Int(table[index]) * Self.pageSize % flash.size : nil
        guard mapped[index] != offset else { return }
        mapped[index] = offset
        let address = window.base + UInt32((index - window.entries.lowerBound) * Self.pageSize)
        memory.mapCachePage(at: address, to: offset.map { UnsafeRawPointer(flash.bytes + $0) })
    }
}

/// The MMU table as registers: one word per 64 KB page.
package final class CacheTable: Peripheral {
    private let cache: FlashCache

    package init(cache: FlashCache) { self.cache = cache }

    package func read(_ offset: UInt32, at cycle: UInt64) -> UInt32 { cache.entry(Int(offset >> 2)) }
    package func write(_ offset: UInt32, _ value: UInt32, at cycle: UInt64) { cache.setEntry(Int(offset >> 2), value) }
}
