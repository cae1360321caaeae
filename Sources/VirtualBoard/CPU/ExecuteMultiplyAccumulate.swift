// MAC16: products of 16-bit halves in a 40-bit accumulator, with loads that step a pointer beside them. Halves come from
// address registers (A) or from the option's own registers m0 to m3 (D). Source: Xtensa ISA reference, "MAC16 Option".

extension SpecialRegisters {
    /// ACCLO and ACCHI as one number.
    mutating func accumulate(_ value: Int64) { accumulator = (value << 24) >> 24 }

    /// ACCHI, whose eight bits read as a signed number.
    var accumulatorHigh: UInt32 {
        get { UInt32(truncatingIfNeeded: accumulator >> 32) }
        set { accumulate(accumulator & 0xFFFF_FFFF | Int64(newValue) << 32) }
    }

    /// ACCLO.
    var accumulatorLow: UInt32 {
        get { UInt32(truncatingIfNeeded: accumulator) }
        set { accumulate(accumulator & ~0xFFFF_FFFF | Int64(newValue)) }
    }
}

extension XtensaCPU {
    func executeMultiplyAccumulate(_ w: UInt32, t: Int, s: Int, r: Int) {
        let op2 = w >> 20
        let op1 = w >> 16 & 15
        guard Self.isMultiplyAccumulate(op2, op1, t: t, s: s, r: r) else { return raise(.illegalInstruction) }
        // The loads step up where bit 0 of op2 is clear, and nothing happens where the load faults.
        let isLoading = op2 & 2 == 0
        let pointer = ar[s] &+ (op2 & 1 == 0 ? 4 : 0 &- 4)
        var loaded: UInt32?
        if isLoading {
            loaded = load(pointer, width: 4)
            guard loaded != nil else { return }
        }
        // Both halves are read before the load's results arrive.
        if op2 < 8 {
            // Of op2's eight values the upper four take the right half from an address register; 3 and 7 take the left.
            let left = op2 & 3 == 3 ? ar[s] : special.multiplier[r >> 2 & 1]
            let right = op2 & 4 != 0 ? ar[t] : special.multiplier[2 + (t >> 2 & 1)]
            multiply(op1, op1 & 1 == 0 ? left & 0xFFFF : left >> 16, op1 & 2 == 0 ? right & 0xFFFF : right >> 16)
        }
        if let loaded {
            ar[s] = pointer
            special.multiplier[r & 3] = loaded
        }
    }

    private func multiply(_ op1: UInt32, _ left: UInt32, _ right: UInt32) {
        let product = Int64(Int16(truncatingIfNeeded: left)) * Int64(Int16(truncatingIfNeeded: right))
        switch op1 >> 2 {
        case 0: special.accumulate(Int64(left * right))
        case 1: special.accumulate(product)
        case 2: special.accumulate(special.accumulator + product)
        case _: special.accumulate(special.accumulator - product)
        }
    }

    /// The option's encodings: fields that are not used must be zero.
    private static func isMultiplyAccumulate(_ op2: UInt32, _ op1: UInt32, t: Int, s: Int, r: Int) -> Bool {
        let isLeftSelector = r & 11 == 0
        let isRightSelector = t & 11 == 0
        return switch op2 {
        case 0, 1: op1 >> 2 == 2 && r & 8 == 0 && isRightSelector
        case 2: op1 >> 2 != 0 && isLeftSelector && s == 0 && isRightSelector
        case 3: op1 >> 2 != 0 && r == 0 && isRightSelector
        case 4, 5: op1 >> 2 == 2 && r & 8 == 0
        case 6: op1 >> 2 != 0 && isLeftSelector && s == 0
        case 7: r == 0
        case 8, 9: op1 == 0 && r & 12 == 0 && t == 0
        case _: false
        }
    }
}
