// The one error of this module: which rule a file broke, what it said there, and what to do about it. The faults of
// each room stand beside the code that finds them; only what they share is here.

/// Why a file could not be read, made or placed.
public enum ESPImageError: Error, Equatable, Sendable {
    /// An option's value is not one of those known for it.
    case unknownValue(option: String, value: String, known: [String])
    /// The ELF file is not one, is cut short, or lies about its own offsets.
    case elfInvalid(ELFFault)
    /// The ELF file is for another processor than the chip's.
    case wrongArchitecture(found: String, expected: String)
    /// The firmware image breaks a rule of the format, or could not be made by it.
    case imageInvalid(ImageFault)
    /// The partition table breaks a rule; the line is that of the CSV file, from 1.
    case partitionTableInvalid(line: Int?, PartitionFault)
    /// What should go into flash does not fit there.
    case layoutOverlap(LayoutFault)
    /// The model and its sections are larger than what they must fit into.
    case modelTooLarge(bytes: Int, limit: Int)
    /// The bytes are no valid model slot.
    case slotInvalid(SlotFault)
    /// What should go into a model slot cannot be written there.
    case slotContents(SlotContentsFault)

    /// The stable code, one of those the command line documents.
    public var code: String {
        switch self {
        case .unknownValue, .slotContents: "usage"
        case .elfInvalid: "elf-invalid"
        case .wrongArchitecture: "wrong-architecture"
        case .imageInvalid: "image-invalid"
        case .partitionTableInvalid: "partition-table-invalid"
        case .layoutOverlap: "layout-overlap"
        case .modelTooLarge: "model-too-large"
        case .slotInvalid: "model-invalid"
        }
    }

    /// What is wrong, in one sentence without a full stop.
    public var message: String {
        switch self {
        case .unknownValue(let option, let value, _): "'\(value)' is no value for \(option)"
        case .elfInvalid(let fault): fault.message
        case .wrongArchitecture(let found, let expected): "the ELF file is for \(found), the chip needs \(expected)"
        case .imageInvalid(let fault): fault.message
        case .partitionTableInvalid(let line?, let fault): "line \(line): \(fault.message)"
        case .partitionTableInvalid(nil, let fault): fault.message
        case .layoutOverlap(let fault): fault.message
        case .modelTooLarge(let bytes, let limit): "the model with its sections takes \(bytes) bytes of \(limit)"
        case .slotInvalid(let fault): fault.message
        case .slotContents(let fault): fault.message
        }
    }

    /// What to do now.
    public var hint: String {
        switch self {
        case .unknownValue(let option, _, let known): "use one of \(known.joined(separator: ", ")) for \(option)"
        case .elfInvalid(let fault): fault.hint
        case .wrongArchitecture: "build for the chip, or name the chip that this ELF file is for with --chip"
        case .imageInvalid(let fault): fault.hint
        case .partitionTableInvalid(_, let fault): fault.hint
        case .layoutOverlap(let fault): fault.hint
        case .modelTooLarge: "shrink or quantise the model, or give it a larger partition"
        case .slotInvalid(let fault): fault.hint
        case .slotContents(let fault): fault.hint
        }
    }
}

/// `0x%08x`, the way addresses are written everywhere.
func hexAddress(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
}

/// `0x%x`, the way offsets and sizes are written everywhere.
func hexOffset<Value: BinaryInteger>(_ value: Value) -> String {
    (value < 0 ? "-0x" : "0x") + String(value.magnitude, radix: 16)
}
