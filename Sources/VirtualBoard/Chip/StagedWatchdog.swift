// The four-stage watchdog that the RTC block and both timer groups share (TRM, "Watchdog Timers"): each stage waits
// its hold time and then acts; feeding goes back to the first stage. Register layouts are with their owners.

/// What a stage does when it runs out.
package enum WatchdogAction: UInt32, Sendable {
    case none = 0
    case interrupt = 1
    case cpuReset = 2
    case systemReset = 3
    case rtcReset = 4
}

/// A counter that walks through four stages unless it is fed.
package struct StagedWatchdog {
    /// What each stage does.
    package var actions: [WatchdogAction] = [.none, .none, .none, .none] { didSet { plan() } }
    /// How long each stage waits, in ticks.
    package var holds: [UInt32] = [0, 0, 0, 0] { didSet { plan() } }
    /// Board cycles in `tickDenominator` ticks.
    package var tickNumerator: UInt64 = 1 { didSet { plan() } }
    package var tickDenominator: UInt64 = 1 { didSet { plan() } }
    package private(set) var isRunning = false
    package private(set) var stage = 0
    private var stageStart: UInt64 = 0
    /// The cycle at which the present stage runs out, `.max` when that changes nothing.
    package private(set) var nextEvent: UInt64 = .max

    package init() {}

    /// Starts at the first stage, or stops; does nothing when it is in that state already.
    package mutating func setRunning(_ running: Bool, at cycle: UInt64) {
        if running && !isRunning { feed(at: cycle) }
        isRunning = running
        plan()
    }

    /// Goes back to the first stage.
    package mutating func feed(at cycle: UInt64) {
        stage = 0
        stageStart = cycle
        plan()
    }

    private mutating func plan() {
        guard isRunning, actions.contains(where: { $0 != .none }) else {
            nextEvent = .max
            return
        }
        let ticks = UInt64(max(holds[stage], 1))
        nextEvent = stageStart + max(1, ticks * tickNumerator / tickDenominator)
    }

    /// The action of the stage that ran out at `nextEvent`; the next one begins then.
    package mutating func expire() -> WatchdogAction {
        let action = actions[stage]
        stageStart = nextEvent
        stage = (stage + 1) % 4
        plan()
        return action
    }
}
