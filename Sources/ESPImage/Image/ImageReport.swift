// What `image info` shows: the image in the shape that the command line documents for JSON.

/// A description of a firmware image, encodable as documented.
public struct ImageReport: Sendable, Encodable, Equatable {
    /// A segment: addresses are text, `0x3ffb0000`; the offset is that of its header.
    public struct Segment: Sendable, Encodable, Equatable {
        /// Where it is loaded or mapped; `0x00000000` for padding.
        public let address: String
        /// Bytes of data.
        public let size: Int
        /// Where in the image its header is.
        public let offset: Int
    }

    /// What the application says of itself.
    public struct Application: Sendable, Encodable, Equatable {
        /// The project's name.
        public let project: String
        /// Its version.
        public let version: String
        /// When it was compiled.
        public let compiled: String
        /// The version of ESP-IDF.
        public let idf: String
        /// SHA-256 of the ELF file, in hex.
        public let elf_sha256: String
    }

    /// The chip's name, or `unknown (ID)`.
    public let chip: String
    /// `0x40080404`
    public let entry: String
    /// `qio`, or the number where it is none of the known ones.
    public let flash_mode: String
    /// `40m`, or the nibble.
    public let flash_freq: String
    /// `4MB`, or the nibble.
    public let flash_size: String
    /// Bytes from the magic to the end of the digest.
    public let size: Int
    /// In the order of the file.
    public let segments: [Segment]
    /// `ok` or `bad`.
    public let checksum: String
    /// `ok`, `absent` or `bad`.
    public let digest: String
    /// `v0.0`
    public let min_revision: String
    /// `v655.35` where there is no limit.
    public let max_revision: String
    /// Absent where the image has no application descriptor.
    public let app: Application?

    /// Describes the image.
    public init(_ image: FirmwareImage) {
        let header = image.header
        chip = image.chip?.name ?? "unknown (\(header.chipID))"
        entry = hexAddress(header.entry)
        flash_mode =
            FlashMode.allCases.first { $0.headerByte == header.flashMode }?.rawValue ?? hexOffset(header.flashMode)
        let frequency = header.flashSizeAndFrequency & 0xF
        // Where two clocks share a nibble (ESP32-C6), the slower one is what the chip runs at.
        flash_freq = image.chip?.flashFrequencies.last { $0.nibble == frequency }?.name ?? hexOffset(frequency)
        let sizeNibble = header.flashSizeAndFrequency >> 4
        flash_size = FlashSize.withNibble(sizeNibble)?.name ?? hexOffset(sizeNibble)
        size = image.bytes.count
        segments = image.segments.map { Segment(address: hexAddress($0.address), size: $0.size, offset: $0.offset) }
        checksum = image.checksum.rawValue
        digest = image.digest.rawValue
        min_revision = Self.revision(header.minimumRevision)
        max_revision = Self.revision(header.maximumRevision)
        app = image.applicationDescriptor.map { descriptor in
            Application(
                project: descriptor.project, version: descriptor.version,
                compiled: "\(descriptor.date) \(descriptor.time)", idf: descriptor.idfVersion,
                elf_sha256: descriptor.elfDigest.hexDigits)
        }
    }

    private static func revision(_ number: UInt16) -> String {
        "v\(number / 100).\(number % 100)"
    }
}

extension Sequence where Element == UInt8 {
    /// Two lower-case hex digits a byte.
    package var hexDigits: String {
        var text = ""
        for byte in self {
            if byte < 16 { text.append("0") }
            text.append(String(byte, radix: 16))
        }
        return text
    }
}
