// The numbers of the loader's commands and how long each may take, both as data.

/// A command of the ROM loader.
public struct LoaderOpcode: RawRepresentable, Hashable, Sendable {
    /// The byte on the wire.
    public let rawValue: UInt8

    /// Makes an opcode from its byte.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let flashBegin = LoaderOpcode(rawValue: 0x02)
    package static let flashData = LoaderOpcode(rawValue: 0x03)
    package static let flashEnd = LoaderOpcode(rawValue: 0x04)
    package static let memoryBegin = LoaderOpcode(rawValue: 0x05)
    package static let memoryEnd = LoaderOpcode(rawValue: 0x06)
    package static let memoryData = LoaderOpcode(rawValue: 0x07)
    package static let sync = LoaderOpcode(rawValue: 0x08)
    package static let writeRegister = LoaderOpcode(rawValue: 0x09)
    package static let readRegister = LoaderOpcode(rawValue: 0x0A)
    package static let spiSetParameters = LoaderOpcode(rawValue: 0x0B)
    package static let spiAttach = LoaderOpcode(rawValue: 0x0D)
    package static let readFlashSlow = LoaderOpcode(rawValue: 0x0E)
    package static let changeBaudRate = LoaderOpcode(rawValue: 0x0F)
    package static let deflateBegin = LoaderOpcode(rawValue: 0x10)
    package static let deflateData = LoaderOpcode(rawValue: 0x11)
    package static let deflateEnd = LoaderOpcode(rawValue: 0x12)
    package static let flashMD5 = LoaderOpcode(rawValue: 0x13)
    package static let securityInfo = LoaderOpcode(rawValue: 0x14)
    /// A stub's own: streams a range of the flash.
    package static let readFlash = LoaderOpcode(rawValue: 0xD2)
}

extension LoaderOpcode: CustomStringConvertible {
    /// The field's name of the command.
    public var description: String {
        Self.names[self] ?? "command 0x\(String(rawValue, radix: 16, uppercase: true))"
    }

    private static let names: [LoaderOpcode: String] = [
        .flashBegin: "FLASH_BEGIN", .flashData: "FLASH_DATA", .flashEnd: "FLASH_END", .memoryBegin: "MEM_BEGIN",
        .memoryEnd: "MEM_END", .memoryData: "MEM_DATA", .sync: "SYNC", .writeRegister: "WRITE_REG",
        .readRegister: "READ_REG", .spiSetParameters: "SPI_SET_PARAMS", .spiAttach: "SPI_ATTACH",
        .readFlashSlow: "READ_FLASH_SLOW", .changeBaudRate: "CHANGE_BAUDRATE", .deflateBegin: "FLASH_DEFL_BEGIN",
        .deflateData: "FLASH_DEFL_DATA", .deflateEnd: "FLASH_DEFL_END", .flashMD5: "SPI_FLASH_MD5",
        .securityInfo: "GET_SECURITY_INFO", .readFlash: "READ_FLASH",
    ]
}

/// How long the loader may take over a command.
package struct CommandTime: Equatable, Sendable {
    /// The least that is allowed.
    package var base: Duration
    /// What each million bytes of flash adds, when that is more than `base`.
    package var perMegabyte: Duration

    /// The limit for a command that touches `bytes` bytes of flash; 240 s at most.
    package func limit(bytes: Int) -> Duration {
        min(.seconds(240), max(base, perMegabyte * (Double(max(0, bytes)) / 1e6)))
    }

    /// One request, one quick answer.
    package static let quick = CommandTime(base: .seconds(3), perMegabyte: .zero)
    /// Reading and hashing flash.
    package static let hashing = CommandTime(base: .seconds(3), perMegabyte: .seconds(8))
    /// Erasing flash.
    package static let erasing = CommandTime(base: .seconds(3), perMegabyte: .seconds(40))
    /// Erasing and programming behind one block of a compressed stream.
    package static let inflating = CommandTime(base: .seconds(3), perMegabyte: .seconds(40))
    /// One try of the synchronisation.
    package static let sync = CommandTime(base: .milliseconds(100), perMegabyte: .zero)
}
