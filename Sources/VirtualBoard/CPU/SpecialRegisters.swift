// The special and user registers, by number as RSR, WSR, XSR, RUR and WUR name them (ISA reference, "Special Registers").

/// The registers besides a0 to a15 and f0 to f15.
struct SpecialRegisters {
    var lbeg: UInt32 = 0
    var lend: UInt32 = 0
    var lcount: UInt32 = 0
    var sar: UInt32 = 0
    var br: UInt32 = 0
    var scompare1: UInt32 = 0
    /// MAC16's 40-bit accumulator, sign-extended.
    var accumulator: Int64 = 0
    /// MAC16's m0 to m3.
    var multiplier = SIMD4<UInt32>()
    var epc = [UInt32](repeating: 0, count: 8)
    var eps = [UInt32](repeating: 0, count: 8)
    var excsave = [UInt32](repeating: 0, count: 8)
    var depc: UInt32 = 0
    var cpenable: UInt32 = 0
    var interrupt: UInt32 = 0
    var intenable: UInt32 = 0
    var ps: UInt32 = 0x1F { didSet { highestFreeGroup = freeGroup } }
    var vecbase: UInt32 = 0x4000_0000
    var exccause: UInt32 = 0
    var excvaddr: UInt32 = 0
    var ccountOffset: UInt32 = 0
    var ccompare: [UInt32] = [0, 0, 0]
    var misc: [UInt32] = [0, 0, 0, 0]
    var atomctl: UInt32 = 0x28
    /// Changed by `XtensaCPU.moveWindow(to:)` alone, which brings the registers along.
    var windowBase: UInt32 = 0 { didSet { highestFreeGroup = freeGroup } }
    var windowStart: UInt32 = 1 { didSet { highestFreeGroup = freeGroup } }
    /// How far an instruction may reach into the live window without a window overflow: an instruction whose highest
    /// register is in group n (a4n to a4n+3) raises one where n is greater than this. 3 (all of a0 to a15 are free) with
    /// PS.WOE clear, with PS.EXCM set, and wherever no caller's registers lie in the window; then nothing has to be checked.
    /// Kept up to date by every write of PS, WindowBase and WindowStart.
    private(set) var highestFreeGroup = 3
    var memctl: UInt32 = 1
    /// The debug option's registers keep what is written; no address and no count breaks here, BREAK alone does.
    var ddr: UInt32 = 0
    var ibreakenable: UInt32 = 0
    var ibreaka = SIMD2<UInt32>()
    var dbreaka = SIMD2<UInt32>()
    var dbreakc = SIMD2<UInt32>()
    var debugcause: UInt32 = 0
    var icount: UInt32 = 0
    var icountlevel: UInt32 = 0
    /// The region protection's attributes, four bits for each region; 2, as after reset, allows everything.
    var instructionAttributes: UInt32 = 0x2222_2222
    var dataAttributes: UInt32 = 0x2222_2222
    var expstate: UInt32 = 0
    var threadptr: UInt32 = 0
    /// F64R_LO, F64R_HI and F64S.
    var accelerator = SIMD4<UInt32>()
    var fcr: UInt32 = 0
    var fsr: UInt32 = 0

    /// PS.EXCM.
    var isExceptionMode: Bool { ps & 0x10 != 0 }

    /// CINTLEVEL: EXCM masks the levels up to EXCMLEVEL, which is 3 on this core.
    var currentLevel: Int { max(Int(ps & 15), isExceptionMode ? 3 : 0) }

    /// The pending interrupts that INTENABLE lets through; it does not hold the NMI.
    var enabledInterrupts: UInt32 { interrupt & (intenable | InterruptTable.nonMaskable) }
}

extension XtensaCPU {
    /// The PRO core's processor id, as the ESP32 has it.
    private static let processorID: UInt32 = 0xCDCD
    /// CONFIGID0 and CONFIGID1 of the ESP32's core (esp32_v3_49_prod, an LX6.0.3).
    private static let configuration: (UInt32, UInt32) = (0xC2BC_FFFE, 0x1CC5_FE96)
    /// PS without RING, which only cores with an MMU have.
    private static let stateMask: UInt32 = 0x7_0F3F

