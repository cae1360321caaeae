// The single-precision unit's instructions (ISA reference, "Floating-Point Coprocessor Option"; the steps of division from
// the names in the core's configuration).

extension Instruction {
    static let floatNames: [String: Int] = [
        "add.s": 0, "sub.s": 1, "mul.s": 2, "madd.s": 4, "msub.s": 5, "maddn.s": 6, "divn.s": 7,
    ]

    static func float(_ name: String, _ r: Int, _ s: Int, _ t: Int) -> Instruction {
        guard let op2 = floatNames[name] else { preconditionFailure(name) }
        return Instruction(rrr: "\(name) f\(r), f\(s), f\(t)", op2: op2, op1: 10, r: r, s: s, t: t)
    }

    static let floatMoveNames: [String: Int] = [
        "mov.s": 0, "abs.s": 1, "neg.s": 6, "div0.s": 7, "recip0.s": 8, "sqrt0.s": 9, "rsqrt0.s": 10, "nexp01.s": 11,
        "mksadj.s": 12, "mkdadj.s": 13, "addexp.s": 14, "addexpm.s": 15,
    ]

    static func floatMove(_ name: String, _ r: Int, _ s: Int) -> Instruction {
        guard let t = floatMoveNames[name] else { preconditionFailure(name) }
        return Instruction(rrr: "\(name) f\(r), f\(s)", op2: 15, op1: 10, r: r, s: s, t: t)
    }

    /// CONST.S, by number.
    static func floatConstant(_ r: Int, _ number: Int) -> Instruction {
        Instruction(rrr: "const.s f\(r), \(number)", op2: 15, op1: 10, r: r, s: number, t: 3)
    }

    static func rfr(_ r: Int, _ s: Int) -> Instruction {
        Instruction(rrr: "rfr a\(r), f\(s)", op2: 15, op1: 10, r: r, s: s, t: 4)
    }

    static func wfr(_ r: Int, _ s: Int) -> Instruction {
        Instruction(rrr: "wfr f\(r), a\(s)", op2: 15, op1: 10, r: r, s: s, t: 5)
    }

    static let toWholeNames: [String: Int] = ["round.s": 8, "trunc.s": 9, "floor.s": 10, "ceil.s": 11, "utrunc.s": 14]

    static func toWhole(_ name: String, _ r: Int, _ s: Int, _ scale: Int) -> Instruction {
        guard let op2 = toWholeNames[name] else { preconditionFailure(name) }
        return Instruction(rrr: "\(name) a\(r), f\(s), \(scale)", op2: op2, op1: 10, r: r, s: s, t: scale)
    }

    /// FLOAT.S, UFLOAT.S.
    static func toFloat(isSigned: Bool, _ r: Int, _ s: Int, _ scale: Int) -> Instruction {
        Instruction(
            rrr: "\(isSigned ? "float.s" : "ufloat.s") f\(r), a\(s), \(scale)", op2: isSigned ? 12 : 13, op1: 10, r: r,
            s: s, t: scale)
    }

    static let floatCompareNames = ["un.s", "oeq.s", "ueq.s", "olt.s", "ult.s", "ole.s", "ule.s"]

    static func floatCompare(_ name: String, _ b: Int, _ s: Int, _ t: Int) -> Instruction {
        guard let index = floatCompareNames.firstIndex(of: name) else { preconditionFailure(name) }
        return Instruction(rrr: "\(name) b\(b), f\(s), f\(t)", op2: 1 + index, op1: 11, r: b, s: s, t: t)
    }

    static let floatConditionNames = ["moveqz.s", "movnez.s", "movltz.s", "movgez.s", "movf.s", "movt.s"]

    /// By an address register, MOVF.S and MOVT.S by a boolean.
    static func floatConditional(_ name: String, _ r: Int, _ s: Int, _ t: Int) -> Instruction {
        guard let index = floatConditionNames.firstIndex(of: name) else { preconditionFailure(name) }
        let condition = index < 4 ? "a\(t)" : "b\(t)"
        return Instruction(rrr: "\(name) f\(r), f\(s), \(condition)", op2: 8 + index, op1: 11, r: r, s: s, t: t)
    }

    static let floatMemoryNames = ["lsi": 0, "ssi": 4, "lsip": 8, "ssip": 12]

    /// `offset` in bytes, 0 to 1020.
    static func floatMemory(_ name: String, _ t: Int, _ s: Int, _ offset: Int) -> Instruction {
        guard let r = floatMemoryNames[name] else { preconditionFailure(name) }
        return Instruction(
            rri8: "\(name) f\(t), a\(s), \(offset)", op0: 3, r: r, s: s, t: t, immediate: offset / 4)
    }

    static let floatIndexedNames = ["lsx": 0, "lsxp": 1, "ssx": 4, "ssxp": 5]

    static func floatIndexed(_ name: String, _ r: Int, _ s: Int, _ t: Int) -> Instruction {
        guard let op2 = floatIndexedNames[name] else { preconditionFailure(name) }
        return Instruction(rrr: "\(name) f\(r), a\(s), a\(t)", op2: op2, op1: 8, r: r, s: s, t: t)
    }
}
