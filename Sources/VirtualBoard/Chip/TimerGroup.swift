// A timer group (TRM, "Timer Group" and "Watchdog Timers"): two general timers and the LACT timer, the main watchdog
// with its flash-boot protection, and the counter that calibrates slow clocks. Left out: LACT's RTC stepping. APB
// ticks are board cycles, since the clock stays the 40 MHz one of the ROM.

/// Timer group 0 or 1.
package final class TimerGroup: Peripheral, TimedDevice {
    /// The interrupt matrix inputs: T0, T1, watchdog, LACT from `level`, and the same as edges from `edge`.
    private let level: Int
    private let edge: Int
    private let resetCause: ResetCause
    private let signals: ChipSignals
    private var registers = RegisterFile(size: 0x100, resetValues: TimerGroup.resetValues)
    private var timers = [GeneralTimer(), GeneralTimer(), GeneralTimer()]
    private var watchdog = StagedWatchdog()
    private var isFlashBoot = false
    private var raw: UInt32 = 0
    private var calibrationEnd: UInt64 = 0

    private enum Register {
        static let watchdogConfig0: UInt32 = 0x48, watchdogConfig1: UInt32 = 0x4C, watchdogHold0: UInt32 = 0x50
        static let watchdogHold3: UInt32 = 0x5C, watchdogFeed: UInt32 = 0x60, watchdogProtect: UInt32 = 0x64
        static let calibration: UInt32 = 0x68, calibrationValue: UInt32 = 0x6C
        static let lactConfig: UInt32 = 0x70, lactRTC: UInt32 = 0x74, lactLow: UInt32 = 0x78, lactLoad: UInt32 = 0x94
        static let enable: UInt32 = 0x98, raw: UInt32 = 0x9C, status: UInt32 = 0xA0, clear: UInt32 = 0xA4
    }

    /// The key that opens a watchdog's registers.
    package static let protectKey: UInt32 = 0x50D8_3AA1
    private static let watchdogBit: UInt32 = 1 << 2

    // The calibration value is what the ROM leaves with a true 40 MHz crystal: 2048 cycles, which esptool multiplies
    // by 15625 and the eFuse's clock figure (50) over 40 to find 40 MHz.
    private static let resetValues: [UInt32: UInt32] = [
        Register.watchdogConfig0: 0x0004_C000, Register.watchdogConfig1: 0x0001_0000,
        Register.watchdogHold0: 26_000_000, 0x54: 0x07FF_FFFF, 0x58: 0x000F_FFFF, 0x5C: 0x000F_FFFF,
        Register.watchdogProtect: protectKey, Register.calibration: 0x0001_A000, Register.calibrationValue: 2048 << 7,
    ]

    /// `number` is 0 or 1.
    package init(number: Int, signals: ChipSignals) {
        self.signals = signals
        level = number == 0 ? InterruptSource.timerGroup0 : InterruptSource.timerGroup1
        edge = number == 0 ? InterruptSource.timerGroup0Edge : InterruptSource.timerGroup1Edge
        resetCause = number == 0 ? .timerGroup0 : .timerGroup1
    }

    /// Back to the reset state; `flashBoot` arms the watchdog as the hardware does while it boots from flash.
    package func reset(flashBoot: Bool, at cycle: UInt64) {
        registers.reset()
        timers = [GeneralTimer(), GeneralTimer(), GeneralTimer()]
        raw = 0
        isFlashBoot = flashBoot
        watchdog = StagedWatchdog()
        configureWatchdog(at: cycle)
        refresh()
    }

    // MARK: Registers

    package func read(_ offset: UInt32, at cycle: UInt64) -> UInt32 {
        advance(to: cycle)
        if let (timer, field) = timerField(offset) { return readTimer(timer, field) }
        switch offset & ~3 {
        case Register.raw: return raw
        case Register.status: return raw & registers[Register.enable]
        case Register.calibration:
            let isReady = cycle >= calibrationEnd
            return registers[Register.calibration] & ~(1 << 15) | (isReady ? 1 << 15 : 0)
        default: return registers[offset]
        }
    }

    package func write(_ offset: UInt32, _ value: UInt32, at cycle: UInt64) {
        advance(to: cycle)
        if let (timer, field) = timerField(offset) {
            writeTimer(timer, field, value, at: cycle)
        } else {
            writeRest(offset & ~3, value, at: cycle)
        }
        refresh()
        signals.announce(event: nextEvent)
    }

    private func writeRest(_ offset: UInt32, _ value: UInt32, at cycle: UInt64) {
        switch offset {
        case Register.watchdogConfig0...Register.watchdogHold3:
            guard isUnlocked else { return }
            registers[offset] = value
            configureWatchdog(at: cycle)
        case Register.watchdogFeed: if isUnlocked { watchdog.feed(at: cycle) }
        case Register.calibration: calibrate(value, at: cycle)
        case Register.clear: raw &= ~value
        case Register.raw, Register.status, Register.calibrationValue: return
        default: registers[offset] = value
        }
    }

    // T0 at 0x00, T1 at 0x24 and LACT at 0x70 share a layout; LACT has one register more after its configuration.
    private func timerField(_ offset: UInt32) -> (timer: Int, field: UInt32)? {
        switch offset & ~3 {
        case 0x00...0x20: (0, offset & ~3)
        case 0x24...0x44: (1, (offset & ~3) - 0x24)
        case Register.lactConfig: (2, 0)
        case Register.lactLow...Register.lactLoad: (2, (offset & ~3) - Register.lactRTC)
        default: nil
        }
    }

    private func readTimer(_ index: Int, _ field: UInt32) -> UInt32 {
        let timer = timers[index]
        switch field {
        case 0x00: return timer.config
        case 0x04: return UInt32(truncatingIfNeeded: timer.latched)
        case 0x08: return UInt32(timer.latched >> 32)
        case 0x10: return UInt32(truncatingIfNeeded: timer.alarm)
        case 0x14: return UInt32(timer.alarm >> 32)
        case 0x18: return UInt32(truncatingIfNeeded: timer.load)
        case 0x1C: return UInt32(timer.load >> 32)
        default: return 0
        }
    }

    private func writeTimer(_ index: Int, _ field: UInt32, _ value: UInt32, at cycle: UInt64) {
        switch field {
        case 0x00: timers[index].configure(value, at: cycle)
        case 0x0C: timers[index].latched = timers[index].count(at: cycle)
        case 0x10: timers[index].alarm = timers[index].alarm & ~0xFFFF_FFFF | UInt64(value)
        case 0x14: timers[index].alarm = timers[index].alarm & 0xFFFF_FFFF | UInt64(value) << 32
        case 0x18: timers[index].load = timers[index].load & ~0xFFFF_FFFF | UInt64(value)
        case 0x1C: timers[index].load = timers[index].load & 0xFFFF_FFFF | UInt64(value) << 32
        case 0x20: timers[index].reload(at: cycle)
        default: return
        }
        if field == 0x10 || field == 0x14 { timers[index].schedule(at: cycle) }
    }

    // Counts crystal cycles during MAX cycles of the chosen slow clock (TRM, TIMGn_RTCCALICFG).
    private func calibrate(_ value: UInt32, at cycle: UInt64) {
        registers[Register.calibration] = value
        guard value & 1 << 31 != 0 else { return }
        let slowHertz: [UInt64] = [150_000, 31_250, 32_768, 150_000]
        let duration = UInt64(value >> 16 & 0x7FFF) * ChipClock.cyclesPerSecond / slowHertz[Int(value >> 13 & 3)]
        calibrationEnd = cycle + duration
        registers[Register.calibrationValue] = UInt32(truncatingIfNeeded: min(duration, 0x1FF_FFFF)) << 7
    }

    // MARK: Watchdog

    private var isUnlocked: Bool { registers[Register.watchdogProtect] == Self.protectKey }

    // While flash-boot protection holds, stage 0 resets the system whatever the stage fields say.
    private func configureWatchdog(at cycle: UInt64) {
        let config = registers[Register.watchdogConfig0]
        let isEnabled = config & 1 << 31 != 0
        let isProtecting = isFlashBoot && config & 1 << 14 != 0
        for stage in 0..<4 {
            watchdog.actions[stage] = WatchdogAction(rawValue: config >> UInt32(29 - 2 * stage) & 3) ?? .none
            watchdog.holds[stage] = registers[Register.watchdogHold0 + UInt32(4 * stage)]
        }
        if isProtecting && !isEnabled { watchdog.actions[0] = .systemReset }
        watchdog.tickNumerator = UInt64(max(1, registers[Register.watchdogConfig1] >> 16))
        watchdog.setRunning(isEnabled || isProtecting, at: cycle)
    }

    private func act(_ action: WatchdogAction) {
        switch action {
        case .none: return
        case .interrupt:
            if registers[Register.watchdogConfig0] & 1 << 21 != 0 { raw |= Self.watchdogBit }
            if registers[Register.watchdogConfig0] & 1 << 22 != 0 { pulse(edge + 2) }
        case .cpuReset: signals.request(reset: .timerGroupCPU)
        case .systemReset, .rtcReset: signals.request(reset: resetCause)
        }
    }

    // MARK: Time

    package var nextEvent: UInt64 {
        min(watchdog.nextEvent, min(timers[0].nextEvent, min(timers[1].nextEvent, timers[2].nextEvent)))
    }

    package func advance(to cycle: UInt64) {
        while nextEvent <= cycle {
            let now = nextEvent
            if watchdog.nextEvent == now { act(watchdog.expire()) }
            for index in timers.indices where timers[index].nextEvent == now {
                let bit = index == 2 ? 3 : index
                if timers[index].raisesLevel { raw |= 1 << UInt32(bit) }
                if timers[index].raisesEdge { pulse(edge + bit) }
                timers[index].fire()
            }
            refresh()
        }
    }

    private func pulse(_ source: Int) {
        signals.set(source: source, true)
        signals.set(source: source, false)
    }

    private func refresh() {
        let pending = raw & registers[Register.enable]
        for bit in 0..<4 { signals.set(source: level + bit, pending & 1 << UInt32(bit) != 0) }
    }
}
