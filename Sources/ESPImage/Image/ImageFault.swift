// What can be wrong with a firmware image, read or made.

/// Why a firmware image was refused, or could not be made.
public enum ImageFault: Error, Equatable, Sendable {
    /// The first byte is not 0xE9.
    case wrongMagic(UInt8?)
    /// The file ends inside the named part.
    case truncated(part: String)
    /// More segments than the loader takes.
    case tooManySegments(count: Int)
    /// The header's last byte says neither that a digest follows nor that none does.
    case badDigestFlag(UInt8)
    /// Two flash segments need the same MMU page with different contents.
    case sharedPage(first: UInt32, second: UInt32, pageSize: Int)
    /// A flash segment's address is no multiple of 4.
    case unalignedFlashSegment(address: UInt32)
    /// A segment is larger than the loader takes.
    case segmentTooLarge(address: UInt32, size: Int)
    /// The application descriptor asks for a page size that the chip does not have.
    case unknownPageSize(logarithm: UInt8, chip: String)
    /// The place for the ELF file's digest is not inside one segment.
    case digestPlaceOutside(offset: Int)
    /// The place for the ELF file's digest holds something already.
    case digestPlaceTaken(offset: Int)
    /// Two files to be merged share bytes.
    case mergeOverlap(first: String, second: String, offset: Int)
    /// A file to be merged ends beyond the largest flash there is.
    case mergeBeyondFlash(name: String, end: Int)
    /// Nothing to merge.
    case mergeEmpty

    /// The most segments a loader takes (ESP_IMAGE_MAX_SEGMENTS).
    static let segmentLimit = 16
    /// A segment's bytes must be fewer (the loader's sanity check).
    static let segmentSizeLimit = 0x100_0000

    var message: String {
        switch self {
        case .wrongMagic(let byte?): "the first byte of a firmware image is 0xe9, not \(hexOffset(byte))"
        case .wrongMagic(nil): "the firmware image is empty"
        case .truncated(let part): "the firmware image ends inside its \(part)"
        case .tooManySegments(let count): "the image has \(count) segments; a loader takes \(Self.segmentLimit)"
        case .badDigestFlag(let byte): "the image's digest flag is \(hexOffset(byte)), not 0 or 1"
        case .sharedPage(let first, let second, let pageSize):
            "the flash segments at \(hexAddress(first)) and \(hexAddress(second)) lie in the same "
                + "\(pageSize / 1024) KB page of the flash mapping"
        case .unalignedFlashSegment(let address):
            "the flash segment at \(hexAddress(address)) does not start at a multiple of 4"
        case .segmentTooLarge(let address, let size):
            "the segment at \(hexAddress(address)) takes \(size) bytes; a loader takes less than 16 MB"
        case .unknownPageSize(let logarithm, let chip):
            "the application descriptor asks for MMU pages of 2^\(logarithm) bytes, which \(chip) does not have"
        case .digestPlaceOutside(let offset):
            "the ELF file's digest would not lie inside one segment at \(hexOffset(offset))"
        case .digestPlaceTaken(let offset):
            "the 32 bytes for the ELF file's digest at \(hexOffset(offset)) are not zero"
        case .mergeOverlap(let first, let second, let offset):
            "\(first) and \(second) overlap at \(hexOffset(offset))"
        case .mergeBeyondFlash(let name, let end):
            "\(name) would end at \(hexOffset(end)), beyond the largest flash"
        case .mergeEmpty: "there is nothing to merge"
        }
    }

    var hint: String {
        switch self {
        case .wrongMagic: "give a firmware image; make one from an ELF file with `espmask image make`"
        case .truncated: "the file is incomplete: make or copy it again"
        case .tooManySegments: "make neighbouring sections of the linker script touch, so that they become one"
        case .badDigestFlag: "the header is damaged: make the image again"
        case .sharedPage:
            "try --use-segments, or join the two in the linker script, or start the second on a page of its own"
        case .unalignedFlashSegment: "align the section to 4 bytes in the linker script"
        case .segmentTooLarge: "check the section's size in the linker script"
        case .unknownPageSize: "set the MMU page size of the project to one of the chip's, or build for another chip"
        case .digestPlaceOutside: "give --elf-sha256-offset an offset of 32 bytes inside a segment (0xb0 in an app)"
        case .digestPlaceTaken: "leave these bytes zero in the program, or give another --elf-sha256-offset"
        case .mergeOverlap: "move one of them, or leave it out"
        case .mergeBeyondFlash: "check the offset; flash is at most 128 MB"
        case .mergeEmpty: "give at least one OFFSET and file"
        }
    }
}
