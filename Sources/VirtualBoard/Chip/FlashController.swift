// The SPI controllers 0 and 1 in front of the flash chip (TRM, "SPI Controller"; esptool reads flash ids this way): the
// fixed flash commands and USR transactions with command, address, data out and in. A command is done at once. Left
// out: DMA, slave mode, quad modes (the chip's bytes are the same in each), and every bus but the flash's; registers
// of those keep what is written.

/// An SPI controller with the flash chip on it.
package final class FlashController: Peripheral {
    private let flash: NORFlash
    private let signals: ChipSignals
    /// False while the pins are not connected: nothing gets to the flash, and zeros come back.
    package var isAttached = true
    private var registers = RegisterFile(size: 0x400, resetValues: FlashController.resetValues)

    private enum Register {
        static let command: UInt32 = 0x00, address: UInt32 = 0x04, readStatus: UInt32 = 0x10, user: UInt32 = 0x1C
        static let user1: UInt32 = 0x20, user2: UInt32 = 0x24, outLength: UInt32 = 0x28, inLength: UInt32 = 0x2C
        static let data: UInt32 = 0x80
    }

    private enum Command {
        static let user: UInt32 = 1 << 18
        static let highPerformance: UInt32 = 1 << 19
        static let releasePowerDown: UInt32 = 1 << 20
        static let powerDown: UInt32 = 1 << 21
        static let chipErase: UInt32 = 1 << 22
        static let blockErase: UInt32 = 1 << 23
        static let sectorErase: UInt32 = 1 << 24
        static let pageProgram: UInt32 = 1 << 25
        static let writeStatus: UInt32 = 1 << 26
        static let readStatus: UInt32 = 1 << 27
        static let readID: UInt32 = 1 << 28
        static let writeDisable: UInt32 = 1 << 29
        static let writeEnable: UInt32 = 1 << 30
        static let read: UInt32 = 1 << 31
    }

    // As the boot ROM leaves them after a flash boot: 24-bit addresses, 8-bit command.
    private static let resetValues: [UInt32: UInt32] = [
        0x08: 0x00A0_A000, Register.user: 0x8000_0000, Register.user1: 0x5C00_0007, Register.user2: 0x7000_0000,
        0x34: 0x06,
    ]

    package init(flash: NORFlash, signals: ChipSignals) {
        self.flash = flash
        self.signals = signals
    }

    package func reset() { registers.reset() }

    package func read(_ offset: UInt32, at cycle: UInt64) -> UInt32 {
        offset & ~3 == Register.command ? 0 : registers[offset]
    }

    package func write(_ offset: UInt32, _ value: UInt32, at cycle: UInt64) {
        guard offset & ~3 == Register.command else {
            registers[offset] = value
            return
        }
        run(value)
        if !flash.isPowered { signals.stopRequested() }
    }

    private func run(_ command: UInt32) {
        let address = registers[Register.address] & 0xFF_FFFF
        let written = min(64, Int(registers[Register.address] >> 24))
        switch command {
        case Command.user: runUser()
        case Command.read: store(transfer(0x03, address, [], inCount))
        case Command.pageProgram: send(0x02, address, data(count: written))
        case Command.sectorErase: send(0x20, address)
        case Command.blockErase: send(0xD8, address)
        case Command.chipErase: send(0xC7)
        case Command.writeEnable: send(0x06)
        case Command.writeDisable: send(0x04)
        case Command.powerDown: send(0xB9)
        case Command.readID: store(transfer(0x9F, 0, [], 3))
        case Command.releasePowerDown: store(transfer(0xAB, 0, [], 1))
        case Command.readStatus:
            registers[Register.readStatus] = UInt32(transfer(0x05, 0, [], 1).first ?? 0)
        case Command.writeStatus: send(0x01, 0, [UInt8(truncatingIfNeeded: registers[Register.readStatus])])
        default: return
        }
    }

    private func send(_ opcode: UInt8, _ address: UInt32 = 0, _ written: [UInt8] = []) {
        _ = transfer(opcode, address, written, 0)
    }

    private func transfer(_ opcode: UInt8, _ address: UInt32, _ written: [UInt8], _ readCount: Int) -> [UInt8] {
        guard isAttached else { return [UInt8](repeating: 0, count: readCount) }
        return flash.command(opcode, address: address, written: written, readCount: readCount)
    }

    // In USR mode the address is left-aligned in its register, most significant bit first on the wire.
    private func runUser() {
        let user = registers[Register.user]
        guard user & 1 << 31 != 0 else { return }
        let opcode = UInt8(truncatingIfNeeded: registers[Register.user2])
        let addressBits = user & 1 << 30 != 0 ? registers[Register.user1] >> 26 + 1 : 0
        let address = addressBits == 0 ? 0 : registers[Register.address] >> (32 - min(32, addressBits))
        let written = user & 1 << 27 != 0 ? data(count: byteCount(Register.outLength)) : []
        let readCount = user & 1 << 28 != 0 ? inCount : 0
        let answer = transfer(opcode, address, written, readCount)
        if readCount > 0 { store(answer) }
    }

    private var inCount: Int { byteCount(Register.inLength) }

    private func byteCount(_ register: UInt32) -> Int { min(64, (Int(registers[register] & 0x7F_FFFF) + 8) / 8) }

    private func data(count: Int) -> [UInt8] {
        (0..<count).map { index in
            UInt8(truncatingIfNeeded: registers[Register.data + UInt32(index & ~3)] >> UInt32(index % 4 * 8))
        }
    }

    private func store(_ bytes: [UInt8]) {
        for (index, byte) in bytes.prefix(64).enumerated() {
            let register = Register.data + UInt32(index & ~3)
            let shift = UInt32(index % 4 * 8)
            registers[register] = registers[register] & ~(0xFF << shift) | UInt32(byte) << shift
        }
    }
}
