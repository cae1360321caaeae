// The eFuse controller (TRM, "eFuse Controller"): reading the four blocks as esptool and the ROM do. Block 0 holds the
// MAC with its CRC, package and revision as a module has them from the factory. Burning is left out: a program
// command ends at once and changes nothing.

/// The eFuses of one chip.
package final class EFuseController: Peripheral {
    private var registers: RegisterFile

    private enum Register {
        static let block0: UInt32 = 0x00, command: UInt32 = 0x104, date: UInt32 = 0x1FC
        static let writeWords = [UInt32(0x1C)...0x34, 0x98...0xF4]
    }

    /// Burns what the factory burns.
    package init(profile: BoardProfile) {
        var values = [Register.date: UInt32(0x1604_2600)]
        for (index, word) in Self.block0(of: profile).enumerated() {
            values[Register.block0 + UInt32(4 * index)] = word
        }
        registers = RegisterFile(size: 0x200, resetValues: values)
    }

    package func read(_ offset: UInt32, at cycle: UInt64) -> UInt32 { registers[offset] }

    package func write(_ offset: UInt32, _ value: UInt32, at cycle: UInt64) {
        let isStored = offset >= 0xF8 && offset != Register.command && offset < Register.date
        if isStored || Register.writeWords.contains(where: { $0.contains(offset) }) { registers[offset] = value }
    }

    /// The CRC-8 of a MAC address as the factory stores it: polynomial 0x31, bits reflected (Maxim's).
    package static func checksum(_ mac: [UInt8]) -> UInt8 {
        mac.reduce(0) { crc, byte in
            (0..<8).reduce(crc ^ byte) { value, _ in value & 1 != 0 ? value >> 1 ^ 0x8C : value >> 1 }
        }
    }

    // Words of block 0: MAC in 1 and 2; package (bits 9-11), CPU rating (bit 13: rated, for 240 MHz), BLK3 parts and the
    // revision's low bit (15) in 3; RC clock 50 and reference voltage in 4; the revision's other bits in 5; "no BASIC
    // interpreter" (bit 2) in 6. The revision's third bit is in SYSCON's date register.
    private static func block0(of profile: BoardProfile) -> [UInt32] {
        let mac = profile.mac.map { UInt32($0) }
        var words = [UInt32](repeating: 0, count: 7)
        guard mac.count == 6 else { return words }
        words[1] = mac[2] << 24 | mac[3] << 16 | mac[4] << 8 | mac[5]
        words[2] = UInt32(checksum(profile.mac)) << 16 | mac[0] << 8 | mac[1]
        words[3] = 1 << 9 | 1 << 13 | (profile.revision.major >= 1 ? 1 << 15 : 0)
        words[4] = 50 | 2 << 8
        words[5] = (profile.revision.major >= 2 ? 1 << 20 : 0) | UInt32(profile.revision.minor & 3) << 24
        words[6] = 1 << 2
        return words
    }
}
