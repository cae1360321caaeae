// The DPORT registers (TRM, "DPort Register"): the PRO CPU's interrupt matrix, its cache, cross-CPU interrupts. The APP
// CPU stays in reset whatever is written to its registers. Peripheral clock and reset enables and everything else
// keep what is written and switch nothing.

/// The DPORT register block.
package final class DPort: Peripheral {
    private let matrix: InterruptMatrix
    private let cache: FlashCache
    private let signals: ChipSignals
    private var registers = RegisterFile(size: 0x1000, resetValues: DPort.resetValues)

    private enum Register {
        static let cacheControl: UInt32 = 0x40, cacheMasks: UInt32 = 0x44
        static let fromCPU0: UInt32 = 0xDC, fromCPU3: UInt32 = 0xE8
        static let status0: UInt32 = 0xEC, status2: UInt32 = 0xF4, proRoutes: UInt32 = 0x104, appRoutes: UInt32 = 0x218
        static let proCacheState: UInt32 = 0x3F0, appCacheState: UInt32 = 0x418
    }

    // APP CPU in reset; peripheral clocks and resets after power-on; both caches idle (state 1 in bits 7 and up).
    private static let resetValues: [UInt32: UInt32] = [
        0x2C: 1, 0xC0: 0xF9C1_E06F, 0xC4: 0, 0xCC: 0xFFFC_E030, 0xD0: 0, 0x58: 0x10, 0x5C: 0x08FF,
        Register.proCacheState: 1 << 7, Register.appCacheState: 1 << 7, 0xFFC: 0x1604_0500,
    ]

    package init(matrix: InterruptMatrix, cache: FlashCache, signals: ChipSignals) {
        self.matrix = matrix
        self.cache = cache
        self.signals = signals
    }

    package func reset() {
        registers.reset()
        for source in 0..<4 { signals.set(source: InterruptSource.fromCPU + source, false) }
        matrix.reset()
        cache.reset()
    }

    package func read(_ offset: UInt32, at cycle: UInt64) -> UInt32 {
        switch offset & ~3 {
        case Register.cacheControl: cache.control
        case Register.cacheMasks: cache.masks
        case Register.status0...Register.status2: matrix.status(Int(offset - Register.status0) / 4)
        case Register.proRoutes..<Register.appRoutes: matrix.route(of: Int(offset - Register.proRoutes) / 4)
        default: registers[offset]
        }
    }

    package func write(_ offset: UInt32, _ value: UInt32, at cycle: UInt64) {
        switch offset & ~3 {
        case Register.cacheControl: cache.setControl(value)
        case Register.cacheMasks: cache.setMasks(value)
        case Register.fromCPU0...Register.fromCPU3:
            registers[offset] = value & 1
            signals.set(source: InterruptSource.fromCPU + Int(offset - Register.fromCPU0) / 4, value & 1 != 0)
        case Register.proRoutes..<Register.appRoutes:
            matrix.setRoute(of: Int(offset - Register.proRoutes) / 4, to: value)
        case Register.status0...Register.status2, Register.proCacheState, Register.appCacheState: return
        default: registers[offset] = value
        }
    }
}
