// The single-precision FPU. Rounding is to nearest, the mode that FCR has after reset; other modes and the division
// helper steps are not done and raise IllegalInstruction. Encodings: Xtensa ISA reference, "Floating-Point Coprocessor".

extension XtensaCPU {
    private var isFloatEnabled: Bool {
        if special.cpenable & 1 == 1 { return true }
        raise(.coprocessor0Disabled)
        return false
    }

    func executeFloatMemory(_ w: UInt32, t: Int, s: Int, r: Int) {
        guard isFloatEnabled else { return }
        floatAccess(ar[s] &+ (w >> 16) << 2, float: t, base: s, isStore: r & 4 != 0, isUpdating: r & 8 != 0)
        if r & 3 != 0 { raise(.illegalInstruction) }
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
            store(address, fr[float].bitPattern, width: 4)
        } else if let value = load(address, width: 4) {
            fr[float] = Float(bitPattern: value)
        } else {
            return
        }
        if isUpdating { ar[base] = moved }
    }

    func executeFloat(_ op2: Int, t: Int, s: Int, r: Int) {
        guard isFloatEnabled else { return }
        switch op2 {
        case 0: fr[r] = fr[s] + fr[t]
        case 1: fr[r] = fr[s] - fr[t]
        case 2: fr[r] = fr[s] * fr[t]
        case 4: fr[r] = fr[r].addingProduct(fr[s], fr[t])
        case 5: fr[r] = fr[r].addingProduct(-fr[s], fr[t])
        case 8: ar[r] = Self.whole(fr[s], t, .toNearestOrEven)
        case 9: ar[r] = Self.whole(fr[s], t, .towardZero)
        case 10: ar[r] = Self.whole(fr[s], t, .down)
        case 11: ar[r] = Self.whole(fr[s], t, .up)
        case 12: fr[r] = Float(Int32(bitPattern: ar[s])) * Float(sign: .plus, exponent: -t, significand: 1)
        case 13: fr[r] = Float(ar[s]) * Float(sign: .plus, exponent: -t, significand: 1)
        case 14: ar[r] = Self.unsignedWhole(fr[s], t)
        case 15: executeFloatMove(t: t, s: s, r: r)
        case _: raise(.illegalInstruction)
        }
    }

    private func executeFloatMove(t: Int, s: Int, r: Int) {
        switch t {
        case 0: fr[r] = fr[s]
        case 1: fr[r] = Float(bitPattern: fr[s].bitPattern & 0x7FFF_FFFF)
        case 4: ar[r] = fr[s].bitPattern
        case 5: fr[r] = Float(bitPattern: ar[s])
        case 6: fr[r] = Float(bitPattern: fr[s].bitPattern ^ 0x8000_0000)
        case _: raise(.illegalInstruction)
        }
    }

    func executeFloatCompare(_ op2: Int, t: Int, s: Int, r: Int) {
        guard isFloatEnabled else { return }
        let (left, right) = (fr[s], fr[t])
        let isUnordered = left.isNaN || right.isNaN
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
        case 12, 13: if (special.br >> UInt32(t) & 1 == 1) == (op2 == 13) { fr[r] = left }
        case _: raise(.illegalInstruction)
        }
    }

    /// Saturates; a NaN becomes the largest number.
    private static func whole(_ value: Float, _ scale: Int, _ rule: FloatingPointRoundingRule) -> UInt32 {
        if value.isNaN { return 0x7FFF_FFFF }
        let scaled = (Double(value) * Double(UInt32(1) << UInt32(scale))).rounded(rule)
        return UInt32(bitPattern: Int32(max(-2_147_483_648, min(2_147_483_647, scaled))))
    }

    private static func unsignedWhole(_ value: Float, _ scale: Int) -> UInt32 {
        if value.isNaN { return .max }
        let scaled = (Double(value) * Double(UInt32(1) << UInt32(scale))).rounded(.towardZero)
        // Negative numbers convert as signed ones do.
        if scaled < 0 { return UInt32(bitPattern: Int32(max(-2_147_483_648, scaled))) }
        return UInt32(min(4_294_967_295, scaled))
    }
}
