// The loop that nearly all time is spent in: decoded instructions, one after the other, over raw pointers. It keeps no clock:
// a block is entered only if all of its instructions fit before the horizon, before which no timer matches, and each way
// out of a block knows how many instructions it took. Anything out of the ordinary (an access that is not plain memory, an
// exception, an instruction without an operation) is left to the instruction's word, `perform(_:)`, and ends the run, so
// that interrupts, stops and changed code are looked at before the next instruction.

extension XtensaCPU {
    /// True where all of a block's instructions can run before `horizon`.
    func canEnter(_ block: UnsafeMutablePointer<DecodedInstruction>, cycles: Int) -> Bool {
        Int(block[-1].link) <= cycles
    }

    /// Memory for an aligned access that needs no more than a pointer; nil for any other.
    @inline(__always)
    private static func memory(_ table: MemoryMap.Table, _ address: UInt32, _ width: UInt32) -> UnsafeMutableRawPointer?
    {
        let biased = table[Int(address >> 12)]
        guard biased != 0, address & (width - 1) == 0 else { return nil }
        return UnsafeMutableRawPointer(bitPattern: biased &+ UInt(address)).unsafelyUnwrapped
    }

    /// Leaves at an instruction that its word has to do.
    @inline(never)
    private func perform(_ place: UnsafeMutablePointer<DecodedInstruction>, at start: UInt64) {
        cycle = start &+ UInt64(place.pointee.position)
        pc = place.pointee.pc
        perform(place.pointee.word)
    }

