// The single-precision instructions for the sweep, in every rounding mode and with FSR's inexact flag clear and set (our
// processor computes a faster way where it is set). FSR goes to a10.

enum FloatCases {
    /// Values of every class and beside the borders between them.
    private static let edges: [UInt32] = [
        0, 1, 0x007F_FFFF, 0x0080_0000, 0x0080_0001, 0x3F7F_FFFF, 0x3F80_0000, 0x3F80_0001, 0x3FC0_0000, 0x4020_0000,
        0x4B00_0001, 0x4EFF_FFFF, 0x4F00_0000, 0x4F7F_FFFF, 0x4F80_0000, 0x7F7F_FFFF, 0x7F80_0000, 0x7FC0_0000,
        0x7FC1_2345, 0x7F80_0001, 0x3300_0000, 0x3F00_0000,
    ].flatMap { [$0, $0 | 0x8000_0000] }

    /// Every pair of the edges, then pairs of near exponents; the third operand often cancels the product of the others.
    static let rows: [SweepRow] = {
        var random = ProgramRandom(seed: 3)
        var rows = SweepRow.table(of: edges, count: 2047, seed: 4)
        for index in rows.indices {
            if index >= edges.count * edges.count, random.once(in: 2) {
                rows[index].x = nearOne(&random)
                rows[index].y = nearOne(&random)
            }
            let product = -(Float(bitPattern: rows[index].x) * Float(bitPattern: rows[index].y))
            switch random.below(4) {
            case 0: rows[index].z = random.pick(edges)
            case 1: rows[index].z = product.bitPattern &+ UInt32(random.below(3)) &- 1
            case 2: rows[index].z = nearOne(&random)
            default: break
            }
        }
        return rows
    }()

    private static func nearOne(_ random: inout ProgramRandom) -> UInt32 {
        random.word() & 0x807F_FFFF | UInt32(127 - 25 + random.below(50)) << 23
    }

    /// Which of several NaNs an operation hands on is another in the ESP32's unit, which has single precision alone (the
    /// operand named last), than in qemu's core, which has both (the operand named first). With one NaN there is no choice.
    private static func isNaNChosen(_ operands: [UInt32]) -> Bool {
        operands.count { Float(bitPattern: $0).isNaN } > 1
    }

    /// f0 from a5, f1 from a3, f2 from a4; f0 back to a5, FSR to a10.
    private static func floats(
        _ name: String, mode: Int, fsr: Int, rows: Int,
        canonical: @escaping @Sendable (SweepRow, [UInt32]) -> [UInt32] = { $1 }, _ body: [Instruction]
    ) -> SweepCase {
        SweepCase("\(name) mode \(mode) fsr \(fsr)", rows: rows, canonical: canonical) { code in
            code.emit([.wfr(1, 3), .wfr(2, 4), .wfr(0, 5), .movi(11, mode), .wur(.fcr, 11)])
            code.emit([.movi(11, fsr >> 7), .slli(11, 11, 7), .wur(.fsr, 11)])
            code.emit(body)
            code.emit([.rfr(5, 0), .rur(.fsr, 10)])
        }
    }

    static let arithmetic: [SweepCase] = ["add.s", "sub.s", "mul.s", "madd.s", "msub.s"].flatMap { name in
        [(0, 0), (1, 0), (2, 0), (3, 0), (0, 0x80), (1, 0x80), (2, 0x80), (3, 0x80), (0, 0xF80)].map { mode, fsr in
            floats(
                name, mode: mode, fsr: fsr, rows: 2047,
                canonical: { row, result in
                    let operands = name.hasPrefix("m") && name != "mul.s" ? [row.x, row.y, row.z] : [row.x, row.y]
                    return isNaNChosen(operands) ? [0, result[1], result[2], result[3]] : result
                }, [.float(name, 0, 1, 2)])
        }
    }

