// Little-endian numbers in byte arrays, as the loader's packets hold them; reading checks its bounds.

extension [UInt8] {
    /// Appends a number, least significant byte first.
    mutating func appendLittleEndian(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    /// The number at `offset`, or nil where the array ends before it.
    func littleEndian<Number: FixedWidthInteger>(_: Number.Type, at offset: Int) -> Number? {
        let size = MemoryLayout<Number>.size
        guard offset >= 0, count >= size, offset <= count - size else { return nil }
        return self[offset..<offset + size].reversed().reduce(0) { $0 << 8 | Number($1) }
    }
}
