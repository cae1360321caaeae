// The loop that nearly all time is spent in: decoded instructions, one after the other, over raw pointers. It keeps no clock:
// a block is entered only if all of its instructions fit before the horizon, before which no timer matches, and each way
// out of a block knows how many instructions it took. Anything out of the ordinary (an access that is not plain memory, an
// exception, an instruction without an operation) is left to the instruction's word, `perform(_:)`, and ends the run, so
// that interrupts, stops and changed code are looked at before the next instruction.

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

    /// Leaves at an instruction that its word has to do.
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
            let i = next
            next = i + 1
            let (a, b, c) = (Int(i.pointee.a), Int(i.pointee.b), Int(i.pointee.c))
            let immediate = i.pointee.immediate
            byWord: do {
                switch i.pointee.operation {
                case .moveImmediate:
                    ar[a] = immediate
                    continue run
                case .move:
                    ar[a] = ar[b]
                    continue run
                case .addImmediate:
                    ar[a] = ar[b] &+ immediate
                    continue run
                case .add:
                    ar[a] = ar[b] &+ ar[c]
                    continue run
                case .addx2:
                    ar[a] = (ar[b] << 1) &+ ar[c]
                    continue run
                case .addx4:
                    ar[a] = (ar[b] << 2) &+ ar[c]
                    continue run
                case .addx8:
                    ar[a] = (ar[b] << 3) &+ ar[c]
                    continue run
                case .subtract:
                    ar[a] = ar[b] &- ar[c]
                    continue run
                case .subx2:
                    ar[a] = (ar[b] << 1) &- ar[c]
                    continue run
                case .subx4:
                    ar[a] = (ar[b] << 2) &- ar[c]
                    continue run
                case .subx8:
                    ar[a] = (ar[b] << 3) &- ar[c]
                    continue run
                case .negate:
                    ar[a] = 0 &- ar[b]
                    continue run
                case .absolute:
                    ar[a] = Int32(bitPattern: ar[b]).magnitude
                    continue run
                case .and:
                    ar[a] = ar[b] & ar[c]
                    continue run
                case .or:
                    ar[a] = ar[b] | ar[c]
                    continue run
                case .xor:
                    ar[a] = ar[b] ^ ar[c]
                    continue run
                case .shiftLeftImmediate:
                    ar[a] = ar[b] &<< immediate
                    continue run
                case .shiftRightImmediate:
                    ar[a] = ar[b] &>> immediate
                    continue run
                case .shiftRightSignedImmediate:
                    ar[a] = UInt32(bitPattern: Int32(bitPattern: ar[b]) &>> Int32(bitPattern: immediate))
                    continue run
                case .extract:
                    ar[a] = ar[b] &>> UInt32(i.pointee.c) & immediate
                    continue run
                case .shiftLeft:
                    ar[a] = UInt32(truncatingIfNeeded: (UInt64(ar[b]) << 32) &>> UInt64(special.pointee.sar))
                    continue run
                case .shiftRight:
                    ar[a] = UInt32(truncatingIfNeeded: UInt64(ar[b]) &>> UInt64(special.pointee.sar))
                    continue run
                case .shiftRightSigned:
                    ar[a] = UInt32(truncatingIfNeeded: Int64(Int32(bitPattern: ar[b])) &>> Int64(special.pointee.sar))
                    continue run
                case .funnelShift:
                    let pair = UInt64(ar[b]) << 32 | UInt64(ar[c])
                    ar[a] = UInt32(truncatingIfNeeded: pair &>> UInt64(special.pointee.sar))
                    continue run
                case .setShiftRight:
                    special.pointee.sar = ar[b] & 31
                    continue run
                case .setShiftLeft:
                    special.pointee.sar = 32 &- (ar[b] & 31)
                    continue run
                case .setShiftImmediate:
                    special.pointee.sar = immediate
                    continue run
                case .setShiftBytesLittle:
                    special.pointee.sar = (ar[b] & 3) &* 8
                    continue run
                case .setShiftBytesBig:
                    special.pointee.sar = 32 &- (ar[b] & 3) &* 8
                    continue run
                case .multiplyLow:
                    ar[a] = ar[b] &* ar[c]
                    continue run
                case .multiply16Unsigned:
                    ar[a] = (ar[b] & 0xFFFF) &* (ar[c] & 0xFFFF)
                    continue run
                case .multiply16Signed:
                    let product = Int32(Int16(truncatingIfNeeded: ar[b])) &* Int32(Int16(truncatingIfNeeded: ar[c]))
                    ar[a] = UInt32(bitPattern: product)
                    continue run
                case .multiplyHighUnsigned:
                    ar[a] = UInt32(truncatingIfNeeded: (UInt64(ar[b]) &* UInt64(ar[c])) >> 32)
                    continue run
                case .multiplyHighSigned:
                    let product = Int64(Int32(bitPattern: ar[b])) &* Int64(Int32(bitPattern: ar[c]))
                    ar[a] = UInt32(truncatingIfNeeded: product >> 32)
                    continue run
                case .minimum:
                    ar[a] = UInt32(bitPattern: min(Int32(bitPattern: ar[b]), Int32(bitPattern: ar[c])))
                    continue run
                case .maximum:
                    ar[a] = UInt32(bitPattern: max(Int32(bitPattern: ar[b]), Int32(bitPattern: ar[c])))
                    continue run
                case .minimumUnsigned:
                    ar[a] = min(ar[b], ar[c])
                    continue run
                case .maximumUnsigned:
                    ar[a] = max(ar[b], ar[c])
                    continue run
                case .signExtend:
                    ar[a] = UInt32(bitPattern: Int32(bitPattern: ar[b] &<< immediate) &>> Int32(bitPattern: immediate))
                    continue run
                case .countZeros:
                    ar[a] = UInt32(truncatingIfNeeded: ar[b].leadingZeroBitCount)
                    continue run
                case .moveIfZero:
                    if ar[c] == 0 { ar[a] = ar[b] }
                    continue run
                case .moveIfNonzero:
                    if ar[c] != 0 { ar[a] = ar[b] }
                    continue run
                case .moveIfNegative:
                    if Int32(bitPattern: ar[c]) < 0 { ar[a] = ar[b] }
                    continue run
                case .moveIfNonnegative:
                    if Int32(bitPattern: ar[c]) >= 0 { ar[a] = ar[b] }
                    continue run
                case .nothing:
                    continue run
                case .load8:
                    guard let place = Self.memory(bytesIn, ar[b] &+ immediate, 1)
                    else { break byWord }
                    ar[a] = UInt32(place.load(as: UInt8.self))
                    continue run
                case .load16:
                    guard let place = Self.memory(bytesIn, ar[b] &+ immediate, 2)
                    else { break byWord }
                    ar[a] = UInt32(place.load(as: UInt16.self))
                    continue run
                case .load16Signed:
                    guard let place = Self.memory(bytesIn, ar[b] &+ immediate, 2)
                    else { break byWord }
                    ar[a] = UInt32(bitPattern: Int32(place.load(as: Int16.self)))
                    continue run
                case .load32:
                    guard let place = Self.memory(wordsIn, ar[b] &+ immediate, 4)
                    else { break byWord }
                    ar[a] = place.load(as: UInt32.self)
                    continue run
                case .store8:
                    guard let place = Self.memory(bytesOut, ar[b] &+ immediate, 1)
                    else { break byWord }
                    place.storeBytes(of: UInt8(truncatingIfNeeded: ar[a]), as: UInt8.self)
                    continue run
                case .store16:
                    guard let place = Self.memory(bytesOut, ar[b] &+ immediate, 2)
                    else { break byWord }
                    place.storeBytes(of: UInt16(truncatingIfNeeded: ar[a]), as: UInt16.self)
                    continue run
                case .store32:
                    guard let place = Self.memory(wordsOut, ar[b] &+ immediate, 4)
                    else { break byWord }
                    place.storeBytes(of: ar[a], as: UInt32.self)
                    continue run
                case .loadFloat:
                    guard hasPlainFloat, let place = Self.memory(wordsIn, ar[b] &+ immediate, 4)
                    else { break byWord }
                    fr[a] = place.load(as: Float.self)
                    continue run
                case .storeFloat:
                    guard hasPlainFloat, let place = Self.memory(wordsOut, ar[b] &+ immediate, 4)
                    else { break byWord }
                    place.storeBytes(of: fr[a], as: Float.self)
                    continue run
                case .loadFloatUpdating:
                    guard hasPlainFloat, let place = Self.memory(wordsIn, ar[b], 4)
                    else { break byWord }
                    fr[a] = place.load(as: Float.self)
                    ar[b] &+= immediate
                    continue run
                case .storeFloatUpdating:
                    guard hasPlainFloat, let place = Self.memory(wordsOut, ar[b], 4)
                    else { break byWord }
                    place.storeBytes(of: fr[a], as: Float.self)
                    ar[b] &+= immediate
                    continue run
                case .loadFloatIndexed:
                    guard hasPlainFloat, let place = Self.memory(wordsIn, ar[b] &+ ar[c], 4)
                    else { break byWord }
                    fr[a] = place.load(as: Float.self)
                    continue run
                case .storeFloatIndexed:
                    guard hasPlainFloat, let place = Self.memory(wordsOut, ar[b] &+ ar[c], 4)
                    else { break byWord }
                    place.storeBytes(of: fr[a], as: Float.self)
                    continue run
                case .addFloat:
                    let result = fr[b] + fr[c]
                    guard isHostRounding, result.isFinite else { break byWord }
                    fr[a] = result
                    continue run
                case .subtractFloat:
                    let result = fr[b] - fr[c]
                    guard isHostRounding, result.isFinite else { break byWord }
                    fr[a] = result
                    continue run
                case .multiplyFloat:
                    let result = fr[b] * fr[c]
                    guard isHostRounding, Self.isFarFromEnds(result) || result.isFinite && (fr[b] == 0 || fr[c] == 0)
                    else { break byWord }
                    fr[a] = result
                    continue run
                case .multiplyAddFloat:
                    let result = fr[a].addingProduct(fr[b], fr[c])
                    guard isHostRounding, Self.isFarFromEnds(result) || result.isFinite && (fr[b] == 0 || fr[c] == 0)
                    else { break byWord }
                    fr[a] = result
                    continue run
                case .multiplySubtractFloat:
                    let result = fr[a].addingProduct(-fr[b], fr[c])
                    guard isHostRounding, Self.isFarFromEnds(result) || result.isFinite && (fr[b] == 0 || fr[c] == 0)
                    else { break byWord }
                    fr[a] = result
                    continue run
                case .moveFloat:
                    guard hasPlainFloat else { break byWord }
                    fr[a] = fr[b]
                    continue run
                case .absoluteFloat:
                    guard hasPlainFloat else { break byWord }
                    fr[a] = Float(bitPattern: fr[b].bitPattern & 0x7FFF_FFFF)
                    continue run
                case .negateFloat:
                    guard hasPlainFloat else { break byWord }
                    fr[a] = Float(bitPattern: fr[b].bitPattern ^ 0x8000_0000)
                    continue run
                case .readFloat:
                    guard hasPlainFloat else { break byWord }
                    ar[a] = fr[b].bitPattern
                    continue run
                case .writeFloat:
                    guard hasPlainFloat else { break byWord }
                    fr[a] = Float(bitPattern: ar[b])
                    continue run
                case .isUnordered:
                    guard hasPlainFloat, !fr[b].isNaN, !fr[c].isNaN else { break byWord }
                    Self.set(a, false, in: special)
                    continue run
                case .isEqual:
                    guard hasPlainFloat, !fr[b].isNaN, !fr[c].isNaN else { break byWord }
                    Self.set(a, fr[b] == fr[c], in: special)
                    continue run
                case .isUnorderedOrEqual:
                    guard hasPlainFloat, !fr[b].isNaN, !fr[c].isNaN else { break byWord }
                    Self.set(a, fr[b] == fr[c], in: special)
                    continue run
                case .isLess:
                    guard hasPlainFloat, !fr[b].isNaN, !fr[c].isNaN else { break byWord }
                    Self.set(a, fr[b] < fr[c], in: special)
                    continue run
                case .isUnorderedOrLess:
                    guard hasPlainFloat, !fr[b].isNaN, !fr[c].isNaN else { break byWord }
                    Self.set(a, fr[b] < fr[c], in: special)
                    continue run
                case .isLessOrEqual:
                    guard hasPlainFloat, !fr[b].isNaN, !fr[c].isNaN else { break byWord }
                    Self.set(a, fr[b] <= fr[c], in: special)
                    continue run
                case .isUnorderedOrLessOrEqual:
                    guard hasPlainFloat, !fr[b].isNaN, !fr[c].isNaN else { break byWord }
                    Self.set(a, fr[b] <= fr[c], in: special)
                    continue run
                case .branchEqual:
                    guard ar[a] == ar[b] else { continue run }
                case .branchNotEqual:
                    guard ar[a] != ar[b] else { continue run }
                case .branchLess:
                    guard Int32(bitPattern: ar[a]) < Int32(bitPattern: ar[b]) else { continue run }
                case .branchNotLess:
                    guard Int32(bitPattern: ar[a]) >= Int32(bitPattern: ar[b]) else { continue run }
                case .branchLessUnsigned:
                    guard ar[a] < ar[b] else { continue run }
                case .branchNotLessUnsigned:
                    guard ar[a] >= ar[b] else { continue run }
                case .branchEqualImmediate:
                    guard ar[a] == immediate else { continue run }
                case .branchNotEqualImmediate:
                    guard ar[a] != immediate else { continue run }
                case .branchLessImmediate:
                    guard Int32(bitPattern: ar[a]) < Int32(bitPattern: immediate) else { continue run }
                case .branchNotLessImmediate:
                    guard Int32(bitPattern: ar[a]) >= Int32(bitPattern: immediate) else { continue run }
                case .branchLessUnsignedImmediate:
                    guard ar[a] < immediate else { continue run }
                case .branchNotLessUnsignedImmediate:
                    guard ar[a] >= immediate else { continue run }
                case .branchNoneSet:
                    guard ar[a] & ar[b] == 0 else { continue run }
                case .branchAnySet:
                    guard ar[a] & ar[b] != 0 else { continue run }
                case .branchAllSet:
                    guard ~ar[a] & ar[b] == 0 else { continue run }
                case .branchNotAllSet:
                    guard ~ar[a] & ar[b] != 0 else { continue run }
                case .branchBitClear:
                    guard ar[a] &>> ar[b] & 1 == 0 else { continue run }
                case .branchBitSet:
                    guard ar[a] &>> ar[b] & 1 == 1 else { continue run }
                case .branchMaskClear:
                    guard ar[a] & immediate == 0 else { continue run }
                case .branchMaskSet:
                    guard ar[a] & immediate != 0 else { continue run }
                case .branchFalse:
                    guard special.pointee.br & immediate == 0 else { continue run }
                case .branchTrue:
                    guard special.pointee.br & immediate != 0 else { continue run }
                case .call:
                    ar[0] = immediate
                case .jump, .next: break
                case .loop, .loopIfNonzero, .loopIfPositive:
                    let count = ar[a]
                    special.pointee.lcount = count &- 1
                    special.pointee.lbeg = i.pointee.target
                    special.pointee.lend = immediate
                    // Behind the instruction is the way to the loop's end.
                    if i.pointee.operation == .loopIfNonzero, count == 0 { continue run }
                    if i.pointee.operation == .loopIfPositive, Int32(bitPattern: count) <= 0 { continue run }
                case .loopEnd:
                    guard special.pointee.lend == immediate, special.pointee.lcount != 0,
                        !special.pointee.isExceptionMode
                    else { continue run }
                    special.pointee.lcount &-= 1
                    if i.pointee.target != special.pointee.lbeg { i.pointee.setTarget(special.pointee.lbeg) }
                case .jumpRegister, .callRegister:
                    let target = ar[a]
                    guard target != immediate else { break byWord }
                    if i.pointee.operation == .callRegister { ar[0] = immediate }
                    remaining &-= i.pointee.position &+ 1
                    let place = pages[Int(target >> 12)]?[Int(target & 0xFFF)] ?? 0
                    next = cache.instruction(at: place & ~DecodeCache.Mark.all)
                    if place < 4 || remaining < slack {
                        guard place >= 4, canEnter(next, cycles: remaining) else {
                            return leave(to: target, at: horizon &- UInt64(remaining))
                        }
                    }
                    continue run
                case .quiet:
                    cycle = horizon &- UInt64(remaining) &+ UInt64(i.pointee.position)
                    pc = i.pointee.pc
                    let straight = pc &+ Self.length(of: i.pointee.word)
                    nextPC = straight
                    execute(i.pointee.word)
                    if nextPC == straight { continue run }
                    pc = nextPC
                    return tick()
                case .word: break byWord
                }
                // A linked jump.
                remaining &-= c
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
