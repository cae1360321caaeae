// What the floating-point tests stand on: encodings, the sequences of steps that compilers emit, operands of every class,
// and the host's own unit as the judge.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

enum FloatFlag {
    static let inexact: UInt32 = 0x80
    static let underflow: UInt32 = 0x100
    static let overflow: UInt32 = 0x200
    static let divideByZero: UInt32 = 0x400
    static let invalid: UInt32 = 0x800
}

let fcrRegister: UInt32 = 232
let fsrRegister: UInt32 = 233
let quietNaN: UInt32 = 0x7FC0_0000

/// Operations of the group op1 = 10 (and 11): op2, and t for the moves and steps.
enum FP {
    static func op(_ op2: UInt32, _ r: UInt32, _ s: UInt32, _ t: UInt32) -> UInt32 { Op.rrr(op2, 10, r: r, s: s, t: t) }
    static func rfr(_ r: UInt32, _ s: UInt32) -> UInt32 { op(15, r, s, 4) }
    static func wfr(_ r: UInt32, _ s: UInt32) -> UInt32 { op(15, r, s, 5) }
    static func maddn(_ r: UInt32, _ s: UInt32, _ t: UInt32) -> UInt32 { op(6, r, s, t) }
    static func msub(_ r: UInt32, _ s: UInt32, _ t: UInt32) -> UInt32 { op(5, r, s, t) }
    static func mul(_ r: UInt32, _ s: UInt32, _ t: UInt32) -> UInt32 { op(2, r, s, t) }
    static func divn(_ r: UInt32, _ s: UInt32, _ t: UInt32) -> UInt32 { op(7, r, s, t) }
    static func mov(_ r: UInt32, _ s: UInt32) -> UInt32 { op(15, r, s, 0) }
    static func const(_ r: UInt32, _ number: UInt32) -> UInt32 { op(15, r, number, 3) }
    static func neg(_ r: UInt32, _ s: UInt32) -> UInt32 { op(15, r, s, 6) }
    static func div0(_ r: UInt32, _ s: UInt32) -> UInt32 { op(15, r, s, 7) }
    static func recip0(_ r: UInt32, _ s: UInt32) -> UInt32 { op(15, r, s, 8) }
    static func sqrt0(_ r: UInt32, _ s: UInt32) -> UInt32 { op(15, r, s, 9) }
    static func rsqrt0(_ r: UInt32, _ s: UInt32) -> UInt32 { op(15, r, s, 10) }
    static func nexp01(_ r: UInt32, _ s: UInt32) -> UInt32 { op(15, r, s, 11) }
    static func mksadj(_ r: UInt32, _ s: UInt32) -> UInt32 { op(15, r, s, 12) }
    static func mkdadj(_ r: UInt32, _ s: UInt32) -> UInt32 { op(15, r, s, 13) }
    static func addexp(_ r: UInt32, _ s: UInt32) -> UInt32 { op(15, r, s, 14) }
    static func addexpm(_ r: UInt32, _ s: UInt32) -> UInt32 { op(15, r, s, 15) }
}

/// Division: a2 / a3 to a2. The steps are those of Newton's method on the narrowed operands: reciprocal, quotient, rest.
let divisionSequence: [UInt32] = [
    FP.wfr(1, 2), FP.wfr(2, 3), FP.div0(3, 2), FP.nexp01(4, 2), FP.const(5, 1), FP.maddn(5, 4, 3), FP.mov(6, 3),
    FP.mov(7, 2), FP.nexp01(2, 1), FP.maddn(6, 5, 6), FP.const(5, 1), FP.const(0, 0), FP.neg(8, 2), FP.maddn(5, 4, 6),
    FP.maddn(0, 8, 3), FP.mkdadj(7, 1), FP.maddn(6, 5, 6), FP.maddn(8, 4, 0), FP.const(3, 1), FP.maddn(3, 4, 6),
    FP.maddn(0, 8, 6), FP.neg(2, 2), FP.maddn(6, 3, 6), FP.maddn(2, 4, 0), FP.addexpm(0, 7), FP.addexp(6, 7),
    FP.divn(0, 2, 6), FP.rfr(2, 0),
]

/// Square root of a2 to a2.
let rootSequence: [UInt32] = [
    FP.wfr(1, 2), FP.sqrt0(2, 1), FP.const(3, 0), FP.maddn(3, 2, 2), FP.nexp01(4, 1), FP.const(0, 3), FP.addexp(4, 0),
    FP.maddn(0, 3, 4), FP.nexp01(3, 1), FP.neg(5, 3), FP.maddn(2, 0, 2), FP.const(0, 0), FP.const(6, 0), FP.const(7, 0),
    FP.maddn(0, 5, 2), FP.maddn(6, 2, 4), FP.const(4, 3), FP.maddn(7, 4, 2), FP.maddn(3, 0, 0), FP.maddn(4, 6, 2),
    FP.neg(2, 7), FP.maddn(0, 3, 2), FP.maddn(7, 4, 7), FP.mksadj(2, 1), FP.nexp01(1, 1), FP.maddn(1, 0, 0),
    FP.neg(3, 7), FP.addexpm(0, 2), FP.addexp(3, 2), FP.divn(0, 1, 3), FP.rfr(2, 0),
]

