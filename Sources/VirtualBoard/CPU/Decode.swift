// From an instruction's word to its decoded form. Only what the hot loop has an operation for; fields as in Execute.swift:
// op0 in bits 0-3, t 4-7, s 8-11, r 12-15, op1 16-19, op2 20-23.

/// Decodes one word; the address matters for targets.
struct Decoder {
    private let w: UInt32
    private let pc: UInt32
    private let t: Int
    private let s: Int
    private let r: Int

    /// The decoded form without its origin or link, and the address that it may jump to.
    static func decode(_ word: UInt32, at pc: UInt32) -> (instruction: DecodedInstruction, target: UInt32?) {
        var target: UInt32?
        let instruction = Decoder(word, pc).decoded(&target)
        // A jump to the very next address counts as going straight on at a loop's end: the word's own code knows.
        if let target, target == pc &+ XtensaCPU.length(of: word) { return (DecodedInstruction(.word), nil) }
        return (instruction ?? DecodedInstruction(.word), target)
    }

    private init(_ w: UInt32, _ pc: UInt32) {
        self.w = w
        self.pc = pc
        t = Int(w >> 4 & 15)
        s = Int(w >> 8 & 15)
        r = Int(w >> 12 & 15)
    }

    private var straight: UInt32 { pc &+ XtensaCPU.length(of: w) }

    private func decoded(_ target: inout UInt32?) -> DecodedInstruction? {
        switch w & 15 {
        case 0: return registers()
        case 2: return immediates()
        case 3: return floatMemory()
        case 5:
            guard w >> 4 & 3 == 0 else { return nil }
            target = (pc & ~3) &+ (XtensaCPU.signed(w >> 6, bits: 18) << 2) &+ 4
            return .init(.call, immediate: straight)
        case 6: return jump(&target)
        case 7:
            target = branchTarget
            return branch()
        case 8: return .init(.load32, a: t, b: s, immediate: UInt32(r) * 4)
        case 9: return .init(.store32, a: t, b: s, immediate: UInt32(r) * 4)
        case 10: return .init(.add, a: r, b: s, c: t)
        case 11: return .init(.addImmediate, a: r, b: s, immediate: t == 0 ? .max : UInt32(t))
        case 12: return narrowConstant(&target)
        case 13:
            switch (r, t) {
            case (0, _): return .init(.move, a: t, b: s)
            case (15, 0): return .init(.jumpRegister, a: 0, immediate: straight)
            case (15, 3) where s == 0: return .init(.nothing)
            case _: return nil
            }
        case _: return nil
        }
    }

    private var branchTarget: UInt32 { pc &+ 4 &+ XtensaCPU.signed(w >> 16, bits: 8) }

    private func narrowConstant(_ target: inout UInt32?) -> DecodedInstruction {
        if t & 8 == 0 {
            let value = UInt32((t & 7) << 4 | r)
            return .init(.moveImmediate, a: s, immediate: value >= 96 ? value &- 128 : value)
        }
        target = pc &+ 4 &+ UInt32((t & 3) << 4 | r)
        return .init(t & 4 == 0 ? .branchEqualImmediate : .branchNotEqualImmediate, a: s)
    }

    private static let compared: [Operation] = [
        .branchEqualImmediate, .branchNotEqualImmediate, .branchLessImmediate, .branchNotLessImmediate,
    ]

    private func jump(_ target: inout UInt32?) -> DecodedInstruction? {
        let m = Int(w >> 6 & 3)
        switch w >> 4 & 3 {
        case 0:
            target = pc &+ 4 &+ XtensaCPU.signed(w >> 6, bits: 18)
            return .init(.jump)
        case 1:
            target = pc &+ 4 &+ XtensaCPU.signed(w >> 12, bits: 12)
            return .init(Self.compared[m], a: s)
        case 2:
            target = branchTarget
            return .init(Self.compared[m], a: s, immediate: XtensaCPU.b4[r])
        case _: return loopOrUnsigned(m, &target)
        }
    }

    private func loopOrUnsigned(_ m: Int, _ target: inout UInt32?) -> DecodedInstruction? {
        switch (m, r) {
        case (1, 0), (1, 1):
            target = branchTarget
            return .init(r == 0 ? .branchFalse : .branchTrue, immediate: 1 << UInt32(s))
        case (1, 8...10):
            let operation: Operation = r == 8 ? .loop : r == 9 ? .loopIfNonzero : .loopIfPositive
            return .init(operation, a: s, immediate: pc &+ 4 &+ (w >> 16))
        case (2, _), (3, _):
            target = branchTarget
            let operation: Operation = m == 2 ? .branchLessUnsignedImmediate : .branchNotLessUnsignedImmediate
            return .init(operation, a: s, immediate: XtensaCPU.b4Unsigned[r])
        case _: return nil
        }
    }

