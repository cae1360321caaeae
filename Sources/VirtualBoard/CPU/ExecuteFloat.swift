// The floating-point coprocessor's instructions: loads and stores, arithmetic, conversions, compares, moves. What the
// arithmetic gives is in FloatUnit.swift, the steps of division in FloatSteps.swift. Encodings: Xtensa ISA reference,
// "Floating-Point Coprocessor Option", and the core's own configuration for the steps.

extension XtensaCPU {
    /// CPENABLE's bit of this coprocessor is set; raises where it is not.
    var isFloatEnabled: Bool {
        if special.cpenable & 1 == 1 { return true }
        raise(.coprocessor0Disabled)
        return false
    }

    func executeFloatMemory(_ w: UInt32, t: Int, s: Int, r: Int) {
        guard r & 3 == 0 else { return raise(.illegalInstruction) }
        guard isFloatEnabled else { return }
        floatAccess(ar[s] &+ (w >> 16) << 2, float: t, base: s, isStore: r & 4 != 0, isUpdating: r & 8 != 0)
    }

    func executeFloatIndexed(_ op2: Int, t: Int, s: Int, r: Int) {
        guard op2 & ~5 == 0 else { return raise(.illegalInstruction) }
        guard isFloatEnabled else { return }
        floatAccess(ar[s] &+ ar[t], float: r, base: s, isStore: op2 & 4 != 0, isUpdating: op2 & 1 != 0)
    }

    /// The forms that update move the pointer after the access on this core (LSIP, LSXP and their stores).
    private func floatAccess(_ moved: UInt32, float: Int, base: Int, isStore: Bool, isUpdating: Bool) {
        let address = isUpdating ? ar[base] : moved
        if isStore {
            guard store(address, fr[float].bitPattern, width: 4) else { return }
        } else if let value = load(address, width: 4) {
            fr[float] = Float(bitPattern: value)
        } else {
            return
        }
        if isUpdating { ar[base] = moved }
    }

    func executeFloat(_ op2: Int, t: Int, s: Int, r: Int) {
        guard op2 != 3, op2 != 15 || t != 2 else { return raise(.illegalInstruction) }
        guard isFloatEnabled else { return }
        switch op2 {
        case 0: fr[r] = floatSum(fr[s], fr[t])
        case 1: fr[r] = floatDifference(fr[s], fr[t])
        case 2: fr[r] = floatProduct(fr[s], fr[t])
        case 4: fr[r] = floatMultiplyAdd(fr[r], fr[s], fr[t])
        case 5: fr[r] = floatMultiplySubtract(fr[r], fr[s], fr[t])
        case 6: fr[r] = FloatUnit.refined(fr[r], fr[s], fr[t])
        case 7: break
        case 8: ar[r] = withFloatUnit { $0.signedWhole(fr[s], scale: t, .toNearestOrEven) }
        case 9: ar[r] = withFloatUnit { $0.signedWhole(fr[s], scale: t, .towardZero) }
        case 10: ar[r] = withFloatUnit { $0.signedWhole(fr[s], scale: t, .down) }
        case 11: ar[r] = withFloatUnit { $0.signedWhole(fr[s], scale: t, .up) }
        case 12: fr[r] = withFloatUnit { $0.float(Int64(Int32(bitPattern: ar[s])), scale: t) }
        case 13: fr[r] = withFloatUnit { $0.float(Int64(ar[s]), scale: t) }
        case 14: ar[r] = withFloatUnit { $0.unsignedWhole(fr[s], scale: t) }
        case _: executeFloatStep(t: t, s: s, r: r)
        }
    }

    private func executeFloatStep(t: Int, s: Int, r: Int) {
        let value = fr[s]
        switch t {
        case 0: fr[r] = value
        case 1: fr[r] = Float(bitPattern: value.bitPattern & 0x7FFF_FFFF)
        case 3: fr[r] = FloatUnit.constant(s)
        case 4: ar[r] = value.bitPattern
        case 5: fr[r] = Float(bitPattern: ar[s])
        case 6: fr[r] = Float(bitPattern: value.bitPattern ^ 0x8000_0000)
        case 7: fr[r] = FloatUnit.divisionSeed(value)
        case 8: fr[r] = withFloatUnit { $0.reciprocalSeed(value) }
        case 9: fr[r] = FloatUnit.rootSeed(value)
        case 10: fr[r] = withFloatUnit { $0.reciprocalRootSeed(value) }
        case 11: fr[r] = FloatUnit.narrowedExponent(value)
        case 12: fr[r] = withFloatUnit { $0.squareRoot(value) }
        case 13: fr[r] = withFloatUnit { $0.quotient(value, fr[r]) }
        case 14: fr[r] = FloatUnit.addedExponent(fr[r], value)
        case 15: fr[r] = value
        case _: break
        }
    }