/// 1 / a2 to a2.
let reciprocalSequence: [UInt32] = [
    FP.wfr(1, 2), FP.recip0(0, 1), FP.const(2, 1), FP.msub(2, 1, 0), FP.maddn(0, 0, 2), FP.const(2, 1),
    FP.msub(2, 1, 0), FP.maddn(0, 0, 2), FP.rfr(2, 0),
]

/// 1 / √a2 to a2.
let reciprocalRootSequence: [UInt32] = [
    FP.wfr(1, 2), FP.rsqrt0(0, 1), FP.mul(2, 1, 0), FP.const(3, 3), FP.mul(4, 3, 0), FP.const(5, 1), FP.msub(5, 2, 0),
    FP.maddn(0, 4, 5), FP.mul(2, 1, 0), FP.mul(1, 3, 0), FP.const(3, 1), FP.msub(3, 2, 0), FP.maddn(0, 1, 3),
    FP.rfr(2, 0),
]

/// Operands of every class, and values beside the edges of classes.
let floatEdges: [UInt32] = [
    0, 1, 2, 0x40_0000, 0x7F_FFFE, 0x7F_FFFF, 0x80_0000, 0x80_0001, 0x0100_0000, 0x3380_0000, 0x3F00_0000, 0x3F7F_FFFF,
    0x3F80_0000, 0x3F80_0001, 0x3FFF_FFFF, 0x4000_0000, 0x4049_0FDB, 0x4B7F_FFFF, 0x7E80_0000, 0x7F00_0000, 0x7F7F_FFFE,
    0x7F7F_FFFF, 0x7F80_0000,
].flatMap { [$0, $0 | 0x8000_0000] }

func isNaN(_ bits: UInt32) -> Bool { bits & 0x7FFF_FFFF > 0x7F80_0000 }

extension ProgramRandom {
    /// Three singles, often of similar exponents, so that sums cancel and products are near the ends.
    mutating func operands() -> (UInt32, UInt32, UInt32) {
        let (first, second) = (next(), next())
        let a = UInt32(truncatingIfNeeded: first)
        var b = UInt32(truncatingIfNeeded: first >> 32)
        var c = UInt32(truncatingIfNeeded: second)
        let choice = second >> 60
        if choice & 1 == 1 { b = b & 0x807F_FFFF | (254 &- a >> 23 & 0xFF &+ UInt32(choice)) << 23 & 0x7F80_0000 }
        if choice & 2 == 2 { c = c & 0x803F_FFFF | a & 0x7F80_0000 }
        return (a, b, c)
    }
}

#if arch(x86_64)
    /// The host's own unit, whose control register has the rounding modes and flags of IEEE 754.
    enum HostFloat {
        static func compute(_ op2: UInt32, _ mode: UInt32, _ a: UInt32, _ b: UInt32, _ c: UInt32) -> (UInt32, UInt32) {
            // FE_TONEAREST, FE_TOWARDZERO, FE_UPWARD, FE_DOWNWARD.
            fesetround([0, 0xC00, 0x800, 0x400][Int(mode)])
            feclearexcept(0x3F)
            let result = operate(op2, Float(bitPattern: a), Float(bitPattern: b), Float(bitPattern: c)).bitPattern
            let raised = UInt32(bitPattern: fetestexcept(0x3F))
            feclearexcept(0x3F)
            fesetround(0)
            var flags = raised & 1 != 0 ? FloatFlag.invalid : 0
            if raised & 4 != 0 { flags |= FloatFlag.divideByZero }
            if raised & 8 != 0 { flags |= FloatFlag.overflow }
            if raised & 16 != 0 { flags |= FloatFlag.underflow }
            if raised & 32 != 0 { flags |= FloatFlag.inexact }
            return (result, flags)
        }

        @inline(never)
        private static func operate(_ op2: UInt32, _ a: Float, _ b: Float, _ c: Float) -> Float {
            switch op2 {
            case 0: a + b
            case 1: a - b
            case 2: a * b
            case 4: c.addingProduct(a, b)
            case 5: c.addingProduct(-a, b)
            case 20: a / b
            case _: a.squareRoot()
            }
        }
    }
#endif