    private static let branches: [Operation] = [
        .branchNoneSet, .branchEqual, .branchLess, .branchLessUnsigned, .branchAllSet, .branchBitClear,
        .branchMaskClear, .branchMaskClear, .branchAnySet, .branchNotEqual, .branchNotLess, .branchNotLessUnsigned,
        .branchNotAllSet, .branchBitSet, .branchMaskSet, .branchMaskSet,
    ]

    private func branch() -> DecodedInstruction {
        .init(Self.branches[r], a: s, b: t, immediate: 1 << UInt32(t | (r & 1) << 4))
    }

    private func immediates() -> DecodedInstruction? {
        let offset = w >> 16
        switch r {
        case 0: return .init(.load8, a: t, b: s, immediate: offset)
        case 1: return .init(.load16, a: t, b: s, immediate: offset << 1)
        case 2, 11: return .init(.load32, a: t, b: s, immediate: offset << 2)
        case 4: return .init(.store8, a: t, b: s, immediate: offset)
        case 5: return .init(.store16, a: t, b: s, immediate: offset << 1)
        case 6, 15: return .init(.store32, a: t, b: s, immediate: offset << 2)
        case 9: return .init(.load16Signed, a: t, b: s, immediate: offset << 1)
        case 10:
            return .init(.moveImmediate, a: t, immediate: XtensaCPU.signed(UInt32(s) << 8 | offset, bits: 12))
        case 12: return .init(.addImmediate, a: t, b: s, immediate: XtensaCPU.signed(offset, bits: 8))
        case 13: return .init(.addImmediate, a: t, b: s, immediate: XtensaCPU.signed(offset, bits: 8) << 8)
        case _: return nil
        }
    }

    private func floatMemory() -> DecodedInstruction? {
        let operation: Operation
        switch r {
        case 0: operation = .loadFloat
        case 4: operation = .storeFloat
        case 8: operation = .loadFloatUpdating
        case 12: operation = .storeFloatUpdating
        case _: return nil
        }
        return .init(operation, a: t, b: s, immediate: (w >> 16) << 2)
    }

    private func registers() -> DecodedInstruction? {
        let op2 = Int(w >> 20)
        switch w >> 16 & 15 {
        case 0: return arithmetic(op2)
        case 1: return shift(op2)
        case 2: return multiply(op2)
        case 3: return special(op2)
        case 4, 5:
            let mask = op2 == 15 ? 0xFFFF : (UInt32(1) << UInt32(op2 + 1)) - 1
            return .init(.extract, a: r, b: t, c: s | Int(w >> 16 & 1) << 4, immediate: mask)
        case 8 where op2 == 0: return .init(.loadFloatIndexed, a: r, b: s, c: t)
        case 8 where op2 == 4: return .init(.storeFloatIndexed, a: r, b: s, c: t)
        case 10: return float(op2)
        case 11: return floatCompare(op2)
        case _: return nil
        }
    }

    private func arithmetic(_ op2: Int) -> DecodedInstruction? {
        switch op2 {
        case 0:
            switch (r, t) {
            case (0, 8): return .init(.jumpRegister, a: 0, immediate: straight)
            case (0, 10): return .init(.jumpRegister, a: s, immediate: straight)
            case (0, 12): return .init(.callRegister, a: s, immediate: straight)
            case (2, 0...3) where s == 0, (2, 8) where s == 0, (2, 12...13) where s == 0, (2, 15) where s == 0:
                return .init(.nothing)
            case (8...11, _): return .init(.quiet)
            case _: return nil
            }
        case 1: return .init(.and, a: r, b: s, c: t)
        case 2: return s == t ? .init(.move, a: r, b: s) : .init(.or, a: r, b: s, c: t)
        case 3: return .init(.xor, a: r, b: s, c: t)
        case 4: return shiftAmount()
        case 6 where s == 0: return .init(.negate, a: r, b: t)
        case 6 where s == 1: return .init(.absolute, a: r, b: t)
        case 8: return .init(.add, a: r, b: s, c: t)
        case 9: return .init(.addx2, a: r, b: s, c: t)
        case 10: return .init(.addx4, a: r, b: s, c: t)
        case 11: return .init(.addx8, a: r, b: s, c: t)
        case 12: return .init(.subtract, a: r, b: s, c: t)
        case 13: return .init(.subx2, a: r, b: s, c: t)
        case 14: return .init(.subx4, a: r, b: s, c: t)
        case 15: return .init(.subx8, a: r, b: s, c: t)
        case _: return nil
        }
    }

