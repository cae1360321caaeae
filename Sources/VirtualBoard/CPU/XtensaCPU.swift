// The ESP32's processor core, an Xtensa LX6: its registers, its clock of one instruction a cycle, and the loop that runs
// it. Instructions are in Execute*.swift, the register window in RegisterWindow.swift, exceptions and interrupts in
// Exceptions.swift.

/// The processor.
public final class XtensaCPU {
    /// Why `run(until:)` came back.
    package enum Stop: Equatable, Sendable {
        /// The cycle was reached.
        case deadline
        /// WAITI, and nothing is pending.
        case waiting
        /// A device asked for it.
        case stopRequested
        /// An address belongs to a trap: there is no such code or data on this board.
        case trap(address: UInt32)
    }

    let memory: MemoryMap
    let core: UnsafeMutablePointer<CoreState>
    /// The time, in cycles since power-on.
    package var cycle: UInt64 {
        get { core.pointee.cycle }
        set { core.pointee.cycle = newValue }
    }
    /// Those of the cycles that passed without an instruction, in WAITI or while nothing ran.
    package private(set) var idleCycles: UInt64 = 0
    /// The next instruction's address.
    package var pc: UInt32 {
        get { core.pointee.pc }
        set { core.pointee.pc = newValue }
    }
    /// a0 to a15: the live window's registers.
    let ar: UnsafeMutablePointer<UInt32>
    /// All 64 registers; those of the live window are stale here until the window moves.
    let physicalRegisters: UnsafeMutablePointer<UInt32>
    let fr: UnsafeMutablePointer<Float>
    /// Where the special registers lie; the hot loop holds on to it.
    let specialRegisters: UnsafeMutablePointer<SpecialRegisters>
    var special: SpecialRegisters {
        _read { yield specialRegisters.pointee }
        _modify { yield &specialRegisters.pointee }
    }
    var nextPC: UInt32 {
        get { core.pointee.nextPC }
        set { core.pointee.nextPC = newValue }
    }
    var isWaiting: Bool {
        get { core.pointee.isWaiting }
        set { core.pointee.isWaiting = newValue }
    }
    private var isStopRequested: Bool {
        get { core.pointee.isStopRequested }
        set { core.pointee.isStopRequested = newValue }
    }
    var trapAddress: UInt32? {
        get { core.pointee.trapAddress }
        set { core.pointee.trapAddress = newValue }
    }
    let cache: DecodeCache
    /// False runs every instruction by its word, as the tests do to compare.
    private let isDecoding: Bool

    package init(memory: MemoryMap, isDecoding: Bool = true) {
        self.memory = memory
        self.isDecoding = isDecoding
        cache = DecodeCache(memory: memory)
        core = .allocate(capacity: 1)
        core.initialize(to: CoreState())
        specialRegisters = .allocate(capacity: 1)
        specialRegisters.initialize(to: SpecialRegisters())
        ar = Self.registers(count: 16)
        physicalRegisters = Self.registers(count: 64)
        fr = .allocate(capacity: 16)
        fr.initialize(repeating: 0, count: 16)
    }

