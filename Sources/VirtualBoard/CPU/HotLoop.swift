// The loop that nearly all time is spent in: decoded instructions, one after the other, over raw pointers. It keeps no clock:
// a block is entered only if all of its instructions fit before the horizon, before which no timer matches, and each way
// out of a block knows how many instructions it took. Anything out of the ordinary (an access that is not plain memory, an
// exception, an instruction without an operation) is left to the instruction's word, `perform(_:)`; interrupts, stops,
// changed code and the horizon are looked at behind it, before the next instruction.

extension XtensaCPU {
    /// True where all of a block's instructions can run in `cycles`, and in the present register window.
    func canEnter(_ block: UnsafeMutablePointer<DecodedInstruction>, cycles: Int) -> Bool {
        Int(block[-1].link) <= cycles && Int(block[-1].a) <= specialRegisters.pointee.highestFreeGroup
    }

    /// Memory for an aligned access that needs no more than a pointer; nil for any other.
    @inline(__always)
    private static func memory(_ table: MemoryMap.Table, _ address: UInt32, _ width: UInt32) -> UnsafeMutableRawPointer?
    {
        let biased = table[Int(address >> 12)]
        guard biased != 0, address & (width - 1) == 0 else { return nil }
        return UnsafeMutableRawPointer(bitPattern: biased &+ UInt(address)).unsafelyUnwrapped
    }

    /// Has an instruction done by its word; its block was entered at `start`.
    @inline(never)
    private func perform(_ place: UnsafeMutablePointer<DecodedInstruction>, at start: UInt64) {
        cycle = start &+ UInt64(place.pointee.position)
        pc = place.pointee.pc
        perform(place.pointee.word)
    }

