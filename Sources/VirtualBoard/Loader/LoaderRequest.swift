// A request of the host as it lies in the board's receive buffer, and the vocabulary of operations and reasons
// (esptool documentation, "Serial Protocol"). What each operation does is in ROMCommands and FlasherStub.

/// The operations that the ROM loader or a flasher stub knows.
package enum LoaderOpcode: UInt8, Sendable {
    case flashBegin = 0x02
    case flashData = 0x03
    case flashEnd = 0x04
    case memoryBegin = 0x05
    case memoryEnd = 0x06
    case memoryData = 0x07
    case sync = 0x08
    case writeRegister = 0x09
    case readRegister = 0x0A
    case spiSetParameters = 0x0B
    case spiAttach = 0x0D
    case readFlashSlow = 0x0E
    case changeBaudRate = 0x0F
    case deflateBegin = 0x10
    case deflateData = 0x11
    case deflateEnd = 0x12
    case flashMD5 = 0x13
    case securityInfo = 0x14
    case eraseFlash = 0xD0
    case eraseRegion = 0xD1
    case readFlash = 0xD2
    case runUserCode = 0xD3
}

/// A request in a buffer of fixed size.
///
/// A field beyond the received bytes reads what an earlier frame left there, as in the ROM, which checks few
/// lengths; no field can be read outside the buffer.
struct LoaderRequest {
    /// Eight header bytes, the sub-header of a data block, and the largest block, with room for padding.
    static let romCapacity = 0x2000
    static let stubCapacity = 8 + 0x4000 + 0xFF

    private var buffer: [UInt8]
    /// The number of bytes of the frame that lies in the buffer.
    private(set) var frameLength = 0

    init(capacity: Int) { buffer = [UInt8](repeating: 0, count: capacity) }

    /// Puts a frame into the buffer; it must not be longer than the capacity.
    mutating func store(_ frame: [UInt8]) {
        let count = min(frame.count, buffer.count)
        buffer.replaceSubrange(0..<count, with: frame[..<count])
        frameLength = count
    }

    var direction: UInt8 { buffer[0] }
    var opcode: UInt8 { buffer[1] }
    /// The length of the body as the host claims it.
    var bodyLength: Int { Int(buffer[2]) | Int(buffer[3]) << 8 }
    var checksum: UInt32 { littleEndian(4) }
    /// The length of the body as received.
    var receivedBody: Int { max(0, frameLength - 8) }

    /// A 32-bit word of the body.
    func word(_ index: Int) -> UInt32 { littleEndian(8 + index * 4) }

    /// `count` bytes of a data block, which follow its sub-header of four words; nil when the buffer is shorter.
    func block(_ count: Int) -> ArraySlice<UInt8>? {
        count >= 0 && count <= buffer.count - 24 ? buffer[24..<24 + count] : nil
    }

    private func littleEndian(_ offset: Int) -> UInt32 {
        guard offset >= 0, offset + 4 <= buffer.count else { return 0 }
        return (0..<4).reduce(0) { $0 | UInt32(buffer[offset + $1]) << UInt32($1 * 8) }
    }
}

/// The checksum of a data block: 0xEF and every byte, exclusive-or.
func loaderChecksum(_ data: ArraySlice<UInt8>) -> UInt32 {
    UInt32(data.reduce(0xEF) { $0 ^ $1 })
}

func littleEndianBytes(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32($0 * 8)) }
}
