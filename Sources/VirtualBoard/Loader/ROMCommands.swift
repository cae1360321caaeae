// What the ESP32's ROM does with each request. It checks few lengths, answers an unknown operation under the
// number of the last known one, keeps the value field and the reason of earlier answers, and counts a block
// whose checksum was wrong as received: sending that block again is refused. All observed on its boot ROM.

internal import Crypto

/// The state of the ROM loader between requests.
struct ROMCommands {
    /// What becomes of the loader after a request.
    enum Next: Equatable {
        case stay
        case hang
        case leave(LoaderAction)
        case stub(StubGeneration)
    }

    /// The second byte of a failed answer's status.
    private enum Reason: UInt8 {
        case badMessage = 0x05
        case operationFailed = 0x06
        case badChecksum = 0x07
        case flashWrite = 0x08
        case flashRead = 0x09
        case inflate = 0x0B
        case inflateChecksum = 0x0C
    }

    private static let largestBlock = 0x1800
    private var request = LoaderRequest(capacity: LoaderRequest.romCapacity)
    private var memory = RAMDownload()
    private var download: FlashDownload?
    private var isAttached = false
    /// What the ROM takes the flash's size to be: 2 MB until it is told.
    private var flashSize = 0x20_0000
    private var value: UInt32 = 0
    private var lastOpcode: UInt8 = 0
    private var lastReason: UInt8 = 0

    mutating func received(_ frame: [UInt8], host: any LoaderHost) -> ([LoaderAction], Next) {
        request.store(frame)
        guard request.direction == 0, let opcode = LoaderOpcode(rawValue: request.opcode), opcode.isInROM else {
            return ([answer(.failure(.badMessage))], .stay)
        }
        lastOpcode = opcode.rawValue
        return handle(opcode, host)
    }

    private mutating func handle(_ opcode: LoaderOpcode, _ host: any LoaderHost) -> ([LoaderAction], Next) {
        switch opcode {
        case .sync:
            value = request.word(0)
            return ([answer(.success)], .stay)
        case .readRegister: return ([answer(readRegister(host))], .stay)
        case .writeRegister: return ([answer(writeRegisters(host))], .stay)
        case .memoryBegin: return ([answer(memoryBegin())], .stay)
        case .memoryData: return ([answer(memoryData(host))], .stay)
        case .memoryEnd: return memoryEnd()
        case .spiAttach:
            isAttached = true
            host.loaderAttachFlash()
            return ([answer(.success)], .stay)
        case .spiSetParameters: return ([answer(setParameters())], .stay)
        case .flashBegin, .deflateBegin: return ([answer(flashBegin(opcode, host))], .stay)
        case .flashData: return ([answer(flashData(host))], .stay)
        case .deflateData: return deflateData(host)
        case .flashEnd, .deflateEnd: return ([answer(.success)], .leave(.reboot))
        case .readFlashSlow: return ([readFlash(host)], .stay)
        case .flashMD5: return ([md5(host)], .stay)
        case .changeBaudRate: return ([answer(.success)] + baudChange(request.word(0)), .stay)
        case .securityInfo, .eraseFlash, .eraseRegion, .readFlash, .runUserCode:
            return ([answer(.failure(.badMessage))], .stay)
        }
    }

    // MARK: Answers

    private enum Result {
        case success
        case failure(Reason)
    }

    private mutating func answer(_ result: Result, data: [UInt8] = []) -> LoaderAction {
        let isFailure: Bool
        switch result {
        case .success: isFailure = false
        case .failure(let reason):
            isFailure = true
            lastReason = reason.rawValue
        }
        let length = UInt16(data.count + 4)
        let reply =
            [1, lastOpcode, UInt8(length & 0xFF), UInt8(length >> 8)] + littleEndianBytes(value) + data
            + [isFailure ? 1 : 0, lastReason, 0, 0]
        let frame = slipFrame(reply)
        // After a sync everything is said eight times, until another operation is understood.
        let isSync = lastOpcode == LoaderOpcode.sync.rawValue
        return .send(isSync ? [[UInt8]](repeating: frame, count: 8).flatMap { $0 } : frame)
    }

