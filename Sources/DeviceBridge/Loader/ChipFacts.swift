// What an ESP32 says about itself in its eFuses and clock registers, decoded from the words as they were read.
// Facts: ESP32 technical reference manual, chapters "eFuse Controller" and "UART Controller". No I/O.

/// What is known of a connected chip and its flash.
public struct ChipDescription: Equatable, Sendable {
    /// `esp32`.
    public var chip: String
    /// `v3.0`, nil where we cannot read it.
    public var revision: String?
    /// `24:0a:c4:00:00:01`, nil where we cannot read it.
    public var mac: String?
    /// What the package contains.
    public var features: [String]
    /// The crystal's frequency.
    public var crystalMHz: Int?
    /// The flash's JEDEC id as six hexadecimal digits, manufacturer first.
    public var flashID: String?
    /// The flash's size in bytes.
    public var flashBytes: Int?
    /// Flash encryption and secure boot.
    public var security: ChipSecurity
}

/// What the fuses forbid.
public struct ChipSecurity: Equatable, Sendable {
    /// The flash is read and written through a cipher.
    public var flashEncryption: Bool
    /// Only signed images start.
    public var secureBoot: Bool

    /// The protection in words, or nil.
    package var protection: String? {
        switch (flashEncryption, secureBoot) {
        case (false, false): nil
        case (true, false): "flash encryption"
        case (false, true): "secure boot"
        case (true, true): "flash encryption and secure boot"
        }
    }
}

/// The words of an ESP32 that tell what it is.
package struct ESP32Fuses: Equatable, Sendable {
    /// EFUSE_BLK0_RDATA0 ... RDATA6.
    package var block0: [UInt32]
    /// APB_CTRL_DATE_REG.
    package var apbControlDate: UInt32

    /// The first of the seven fuse words.
    package static let block0Address: UInt32 = 0x3FF5_A000
    package static let apbControlDateAddress: UInt32 = 0x3FF6_607C
    package static let uartClockDivider: UInt32 = 0x3FF4_0014
    /// RTC calibration by which the ROM measures the crystal (TIMG_RTCCALICFG1_REG of timer group 0).
    package static let calibration: UInt32 = 0x3FF5_F06C

    /// Needs seven fuse words.
    package init?(block0: [UInt32], apbControlDate: UInt32) {
        guard block0.count == 7 else { return nil }
        self.block0 = block0
        self.apbControlDate = apbControlDate
    }

    /// Words 1 and 2 hold the address, most significant byte first when printed.
    package var mac: String {
        let value = UInt64(block0[2] & 0xFFFF) << 32 | UInt64(block0[1])
        return (0..<6).reversed().map { twoDigits(UInt8(truncatingIfNeeded: value >> (8 * UInt64($0)))) }
            .joined(separator: ":")
    }

    /// `v3.0`
    package var revision: String { "v\(revisionNumber / 100).\(revisionNumber % 100)" }

    /// Major * 100 + minor. Major: one bit in word 3, one in word 5, one outside the fuses; minor: word 5.
    package var revisionNumber: Int {
        let bits = (block0[3] >> 15 & 1) | (block0[5] >> 20 & 1) << 1 | (apbControlDate >> 31) << 2
        let major: Int
        switch bits {
        case 0: major = 0
        case 1: major = 1
        case 3: major = 2
        case 7: major = 3
        default: major = 0
        }
        return major * 100 + Int(block0[5] >> 24 & 3)
    }

    package var features: [String] {
        let word = block0[3]
        let package = word >> 9 & 7 | (word >> 2 & 1) << 3
        var features = ["Wi-Fi"]
        if word & 1 << 1 == 0 { features.append("Bluetooth") }
        features.append(word & 1 == 0 ? "dual core" : "single core")
        if word & 1 << 13 != 0 { features.append(word & 1 << 12 != 0 ? "160 MHz" : "240 MHz") }
        if [2, 4, 5, 6].contains(package) { features.append("embedded flash") }
        if [6, 7].contains(package) { features.append("embedded PSRAM") }
        return features
    }

    /// FLASH_CRYPT_CNT: an odd number of bits switches encryption on. ABS_DONE_0 and _1: secure boot v1, v2.
    package var security: ChipSecurity {
        ChipSecurity(
            flashEncryption: (block0[0] >> 20 & 0x7F).nonzeroBitCount % 2 == 1,
            secureBoot: block0[6] & (1 << 4 | 1 << 5) != 0)
    }

    /// The crystal, from the divider that gives the rate we talk at. The divider's clock is the crystal in the ROM.
    package static func crystalMHz(divider: UInt32, baud: Int) -> Int {
        let measured = Double(divider & 0xFFFFF) * Double(baud) / 1e6
        return measured > 33 ? 40 : 26
    }

    /// The rate to ask for so that `baud` comes out: the ROM divides what it believes its crystal to be, from a
    /// calibration against the 8 MHz oscillator (word 4), and that belief drifts.
    package func requestedBaud(_ baud: Int, calibration: UInt32) -> Int {
        let believed = Double(calibration >> 7 & 0x01FF_FFFF) * 15625 * Double(block0[4] & 0xFF) / 40
        let crystal = believed > 33e6 ? 40e6 : 26e6
        // An implausible belief is no belief: nothing was calibrated.
        guard abs(believed / crystal - 1) < 0.2 else { return baud }
        return Int(Double(baud) * believed / crystal)
    }
}

/// The flash chip's identification.
package struct FlashID: Equatable, Sendable {
    /// Manufacturer in the low byte, then type, then capacity.
    package var word: UInt32

    package init(word: UInt32) { self.word = word & 0xFF_FFFF }

    /// The bytes in the order they came, `ef4016`.
    package var text: String {
        [0, 8, 16].map { twoDigits(UInt8(truncatingIfNeeded: word >> $0)) }.joined()
    }

    /// From the capacity byte: a power of two, with the aliases larger chips use; nil where nothing sensible came.
    package var bytes: Int? {
        guard word != 0, word != 0xFF_FFFF else { return nil }
        switch Int(word >> 16) {
        case let power where (0x12...0x1C).contains(power): return 1 << power
        case let power where (0x20...0x22).contains(power): return 1 << (power - 6)
        case let power where (0x32...0x3A).contains(power): return 1 << (power - 0x20)
        default: return nil
        }
    }
}

private func twoDigits(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
}