    static let compares: [SweepCase] = Instruction.floatCompareNames.flatMap { name in
        [0, 9, 15].map { boolean in
            floats(name, mode: 0, fsr: 0, rows: 1900, [.floatCompare(name, boolean, 1, 2)])
        }
    }

    static let moves: [SweepCase] =
        ["mov.s", "abs.s", "neg.s"].map { floats($0, mode: 0, fsr: 0, rows: 100, [.floatMove($0, 0, 1)]) }
        + Instruction.floatConditionNames.prefix(4).map {
            floats($0, mode: 0, fsr: 0, rows: 100, [.floatConditional($0, 0, 1, 4)])
        }
        + ["movf.s", "movt.s"].flatMap { name in
            (0..<16).map { floats(name, mode: 0, fsr: 0, rows: 40, [.floatConditional(name, 0, 1, $0)]) }
        }
        + (0..<4).map { floats("const.s \($0)", mode: 0, fsr: 0, rows: 2, [.floatConstant(0, $0)]) }

    static let toWhole: [SweepCase] = Instruction.toWholeNames.keys.sorted().flatMap { name in
        (0..<16).map { scale in
            SweepCase("\(name) scale \(scale)", rows: 500) { code in
                code.emit([.wfr(1, 3), .movi(11, scale & 3), .wur(.fcr, 11), .movi(11, 0), .wur(.fsr, 11)])
                code.emit([.toWhole(name, 5, 1, scale), .rur(.fsr, 10)])
            }
        }
    }

    /// For a table of whole numbers.
    static let toFloat: [SweepCase] = [true, false].flatMap { isSigned in
        (0..<16).flatMap { scale in
            (0..<4).map { mode in
                floats(
                    "\(isSigned ? "float.s" : "ufloat.s") scale \(scale)", mode: mode, fsr: 0, rows: 200,
                    [.toFloat(isSigned: isSigned, 0, 3, scale)])
            }
        }
    }

    /// Scratch memory is half a megabyte behind the table; a12 points there, and what it became goes to a10.
    private static func memory(_ name: String, _ body: [Instruction]) -> SweepCase {
        SweepCase(name, rows: 30) { code in
            code.emit([.movi(12, 1), .slli(12, 12, 19), .three("add", 12, 12, 8), .three("or", 13, 12, 12)])
            code.emit([.s32i(3, 12, 0), .s32i(4, 12, 4), .s32i(5, 12, 8), .s32i(3, 12, 1020), .wfr(0, 5), .wfr(1, 4)])
            code.emit(.movi(11, 8))
            code.emit(body)
            code.emit([.rfr(5, 0), .three("sub", 10, 12, 13), .l32i(11, 13, 8), .three("addx8", 10, 11, 10)])
            code.emit([.l32i(11, 13, 0), .three("addx2", 10, 10, 11), .l32i(11, 13, 4), .three("addx2", 10, 10, 11)])
        }
    }

    static let memory: [SweepCase] =
        [0, 4, 8, 1020].map { memory("lsi \($0)", [.floatMemory("lsi", 0, 12, $0)]) }
        + [0, 4, 8].map { memory("ssi \($0)", [.floatMemory("ssi", 1, 12, $0)]) }
        + ["lsip", "ssip"].flatMap { name in
            [0, 4, 8, 1020].map { memory("\(name) \($0)", [.floatMemory(name, name == "lsip" ? 0 : 1, 12, $0)]) }
        }
        + ["lsx", "lsxp"].map { memory($0, [.floatIndexed($0, 0, 12, 11)]) }
        + ["ssx", "ssxp"].map { memory($0, [.floatIndexed($0, 1, 12, 11)]) }

