// Requests to the ROM loader, one maker per command, and the reading of its replies. Layout: u8 direction, u8
// opcode, u16 length, u32 checksum or value, body, all little-endian; a reply's body is the data the command
// returns, then the status (four bytes from the ROM of the ESP32 family, two from a flasher stub, of which two
// mean something). Facts: esptool's documentation, "Serial Protocol". No order of commands is known here.

/// One command, ready to be sent.
package struct LoaderRequest: Equatable, Sendable {
    /// What may be done when no reply came.
    package enum Repeat: Equatable, Sendable {
        /// Asking twice changes nothing: ask again.
        case harmless
        /// The command may or may not have been carried out: find out before going on.
        case askFirst
    }

    package var opcode: LoaderOpcode
    package var body: [UInt8]
    package var checksum: UInt32 = 0
    /// Bytes of data before the status in a reply that succeeds.
    package var replyDataLength = 0
    /// Bytes that a stub streams after a reply that succeeds.
    package var streamBytes = 0
    package var timeout: Duration
    package var `repeat`: Repeat

    /// The bytes for the wire.
    package var frame: [UInt8] {
        var packet: [UInt8] = [0, opcode.rawValue]
        packet.appendLittleEndian(UInt16(truncatingIfNeeded: body.count))
        packet.appendLittleEndian(checksum)
        return SlipEncoder.frame(packet + body)
    }
}

extension LoaderRequest {
    /// Wakes the loader and lets it measure the baud rate.
    package static let sync = LoaderRequest(
        opcode: .sync, body: [0x07, 0x07, 0x12, 0x20] + [UInt8](repeating: 0x55, count: 32),
        timeout: CommandTime.sync.base, repeat: .harmless)

    /// The value of a register.
    package static func readRegister(_ address: UInt32) -> LoaderRequest {
        words(.readRegister, [address], repeat: .harmless)
    }

    /// Sets several registers in order, which may be done twice; one packet carries as many entries as fit.
    package static func writeRegisters(_ writes: [RegisterWrite]) -> LoaderRequest {
        words(.writeRegister, writes.flatMap { [$0.address, $0.value, $0.mask, 0] }, repeat: .harmless)
    }

    /// Connects the flash chip to its default pins. The ROM wants a second word, of zeros; a stub takes none.
    package static func spiAttach(_ kind: LoaderKind) -> LoaderRequest {
        words(.spiAttach, kind == .rom ? [0, 0] : [0], repeat: .harmless)
    }

    /// Tells the ROM how large the flash is.
    package static func spiSetParameters(flashSize: Int) -> LoaderRequest {
        words(
            .spiSetParameters, [0, UInt32(clamping: flashSize), 0x10000, 0x1000, 0x100, 0xFFFF], repeat: .harmless)
    }

    /// The MD5 of a range of the flash.
    package static func flashMD5(_ range: Range<Int>) -> LoaderRequest {
        var request = words(
            .flashMD5, [UInt32(clamping: range.lowerBound), UInt32(clamping: range.count), 0, 0],
            time: .hashing, bytes: range.count, repeat: .harmless)
        request.replyDataLength = 32
        return request
    }

    /// Up to 64 bytes of flash; the reply always holds 64.
    package static func readFlashSlow(offset: Int, count: Int) -> LoaderRequest {
        var request = words(.readFlashSlow, [UInt32(clamping: offset), UInt32(clamping: count)], repeat: .harmless)
        request.replyDataLength = 64
        return request
    }

    /// What one MEM_DATA carries; the ROM takes no more.
    package static let memoryBlockBytes = 0x1800

    /// Makes ready for a program's bytes at an address of the RAM.
    package static func memoryBegin(bytes: Int, address: UInt32) -> LoaderRequest {
        let blocks = (bytes + memoryBlockBytes - 1) / memoryBlockBytes
        return words(
            .memoryBegin,
            [UInt32(clamping: bytes), UInt32(clamping: blocks), UInt32(clamping: memoryBlockBytes), address],
            repeat: .askFirst)
    }