    // MARK: Registers and RAM

    private mutating func readRegister(_ host: any LoaderHost) -> Result {
        guard let word = host.loaderRead(request.word(0)) else { return .failure(.badMessage) }
        value = word
        lastReason = 0
        return .success
    }

    private func writeRegisters(_ host: any LoaderHost) -> Result {
        for entry in 0..<min(request.bodyLength, LoaderRequest.romCapacity - 8) / 16 {
            guard writeRegister(request, entry: entry, host) else { return .failure(.badMessage) }
        }
        return .success
    }

    private mutating func memoryBegin() -> Result {
        guard request.bodyLength == 16, request.word(2) <= Self.largestBlock else { return .failure(.badMessage) }
        memory.begin(size: request.word(0), blockSize: Int(request.word(2)), address: request.word(3))
        return .success
    }

    private mutating func memoryData(_ host: any LoaderHost) -> Result {
        guard memory.isActive, let block = block(sequence: memory.nextSequence, limit: memory.blockSize),
            block.count % 4 == 0
        else { return .failure(.badMessage) }
        memory.nextSequence &+= 1
        guard loaderChecksum(block) == request.checksum else { return .failure(.badChecksum) }
        guard host.loaderStore(memory.nextAddress, block) else { return .failure(.badMessage) }
        memory.stored(block.count)
        return .success
    }

    private mutating func memoryEnd() -> ([LoaderAction], Next) {
        let reply = answer(.success)
        guard request.word(0) == 0 else { return ([reply], .stay) }
        let entry = request.word(1)
        if entry == 0 { return ([reply], .leave(.reboot)) }
        if let generation = memory.stub(entry: entry) { return ([reply], .stub(generation)) }
        return ([reply], .leave(.run(entry: entry)))
    }

    /// The bytes of a data request that is in turn and not too long.
    private func block(sequence: UInt32, limit: Int) -> ArraySlice<UInt8>? {
        guard request.word(1) == sequence, request.word(0) <= limit else { return nil }
        return request.block(Int(request.word(0)))
    }

    // MARK: Flash

    private mutating func setParameters() -> Result {
        guard request.bodyLength == 24 else { return .failure(.badMessage) }
        flashSize = Int(request.word(1))
        return .success
    }

    /// The bytes of the flash that the ROM can reach.
    private func reachable(_ host: any LoaderHost) -> Int { isAttached ? min(flashSize, host.flash.size) : 0 }

    private mutating func flashBegin(_ opcode: LoaderOpcode, _ host: any LoaderHost) -> Result {
        guard request.bodyLength == 16, request.word(2) <= Self.largestBlock else { return .failure(.badMessage) }
        let offset = Int(request.word(3))
        download = FlashDownload(
            offset: offset, blockSize: Int(request.word(2)), isCompressed: opcode == .deflateBegin)
        let end = (offset + Int(request.word(0)) + 0xFFF) & ~0xFFF
        guard offset % NORFlash.sectorSize == 0, end <= reachable(host), host.flash.eraseSectors(offset..<end) else {
            return .failure(.operationFailed)
        }
        return .success
    }

    private mutating func flashData(_ host: any LoaderHost) -> Result {
        guard var download, !download.isCompressed,
            let block = block(sequence: download.nextSequence, limit: download.blockSize), block.count % 4 == 0
        else { return .failure(.badMessage) }
        download.nextSequence &+= 1
        defer { self.download = download }
        guard loaderChecksum(block) == request.checksum else { return .failure(.badChecksum) }
        return download.write(block, to: host.flash, limit: reachable(host)) ? .success : .failure(.flashWrite)
    }