    /// Runs blocks from `block`, whose first instruction is at `pc`, at most to the cycle `horizon`.
    func runBlocks(from block: UnsafeMutablePointer<DecodedInstruction>, until horizon: UInt64) {
        let (cache, ar, fr, special) = (cache, ar, fr, specialRegisters)
        let (base, pages) = (cache.base, cache.pages)
        let (bytesIn, wordsIn) = (memory.byteReads, memory.wordReads)
        let (bytesOut, wordsOut) = (memory.byteWrites, memory.wordWrites)
        let hasPlainFloat = special.pointee.cpenable & 1 == 1
        // A flag that is set or a mode that is changed is an instruction's by its word, which ends this run.
        let isHostRounding = hasPlainFloat && self.isHostRounding
        var remaining = Int(truncatingIfNeeded: horizon &- cycle)
        var next = block

        while true {
            let i = next
            next = i + 1
            let (a, b, c) = (Int(i.pointee.a), Int(i.pointee.b), Int(i.pointee.c))
            let immediate = i.pointee.immediate
            switch i.pointee.operation {
            case .moveImmediate:
                ar[a] = immediate
                continue
            case .move:
                ar[a] = ar[b]
                continue
            case .addImmediate:
                ar[a] = ar[b] &+ immediate
                continue
            case .add:
                ar[a] = ar[b] &+ ar[c]
                continue
            case .addx2:
                ar[a] = (ar[b] << 1) &+ ar[c]
                continue
            case .addx4:
                ar[a] = (ar[b] << 2) &+ ar[c]
                continue
            case .addx8:
                ar[a] = (ar[b] << 3) &+ ar[c]
                continue
            case .subtract:
                ar[a] = ar[b] &- ar[c]
                continue
            case .subx2:
                ar[a] = (ar[b] << 1) &- ar[c]
                continue
            case .subx4:
                ar[a] = (ar[b] << 2) &- ar[c]
                continue
            case .subx8:
                ar[a] = (ar[b] << 3) &- ar[c]
                continue
            case .negate:
                ar[a] = 0 &- ar[b]
                continue
            case .absolute:
                ar[a] = Int32(bitPattern: ar[b]).magnitude
                continue
            case .and:
                ar[a] = ar[b] & ar[c]
                continue
            case .or:
                ar[a] = ar[b] | ar[c]
                continue
            case .xor:
                ar[a] = ar[b] ^ ar[c]
                continue
            case .shiftLeftImmediate:
                ar[a] = ar[b] &<< immediate
                continue
            case .shiftRightImmediate:
                ar[a] = ar[b] &>> immediate
                continue
            case .shiftRightSignedImmediate:
                ar[a] = UInt32(bitPattern: Int32(bitPattern: ar[b]) &>> Int32(bitPattern: immediate))
                continue
            case .extract:
                ar[a] = ar[b] &>> UInt32(i.pointee.c) & immediate
                continue
            case .shiftLeft:
                ar[a] = UInt32(truncatingIfNeeded: (UInt64(ar[b]) << 32) &>> UInt64(special.pointee.sar))
                continue
            case .shiftRight:
                ar[a] = UInt32(truncatingIfNeeded: UInt64(ar[b]) &>> UInt64(special.pointee.sar))
                continue
            case .shiftRightSigned:
                ar[a] = UInt32(truncatingIfNeeded: Int64(Int32(bitPattern: ar[b])) &>> Int64(special.pointee.sar))
                continue
            case .funnelShift:
                let pair = UInt64(ar[b]) << 32 | UInt64(ar[c])
                ar[a] = UInt32(truncatingIfNeeded: pair &>> UInt64(special.pointee.sar))
                continue
            case .setShiftRight:
                special.pointee.sar = ar[b] & 31
                continue
            case .setShiftLeft:
                special.pointee.sar = 32 &- (ar[b] & 31)
                continue
            case .setShiftImmediate:
                special.pointee.sar = immediate
                continue
            case .setShiftBytesLittle:
                special.pointee.sar = (ar[b] & 3) &* 8
                continue
            case .setShiftBytesBig:
                special.pointee.sar = 32 &- (ar[b] & 3) &* 8
                continue
            case .multiplyLow:
                ar[a] = ar[b] &* ar[c]
                continue
            case .multiply16Unsigned:
                ar[a] = (ar[b] & 0xFFFF) &* (ar[c] & 0xFFFF)
                continue
            case .multiply16Signed:
                let product = Int32(Int16(truncatingIfNeeded: ar[b])) &* Int32(Int16(truncatingIfNeeded: ar[c]))
                ar[a] = UInt32(bitPattern: product)
                continue
            case .multiplyHighUnsigned:
                ar[a] = UInt32(truncatingIfNeeded: (UInt64(ar[b]) &* UInt64(ar[c])) >> 32)
                continue
            case .multiplyHighSigned:
                let product = Int64(Int32(bitPattern: ar[b])) &* Int64(Int32(bitPattern: ar[c]))
                ar[a] = UInt32(truncatingIfNeeded: product >> 32)
                continue
            case .minimum:
                ar[a] = UInt32(bitPattern: min(Int32(bitPattern: ar[b]), Int32(bitPattern: ar[c])))
                continue
            case .maximum:
                ar[a] = UInt32(bitPattern: max(Int32(bitPattern: ar[b]), Int32(bitPattern: ar[c])))
                continue
            case .minimumUnsigned:
                ar[a] = min(ar[b], ar[c])
                continue
            case .maximumUnsigned:
                ar[a] = max(ar[b], ar[c])
                continue
            case .signExtend:
                ar[a] = UInt32(bitPattern: Int32(bitPattern: ar[b] &<< immediate) &>> Int32(bitPattern: immediate))
                continue
            case .countZeros:
                ar[a] = UInt32(truncatingIfNeeded: ar[b].leadingZeroBitCount)
                continue
            case .moveIfZero:
                if ar[c] == 0 { ar[a] = ar[b] }
                continue
            case .moveIfNonzero:
                if ar[c] != 0 { ar[a] = ar[b] }
                continue
            case .moveIfNegative:
                if Int32(bitPattern: ar[c]) < 0 { ar[a] = ar[b] }
                continue
            case .moveIfNonnegative:
                if Int32(bitPattern: ar[c]) >= 0 { ar[a] = ar[b] }
                continue
            case .nothing:
                continue
            case .load8:
                guard let place = Self.memory(bytesIn, ar[b] &+ immediate, 1)
                else { return perform(i, at: horizon &- UInt64(remaining)) }
                ar[a] = UInt32(place.load(as: UInt8.self))
                continue
            case .load16:
                guard let place = Self.memory(bytesIn, ar[b] &+ immediate, 2)
                else { return perform(i, at: horizon &- UInt64(remaining)) }
                ar[a] = UInt32(place.load(as: UInt16.self))
                continue
            case .load16Signed:
                guard let place = Self.memory(bytesIn, ar[b] &+ immediate, 2)
                else { return perform(i, at: horizon &- UInt64(remaining)) }
                ar[a] = UInt32(bitPattern: Int32(place.load(as: Int16.self)))
                continue
            case .load32:
                guard let place = Self.memory(wordsIn, ar[b] &+ immediate, 4)
                else { return perform(i, at: horizon &- UInt64(remaining)) }
                ar[a] = place.load(as: UInt32.self)
                continue
            case .store8:
                guard let place = Self.memory(bytesOut, ar[b] &+ immediate, 1)
                else { return perform(i, at: horizon &- UInt64(remaining)) }
                place.storeBytes(of: UInt8(truncatingIfNeeded: ar[a]), as: UInt8.self)
                continue
            case .store16:
                guard let place = Self.memory(bytesOut, ar[b] &+ immediate, 2)
                else { return perform(i, at: horizon &- UInt64(remaining)) }
                place.storeBytes(of: UInt16(truncatingIfNeeded: ar[a]), as: UInt16.self)
                continue
            case .store32:
                guard let place = Self.memory(wordsOut, ar[b] &+ immediate, 4)
                else { return perform(i, at: horizon &- UInt64(remaining)) }
                place.storeBytes(of: ar[a], as: UInt32.self)
                continue
            case .loadFloat:
                guard hasPlainFloat, let place = Self.memory(wordsIn, ar[b] &+ immediate, 4)
                else { return perform(i, at: horizon &- UInt64(remaining)) }
                fr[a] = place.load(as: Float.self)
                continue
            case .storeFloat:
                guard hasPlainFloat, let place = Self.memory(wordsOut, ar[b] &+ immediate, 4)
                else { return perform(i, at: horizon &- UInt64(remaining)) }
                place.storeBytes(of: fr[a], as: Float.self)
                continue
            case .loadFloatUpdating:
                guard hasPlainFloat, let place = Self.memory(wordsIn, ar[b], 4)
                else { return perform(i, at: horizon &- UInt64(remaining)) }
                fr[a] = place.load(as: Float.self)
                ar[b] &+= immediate
                continue
            case .storeFloatUpdating:
                guard hasPlainFloat, let place = Self.memory(wordsOut, ar[b], 4)
                else { return perform(i, at: horizon &- UInt64(remaining)) }
                place.storeBytes(of: fr[a], as: Float.self)
                ar[b] &+= immediate
                continue
            case .loadFloatIndexed:
                guard hasPlainFloat, let place = Self.memory(wordsIn, ar[b] &+ ar[c], 4)
                else { return perform(i, at: horizon &- UInt64(remaining)) }
                fr[a] = place.load(as: Float.self)
                continue
            case .storeFloatIndexed:
                guard hasPlainFloat, let place = Self.memory(wordsOut, ar[b] &+ ar[c], 4)
                else { return perform(i, at: horizon &- UInt64(remaining)) }
                place.storeBytes(of: fr[a], as: Float.self)
                continue
            case .addFloat:
                let result = fr[b] + fr[c]
                guard isHostRounding, result.isFinite else { return perform(i, at: horizon &- UInt64(remaining)) }
                fr[a] = result
                continue
            case .subtractFloat:
                let result = fr[b] - fr[c]
                guard isHostRounding, result.isFinite else { return perform(i, at: horizon &- UInt64(remaining)) }
                fr[a] = result
                continue
            case .multiplyFloat:
                let result = fr[b] * fr[c]
                guard isHostRounding, Self.isFarFromEnds(result) || result.isFinite && (fr[b] == 0 || fr[c] == 0) else {
                    return perform(i, at: horizon &- UInt64(remaining))
                }
                fr[a] = result
                continue
            case .multiplyAddFloat:
                let result = fr[a].addingProduct(fr[b], fr[c])
                guard isHostRounding, Self.isFarFromEnds(result) || result.isFinite && (fr[b] == 0 || fr[c] == 0) else {
                    return perform(i, at: horizon &- UInt64(remaining))
                }
                fr[a] = result
                continue
            case .multiplySubtractFloat:
                let result = fr[a].addingProduct(-fr[b], fr[c])
                guard isHostRounding, Self.isFarFromEnds(result) || result.isFinite && (fr[b] == 0 || fr[c] == 0) else {
                    return perform(i, at: horizon &- UInt64(remaining))
                }
                fr[a] = result
                continue
            case .moveFloat:
                guard hasPlainFloat else { return perform(i, at: horizon &- UInt64(remaining)) }
                fr[a] = fr[b]
                continue
            case .absoluteFloat:
                guard hasPlainFloat else { return perform(i, at: horizon &- UInt64(remaining)) }
                fr[a] = Float(bitPattern: fr[b].bitPattern & 0x7FFF_FFFF)
                continue
            case .negateFloat:
                guard hasPlainFloat else { return perform(i, at: horizon &- UInt64(remaining)) }
                fr[a] = Float(bitPattern: fr[b].bitPattern ^ 0x8000_0000)
                continue
            case .readFloat:
                guard hasPlainFloat else { return perform(i, at: horizon &- UInt64(remaining)) }
                ar[a] = fr[b].bitPattern
                continue
            case .writeFloat:
                guard hasPlainFloat else { return perform(i, at: horizon &- UInt64(remaining)) }
                fr[a] = Float(bitPattern: ar[b])
                continue
            case .isUnordered:
                guard hasPlainFloat, !fr[b].isNaN, !fr[c].isNaN else {
                    return perform(i, at: horizon &- UInt64(remaining))
                }
                Self.set(a, false, in: special)
                continue
            case .isEqual:
                guard hasPlainFloat, !fr[b].isNaN, !fr[c].isNaN else {
                    return perform(i, at: horizon &- UInt64(remaining))
                }
                Self.set(a, fr[b] == fr[c], in: special)
                continue
            case .isUnorderedOrEqual:
                guard hasPlainFloat, !fr[b].isNaN, !fr[c].isNaN else {
                    return perform(i, at: horizon &- UInt64(remaining))
                }
                Self.set(a, fr[b] == fr[c], in: special)
                continue
            case .isLess:
                guard hasPlainFloat, !fr[b].isNaN, !fr[c].isNaN else {
                    return perform(i, at: horizon &- UInt64(remaining))
                }
                Self.set(a, fr[b] < fr[c], in: special)
                continue
            case .isUnorderedOrLess:
                guard hasPlainFloat, !fr[b].isNaN, !fr[c].isNaN else {
                    return perform(i, at: horizon &- UInt64(remaining))
                }
                Self.set(a, fr[b] < fr[c], in: special)
                continue
            case .isLessOrEqual:
                guard hasPlainFloat, !fr[b].isNaN, !fr[c].isNaN else {
                    return perform(i, at: horizon &- UInt64(remaining))
                }
                Self.set(a, fr[b] <= fr[c], in: special)
                continue
            case .isUnorderedOrLessOrEqual:
                guard hasPlainFloat, !fr[b].isNaN, !fr[c].isNaN else {
                    return perform(i, at: horizon &- UInt64(remaining))
                }
                Self.set(a, fr[b] <= fr[c], in: special)
                continue
            case .branchEqual:
                guard ar[a] == ar[b] else { continue }
            case .branchNotEqual:
                guard ar[a] != ar[b] else { continue }
            case .branchLess:
                guard Int32(bitPattern: ar[a]) < Int32(bitPattern: ar[b]) else { continue }
            case .branchNotLess:
                guard Int32(bitPattern: ar[a]) >= Int32(bitPattern: ar[b]) else { continue }
            case .branchLessUnsigned:
                guard ar[a] < ar[b] else { continue }
            case .branchNotLessUnsigned:
                guard ar[a] >= ar[b] else { continue }
            case .branchEqualImmediate:
                guard ar[a] == immediate else { continue }
            case .branchNotEqualImmediate:
                guard ar[a] != immediate else { continue }
            case .branchLessImmediate:
                guard Int32(bitPattern: ar[a]) < Int32(bitPattern: immediate) else { continue }
            case .branchNotLessImmediate:
                guard Int32(bitPattern: ar[a]) >= Int32(bitPattern: immediate) else { continue }
            case .branchLessUnsignedImmediate:
                guard ar[a] < immediate else { continue }
            case .branchNotLessUnsignedImmediate:
                guard ar[a] >= immediate else { continue }
            case .branchNoneSet:
                guard ar[a] & ar[b] == 0 else { continue }
            case .branchAnySet:
                guard ar[a] & ar[b] != 0 else { continue }
            case .branchAllSet:
                guard ~ar[a] & ar[b] == 0 else { continue }
            case .branchNotAllSet:
                guard ~ar[a] & ar[b] != 0 else { continue }
            case .branchBitClear:
                guard ar[a] &>> ar[b] & 1 == 0 else { continue }
            case .branchBitSet:
                guard ar[a] &>> ar[b] & 1 == 1 else { continue }
            case .branchMaskClear:
                guard ar[a] & immediate == 0 else { continue }
            case .branchMaskSet:
                guard ar[a] & immediate != 0 else { continue }
            case .branchFalse:
                guard special.pointee.br & immediate == 0 else { continue }
            case .branchTrue:
                guard special.pointee.br & immediate != 0 else { continue }
            case .call:
                ar[0] = immediate
            case .jump, .next: break
            case .loop, .loopIfNonzero, .loopIfPositive:
                let count = ar[a]
                special.pointee.lcount = count &- 1
                special.pointee.lbeg = i.pointee.target
                special.pointee.lend = immediate
                // Behind the instruction is the way to the loop's end.
                if i.pointee.operation == .loopIfNonzero, count == 0 { continue }
                if i.pointee.operation == .loopIfPositive, Int32(bitPattern: count) <= 0 { continue }
            case .loopEnd:
                guard special.pointee.lend == immediate, special.pointee.lcount != 0, !special.pointee.isExceptionMode
                else { continue }
                special.pointee.lcount &-= 1
                if i.pointee.target != special.pointee.lbeg { i.pointee.setTarget(special.pointee.lbeg) }
            case .jumpRegister, .callRegister:
                let target = ar[a]
                guard target != immediate else { return perform(i, at: horizon &- UInt64(remaining)) }
                if i.pointee.operation == .callRegister { ar[0] = immediate }
                remaining &-= i.pointee.position &+ 1
                let place = pages[Int(target >> 12)]?[Int(target & 0xFFF)] ?? 0
                next = cache.instruction(at: place & ~DecodeCache.Mark.all)
                if place < 4 || remaining < DecodeCache.blockLimit {
                    guard place >= 4, canEnter(next, cycles: remaining) else {
                        return leave(to: target, at: horizon &- UInt64(remaining))
                    }
                }
                continue
            case .quiet:
                pc = i.pointee.pc
                let straight = pc &+ Self.length(of: i.pointee.word)
                nextPC = straight
                execute(i.pointee.word)
                if nextPC == straight { continue }
                pc = nextPC
                cycle = horizon &- UInt64(remaining) &+ UInt64(i.pointee.position)
                return tick()
            case .word: return perform(i, at: horizon &- UInt64(remaining))
            }
            // A linked jump.
            remaining &-= c
            var link = i.pointee.link
            if link == 0 {
                link = cache.link(i)
                if link == 0 { return leave(to: i.pointee.target, at: horizon &- UInt64(remaining)) }
            }
            next = (base + Int(link)).assumingMemoryBound(to: DecodedInstruction.self)
            if remaining < DecodeCache.blockLimit, !canEnter(next, cycles: remaining) {
                return leave(to: i.pointee.target, at: horizon &- UInt64(remaining))
            }
        }
    }

    private func leave(to target: UInt32, at now: UInt64) {
        pc = target
        cycle = now
        noteMatches()
    }

    @inline(__always)
    private static func set(_ number: Int, _ value: Bool, in special: UnsafeMutablePointer<SpecialRegisters>) {
        let bit = UInt32(1) &<< UInt32(truncatingIfNeeded: number)
        special.pointee.br = value ? special.pointee.br | bit : special.pointee.br & ~bit
    }
}
