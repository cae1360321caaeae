// Counts restarts that nobody asked for. A loop is two or more of them with no prediction between; power-on, waking
// and resets by the host do not count. Time comes from the caller's clock or from the time stamps of a saved log.

/// Restarts that nobody asked for, one after the other.
public struct RebootLoop: Equatable, Sendable {
    /// How many restarts.
    public var count: Int
    /// The mean time between two of them, in milliseconds.
    public var periodMilliseconds: Int?
    /// Why the chip was reset most recently, as the ROM names it.
    public var reset: String
    /// Whether nothing but software restarted it, which may be meant.
    public var isSoftwareOnly: Bool
}

/// Watches banners.
struct RebootWatcher: Equatable, Sendable {
    private var streak: [Restart] = []
    private var powerOns = 0
    private var previous: BootEvent?
    private var linesSinceBoot = 0
    private var linesInAll = 0
    private var hostIsResetting = false
    /// The loop that was found, as long as it lasts.
    private(set) var loop: RebootLoop?
    /// A restart that comes so much later than the one before is a new story.
    private static let longestPeriod: UInt64 = 120_000
    /// Software may restart on purpose after it has worked for a while.
    private static let busyLines = 150

    private struct Restart: Equatable, Sendable {
        var kind: ResetKind
        var milliseconds: UInt64?
    }

    /// What a banner means.
    enum Verdict: Equatable {
        /// Nothing to say about it.
        case unremarkable
        /// A watchdog bit and nobody said why; grave when the firmware had been running.
        case watchdog(grave: Bool)
        case brownout
        case lockup
    }

    mutating func line() {
        linesSinceBoot += 1
        linesInAll += 1
    }

    /// A prediction was made: the firmware works.
    mutating func inference() {
        streak = []
        powerOns = 0
        loop = nil
    }

    /// Times from now on are another clock's: those so far cannot be compared with them.
    mutating func changeClock() {
        for index in streak.indices { streak[index].milliseconds = nil }
    }

    /// The host is about to reset the board: the next banner is its doing.
    mutating func hostResets() { hostIsResetting = true }

    /// Takes a banner; `milliseconds` is any steady clock.
    mutating func boot(_ event: BootEvent, milliseconds: UInt64?) -> Verdict {
        defer {
            previous = event
            linesSinceBoot = 0
            hostIsResetting = false
        }
        if hostIsResetting {
            streak = []
            powerOns = 0
            return .unremarkable
        }
        let verdict = verdict(event)
        count(event, milliseconds)
        return verdict
    }

    private func verdict(_ event: BootEvent) -> Verdict {
        switch event.kind {
        case .watchdog:
            // Some boards come up by power-on and at once by the RTC watchdog, before any firmware ran.
            if event.code == 0x10, previous?.kind == .powerOn, linesSinceBoot < 16 { return .unremarkable }
            return .watchdog(grave: linesInAll > 3)
        case .brownout: return .brownout
        case .lockup: return .lockup
        case .powerOn, .software, .wake, .host, .other: return .unremarkable
        }
    }

    private mutating func count(_ event: BootEvent, _ milliseconds: UInt64?) {
        switch event.kind {
        case .powerOn:
            // One is somebody's finger; many without a sign of life are a supply that comes and goes.
            powerOns = linesSinceBoot < 60 || previous == nil ? powerOns + 1 : 1
            streak = []
            if powerOns >= 4 {
                loop = RebootLoop(count: powerOns, periodMilliseconds: nil, reset: event.reset, isSoftwareOnly: true)
            }
            return
        case .wake, .host:
            streak = []
            powerOns = 0
            return
        case .software where streak.last?.kind == .software && linesSinceBoot > Self.busyLines:
            streak = []
        case .other where event.code != 0x17: return
        case .software, .watchdog, .brownout, .lockup, .other: break
        }
        if let last = streak.last?.milliseconds, let now = milliseconds, now < last || now - last > Self.longestPeriod {
            streak = []
        }
        streak.append(Restart(kind: event.kind, milliseconds: milliseconds))
        guard streak.count > 1 else { return }
        loop = RebootLoop(
            count: streak.count, periodMilliseconds: period, reset: event.reset,
            isSoftwareOnly: streak.allSatisfy { $0.kind == .software })
        // Only the ends matter for the mean; a long loop needs no long list.
        if streak.count > 4096 { streak.remove(at: 1) }
    }

    private var period: Int? {
        guard let first = streak.first?.milliseconds, let last = streak.last?.milliseconds, last > first else {
            return nil
        }
        return Int((last - first) / UInt64(streak.count - 1))
    }
}
