// The 256-byte header of a model slot: a sequence number, what the board needs to run the model, and where its sections
// are. A header counts where its own CRC-32 and those of its sections hold.

/// Where a section of a slot is and what it must sum to.
public struct SlotSection: Sendable, Equatable {
    /// What a section holds.
    public enum Kind: UInt32, Sendable, CaseIterable {
        /// The .tflite file.
        case model = 1
        /// Where each tensor goes in the arena.
        case memoryPlan = 2
        /// A matrix that inputs go through first.
        case inputTransform = 3
        /// Names of the outputs.
        case labels = 4

        var name: String {
            switch self {
            case .model: "the model"
            case .memoryPlan: "the memory plan"
            case .inputTransform: "the input transform"
            case .labels: "the label list"
            }
        }
    }

    /// A number of `Kind`; others are kept, so that a newer format can be looked at.
    public let kind: UInt32
    /// From the start of the slot, a multiple of 16.
    public let offset: UInt32
    /// In bytes.
    public let length: UInt32
    /// Of its bytes.
    public let crc32: UInt32

    /// Its bytes in the slot.
    var range: Range<Int> { Int(offset)..<Int(offset) + Int(length) }
}

/// One copy of a slot's header.
public struct SlotHeader: Sendable, Equatable {
    /// The header with the highest number wins.
    public var sequence: UInt32
    /// Bytes of arena; 0 as planned.
    public var arenaBytes: UInt32
    /// 127 or 128 as a float's bits.
    public let pixelScaleBits: UInt32
    /// 1 to 6 of them.
    public let sections: [SlotSection]
    /// 32 bytes, NUL-padded.
    let nameField: [UInt8]
    /// SHA-256 of the model section.
    public let modelDigest: [UInt8]

    package static let size = 256
    static let magic: [UInt8] = Array("ESPM".utf8)
    static let version: UInt16 = 1
    static let sectionLimit = 6
    static let nameSize = 32

    init(
        sequence: UInt32, arenaBytes: UInt32, pixelScaleBits: UInt32, sections: [SlotSection], nameField: [UInt8],
        modelDigest: [UInt8]
    ) {
        self.sequence = sequence
        self.arenaBytes = arenaBytes
        self.pixelScaleBits = pixelScaleBits
        self.sections = sections
        self.nameField = nameField
        self.modelDigest = modelDigest
    }

    /// The header that `bytes` start with. Checks all of it; the sections only for lying inside the slot.
    package init(parsing bytes: [UInt8]) throws(SlotFault) {
        guard bytes.starts(with: Self.magic) else { throw .wrongMagic }
        guard bytes.holds(0, Self.size), let version = bytes.u16(at: 4), let size = bytes.u16(at: 6),
            let sequence = bytes.u32(at: 8), let arenaBytes = bytes.u32(at: 12), let scale = bytes.u32(at: 16),
            let count = bytes.u32(at: 20), let sum = bytes.u32(at: 252)
        else { throw .truncated(part: "header") }
        guard version == Self.version else { throw .unknownVersion(version) }
        guard size == Self.size else { throw .wrongHeaderSize(size) }
        guard sum == CRC32.checksum(bytes[..<252]) else { throw .headerChecksum }
        guard Self.isSequence(sequence) else { throw .badSequence(sequence) }
        guard (1...UInt32(Self.sectionLimit)).contains(count) else { throw .badSectionCount(count) }
        var sections: [SlotSection] = []
        for index in 0..<Int(count) {
            let field = { (number: Int) in bytes.u32(at: 24 + 16 * index + 4 * number) ?? 0 }
            let section = SlotSection(kind: field(0), offset: field(1), length: field(2), crc32: field(3))
            guard section.offset % 16 == 0, section.range.lowerBound >= ModelSlot.payloadOffset,
                section.range.upperBound <= ModelSlot.size
            else { throw .sectionOutside(kind: section.kind) }
            sections.append(section)
        }
        self.init(
            sequence: sequence, arenaBytes: arenaBytes, pixelScaleBits: scale, sections: sections,
            nameField: Array(bytes[120..<152]), modelDigest: Array(bytes[152..<184]))
    }

    /// The 256 bytes.
    func encoded() -> [UInt8] {
        var bytes = Self.magic
        bytes.reserveCapacity(Self.size)
        bytes.append(u16: Self.version)
        bytes.append(u16: UInt16(Self.size))
        bytes.append(u32: sequence)
        bytes.append(u32: arenaBytes)
        bytes.append(u32: pixelScaleBits)
        bytes.append(u32: UInt32(sections.count))
        for section in sections {
            for value in [section.kind, section.offset, section.length, section.crc32] { bytes.append(u32: value) }
        }
        bytes.append(repeating: 0, 120 - bytes.count)
        bytes.append(contentsOf: nameField)
        bytes.append(contentsOf: modelDigest)
        bytes.append(repeating: 0, 252 - bytes.count)
        bytes.append(u32: CRC32.checksum(bytes))
        return bytes
    }

    /// What keeps the header from counting: no model, or the first section whose CRC-32 does not hold in the slot's
    /// bytes; nil where it counts.
    package func faultyPayload(in slot: ArraySlice<UInt8>) -> SlotFault? {
        let model = SlotSection.Kind.model.rawValue
        if !sections.contains(where: { $0.kind == model }) { return .sectionCount(kind: model, count: 0) }
        for section in sections {
            guard section.range.upperBound <= slot.count else { return .truncated(part: "payload") }
            let start = slot.startIndex
            let bytes = slot[start + section.range.lowerBound..<start + section.range.upperBound]
            if CRC32.checksum(bytes) != section.crc32 { return .sectionChecksum(kind: section.kind) }
        }
        return nil
    }

    static func isSequence(_ number: UInt32) -> Bool {
        number != 0 && number != .max
    }
}
