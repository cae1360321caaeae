// Finds places in a .tflite file by the schema's field numbers, so that a test can change what lies there. It trusts
// the file. The layout is that of https://flatbuffers.dev, "internals"; field numbers are those of schema.fbs.

import Testing

/// A .tflite file to be damaged at places that mean something.
struct FlatbufferEditor {
    var bytes: [UInt8]

    /// A vector's first element, and how many there are.
    struct Vector {
        var at: Int
        var count: Int
    }

    func read(at place: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) } }

    mutating func write(_ value: Int, at place: Int) {
        for index in 0..<4 { bytes[place + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
    }

    /// The place of a field; one that is absent is a mistake of the test.
    func field(_ number: Int, of table: Int) throws -> Int {
        let vtable = table - Int(Int32(truncatingIfNeeded: read(at: table)))
        let entry = 4 + 2 * number
        try #require(entry < Int(bytes[vtable]) | Int(bytes[vtable + 1]) << 8, "field \(number) is absent")
        let offset = Int(bytes[vtable + entry]) | Int(bytes[vtable + entry + 1]) << 8
        try #require(offset != 0, "field \(number) is absent")
        return table + offset
    }

    func table(_ number: Int, of table: Int) throws -> Int {
        let place = try field(number, of: table)
        return place + read(at: place)
    }

    func vector(_ number: Int, of table: Int) throws -> Vector {
        let place = try self.table(number, of: table)
        return Vector(at: place + 4, count: read(at: place))
    }

    /// The table that an element leads to.
    func element(_ index: Int, of vector: Vector) throws -> Int {
        try #require(index < vector.count)
        let place = vector.at + 4 * index
        return place + read(at: place)
    }

    var root: Int { read(at: 0) }
    var graph: Int { get throws { try element(0, of: try vector(2, of: root)) } }

    func operatorCode(_ index: Int) throws -> Int { try element(index, of: try vector(1, of: root)) }
    func operation(_ index: Int) throws -> Int { try element(index, of: try vector(3, of: try graph)) }
    func tensor(_ index: Int) throws -> Int { try element(index, of: try vector(0, of: try graph)) }
    func inputTensor() throws -> Int { try tensor(read(at: try vector(1, of: try graph).at)) }
}
