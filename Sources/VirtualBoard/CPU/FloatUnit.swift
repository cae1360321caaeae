// Single-precision arithmetic in all four rounding modes, with the IEEE 754 flags: values in, values and flags out, no
// registers. A sum, product or quotient of two singles fits a double but for a rest; the rest is folded into the double's
// last bit (rounding to odd), after which one rounding to single is right in every mode. NaN rules are those of Cadence's
// DFPU, which the ESP32's core has in its single-precision form (core-isa.h, XCHAL_HAVE_DFPU_SINGLE_ONLY): the operand
// named last wins and comes out quiet; an operation without a result gives 0x7FC00000.

/// One operation's surroundings: the rounding mode going in, the flags collected.
struct FloatUnit {
    /// FCR.RM.
    enum Rounding: UInt32 {
        case nearestEven
        case towardZero
        case up
        case down
    }

    /// FSR's flags, at FSR's bits.
    enum Flag {
        static let inexact: UInt32 = 1 << 7
        static let underflow: UInt32 = 1 << 8
        static let overflow: UInt32 = 1 << 9
        static let divideByZero: UInt32 = 1 << 10
        static let invalid: UInt32 = 1 << 11
        static let all: UInt32 = 0xF80
    }

    static let defaultNaN = Float(bitPattern: 0x7FC0_0000)
    private static let quietBit: UInt32 = 0x40_0000

    let rounding: Rounding
    private(set) var flags: UInt32 = 0

    /// `mode` is FCR; its low two bits count.
    init(mode: UInt32) { rounding = Rounding(rawValue: mode & 3) ?? .nearestEven }

    mutating func sum(_ a: Float, _ b: Float) -> Float {
        if a.isNaN || b.isNaN { return nan([b, a]) }
        if a.isInfinite || b.isInfinite {
            return a.isInfinite && b.isInfinite && a != b ? invalid() : a + b
        }
        return rounded(Double(a), plus: Double(b))
    }

    mutating func difference(_ a: Float, _ b: Float) -> Float {
        // A NaN keeps its sign.
        if a.isNaN || b.isNaN { return nan([b, a]) }
        return sum(a, -b)
    }

    mutating func product(_ a: Float, _ b: Float) -> Float {
        if a.isNaN || b.isNaN { return nan([b, a]) }
        if a.isInfinite || b.isInfinite { return a == 0 || b == 0 ? invalid() : a * b }
        return rounded(Double(a) * Double(b))
    }

    /// `addend` + a * b with one rounding, or `addend` - a * b.
    mutating func multiplyAdd(_ addend: Float, _ a: Float, _ b: Float, isSubtracting: Bool = false) -> Float {
        let isUndefined = a.isInfinite && b == 0 || a == 0 && b.isInfinite
        if addend.isNaN || a.isNaN || b.isNaN {
            if isUndefined { flags |= Flag.invalid }
            return nan([addend, b, a])
        }
        if isUndefined { return invalid() }
        let exact = isSubtracting ? -Double(a) * Double(b) : Double(a) * Double(b)
        if exact.isInfinite || addend.isInfinite {
            if exact.isInfinite, addend.isInfinite, exact != Double(addend) { return invalid() }
            return Float(exact + Double(addend))
        }
        return rounded(exact, plus: Double(addend))
    }

    mutating func quotient(_ a: Float, _ b: Float) -> Float {
        if a.isNaN || b.isNaN { return nan([b, a]) }
        if a.isInfinite && b.isInfinite || a == 0 && b == 0 { return invalid() }
        if b == 0, !a.isInfinite { flags |= Flag.divideByZero }
        if b == 0 || a.isInfinite || b.isInfinite || a == 0 { return a / b }
        let (dividend, divisor) = (Double(a), Double(b))
        let close = dividend / divisor
        // The remainder of a rounded quotient is exact.
        let rest = dividend.addingProduct(-close, divisor)
        return rounded(Self.odd(close, rest: (divisor < 0) ? -rest : rest))
    }

    mutating func squareRoot(_ a: Float) -> Float {
        if a.isNaN { return nan([a]) }
        if a == 0 || a == .infinity { return a }
        if a < 0 { return invalid() }
        let close = Double(a).squareRoot()
        return rounded(Self.odd(close, rest: Double(a).addingProduct(-close, close)))
    }

    /// A whole number times 2^-`scale`.
    mutating func float(_ whole: Int64, scale: Int) -> Float {
        // The power is exact: nothing a 32-bit number becomes is near the ends of the range.
        rounded(Double(whole)) * Float(sign: .plus, exponent: -scale, significand: 1)
    }

    /// value * 2^`scale` as a 32-bit number, signed: saturated, a NaN as the largest.
    mutating func signedWhole(_ value: Float, scale: Int, _ rule: FloatingPointRoundingRule) -> UInt32 {
        if value.isNaN {
            flags |= Flag.invalid
            return 0x7FFF_FFFF
        }
        let scaled = scaledUp(value, scale)
        let whole = scaled.rounded(rule)
        guard whole >= -2_147_483_648, whole <= 2_147_483_647 else {
            flags |= Flag.invalid
            return whole < 0 ? 0x8000_0000 : 0x7FFF_FFFF
        }
        if whole != scaled { flags |= Flag.inexact }
        return UInt32(bitPattern: Int32(whole))
    }

