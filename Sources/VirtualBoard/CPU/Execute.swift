// Instructions of the base ISA, the density option, loops and branches. Fields are those of the ISA reference's formats:
// op0 in bits 0-3, t 4-7, s 8-11, r 12-15, op1 16-19, op2 20-23.

extension XtensaCPU {
    func execute(_ w: UInt32) {
        let t = Int(w >> 4 & 15)
        let s = Int(w >> 8 & 15)
        let r = Int(w >> 12 & 15)
        switch w & 15 {
        case 0: executeRegisters(w, t: t, s: s, r: r)
        case 1:
            let literal = (pc &+ 3) & ~3 &+ (0xFFFC_0000 | (w >> 8) << 2)
            if let value = load(literal, width: 4) { ar[t] = value }
        case 2: executeImmediate(w, t: t, s: s, r: r)
        case 3: executeFloatMemory(w, t: t, s: s, r: r)
        case 4: executeMultiplyAccumulate(w, t: t, s: s, r: r)
        case 5: executeCall(w)
        case 6: executeJump(w, s: s, r: r)
        case 7: executeBranch(w, t: t, s: s, r: r)
        case 8: if let value = load(ar[s] &+ UInt32(r) * 4, width: 4) { ar[t] = value }
        case 9: store(ar[s] &+ UInt32(r) * 4, ar[t], width: 4)
        case 10: ar[r] = ar[s] &+ ar[t]
        case 11: ar[r] = ar[s] &+ (t == 0 ? UInt32.max : UInt32(t))
        case 12: executeNarrowConstant(t: t, s: s, r: r)
        case 13: executeNarrowMove(t: t, s: s, r: r)
        case _: raise(.illegalInstruction)
        }
    }

    /// The low `bits` bits as a signed number.
    static func signed(_ value: UInt32, bits: UInt32) -> UInt32 {
        UInt32(bitPattern: Int32(bitPattern: value << (32 - bits)) >> Int32(32 - bits))
    }

    private func executeNarrowConstant(t: Int, s: Int, r: Int) {
        if t & 8 == 0 {
            let value = UInt32((t & 7) << 4 | r)
            ar[s] = value >= 96 ? value &- 128 : value
            return
        }
        let target = pc &+ 4 &+ UInt32((t & 3) << 4 | r)
        if (ar[s] == 0) == (t & 4 == 0) { nextPC = target }
    }

    private func executeNarrowMove(t: Int, s: Int, r: Int) {
        switch (r, t) {
        case (0, _): ar[t] = ar[s]
        case (15, 0): nextPC = ar[0]
        case (15, 1): returnWindowed()
        case (15, 2): executeBreak(.narrowBreakInstruction)
        case (15, 3) where s == 0: break
        case _: raise(.illegalInstruction)
        }
    }

    private func executeCall(_ w: UInt32) {
        let target = (pc & ~3) &+ (Self.signed(w >> 6, bits: 18) << 2) &+ 4
        guard w >> 4 & 3 == 0 else { return callWindowed(w >> 4 & 3, target: target) }
        ar[0] = nextPC
        nextPC = target
    }

    static let b4: [UInt32] = [.max, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 32, 64, 128, 256]
    static let b4Unsigned: [UInt32] = [32768, 65536, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 32, 64, 128, 256]

    private func executeJump(_ w: UInt32, s: Int, r: Int) {
        let m = w >> 6 & 3
        let value = ar[s]
        let number = Int32(bitPattern: value)
        switch w >> 4 & 3 {
        case 0: nextPC = pc &+ 4 &+ Self.signed(w >> 6, bits: 18)
        case 1:
            let taken = [value == 0, value != 0, number < 0, number >= 0][Int(m)]
            if taken { nextPC = pc &+ 4 &+ Self.signed(w >> 12, bits: 12) }
        case 2:
            let constant = Self.b4[r]
            let other = Int32(bitPattern: constant)
            branch([value == constant, value != constant, number < other, number >= other][Int(m)], w)
        case _:
            switch m {
            case 0: executeEntry(w, s: s)
            case 1: executeLoop(w, s: s, r: r)
            case 2: branch(value < Self.b4Unsigned[r], w)
            case _: branch(value >= Self.b4Unsigned[r], w)
            }
        }
    }

    private func executeLoop(_ w: UInt32, s: Int, r: Int) {
        let isBooleanSet = special.br >> UInt32(s) & 1 == 1
        switch r {
        case 0: branch(!isBooleanSet, w)
        case 1: branch(isBooleanSet, w)
        case 8, 9, 10:
            special.lcount = ar[s] &- 1
            special.lbeg = nextPC
            special.lend = pc &+ 4 &+ (w >> 16)
            let isSkipped = r == 9 ? ar[s] == 0 : r == 10 ? Int32(bitPattern: ar[s]) <= 0 : false
            if isSkipped { nextPC = special.lend }
        case _: raise(.illegalInstruction)
        }
    }

    private func branch(_ isTaken: Bool, _ w: UInt32) {
        if isTaken { nextPC = pc &+ 4 &+ Self.signed(w >> 16, bits: 8) }
    }

    private func executeBranch(_ w: UInt32, t: Int, s: Int, r: Int) {
        let (left, right) = (ar[s], ar[t])
        let bit = UInt32(t | (r & 1) << 4)
        let isTaken =
            switch r & 7 {
            case 0: left & right == 0
            case 1: left == right
            case 2: Int32(bitPattern: left) < Int32(bitPattern: right)
            case 3: left < right
            case 4: ~left & right == 0
            case 5: left >> (right & 31) & 1 == 0
            case _: left >> bit & 1 == 0
            }
        // Bit 3 of r turns each condition round: BANY, BNE, BGE, BGEU, BNALL, BBS, BBSI.
        branch(isTaken != (r & 8 != 0), w)
    }

    private func executeImmediate(_ w: UInt32, t: Int, s: Int, r: Int) {
        let offset = w >> 16
        switch r {
        case 0: if let value = load(ar[s] &+ offset, width: 1) { ar[t] = value }
        case 1: if let value = load(ar[s] &+ offset << 1, width: 2) { ar[t] = value }
        case 2, 11: if let value = load(ar[s] &+ offset << 2, width: 4) { ar[t] = value }
        case 4: store(ar[s] &+ offset, ar[t], width: 1)
        case 5: store(ar[s] &+ offset << 1, ar[t], width: 2)
        case 6, 15: store(ar[s] &+ offset << 2, ar[t], width: 4)
        case 9: if let value = load(ar[s] &+ offset << 1, width: 2) { ar[t] = Self.signed(value, bits: 16) }
        case 10: ar[t] = Self.signed(UInt32(s) << 8 | offset, bits: 12)
        case 12: ar[t] = ar[s] &+ Self.signed(offset, bits: 8)
        case 13: ar[t] = ar[s] &+ Self.signed(offset, bits: 8) << 8
        case 14:
            let address = ar[s] &+ offset << 2
            guard let old = load(address, width: 4) else { return }
            if old == special.scompare1 { store(address, ar[t], width: 4) }
            ar[t] = old
        case _: raise(.illegalInstruction)
        }
    }
}