    /// Reads a special register; nil where the core has none of that number.
    func readSpecial(_ number: Int) -> UInt32? {
        switch number {
        case 0: special.lbeg
        case 1: special.lend
        case 2: special.lcount
        case 3: special.sar
        case 4: special.br
        case 12: special.scompare1
        case 16: special.accumulatorLow
        case 17: special.accumulatorHigh
        case 32...35: special.multiplier[number - 32]
        case 72: special.windowBase
        case 73: special.windowStart
        case 96: special.ibreakenable
        case 97: special.memctl
        case 99: special.atomctl
        case 104: special.ddr
        case 128, 129: special.ibreaka[number - 128]
        case 144, 145: special.dbreaka[number - 144]
        case 160, 161: special.dbreakc[number - 160]
        case 176: Self.configuration.0
        case 177...183: special.epc[number - 176]
        case 192: special.depc
        case 194...199: special.eps[number - 192]
        case 208: Self.configuration.1
        case 209...215: special.excsave[number - 208]
        case 224: special.cpenable
        case 226: special.interrupt
        case 228: special.intenable
        case 230: special.ps
        case 231: special.vecbase
        case 232: special.exccause
        case 233: special.debugcause
        case 234: ccount
        case 235: Self.processorID
        case 236: special.icount
        case 237: special.icountlevel
        case 238: special.excvaddr
        case 240...242: special.ccompare[number - 240]
        case 244...247: special.misc[number - 244]
        case _: nil
        }
    }

    /// Writes a special register; false where the core has none of that number.
    func writeSpecial(_ number: Int, _ value: UInt32) -> Bool {
        switch number {
        case 0: special.lbeg = value
        case 1: special.lend = value
        case 2: special.lcount = value
        case 3: special.sar = value & 63
        case 4: special.br = value & 0xFFFF
        case 12: special.scompare1 = value
        case 16: special.accumulatorLow = value
        case 17: special.accumulatorHigh = value
        case 32...35: special.multiplier[number - 32] = value
        case 72: moveWindow(to: value)
        case 73: special.windowStart = value & 0xFFFF
        // MMID names the process for a trace; CONFIGID0 takes a write and keeps its value.
        case 89, 176: break
        case 96: special.ibreakenable = value & 3
        case 97: special.memctl = value & 1
        case 99: special.atomctl = value & 0x3F
        case 104: special.ddr = value
        case 128, 129: special.ibreaka[number - 128] = value
        case 144, 145: special.dbreaka[number - 144] = value
        case 160, 161: special.dbreakc[number - 160] = value & 0xC000_003F
        case 177...183: special.epc[number - 176] = value
        case 192: special.depc = value
        case 194...199: special.eps[number - 192] = value & Self.stateMask
        case 209...215: special.excsave[number - 208] = value
        case 224: special.cpenable = value & 0xFF
        // INTSET and INTCLEAR share the number space with INTERRUPT.
        case 226: special.interrupt |= value & InterruptTable.software
        case 227: special.interrupt &= ~(value & (InterruptTable.software | InterruptTable.edge))
        case 228: special.intenable = value
        case 230: special.ps = value & Self.stateMask
        case 231: special.vecbase = value & ~0x3FF
        case 232: special.exccause = value & 63
        case 233: special.debugcause = value & 0xF3F
        case 234: special.ccountOffset = value &- UInt32(truncatingIfNeeded: cycle)
        case 236: special.icount = value
        case 237: special.icountlevel = value & 15
        case 238: special.excvaddr = value
        case 240...242: writeCompare(number - 240, value)
        case 244...247: special.misc[number - 244] = value
        case _: return false
        }
        return true
    }

    /// Writing CCOMPARE takes back the timer's interrupt.
    private func writeCompare(_ index: Int, _ value: UInt32) {
        special.ccompare[index] = value
        special.interrupt &= ~(1 << UInt32(InterruptTable.timers[index]))
    }
}
