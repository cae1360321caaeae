// Makes a firmware image from an ELF file, byte for byte as esptool 5.6's `elf2image` does. The rules were learnt from
// its documentation and from comparing its images with ours; where it goes wrong (another processor's ELF file, a
// truncated one, an image of more than 16 segments, a gap of exactly 8 bytes) this refuses or does the right thing.

import Crypto

extension FirmwareImage {
    /// What may be chosen when an image is made; the defaults are those of esptool's `elf2image`.
    public struct Options: Sendable {
        /// The flash mode in the header.
        public var flashMode: FlashMode = .qio
        /// The flash clock in the header; nil for the chip's default.
        public var flashFrequency: Chip.FlashFrequency?
        /// The flash size in the header.
        public var flashSize: FlashSize = .oneMegabyte
        /// The lowest chip revision, major * 100 + minor.
        public var minimumRevision: UInt16 = 0
        /// The highest chip revision, major * 100 + minor.
        public var maximumRevision: UInt16 = 65535
        /// Where in the image the ELF file's SHA-256 goes; nil puts it where an application descriptor has its place,
        /// if there is one in flash.
        public var elfDigestOffset: Int?
        /// Sections or program headers.
        public var source: LoadSource = .sections

        /// The defaults.
        public init() {}
    }

    /// Makes the image of a linked program.
    ///
    /// Throws `wrong-architecture` where the ELF file is for another processor than the chip's, `elf-invalid` where
    /// its parts lie outside of it or nothing is loaded, `image-invalid` where the format has no room for it.
    public init(elf: ELFFile, chip: Chip, options: Options = Options()) throws(ESPImageError) {
        guard elf.machine == chip.architecture.rawValue else {
            throw .wrongArchitecture(
                found: ELFFile.machineName(elf.machine), expected: "\(chip.architecture.name) (\(chip.name))")
        }
        let digestPlace = try Self.digestPlace(elf: elf, chip: chip, options: options)
        let blocks = chip.joiningNeighbours(try elf.loadableBlocks(options.source))
        guard blocks.count <= ImageFault.segmentLimit else {
            throw .imageInvalid(.tooManySegments(count: blocks.count))
        }
        let header = Header(
            entry: elf.entry, flashMode: options.flashMode.headerByte,
            flashSizeAndFrequency: options.flashSize.nibble << 4 | (options.flashFrequency?.nibble ?? 0),
            chipID: chip.imageID, minimumRevisionLegacy: 0, minimumRevision: options.minimumRevision,
            maximumRevision: options.maximumRevision, hasDigest: true)
        var writer = ImageWriter(
            header: header, pageSize: try Self.pageSize(elf: elf, chip: chip), digestPlace: digestPlace,
            capacity: blocks.reduce(0) { $0 + $1.data.count })
        try writer.place(
            flash: Self.ordered(
                blocks.filter { chip.isFlash($0.address) }, first: ELFFile.applicationDescriptorSection),
            ram: Self.ordered(
                blocks.filter { !chip.isFlash($0.address) }, first: ELFFile.bootloaderDescriptorSection),
            shortestTail: chip.shortestPageTail)
        self = try writer.finish()
    }

    /// By address, but the block that starts with the named section before all others: descriptors must come where
    /// the bootloader looks for them.
    private static func ordered(_ blocks: [LoadableBlock], first name: String) -> [LoadableBlock] {
        var sorted = blocks.enumerated().sorted { ($0.element.address, $0.offset) < ($1.element.address, $1.offset) }
            .map(\.element)
        if let index = sorted.firstIndex(where: { $0.name == name }) { sorted.insert(sorted.remove(at: index), at: 0) }
        return sorted
    }

    /// The MMU page size: fixed, or what the application descriptor says, or the largest that its address fits.
    private static func pageSize(elf: ELFFile, chip: Chip) throws(ESPImageError) -> Int {
        let standard = 65536
        guard chip.pageSizes.count > 1, let section = elf.loadedDescriptorSection, chip.isFlash(section.address),
            let descriptor = ApplicationDescriptor(parsing: try elf.contents(of: section))
        else { return standard }
        let logarithm = descriptor.pageSizeLogarithm
        if logarithm != 0 {
            guard logarithm < 32, chip.pageSizes.contains(1 << Int(logarithm)) else {
                throw .imageInvalid(.unknownPageSize(logarithm: logarithm, chip: chip.name))
            }
            return 1 << Int(logarithm)
        }
        // The page starts where the image does: the descriptor follows the image header and its segment's.
        let start = Int(section.address) - headerSize - ImageWriter.segmentHeaderSize
        return chip.pageSizes.last { start % $0 == 0 } ?? standard
    }

    private static func digestPlace(
        elf: ELFFile, chip: Chip, options: Options
    ) throws(ESPImageError) -> ImageWriter.DigestPlace? {
        var offset = options.elfDigestOffset ?? 0
        if offset == 0 {
            guard case .sections = options.source, let section = elf.loadedDescriptorSection,
                chip.isFlash(section.address)
            else { return nil }
            offset = ApplicationDescriptor.digestPlaceInImage
        }
        return ImageWriter.DigestPlace(offset: offset, digest: Array(SHA256.hash(data: elf.bytes)))
    }
}

extension ELFFile {
    /// The section that holds the application descriptor, where it has contents and an address.
    fileprivate var loadedDescriptorSection: Section? {
        sections.first {
            $0.address != 0 && $0.size > 0 && SectionType.loaded.contains($0.type)
                && $0.name.contains(Self.applicationDescriptorSection)
        }
    }
}

/// Lays segments into an image one after the other.
struct ImageWriter {
    /// Where the ELF file's digest goes, and the digest.
    struct DigestPlace {
        let offset: Int
        let digest: [UInt8]
        var isWritten = false
    }