    /// A block of it.
    package static func memoryData(_ data: ArraySlice<UInt8>, sequence: Int) -> LoaderRequest {
        block(.memoryData, Array(data), sequence, limit: CommandTime.quick.base)
    }

    /// Runs it.
    package static func memoryEnd(entry: UInt32) -> LoaderRequest {
        var request = words(.memoryEnd, [0, entry], repeat: .askFirst)
        request.timeout = .milliseconds(300)
        return request
    }

    /// A range of the flash as a stream of packets, which only a stub can give; it may be asked for anew.
    package static func readFlash(_ range: Range<Int>) -> LoaderRequest {
        var request = words(
            .readFlash, [UInt32(clamping: range.lowerBound), UInt32(clamping: range.count), 0x1000, 64],
            repeat: .askFirst)
        request.streamBytes = range.count
        return request
    }

    /// The chip's security flags and id; the ROMs of ESP32 and ESP8266 do not know it.
    package static let securityInfo: LoaderRequest = {
        var request = words(.securityInfo, [], repeat: .harmless)
        request.replyDataLength = 20
        return request
    }()

    /// Changes the loader's rate; the reply still comes at the old one, which a stub wants to be told.
    package static func changeBaudRate(_ baud: Int, from old: Int, _ kind: LoaderKind) -> LoaderRequest {
        let second = kind == .rom ? 0 : UInt32(clamping: old)
        return words(.changeBaudRate, [UInt32(clamping: baud), second], repeat: .askFirst)
    }

    /// Leaves the loader: 0 restarts the chip.
    package static let flashEndReboot = words(.flashEnd, [0], repeat: .askFirst)

    package static func words(
        _ opcode: LoaderOpcode, _ words: [UInt32], time: CommandTime = .quick, bytes: Int = 0, repeat: Repeat
    ) -> LoaderRequest {
        var body: [UInt8] = []
        for word in words { body.appendLittleEndian(word) }
        return LoaderRequest(opcode: opcode, body: body, timeout: time.limit(bytes: bytes), repeat: `repeat`)
    }
}

/// One register to set.
package struct RegisterWrite: Equatable, Sendable {
    package var address: UInt32
    package var value: UInt32
    package var mask: UInt32 = .max

    package init(_ address: UInt32, _ value: UInt32) {
        self.address = address
        self.value = value
    }
}

extension LoaderRequest {
    /// Erases `eraseBytes` from `offset` on and makes ready for `blocks` plain blocks.
    /// `encryptionWord`: later chips' ROMs expect a fifth word, the ESP32's refuses it.
    package static func flashBegin(
        eraseBytes: Int, blocks: Int, offset: Int, encryptionWord: Bool, _ kind: LoaderKind
    ) -> LoaderRequest {
        begin(.flashBegin, eraseBytes, blocks, offset, encryptionWord, kind)
    }

    /// The same for a compressed stream; the ROM wants the uncompressed size in whole blocks, a stub the size itself.
    package static func deflateBegin(
        uncompressedBytes: Int, blocks: Int, offset: Int, encryptionWord: Bool, _ kind: LoaderKind
    ) -> LoaderRequest {
        let block = kind.blockBytes
        let size = kind == .rom ? (uncompressedBytes + block - 1) / block * block : uncompressedBytes
        return begin(.deflateBegin, size, blocks, offset, encryptionWord, kind)
    }

    /// The end of a run, which to a stub means that everything must have come; the ROM would leave its loader.
    package static func flashEnd(isCompressed: Bool, bytes: Int) -> LoaderRequest {
        words(isCompressed ? .deflateEnd : .flashEnd, [1], time: .inflating, bytes: bytes, repeat: .askFirst)
    }

