// The dialect of the protocol that an uploaded flasher stub speaks: two status bytes, raw digests, data blocks
// answered before they are written, so that a write error is the answer to the next request, which is then not
// executed. Known from the behaviour of both stub generations (espressif/esp-flasher-stub, src/command_handler.c
// and esptool's serial protocol document). Flash encryption and NAND are left out: refused as not implemented.

/// What a stub answers in its two status bytes, read as one big-endian number.
enum StubStatus: UInt16, Sendable {
    case success = 0x0000
    case badLength = 0xC000
    case badChecksum = 0xC100
    case invalidCommand = 0xC300
    case flashFailed = 0xC400
    case notInFlashMode = 0xC600
    case inflate = 0xC700
    case notEnoughData = 0xC800
    case tooMuchData = 0xC900
    case notImplemented = 0xFF00
}

/// A flasher stub between requests.
struct FlasherStub {
    private let generation: StubGeneration
    private var request = LoaderRequest(capacity: LoaderRequest.stubCapacity)
    private var memory = RAMDownload()
    private var write: StubFlashWrite?
    private var read: StubFlashRead?
    private var configuredSize: Int?
    /// The result of work done after its answer was sent; it becomes the next answer.
    private var deferred = StubStatus.success

    init(_ generation: StubGeneration) { self.generation = generation }

    mutating func received(_ frame: [UInt8], host: any LoaderHost) -> [LoaderAction] {
        if read != nil { return acknowledged(frame) }
        request.store(frame)
        guard request.direction == 0 else { return [answer(.invalidCommand)] }
        guard request.frameLength == request.bodyLength + 8 else { return [answer(.badLength)] }
        if deferred != .success {
            defer { deferred = .success }
            return [answer(deferred)]
        }
        guard let opcode = LoaderOpcode(rawValue: request.opcode), opcode != .readFlashSlow else {
            return [answer(unknown)]
        }
        return handle(opcode, host)
    }

    // The legacy stub calls everything it does not know not implemented, the current one only its plug-ins.
    private var unknown: StubStatus {
        generation == .legacy || (0xD5...0xDE).contains(request.opcode) ? .notImplemented : .invalidCommand
    }

    private mutating func handle(_ opcode: LoaderOpcode, _ host: any LoaderHost) -> [LoaderAction] {
        switch opcode {
        case .sync: return sync()
        case .readRegister: return [readRegister(host)]
        case .writeRegister: return [answer(writeRegisters(host))]
        case .memoryBegin: return [answer(memoryBegin())]
        case .memoryData: return [answer(memoryData(host))]
        case .memoryEnd: return memoryEnd()
        case .spiAttach:
            guard request.bodyLength == 4 else { return [answer(.badLength)] }
            host.loaderAttachFlash()
            return [answer(.success)]
        case .spiSetParameters: return [answer(setParameters())]
        case .flashBegin: return [answer(begin(isCompressed: false, host))]
        case .deflateBegin: return [answer(begin(isCompressed: true, host))]
        case .flashData, .deflateData: return data(opcode, host)
        case .flashEnd, .deflateEnd: return end()
        case .flashMD5: return [md5(host)]
        case .changeBaudRate:
            guard request.bodyLength == 8 else { return [answer(.badLength)] }
            return [answer(.success)] + baudChange(request.word(0))
        case .eraseFlash: return [answer(host.flash.eraseAll() ? .success : .flashFailed)]
        case .eraseRegion: return [answer(eraseRegion(host))]
        case .readFlash: return beginRead(host)
        case .runUserCode: return generation == .legacy ? [.reboot] : []
        case .securityInfo: return [answer(.notImplemented)]
        case .readFlashSlow: return [answer(.invalidCommand)]
        }
    }

    private func answer(_ status: StubStatus, value: UInt32 = 0, data: [UInt8] = []) -> LoaderAction {
        let length = UInt16(data.count + 2)
        return .send(
            slipFrame(
                [1, request.opcode, UInt8(length & 0xFF), UInt8(length >> 8)] + littleEndianBytes(value) + data
                    + [UInt8(status.rawValue >> 8), UInt8(status.rawValue & 0xFF)]))
    }

    // Eight answers as the ROM gives, but with value 0, by which a client knows that a stub runs already.
    private func sync() -> [LoaderAction] {
        guard request.bodyLength == 36 else { return [answer(.badLength)] }
        return [LoaderAction](repeating: answer(.success), count: 8)
    }

    // MARK: Registers and RAM

    private func readRegister(_ host: any LoaderHost) -> LoaderAction {
        guard request.bodyLength == 4 else { return answer(.badLength) }
        guard let value = host.loaderRead(request.word(0)) else { return answer(.invalidCommand) }
        return answer(.success, value: value)
    }

    private func writeRegisters(_ host: any LoaderHost) -> StubStatus {
        guard request.bodyLength > 0, request.bodyLength % 16 == 0 else { return .notEnoughData }
        for entry in 0..<request.bodyLength / 16 {
            guard writeRegister(request, entry: entry, host) else { return .invalidCommand }
        }
        return .success
    }

