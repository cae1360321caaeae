// Instructions between registers (op0 = 0): arithmetic, shifts, multiply and divide, special registers, returns from
// exceptions, booleans. Fields that an instruction does not use must be zero where the ESP32's instruction table says so.

extension XtensaCPU {
    func executeRegisters(_ w: UInt32, t: Int, s: Int, r: Int) {
        let op2 = Int(w >> 20)
        switch w >> 16 & 15 {
        case 0: executeArithmetic(op2, t: t, s: s, r: r)
        case 1: executeShift(op2, t: t, s: s, r: r)
        case 2: executeMultiply(op2, t: t, s: s, r: r)
        case 3: executeSpecial(op2, t: t, s: s, r: r)
        case 4, 5:
            let mask = op2 == 15 ? 0xFFFF : (UInt32(1) << UInt32(op2 + 1)) - 1
            ar[r] = ar[t] >> (UInt32(s) | (w >> 16 & 1) << 4) & mask
        case 9: executeWindowMemory(op2, t: t, s: s, r: r)
        case 8: executeFloatIndexed(op2, t: t, s: s, r: r)
        case 10: executeFloat(op2, t: t, s: s, r: r)
        case 11: executeFloatCompare(op2, t: t, s: s, r: r)
        case 14: executeStateWires(op2, t: t, s: s, r: r)
        case _: raise(.illegalInstruction)
        }
    }

    private func executeArithmetic(_ op2: Int, t: Int, s: Int, r: Int) {
        switch op2 {
        case 0: executeControl(t: t, s: s, r: r)
        case 1: ar[r] = ar[s] & ar[t]
        case 2: ar[r] = ar[s] | ar[t]
        case 3: ar[r] = ar[s] ^ ar[t]
        case 4: executeShiftAmount(t: t, s: s, r: r)
        case 5: executeTranslation(t: t, s: s, r: r)
        case 6 where s == 0: ar[r] = 0 &- ar[t]
        case 6 where s == 1:
            ar[r] = Int32(bitPattern: ar[t]) < 0 ? 0 &- ar[t] : ar[t]
        case 8: ar[r] = ar[s] &+ ar[t]
        case 9, 10, 11: ar[r] = (ar[s] << UInt32(op2 - 8)) &+ ar[t]
        case 12: ar[r] = ar[s] &- ar[t]
        case 13, 14, 15: ar[r] = (ar[s] << UInt32(op2 - 12)) &- ar[t]
        case _: raise(.illegalInstruction)
        }
    }

    private func executeControl(t: Int, s: Int, r: Int) {
        switch (r, t) {
        case (0, 8): nextPC = ar[0]
        case (0, 9): returnWindowed()
        case (0, 10): nextPC = ar[s]
        case (0, 12):
            let target = ar[s]
            ar[0] = nextPC
            nextPC = target
        case (0, 13...15): callWindowed(UInt32(t & 3), target: ar[s])
        case (1, _): executeMoveStackPointer(t: t, s: s)
        // This core does everything in order: the barriers have nothing to wait for.
        case (2, 0...3) where s == 0, (2, 8) where s == 0, (2, 12...13) where s == 0, (2, 15) where s == 0: break
        case (3, 0) where s == 0:
            nextPC = special.epc[1]
            special.ps &= ~0x10
        case (3, 0) where s == 2: nextPC = special.depc
        case (3, 0) where s == 4 || s == 5: returnFromWindowException(isStart: s == 5)
        case (3, 1) where (2...7).contains(s):
            nextPC = special.epc[s]
            special.ps = special.eps[s]
        case (4, _): executeBreak(.breakInstruction)
        case (5, 0) where s == 0: raise(.syscall)
        case (6, _):
            ar[t] = special.ps
            special.ps = special.ps & ~0xF | UInt32(s)
        case (7, 0):
            special.ps = special.ps & ~0xF | UInt32(s)
            isWaiting = true
        case (8...11, _): executeBooleanGroup(t: t, s: s, r: r)
        case _: raise(.illegalInstruction)
        }
    }

    private func executeBooleanGroup(t: Int, s: Int, r: Int) {
        let count: UInt32 = r < 10 ? 4 : 8
        let mask = (UInt32(1) << count) - 1
        let bits = special.br >> (UInt32(s) & ~(count - 1)) & mask
        setBoolean(t, r & 1 == 0 ? bits != 0 : bits == mask)
    }

    /// Sets a boolean register.
    func setBoolean(_ number: Int, _ value: Bool) {
        let bit = UInt32(1) << UInt32(number)
        special.br = value ? special.br | bit : special.br & ~bit
    }

    private func executeShiftAmount(t: Int, s: Int, r: Int) {
        switch r {
        case 0 where t == 0: special.sar = ar[s] & 31
        case 1 where t == 0: special.sar = 32 - (ar[s] & 31)
        case 2 where t == 0: special.sar = (ar[s] & 3) * 8
        case 3 where t == 0: special.sar = 32 - (ar[s] & 3) * 8
        case 4 where t < 2: special.sar = UInt32(s | t << 4)
        // No device sits behind the external register interface: reads give 0, writes go nowhere.
        case 6: ar[t] = 0
        case 7: break
        case 8 where s == 0: rotateWindow(by: Self.signed(UInt32(t), bits: 4))
        case 14:
            let value = ar[s]
            let same = Int32(bitPattern: value) < 0 ? ~value : value
            ar[t] = same == 0 ? 31 : UInt32(same.leadingZeroBitCount - 1)
        case 15: ar[t] = UInt32(ar[s].leadingZeroBitCount)
        case _: raise(.illegalInstruction)
        }
    }