    /// Without CPENABLE the instructions raise an exception and change nothing.
    static let disabled: [SweepCase] =
        [
            Instruction.float("add.s", 0, 1, 2), .floatMemory("lsi", 0, 2, 0), .floatMemory("lsip", 0, 2, 4),
            .floatIndexed("lsxp", 0, 2, 5), .floatCompare("oeq.s", 0, 1, 2), .rfr(5, 1), .wfr(0, 3),
            .toWhole("trunc.s", 5, 1, 0),
            .floatMove("mov.s", 0, 1), .floatConstant(0, 1), .rur(.fcr, 5), .wur(.fsr, 3),
        ].map { instruction in
            SweepCase("\(instruction.text) without CPENABLE", rows: 3) { code in
                code.emit([.wfr(0, 4), .wfr(1, 3), .wfr(2, 4), .movi(11, 0), .wsr(.exccause, 11), .wsr(.cpenable, 11)])
                code.emit([
                    .rsync, instruction, .rsr(.exccause, 10), .movi(11, 1), .wsr(.cpenable, 11), .rsync, .rfr(11, 0),
                ])
                code.emit(.three("addx4", 10, 11, 10))
            }
        }

    /// f0 = f1 / f2, in the steps that compilers emit for this unit. qemu computes nothing in the single steps but the quotient
    /// or root in MKDADJ.S or MKSADJ.S, so only whole sequences can be compared, and reciprocals not at all.
    private static let division: [Instruction] = [
        .floatMove("div0.s", 3, 2), .floatMove("nexp01.s", 4, 2), .floatConstant(5, 1), .float("maddn.s", 5, 4, 3),
        .floatMove("mov.s", 6, 3), .floatMove("mov.s", 7, 2), .floatMove("nexp01.s", 8, 1), .float("maddn.s", 6, 5, 3),
        .floatConstant(5, 1), .floatConstant(0, 0), .floatMove("neg.s", 9, 8), .float("maddn.s", 5, 4, 6),
        .float("maddn.s", 0, 9, 3), .floatMove("mkdadj.s", 7, 1), .float("maddn.s", 6, 5, 6),
        .float("maddn.s", 9, 4, 0),
        .floatConstant(5, 1), .float("maddn.s", 5, 4, 6), .float("maddn.s", 0, 9, 6), .floatMove("neg.s", 8, 8),
        .float("maddn.s", 6, 5, 6), .float("maddn.s", 8, 4, 0), .floatMove("addexpm.s", 0, 7),
        .floatMove("addexp.s", 6, 7), .float("divn.s", 0, 8, 6),
    ]

    private static let root: [Instruction] = [
        .floatMove("sqrt0.s", 2, 1), .floatConstant(3, 0), .float("maddn.s", 3, 2, 2), .floatMove("nexp01.s", 4, 1),
        .floatConstant(0, 3), .floatMove("addexp.s", 4, 0), .float("maddn.s", 0, 3, 4), .floatMove("nexp01.s", 3, 1),
        .floatMove("neg.s", 5, 3), .float("maddn.s", 2, 0, 2), .floatConstant(0, 0), .floatConstant(6, 0),
        .floatConstant(7, 0), .float("maddn.s", 0, 5, 2), .float("maddn.s", 6, 2, 4), .floatConstant(4, 3),
        .float("maddn.s", 7, 4, 2), .float("maddn.s", 3, 0, 0), .float("maddn.s", 4, 6, 2), .floatMove("neg.s", 2, 7),
        .float("maddn.s", 0, 3, 2), .float("maddn.s", 7, 4, 7), .floatMove("mksadj.s", 2, 1),
        .floatMove("nexp01.s", 1, 1), .float("maddn.s", 1, 0, 0), .floatMove("neg.s", 3, 7),
        .floatMove("addexpm.s", 0, 2), .floatMove("addexp.s", 3, 2), .float("divn.s", 0, 1, 3),
    ]

    static let sequences: [SweepCase] = (0..<4).flatMap { mode in
        [
            floats(
                "division", mode: mode, fsr: 0, rows: 2047,
                canonical: { row, result in
                    isNaNChosen([row.x, row.y]) ? [0, result[1], result[2], result[3]] : result
                }, division),
            floats("square root", mode: mode, fsr: 0, rows: 500, root),
        ]
    }
}