    private mutating func memoryBegin() -> StubStatus {
        guard request.bodyLength == 16 else { return .badLength }
        memory.begin(size: request.word(0), blockSize: Int(request.word(2)), address: request.word(3))
        return .success
    }

    private mutating func memoryData(_ host: any LoaderHost) -> StubStatus {
        guard request.bodyLength >= 16 else { return .notEnoughData }
        guard memory.isActive else { return .notInFlashMode }
        guard request.word(0) <= memory.remaining, let block = wholeBlock else { return .tooMuchData }
        guard host.loaderStore(memory.nextAddress, block) else { return .invalidCommand }
        memory.stored(block.count)
        return .success
    }

    private mutating func memoryEnd() -> [LoaderAction] {
        guard request.bodyLength == 8 else { return [answer(.badLength)] }
        guard memory.isActive else { return [answer(.notInFlashMode)] }
        let reply = answer(.success)
        let entry = request.word(1)
        let next = memory.stub(entry: entry)
        memory.end()
        guard request.word(0) == 0 else { return [reply] }
        guard let next else { return [reply, .run(entry: entry)] }
        self = FlasherStub(next)
        return [reply, .send(slipFrame(Array("OHAI".utf8)))]
    }

    /// The data of a block whose length is as its sub-header says.
    private var wholeBlock: ArraySlice<UInt8>? {
        let count = request.bodyLength - 16
        return Int(request.word(0)) == count ? request.block(count) : nil
    }

    // MARK: Flash

    private mutating func setParameters() -> StubStatus {
        guard request.bodyLength == 24 else { return .badLength }
        configuredSize = Int(request.word(1))
        return .success
    }

    private func reachable(_ host: any LoaderHost) -> Int { min(configuredSize ?? host.flash.size, host.flash.size) }

    private mutating func begin(isCompressed: Bool, _ host: any LoaderHost) -> StubStatus {
        guard request.bodyLength == 16 || request.bodyLength == 20 else { return .badLength }
        if request.bodyLength == 20 && request.word(4) != 0 { return .notImplemented }
        write = StubFlashWrite(
            offset: Int(request.word(3)), count: Int(request.word(0)), isCompressed: isCompressed,
            limit: reachable(host))
        return .success
    }

    private mutating func data(_ opcode: LoaderOpcode, _ host: any LoaderHost) -> [LoaderAction] {
        let isCompressed = opcode == .deflateData
        guard request.bodyLength >= 16 else { return [answer(isCompressed ? .badLength : .notEnoughData)] }
        guard var write, write.isCompressed == isCompressed else { return [answer(.notInFlashMode)] }
        guard let block = wholeBlock else { return [answer(.tooMuchData)] }
        guard loaderChecksum(block) == request.checksum else { return [answer(.badChecksum)] }
        deferred = write.received(block, sequence: request.word(1), flash: host.flash)
        self.write = write
        return [answer(.success)]
    }

    // Refused until exactly the promised bytes have come. Only the legacy stub obeys the reboot flag, 0.
    private mutating func end() -> [LoaderAction] {
        guard request.bodyLength == 4 else { return [answer(.badLength)] }
        guard let write else { return [answer(.notInFlashMode)] }
        guard write.remaining == 0 else { return [answer(.badLength)] }
        self.write = nil
        return [answer(.success)] + (generation == .legacy && request.word(0) == 0 ? [.reboot] : [])
    }

    private func md5(_ host: any LoaderHost) -> LoaderAction {
        guard request.bodyLength == 16 else { return answer(.badLength) }
        guard let digest = flashMD5(host.flash, request.word(0), request.word(1), limit: reachable(host)) else {
            return answer(.flashFailed)
        }
        return answer(.success, data: digest)
    }

    private func eraseRegion(_ host: any LoaderHost) -> StubStatus {
        guard request.bodyLength == 8 else { return .badLength }
        let offset = Int(request.word(0))
        let count = Int(request.word(1))
        guard offset % NORFlash.sectorSize == 0, count % NORFlash.sectorSize == 0 else { return .badLength }
        guard offset + count <= reachable(host), host.flash.eraseSectors(offset..<offset + count) else {
            return .flashFailed
        }
        return .success
    }

    // MARK: Reading back

    private mutating func beginRead(_ host: any LoaderHost) -> [LoaderAction] {
        guard request.bodyLength == 16 else { return [answer(.badLength)] }
        let reply = answer(.success)
        let packetSize = Int(request.word(2))
        guard (1...4096).contains(packetSize) else {
            deferred = .badLength
            return [reply]
        }
        var read = StubFlashRead(
            offset: Int(request.word(0)), count: Int(request.word(1)), packetSize: packetSize, flash: host.flash,
            limit: reachable(host))
        let messages = read.next()
        store(read)
        return [reply] + messages.map { .send(slipFrame($0)) }
    }

    private mutating func acknowledged(_ frame: [UInt8]) -> [LoaderAction] {
        guard var read else { return [] }
        let messages = read.acknowledged(frame)
        store(read)
        return messages.map { .send(slipFrame($0)) }
    }

    private mutating func store(_ read: StubFlashRead) {
        self.read = read.isFinished ? nil : read
        if read.hasFailed { deferred = .flashFailed }
    }
}
