// The instructions around the core: the TLBs of the region protection option, external registers, breakpoints, the TIE
// state wires. Which encodings exist is the ESP32's own instruction table; sources for what they do: Xtensa ISA reference,
// "Region Protection Option", "Debug Option", RER, WER. Not here, and illegal: RFDO, RFDD, LDDR32.P and SDDR32.P, which
// work only while a debugger holds the core, and the F64 steps of the double-precision accelerator, which have no public
// description (compilers do not emit them; their registers exist).

/// DEBUGCAUSE's bits for the two BREAK instructions.
enum DebugCause: UInt32 {
    case breakInstruction = 0x08
    case narrowBreakInstruction = 0x10
}

extension XtensaCPU {
    /// The level of debug exceptions, whose EPC and EPS they use.
    private static let debugLevel = 6
    /// The address bits that choose one of eight 512 MB regions.
    private static let regionMask: UInt32 = 0xE000_0000

    /// BREAK: a debug exception, which goes to its vector where no debugger is attached; nothing at debug level and above.
    func executeBreak(_ cause: DebugCause) {
        guard special.currentLevel < Self.debugLevel else { return }
        special.epc[Self.debugLevel] = pc
        special.eps[Self.debugLevel] = special.ps
        special.debugcause = cause.rawValue
        special.ps = special.ps & ~0xF | UInt32(Self.debugLevel) | 0x10
        nextPC = special.vecbase &+ 0x280
    }

    /// RITLB0 to RDTLB1: each region's attributes are kept, but what is mapped is fixed on this chip. `r` has the
    /// instruction, and in bit 3 the data side.
    func executeTranslation(t: Int, s: Int, r: Int) {
        let isData = r & 8 != 0
        let shift = (ar[s] >> 29) * 4
        switch r & 7 {
        case 3: ar[t] = ar[s] & Self.regionMask
        case 4 where t == 0: break
        case 5: ar[t] = ar[s] & Self.regionMask | 1
        case 6:
            let attributes = isData ? special.dataAttributes : special.instructionAttributes
            let changed = attributes & ~(15 << shift) | (ar[t] & 15) << shift
            if isData { special.dataAttributes = changed } else { special.instructionAttributes = changed }
        case 7:
            let attributes = isData ? special.dataAttributes : special.instructionAttributes
            ar[t] = ar[s] & Self.regionMask | attributes >> shift & 15
        case _: raise(.illegalInstruction)
        }
    }

    /// READ_IMPWIRE, SETB_EXPSTATE, CLRB_EXPSTATE, WRMSK_EXPSTATE: 32 wires in, of which the chip connects none, and 32
    /// wires of state out.
    func executeStateWires(_ op2: Int, t: Int, s: Int, r: Int) {
        let bit = UInt32(1) << UInt32(t | (s & 1) << 4)
        switch (op2, r) {
        case (0, 0) where s == 0: ar[t] = 0
        case (0, 1) where s < 2: special.expstate |= bit
        case (0, 1) where s < 4: special.expstate &= ~bit
        case (0, 2): special.expstate = special.expstate & ~ar[s] | ar[t] & ar[s]
        case _: raise(.illegalInstruction)
        }
    }
}
