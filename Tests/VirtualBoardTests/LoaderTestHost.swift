// A chip for the loader's tests that is only a table: RAM, the registers that tools read to know an ESP32, and
// as much of the SPI controller as they use to talk to the flash. It runs no programs; the real chip has its own
// tests.

import TestSupport
import VirtualBoard

/// A table that plays the chip.
final class LoaderTestHost: LoaderHost {
    let flash: NORFlash
    var words: [UInt32: UInt32] = [
        0x4000_1000: 0x00F0_1D83,
        0x3FF5_A004: 0xC445_5350, 0x3FF5_A008: 0x0020_240A, 0x3FF5_A00C: 0x0000_8000, 0x3FF5_A014: 0x0010_0000,
        0x3FF6_607C: 0x8000_0000, 0x3FF4_0014: 0x0000_0158,
    ]
    var stored: [UInt32: UInt8] = [:]
    private let spi: UInt32 = 0x3FF4_2000

    init(flash: NORFlash) { self.flash = flash }

    func loaderRead(_ address: UInt32) -> UInt32? {
        // Where the chip has nothing at all.
        if address < 0x3FF0_0000 || address & 3 != 0 { return nil }
        return words[address] ?? 0
    }

    func loaderWrite(_ address: UInt32, _ value: UInt32) -> Bool {
        guard address >= 0x3FF0_0000 else { return false }
        words[address] = value
        if address == spi && value & 1 << 18 != 0 { runSPI() }
        return true
    }

    func loaderAttachFlash() {}

    func loaderStore(_ address: UInt32, _ bytes: ArraySlice<UInt8>) -> Bool {
        guard address >= 0x3FFA_E000, address < 0x5000_2000 else { return false }
        for (index, byte) in bytes.enumerated() { stored[address &+ UInt32(index)] = byte }
        return true
    }

    private func runSPI() {
        func word(_ offset: UInt32) -> UInt32 { words[spi + offset] ?? 0 }
        let user = word(0x1C)
        let opcode = UInt8(truncatingIfNeeded: word(0x20 + 4))
        let addressBits = user & 1 << 30 != 0 ? word(0x20) >> 26 + 1 : 0
        let address = addressBits == 0 ? 0 : word(0x04) >> (32 - addressBits)
        let outCount = user & 1 << 27 != 0 ? Int(word(0x28) + 8) / 8 : 0
        let inCount = user & 1 << 28 != 0 ? Int(word(0x2C) + 8) / 8 : 0
        let written = (0..<outCount).map { index in
            UInt8(truncatingIfNeeded: word(0x80 + UInt32(index & ~3)) >> UInt32(index % 4 * 8))
        }
        let answer = flash.command(opcode, address: address, written: written, readCount: inCount)
        for (index, byte) in answer.enumerated() {
            let register = spi + 0x80 + UInt32(index & ~3)
            let shift = UInt32(index % 4 * 8)
            words[register] = (words[register] ?? 0) & ~(0xFF << shift) | UInt32(byte) << shift
        }
        words[spi] = 0
    }
}
