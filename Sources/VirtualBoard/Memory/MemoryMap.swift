// The address space of the chip as the CPU sees it. Plain memory is reached through tables of host pointers, one entry for
// each 4 KB page, that the interpreter reads directly; everything else (devices, pages with decoded code, unaligned or
// forbidden accesses, nothing at all) goes through the slow path in MemoryAccess.swift. No MMU: the ESP32's core maps
// addresses one to one.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The address space: RAM, flash cache windows, devices.
public final class MemoryMap {
    /// How a piece of memory may be used.
    package enum Access: Sendable {
        /// Loads and stores of any width, aligned or not; no instructions.
        case data
        /// Instructions, and aligned 32-bit loads and stores.
        case instruction
        /// Everything.
        case both
    }

    static let pageShift = 12
    static let pageSize: UInt32 = 1 << 12
    static let pageCount = 1 << 20
    static let cachePageSize: UInt32 = 1 << 16

    /// A host address to which the guest address is added, or 0 where the fast path must not go.
    typealias Table = UnsafeMutablePointer<UInt>
    let byteReads: Table
    let wordReads: Table
    let byteWrites: Table
    let wordWrites: Table

    /// For each page 0 (nothing), the region's number plus one, or `cachePageMark`.
    let owners: UnsafeMutablePointer<UInt16>
    static let cachePageMark: UInt16 = .max
    var regions: [MemoryRegion] = []
    /// Flash bytes behind each 64 KB page of the cache windows.
    var cachePages: [UInt32: UnsafeRawPointer] = [:]
    /// Cache pages from which instructions were decoded.
    var cachePagesWithCode: Set<UInt32> = []
    /// Storages with decoded words.
    var storagesWithCode: [RAMStorage] = []
    var storages: [RAMStorage] = []

    /// Decoded instructions no longer match memory. The CPU forgets them and calls `forgetCode()`.
    package internal(set) var isCodeStale: Bool {
        get { staleness.pointee }
        set { staleness.pointee = newValue }
    }
    // Behind a pointer because it is looked at very often, see CoreState.
    private let staleness: UnsafeMutablePointer<Bool>

    package init() {
        staleness = .allocate(capacity: 1)
        staleness.initialize(to: false)
        byteReads = Self.zeroedTable()
        wordReads = Self.zeroedTable()
        byteWrites = Self.zeroedTable()
        wordWrites = Self.zeroedTable()
        owners = Self.zeroed(count: Self.pageCount)
    }

    deinit {
        // A view holds its storage, so a storage that knows its views would hold itself.
        for storage in storages { storage.views = [] }
        for table in [byteReads, wordReads, byteWrites, wordWrites] { free(table) }
        free(owners)
        staleness.deallocate()
    }

    /// The memories, each once. Whoever keeps one weakly can see that it goes when the map goes.
    package var memories: [AnyObject] { storages }

    /// RAM over whole 4 KB pages, holding junk.
    package func addRAM(_ range: Range<UInt32>, access: Access) {
        let storage = RAMStorage(count: range.count)
        storages.append(storage)
        show(RAMView(range: range, storage: storage, offset: 0, access: access, isReversed: false))
    }

    /// The storage at `base` seen at `range` as well, with the access it was added with.
    package func alias(_ range: Range<UInt32>, of base: UInt32) {
        addAlias(range, of: base, isReversed: false, access: nil)
    }

    /// The storage at `base` seen at `range` with its words in reverse order, for instructions: how the instruction bus
    /// sees SRAM1 (TRM, "Internal SRAM 1").
    package func aliasReversed(_ range: Range<UInt32>, of base: UInt32) {
        addAlias(range, of: base, isReversed: true, access: .instruction)
    }

    /// A device over `size` bytes from `base`, which starts a 4 KB page.
    package func attach(_ device: any Peripheral, at base: UInt32, size: UInt32) {
        let pages = (size + Self.pageSize - 1) & ~(Self.pageSize - 1)
        claim(base..<base + pages, .device(device, base: base, size: size))
    }

    /// Addresses whose use makes the CPU stop with `Stop.trap` instead of taking an exception.
    package func addTrap(_ range: Range<UInt32>) {
        claim(range, .trap)
    }

