// The flash chip seen through its SPI pins: the commands that a flash controller, a boot loader or esptool
// sends (W25Q datasheet, "Instructions"). Read modes differ only in their wiring and dummy clocks, which the
// controller deals with. Protection covers the BP and TB bits; CMP, SEC and the lock bits are left out.

extension NORFlash {
    /// Runs one SPI command and returns `readCount` bytes of its answer.
    ///
    /// `written` are the data bytes after opcode and address. Unknown opcodes float the line: 0xFF.
    package func command(_ opcode: UInt8, address: UInt32, written: [UInt8], readCount: Int) -> [UInt8] {
        let count = max(0, min(readCount, 65536))
        if isPoweredDown && opcode != 0xAB { return [UInt8](repeating: 0xFF, count: count) }
        if let answer = answer(opcode, Int(address & 0xFFFFFF), count) { return answer }
        change(opcode, Int(address & 0xFFFFFF), written)
        return [UInt8](repeating: 0xFF, count: count)
    }

    private func answer(_ opcode: UInt8, _ address: Int, _ count: Int) -> [UInt8]? {
        switch opcode {
        case 0x9F: return repeated(idBytes, count)
        case 0x05: return [UInt8](repeating: status[0] | (isWriteEnabled ? 0x02 : 0), count: count)
        case 0x35: return [UInt8](repeating: status[1], count: count)
        case 0x15: return [UInt8](repeating: status[2], count: count)
        case 0x03, 0x0B, 0x3B, 0x6B, 0xBB, 0xEB: return wrapped(address, count)
        case 0x5A: return (0..<count).map { sfdpByte(address + $0) }
        case 0x90: return repeated(address & 1 == 0 ? [idBytes[0], deviceID] : [deviceID, idBytes[0]], count)
        case 0x4B: return (0..<count).map { UInt8(truncatingIfNeeded: 0xD1 &+ $0 &* 37) }
        case 0xAB:
            isPoweredDown = false
            return [UInt8](repeating: deviceID, count: count)
        default: return nil
        }
    }

    private func change(_ opcode: UInt8, _ address: Int, _ written: [UInt8]) {
        switch opcode {
        case 0x06, 0x50: isWriteEnabled = true
        case 0x04, 0x99: isWriteEnabled = false
        case 0xB9: isPoweredDown = true
        case 0x02, 0x32, 0x20, 0x52, 0xD8, 0xC7, 0x60, 0x01, 0x31, 0x11: whenWriteEnabled(opcode, address, written)
        default: return
        }
    }

    private func whenWriteEnabled(_ opcode: UInt8, _ address: Int, _ written: [UInt8]) {
        guard isWriteEnabled else { return }
        isWriteEnabled = false
        let address = address % size
        switch opcode {
        case 0x02, 0x32: programThroughPins(address, written)
        case 0x20: _ = erase(.sector, at: address)
        case 0x52: _ = erase(.half, at: address)
        case 0xD8: _ = erase(.full, at: address)
        case 0xC7, 0x60: _ = eraseAll()
        case 0x01: for (register, value) in written.prefix(2).enumerated() { writeStatus(register, value) }
        case 0x31: written.first.map { writeStatus(1, $0) }
        case 0x11: written.first.map { writeStatus(2, $0) }
        default: return
        }
    }

    // More than a page's worth: the page buffer keeps what came last (datasheet, "Page Program").
    private func programThroughPins(_ address: Int, _ written: [UInt8]) {
        guard !written.isEmpty else { return }
        let extra = max(0, written.count - Self.pageSize)
        let page = address - address % Self.pageSize
        _ = programPage(page + (address - page + extra) % Self.pageSize, written[extra...])
    }

    // BUSY and WEL are the chip's own to set.
    private func writeStatus(_ register: Int, _ value: UInt8) {
        status[register] = register == 0 ? value & 0xFC : value
    }

    /// The range that the block-protect bits of status register 1 lock (datasheet, status protection table).
    package var protected: Range<Int> {
        let level = Int(status[0] >> 2 & 0x07)
        guard level > 0 else { return 0..<0 }
        let count = level == 7 ? size : min(size, max(Self.sectorSize, size >> (7 - level)))
        return status[0] & 0x20 != 0 ? 0..<count : size - count..<size
    }

    private var idBytes: [UInt8] {
        [
            UInt8(truncatingIfNeeded: jedecID), UInt8(truncatingIfNeeded: jedecID >> 8),
            UInt8(truncatingIfNeeded: jedecID >> 16),
        ]
    }

    private var deviceID: UInt8 { idBytes[2] &- 1 }

    private func repeated(_ pattern: [UInt8], _ count: Int) -> [UInt8] {
        (0..<count).map { pattern[$0 % pattern.count] }
    }

    private func wrapped(_ address: Int, _ count: Int) -> [UInt8] {
        let start = address % size
        if start + count <= size { return [UInt8](UnsafeRawBufferPointer(start: bytes + start, count: count)) }
        return (0..<count).map { (bytes + (start + $0) % size).load(as: UInt8.self) }
    }

    // JESD216: the header, one parameter header, and nine words of the basic flash parameter table at 0x80.
    private func sfdpByte(_ address: Int) -> UInt8 {
        let words: [UInt32]
        let index: Int
        switch address {
        case 0..<16:
            words = [0x5044_4653, 0xFF00_0100, 0x0901_0000, 0xFF00_0080]
            index = address
        case 0x80..<0x80 + 36:
            words = [
                0xFFF1_20E5, UInt32(size) * 8 - 1, 0x6B08_EB44, 0xBB42_3B08, 0xFFFF_FFFE, 0x0000_FFFF, 0x0000_FFFF,
                0x520F_200C, 0x0000_D810,
            ]
            index = address - 0x80
        default: return 0xFF
        }
        return UInt8(truncatingIfNeeded: words[index / 4] >> UInt32(index % 4 * 8))
    }
}