    /// The unsigned form, toward zero: a NaN becomes the largest; a negative number goes as the signed form has it and is
    /// invalid unless it becomes 0.
    mutating func unsignedWhole(_ value: Float, scale: Int) -> UInt32 {
        if value.isNaN {
            flags |= Flag.invalid
            return .max
        }
        if value < 0 {
            var negative = FloatUnit(mode: 0)
            let whole = negative.signedWhole(value, scale: scale, .towardZero)
            flags |= whole == 0 ? negative.flags : Flag.invalid
            return whole
        }
        let scaled = scaledUp(value, scale)
        let whole = scaled.rounded(.towardZero)
        guard whole <= 4_294_967_295 else {
            flags |= Flag.invalid
            return .max
        }
        if whole != scaled { flags |= Flag.inexact }
        return UInt32(whole)
    }

    /// Compares: the ordered forms but OEQ are invalid for every NaN, the others for signalling ones.
    mutating func compare(_ a: Float, _ b: Float, isSignalling: Bool) {
        guard a.isNaN || b.isNaN else { return }
        if isSignalling || a.isSignalingNaN || b.isSignalingNaN { flags |= Flag.invalid }
    }

    /// The first NaN of the list, quiet.
    private mutating func nan(_ operands: [Float]) -> Float {
        if operands.contains(where: \.isSignalingNaN) { flags |= Flag.invalid }
        let chosen = operands.first(where: \.isNaN) ?? Self.defaultNaN
        return Float(bitPattern: chosen.bitPattern | Self.quietBit)
    }

    private mutating func invalid() -> Float {
        flags |= Flag.invalid
        return Self.defaultNaN
    }

    /// The scaling is itself a single-precision multiplication, which may overflow.
    private mutating func scaledUp(_ value: Float, _ scale: Int) -> Double {
        let scaled = Double(value) * Double(UInt32(1) << UInt32(scale & 15))
        if value.isFinite, scaled.magnitude >= 0x1p128 { flags |= Flag.overflow | Flag.inexact }
        return scaled
    }

    /// x + y exactly, rounded once.
    private mutating func rounded(_ x: Double, plus y: Double) -> Float {
        let sum = x + y
        if sum == 0 {
            // Zeros of one sign keep it; any other exact zero is positive but when rounding down.
            if x == 0, y == 0, x.sign == y.sign { return Float(x) }
            return rounding == .down ? -0.0 : 0
        }
        let part = sum - x
        return rounded(Self.odd(sum, rest: (x - (sum - part)) + (y - part)))
    }

    /// `value` + a rest smaller than its last bit, rounded to odd.
    private static func odd(_ value: Double, rest: Double) -> Double {
        let bits = value.bitPattern
        guard rest != 0, bits & 1 == 0 else { return value }
        return Double(bitPattern: (rest > 0) == (value > 0) ? bits + 1 : bits - 1)
    }

    /// To single, by the rounding mode.
    private mutating func rounded(_ value: Double) -> Float {
        guard value != 0 else { return Float(value) }
        let isNegative = value < 0
        let exponent = Int(value.bitPattern >> 52 & 0x7FF) - 1023
        let significand = value.bitPattern & 0xF_FFFF_FFFF_FFFF | 1 << 52
        // A double has 29 bits more than a single; below 2^-126 the single loses one more with every power.
        let normal = kept(significand, dropping: 29, isNegative)
        let subnormal = exponent < -126 ? kept(significand, dropping: min(29 - 126 - exponent, 60), isNegative) : normal
        if subnormal.isInexact {
            flags |= Flag.inexact
            // Tiny after rounding as if the exponent had no end.
            if exponent < -127 || exponent == -127 && normal.bits < 1 << 24 { flags |= Flag.underflow }
        }
        let sign: UInt32 = isNegative ? 0x8000_0000 : 0
        if exponent < -126 { return Float(bitPattern: sign | UInt32(subnormal.bits)) }
        let magnitude = UInt64(exponent + 126) << 23 + normal.bits
        guard magnitude < 0x7F80_0000 else {
            flags |= Flag.overflow | Flag.inexact
            return Float(bitPattern: sign | (isOverflowInfinite(isNegative) ? 0x7F80_0000 : 0x7F7F_FFFF))
        }
        return Float(bitPattern: sign | UInt32(magnitude))
    }

    private func kept(_ significand: UInt64, dropping count: Int, _ isNegative: Bool) -> (bits: UInt64, isInexact: Bool)
    {
        let bits = significand >> UInt64(count)
        let rest = significand & (1 << UInt64(count) - 1)
        let half = UInt64(1) << UInt64(count - 1)
        let isUp =
            switch rounding {
            case .nearestEven: rest > half || rest == half && bits & 1 == 1
            case .towardZero: false
            case .up: !isNegative && rest != 0
            case .down: isNegative && rest != 0
            }
        return (isUp ? bits + 1 : bits, rest != 0)
    }

    private func isOverflowInfinite(_ isNegative: Bool) -> Bool {
        switch rounding {
        case .nearestEven: true
        case .towardZero: false
        case .up: !isNegative
        case .down: isNegative
        }
    }
}
