// The wires between the peripherals and the rest of the chip: interrupt sources, reset requests, and the
// announcement that something is due sooner than the CPU believes. It holds no device and knows no address.

/// A peripheral for which something happens at a known time.
package protocol TimedDevice: AnyObject {
    /// The board cycle of the next thing that happens by itself, `.max` when nothing will.
    var nextEvent: UInt64 { get }
    /// Lets everything happen that is due by `cycle`.
    func advance(to cycle: UInt64)
}

/// The board's clock: one cycle is 25 ns, the ROM's 40 MHz crystal clock.
package enum ChipClock {
    package static let cyclesPerSecond: UInt64 = 40_000_000
    package static let nanosecondsPerCycle: UInt64 = 25
    package static let cyclesPerMicrosecond: UInt64 = 40
}

/// The inputs of the interrupt matrix that this chip drives (TRM, "Interrupt Matrix", peripheral sources).
package enum InterruptSource {
    package static let count = 69
    package static let timerGroup0 = 14
    package static let timerGroup1 = 18
    package static let gpio = 22
    package static let fromCPU = 24
    package static let uart: [Int] = [34, 35, 36]
    package static let rtcCore = 46
    package static let timerGroup0Edge = 58
    package static let timerGroup1Edge = 62
}

/// What peripherals tell the chip.
package final class ChipSignals {
    /// Called when a source changes its level.
    package var sourceChanged: (Int, Bool) -> Void = { _, _ in }
    /// Called when the CPU has to stop soon, because of a reset or an earlier event.
    package var stopRequested: () -> Void = {}
    /// The reset that waits to be carried out; the widest of those asked for.
    package private(set) var pendingReset: ResetCause?
    /// The cycle up to which the CPU has been told to run.
    package var horizon: UInt64 = 0

    package init() {}

    /// Drives an input of the interrupt matrix.
    package func set(source: Int, _ level: Bool) { sourceChanged(source, level) }

    /// Says that something happens at `cycle`, which may be before the end of the CPU's present stretch.
    package func announce(event cycle: UInt64) {
        guard cycle < horizon else { return }
        horizon = cycle
        stopRequested()
    }

    /// Asks for a reset; of two at once the wider one wins.
    package func request(reset cause: ResetCause) {
        if let pending = pendingReset, pending.scope >= cause.scope { return }
        pendingReset = cause
        stopRequested()
    }

    /// The reset asked for, once.
    package func takeReset() -> ResetCause? {
        defer { pendingReset = nil }
        return pendingReset
    }
}
