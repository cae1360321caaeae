// The things that can lie in the address space: RAM seen through one or more windows, devices, and traps. Storage knows
// which of its words were decoded as instructions, so that a store to one of them can be noticed.

/// Bytes of RAM, whatever addresses they are seen at.
final class RAMStorage {
    let bytes: UnsafeMutableRawPointer
    let count: Int
    /// One flag per 32-bit word: it was decoded as (part of) an instruction.
    let codeWords: UnsafeMutablePointer<Bool>
    /// Storage pages that hold decoded words; stores to them take the slow path.
    var codePages: Set<Int> = []
    /// The windows of the address space that show this storage.
    var views: [RAMView] = []

    init(count: Int) {
        self.count = count
        bytes = .allocate(byteCount: count, alignment: 4096)
        codeWords = .allocate(capacity: count / 4)
        codeWords.initialize(repeating: false, count: count / 4)
        fillWithJunk()
    }

    deinit {
        bytes.deallocate()
        codeWords.deallocate()
    }

    /// What SRAM holds after power-on is arbitrary; a fixed pattern that is nobody's zero finds code that relies on it.
    func fillWithJunk() {
        var state: UInt32 = 0x9E37_79B9
        for offset in stride(from: 0, to: count, by: 4) {
            state ^= state << 13
            state ^= state >> 17
            state ^= state << 5
            bytes.storeBytes(of: state, toByteOffset: offset, as: UInt32.self)
        }
    }
}

/// One window onto storage.
struct RAMView {
    let range: Range<UInt32>
    let storage: RAMStorage
    /// Where in the storage the window's first address is (for a reversed window: its last word).
    let offset: Int
    let access: MemoryMap.Access
    /// Words in reverse order, bytes within a word as they are (SRAM1 on the instruction bus).
    let isReversed: Bool

    /// The place in the storage of the byte at `address`, which must lie in the window.
    func place(of address: UInt32) -> Int {
        let distance = Int(address - range.lowerBound)
        guard isReversed else { return offset + distance }
        return offset + range.count - 4 - (distance & ~3) + (distance & 3)
    }
}

/// What a page of the address space belongs to.
enum MemoryRegion {
    case ram(RAMView)
    case device(any Peripheral, base: UInt32, size: UInt32)
    /// No memory here, but an access is not the chip's fault: the CPU stops and the board is asked.
    case trap
}
