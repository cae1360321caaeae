// The slow path of loads and stores, instruction fetch for the decoder, and the board's own look at memory. Which cause a
// forbidden access has follows the ESP32: no memory there is "prohibited", memory on the instruction bus takes aligned
// words only, and what flash shows through the cache cannot be stored to (ESP-IDF, "Fatal Errors": LoadStoreError,
// LoadStoreAlignment, LoadProhibited, StoreProhibited, InstrFetchProhibited).

/// Why an access failed.
package enum AccessFault: UInt8, Sendable {
    case none
    /// Nothing at the address.
    case unmapped
    /// A narrow access to the instruction bus, or a store to read-only memory.
    case forbidden
    /// An unaligned access where the hardware cannot split it.
    case misaligned
    /// The address belongs to a trap.
    case trap
}

/// A loaded value, zero-extended, or a fault.
struct LoadResult {
    var value: UInt32 = 0
    var fault = AccessFault.none
}

extension MemoryMap {
    func region(at address: UInt32) -> MemoryRegion? {
        let owner = owners[Int(address >> 12)]
        return owner == 0 || owner == Self.cachePageMark ? nil : regions[Int(owner) - 1]
    }

    /// Loads `width` bytes (1, 2 or 4) from wherever the address leads.
    func load(_ address: UInt32, width: UInt32, at cycle: UInt64) -> LoadResult {
        let isAligned = address & (width - 1) == 0
        if !isAligned { return loadUnaligned(address, width: width, at: cycle) }
        let table = width == 4 ? wordReads : byteReads
        let biased = table[Int(address >> 12)]
        if biased != 0, let place = UnsafeRawPointer(bitPattern: biased &+ UInt(address)) {
            return LoadResult(value: Self.loadAligned(place, width: width))
        }
        switch region(at: address) {
        case .ram(let view):
            guard width == 4 || view.access != .instruction else { return LoadResult(fault: .forbidden) }
            return LoadResult(value: Self.loadAligned(view.storage.bytes + view.place(of: address), width: width))
        case .device(let device, let base, let size):
            guard address - base < size else { return LoadResult(fault: .unmapped) }
            let register = device.read((address - base) & ~3, at: cycle)
            return LoadResult(value: (register >> ((address & 3) * 8)) & Self.mask(width: width))
        case .trap: return LoadResult(fault: .trap)
        case nil:
            return LoadResult(fault: owners[Int(address >> 12)] == Self.cachePageMark ? .forbidden : .unmapped)
        }
    }

    /// Stores the low `width` bytes (1, 2 or 4) of `value`.
    func store(_ address: UInt32, _ value: UInt32, width: UInt32, at cycle: UInt64) -> AccessFault {
        let isAligned = address & (width - 1) == 0
        if !isAligned { return storeUnaligned(address, value, width: width, at: cycle) }
        switch region(at: address) {
        case .ram(let view):
            guard width == 4 || view.access != .instruction else { return .forbidden }
            let place = view.place(of: address)
            if view.storage.codeWords[place >> 2] { isCodeStale = true }
            Self.storeAligned(view.storage.bytes + place, value, width: width)
            return .none
        case .device(let device, let base, let size):
            guard address - base < size else { return .unmapped }
            let shift = (address & 3) * 8
            device.write((address - base) & ~3, (value & Self.mask(width: width)) << shift, at: cycle)
            return .none
        case .trap: return .trap
        case nil: return owners[Int(address >> 12)] == Self.cachePageMark ? .forbidden : .unmapped
        }
    }

    /// The aligned word of instruction memory around `address`, noting that it was decoded.
    func instructionWord(around address: UInt32) -> LoadResult {
        let address = address & ~3
        switch region(at: address) {
        case .ram(let view):
            guard view.access != .data else { return LoadResult(fault: .unmapped) }
            let place = view.place(of: address)
            noteCode(at: place, in: view.storage)
            return LoadResult(value: (view.storage.bytes + place).load(as: UInt32.self))
        case .device: return LoadResult(fault: .unmapped)
        case .trap: return LoadResult(fault: .trap)
        case nil:
            let biased = wordReads[Int(address >> 12)]
            guard address >= 0x4000_0000, biased != 0, let place = UnsafeRawPointer(bitPattern: biased &+ UInt(address))
            else { return LoadResult(fault: .unmapped) }
            cachePagesWithCode.insert(address & ~(Self.cachePageSize - 1))
            return LoadResult(value: place.load(as: UInt32.self))
        }
    }

    /// No instruction is decoded any more: stores need not be watched.
    func forgetCode() {
        for storage in storagesWithCode {
            for page in storage.codePages {
                (storage.codeWords + page * 1024).update(repeating: false, count: 1024)
                setStores(true, page: page, of: storage)
            }
            storage.codePages = []
        }
        storagesWithCode = []
        cachePagesWithCode = []
        isCodeStale = false
    }

    private func noteCode(at place: Int, in storage: RAMStorage) {
        storage.codeWords[place >> 2] = true
        let page = place >> 12
        guard !storage.codePages.contains(page) else { return }
        if storage.codePages.isEmpty { storagesWithCode.append(storage) }
        storage.codePages.insert(page)
        setStores(false, page: page, of: storage)
    }

    // Data memory takes unaligned accesses byte by byte as it were; a device or the instruction bus does not.
    private func loadUnaligned(_ address: UInt32, width: UInt32, at cycle: UInt64) -> LoadResult {
        var value: UInt32 = 0
        for index in 0..<width {
            let byte = address &+ index
            guard byteReads[Int(byte >> 12)] != 0 else {
                return LoadResult(fault: unalignedFault(byte, isStore: false))
            }
            value |= load(byte, width: 1, at: cycle).value << (8 * index)
        }
        return LoadResult(value: value)
    }

    private func storeUnaligned(_ address: UInt32, _ value: UInt32, width: UInt32, at cycle: UInt64) -> AccessFault {
        for index in 0..<width {
            guard case .ram(let view)? = region(at: address &+ index), view.access != .instruction else {
                return unalignedFault(address &+ index, isStore: true)
            }
        }
        for index in 0..<width {
            _ = store(address &+ index, value >> (8 * index), width: 1, at: cycle)
        }
        return .none
    }

    private func unalignedFault(_ address: UInt32, isStore: Bool) -> AccessFault {
        switch region(at: address) {
        case .ram, .device: return .misaligned
        case .trap: return .trap
        case nil:
            guard owners[Int(address >> 12)] == Self.cachePageMark else { return .unmapped }
            return isStore ? .forbidden : .misaligned
        }
    }

    private static func mask(width: UInt32) -> UInt32 { width == 4 ? .max : (1 << (8 * width)) - 1 }

    private static func loadAligned(_ place: UnsafeRawPointer, width: UInt32) -> UInt32 {
        switch width {
        case 1: UInt32(place.load(as: UInt8.self))
        case 2: UInt32(place.load(as: UInt16.self))
        default: place.load(as: UInt32.self)
        }
    }

    private static func storeAligned(_ place: UnsafeMutableRawPointer, _ value: UInt32, width: UInt32) {
        switch width {
        case 1: place.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
        case 2: place.storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
        default: place.storeBytes(of: value, as: UInt32.self)
        }
    }
}
