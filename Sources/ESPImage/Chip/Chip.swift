// What an image, a table or a layout must know of a chip: its ids, where its bootloader lies, what memory an address
// is, how its flash is mapped, and how the header writes its flash clock. The rows are in ChipTable.swift.

/// A chip of the ESP32 family, as far as its firmware images differ from the others'.
public struct Chip: Sendable, Equatable {
    /// The instruction set, as the ELF header's machine field names it.
    public enum Architecture: UInt16, Sendable {
        /// Xtensa (EM_XTENSA): ESP32, S2, S3.
        case xtensa = 94
        /// RISC-V (EM_RISCV): the C, H and P series.
        case riscv = 243

        /// The name people use.
        public var name: String {
            switch self {
            case .xtensa: "Xtensa"
            case .riscv: "RISC-V"
            }
        }
    }

    /// The name on the command line and in JSON, `esp32s3`.
    public let name: String
    /// The number in the image header's chip field.
    public let imageID: UInt16
    /// Its instruction set.
    public let architecture: Architecture
    /// Where in flash the ROM looks for the second-stage bootloader, in bytes.
    public let bootloaderOffset: Int
    /// Addresses that the cache maps to flash: instructions first, then data.
    public let flashRanges: [Range<UInt32>]
    /// Sizes in bytes an MMU page of the cache may have; one where it is fixed. The default is 64 KB everywhere.
    public let pageSizes: [Int]
    /// Flash clock names and the header nibble each is written as, fastest first; nibble 0 is the default.
    public let flashFrequencies: [FlashFrequency]
    /// Bytes a flash segment must reach past an MMU page boundary: ESP-IDF's bootloader leaves the last page of a
    /// shorter one unmapped (ESP32 only, 0 elsewhere).
    public let shortestPageTail: Int

    let memoryRanges: [MemoryRange]

    /// A flash clock and how the image header writes it.
    public struct FlashFrequency: Sendable, Equatable {
        /// `40m`
        public let name: String
        /// The low nibble of the header's fourth byte.
        public let nibble: UInt8
    }

    /// The chip of that name; case and dashes do not count (`ESP32-S3`).
    public static func named(_ name: String) throws(ESPImageError) -> Chip {
        let plain = name.lowercased().filter { $0 != "-" }
        if let chip = all.first(where: { $0.name == plain }) { return chip }
        throw .unknownValue(option: "--chip", value: name, known: all.map(\.name))
    }

    /// The chip whose images carry that id, or nil.
    public static func withImageID(_ id: UInt16) -> Chip? {
        all.first { $0.imageID == id }
    }

    /// The clock of that name.
    public func flashFrequency(named name: String) throws(ESPImageError) -> FlashFrequency {
        if let found = flashFrequencies.first(where: { $0.name == name.lowercased() }) { return found }
        throw .unknownValue(option: "--flash-freq", value: name, known: flashFrequencies.map(\.name))
    }

    /// Whether the cache maps the address to flash.
    public func isFlash(_ address: UInt32) -> Bool {
        flashRanges.contains { $0.contains(address) }
    }

    /// The kinds of memory at an address: sections that touch become one segment only where they are the same.
    func memoryKinds(at address: UInt32) -> MemoryKind {
        var kinds: MemoryKind = []
        for row in memoryRanges where row.range.contains(address) { kinds.insert(row.kind) }
        return kinds
    }

    /// Two chips are the same when their names are.
    public static func == (left: Chip, right: Chip) -> Bool {
        left.name == right.name
    }
}