    func executeFloatCompare(_ op2: Int, t: Int, s: Int, r: Int) {
        guard 1...13 ~= op2 else { return raise(.illegalInstruction) }
        guard isFloatEnabled else { return }
        let (left, right) = (fr[s], fr[t])
        let isUnordered = left.isNaN || right.isNaN
        if isUnordered, op2 < 8 {
            withFloatUnit { $0.compare(left, right, isSignalling: op2 == 4 || op2 == 6) }
        }
        switch op2 {
        case 1: setBoolean(r, isUnordered)
        case 2: setBoolean(r, left == right)
        case 3: setBoolean(r, isUnordered || left == right)
        case 4: setBoolean(r, left < right)
        case 5: setBoolean(r, isUnordered || left < right)
        case 6: setBoolean(r, left <= right)
        case 7: setBoolean(r, isUnordered || left <= right)
        case 8: if ar[t] == 0 { fr[r] = left }
        case 9: if ar[t] != 0 { fr[r] = left }
        case 10: if Int32(bitPattern: ar[t]) < 0 { fr[r] = left }
        case 11: if Int32(bitPattern: ar[t]) >= 0 { fr[r] = left }
        case _: if (special.br >> UInt32(t) & 1 == 1) == (op2 == 13) { fr[r] = left }
        }
    }
}

/// Arithmetic on single-precision values as ADD.S and the others have it: FCR's rounding, FSR's flags. The host computes
/// where its result cannot differ and no flag can be new: rounding to nearest, the inexact flag already set, the result
/// finite and not near the low end of the range.
extension XtensaCPU {
    @inline(__always)
    func floatSum(_ a: Float, _ b: Float) -> Float {
        let result = a + b
        // A sum that is tiny is exact.
        return isHostRounding && result.isFinite ? result : withFloatUnit { $0.sum(a, b) }
    }

    @inline(__always)
    func floatDifference(_ a: Float, _ b: Float) -> Float {
        let result = a - b
        return isHostRounding && result.isFinite ? result : withFloatUnit { $0.difference(a, b) }
    }

    @inline(__always)
    func floatProduct(_ a: Float, _ b: Float) -> Float {
        let result = a * b
        if isHostRounding, Self.isFarFromEnds(result) || result.isFinite && (a == 0 || b == 0) { return result }
        return withFloatUnit { $0.product(a, b) }
    }

    @inline(__always)
    func floatMultiplyAdd(_ addend: Float, _ a: Float, _ b: Float) -> Float {
        let result = addend.addingProduct(a, b)
        if isHostRounding, Self.isFarFromEnds(result) || result.isFinite && (a == 0 || b == 0) { return result }
        return withFloatUnit { $0.multiplyAdd(addend, a, b) }
    }

    @inline(__always)
    func floatMultiplySubtract(_ minuend: Float, _ a: Float, _ b: Float) -> Float {
        let result = minuend.addingProduct(-a, b)
        if isHostRounding, Self.isFarFromEnds(result) || result.isFinite && (a == 0 || b == 0) { return result }
        return withFloatUnit { $0.multiplyAdd(minuend, a, b, isSubtracting: true) }
    }

    /// FCR rounds as the host does, and FSR has the one flag that an ordinary result may raise.
    @inline(__always)
    var isHostRounding: Bool {
        special.fcr & 3 | special.fsr & FloatUnit.Flag.inexact == FloatUnit.Flag.inexact
    }

    /// The exponent field is 2 to 254: no overflow, no underflow, no NaN.
    @inline(__always)
    static func isFarFromEnds(_ value: Float) -> Bool { value.bitPattern >> 23 & 0xFF &- 2 < 253 }

    /// Runs an operation with FCR's rounding and adds its flags to FSR's.
    @inline(never)
    @discardableResult
    func withFloatUnit<Result>(_ operation: (inout FloatUnit) -> Result) -> Result {
        var unit = FloatUnit(mode: special.fcr)
        let result = operation(&unit)
        special.fsr |= unit.flags
        return result
    }
}
