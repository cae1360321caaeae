// One instruction at a time, over a table of corner values: each case runs its instruction once for every row and stores
// what it left in a5, a10, SAR and BR. A difference names the instruction and the operands.

import Testing

/// SplitMix64, seeded, so that whatever fails can be had again.
struct ProgramRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func word() -> UInt32 { UInt32(truncatingIfNeeded: next() >> 32) }

    mutating func below(_ limit: Int) -> Int { Int(next() >> 33) % limit }

    /// One time out of `times`.
    mutating func once(in times: Int) -> Bool { below(times) == 0 }

    mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }
}

/// What an instruction finds in a3, a4, a5 (and a10), SAR and BR.
struct SweepRow: Sendable {
    var x: UInt32
    var y: UInt32
    var z: UInt32
    var sar: UInt32
    var br: UInt32

    /// Values at which carries, signs and sizes turn.
    static let corners: [UInt32] = [
        0, 1, 0xFFFF_FFFF, 0x8000_0000, 0x7FFF_FFFF, 2, 0xFFFF_FFFE, 0x8000_0001, 0x7FFF_FFFE, 0x0000_7FFF, 0x0000_8000,
        0xFFFF_8000, 0xFFFF_7FFF, 0x0000_FFFF, 0x0001_0000, 0x0000_007F, 0x0000_0080, 0xFFFF_FF80, 31, 32, 33,
        0x5555_5555, 0xAAAA_AAAA, 0x1234_5678, 0x0080_0000, 10,
    ]

    /// Every pair of the values (and more, random ones), in an order whose first rows already have every value in x.
    static func table(of values: [UInt32], count: Int, seed: UInt64) -> [SweepRow] {
        var random = ProgramRandom(seed: seed)
        return (0..<count).map { index in
            let isPair = index < values.count * values.count
            return SweepRow(
                x: isPair ? values[index % values.count] : random.word(),
                y: isPair ? values[(index / values.count + index) % values.count] : random.word(),
                z: random.word(), sar: UInt32(random.below(64)), br: random.word() & 0xFFFF)
        }
    }

    var words: [UInt32] { [x, y, z, sar, br] }
}

/// Sources in a3 and a4, results in a5 and a10; a11 to a15 are free, the other registers are the sweep's own.
struct SweepCase: Sendable {
    var name: String
    /// How many rows of the table it runs over.
    var rows: Int
    /// False where nothing of the instruction can be seen, such as MEMW.
    var isVisible = true
    /// What two processors may differ in is made equal here; the four words are a5, a10, SAR and BR.
    var canonical: @Sendable (SweepRow, [UInt32]) -> [UInt32] = { $1 }
    var emit: @Sendable (inout Assembler) -> Void

    init(
        _ name: String, rows: Int, isVisible: Bool = true,
        canonical: @escaping @Sendable (SweepRow, [UInt32]) -> [UInt32] = { $1 },
        emit: @escaping @Sendable (inout Assembler) -> Void
    ) {
        self.name = name
        self.rows = rows
        self.isVisible = isVisible
        self.canonical = canonical
        self.emit = emit
    }

    init(_ instruction: Instruction, rows: Int, isVisible: Bool = true) {
        self.init(instruction.text, rows: rows, isVisible: isVisible) { $0.emit(instruction) }
    }
}

/// A table, the cases that run over it, and the image that does it.
struct InstructionSweep: Sendable, CustomTestStringConvertible {
    var rows: [SweepRow]
    var cases: [SweepCase]

    var testDescription: String { "\(cases.count) cases" }

    static let resultWords = 4
    private static let rowWords = 5

    /// The image; `isBlank` leaves the instructions themselves out.
    func image(isBlank: Bool = false) -> GuestImage {
        let tables = rows.flatMap(\.words).flatMap { word in
            (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) }
        }
        let size = cases.reduce(0) { $0 + $1.rows } * Self.resultWords * 4
        return GuestImage.make(resultSize: size, tables: tables) { code in
            code.load(8, GuestLayout.tables)
            code.load(6, GuestLayout.results)
            for sweepCase in cases {
                precondition(sweepCase.rows <= min(rows.count, 2047), sweepCase.name)
                emit(sweepCase, isBlank: isBlank, into: &code)
            }
        }
    }

    private func emit(_ sweepCase: SweepCase, isBlank: Bool, into code: inout Assembler) {
        code.emit([.three("or", 2, 8, 8), .movi(7, sweepCase.rows)])
        let top = code.label()
        code.place(top)
        code.emit([.l32i(3, 2, 0), .l32i(4, 2, 4), .l32i(5, 2, 8), .l32i(10, 2, 8), .l32i(9, 2, 12), .wsr(.sar, 9)])
        code.emit([.l32i(9, 2, 16), .wsr(.br, 9)])
        code.endTranslationBlock()
        if !isBlank { sweepCase.emit(&code) }
        code.endTranslationBlock()
        code.emit([.s32i(5, 6, 0), .s32i(10, 6, 4), .rsr(.sar, 9), .s32i(9, 6, 8), .rsr(.br, 9), .s32i(9, 6, 12)])
        code.emit([.addi(6, 6, 4 * Self.resultWords), .addi(2, 2, 4 * Self.rowWords), .addi(7, 7, -1)])
        code.emit(.zeroBranch("bnez", 7), to: top)
    }

    /// The first differences of each case, as sentences, with the case's number.
    func differences(_ theirs: [UInt32], _ ours: [UInt32], perCase: Int = 3) -> [(index: Int, text: String)] {
        var found: [(index: Int, text: String)] = []
        var place = 0
        for (index, sweepCase) in cases.enumerated() {
            var count = 0
            for row in rows[..<sweepCase.rows] {
                let left = sweepCase.canonical(row, Array(theirs[place..<place + Self.resultWords]))
                let right = sweepCase.canonical(row, Array(ours[place..<place + Self.resultWords]))
                place += Self.resultWords
                guard left != right, count < perCase else { continue }
                count += 1
                let operands =
                    "a3=\(hexWord(row.x)) a4=\(hexWord(row.y)) a5=\(hexWord(row.z)) sar=\(row.sar) br=\(hexWord(row.br))"
                found.append(
                    (index, "\(sweepCase.name): \(operands): qemu \(Self.text(left)), ours \(Self.text(right))"))
            }
        }
        // Behind the rows: how many exceptions there were, and which.
        let tail = (Array(theirs[place...]), Array(ours[place...]))
        if tail.0 != tail.1 { found.append((cases.count, "exceptions: qemu \(tail.0), ours \(tail.1)")) }
        return found
    }

    private static func text(_ words: [UInt32]) -> String {
        zip(["a5", "a10", "sar", "br"], words).map { "\($0)=\(hexWord($1))" }.joined(separator: " ")
    }
}
