// The board's own access to memory: loading images, dumping, and the loader's register commands. It respects no width
// rules, touches no device unless asked for a word, and never raises an exception.

extension MemoryMap {
    /// Copies `count` bytes out of RAM or the cache windows; nil where some of them are no memory.
    package func read(_ address: UInt32, count: Int) -> [UInt8]? {
        guard count >= 0, count <= Int(UInt32.max) - Int(address) + 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for index in 0..<count {
            guard let place = place(of: address &+ UInt32(truncatingIfNeeded: index)) else { return nil }
            bytes.append(place.load(as: UInt8.self))
        }
        return bytes
    }

    /// Copies bytes into RAM; false, and nothing written, where some of the addresses are not RAM.
    package func write(_ address: UInt32, _ bytes: [UInt8]) -> Bool {
        guard bytes.count <= Int(UInt32.max) - Int(address) + 1 else { return false }
        let addresses = bytes.indices.map { address &+ UInt32(truncatingIfNeeded: $0) }
        for byte in addresses {
            guard case .ram? = region(at: byte) else { return false }
        }
        for (byte, value) in zip(addresses, bytes) {
            guard case .ram(let view)? = region(at: byte) else { return false }
            let place = view.place(of: byte)
            if view.storage.codeWords[place >> 2] { isCodeStale = true }
            view.storage.bytes.storeBytes(of: value, toByteOffset: place, as: UInt8.self)
        }
        return true
    }

    /// An aligned word of memory, or a device's register; nil where there is neither.
    package func readWord(_ address: UInt32, at cycle: UInt64) -> UInt32? {
        guard address & 3 == 0 else { return nil }
        let result = load(address, width: 4, at: cycle)
        return result.fault == .none ? result.value : nil
    }

    /// Stores an aligned word, or writes a device's register; false where there is neither.
    package func writeWord(_ address: UInt32, _ value: UInt32, at cycle: UInt64) -> Bool {
        address & 3 == 0 && store(address, value, width: 4, at: cycle) == .none
    }

    private func place(of address: UInt32) -> UnsafeRawPointer? {
        if case .ram(let view)? = region(at: address) {
            return UnsafeRawPointer(view.storage.bytes + view.place(of: address))
        }
        guard owners[Int(address >> 12)] == Self.cachePageMark else { return nil }
        return UnsafeRawPointer(bitPattern: wordReads[Int(address >> 12)] &+ UInt(address))
    }
}