    private func shiftAmount() -> DecodedInstruction? {
        switch r {
        case 0 where t == 0: .init(.setShiftRight, b: s)
        case 1 where t == 0: .init(.setShiftLeft, b: s)
        case 2 where t == 0: .init(.setShiftBytesLittle, b: s)
        case 3 where t == 0: .init(.setShiftBytesBig, b: s)
        case 4 where t < 2: .init(.setShiftImmediate, immediate: UInt32(s | t << 4))
        case 14: .init(.quiet)
        case 15: .init(.countZeros, a: t, b: s)
        case _: nil
        }
    }

    private func shift(_ op2: Int) -> DecodedInstruction? {
        switch op2 {
        case 0, 1:
            // A shift by 32, which no assembler writes, clears.
            let amount = 32 - ((op2 & 1) << 4 | t)
            return amount == 32
                ? .init(.moveImmediate, a: r) : .init(.shiftLeftImmediate, a: r, b: s, immediate: UInt32(amount))
        case 2, 3: return .init(.shiftRightSignedImmediate, a: r, b: t, immediate: UInt32((op2 & 1) << 4 | s))
        case 4: return .init(.shiftRightImmediate, a: r, b: t, immediate: UInt32(s))
        case 6: return Self.isScratch(r << 4 | s) ? .init(.quiet) : nil
        case 8: return .init(.funnelShift, a: r, b: s, c: t)
        case 9 where s == 0: return .init(.shiftRight, a: r, b: t)
        case 10 where t == 0: return .init(.shiftLeft, a: r, b: s)
        case 11 where s == 0: return .init(.shiftRightSigned, a: r, b: t)
        case 12: return .init(.multiply16Unsigned, a: r, b: s, c: t)
        case 13: return .init(.multiply16Signed, a: r, b: s, c: t)
        case _: return nil
        }
    }

    private func multiply(_ op2: Int) -> DecodedInstruction? {
        switch op2 {
        case 8: .init(.multiplyLow, a: r, b: s, c: t)
        case 10: .init(.multiplyHighUnsigned, a: r, b: s, c: t)
        case 11: .init(.multiplyHighSigned, a: r, b: s, c: t)
        case _: .init(.quiet)
        }
    }

    private func special(_ op2: Int) -> DecodedInstruction? {
        switch op2 {
        case 2: .init(.signExtend, a: r, b: s, immediate: UInt32(24 - t))
        case 4: .init(.minimum, a: r, b: s, c: t)
        case 5: .init(.maximum, a: r, b: s, c: t)
        case 6: .init(.minimumUnsigned, a: r, b: s, c: t)
        case 7: .init(.maximumUnsigned, a: r, b: s, c: t)
        case 8: .init(.moveIfZero, a: r, b: s, c: t)
        case 9: .init(.moveIfNonzero, a: r, b: s, c: t)
        case 10: .init(.moveIfNegative, a: r, b: s, c: t)
        case 11: .init(.moveIfNonnegative, a: r, b: s, c: t)
        case 0, 3, 12, 13, 14: .init(.quiet)
        case 1: Self.isScratch(r << 4 | s) ? .init(.quiet) : nil
        case 15: r << 4 | s == 231 ? .init(.quiet) : nil
        case _: nil
        }
    }

    /// The special registers whose value is only kept, for other instructions to read: LBEG, LCOUNT, SAR, BR, SCOMPARE1,
    /// the counters and copies of exceptions, MISC.
    private static func isScratch(_ number: Int) -> Bool {
        switch number {
        case 0, 2, 3, 4, 12, 177...183, 192, 194...199, 209...215, 232, 238, 244...247: true
        case _: false
        }
    }

    private func float(_ op2: Int) -> DecodedInstruction? {
        switch op2 {
        case 0: return .init(.addFloat, a: r, b: s, c: t)
        case 1: return .init(.subtractFloat, a: r, b: s, c: t)
        case 2: return .init(.multiplyFloat, a: r, b: s, c: t)
        case 4: return .init(.multiplyAddFloat, a: r, b: s, c: t)
        case 5: return .init(.multiplySubtractFloat, a: r, b: s, c: t)
        case 15:
            switch t {
            case 0: return .init(.moveFloat, a: r, b: s)
            case 1: return .init(.absoluteFloat, a: r, b: s)
            case 4: return .init(.readFloat, a: r, b: s)
            case 5: return .init(.writeFloat, a: r, b: s)
            case 6: return .init(.negateFloat, a: r, b: s)
            case _: return .init(.quiet)
            }
        case _: return .init(.quiet)
        }
    }

    private static let comparisons: [Operation] = [
        .isUnordered, .isEqual, .isUnorderedOrEqual, .isLess, .isUnorderedOrLess, .isLessOrEqual,
        .isUnorderedOrLessOrEqual,
    ]

    private func floatCompare(_ op2: Int) -> DecodedInstruction? {
        guard (1...7).contains(op2) else { return .init(.quiet) }
        return .init(Self.comparisons[op2 - 1], a: r, b: s, c: t)
    }
}
