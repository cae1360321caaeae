// The RTC controller (TRM, "Low-Power Management" and "Watchdog Timers"): reset cause and software resets, the RTC
// watchdog with its flash-boot protection, the 48-bit slow-clock counter, and the STORE registers that survive
// resets. Left out: sleep and wake-up, the brownout comparator's threshold, CPU stall, clock switching and power
// domains; their registers keep what is written, and the CPU and the APB stay at the ROM's 40 MHz.

/// The RTC_CNTL block.
package final class RTCControl: Peripheral, TimedDevice {
    private let signals: ChipSignals
    private var registers = RegisterFile(size: 0x140, resetValues: RTCControl.resetValues)
    private var watchdog = StagedWatchdog()
    private var isFlashBoot = false
    private var raw: UInt32 = 0
    private var latchedTime: UInt64 = 0
    private var timeBase: UInt64 = 0
    /// The causes of the last reset of both CPUs.
    package private(set) var cause: ResetCause = .powerOn

    private enum Register {
        static let options0: UInt32 = 0x00, timeUpdate: UInt32 = 0x0C, time0: UInt32 = 0x10, time1: UInt32 = 0x14
        static let resetState: UInt32 = 0x34, enable: UInt32 = 0x3C, raw: UInt32 = 0x40, status: UInt32 = 0x44
        static let clear: UInt32 = 0x48, store0: UInt32 = 0x4C, clockConfig: UInt32 = 0x70
        static let watchdogConfig0: UInt32 = 0x8C, watchdogHold0: UInt32 = 0x90, watchdogHold3: UInt32 = 0x9C
        static let watchdogFeed: UInt32 = 0xA0, watchdogProtect: UInt32 = 0xA4, store5: UInt32 = 0xB4
        static let brownOut: UInt32 = 0xD4
    }

    private static let watchdogBit: UInt32 = 1 << 3
    // Both CPUs start from the ROM's vectors (RESET_STATE, bits 12 and 13).
    private static let vectorSelect: UInt32 = 0x3000
    // A chip in flash boot resets about 331 ms after its banner in published logs of blank boards; 50,000 periods of
    // the nominal 150 kHz clock are 333 ms.
    private static let resetValues: [UInt32: UInt32] = [
        Register.watchdogConfig0: 0x0000_4C80, Register.watchdogHold0: 50_000, 0x94: 80_000, 0x98: 0xFFF, 0x9C: 0xFFF,
        Register.watchdogProtect: TimerGroup.protectKey, Register.brownOut: 0x13FF_0000, 0x7C: 0x2919_0400,
        0x13C: 0x0159_0140,
    ]

    package init(signals: ChipSignals) { self.signals = signals }

    // MARK: Resets

    /// Takes note of a reset; one of the whole chip puts the registers back and restarts the slow counter.
    package func reset(_ cause: ResetCause, flashBoot: Bool, at cycle: UInt64) {
        self.cause = cause
        guard cause.scope == .chip else { return }
        registers.reset()
        raw = 0
        timeBase = cycle
        isFlashBoot = flashBoot
        watchdog = StagedWatchdog()
        configureWatchdog(at: cycle)
        refresh()
    }

    /// Leaves what the boot ROM notes about its clocks: APB frequency over 4096, twice (RTC_APB_FREQ_REG).
    package func setUpAsROM() {
        let frequency = UInt32(ChipClock.cyclesPerSecond >> 12)
        registers[Register.store5] = frequency | frequency << 16
    }

    // MARK: Registers

    package func read(_ offset: UInt32, at cycle: UInt64) -> UInt32 {
        advance(to: cycle)
        switch offset & ~3 {
        case Register.timeUpdate: return 1 << 30
        case Register.time0: return UInt32(truncatingIfNeeded: latchedTime)
        case Register.time1: return UInt32(latchedTime >> 32 & 0xFFFF)
        case Register.resetState: return registers[offset] | Self.vectorSelect | cause.rawValue << 6 | cause.rawValue
        case Register.raw: return raw
        case Register.status: return raw & registers[Register.enable]
        default: return registers[offset]
        }
    }

    package func write(_ offset: UInt32, _ value: UInt32, at cycle: UInt64) {
        advance(to: cycle)
        switch offset & ~3 {
        case Register.options0: writeOptions(value)
        case Register.timeUpdate: if value & 1 << 31 != 0 { latchedTime = slowTime(at: cycle) }
        case Register.clear: raw &= ~value
        case Register.resetState, Register.time0, Register.time1, Register.raw, Register.status: return
        case Register.watchdogConfig0...Register.watchdogHold3:
            guard isUnlocked else { return }
            registers[offset] = value
            configureWatchdog(at: cycle)
        case Register.watchdogFeed: if isUnlocked, value & 1 << 31 != 0 { watchdog.feed(at: cycle) }
        case Register.clockConfig:
            registers[offset] = value
            configureWatchdog(at: cycle)
        default: registers[offset] = value
        }
        refresh()
        signals.announce(event: nextEvent)
    }

    // The reset bits clear themselves (TRM, RTC_CNTL_OPTIONS0_REG).
    private func writeOptions(_ value: UInt32) {
        registers[Register.options0] = value & ~(1 << 31 | 1 << 5 | 1 << 4)
        if value & 1 << 31 != 0 { signals.request(reset: .software) }
        if value & 1 << 5 != 0 { signals.request(reset: .softwareCPU) }
    }

    // MARK: Slow clock

    // RTC_CNTL_CLK_CONF selects 150 kHz, the 32 kHz crystal or 8 MHz / 256; the tick is a fraction of cycles.
    private var cyclesPerTick: (numerator: UInt64, denominator: UInt64) {
        switch registers[Register.clockConfig] >> 30 {
        case 1: (ChipClock.cyclesPerSecond, 32_768)
        case 2: (ChipClock.cyclesPerSecond, 31_250)
        default: (ChipClock.cyclesPerSecond, 150_000)
        }
    }

    private func slowTime(at cycle: UInt64) -> UInt64 {
        let tick = cyclesPerTick
        return (cycle - timeBase) &* tick.denominator / tick.numerator
    }

    // MARK: Watchdog

    private var isUnlocked: Bool { registers[Register.watchdogProtect] == TimerGroup.protectKey }

    // While flash-boot protection holds, stage 0 resets the chip whatever the stage fields say.
    private func configureWatchdog(at cycle: UInt64) {
        let config = registers[Register.watchdogConfig0]
        let isEnabled = config & 1 << 31 != 0
        let isProtecting = isFlashBoot && config & 1 << 10 != 0
        for stage in 0..<4 {
            watchdog.actions[stage] = WatchdogAction(rawValue: config >> UInt32(28 - 3 * stage) & 7) ?? .none
            watchdog.holds[stage] = registers[Register.watchdogHold0 + UInt32(4 * stage)]
        }
        if isProtecting && !isEnabled { watchdog.actions[0] = .rtcReset }
        (watchdog.tickNumerator, watchdog.tickDenominator) = cyclesPerTick
        watchdog.setRunning(isEnabled || isProtecting, at: cycle)
    }

    private func act(_ action: WatchdogAction) {
        let config = registers[Register.watchdogConfig0]
        switch action {
        case .none: return
        case .interrupt: if config & 1 << 17 != 0 { raw |= Self.watchdogBit }
        case .cpuReset: if config & 1 << 9 != 0 { signals.request(reset: .rtcWatchdogCPU) }
        case .systemReset: signals.request(reset: .rtcWatchdogSystem)
        case .rtcReset: signals.request(reset: .rtcWatchdogRTC)
        }
    }

    package var nextEvent: UInt64 { watchdog.nextEvent }

    package func advance(to cycle: UInt64) {
        while watchdog.nextEvent <= cycle { act(watchdog.expire()) }
        refresh()
    }

    private func refresh() {
        signals.set(source: InterruptSource.rtcCore, raw & registers[Register.enable] != 0)
    }
}
