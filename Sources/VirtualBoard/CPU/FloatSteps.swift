// The steps of division, reciprocal and square root. The core has no divide instruction: compilers emit a seed, a few
// Newton steps with MADDN.S on operands narrowed to [1, 4), and an adjustment of sign and exponent. The manual names the
// steps but not what the adjustments look like in a register, so here MKDADJ.S and MKSADJ.S make the finished, correctly
// rounded quotient or root (with its flags), ADDEXPM.S hands it on and DIVN.S leaves it; a sequence of any order of the
// other steps ends in the right value. The seeds, NEXP01.S, MADDN.S and ADDEXP.S compute what they are named for; a seed is
// good to eight bits, its further bits are not the chip's.

extension FloatUnit {
    /// CONST.S; further numbers are reserved and repeat these.
    static func constant(_ number: Int) -> Float { [0, 1, 2, 0.5][number & 3] }

    /// NEXP01.S: minus the magnitude with its exponent made 0 or 1, of the same parity, so that roots stay roots.
    static func narrowedExponent(_ value: Float) -> Float { -Float(narrowed(value)) }

    /// DIV0.S: a seed of 1 / m, where -m is NEXP01.S of the divisor.
    static func divisionSeed(_ value: Float) -> Float { seed(1 / narrowed(value)) }

    /// SQRT0.S: a seed of 1 / √m.
    static func rootSeed(_ value: Float) -> Float { seed(1 / narrowed(value).squareRoot()) }

    /// RECIP0.S: a seed of 1 / value, or the limit where there is nothing to refine.
    mutating func reciprocalSeed(_ value: Float) -> Float {
        if value.isNaN || value.isInfinite || value == 0 { return quotient(1, value) }
        return Self.seed(1 / Double(value))
    }

    /// RSQRT0.S: a seed of 1 / √value, or the limit.
    mutating func reciprocalRootSeed(_ value: Float) -> Float {
        if value.isNaN || value < 0 { return squareRoot(value) }
        if value.isInfinite || value == 0 { return quotient(1, value) }
        return Self.seed(1 / Double(value).squareRoot())
    }

    /// MADDN.S: to nearest in every mode, without flags; a limit that a seed gave stays what it is.
    static func refined(_ value: Float, _ a: Float, _ b: Float) -> Float {
        guard value.isFinite, !a.isNaN, !b.isNaN, !(a.isInfinite && b == 0), !(a == 0 && b.isInfinite) else {
            return value
        }
        var unit = FloatUnit(mode: 0)
        return unit.multiplyAdd(value, a, b)
    }

    /// ADDEXP.S: the exponent of `adjustment` is added to that of `value`, and their signs combined.
    static func addedExponent(_ value: Float, _ adjustment: Float) -> Float {
        let signed = Float(bitPattern: value.bitPattern ^ adjustment.bitPattern & 0x8000_0000)
        guard value.isFinite, value != 0, adjustment.isFinite, adjustment != 0 else { return signed }
        return Float(Double(signed) * Double(sign: .plus, exponent: Int(adjustment.exponent), significand: 1))
    }

    private static func narrowed(_ value: Float) -> Double {
        let magnitude = Double(value.magnitude)
        guard magnitude.isFinite, magnitude != 0 else { return magnitude }
        let exponent = Int(magnitude.exponent)
        return Double(sign: .plus, exponent: exponent & 1, significand: magnitude.significand)
    }

    /// Rounds to eight significant bits.
    private static func seed(_ value: Double) -> Float {
        guard value.isFinite, value != 0 else { return Float(value) }
        let half = UInt64(1) << 44
        return Float(Double(bitPattern: (value.bitPattern + half) & ~(half * 2 - 1)))
    }
}
