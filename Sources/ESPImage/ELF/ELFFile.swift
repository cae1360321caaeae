// Reads 32-bit little-endian ELF files: header, sections, program headers, symbols. Only what image making and address
// look-up need; no relocations, no DWARF. Source: System V ABI, chapters 4 and 5.

/// A 32-bit little-endian ELF file.
public struct ELFFile: Sendable {
    /// A row of the section header table.
    public struct Section: Sendable, Equatable {
        /// From the section name table; empty where it has none.
        public let name: String
        /// SHT_PROGBITS is 1, SHT_NOBITS 8, SHT_INIT_ARRAY 14 ...
        public let type: UInt32
        /// SHF_WRITE 1, SHF_ALLOC 2, SHF_EXECINSTR 4.
        public let flags: UInt32
        /// The address it runs at.
        public let address: UInt32
        /// Where in the file its bytes are.
        public let offset: Int
        /// In bytes; for SHT_NOBITS of memory only.
        public let size: Int
        /// Which section it refers to (a symbol table: its string table).
        public let link: Int
    }

    /// A row of the program header table.
    public struct ProgramHeader: Sendable, Equatable {
        /// PT_LOAD is 1.
        public let type: UInt32
        /// Where in the file its bytes are.
        public let offset: Int
        /// The address it runs at.
        public let virtualAddress: UInt32
        /// The address it is loaded to.
        public let physicalAddress: UInt32
        /// Bytes in the file.
        public let fileSize: Int
        /// Bytes in memory.
        public let memorySize: Int
    }

    /// The whole file.
    public let bytes: [UInt8]
    /// e_machine: 94 is Xtensa, 243 RISC-V.
    public let machine: UInt16
    /// Where the program starts.
    public let entry: UInt32
    /// In the order of the file.
    public let sections: [Section]
    /// In the order of the file.
    public let programHeaders: [ProgramHeader]

    /// Reads the headers; the sections' bytes are checked when they are asked for.
    ///
    /// Throws `elf-invalid`, and `wrong-architecture` for a 64-bit or big-endian file, which no chip here can run.
    public init(_ bytes: [UInt8]) throws(ESPImageError) {
        guard bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else { throw .elfInvalid(.notELF) }
        guard let kind = bytes.slice(4, 2), let machine = bytes.u16(at: 18) else {
            throw .elfInvalid(.truncated(part: "header"))
        }
        guard kind.elementsEqual([1, 1]) else {
            throw .wrongArchitecture(
                found: kind.first == 2 ? "a 64-bit \(Self.machineName(machine))" : "a big-endian processor",
                expected: "a 32-bit little-endian one")
        }
        guard bytes.holds(0, 52), let entry = bytes.u32(at: 24) else {
            throw .elfInvalid(.truncated(part: "header"))
        }
        self.bytes = bytes
        self.machine = machine
        self.entry = entry
        sections = try Self.readSections(bytes)
        programHeaders = try Self.readProgramHeaders(bytes)
    }

    /// The bytes of a section; empty where it has none in the file.
    public func contents(of section: Section) throws(ESPImageError) -> ArraySlice<UInt8> {
        if section.type == SectionType.noBits { return [] }
        guard let slice = bytes.slice(section.offset, section.size) else {
            throw .elfInvalid(.truncated(part: "section \(section.name)"))
        }
        return slice
    }

    /// The bytes of a program header's segment.
    public func contents(of header: ProgramHeader) throws(ESPImageError) -> ArraySlice<UInt8> {
        guard let slice = bytes.slice(header.offset, header.fileSize) else {
            throw .elfInvalid(.truncated(part: "segment at \(hexAddress(header.physicalAddress))"))
        }
        return slice
    }

    /// What people call a machine number.
    static func machineName(_ machine: UInt16) -> String {
        switch machine {
        case 3: "x86"
        case 40: "ARM"
        case 62: "x86-64"
        case 83: "AVR"
        case 94: "Xtensa"
        case 183: "AArch64"
        case 243: "RISC-V"
        case let number: "machine \(number)"
        }
    }

    private static func readSections(_ bytes: [UInt8]) throws(ESPImageError) -> [Section] {
        guard let start = bytes.u32(at: 32), let size = bytes.u16(at: 46), let count = bytes.u16(at: 48),
            let names = bytes.u16(at: 50)
        else { throw .elfInvalid(.truncated(part: "header")) }
        guard count > 0 else { throw .elfInvalid(.noSections) }
        guard size == 40 else {
            throw .elfInvalid(.wrongEntrySize(table: "section header table", size: Int(size), expected: 40))
        }
        guard let table = bytes.slice(Int(start), Int(count) * 40) else {
            throw .elfInvalid(.truncated(part: "section header table"))
        }
        let nameTable: ArraySlice<UInt8>
        if names < count, let offset = bytes.u32(at: Int(start) + Int(names) * 40 + 16),
            let length = bytes.u32(at: Int(start) + Int(names) * 40 + 20),
            let found = bytes.slice(Int(offset), Int(length))
        {
            nameTable = found
        } else {
            throw .elfInvalid(.truncated(part: "section name table"))
        }
        var sections: [Section] = []
        sections.reserveCapacity(Int(count))
        for index in 0..<Int(count) {
            let row = table.startIndex + index * 40
            let field = { (number: Int) in bytes.u32(at: row + 4 * number) ?? 0 }
            guard let name = string(in: nameTable, at: Int(field(0))) else {
                throw .elfInvalid(.badName(section: index))
            }
            sections.append(
                Section(
                    name: name, type: field(1), flags: field(2), address: field(3), offset: Int(field(4)),
                    size: Int(field(5)), link: Int(field(6))))
        }
        return sections
    }

    private static func readProgramHeaders(_ bytes: [UInt8]) throws(ESPImageError) -> [ProgramHeader] {
        guard let start = bytes.u32(at: 28), let size = bytes.u16(at: 42), let count = bytes.u16(at: 44) else {
            throw .elfInvalid(.truncated(part: "header"))
        }
        guard count > 0 else { return [] }
        guard size == 32 else {
            throw .elfInvalid(.wrongEntrySize(table: "program header table", size: Int(size), expected: 32))
        }
        guard bytes.holds(Int(start), Int(count) * 32) else {
            throw .elfInvalid(.truncated(part: "program header table"))
        }
        return (0..<Int(count)).map { index in
            let field = { (number: Int) in bytes.u32(at: Int(start) + index * 32 + 4 * number) ?? 0 }
            return ProgramHeader(
                type: field(0), offset: Int(field(1)), virtualAddress: field(2), physicalAddress: field(3),
                fileSize: Int(field(4)), memorySize: Int(field(5)))
        }
    }

    /// The NUL-terminated string at `offset` of a string table.
    static func string(in table: ArraySlice<UInt8>, at offset: Int) -> String? {
        guard offset < table.count else { return nil }
        let rest = table[(table.startIndex + offset)...]
        guard let end = rest.firstIndex(of: 0) else { return nil }
        return String(decoding: rest[..<end], as: UTF8.self)
    }
}

/// Section types that matter here.
enum SectionType {
    static let progBits: UInt32 = 1
    static let symbolTable: UInt32 = 2
    static let noBits: UInt32 = 8
    /// Those whose bytes go into an image: program, and the three arrays of start-up and exit functions.
    static let loaded: Set<UInt32> = [progBits, 14, 15, 16]
}
