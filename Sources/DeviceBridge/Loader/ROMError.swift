// The second status byte of a refused command. The ROM's numbers are those of the serial protocol's table
// (esptool's documentation, "Serial Protocol", status bytes).

/// Why the ROM loader refused a command.
public struct ROMError: RawRepresentable, Hashable, Sendable {
    /// The reason byte.
    public let rawValue: UInt8

    /// Makes a reason from its byte.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The reason in two status bytes: the ROM's is the second, a stub's numbers begin at 0xC0 in the first.
    package init(status first: UInt8, _ second: UInt8) {
        self.init(rawValue: first >= 0xC0 ? first : second)
    }

    /// The message is malformed or the command unknown.
    public static let invalidMessage = ROMError(rawValue: 0x05)
    /// The command was understood but could not be carried out.
    public static let failedToAct = ROMError(rawValue: 0x06)
    /// The checksum does not fit the data.
    public static let invalidChecksum = ROMError(rawValue: 0x07)
    /// The flash did not take the data.
    public static let flashWrite = ROMError(rawValue: 0x08)
    /// The flash could not be read.
    public static let flashRead = ROMError(rawValue: 0x09)
    /// The flash was to be read in a length it does not take.
    public static let flashReadLength = ROMError(rawValue: 0x0A)
    /// The compressed stream is broken.
    public static let deflate = ROMError(rawValue: 0x0B)
    /// The compressed stream's checksum is wrong.
    public static let deflateChecksum = ROMError(rawValue: 0x0C)
    /// The compressed stream does not fit what was announced.
    public static let deflateParameter = ROMError(rawValue: 0x0D)
    /// A program for RAM has a size it cannot have.
    public static let invalidRAMSize = ROMError(rawValue: 0x0E)
    /// A program for RAM has an address it cannot have.
    public static let invalidRAMAddress = ROMError(rawValue: 0x0F)
    /// A parameter is out of range.
    public static let invalidParameter = ROMError(rawValue: 0x64)

    /// True where the data was damaged on the way, so that sending it anew can help.
    package var isTransmissionDamage: Bool {
        [.invalidMessage, .invalidChecksum, .deflate, .deflateChecksum, .deflateParameter].contains(self)
            || [0xC0, 0xC1, 0xC7, 0xC8, 0xC9].contains(rawValue)
    }

    package var hint: String {
        isTransmissionDamage
            ? "Bytes are damaged on the way: try a lower --baud or a shorter cable."
            : "Check that the flash chip is sound, large enough and not write-protected."
    }
}

extension ROMError: CustomStringConvertible {
    /// The reason in words, and its byte.
    public var description: String {
        let digits = String(rawValue, radix: 16, uppercase: true)
        let byte = "0x" + (digits.count < 2 ? "0" : "") + digits
        return Self.names[self].map { "\($0) (\(byte))" } ?? "reason \(byte)"
    }

    private static let names: [ROMError: String] = [
        .invalidMessage: "malformed message or unknown command", .failedToAct: "the command failed",
        .invalidChecksum: "wrong checksum", .flashWrite: "the flash did not take the data",
        .flashRead: "the flash could not be read", .flashReadLength: "bad length for a flash read",
        .deflate: "broken compressed data", .deflateChecksum: "wrong checksum of the compressed data",
        .deflateParameter: "compressed data does not fit what was announced",
        .invalidRAMSize: "bad size of a RAM program", .invalidRAMAddress: "bad address of a RAM program",
        .invalidParameter: "a parameter is out of range",
    ]
}
