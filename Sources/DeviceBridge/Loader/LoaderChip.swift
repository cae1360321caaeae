// What the loader's client must know of each chip: how it is recognised, how its ROM's commands differ, and
// where its registers are. Facts: the chips' technical reference manuals (system registers, eFuse, SPI) and
// esptool's documentation. Memory maps and image formats are ESPImage's.

/// A chip as the loader's client sees it.
public struct LoaderChip: Equatable, Sendable {
    /// The name used everywhere, `esp32`.
    public var name: String
    /// What the word at 0x40001000 of its ROM holds, where that tells the chip.
    package var magic: UInt32?
    /// Its number in the answer to GET_SECURITY_INFO.
    package var securityID: UInt32?
    /// Whether FLASH_BEGIN has a fifth word.
    package var beginHasEncryptionWord: Bool
    /// Where the flash controller is, where we know.
    package var spi: SPIRegisters?

    /// The address whose word tells the older chips apart.
    package static let magicRegister: UInt32 = 0x4000_1000

    /// The ESP32, the one chip whose every register we use.
    public static let esp32 = LoaderChip(
        name: "esp32", magic: 0x00F0_1D83, securityID: nil, beginHasEncryptionWord: false,
        spi: SPIRegisters(
            command: 0x3FF4_2000, user: 0x3FF4_201C, user2: 0x3FF4_2024, inputLength: 0x3FF4_202C,
            data: 0x3FF4_2080))

    /// All known chips.
    public static let all: [LoaderChip] = [
        esp32,
        LoaderChip(name: "esp32s2", magic: 0x0000_07C6, securityID: 2, beginHasEncryptionWord: true, spi: nil),
        later("esp32c3", 5, spi: 0x6000_2000), later("esp32s3", 9, spi: 0x6000_2000), later("esp32c2", 12),
        later("esp32c6", 13), later("esp32h2", 16), later("esp32p4", 18), later("esp32c61", 20),
        later("esp32c5", 23),
        LoaderChip(name: "esp8266", magic: 0xFFF0_C101, securityID: nil, beginHasEncryptionWord: false, spi: nil),
    ]

    private static func later(_ name: String, _ id: UInt32, spi base: UInt32? = nil) -> LoaderChip {
        LoaderChip(
            name: name, magic: nil, securityID: id, beginHasEncryptionWord: true,
            spi: base.map {
                SPIRegisters(
                    command: $0, user: $0 + 0x18, user2: $0 + 0x20, inputLength: $0 + 0x28, data: $0 + 0x58)
            })
    }
}

/// The registers of the flash controller's user-defined commands.
package struct SPIRegisters: Equatable, Sendable {
    package var command: UInt32
    package var user: UInt32
    package var user2: UInt32
    package var inputLength: UInt32
    package var data: UInt32

    /// Writes that read `bits` bits with flash command `opcode`: command phase and input phase only.
    package func reading(opcode: UInt8, bits: UInt32) -> [RegisterWrite] {
        [
            RegisterWrite(inputLength, bits - 1),
            RegisterWrite(user, 1 << 31 | 1 << 28),
            RegisterWrite(user2, 7 << 28 | UInt32(opcode)),
            RegisterWrite(data, 0),
            RegisterWrite(command, 1 << 18),
        ]
    }
}
