// One 64-bit timer of a timer group (TRM, "Timer Group"): prescaled count up or down, latched reading, load, alarm with
// optional reload. Register offsets and interrupts are TimerGroup's.

/// A 64-bit counter with an alarm.
struct GeneralTimer {
    var alarm: UInt64 = 0
    var load: UInt64 = 0
    var latched: UInt64 = 0
    private(set) var config: UInt32 = 0x6000_2000
    private var baseCount: UInt64 = 0
    private var baseCycle: UInt64 = 0
    private(set) var nextEvent: UInt64 = .max

    /// Interrupt bits of the configuration register.
    var raisesLevel: Bool { config & 1 << 11 != 0 }
    var raisesEdge: Bool { config & 1 << 12 != 0 }

    private var isRunning: Bool { config & 1 << 31 != 0 }
    private var countsUp: Bool { config & 1 << 30 != 0 }
    private var reloads: Bool { config & 1 << 29 != 0 }
    private var isArmed: Bool { config & 1 << 10 != 0 }

    // A divider of 0 means 65536, and 1 means 2 (TRM, TIMGn_Tx_DIVIDER).
    private var divider: UInt64 {
        let field = UInt64(config >> 13 & 0xFFFF)
        return field == 0 ? 65536 : max(2, field)
    }

    func count(at cycle: UInt64) -> UInt64 {
        guard isRunning else { return baseCount }
        let ticks = (cycle - baseCycle) / divider
        return countsUp ? baseCount &+ ticks : baseCount &- ticks
    }

    mutating func configure(_ value: UInt32, at cycle: UInt64) {
        rebase(to: count(at: cycle), at: cycle)
        config = value
        schedule(at: cycle)
    }

    mutating func reload(at cycle: UInt64) {
        rebase(to: load, at: cycle)
        schedule(at: cycle)
    }

    /// Plans the alarm anew after one of its numbers has changed.
    mutating func schedule(at cycle: UInt64) {
        guard isRunning, isArmed else {
            nextEvent = .max
            return
        }
        let now = count(at: cycle)
        let isPast = countsUp ? now >= alarm : now <= alarm
        let ticks = countsUp ? alarm &- baseCount : baseCount &- alarm
        let (wait, overflow) = ticks.multipliedReportingOverflow(by: divider)
        let (due, late) = baseCycle.addingReportingOverflow(wait)
        nextEvent = isPast ? cycle : (overflow || late ? .max : due)
    }

    /// What the hardware does at the alarm: disarms it and reloads when told to.
    mutating func fire() {
        let cycle = nextEvent
        rebase(to: reloads ? load : count(at: cycle), at: cycle)
        config &= ~(1 << 10)
        nextEvent = .max
    }

    private mutating func rebase(to count: UInt64, at cycle: UInt64) {
        baseCount = count
        baseCycle = cycle
    }
}
