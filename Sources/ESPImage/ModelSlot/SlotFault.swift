// What can be wrong with a model slot, read or written.

/// Why bytes are no valid model slot.
public enum SlotFault: Error, Equatable, Sendable {
    /// No header that counts: an erased or foreign partition.
    case noModel
    /// The bytes end inside the named part.
    case truncated(part: String)
    /// The header does not start with `ESPM`.
    case wrongMagic
    /// A format version this program does not know.
    case unknownVersion(UInt16)
    /// The header's own size is not 256.
    case wrongHeaderSize(UInt16)
    /// The header's CRC-32 does not hold.
    case headerChecksum
    /// 0 and 0xFFFFFFFF are no sequence numbers.
    case badSequence(UInt32)
    /// There must be 1 to 6 sections.
    case badSectionCount(UInt32)
    /// A section lies outside the slot's payload, or not at a multiple of 16.
    case sectionOutside(kind: UInt32)
    /// A section's CRC-32 does not hold.
    case sectionChecksum(kind: UInt32)
    /// There must be exactly one section of the kind.
    case sectionCount(kind: UInt32, count: Int)
    /// A section's contents do not hold what its kind says.
    case badSection(kind: UInt32)
    /// The model's SHA-256 does not match the header's.
    case modelDigest
    /// The pixel scale is neither 127 nor 128.
    case badScale
    /// The name is no UTF-8.
    case badName

    var message: String {
        switch self {
        case .noModel: "there is no model: no slot has a valid header"
        case .truncated(let part): "the model slot ends inside its \(part)"
        case .wrongMagic: "a model slot starts with ESPM, and this does not"
        case .unknownVersion(let version): "the model slot's format is version \(version); this program knows 1"
        case .wrongHeaderSize(let size): "the model slot's header says it is \(size) bytes, not 256"
        case .headerChecksum: "the CRC-32 of the model slot's header does not hold"
        case .badSequence(let sequence): "\(hexOffset(sequence)) is no sequence number of a model slot"
        case .badSectionCount(let count): "the model slot says it has \(count) sections; 1 to 6 are possible"
        case .sectionOutside(let kind): "\(Self.name(kind)) lies outside the model slot"
        case .sectionChecksum(let kind): "the CRC-32 of \(Self.name(kind)) does not hold"
        case .sectionCount(let kind, let count): "the model slot has \(Self.name(kind)) \(count) times, not once"
        case .badSection(let kind): "\(Self.name(kind)) of the model slot is malformed"
        case .modelDigest: "the model's SHA-256 is not the one in the header"
        case .badScale: "the pixel scale of the model slot is neither 127 nor 128"
        case .badName: "the name in the model slot is no text"
        }
    }

    var hint: String {
        switch self {
        case .noModel: "flash a model: `espmask flash --only model`"
        case .truncated: "the file is incomplete: pack or read it again"
        case .wrongMagic: "pack a .tflite file with `espmask model pack` first"
        case .unknownVersion: "use the espmask that packed it, or pack the model again"
        case .wrongHeaderSize, .headerChecksum: "the header is damaged: pack and flash the model again"
        case .badSequence, .badSectionCount, .sectionOutside, .badScale, .badName:
            "the slot was written by something else: pack and flash the model again"
        case .sectionChecksum, .modelDigest: "the payload is damaged: flash the model again"
        case .sectionCount, .badSection: "pack the model again from its .tflite file"
        }
    }

    private static func name(_ kind: UInt32) -> String {
        SlotSection.Kind(rawValue: kind)?.name ?? "section kind \(kind)"
    }
}

/// Why something cannot be written into a model slot.
public enum SlotContentsFault: Error, Equatable, Sendable {
    /// There is no model.
    case emptyModel
    /// A label holds a NUL, which ends labels.
    case badLabel(String)
    /// The transform's mean or matrix has another count than its rows and columns say.
    case badTransform(rows: Int, columns: Int)
    /// The pixel scale is neither 127 nor 128.
    case badScale(Int)
    /// All sequence numbers are used up.
    case sequenceExhausted

    var message: String {
        switch self {
        case .emptyModel: "the model is empty"
        case .badLabel(let label): "the label '\(label.filter { $0 != "\0" })' is empty or holds a NUL"
        case .badTransform(let rows, let columns):
            "the input transform's mean or matrix does not have \(rows) rows of \(columns) columns"
        case .badScale(let scale): "the pixel scale can be 127 or 128, not \(scale)"
        case .sequenceExhausted: "the model partition has used up its sequence numbers"
        }
    }

    var hint: String {
        switch self {
        case .emptyModel: "give a .tflite file"
        case .badLabel: "give each output a name, separated by commas"
        case .badTransform: "export the matrix again from the training"
        case .badScale: "use the scale that the model was trained with"
        case .sequenceExhausted: "erase the partition and flash again: `espmask erase model`"
        }
    }
}
