// A model slot as `espmask model pack` makes it, changed in ways that the host refuses to pack, with all its checks
// made right again: what a board finds that was flashed by something else. Formats: FORMATS of the `model` partition
// in README.md; flatbuffers.dev, "internals"; field numbers are those of schema.fbs.

import TestSupport
import Testing

/// The bytes of a slot.
struct DamagedSlot {
    var bytes: [UInt8]

    /// Asks for an arena of another size.
    mutating func setArena(_ size: Int) { write(size, at: 12) }

    /// Makes every operator of one kind another one that the engine does not know.
    mutating func setOperatorCode(_ old: UInt8, to new: UInt8) throws {
        let model = try section(1)
        for code in elements(of: 1, in: model.start + read(at: model.start)) {
            let place = try #require(field(0, of: code))
            if bytes[place] == old { bytes[place] = new }
        }
    }

    /// Makes all float weights nan.
    mutating func breakWeights() throws {
        let model = try section(1)
        var broken = 0
        for buffer in elements(of: 4, in: model.start + read(at: model.start)) {
            guard let place = field(0, of: buffer) else { continue }
            let data = place + read(at: place)
            let count = read(at: data)
            guard count >= 64, count % 4 == 0 else { continue }
            for word in 0..<count / 4 { write(0x7FC0_0000, at: data + 4 + 4 * word) }
            broken += 1
        }
        try #require(broken > 0, "the model has no weights")
    }

    /// Overwrites the model's own mark.
    mutating func setIdentifier(_ text: String) throws {
        let start = try section(1).start
        for (index, byte) in text.utf8.enumerated() { bytes[start + 4 + index] = byte }
    }

    /// The slot with its checksums made to fit.
    var sealed: [UInt8] {
        var copy = self
        for index in 0..<read(at: 20) {
            let entry = 24 + 16 * index
            let start = read(at: entry + 4)
            copy.write(Int(Self.crc(bytes[start..<start + read(at: entry + 8)])), at: entry + 12)
        }
        copy.write(Int(Self.crc(copy.bytes[..<252])), at: 252)
        return copy.bytes
    }

    private func section(_ kind: Int) throws -> (start: Int, count: Int) {
        let entry = try #require((0..<read(at: 20)).map { 24 + 16 * $0 }.first { read(at: $0) == kind })
        return (read(at: entry + 4), read(at: entry + 8))
    }

    private func elements(of number: Int, in table: Int) -> [Int] {
        guard let place = field(number, of: table) else { return [] }
        let vector = place + read(at: place)
        return (0..<read(at: vector)).map { vector + 4 + 4 * $0 + read(at: vector + 4 + 4 * $0) }
    }

    private func field(_ number: Int, of table: Int) -> Int? {
        let vtable = table - Int(Int32(truncatingIfNeeded: read(at: table)))
        let entry = 4 + 2 * number
        guard entry < short(vtable) else { return nil }
        let offset = short(vtable + entry)
        return offset == 0 ? nil : table + offset
    }

    private func short(_ place: Int) -> Int { Int(bytes[place]) | Int(bytes[place + 1]) << 8 }

    private func read(at place: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) } }

    private mutating func write(_ value: Int, at place: Int) {
        for index in 0..<4 { bytes[place + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
    }

    /// zlib's CRC-32.
    private static func crc(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        ~bytes.reduce(~0) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 0 ? 0 : 0xEDB8_8320) }
        }
    }
}
