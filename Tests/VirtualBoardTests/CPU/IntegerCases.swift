// The integer instructions for the sweep: every opcode, and of those with an immediate every value of it.

enum IntegerCases {
    /// Rows for instructions of two operands, and for one immediate of many.
    private static let (many, few) = (900, 30)

    static let all: [SweepCase] =
        registers + immediates + constants + booleans + specials + branches + narrowBranches + exceptions + silent

    // No core of Debian's qemu has MULUH and MULSH; they are judged by the host (HighProductTests).
    private static let registers: [SweepCase] =
        Instruction.threeRegisterNames.keys.sorted().filter { $0 != "muluh" && $0 != "mulsh" }
        .map { SweepCase(.three($0, 5, 3, 4), rows: many) }
        + ["abs", "neg", "srl", "sra", "nsa", "nsau"].map { SweepCase(.two($0, 5, 3), rows: many) }
        // SSL sets SAR to 1 to 32 only; what SLL does beyond that the ISA leaves open.
        + [
            SweepCase("sll", rows: many, canonical: { row, result in row.sar > 32 ? [] : result }) {
                $0.emit(.two("sll", 5, 3))
            }
        ]
        + Instruction.shiftAmountNames.map { SweepCase(.shiftAmount($0, 3), rows: many) }
        + [SweepCase(.addN(5, 3, 4), rows: many), SweepCase(.movN(5, 3), rows: few)]

    private static let immediates: [SweepCase] =
        (1..<32).map { SweepCase(.slli(5, 3, $0), rows: few) }
        + (0..<32).map { SweepCase(.srai(5, 3, $0), rows: few) }
        + (0..<16).map { SweepCase(.srli(5, 3, $0), rows: few) }
        + (0..<32).map { SweepCase(.ssai($0), rows: few) }
        + (7..<23).map { SweepCase(.sext(5, 3, $0), rows: 100) }
        + (7..<23).map { SweepCase(.clamps(5, 3, $0), rows: 100) }
        + (0..<32).flatMap { shift in (1...16).map { SweepCase(.extui(5, 3, shift, $0), rows: few) } }
        + (-128..<128).map { SweepCase(.addi(5, 3, $0), rows: few) }
        + (-128..<128).map { SweepCase(.addmi(5, 3, $0 * 256), rows: few) }
        + [-1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map { SweepCase(.addiN(5, 3, $0), rows: few) }

    private static let constants: [SweepCase] =
        (-2048..<2048).map { SweepCase(.movi(5, $0), rows: 1) } + (-32..<96).map { SweepCase(.moviN(5, $0), rows: 1) }

    private static let booleans: [SweepCase] =
        Instruction.booleanNames.flatMap { name in
            [(0, 1, 2), (15, 14, 13), (7, 7, 8), (9, 3, 9)].map {
                SweepCase(.boolean(name, $0.0, $0.1, $0.2), rows: 200)
            }
        }
        + ["any4", "all4"].flatMap { name in
            [0, 4, 8, 12].map { SweepCase(.booleanGroup(name, 5, $0), rows: 200) }
        }
        + ["any8", "all8"].flatMap { name in [0, 8].map { SweepCase(.booleanGroup(name, 10, $0), rows: 900) } }
        + (0..<16).flatMap { bit in [false, true].map { SweepCase(.moveOnBoolean($0, 5, 3, bit), rows: few) } }

    /// Registers of the same width in both cores; SAR, BR and the rest come back through a5.
    private static let specials: [SweepCase] =
        [SpecialRegister.sar, .br, .lbeg, .lend, .scompare1, .excsave1, .excsave2, .epc1, .misc1].map { register in
            SweepCase("wsr.\(register), xsr, rsr", rows: 100) { code in
                code.emit([.three("or", 11, 4, 4), .wsr(register, 3), .isync, .xsr(register, 11), .rsync])
                code.emit([.rsr(register, 5), .three("or", 10, 11, 11)])
            }
        }
        + [
            SweepCase("wur.threadptr, rur", rows: few) { code in
                code.emit([.wur(.threadptr, 3), .rur(.threadptr, 5)])
            },
            SweepCase("rsil", rows: few) { code in
                code.emit([.rsil(11, 3), .rsil(5, 0), .three("sub", 5, 5, 11), .rsr(.ps, 10), .extui(10, 10, 0, 6)])
            },
        ]

    /// Leaves 1 in a5 where it is not taken, 2 where it is.
    private static func taken(_ transfer: ControlTransfer, rows: Int) -> SweepCase {
        SweepCase(transfer.instruction.text, rows: rows) { code in
            let target = code.label()
            code.emit(.movi(5, 2))
            code.emit(transfer, to: target)
            code.emit(.movi(5, 1))
            code.place(target)
        }
    }

    private static let branches: [SweepCase] =
        ControlTransfer.registerBranchNames.filter { !$0.isEmpty }.map { taken(.branch($0, 3, 4), rows: many) }
        + (0..<32).flatMap { bit in [false, true].map { taken(.bitBranch(isSet: $0, 3, bit), rows: few) } }
        + ControlTransfer.zeroBranchNames.map { taken(.zeroBranch($0, 3), rows: 100) }
        + ControlTransfer.constantBranchNames.flatMap { name in
            (0..<16).map { taken(.constantBranch(name, 3, constant: $0), rows: 100) } + nearConstants(name)
        }
        + (0..<16).flatMap { bit in [false, true].map { taken(.booleanBranch(isTrue: $0, bit), rows: few) } }

    private static let narrowBranches: [SweepCase] = [false, true].map {
        taken(.narrowBranch(isZero: $0, 3), rows: few)
    }

    /// The constant itself, and one more and one less.
    private static func nearConstants(_ name: String) -> [SweepCase] {
        (0..<16).map { index in
            SweepCase("\(name) near constant \(index)", rows: 1) { code in
                let isUnsigned = name.hasSuffix("ui")
                let constant =
                    isUnsigned ? ControlTransfer.unsignedConstants[index] : ControlTransfer.signedConstants[index]
                code.emit(.movi(5, 0))
                for difference in [-1, 0, 1] {
                    let target = code.label()
                    // Up to 65537, without a literal.
                    let value = constant + difference
                    code.emit([.movi(11, value / 64), .slli(11, 11, 6), .addi(11, 11, value - value / 64 * 64)])
                    code.emit(.three("addx2", 5, 5, 5))
                    code.emit(.constantBranch(name, 11, constant: index), to: target)
                    code.emit(.addi(5, 5, 1))
                    code.place(target)
                }
                code.emit(.addi(5, 5, 2))
            }
        }
    }

    /// The handler counts these; the sweep compares the counts behind the rows.
    private static let exceptions: [SweepCase] = [
        SweepCase("exceptions", rows: few) { code in
            code.emit([.ill, .illN, .syscall, .rsr(.exccause, 5), .three("quou", 10, 3, 3), .rsr(.exccause, 11)])
            code.emit(.three("addx8", 5, 5, 11))
        }
    ]

    private static let silent: [SweepCase] =
        [Instruction.nop, .nopN, .isync, .rsync, .esync, .dsync, .excw, .memw, .extw]
        .map { SweepCase($0, rows: 1, isVisible: false) }
}
