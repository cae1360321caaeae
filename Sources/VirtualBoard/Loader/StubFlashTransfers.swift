// The two long transfers of a flasher stub: a write that erases ahead of itself, and a read that streams packets
// against acknowledgements and ends with a digest (espressif/esp-flasher-stub, src/command_handler.c).

internal import Crypto

/// A write between its begin and its end request.
struct StubFlashWrite {
    /// Bytes still to come; negative when the client sent more than it promised, which the end request refuses.
    private(set) var remaining: Int
    private let inflater: Inflater?
    private let limit: Int
    private var offset: Int
    private var nextErase: Int
    private let eraseEnd: Int
    /// Blank sectors are not erased until the first that is not blank.
    private var hasSeenData = false

    var isCompressed: Bool { inflater != nil }

    init(offset: Int, count: Int, isCompressed: Bool, limit: Int) {
        remaining = count
        inflater = isCompressed ? Inflater() : nil
        self.limit = limit
        self.offset = offset
        nextErase = offset & ~0xFFF
        eraseEnd = (offset + count + 0xFFF) & ~0xFFF
    }

    /// Writes one block and returns what the next request will be told.
    mutating func received(_ block: ArraySlice<UInt8>, sequence: UInt32, flash: NORFlash) -> StubStatus {
        guard let inflater else {
            return write(block.prefix(max(0, remaining)), flash) ? .success : .flashFailed
        }
        // The sequence is not checked; 0 only forgets what was inflated and not yet written.
        if sequence == 0 { inflater.forgetPending() }
        // What comes after the end of a stream is ignored.
        if inflater.outcome == .finished { return .success }
        switch inflater.feed(block, write: { write($0, flash) }) {
        case .needsMore, .finished: return .success
        case .corrupt, .badChecksum: return .inflate
        case .writeFailed: return .flashFailed
        }
    }

    private mutating func write(_ data: ArraySlice<UInt8>, _ flash: NORFlash) -> Bool {
        guard offset <= limit, data.count <= limit - offset else { return false }
        guard erase(before: offset + data.count, flash), flash.program(offset, data) else { return false }
        offset += data.count
        remaining -= data.count
        return true
    }

    private mutating func erase(before end: Int, _ flash: NORFlash) -> Bool {
        while nextErase < min(end, eraseEnd) {
            let isFull = nextErase % FlashBlock.full.rawValue == 0 && eraseEnd - nextErase >= FlashBlock.full.rawValue
            if !hasSeenData {
                if isBlank(nextErase, flash) {
                    nextErase += NORFlash.sectorSize
                    continue
                }
                hasSeenData = true
            }
            let block: FlashBlock = isFull ? .full : .sector
            guard flash.erase(block, at: nextErase) else { return false }
            nextErase += block.rawValue
        }
        return true
    }

    private func isBlank(_ sector: Int, _ flash: NORFlash) -> Bool {
        flash.read(sector, count: NORFlash.sectorSize)?.allSatisfy { $0 == 0xFF } ?? false
    }
}

/// A read under way: one packet is sent, its acknowledgement waited for, and after the last one the digest sent.
struct StubFlashRead {
    private(set) var isFinished = false
    private(set) var hasFailed = false
    private let flash: NORFlash
    private let limit: Int
    private let packetSize: Int
    private let count: Int
    private var offset: Int
    private var unsent: Int
    private var digest = Insecure.MD5()

    init(offset: Int, count: Int, packetSize: Int, flash: NORFlash, limit: Int) {
        self.flash = flash
        self.limit = limit
        self.packetSize = packetSize
        self.count = count
        self.offset = offset
        unsent = count
    }

    /// A frame of the host: the number of bytes it has so far. Any other frame breaks the read off.
    mutating func acknowledged(_ frame: [UInt8]) -> [[UInt8]] {
        guard frame.count == 4 else { return finish() }
        let total = frame.enumerated().reduce(0) { $0 | Int($1.element) << ($1.offset * 8) }
        return unsent == 0 && total < count ? [] : next()
    }

    /// The next packet, or the digest when all has been sent.
    mutating func next() -> [[UInt8]] {
        guard unsent > 0 else { return finish() }
        let size = min(packetSize, unsent)
        guard offset <= limit, size <= limit - offset, let packet = flash.read(offset, count: size) else {
            isFinished = true
            hasFailed = true
            return []
        }
        digest.update(data: packet)
        offset += size
        unsent -= size
        return [packet]
    }

    private mutating func finish() -> [[UInt8]] {
        isFinished = true
        return [Array(digest.finalize())]
    }
}
