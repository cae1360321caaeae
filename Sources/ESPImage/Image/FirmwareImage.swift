// A firmware image of the ESP32 family: header, segments, checksum, digest. This file is the value and how it is read;
// ImageWriter.swift makes one from an ELF file. Sources: esptool's firmware-image-format page, esp_app_format.h of
// ESP-IDF.

import Crypto

/// A firmware image: what the ROM and the bootloader load, from 0xE9 to the digest.
public struct FirmwareImage: Sendable, Equatable {
    /// The 24 bytes at the start, as far as they mean something.
    public struct Header: Sendable, Equatable {
        /// Where the program starts.
        public var entry: UInt32
        /// Byte 2: the flash mode's number.
        public var flashMode: UInt8
        /// Byte 3: flash size in the high nibble, clock in the low one.
        public var flashSizeAndFrequency: UInt8
        /// Which chip it is for.
        public var chipID: UInt16
        /// The lowest chip revision in the old form, without the minor number.
        public var minimumRevisionLegacy: UInt8
        /// The lowest chip revision, major * 100 + minor.
        public var minimumRevision: UInt16
        /// The highest chip revision, major * 100 + minor; 65535 for none.
        public var maximumRevision: UInt16
        /// Whether a SHA-256 follows the checksum.
        public var hasDigest: Bool
    }

    /// A piece of the image and where it is loaded or mapped.
    public struct Segment: Sendable, Equatable {
        /// Its address; 0 for padding.
        public let address: UInt32
        /// Bytes of data.
        public let size: Int
        /// Where in the image its 8-byte header is; the data follows.
        public let offset: Int

        /// Where in the image its data is.
        public var data: Range<Int> { offset + 8..<offset + 8 + size }
        /// Whether it only fills space.
        public var isPadding: Bool { address == 0 }
    }

    /// How a stored sum compares with the bytes.
    public enum Verdict: String, Sendable {
        /// They agree.
        case ok
        /// They differ.
        case bad
        /// There is none.
        case absent
    }

    /// The bytes from the magic to the end of the digest; what followed in the file is left out.
    public let bytes: [UInt8]
    /// The header.
    public let header: Header
    /// In the order of the file, padding included.
    public let segments: [Segment]
    /// Of the data of all segments; never `absent`.
    public let checksum: Verdict
    /// Of everything before it.
    public let digest: Verdict

    /// The chip it says it is for, or nil where no chip has that id.
    public var chip: Chip? { Chip.withImageID(header.chipID) }

    /// What the loader does with the image: SHA-256, 32 bytes.
    static let digestSize = 32
    static let headerSize = 24
    static let magic: UInt8 = 0xE9
    static let checksumSeed: UInt8 = 0xEF

    /// Reads an image; bytes after its end are ignored.
    ///
    /// A wrong checksum or digest is no error here but a verdict. Throws `image-invalid` where the structure itself
    /// does not hold: magic, counts, sizes.
    public init(parsing file: [UInt8]) throws(ESPImageError) {
        let header = try Self.readHeader(file)
        let count = Int(file[1])
        guard count <= ImageFault.segmentLimit else { throw .imageInvalid(.tooManySegments(count: count)) }
        var segments: [Segment] = []
        var position = Self.headerSize
        var sum = Self.checksumSeed
        for index in 0..<count {
            guard let address = file.u32(at: position), let size = file.u32(at: position + 4),
                file.holds(position + 8, Int(size))
            else { throw .imageInvalid(.truncated(part: "segment \(index)")) }
            let segment = Segment(address: address, size: Int(size), offset: position)
            sum = Self.checksum(file, segment.data, sum)
            segments.append(segment)
            position = segment.data.upperBound
        }
        // The checksum is the last byte of the 16-byte row that the segments end in.
        let checksumPosition = position | 15
        guard let stored = file.u8(at: checksumPosition) else { throw .imageInvalid(.truncated(part: "checksum")) }
        let end = checksumPosition + 1
        self.header = header
        self.segments = segments
        checksum = stored == sum ? .ok : .bad
        digest = header.hasDigest ? Self.digestVerdict(file, end: end) : .absent
        let whole = header.hasDigest ? min(end + Self.digestSize, file.count) : end
        bytes = file.count == whole ? file : Array(file[..<whole])
    }

    init(made bytes: [UInt8], header: Header, segments: [Segment]) {
        self.bytes = bytes
        self.header = header
        self.segments = segments
        checksum = .ok
        digest = header.hasDigest ? .ok : .absent
    }

    /// The bytes of a segment.
    public func contents(of segment: Segment) -> ArraySlice<UInt8> {
        bytes.slice(segment.data.lowerBound, segment.size) ?? []
    }

    /// The application descriptor, where the first segment starts with one.
    public var applicationDescriptor: ApplicationDescriptor? {
        segments.first.flatMap { ApplicationDescriptor(parsing: contents(of: $0)) }
    }

    /// The xor of `range` of the bytes and a start value.
    static func checksum(_ bytes: [UInt8], _ range: Range<Int>, _ seed: UInt8) -> UInt8 {
        bytes.withUnsafeBufferPointer { buffer in
            var sum = seed
            for index in range { sum ^= buffer[index] }
            return sum
        }
    }

    private static func readHeader(_ file: [UInt8]) throws(ESPImageError) -> Header {
        guard file.first == magic else { throw .imageInvalid(.wrongMagic(file.first)) }
        guard let entry = file.u32(at: 4), let chipID = file.u16(at: 12), let minimum = file.u16(at: 15),
            let maximum = file.u16(at: 17), let flag = file.u8(at: 23)
        else { throw .imageInvalid(.truncated(part: "header")) }
        guard flag <= 1 else { throw .imageInvalid(.badDigestFlag(flag)) }
        return Header(
            entry: entry, flashMode: file[2], flashSizeAndFrequency: file[3], chipID: chipID,
            minimumRevisionLegacy: file[14], minimumRevision: minimum, maximumRevision: maximum, hasDigest: flag == 1)
    }

    private static func digestVerdict(_ file: [UInt8], end: Int) -> Verdict {
        guard let stored = file.slice(end, digestSize) else { return .bad }
        let computed = file.withUnsafeBytes { SHA256.hash(data: UnsafeRawBufferPointer(rebasing: $0[..<end])) }
        return computed.elementsEqual(stored) ? .ok : .bad
    }
}