    private mutating func deflateData(_ host: any LoaderHost) -> ([LoaderAction], Next) {
        guard var download, let inflater = download.inflater,
            let block = block(sequence: download.nextSequence, limit: download.blockSize)
        else { return ([answer(.failure(.badMessage))], .stay) }
        // The ROM never returns from a block after the end of the stream.
        if inflater.outcome == .finished { return ([], .hang) }
        download.nextSequence &+= 1
        defer { self.download = download }
        guard loaderChecksum(block) == request.checksum else { return ([answer(.failure(.badChecksum))], .stay) }
        let limit = reachable(host)
        let outcome = inflater.feed(block) { download.write($0, to: host.flash, limit: limit) }
        switch outcome {
        case .needsMore, .finished: return ([answer(.success)], .stay)
        case .corrupt: return ([answer(.failure(.inflate))], .stay)
        case .badChecksum: return ([answer(.failure(.inflateChecksum))], .stay)
        case .writeFailed: return ([answer(.failure(.flashWrite))], .stay)
        }
    }

    // Always 64 bytes of data, whatever was asked for.
    private mutating func readFlash(_ host: any LoaderHost) -> LoaderAction {
        let offset = Int(request.word(0))
        let count = min(Int(request.word(1)), 64)
        let limit = reachable(host)
        guard offset <= limit, count <= limit - offset, let bytes = host.flash.read(offset, count: count) else {
            return answer(.failure(.flashRead), data: [UInt8](repeating: 0, count: 64))
        }
        lastReason = 0
        return answer(.success, data: bytes + [UInt8](repeating: 0, count: 64 - count))
    }

    private mutating func md5(_ host: any LoaderHost) -> LoaderAction {
        guard let digest = flashMD5(host.flash, request.word(0), request.word(1), limit: reachable(host)) else {
            return answer(.failure(.flashRead), data: [UInt8](repeating: 0, count: 32))
        }
        lastReason = 0
        let digits = Array("0123456789abcdef".utf8)
        return answer(.success, data: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}

extension LoaderOpcode {
    /// Whether the ESP32's ROM knows it; it has no security info and none of the stub's own.
    var isInROM: Bool { rawValue < 0x14 }
}

/// A flash download of the ROM under way.
struct FlashDownload {
    var nextSequence: UInt32 = 0
    let blockSize: Int
    let inflater: Inflater?
    private var offset: Int

    var isCompressed: Bool { inflater != nil }

    init(offset: Int, blockSize: Int, isCompressed: Bool) {
        self.offset = offset
        self.blockSize = blockSize
        inflater = isCompressed ? Inflater() : nil
    }

    mutating func write(_ data: ArraySlice<UInt8>, to flash: NORFlash, limit: Int) -> Bool {
        guard offset <= limit, data.count <= limit - offset, flash.program(offset, data) else { return false }
        offset += data.count
        return true
    }
}

/// One entry of a register write: address, value, mask, delay in microseconds, which is not waited for.
func writeRegister(_ request: LoaderRequest, entry: Int, _ host: any LoaderHost) -> Bool {
    let address = request.word(entry * 4)
    let mask = request.word(entry * 4 + 2)
    var value = request.word(entry * 4 + 1) & mask
    if mask != 0xFFFF_FFFF {
        guard let old = host.loaderRead(address) else { return false }
        value |= old & ~mask
    }
    return host.loaderWrite(address, value)
}

/// The digest of a flash range; nil when it leaves the first `limit` bytes.
func flashMD5(_ flash: NORFlash, _ offset: UInt32, _ count: UInt32, limit: Int) -> [UInt8]? {
    guard Int(offset) <= limit, Int(count) <= limit - Int(offset) else { return nil }
    var hash = Insecure.MD5()
    hash.update(bufferPointer: UnsafeRawBufferPointer(start: flash.bytes + Int(offset), count: Int(count)))
    return Array(hash.finalize())
}

func baudChange(_ baud: UInt32) -> [LoaderAction] {
    (1...5_000_000).contains(baud) ? [.changeBaud(Int(baud))] : []
}