    static let segmentHeaderSize = 8

    private let header: FirmwareImage.Header
    private let pageSize: Int
    private var digestPlace: DigestPlace?
    private var bytes: [UInt8] = []
    private var segments: [FirmwareImage.Segment] = []

    init(header: FirmwareImage.Header, pageSize: Int, digestPlace: DigestPlace?, capacity: Int) {
        self.header = header
        self.pageSize = pageSize
        self.digestPlace = digestPlace
        bytes.reserveCapacity(capacity + 3 * pageSize)
        bytes.append(contentsOf: [FirmwareImage.magic, 0, header.flashMode, header.flashSizeAndFrequency])
        bytes.append(u32: header.entry)
        // 0xEE: no write-protect pin; three bytes of pin drive strengths.
        bytes.append(contentsOf: [0xEE, 0, 0, 0])
        bytes.append(u16: header.chipID)
        bytes.append(header.minimumRevisionLegacy)
        bytes.append(u16: header.minimumRevision)
        bytes.append(u16: header.maximumRevision)
        bytes.append(contentsOf: [0, 0, 0, 0, header.hasDigest ? 1 : 0])
    }

    /// Writes flash segments where file offset and address agree within an MMU page, and fills the gaps before them
    /// with RAM segments, whole or in part; what is left of those follows.
    mutating func place(
        flash: [LoadableBlock], ram: [LoadableBlock], shortestTail: Int
    ) throws(ESPImageError) {
        try checkPages(flash)
        var ram = ram[...]
        var ramStart = 0
        for var block in flash {
            guard block.address % 4 == 0 else { throw .imageInvalid(.unalignedFlashSegment(address: block.address)) }
            while let gap = gap(before: block.address) {
                if gap > Self.segmentHeaderSize, let filler = ram.first {
                    let part = ramStart..<min(ramStart + gap, filler.data.count)
                    try append(filler.address + UInt32(ramStart), filler.data[part])
                    ramStart = part.upperBound
                    if ramStart == filler.data.count {
                        ram.removeFirst()
                        ramStart = 0
                    }
                } else {
                    try append(0, [UInt8](repeating: 0, count: gap)[...])
                }
            }
            let tail = (bytes.count + Self.segmentHeaderSize + block.data.count) % pageSize
            block.data.append(repeating: 0, max(0, shortestTail - tail))
            try append(block.address, block.data[...])
        }
        for block in ram {
            try append(block.address + UInt32(ramStart), block.data[ramStart...])
            ramStart = 0
        }
    }

    /// Ends the image: checksum, segment count, digest.
    mutating func finish() throws(ESPImageError) -> FirmwareImage {
        guard segments.count <= ImageFault.segmentLimit else {
            throw .imageInvalid(.tooManySegments(count: segments.count))
        }
        if let place = digestPlace, !place.isWritten { throw .imageInvalid(.digestPlaceOutside(offset: place.offset)) }
        var sum = FirmwareImage.checksumSeed
        for segment in segments { sum = FirmwareImage.checksum(bytes, segment.data, sum) }
        bytes.append(repeating: 0, 15 - bytes.count % 16)
        bytes.append(sum)
        bytes[1] = UInt8(segments.count)
        if header.hasDigest { bytes.append(contentsOf: SHA256.hash(data: bytes)) }
        return FirmwareImage(made: bytes, header: header, segments: segments)
    }

    private func checkPages(_ flash: [LoadableBlock]) throws(ESPImageError) {
        for (first, second) in zip(flash, flash.dropFirst())
        where Int(first.address) / pageSize == Int(second.address) / pageSize {
            throw .imageInvalid(.sharedPage(first: first.address, second: second.address, pageSize: pageSize))
        }
    }

    /// Data bytes a padding segment must have so that the next segment's data lands at the address's place in its
    /// page; nil where it does already. After a page boundary this may be a whole page more than needed, as it is in
    /// esptool's images.
    private func gap(before address: UInt32) -> Int? {
        let header = Self.segmentHeaderSize
        let distance = pageSize - bytes.count % pageSize + Int(address) % pageSize - header
        if distance == 0 || distance == pageSize { return nil }
        let gap = distance - header
        return gap < 0 ? gap + pageSize : gap
    }

    private mutating func append(_ address: UInt32, _ data: ArraySlice<UInt8>) throws(ESPImageError) {
        guard data.count < ImageFault.segmentSizeLimit else {
            throw .imageInvalid(.segmentTooLarge(address: address, size: data.count))
        }
        let segment = FirmwareImage.Segment(address: address, size: data.count, offset: bytes.count)
        bytes.append(u32: address)
        bytes.append(u32: UInt32(data.count))
        bytes.append(contentsOf: data)
        segments.append(segment)
        try embedDigest(in: segment)
    }

    /// Puts the ELF file's digest in its place where that is in this segment.
    private mutating func embedDigest(in segment: FirmwareImage.Segment) throws(ESPImageError) {
        guard let place = digestPlace, (segment.offset..<segment.offset + segment.size).contains(place.offset) else {
            return
        }
        let range = place.offset..<place.offset + place.digest.count
        // esptool counts the segment's 8-byte header into the bound as well.
        guard range.lowerBound >= segment.data.lowerBound,
            range.upperBound <= segment.data.upperBound - Self.segmentHeaderSize
        else { throw .imageInvalid(.digestPlaceOutside(offset: place.offset)) }
        guard bytes[range].allSatisfy({ $0 == 0 }) else {
            throw .imageInvalid(.digestPlaceTaken(offset: place.offset))
        }
        bytes.replaceSubrange(range, with: place.digest)
        digestPlace?.isWritten = true
    }
}
