// Reading and writing little-endian integers in byte arrays. Reads are checked: outside the bytes there is nil, never
// a trap, because every offset here may come from a file.

extension Array where Element == UInt8 {
    /// Whether `count` bytes from `offset` on lie inside.
    func holds(_ offset: Int, _ count: Int) -> Bool {
        offset >= 0 && count >= 0 && offset <= self.count && count <= self.count - offset
    }

    func u8(at offset: Int) -> UInt8? {
        holds(offset, 1) ? self[offset] : nil
    }

    func u16(at offset: Int) -> UInt16? {
        guard holds(offset, 2) else { return nil }
        return UInt16(self[offset]) | UInt16(self[offset + 1]) << 8
    }

    func u32(at offset: Int) -> UInt32? {
        guard holds(offset, 4) else { return nil }
        return UInt32(self[offset]) | UInt32(self[offset + 1]) << 8 | UInt32(self[offset + 2]) << 16
            | UInt32(self[offset + 3]) << 24
    }

    func slice(_ offset: Int, _ count: Int) -> ArraySlice<UInt8>? {
        holds(offset, count) ? self[offset..<offset + count] : nil
    }

    /// The bytes from `offset` up to the first NUL or `limit`, as UTF-8; nil where that is no text.
    func text(at offset: Int, limit: Int) -> String? {
        guard let field = slice(offset, limit) else { return nil }
        return String(validating: field.prefix { $0 != 0 }, as: UTF8.self)
    }

    mutating func append(u16 value: UInt16) {
        append(UInt8(truncatingIfNeeded: value))
        append(UInt8(truncatingIfNeeded: value >> 8))
    }

    mutating func append(u32 value: UInt32) {
        append(u16: UInt16(truncatingIfNeeded: value))
        append(u16: UInt16(truncatingIfNeeded: value >> 16))
    }

    mutating func append(repeating byte: UInt8, _ count: Int) {
        append(contentsOf: repeatElement(byte, count: count))
    }

    /// Appends `byte` until the count is a multiple of `alignment`.
    mutating func pad(to alignment: Int, with byte: UInt8) {
        append(repeating: byte, (alignment - count % alignment) % alignment)
    }
}