    /// Zeroed registers, aligned to groups of four.
    private static func registers(count: Int) -> UnsafeMutablePointer<UInt32> {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: WindowState.groupSize)
        return memory.initializeMemory(as: UInt32.self, repeating: 0, count: count)
    }

    deinit {
        ar.deallocate()
        physicalRegisters.deallocate()
        fr.deallocate()
        specialRegisters.deinitialize(count: 1)
        specialRegisters.deallocate()
        core.deallocate()
    }

    /// A register of the live window, a0 to a15.
    package subscript(register: Int) -> UInt32 {
        get { ar[register & 15] }
        set { ar[register & 15] = newValue }
    }

    /// What a reset does: ISA reference, "Reset": PS is 0x1F, interrupts off, the vectors at their place in ROM.
    package func reset(to pc: UInt32) {
        special = SpecialRegisters()
        self.pc = pc
        isWaiting = false
        isStopRequested = false
        trapAddress = nil
        cache.forget()
    }

    /// Sets the level of an external interrupt line, by interrupt number of the core.
    package func setInterruptLine(_ number: Int, _ level: Bool) {
        let bit = UInt32(1) << UInt32(number & 31)
        if (InterruptTable.edge | InterruptTable.nonMaskable) & bit != 0 {
            if level { special.interrupt |= bit }
        } else if level {
            special.interrupt |= bit
        } else {
            special.interrupt &= ~bit
        }
    }

    /// Lets `run(until:)` come back after the current instruction.
    package func requestStop() { isStopRequested = true }

    /// The cycle of the next CCOMPARE match whose interrupt is enabled, or `.max`.
    package var nextTimer: UInt64 {
        var next = UInt64.max
        for (index, number) in InterruptTable.timers.enumerated()
        where special.intenable & (1 << UInt32(number)) != 0 {
            next = min(next, cycle + UInt64(special.ccompare[index] &- ccount &- 1) + 1)
        }
        return next
    }

    /// The low word of the cycle counter, as CCOUNT shows it.
    var ccount: UInt32 { UInt32(truncatingIfNeeded: cycle) &+ special.ccountOffset }

    /// Runs until the cycle, or until there is nothing to run.
    package func run(until deadline: UInt64) -> Stop {
        while cycle < deadline {
            if isStopRequested {
                isStopRequested = false
                return .stopRequested
            }
            if isWaiting {
                guard takeInterrupt() else {
                    let wake = min(deadline, nextTimer)
                    guard wake < deadline || nextTimer == deadline else { return .waiting }
                    advance(to: wake)
                    continue
                }
                isWaiting = false
            } else if special.enabledInterrupts != 0 {
                _ = takeInterrupt()
            }
            runStretch(until: deadline)
            if let address = trapAddress {
                trapAddress = nil
                return .trap(address: address)
            }
        }
        return .deadline
    }

    /// Moves the clock without running anything; timer matches on the way are noticed.
    package func advance(to wake: UInt64) {
        guard wake > cycle else { return }
        let before = ccount
        let span = wake - cycle
        for (index, number) in InterruptTable.timers.enumerated()
        where span > UInt64(special.ccompare[index] &- before &- 1) {
            special.interrupt |= 1 << UInt32(number)
        }
        idleCycles += span
        cycle = wake
    }

    /// Runs at least one instruction, or as many as may pass before something has to be looked at.
    private func runStretch(until deadline: UInt64) {
        if memory.isCodeStale || cache.isObsolete { cache.forget() }
        guard isDecoding, let block = enterBlock(until: deadline) else { return step() }
        runBlocks(from: block, until: deadline)
    }

    /// The block at `pc`, decoded if need be; sets the horizon. Nil where blocks cannot be used for the next instruction.
    func enterBlock(until deadline: UInt64) -> UnsafeMutablePointer<DecodedInstruction>? {
        // Blocks have to end where the present loop does, whoever set LEND.
        cache.noteLoopEnd(special.lend)
        let horizon = min(deadline, nextMatch)
        core.pointee.horizon = horizon
        guard let block = cache.block(at: pc), !cache.isObsolete,
            canEnter(block, cycles: Int(truncatingIfNeeded: horizon &- cycle))
        else { return nil }
        return block
    }

    /// The first cycle from now on at which a timer matches, its interrupt enabled or not.
    private var nextMatch: UInt64 {
        let now = ccount
        let special = specialRegisters
        var distance = UInt32.max
        for index in 0..<3 { distance = min(distance, special.pointee.ccompare[index] &- now &- 1) }
        return cycle &+ UInt64(distance) &+ 1
    }

    private func step() {
        guard let word = fetch(pc) else { return tick() }
        perform(word)
    }

    /// Executes the instruction at `pc`, whose word is given; all that happens in its cycle.
    func perform(_ word: UInt32) {
        let straight = pc &+ Self.length(of: word)
        nextPC = straight
        let free = special.highestFreeGroup
        if free < 3, Self.highestRegisterGroup(of: word, callIncrement: special.callIncrement) > free {
            overflowWindow()
        } else {
            execute(word)
        }
        // The zero-overhead loop looks at the address behind the instruction that just ran (ISA, "Loop Option").
        if nextPC == straight, straight == special.lend, special.lcount != 0, !special.isExceptionMode {
            special.lcount &-= 1
            nextPC = special.lbeg
        }
        pc = nextPC
        tick()
    }

    func tick() {
        cycle &+= 1
        noteMatches()
    }

    /// Raises the interrupts of the timers that match in this cycle.
    func noteMatches() {
        let now = ccount
        if now == special.ccompare[0] { special.interrupt |= 1 << 6 }
        if now == special.ccompare[1] { special.interrupt |= 1 << 15 }
        if now == special.ccompare[2] { special.interrupt |= 1 << 16 }
    }

    private func fetch(_ address: UInt32) -> UInt32? {
        // Straight to the bytes where the whole word lies in one page of instruction memory.
        let biased = memory.wordReads[Int(address >> 12)]
        if address >= 0x4000_0000, biased != 0, address & 0xFFF <= 0xFFC,
            let place = UnsafeRawPointer(bitPattern: biased &+ UInt(address))
        {
            return Self.instruction(place.loadUnaligned(as: UInt32.self))
        }
        let first = memory.instructionWord(around: address)
        guard first.fault == .none else { return fetchFault(first.fault, address) }
        let shift = (address & 3) * 8
        var word = first.value >> shift
        if shift > 8 {
            let second = memory.instructionWord(around: address &+ 4)
            guard second.fault == .none else {
                if Self.isNarrow(word), shift < 24 { return Self.instruction(word) }
                return fetchFault(second.fault, address)
            }
            word |= second.value << (32 - shift)
        }
        return Self.instruction(word)
    }

    /// The density option's instructions have 16 bits, all others 24.
    static func isNarrow(_ word: UInt32) -> Bool { word & 15 >= 8 }

    /// The bytes of the instruction that a word starts with.
    static func length(of word: UInt32) -> UInt32 { isNarrow(word) ? 2 : 3 }

    /// The instruction that a word starts with, without what follows it.
    static func instruction(_ word: UInt32) -> UInt32 { word & (isNarrow(word) ? 0xFFFF : 0xFF_FFFF) }

    private func fetchFault(_ fault: AccessFault, _ address: UInt32) -> UInt32? {
        if fault == .trap {
            trapAddress = address
            return nil
        }
        raise(.instructionFetchProhibited, address: address)
        pc = nextPC
        return nil
    }
}
