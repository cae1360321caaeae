// MAC16's instructions and what the sweep does with them (ISA reference, "MAC16 Option"). A product takes the low or high
// half of each operand; m0 and m1 may stand left, m2 and m3 right.

enum MultiplyKind: String, CaseIterable {
    case umul
    case mul
    case mula
    case muls

    /// UMUL exists for address registers alone.
    static let ofOwnRegisters: [MultiplyKind] = [.mul, .mula, .muls]

    fileprivate var code: Int {
        switch self {
        case .umul: 0
        case .mul: 4
        case .mula: 8
        case .muls: 12
        }
    }
}

/// The left operand's half, then the right's.
enum MultiplyHalf: String, CaseIterable {
    case ll
    case hl
    case lh
    case hh

    fileprivate var code: Int {
        switch self {
        case .ll: 0
        case .hl: 1
        case .lh: 2
        case .hh: 3
        }
    }
}

enum MultiplyOperand {
    case address(Int)
    case own(Int)

    fileprivate var text: String {
        switch self {
        case .address(let number): "a\(number)"
        case .own(let number): "m\(number)"
        }
    }

    fileprivate var letter: String {
        switch self {
        case .address: "a"
        case .own: "d"
        }
    }
}

extension Instruction {
    static func multiply(
        _ kind: MultiplyKind, _ half: MultiplyHalf, _ left: MultiplyOperand, _ right: MultiplyOperand
    ) -> Instruction {
        let text = "\(kind).\(left.letter)\(right.letter).\(half) \(left.text), \(right.text)"
        let op1 = kind.code | half.code
        return switch (left, right) {
        case (.address(let s), .address(let t)): Instruction(rrr: text, op2: 7, op1: op1, op0: 4, r: 0, s: s, t: t)
        case (.address(let s), .own(let y)):
            Instruction(rrr: text, op2: 3, op1: op1, op0: 4, r: 0, s: s, t: (y & 1) << 2)
        case (.own(let x), .address(let t)): Instruction(rrr: text, op2: 6, op1: op1, op0: 4, r: x << 2, s: 0, t: t)
        case (.own(let x), .own(let y)):
            Instruction(rrr: text, op2: 2, op1: op1, op0: 4, r: x << 2, s: 0, t: (y & 1) << 2)
        }
    }

    /// MULA with a load beside it; the pointer steps by 4 or -4 first.
    static func multiplyAndLoad(
        _ half: MultiplyHalf, _ left: MultiplyOperand, _ right: MultiplyOperand, step: Int, to w: Int, _ s: Int
    ) -> Instruction {
        guard case .own(let x) = left else { preconditionFailure("only m0 and m1 stand left of a load") }
        let name = "mula.d\(right.letter).\(half).\(step > 0 ? "ldinc" : "lddec")"
        let text = "\(name) m\(w), a\(s), \(left.text), \(right.text)"
        let isDown = step > 0 ? 0 : 1
        let op1 = 8 | half.code
        return switch right {
        case .address(let t): Instruction(rrr: text, op2: 4 | isDown, op1: op1, op0: 4, r: x << 2 | w, s: s, t: t)
        case .own(let y):
            Instruction(rrr: text, op2: isDown, op1: op1, op0: 4, r: x << 2 | w, s: s, t: (y & 1) << 2)
        }
    }

    /// LDINC, LDDEC.
    static func steppingLoad(step: Int, to w: Int, _ s: Int) -> Instruction {
        let name = step > 0 ? "ldinc" : "lddec"
        return Instruction(rrr: "\(name) m\(w), a\(s)", op2: step > 0 ? 8 : 9, op1: 0, op0: 4, r: w, s: s, t: 0)
    }
}

enum MultiplyAccumulateCases {
    static let all: [SweepCase] = products + loads + registers

    /// The start of a case. The block ends, since qemu 7.2 has for m0 to m3 what it has for booleans.
    private static func emitOperands(_ code: inout Assembler) {
        code.emit([.wsr(.acclo, 5), .wsr(.acchi, 4), .wsr(.m0, 3), .wsr(.m1, 4), .wsr(.m2, 4), .wsr(.m3, 3)])
        code.endTranslationBlock()
    }

    /// The accumulator starts from a5; what it becomes goes to a5 and a10.
    private static func product(_ instruction: Instruction) -> SweepCase {
        SweepCase(instruction.text, rows: 400) { code in
            emitOperands(&code)
            code.emit([instruction, .rsr(.acclo, 5), .rsr(.acchi, 10)])
        }
    }

    private static let products: [SweepCase] =
        MultiplyHalf.allCases.flatMap { half in
            MultiplyKind.allCases.map { product(.multiply($0, half, .address(3), .address(4))) }
                + MultiplyKind.ofOwnRegisters.flatMap { kind in
                    [0, 1].flatMap { number in
                        [
                            product(.multiply(kind, half, .own(number), .address(4))),
                            product(.multiply(kind, half, .address(3), .own(2 + number))),
                            product(.multiply(kind, half, .own(number), .own(2))),
                            product(.multiply(kind, half, .own(number), .own(3))),
                        ]
                    }
                }
        }

    /// The pointer starts at the row's second word; the loaded register and the accumulator go to a5, the pointer's way and
    /// the accumulator's high part to a10.
    private static func loading(_ instruction: Instruction, to w: Int) -> SweepCase {
        SweepCase(instruction.text, rows: 300) { code in
            emitOperands(&code)
            code.emit([.addi(12, 2, 4), instruction])
            code.endTranslationBlock()
            code.emit([.rsr(.acclo, 5), .rsr(.acchi, 10)])
            code.emit([.rsr([.m0, .m1, .m2, .m3][w], 11), .three("addx8", 5, 11, 5), .three("sub", 12, 12, 2)])
            code.emit(.three("addx8", 10, 12, 10))
        }
    }

    private static let loads: [SweepCase] = [4, -4].flatMap { step in
        (0..<4).flatMap { w in
            [loading(.steppingLoad(step: step, to: w, 12), to: w)]
                + MultiplyHalf.allCases.flatMap { half in
                    [MultiplyOperand.address(4), .own(2), .own(3)].flatMap { right in
                        [0, 1].map { left in
                            loading(.multiplyAndLoad(half, .own(left), right, step: step, to: w, 12), to: w)
                        }
                    }
                }
        }
    }

    private static let registers: [SweepCase] = [SpecialRegister.acclo, .acchi, .m0, .m1, .m2, .m3].map { register in
        SweepCase("wsr.\(register), xsr, rsr", rows: 200) { code in
            code.emit([.three("or", 11, 4, 4), .wsr(register, 3), .xsr(register, 11), .rsr(register, 5)])
            code.emit(.three("or", 10, 11, 11))
        }
    }
}
