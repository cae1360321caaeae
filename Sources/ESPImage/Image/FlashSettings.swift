// The flash settings in bytes 2 and 3 of an image header: how the ROM and the bootloader drive the flash chip.

/// How many data lines the flash is read with.
public enum FlashMode: String, Sendable, CaseIterable {
    /// Quad I/O.
    case qio
    /// Quad output.
    case qout
    /// Dual I/O.
    case dio
    /// Dual output.
    case dout

    /// The header's third byte.
    public var headerByte: UInt8 {
        switch self {
        case .qio: 0
        case .qout: 1
        case .dio: 2
        case .dout: 3
        }
    }

    /// The mode of that name.
    public static func named(_ name: String) throws(ESPImageError) -> FlashMode {
        if let mode = FlashMode(rawValue: name.lowercased()) { return mode }
        throw .unknownValue(option: "--flash-mode", value: name, known: allCases.map(\.rawValue))
    }
}

/// A flash size that the header can name: 1 MB to 128 MB.
public struct FlashSize: Sendable, Hashable {
    /// Powers of two from 1 to 128.
    public let megabytes: Int

    /// Every size, smallest first.
    public static let all: [FlashSize] = (0...7).map { FlashSize(megabytes: 1 << $0) }
    /// 1 MB, what an image says where nobody chose.
    public static let oneMegabyte = FlashSize(megabytes: 1)
    /// 4 MB, what most boards have.
    public static let fourMegabytes = FlashSize(megabytes: 4)

    /// The size in bytes.
    public var bytes: Int { megabytes << 20 }
    /// `4MB`
    public var name: String { "\(megabytes)MB" }
    /// The high nibble of the header's fourth byte: the logarithm of the megabytes.
    public var nibble: UInt8 { UInt8(megabytes.trailingZeroBitCount) }

    /// The size of that name (`4MB`).
    public static func named(_ name: String) throws(ESPImageError) -> FlashSize {
        if let size = all.first(where: { $0.name == name.uppercased() }) { return size }
        throw .unknownValue(option: "--flash-size", value: name, known: all.map(\.name))
    }

    /// The size that a header nibble means, or nil.
    public static func withNibble(_ nibble: UInt8) -> FlashSize? {
        all.first { $0.nibble == nibble }
    }

    private init(megabytes: Int) {
        self.megabytes = megabytes
    }
}
