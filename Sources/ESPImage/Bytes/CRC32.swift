// The CRC-32 of zlib and PNG: polynomial 0xEDB88320 reflected, start and end inverted. Eight tables let it take eight
// bytes a step, because whole model slots are checked on every start.

/// The CRC-32 of a byte sequence, as zlib's `crc32` gives it.
public enum CRC32 {
    /// The checksum of `bytes`.
    public static func checksum(_ bytes: some Collection<UInt8>) -> UInt32 {
        let whole = bytes.withContiguousStorageIfAvailable { checksum(buffer: $0) }
        return whole ?? Array(bytes).withUnsafeBufferPointer { checksum(buffer: $0) }
    }

    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
            tables[byte] = value
        }
        for index in 256..<tables.count {
            let previous = tables[index - 256]
            tables[index] = previous >> 8 ^ tables[Int(previous & 0xFF)]
        }
        return tables
    }()

    private static func checksum(buffer: UnsafeBufferPointer<UInt8>) -> UInt32 {
        tables.withUnsafeBufferPointer { table in
            var crc: UInt32 = 0xFFFF_FFFF
            var index = 0
            while buffer.count - index >= 8 {
                var low: UInt32 = 0
                for byte in 0..<4 { low |= UInt32(buffer[index + byte]) << UInt32(8 * byte) }
                low ^= crc
                crc = table[7 * 256 + Int(low & 0xFF)] ^ table[6 * 256 + Int(low >> 8 & 0xFF)]
                crc ^= table[5 * 256 + Int(low >> 16 & 0xFF)] ^ table[4 * 256 + Int(low >> 24)]
                crc ^= table[3 * 256 + Int(buffer[index + 4])] ^ table[2 * 256 + Int(buffer[index + 5])]
                crc ^= table[256 + Int(buffer[index + 6])] ^ table[Int(buffer[index + 7])]
                index += 8
            }
            while index < buffer.count {
                crc = crc >> 8 ^ table[Int((crc ^ UInt32(buffer[index])) & 0xFF)]
                index += 1
            }
            return ~crc
        }
    }
}
