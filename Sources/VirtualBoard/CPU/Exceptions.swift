// Exceptions and interrupts: causes, vectors, levels. Sources: Xtensa ISA reference, "Exception Option" and
// "High-Priority Interrupt Option"; the ESP32's interrupt numbers and vector offsets from its core configuration.

/// The EXCCAUSE values that the core raises.
package enum ExceptionCause: UInt32, Sendable {
    case illegalInstruction = 0
    case syscall = 1
    case loadStoreError = 3
    case levelOneInterrupt = 4
    case alloca = 5
    case integerDivideByZero = 6
    case privileged = 8
    case loadStoreAlignment = 9
    case instructionFetchProhibited = 20
    case loadProhibited = 28
    case storeProhibited = 29
    case coprocessor0Disabled = 32
}

/// The ESP32's 32 interrupts of a core.
enum InterruptTable {
    /// The CCOMPARE timers' interrupts.
    static let timers = [6, 15, 16]
    /// Interrupts that latch a rising edge.
    static let edge: UInt32 = 1 << 10 | 1 << 22 | 1 << 28 | 1 << 30
    /// Interrupts raised by INTSET alone.
    static let software: UInt32 = 1 << 7 | 1 << 29
    /// The NMI, which latches an edge and which neither INTENABLE nor a level holds.
    static let nonMaskable: UInt32 = 1 << 14
    private static let levels: [UInt32] = [
        1: 0x0006_37FF, 2: 0x0038_0000, 3: 0x28C0_8800, 4: 0x5300_0000, 5: 0x8401_0000, 6: 0, 7: 0x0000_4000,
    ].sorted { $0.key < $1.key }.map(\.value)

    /// The interrupts of a level, 1 to 7.
    static func mask(ofLevel level: Int) -> UInt32 { levels[level - 1] }
}

extension XtensaCPU {
    private static let vectorOffsets: [UInt32] = [0, 0, 0x180, 0x1C0, 0x200, 0x240, 0x280, 0x2C0]

    /// Goes to the handler of an exception of the current instruction.
    func raise(_ cause: ExceptionCause, address: UInt32? = nil) {
        if let address { special.excvaddr = address }
        if special.isExceptionMode {
            special.depc = pc
            nextPC = special.vecbase &+ 0x3C0
        } else {
            special.epc[1] = pc
            nextPC = special.vecbase &+ (special.ps & 0x20 != 0 ? 0x340 : 0x300)
        }
        special.exccause = cause.rawValue
        special.ps |= 0x10
    }

    /// Takes the highest pending interrupt above the current level; false where there is none.
    func takeInterrupt() -> Bool {
        let pending = special.enabledInterrupts
        guard pending != 0 else { return false }
        let current = pending & InterruptTable.nonMaskable != 0 ? 6 : special.currentLevel
        for level in stride(from: 7, to: current, by: -1) where pending & InterruptTable.mask(ofLevel: level) != 0 {
            if level == 1 {
                raise(.levelOneInterrupt)
                pc = nextPC
            } else {
                special.epc[level] = pc
                special.eps[level] = special.ps
                special.ps = special.ps & ~0xF | UInt32(level) | 0x10
                pc = special.vecbase &+ Self.vectorOffsets[level]
                if level == 7 { special.interrupt &= ~InterruptTable.nonMaskable }
            }
            return true
        }
        return false
    }

    /// Loads for an instruction; nil after an exception.
    func load(_ address: UInt32, width: UInt32) -> UInt32? {
        let result = memory.load(address, width: width, at: cycle)
        switch result.fault {
        case .none: return result.value
        case .unmapped: raise(.loadProhibited, address: address)
        case .forbidden: raise(.loadStoreError, address: address)
        case .misaligned: raise(.loadStoreAlignment, address: address)
        case .trap: trapAddress = address
        }
        return nil
    }

    /// Stores for an instruction; false after an exception.
    @discardableResult
    func store(_ address: UInt32, _ value: UInt32, width: UInt32) -> Bool {
        var fault = AccessFault.none
        let table = width == 4 ? memory.wordWrites : memory.byteWrites
        let biased = table[Int(address >> 12)]
        if biased != 0, address & (width - 1) == 0,
            let place = UnsafeMutableRawPointer(bitPattern: biased &+ UInt(address))
        {
            switch width {
            case 1: place.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
            case 2: place.storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
            case _: place.storeBytes(of: value, as: UInt32.self)
            }
            return true
        }
        fault = memory.store(address, value, width: width, at: cycle)
        switch fault {
        case .none: return true
        case .unmapped: raise(.storeProhibited, address: address)
        case .forbidden: raise(.loadStoreError, address: address)
        case .misaligned: raise(.loadStoreAlignment, address: address)
        case .trap: trapAddress = address
        }
        return false
    }
}
