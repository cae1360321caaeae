// Writes small .tflite files without any Python, so that tests can make models of any shape: tensors, constants,
// operators with their options. The layout is that of https://flatbuffers.dev, "internals"; field numbers are those of
// schema.fbs. It checks nothing: models that lie can be made as well.

/// A model under construction: one subgraph.
public struct ModelWriter {
    /// The type of a tensor, by its number in the schema.
    public enum Kind: UInt8, Sendable {
        /// IEEE single precision.
        case float32 = 0
        /// Shapes, axes and biases.
        case int32 = 2
        /// Quantised values.
        case int8 = 9
    }

    /// An operator's options: the number of their kind in the schema's union, and their fields.
    public struct Options {
        var kind: UInt8
        var fields: [Int: FlatbufferNode.Field]

        /// Options with 32-bit fields and 8-bit fields, by number.
        public init(_ kind: UInt8, words: [Int: Int32] = [:], bytes: [Int: UInt8] = [:]) {
            self.kind = kind
            fields = words.mapValues { .word(UInt32(bitPattern: $0)) }
            for (number, byte) in bytes { fields[number] = .byte(byte) }
        }
    }

    private var tensors: [FlatbufferNode] = []
    private var buffers: [FlatbufferNode] = [.table([:])]
    private var codes: [UInt8] = []
    private var operators: [FlatbufferNode] = []

    /// An empty model.
    public init() {}

    /// Adds a tensor and returns its index; `constant` gives it values in the file.
    public mutating func tensor(
        _ shape: [Int], _ kind: Kind = .float32, scales: [Float] = [], zeroPoint: Int = 0, channelDimension: Int = 0,
        constant: [UInt8]? = nil
    ) -> Int {
        var fields: [Int: FlatbufferNode.Field] = [
            0: .node(.words(shape.map { UInt32(truncatingIfNeeded: $0) })), 1: .byte(kind.rawValue),
            3: .node(.text("t\(tensors.count)")),
        ]
        if let constant {
            fields[2] = .word(UInt32(buffers.count))
            buffers.append(.table([0: .node(.bytes(constant))]))
        }
        if !scales.isEmpty {
            let zero = UInt32(bitPattern: Int32(zeroPoint))
            let high: UInt32 = zeroPoint < 0 ? .max : 0
            fields[4] = .node(
                .table([
                    2: .node(.words(scales.map(\.bitPattern))),
                    3: .node(.longs(Array(repeating: [zero, high], count: scales.count).flatMap { $0 })),
                    6: .word(UInt32(channelDimension)),
                ]))
        }
        tensors.append(.table(fields))
        return tensors.count - 1
    }

    /// The bytes of float32 values, for a constant.
    public static func bytes(of values: [Float]) -> [UInt8] { values.flatMap { littleEndian($0.bitPattern) } }

    /// The bytes of int32 values, for a constant.
    public static func bytes(of values: [Int32]) -> [UInt8] { values.flatMap { littleEndian(UInt32(bitPattern: $0)) } }

    private static func littleEndian(_ word: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
    }

    /// Adds an operator by its builtin code (below 128).
    public mutating func op(_ code: UInt8, _ inputs: [Int], _ outputs: [Int], _ options: Options? = nil) {
        if !codes.contains(code) { codes.append(code) }
        var fields: [Int: FlatbufferNode.Field] = [
            0: .word(UInt32(codes.firstIndex(of: code) ?? 0)),
            1: .node(.words(inputs.map { UInt32(truncatingIfNeeded: $0) })),
            2: .node(.words(outputs.map { UInt32(truncatingIfNeeded: $0) })),
        ]
        if let options {
            fields[3] = .byte(options.kind)
            fields[4] = .node(.table(options.fields))
        }
        operators.append(.table(fields))
    }

