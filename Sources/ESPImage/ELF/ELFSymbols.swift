// The symbol table of an ELF file, for finding linker symbols by name and functions by address.

extension ELFFile {
    /// A row of the symbol table.
    public struct Symbol: Sendable, Equatable {
        /// Its name.
        public let name: String
        /// Its address, or an absolute value.
        public let value: UInt32
        /// Bytes it covers; 0 where the assembler did not say.
        public let size: UInt32
        /// Whether it is a function (STT_FUNC).
        public let isFunction: Bool
    }

    /// Every named symbol, in the order of the file; empty where the file was stripped.
    public func symbols() throws(ESPImageError) -> [Symbol] {
        guard let section = sections.first(where: { $0.type == SectionType.symbolTable }) else { return [] }
        let table = try contents(of: section)
        guard section.link < sections.count else { throw .elfInvalid(.truncated(part: "symbol name table")) }
        let names = try contents(of: sections[section.link])
        var symbols: [Symbol] = []
        symbols.reserveCapacity(table.count / 16)
        for row in stride(from: table.startIndex, to: table.endIndex - 15, by: 16) {
            guard let nameOffset = bytes.u32(at: row), let value = bytes.u32(at: row + 4),
                let size = bytes.u32(at: row + 8), let info = bytes.u8(at: row + 12),
                let name = Self.string(in: names, at: Int(nameOffset)), !name.isEmpty
            else { continue }
            symbols.append(Symbol(name: name, value: value, size: size, isFunction: info & 0xF == 2))
        }
        return symbols
    }

    /// The symbol of that name, or nil.
    public func symbol(named name: String) throws(ESPImageError) -> Symbol? {
        try symbols().first { $0.name == name }
    }
}
