// .npy files: NumPy's own bytes are read, and everything else is refused without a trap.

import Evaluation
import Testing

@Suite("A .npy file")
struct NumPyFileTests {
    /// The bytes of a file with a header text of our own, padded as NumPy pads.
    static func file(_ header: String, data: [UInt8]) -> [UInt8] {
        var text = Array(header.utf8)
        while (10 + text.count + 1) % 64 != 0 { text.append(0x20) }
        text.append(0x0A)
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.count & 0xFF), UInt8(text.count >> 8)] + text + data
    }

    static let floats: [UInt8] = [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 0, 0, 0x20, 0x41]

    @Test("of float32 gives shape, type and numbers")
    func float32() throws {
        let array = try NumPyFile(
            Self.file("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }", data: Self.floats))
        #expect(array.shape == [1, 3] && array.element == .float32 && array.count == 3)
        #expect(array.floats == [1, -2, 10] && array.doubles == [1, -2, 10] && array.integers == nil)
    }

    @Test("of whole numbers gives them, negative ones too")
    func integers() throws {
        let minusTwo = withUnsafeBytes(of: Int64(-2).littleEndian) { Array($0) }
        let array = try NumPyFile(
            Self.file("{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }", data: minusTwo))
        #expect(array.integers == [-2])
        let bytes = try NumPyFile(
            Self.file("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }", data: [0, 255]))
        #expect(bytes.integers == [0, 255] && bytes.doubles == [0, 255])
    }

    @Test("may hold one number without a shape, or none")
    func odd() throws {
        let one = [UInt8](repeating: 0, count: 8)
        #expect(
            try NumPyFile(Self.file("{'descr': '<f8', 'fortran_order': False, 'shape': (), }", data: one)).shape == [])
        #expect(
            try NumPyFile(Self.file("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 5), }", data: [])).count
                == 0)
    }

    @Test(
        "with any other header is refused",
        arguments: [
            "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }",
            "{'descr': '>f4', 'fortran_order': False, 'shape': (3,), }",
            "{'descr': '<f4', 'fortran_order': True, 'shape': (3,), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-3,), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3037000500, 3037000500), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,3), }",
            "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (3,), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), 'more': 1}",
            "{'descr': '<f4', 'shape': (3,), }", "{'fortran_order': False, 'shape': (3,), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), } x", "{", "", "()", "{'descr': [('a', '<f4')]}",
        ])
    func refused(header: String) {
        #expect(throws: EvaluationError.self) { try NumPyFile(Self.file(header, data: Self.floats)) }
    }

    @Test("cut anywhere, or longer than it says, is refused")
    func cut() {
        let whole = Self.file("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", data: Self.floats)
        for length in whole.indices {
            #expect(throws: EvaluationError.self) { try NumPyFile(Array(whole[..<length])) }
        }
        #expect(throws: EvaluationError.self) { try NumPyFile(whole + [0]) }
    }

    @Test("with any one byte of its head changed never traps")
    func changed() {
        let whole = Self.file("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", data: Self.floats)
        for index in 0..<80 {
            for value in [UInt8](0...255) {
                var bytes = whole
                bytes[index] = value
                _ = try? NumPyFile(bytes)
            }
        }
    }
}