    /// A 64 KB page of a cache window shows these flash bytes, or nothing; addresses of other memory in it stay theirs.
    /// Pages from 0x40000000 up are on the instruction bus: instructions and aligned words only.
    package func mapCachePage(at address: UInt32, to bytes: UnsafeRawPointer?) {
        let start = address & ~(Self.cachePageSize - 1)
        if cachePagesWithCode.contains(start) { isCodeStale = true }
        cachePages[start] = bytes
        let first = Int(start >> 12)
        for page in first..<first + 16 where owners[page] == 0 || owners[page] == Self.cachePageMark {
            owners[page] = bytes == nil ? 0 : Self.cachePageMark
            let biased = bytes.map { UInt(bitPattern: $0) &- UInt(start) } ?? 0
            wordReads[page] = biased
            byteReads[page] = start < 0x4000_0000 ? biased : 0
        }
    }

    /// Bytes behind the cache windows have changed: what was decoded from them is stale.
    package func noteChange(at place: UnsafeRawPointer, count: Int) {
        for page in cachePagesWithCode {
            guard let shown = cachePages[page] else { continue }
            if place < shown + Int(Self.cachePageSize), shown < place + count { isCodeStale = true }
        }
    }

    /// Fills all RAM with junk, as when power was away.
    package func losePower() {
        for storage in storages { storage.fillWithJunk() }
        isCodeStale = isCodeStale || !storagesWithCode.isEmpty
    }

    private func addAlias(_ range: Range<UInt32>, of base: UInt32, isReversed: Bool, access: Access?) {
        guard case .ram(let view)? = region(at: base), !view.isReversed else {
            preconditionFailure("alias of an address without RAM")
        }
        let offset = view.place(of: base)
        precondition(offset + range.count <= view.storage.count, "alias longer than its RAM")
        show(
            RAMView(
                range: range, storage: view.storage, offset: offset, access: access ?? view.access,
                isReversed: isReversed))
    }

    private func show(_ view: RAMView) {
        claim(view.range, .ram(view))
        view.storage.views.append(view)
        guard !view.isReversed else { return }
        for page in view.range.lowerBound >> 12..<view.range.upperBound >> 12 {
            let start = view.storage.bytes + view.place(of: page << 12)
            setFastPath(page: Int(page), biased: UInt(bitPattern: start) &- UInt(page << 12), access: view.access)
        }
    }

    private func setFastPath(page: Int, biased: UInt, access: Access) {
        wordReads[page] = biased
        wordWrites[page] = biased
        switch access {
        case .data, .both:
            byteReads[page] = biased
            byteWrites[page] = biased
        case .instruction: break
        }
    }

    /// The page that shows `place` of a storage in a view, stores allowed or not.
    func setStores(_ isFast: Bool, page storagePage: Int, of storage: RAMStorage) {
        let byte = storagePage << 12
        for view in storage.views where !view.isReversed && byte >= view.offset && byte < view.offset + view.range.count
        {
            let address = view.range.lowerBound + UInt32(byte - view.offset)
            let biased = UInt(bitPattern: storage.bytes + byte) &- UInt(address)
            wordWrites[Int(address >> 12)] = isFast ? biased : 0
            byteWrites[Int(address >> 12)] = isFast && view.access != .instruction ? biased : 0
        }
    }

    private func claim(_ range: Range<UInt32>, _ region: MemoryRegion) {
        precondition(range.lowerBound % Self.pageSize == 0 && range.upperBound % Self.pageSize == 0, "whole pages only")
        isCodeStale = true
        regions.append(region)
        for page in Int(range.lowerBound >> 12)..<Int(range.upperBound >> 12) {
            owners[page] = UInt16(regions.count)
            for table in [byteReads, wordReads, byteWrites, wordWrites] { table[page] = 0 }
        }
    }

    // calloc leaves untouched pages unbacked, so that tables over the whole address space cost nothing.
    private static func zeroedTable() -> Table { zeroed(count: pageCount) }

    static func zeroed<Element>(count: Int) -> UnsafeMutablePointer<Element> {
        guard let memory = calloc(count, MemoryLayout<Element>.stride) else { fatalError("out of memory") }
        return memory.bindMemory(to: Element.self, capacity: count)
    }

    /// Gives back what `zeroed(count:)` made.
    static func release<Element>(_ table: UnsafeMutablePointer<Element>) { free(table) }
}
