// Which of a0 to a15 an instruction names, as WindowCheck wants it: the highest group of four registers among its operands.
// Consulted only while a group of the live window belongs to a caller; encodings that the core does not have name nothing,
// so that they raise IllegalInstruction first. Source: Xtensa ISA reference, "Opcode Encodings" and the operand lists.

/// The address-register fields of an instruction.
private struct Operands: OptionSet {
    let rawValue: UInt8
    static let t = Operands(rawValue: 1)
    static let s = Operands(rawValue: 2)
    static let r = Operands(rawValue: 4)
    static let none: Operands = []
    static let all: Operands = [.r, .s, .t]
}

extension XtensaCPU {
    /// The highest group, 0 to 3, of which the instruction reads or writes a register; ENTRY's and the calls' includes the
    /// group that becomes the callee's a0 to a3.
    static func highestRegisterGroup(of w: UInt32, callIncrement: UInt32) -> Int {
        let n = Int(w >> 4 & 3)
        switch w & 15 {
        case 5: return n
        case 6 where w & 0xF0 == 0x30: return Int(callIncrement)
        case 0 where w & 0xFF_F0C0 == 0xC0: return max(n, Int(w >> 10 & 3))
        case _: break
        }
        let used = operands(of: w)
        var group = UInt32(0)
        if used.contains(.t) { group = w >> 6 & 3 }
        if used.contains(.s) { group = max(group, w >> 10 & 3) }
        if used.contains(.r) { group = max(group, w >> 14 & 3) }
        return Int(group)
    }

    private static func operands(of w: UInt32) -> Operands {
        let r = w >> 12 & 15
        let n = w >> 4 & 3
        return switch w & 15 {
        case 0: registerOperands(w)
        case 1: .t
        case 2: immediateOperands(r)
        case 3: .s
        case 4: multiplyOperands(w)
        case 6: n == 0 || n == 3 && w >> 6 & 3 == 1 && r < 2 ? .none : .s
        case 7: r & 7 >= 6 ? .s : [.s, .t]
        case 8, 9: [.s, .t]
        case 10: .all
        case 11: [.r, .s]
        case 12: .s
        case 13: r == 0 ? [.s, .t] : .none
        case _: .none
        }
    }

    private static func immediateOperands(_ r: UInt32) -> Operands {
        switch r {
        case 3, 7, 8: .none
        case 10: .t
        case _: [.s, .t]
        }
    }

    private static func registerOperands(_ w: UInt32) -> Operands {
        let op2 = w >> 20
        return switch w >> 16 & 15 {
        case 0: arithmeticOperands(w)
        case 1: shiftOperands(op2)
        case 2: op2 < 8 || op2 == 9 ? .none : .all
        case 3: specialOperands(op2)
        case 4, 5: [.r, .t]
        case 8, 9: [.s, .t]
        case 10: floatOperands(w)
        case 11: 8...11 ~= op2 ? .t : .none
        case 14 where op2 == 0: w >> 12 & 15 == 0 ? .t : w >> 12 & 15 == 2 ? [.s, .t] : .none
        case _: .none
        }
    }

    private static func arithmeticOperands(_ w: UInt32) -> Operands {
        let r = w >> 12 & 15
        return switch w >> 20 {
        case 0:
            switch r {
            case 0: w >> 4 & 15 == 10 ? .s : .none
            case 1: [.s, .t]
            case 6: .t
            case _: .none
            }
        case 4:
            switch r {
            case 0...3: .s
            case 6, 7, 14, 15: [.s, .t]
            case _: .none
            }
        case 5: r == 4 || r == 12 ? .s : [.s, .t]
        case 6: [.r, .t]
        case 7: .none
        case _: .all
        }
    }

    private static func shiftOperands(_ op2: UInt32) -> Operands {
        switch op2 {
        case 0, 1, 10: [.r, .s]
        case 2, 3, 4, 9, 11: [.r, .t]
        case 6: .t
        case 8, 12, 13: .all
        case _: .none
        }
    }

    private static func specialOperands(_ op2: UInt32) -> Operands {
        switch op2 {
        case 0, 1, 15: .t
        case 2, 3, 12, 13: [.r, .s]
        case 14: .r
        case _: .all
        }
    }

    private static func floatOperands(_ w: UInt32) -> Operands {
        switch w >> 20 {
        case 8...11, 14: .r
        case 12, 13: .s
        case 15: w >> 4 & 15 == 4 ? .r : w >> 4 & 15 == 5 ? .s : .none
        case _: .none
        }
    }

    /// MAC16 takes halves of address registers, or of its own registers; its loads update a pointer.
    private static func multiplyOperands(_ w: UInt32) -> Operands {
        switch w >> 20 {
        case 0, 1, 3, 8, 9: .s
        case 4, 5, 7: [.s, .t]
        case 6: .t
        case _: .none
        }
    }
}