    private func executeShift(_ op2: Int, t: Int, s: Int, r: Int) {
        switch op2 {
        case 0, 1: ar[r] = ar[s] << UInt32(32 - ((op2 & 1) << 4 | t))
        case 2, 3: ar[r] = UInt32(bitPattern: Int32(bitPattern: ar[t]) >> Int32((op2 & 1) << 4 | s))
        case 4: ar[r] = ar[t] >> UInt32(s)
        case 6: exchangeSpecial(r << 4 | s, t: t)
        case 8: ar[r] = UInt32(truncatingIfNeeded: (UInt64(ar[s]) << 32 | UInt64(ar[t])) >> UInt64(special.sar))
        case 9 where s == 0: ar[r] = UInt32(truncatingIfNeeded: UInt64(ar[t]) >> UInt64(special.sar))
        case 10 where t == 0: ar[r] = UInt32(truncatingIfNeeded: (UInt64(ar[s]) << 32) >> UInt64(special.sar))
        case 11 where s == 0: ar[r] = UInt32(bitPattern: Int32(bitPattern: ar[t]) >> Int32(min(special.sar, 31)))
        case 12: ar[r] = (ar[s] & 0xFFFF) &* (ar[t] & 0xFFFF)
        case 13: ar[r] = Self.signed(ar[s], bits: 16) &* Self.signed(ar[t], bits: 16)
        case _: raise(.illegalInstruction)
        }
    }

    private func executeMultiply(_ op2: Int, t: Int, s: Int, r: Int) {
        let (left, right) = (ar[s], ar[t])
        let (signedLeft, signedRight) = (Int32(bitPattern: left), Int32(bitPattern: right))
        if op2 >= 12, right == 0 { return raise(.integerDivideByZero) }
        let booleanS = special.br >> UInt32(s) & 1 == 1
        let booleanT = special.br >> UInt32(t) & 1 == 1
        switch op2 {
        case 0: setBoolean(r, booleanS && booleanT)
        case 1: setBoolean(r, booleanS && !booleanT)
        case 2: setBoolean(r, booleanS || booleanT)
        case 3: setBoolean(r, booleanS || !booleanT)
        case 4: setBoolean(r, booleanS != booleanT)
        case 8: ar[r] = left &* right
        case 10: ar[r] = UInt32(truncatingIfNeeded: (UInt64(left) &* UInt64(right)) >> 32)
        case 11: ar[r] = UInt32(truncatingIfNeeded: (Int64(signedLeft) &* Int64(signedRight)) >> 32)
        case 12: ar[r] = left / right
        case 13: ar[r] = UInt32(bitPattern: signedLeft.dividedReportingOverflow(by: signedRight).partialValue)
        case 14: ar[r] = left % right
        case 15: ar[r] = UInt32(bitPattern: signedLeft.remainderReportingOverflow(dividingBy: signedRight).partialValue)
        case _: raise(.illegalInstruction)
        }
    }

    private func exchangeSpecial(_ number: Int, t: Int) {
        // INTERRUPT and CONFIGID0 read and write, but do not exchange.
        let value = ar[t]
        guard number != 226, number != 176, let old = readSpecial(number), writeSpecial(number, value) else {
            return raise(.illegalInstruction)
        }
        ar[t] = old
    }

    private func executeSpecial(_ op2: Int, t: Int, s: Int, r: Int) {
        let (left, right) = (ar[s], ar[t])
        let (signedLeft, signedRight) = (Int32(bitPattern: left), Int32(bitPattern: right))
        switch op2 {
        case 0:
            guard let value = readSpecial(r << 4 | s) else { return raise(.illegalInstruction) }
            ar[t] = value
        case 1: if !writeSpecial(r << 4 | s, right) { raise(.illegalInstruction) }
        case 2: ar[r] = Self.signed(left, bits: UInt32(t + 8))
        case 3:
            let limit = Int32(1) << Int32(t + 7)
            ar[r] = UInt32(bitPattern: max(-limit, min(limit - 1, signedLeft)))
        case 4: ar[r] = UInt32(bitPattern: min(signedLeft, signedRight))
        case 5: ar[r] = UInt32(bitPattern: max(signedLeft, signedRight))
        case 6: ar[r] = min(left, right)
        case 7: ar[r] = max(left, right)
        case 8: if right == 0 { ar[r] = left }
        case 9: if right != 0 { ar[r] = left }
        case 10: if signedRight < 0 { ar[r] = left }
        case 11: if signedRight >= 0 { ar[r] = left }
        case 12, 13: if (special.br >> UInt32(t) & 1 == 1) == (op2 == 13) { ar[r] = left }
        case 14: readUser(s << 4 | t, r: r)
        case 15: writeUser(r << 4 | s, right)
        case _: raise(.illegalInstruction)
        }
    }

    private func readUser(_ number: Int, r: Int) {
        switch number {
        case 230: ar[r] = special.expstate
        case 231: ar[r] = special.threadptr
        case 232: if isFloatEnabled { ar[r] = special.fcr }
        case 233: if isFloatEnabled { ar[r] = special.fsr }
        case 234...236: ar[r] = special.accelerator[number - 234]
        case _: raise(.illegalInstruction)
        }
    }

    private func writeUser(_ number: Int, _ value: UInt32) {
        switch number {
        case 230: special.expstate = value
        case 231: special.threadptr = value
        case 232: if isFloatEnabled { special.fcr = value & 0x7F }
        case 233: if isFloatEnabled { special.fsr = value & FloatUnit.Flag.all }
        case 234...236: special.accelerator[number - 234] = value
        case _: raise(.illegalInstruction)
        }
    }
}
