// An instruction as the hot loop wants it: fields taken apart, immediates and targets worked out. What an operation does is
// in HotLoop.swift, how it is recognised in Decode.swift. Left out: every instruction without an entry in `Operation` is
// `word`, which hands the instruction's word to `execute(_:)`.

/// What the hot loop does. `a`, `b`, `c` and `immediate` are those of the decoded instruction; x[n] is a register.
enum Operation: UInt8 {
    // Made up by the decoder: no instruction of the program, no cycle.
    /// Goes on at the linked block.
    case next
    /// Behind the last instruction of what was a zero-overhead loop when it was decoded.
    case loopEnd

    // Anything else. `word` may change everything, so that the hot loop is left; `quiet` reads and writes registers and
    // memory in order, or raises an exception.
    case word, quiet

    // a = immediate, or a = b op c or op immediate.
    case moveImmediate, move, addImmediate, add, addx2, addx4, addx8, subtract, subx2, subx4, subx8, negate, absolute
    case and, or, xor
    case shiftLeftImmediate, shiftRightImmediate, shiftRightSignedImmediate, extract
    case shiftLeft, shiftRight, shiftRightSigned, funnelShift
    case setShiftRight, setShiftLeft, setShiftImmediate, setShiftBytesLittle, setShiftBytesBig
    case multiplyLow, multiply16Unsigned, multiply16Signed, multiplyHighUnsigned, multiplyHighSigned
    case minimum, maximum, minimumUnsigned, maximumUnsigned, signExtend, countZeros
    case moveIfZero, moveIfNonzero, moveIfNegative, moveIfNonnegative
    /// Takes its cycle; not kept.
    case nothing

    // Loads and stores of a at b + immediate.
    case load8, load16, load16Signed, load32, store8, store16, store32

    // Floating point: f[a] at x[b] + immediate or x[b] + x[c], the updating forms at x[b], which moves afterwards.
    case loadFloat, storeFloat, loadFloatUpdating, storeFloatUpdating
    case loadFloatIndexed, storeFloatIndexed
    case addFloat, subtractFloat, multiplyFloat, multiplyAddFloat, multiplySubtractFloat
    case moveFloat, absoluteFloat, negateFloat, readFloat, writeFloat
    case isUnordered, isEqual, isUnorderedOrEqual, isLess, isUnorderedOrLess, isLessOrEqual, isUnorderedOrLessOrEqual

    // Branches on a against b or the immediate; `c` is the number of instructions of the block up to here, this one too.
    case branchEqual, branchNotEqual, branchLess, branchNotLess, branchLessUnsigned, branchNotLessUnsigned
    case branchEqualImmediate, branchNotEqualImmediate, branchLessImmediate, branchNotLessImmediate
    case branchLessUnsignedImmediate, branchNotLessUnsignedImmediate
    case branchNoneSet, branchAnySet, branchAllSet, branchNotAllSet, branchBitClear, branchBitSet
    case branchMaskClear, branchMaskSet, branchFalse, branchTrue

    // The end of a block. `loop...`: the immediate is LEND, the target LBEG; where to go when the body is skipped is behind.
    case jump, call, loop, loopIfNonzero, loopIfPositive
    // To x[a]; the immediate is the address behind the instruction, `position` counts.
    case jumpRegister, callRegister

    // Two instructions in a row, which programs have often: the operation stands in the first one's place, and the second
    // keeps its own.
    case movePair, moveImmediatePair, load32Pair, store32Pair, moveAndCall, addImmediateAndJump
}

/// A decoded instruction, 16 bytes. The second half of an instruction that can jump says where to; that of any other says
/// where it is from, so that its word can be executed instead.
struct DecodedInstruction {
    var operation: Operation
    var a: UInt8 = 0
    var b: UInt8 = 0
    var c: UInt8 = 0
    var immediate: UInt32 = 0
    private var low: UInt32 = 0
    private var high: UInt32 = 0

    init(_ operation: Operation, a: Int = 0, b: Int = 0, c: Int = 0, immediate: UInt32 = 0) {
        self.operation = operation
        self.a = UInt8(truncatingIfNeeded: a)
        self.b = UInt8(truncatingIfNeeded: b)
        self.c = UInt8(truncatingIfNeeded: c)
        self.immediate = immediate
    }

    /// The address of the instruction.
    var pc: UInt32 { low }
    /// The instruction's 16 or 24 bits.
    var word: UInt32 { high & 0xFF_FFFF }
    /// The number of instructions of the block before this one.
    var position: Int { Int(high >> 24) }

    /// Notes where an instruction that cannot jump is from.
    mutating func setOrigin(pc: UInt32, word: UInt32, position: Int) {
        low = pc
        high = word | UInt32(truncatingIfNeeded: position) << 24
    }

    /// The target's place in the decode cache in bytes; 0 while it has not been looked for.
    var link: UInt32 {
        get { low }
        set { low = newValue }
    }
    /// The address that an instruction jumps to.
    var target: UInt32 { high }

    /// Sets the address to jump to, whose place is not known yet.
    mutating func setTarget(_ address: UInt32) {
        low = 0
        high = address
    }
}

extension Operation {
    /// The operation that does both, where there is one.
    static func pair(_ first: Operation, _ second: Operation) -> Operation? {
        switch (first, second) {
        case (.move, .move): .movePair
        case (.moveImmediate, .moveImmediate): .moveImmediatePair
        case (.load32, .load32): .load32Pair
        case (.store32, .store32): .store32Pair
        case (.move, .call): .moveAndCall
        case (.addImmediate, .jumpRegister): .addImmediateAndJump
        case _: nil
        }
    }

    /// The target is in the instruction, which has a link instead of an origin.
    var isLinked: Bool {
        switch self {
        case .branchEqual, .branchNotEqual, .branchLess, .branchNotLess, .branchLessUnsigned, .branchNotLessUnsigned,
            .branchEqualImmediate, .branchNotEqualImmediate, .branchLessImmediate, .branchNotLessImmediate,
            .branchLessUnsignedImmediate, .branchNotLessUnsignedImmediate, .branchNoneSet, .branchAnySet, .branchAllSet,
            .branchNotAllSet, .branchBitClear, .branchBitSet, .branchMaskClear, .branchMaskSet, .branchFalse,
            .branchTrue, .jump, .call, .loop, .loopIfNonzero, .loopIfPositive, .next, .loopEnd:
            true
        case _: false
        }
    }

    /// What follows in memory does not run next.
    var endsBlock: Bool {
        switch self {
        case .jump, .call, .loop, .loopIfNonzero, .loopIfPositive, .jumpRegister, .callRegister, .word, .next: true
        case _: false
        }
    }
}
