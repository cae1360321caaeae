// Reads .npy files: plain little-endian numbers in C order, format version 1.0 (NumPy's documentation of its format).
// Nothing else is taken: no objects (their pickle would run code), no Fortran order, no byte more or less than the
// shape says.

/// An array of numbers as a .npy file holds it.
public struct NumPyFile: Equatable, Sendable {
    /// The types of the files that training/ writes.
    public enum Element: String, Sendable, CaseIterable {
        case float32, float64, int64, uint8

        /// The type as a header spells it.
        var descriptor: String {
            switch self {
            case .float32: "<f4"
            case .float64: "<f8"
            case .int64: "<i8"
            case .uint8: "|u1"
            }
        }

        var size: Int {
            switch self {
            case .float32: 4
            case .float64, .int64: 8
            case .uint8: 1
            }
        }
    }

    /// The type of the numbers in the file.
    public let element: Element
    /// The dimensions, outermost first; empty for a single number.
    public let shape: [Int]
    private let data: ArraySlice<UInt8>

    private static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0]

    /// Reads a whole file. Throws `bad-inputs`.
    public init(_ bytes: [UInt8]) throws(EvaluationError) {
        guard bytes.starts(with: Self.magic), bytes.count >= 10 else {
            throw EvaluationError("it is no .npy file of version 1.0")
        }
        let length = Int(bytes[8]) | Int(bytes[9]) << 8
        guard bytes.count - 10 >= length else { throw EvaluationError("its header is cut off") }
        var header = NumPyHeader(bytes[10..<(10 + length)])
        guard let (element, shape) = header.parse() else {
            throw EvaluationError("its header is none of plain numbers in C order")
        }
        var size = element.size
        for dimension in shape {
            let (product, overflows) = size.multipliedReportingOverflow(by: dimension)
            guard !overflows else { throw EvaluationError("its shape \(shape) is larger than any file") }
            size = product
        }
        guard bytes.count - 10 - length == size else {
            throw EvaluationError("it holds \(bytes.count - 10 - length) bytes, its shape \(shape) needs \(size)")
        }
        self.element = element
        self.shape = shape
        data = bytes[(10 + length)...]
    }

    /// How many numbers there are.
    public var count: Int { data.count / element.size }

    /// The numbers as doubles; whole numbers beyond 2^53 are rounded.
    public var doubles: [Double] {
        switch element {
        case .float32: words(UInt32.self).map { Double(Float(bitPattern: $0)) }
        case .float64: words(UInt64.self).map { Double(bitPattern: $0) }
        case .int64: words(UInt64.self).map { Double(Int64(bitPattern: $0)) }
        case .uint8: data.map { Double($0) }
        }
    }

    /// The numbers as float32; doubles are rounded.
    public var floats: [Float] {
        element == .float32 ? words(UInt32.self).map { Float(bitPattern: $0) } : doubles.map { Float($0) }
    }

    /// The numbers as whole numbers; nil for an array of others.
    public var integers: [Int]? {
        switch element {
        case .float32, .float64: nil
        case .int64: words(UInt64.self).map { Int(Int64(bitPattern: $0)) }
        case .uint8: data.map { Int($0) }
        }
    }

    private func words<Word: FixedWidthInteger>(_: Word.Type) -> [Word] {
        data.withUnsafeBytes { raw in
            stride(from: 0, to: raw.count, by: MemoryLayout<Word>.size).map {
                Word(littleEndian: raw.loadUnaligned(fromByteOffset: $0, as: Word.self))
            }
        }
    }
}

/// The header's text: a Python dictionary with exactly three keys, spaces behind it, and a line feed.
private struct NumPyHeader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// Type and shape; nil for any other header.
    mutating func parse() -> (NumPyFile.Element, [Int])? {
        var element: NumPyFile.Element?
        var isPlain = false
        var shape: [Int]?
        guard take("{") else { return nil }
        while !take("}") {
            guard let key = quoted(), take(":") else { return nil }
            switch key {
            case "descr" where element == nil:
                guard let name = quoted() else { return nil }
                element = NumPyFile.Element.allCases.first { $0.descriptor == name }
                guard element != nil else { return nil }
            case "fortran_order" where !isPlain:
                guard take("False") else { return nil }
                isPlain = true
            case "shape" where shape == nil:
                shape = tuple()
                guard shape != nil else { return nil }
            case _: return nil
            }
            if !take(",") {
                guard take("}") else { return nil }
                break
            }
        }
        guard rest.last == UInt8(ascii: "\n"), rest.dropLast().allSatisfy({ $0 == UInt8(ascii: " ") }),
            let element, let shape, isPlain
        else { return nil }
        return (element, shape)
    }

    private mutating func skipSpaces() {
        while rest.first == UInt8(ascii: " ") { rest.removeFirst() }
    }

    private mutating func take(_ word: StaticString) -> Bool {
        skipSpaces()
        let wanted = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        guard rest.starts(with: wanted) else { return false }
        rest = rest.dropFirst(wanted.count)
        return true
    }

    private mutating func quoted() -> String? {
        guard take("'"), let end = rest.firstIndex(of: UInt8(ascii: "'")) else { return nil }
        defer { rest = rest[(end + 1)...] }
        return String(decoding: rest[..<end], as: UTF8.self)
    }

    /// `()`, `(3,)`, `(3, 4)`.
    private mutating func tuple() -> [Int]? {
        guard take("(") else { return nil }
        var numbers: [Int] = []
        while !take(")") {
            let digits = { [self] () -> ArraySlice<UInt8> in
                let from = rest.drop { $0 == UInt8(ascii: " ") }
                return from.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            }()
            guard numbers.count < 8, let number = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
            rest = rest[digits.endIndex...]
            numbers.append(number)
            if !take(",") {
                guard numbers.count > 1, take(")") else { return nil }
                break
            }
        }
        return numbers
    }
}