    /// Runs blocks from `block`, whose first instruction is at `pc`, at most to the cycle `deadline`; comes back before
    /// any instruction before which something has to be looked at.
    func runBlocks(from block: UnsafeMutablePointer<DecodedInstruction>, until deadline: UInt64) {
        let (cache, ar, fr, special) = (cache, ar, fr, specialRegisters)
        let (base, pages) = (cache.base, cache.pages)
        let (bytesIn, wordsIn) = (memory.byteReads, memory.wordReads)
        let (bytesOut, wordsOut) = (memory.byteWrites, memory.wordWrites)
        let (core, memory) = (core, memory)
        var hasPlainFloat = special.pointee.cpenable & 1 == 1
        // A flag that is set or a mode that is changed is an instruction's by its word.
        var isHostRounding = hasPlainFloat && self.isHostRounding
        var horizon = core.pointee.horizon
        var remaining = Int(truncatingIfNeeded: horizon &- core.pointee.cycle)
        // With fewer cycles left it has to be asked whether a block may be entered; always, with a window that is not free.
        var slack = special.pointee.highestFreeGroup == 3 ? DecodeCache.blockLimit : Int.max
        var next = block

        run: while true {
            var i = next
            next = i + 1
            let (a, b, c) = (Int(i.pointee.a), Int(i.pointee.b), Int(i.pointee.c))
            let immediate = i.pointee.immediate
            byWord: do {
                jump: do {
                    registerJump: do {
                        switch i.pointee.operation {
                        case .moveImmediate: ar[a] = immediate
                        case .move: ar[a] = ar[b]
                        case .addImmediate: ar[a] = ar[b] &+ immediate
                        case .add: ar[a] = ar[b] &+ ar[c]
                        case .addx2: ar[a] = (ar[b] << 1) &+ ar[c]
                        case .addx4: ar[a] = (ar[b] << 2) &+ ar[c]
                        case .addx8: ar[a] = (ar[b] << 3) &+ ar[c]
                        case .subtract: ar[a] = ar[b] &- ar[c]
                        case .subx2: ar[a] = (ar[b] << 1) &- ar[c]
                        case .subx4: ar[a] = (ar[b] << 2) &- ar[c]
                        case .subx8: ar[a] = (ar[b] << 3) &- ar[c]
                        case .negate: ar[a] = 0 &- ar[b]
                        case .absolute: ar[a] = Int32(bitPattern: ar[b]).magnitude
                        case .and: ar[a] = ar[b] & ar[c]
                        case .or: ar[a] = ar[b] | ar[c]
                        case .xor: ar[a] = ar[b] ^ ar[c]
                        case .shiftLeftImmediate: ar[a] = ar[b] &<< immediate
                        case .shiftRightImmediate: ar[a] = ar[b] &>> immediate
                        case .shiftRightSignedImmediate:
                            ar[a] = UInt32(bitPattern: Int32(bitPattern: ar[b]) &>> Int32(bitPattern: immediate))
                        case .extract: ar[a] = ar[b] &>> UInt32(i.pointee.c) & immediate
                        case .shiftLeft:
                            ar[a] = UInt32(truncatingIfNeeded: (UInt64(ar[b]) << 32) &>> UInt64(special.pointee.sar))
                        case .shiftRight:
                            ar[a] = UInt32(truncatingIfNeeded: UInt64(ar[b]) &>> UInt64(special.pointee.sar))
                        case .shiftRightSigned:
                            ar[a] = UInt32(
                                truncatingIfNeeded: Int64(Int32(bitPattern: ar[b])) &>> Int64(special.pointee.sar))
                        case .funnelShift:
                            let pair = UInt64(ar[b]) << 32 | UInt64(ar[c])
                            ar[a] = UInt32(truncatingIfNeeded: pair &>> UInt64(special.pointee.sar))
                        case .setShiftRight: special.pointee.sar = ar[b] & 31
                        case .setShiftLeft: special.pointee.sar = 32 &- (ar[b] & 31)
                        case .setShiftImmediate: special.pointee.sar = immediate
                        case .setShiftBytesLittle: special.pointee.sar = (ar[b] & 3) &* 8
                        case .setShiftBytesBig: special.pointee.sar = 32 &- (ar[b] & 3) &* 8
                        case .multiplyLow: ar[a] = ar[b] &* ar[c]
                        case .multiply16Unsigned: ar[a] = (ar[b] & 0xFFFF) &* (ar[c] & 0xFFFF)
                        case .multiply16Signed:
                            let product =
                                Int32(Int16(truncatingIfNeeded: ar[b])) &* Int32(Int16(truncatingIfNeeded: ar[c]))
                            ar[a] = UInt32(bitPattern: product)
                        case .multiplyHighUnsigned:
                            ar[a] = UInt32(truncatingIfNeeded: (UInt64(ar[b]) &* UInt64(ar[c])) >> 32)
                        case .multiplyHighSigned:
                            let product = Int64(Int32(bitPattern: ar[b])) &* Int64(Int32(bitPattern: ar[c]))
                            ar[a] = UInt32(truncatingIfNeeded: product >> 32)
                        case .minimum:
                            ar[a] = UInt32(bitPattern: min(Int32(bitPattern: ar[b]), Int32(bitPattern: ar[c])))
                        case .maximum:
                            ar[a] = UInt32(bitPattern: max(Int32(bitPattern: ar[b]), Int32(bitPattern: ar[c])))
                        case .minimumUnsigned: ar[a] = min(ar[b], ar[c])
                        case .maximumUnsigned: ar[a] = max(ar[b], ar[c])
                        case .signExtend:
                            ar[a] = UInt32(
                                bitPattern: Int32(bitPattern: ar[b] &<< immediate) &>> Int32(bitPattern: immediate))
                        case .countZeros: ar[a] = UInt32(truncatingIfNeeded: ar[b].leadingZeroBitCount)
                        case .moveIfZero: if ar[c] == 0 { ar[a] = ar[b] }
                        case .moveIfNonzero: if ar[c] != 0 { ar[a] = ar[b] }
                        case .moveIfNegative: if Int32(bitPattern: ar[c]) < 0 { ar[a] = ar[b] }
                        case .moveIfNonnegative: if Int32(bitPattern: ar[c]) >= 0 { ar[a] = ar[b] }
                        case .load8:
                            guard let place = Self.memory(bytesIn, ar[b] &+ immediate, 1)
                            else { break byWord }
                            ar[a] = UInt32(place.load(as: UInt8.self))
                        case .load16:
                            guard let place = Self.memory(bytesIn, ar[b] &+ immediate, 2)
                            else { break byWord }
                            ar[a] = UInt32(place.load(as: UInt16.self))
                        case .load16Signed:
                            guard let place = Self.memory(bytesIn, ar[b] &+ immediate, 2)
                            else { break byWord }
                            ar[a] = UInt32(bitPattern: Int32(place.load(as: Int16.self)))
                        case .load32:
                            guard let place = Self.memory(wordsIn, ar[b] &+ immediate, 4)
                            else { break byWord }
                            ar[a] = place.load(as: UInt32.self)
                        case .store8:
                            guard let place = Self.memory(bytesOut, ar[b] &+ immediate, 1)
                            else { break byWord }
                            place.storeBytes(of: UInt8(truncatingIfNeeded: ar[a]), as: UInt8.self)
                        case .store16:
                            guard let place = Self.memory(bytesOut, ar[b] &+ immediate, 2)
                            else { break byWord }
                            place.storeBytes(of: UInt16(truncatingIfNeeded: ar[a]), as: UInt16.self)
                        case .store32:
                            guard let place = Self.memory(wordsOut, ar[b] &+ immediate, 4)
                            else { break byWord }
                            place.storeBytes(of: ar[a], as: UInt32.self)
                        case .loadFloat:
                            guard hasPlainFloat, let place = Self.memory(wordsIn, ar[b] &+ immediate, 4)
                            else { break byWord }
                            fr[a] = place.load(as: Float.self)
                        case .storeFloat:
                            guard hasPlainFloat, let place = Self.memory(wordsOut, ar[b] &+ immediate, 4)
                            else { break byWord }
                            place.storeBytes(of: fr[a], as: Float.self)
                        case .loadFloatUpdating:
                            guard hasPlainFloat, let place = Self.memory(wordsIn, ar[b], 4)
                            else { break byWord }
                            fr[a] = place.load(as: Float.self)
                            ar[b] &+= immediate
                        case .storeFloatUpdating:
                            guard hasPlainFloat, let place = Self.memory(wordsOut, ar[b], 4)
                            else { break byWord }
                            place.storeBytes(of: fr[a], as: Float.self)
                            ar[b] &+= immediate
                        case .loadFloatIndexed:
                            guard hasPlainFloat, let place = Self.memory(wordsIn, ar[b] &+ ar[c], 4)
                            else { break byWord }
                            fr[a] = place.load(as: Float.self)
                        case .storeFloatIndexed:
                            guard hasPlainFloat, let place = Self.memory(wordsOut, ar[b] &+ ar[c], 4)
                            else { break byWord }
                            place.storeBytes(of: fr[a], as: Float.self)
                        case .addFloat:
                            let result = fr[b] + fr[c]
                            guard isHostRounding, result.isFinite else { break byWord }
                            fr[a] = result
                        case .subtractFloat:
                            let result = fr[b] - fr[c]
                            guard isHostRounding, result.isFinite else { break byWord }
                            fr[a] = result
                        case .multiplyFloat:
                            let result = fr[b] * fr[c]
                            guard isHostRounding,
                                Self.isFarFromEnds(result) || result.isFinite && (fr[b] == 0 || fr[c] == 0)
                            else { break byWord }
                            fr[a] = result
                        case .multiplyAddFloat:
                            let result = fr[a].addingProduct(fr[b], fr[c])
                            guard isHostRounding,
                                Self.isFarFromEnds(result) || result.isFinite && (fr[b] == 0 || fr[c] == 0)
                            else { break byWord }
                            fr[a] = result
                        case .multiplySubtractFloat:
                            let result = fr[a].addingProduct(-fr[b], fr[c])
                            guard isHostRounding,
                                Self.isFarFromEnds(result) || result.isFinite && (fr[b] == 0 || fr[c] == 0)
                            else { break byWord }
                            fr[a] = result
                        case .moveFloat:
                            guard hasPlainFloat else { break byWord }
                            fr[a] = fr[b]
                        case .absoluteFloat:
                            guard hasPlainFloat else { break byWord }
                            fr[a] = Float(bitPattern: fr[b].bitPattern & 0x7FFF_FFFF)
                        case .negateFloat:
                            guard hasPlainFloat else { break byWord }
                            fr[a] = Float(bitPattern: fr[b].bitPattern ^ 0x8000_0000)
                        case .readFloat:
                            guard hasPlainFloat else { break byWord }
                            ar[a] = fr[b].bitPattern
                        case .writeFloat:
                            guard hasPlainFloat else { break byWord }
                            fr[a] = Float(bitPattern: ar[b])
                        case .isUnordered:
                            guard hasPlainFloat, !fr[b].isNaN, !fr[c].isNaN else { break byWord }
                            Self.set(a, false, in: special)
                        case .isEqual:
                            guard hasPlainFloat, !fr[b].isNaN, !fr[c].isNaN else { break byWord }
                            Self.set(a, fr[b] == fr[c], in: special)
                        case .isUnorderedOrEqual:
                            guard hasPlainFloat, !fr[b].isNaN, !fr[c].isNaN else { break byWord }
                            Self.set(a, fr[b] == fr[c], in: special)
                        case .isLess:
                            guard hasPlainFloat, !fr[b].isNaN, !fr[c].isNaN else { break byWord }
                            Self.set(a, fr[b] < fr[c], in: special)
                        case .isUnorderedOrLess:
                            guard hasPlainFloat, !fr[b].isNaN, !fr[c].isNaN else { break byWord }
                            Self.set(a, fr[b] < fr[c], in: special)
                        case .isLessOrEqual:
                            guard hasPlainFloat, !fr[b].isNaN, !fr[c].isNaN else { break byWord }
                            Self.set(a, fr[b] <= fr[c], in: special)
                        case .isUnorderedOrLessOrEqual:
                            guard hasPlainFloat, !fr[b].isNaN, !fr[c].isNaN else { break byWord }
                            Self.set(a, fr[b] <= fr[c], in: special)
                        case .branchEqual: if ar[a] == ar[b] { break jump }
                        case .branchNotEqual: if ar[a] != ar[b] { break jump }
                        case .branchLess: if Int32(bitPattern: ar[a]) < Int32(bitPattern: ar[b]) { break jump }
                        case .branchNotLess: if Int32(bitPattern: ar[a]) >= Int32(bitPattern: ar[b]) { break jump }
                        case .branchLessUnsigned: if ar[a] < ar[b] { break jump }
                        case .branchNotLessUnsigned: if ar[a] >= ar[b] { break jump }
                        case .branchEqualImmediate: if ar[a] == immediate { break jump }
                        case .branchNotEqualImmediate: if ar[a] != immediate { break jump }
                        case .branchLessImmediate:
                            if Int32(bitPattern: ar[a]) < Int32(bitPattern: immediate) { break jump }
                        case .branchNotLessImmediate:
                            if Int32(bitPattern: ar[a]) >= Int32(bitPattern: immediate) { break jump }
                        case .branchLessUnsignedImmediate: if ar[a] < immediate { break jump }
                        case .branchNotLessUnsignedImmediate: if ar[a] >= immediate { break jump }
                        case .branchNoneSet: if ar[a] & ar[b] == 0 { break jump }
                        case .branchAnySet: if ar[a] & ar[b] != 0 { break jump }
                        case .branchAllSet: if ~ar[a] & ar[b] == 0 { break jump }
                        case .branchNotAllSet: if ~ar[a] & ar[b] != 0 { break jump }
                        case .branchBitClear: if ar[a] &>> ar[b] & 1 == 0 { break jump }
                        case .branchBitSet: if ar[a] &>> ar[b] & 1 == 1 { break jump }
                        case .branchMaskClear: if ar[a] & immediate == 0 { break jump }
                        case .branchMaskSet: if ar[a] & immediate != 0 { break jump }
                        case .branchFalse: if special.pointee.br & immediate == 0 { break jump }
                        case .branchTrue: if special.pointee.br & immediate != 0 { break jump }
                        case .call:
                            ar[0] = immediate
                            break jump
                        case .jump, .next: break jump
                        case .loop, .loopIfNonzero, .loopIfPositive:
                            let count = ar[a]
                            special.pointee.lcount = count &- 1
                            special.pointee.lbeg = i.pointee.target
                            special.pointee.lend = immediate
                            // Behind the instruction is the way to the loop's end.
                            if i.pointee.operation == .loopIfNonzero, count == 0 { continue run }
                            if i.pointee.operation == .loopIfPositive, Int32(bitPattern: count) <= 0 { continue run }
                            break jump
                        case .loopEnd:
                            guard special.pointee.lend == immediate, special.pointee.lcount != 0,
                                !special.pointee.isExceptionMode
                            else { continue run }
                            special.pointee.lcount &-= 1
                            if i.pointee.target != special.pointee.lbeg { i.pointee.setTarget(special.pointee.lbeg) }
                            break jump
                        case .movePair:
                            ar[a] = ar[b]
                            ar[Int(next.pointee.a)] = ar[Int(next.pointee.b)]
                            next += 1
                        case .moveImmediatePair:
                            ar[a] = immediate
                            ar[Int(next.pointee.a)] = next.pointee.immediate
                            next += 1
                        case .moveAndCall:
                            ar[a] = ar[b]
                            i = next
                            ar[0] = i.pointee.immediate
                            break jump
                        case .addImmediateAndJump:
                            ar[a] = ar[b] &+ immediate
                            i = next
                            break registerJump
                        case .load32Pair:
                            guard let place = Self.memory(wordsIn, ar[b] &+ immediate, 4) else { break byWord }
                            ar[a] = place.load(as: UInt32.self)
                            i = next
                            next += 1
                            let address = ar[Int(i.pointee.b)] &+ i.pointee.immediate
                            guard let other = Self.memory(wordsIn, address, 4) else { break byWord }
                            ar[Int(i.pointee.a)] = other.load(as: UInt32.self)
                        case .store32Pair:
                            guard let place = Self.memory(wordsOut, ar[b] &+ immediate, 4) else { break byWord }
                            place.storeBytes(of: ar[a], as: UInt32.self)
                            i = next
                            next += 1
                            let address = ar[Int(i.pointee.b)] &+ i.pointee.immediate
                            guard let other = Self.memory(wordsOut, address, 4) else { break byWord }
                            other.storeBytes(of: ar[Int(i.pointee.a)], as: UInt32.self)
                        case .jumpRegister, .callRegister: break registerJump
                        case .quiet:
                            cycle = horizon &- UInt64(remaining) &+ UInt64(i.pointee.position)
                            pc = i.pointee.pc
                            let straight = pc &+ Self.length(of: i.pointee.word)
                            nextPC = straight
                            execute(i.pointee.word)
                            if nextPC == straight { continue run }
                            pc = nextPC
                            return tick()
                        case .word, .nothing: break byWord
                        }
                        continue run
                    }
                    // To where a register says: the block is looked up.
                    let target = ar[Int(i.pointee.a)]
                    guard target != i.pointee.immediate else { break byWord }
                    if i.pointee.operation == .callRegister { ar[0] = i.pointee.immediate }
                    remaining &-= i.pointee.position &+ 1
                    let place = pages[Int(target >> 12)]?[Int(target & 0xFFF)] ?? 0
                    next = cache.instruction(at: place & ~DecodeCache.Mark.all)
                    if place <= DecodeCache.Mark.all || remaining < slack {
                        guard place > DecodeCache.Mark.all, canEnter(next, cycles: remaining) else {
                            return leave(to: target, at: horizon &- UInt64(remaining))
                        }
                    }
                    continue run
                }
                // To the linked block.
                remaining &-= Int(i.pointee.c)
                var link = i.pointee.link
                if link == 0 {
                    link = cache.link(i)
                    if link == 0 { return leave(to: i.pointee.target, at: horizon &- UInt64(remaining)) }
                }
                next = (base + Int(link)).assumingMemoryBound(to: DecodedInstruction.self)
                if remaining < slack, !canEnter(next, cycles: remaining) {
                    return leave(to: i.pointee.target, at: horizon &- UInt64(remaining))
                }
                continue run
            }
            // What the instruction's word has to do, after which anything may be different.
            perform(i, at: horizon &- UInt64(remaining))
            if core.pointee.needsAttention || memory.isCodeStale { return }
            if special.pointee.enabledInterrupts != 0 { return }
            guard let block = enterBlock(until: deadline) else { return }
            next = block
            horizon = core.pointee.horizon
            remaining = Int(truncatingIfNeeded: horizon &- core.pointee.cycle)
            hasPlainFloat = special.pointee.cpenable & 1 == 1
            isHostRounding = hasPlainFloat && self.isHostRounding
            slack = special.pointee.highestFreeGroup == 3 ? DecodeCache.blockLimit : Int.max
        }
    }

    /// Leaves between two instructions, before `target`.
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