    /// A plain block, filled up with 0xFF.
    package static func flashData(_ data: ArraySlice<UInt8>, sequence: Int, _ kind: LoaderKind) -> LoaderRequest {
        let padded = Array(data) + [UInt8](repeating: 0xFF, count: max(0, kind.blockBytes - data.count))
        return block(.flashData, padded, sequence, limit: CommandTime.erasing.limit(bytes: padded.count))
    }

    /// A block of a compressed stream that stands for up to `uncompressedBytes` of flash.
    package static func deflateData(
        _ data: ArraySlice<UInt8>, sequence: Int, uncompressedBytes: Int
    ) -> LoaderRequest {
        block(.deflateData, Array(data), sequence, limit: CommandTime.inflating.limit(bytes: uncompressedBytes))
    }

    private static func begin(
        _ opcode: LoaderOpcode, _ size: Int, _ blocks: Int, _ offset: Int, _ encryptionWord: Bool, _ kind: LoaderKind
    ) -> LoaderRequest {
        let body = [size, blocks, kind.blockBytes, offset].map { UInt32(clamping: $0) } + (encryptionWord ? [0] : [])
        return words(opcode, body, time: .erasing, bytes: size, repeat: .askFirst)
    }

    private static func block(
        _ opcode: LoaderOpcode, _ data: [UInt8], _ sequence: Int, limit: Duration
    ) -> LoaderRequest {
        var request = words(
            opcode, [UInt32(clamping: data.count), UInt32(clamping: sequence), 0, 0], repeat: .askFirst)
        request.body += data
        request.checksum = UInt32(data.reduce(0xEF, ^))
        request.timeout = limit
        return request
    }
}

/// What the loader answered to one request.
package struct LoaderReply: Equatable, Sendable {
    package var value: UInt32
    package var data: [UInt8]

    package init(value: UInt32 = 0, data: [UInt8] = []) {
        self.value = value
        self.data = data
    }
}

/// A frame, read as the reply to a request.
package enum ReplyReading: Equatable, Sendable {
    case success(LoaderReply)
    case refused(ROMError)
    /// The reply to something else, or damaged.
    case unrelated

    /// Reads `packet` as the reply to `request`.
    package init(_ packet: [UInt8], to request: LoaderRequest) {
        guard packet.count >= 10, packet[0] == 1, packet[1] == request.opcode.rawValue,
            let length = packet.littleEndian(UInt16.self, at: 2), Int(length) == packet.count - 8,
            let value = packet.littleEndian(UInt32.self, at: 4)
        else {
            self = .unrelated
            return
        }
        let payload = packet[8...]
        var dataLength = request.replyDataLength
        // A stub sends the digest as 16 raw bytes.
        if request.opcode == .flashMD5 && payload.count == 18 { dataLength = 16 }
        guard payload.count >= dataLength + 2 else {
            // Too short for the data: only a refusal may be.
            self = payload[8] != 0 ? .refused(ROMError(status: payload[8], payload[9])) : .unrelated
            return
        }
        let status = payload.dropFirst(dataLength)
        if status[status.startIndex] != 0 {
            self = .refused(ROMError(status: status[status.startIndex], status[status.startIndex + 1]))
        } else {
            self = .success(LoaderReply(value: value, data: Array(payload.prefix(dataLength))))
        }
    }
}

extension LoaderReply {
    /// The digest of an MD5 reply, from 32 hexadecimal digits or 16 raw bytes; nil where it is neither.
    package var digest: [UInt8]? {
        if data.count == 16 { return data }
        guard data.count == 32 else { return nil }
        var digest: [UInt8] = []
        for index in stride(from: 0, to: 32, by: 2) {
            guard let high = Character(UnicodeScalar(data[index])).hexDigitValue,
                let low = Character(UnicodeScalar(data[index + 1])).hexDigitValue
            else { return nil }
            digest.append(UInt8(high << 4 | low))
        }
        return digest
    }
}
