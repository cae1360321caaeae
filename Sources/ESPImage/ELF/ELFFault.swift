// What can be wrong with an ELF file.

/// Why an ELF file was refused.
public enum ELFFault: Error, Equatable, Sendable {
    /// No ELF magic at its start.
    case notELF
    /// The file ends inside the named part.
    case truncated(part: String)
    /// A table's entries are not of the size the format fixes.
    case wrongEntrySize(table: String, size: Int, expected: Int)
    /// There are no section headers (a stripped or core file).
    case noSections
    /// A section's name lies outside the name table or is no text.
    case badName(section: Int)
    /// A section or segment runs past the end of the 32-bit address space.
    case addressWraps(name: String, address: UInt32, size: Int)
    /// Nothing in it is loaded: an object file, or an empty program.
    case nothingToLoad

    var message: String {
        switch self {
        case .notELF: "this is no ELF file"
        case .truncated(let part): "the ELF file ends inside its \(part)"
        case .wrongEntrySize(let table, let size, let expected):
            "an entry of the ELF file's \(table) is \(size) bytes, not \(expected)"
        case .noSections: "the ELF file has no section headers"
        case .badName(let section): "the name of section \(section) lies outside the ELF file's name table"
        case .addressWraps(let name, let address, let size):
            "'\(name)' at \(hexAddress(address)) with \(size) bytes runs past the end of the address space"
        case .nothingToLoad: "the ELF file has nothing that is loaded to an address"
        }
    }

    var hint: String {
        switch self {
        case .notELF: "give the linked program (.elf); a .bin is an image already, see `espmask image info`"
        case .truncated: "the file is incomplete: build or copy it again"
        case .wrongEntrySize: "the file is damaged or not a 32-bit ELF file: build it again"
        case .noSections: "keep the section headers when stripping, or build without --strip-all and sstrip"
        case .badName: "the file is damaged: build it again"
        case .addressWraps: "correct the addresses in the linker script"
        case .nothingToLoad: "give the linked program, not an object file or a library"
        }
    }
}