    /// The file.
    public func file(inputs: [Int], outputs: [Int]) -> [UInt8] {
        let graph = FlatbufferNode.table([
            0: .node(.tables(tensors)), 1: .node(.words(inputs.map { UInt32(truncatingIfNeeded: $0) })),
            2: .node(.words(outputs.map { UInt32(truncatingIfNeeded: $0) })), 3: .node(.tables(operators)),
        ])
        let root = FlatbufferNode.table([
            0: .word(3),
            1: .node(.tables(codes.map { .table([0: .byte($0), 3: .word(UInt32($0))]) })),
            2: .node(.tables([graph])), 4: .node(.tables(buffers)),
        ])
        return root.file(identifier: "TFL3")
    }
}

/// What a flatbuffer is made of.
indirect enum FlatbufferNode {
    /// A field of a table.
    enum Field {
        case byte(UInt8)
        case word(UInt32)
        case node(FlatbufferNode)
    }

    case table([Int: Field])
    case tables([FlatbufferNode])
    case words([UInt32])
    /// 64-bit numbers as pairs of words, low one first.
    case longs([UInt32])
    case bytes([UInt8])
    case text(String)

    func file(identifier: String) -> [UInt8] {
        var out: [UInt8] = [0, 0, 0, 0] + Array(identifier.utf8)
        let at = append(to: &out)
        Self.patch(&out, at: 0, to: at)
        return out
    }

    /// Appends the node and all it leads to; returns its position.
    private func append(to out: inout [UInt8]) -> Int {
        switch self {
        case .table(let fields): return Self.append(table: fields, to: &out)
        case .tables(let nodes):
            let at = Self.start(of: nodes.count, in: &out)
            out += [UInt8](repeating: 0, count: 4 * nodes.count)
            for (index, node) in nodes.enumerated() {
                Self.patch(&out, at: at + 4 + 4 * index, to: node.append(to: &out))
            }
            return at
        case .words(let words):
            let at = Self.start(of: words.count, in: &out)
            for word in words { Self.put(word, to: &out) }
            return at
        case .longs(let words):
            let at = Self.start(of: words.count / 2, in: &out)
            for word in words { Self.put(word, to: &out) }
            return at
        case .bytes(let bytes):
            let at = Self.start(of: bytes.count, in: &out)
            out += bytes
            return at
        case .text(let text):
            let at = Self.start(of: text.utf8.count, in: &out)
            out += Array(text.utf8) + [0]
            return at
        }
    }

    // A vtable, and the table right behind it: every field takes four bytes.
    private static func append(table fields: [Int: Field], to out: inout [UInt8]) -> Int {
        let count = (fields.keys.max() ?? -1) + 1
        align(&out)
        if count % 2 == 1 { out += [0, 0] }
        let vtable = out.count
        var places = [Int](repeating: 0, count: count)
        for (place, number) in fields.keys.sorted().enumerated() { places[number] = 4 + 4 * place }
        for half in [4 + 2 * count, 4 + 4 * fields.count] + places { out += [UInt8(half & 255), UInt8(half >> 8)] }
        let at = out.count
        put(UInt32(at - vtable), to: &out)
        out += [UInt8](repeating: 0, count: 4 * fields.count)
        for (number, field) in fields.sorted(by: { $0.key < $1.key }) {
            let place = at + places[number]
            switch field {
            case .byte(let byte): out[place] = byte
            case .word(let word): for i in 0..<4 { out[place + i] = UInt8(truncatingIfNeeded: word >> (8 * i)) }
            case .node(let node): patch(&out, at: place, to: node.append(to: &out))
            }
        }
        return at
    }

    private static func align(_ out: inout [UInt8]) { while out.count % 4 != 0 { out.append(0) } }

    /// The count of a vector; returns where it lies.
    private static func start(of count: Int, in out: inout [UInt8]) -> Int {
        align(&out)
        put(UInt32(count), to: &out)
        return out.count - 4
    }

    private static func put(_ word: UInt32, to out: inout [UInt8]) {
        out += (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
    }

    private static func patch(_ out: inout [UInt8], at place: Int, to target: Int) {
        for i in 0..<4 { out[place + i] = UInt8(truncatingIfNeeded: (target - place) >> (8 * i)) }
    }
}
