// The search for the smallest arena that works, as a machine: what each trial on the board came to goes in, the next
// size to try comes out. It starts at what the host's plan says and needs two boots where that is right: one that
// works, and one four bytes smaller that is refused.

/// What a trial came to.
public enum ArenaTrial: Equatable, Sendable {
    /// The board predicted, nothing outside of the arena was touched, and it used so many bytes of it.
    case works(used: Int)
    /// The board refused and said how much is missing.
    case refused(missing: Int)
    /// It failed in a way that names no number: not-a-number, a reboot loop, silence.
    case failed(reason: String)

    /// Whether the arena was large enough.
    public var isGood: Bool {
        switch self {
        case .works: true
        case .refused, .failed: false
        }
    }
}

/// The search.
public struct ArenaSearch: Equatable, Sendable {
    /// One trial.
    public struct Step: Equatable, Sendable {
        /// The arena in bytes.
        public var arena: Int
        /// What it came to.
        public var trial: ArenaTrial

        /// Names a trial.
        public init(arena: Int, trial: ArenaTrial) {
            self.arena = arena
            self.trial = trial
        }
    }

    /// What to do next.
    public enum Next: Equatable, Sendable {
        /// Try this many bytes.
        case attempt(Int)
        /// The smallest arena that works is known.
        case found(minimum: Int)
        /// No size that works was found.
        case hopeless(reason: String)
    }

    /// An arena of our engine is a whole number of these.
    public static let granularity = 4
    /// A search that needs more boots than this ends with what it has.
    public static let mostBoots = 8

    /// All trials so far.
    public private(set) var steps: [Step] = []
    private let estimate: Int
    private let limit: Int
    /// Sizes are multiples of this.
    private let step: Int
    /// How many steps down the next look goes where nothing but success is known.
    private var stride = 1
    /// The largest size known not to work, and the smallest known to.
    private var tooSmall = 0
    private var enough: Int?
    /// The last failure named no number: what works may be far more than is needed.
    private var failedBlindly = false
    private var lastReason = ""

    /// A search that starts at `estimate` bytes and never tries more than `limit`; sizes are multiples of `step`.
    public init(estimate: Int, limit: Int = 320 << 10, step: Int = ArenaSearch.granularity) {
        let step = max(1, step)
        self.step = step
        self.limit = limit / step * step
        self.estimate = max(step, (min(estimate, limit) + step - 1) / step * step)
    }

    /// The first size to try.
    public var first: Next { .attempt(min(estimate, limit)) }

    /// Bytes that the smallest working trial used.
    public var used: Int? {
        var best: (arena: Int, used: Int)?
        for step in steps {
            guard case .works(let used) = step.trial, step.arena <= best?.arena ?? .max else { continue }
            best = (step.arena, used)
        }
        return best?.used
    }

    /// Takes what a trial came to and says what is next.
    public mutating func tried(_ arena: Int, _ trial: ArenaTrial) -> Next {
        steps.append(Step(arena: arena, trial: trial))
        var wanted: Int?
        switch trial {
        case .works(let used):
            enough = min(arena, enough ?? .max)
            // What it does not use it does not need; else one step less must fail.
            let needed = roundedUp(used)
            if needed < arena, needed > tooSmall {
                wanted = needed
            } else if !failedBlindly {
                wanted = arena - step * stride
                stride *= 2
            }
        case .refused(let missing):
            tooSmall = max(tooSmall, arena)
            failedBlindly = false
            lastReason = "\(missing) bytes were still missing at \(arena)"
            wanted = roundedUp(arena + min(max(missing, 1), limit))
        case .failed(let reason):
            tooSmall = max(tooSmall, arena)
            failedBlindly = true
            lastReason = "\(reason) at \(arena)"
        }
        return next(wanted)
    }

    private func next(_ wanted: Int?) -> Next {
        if let enough {
            if enough - tooSmall <= step || steps.count >= Self.mostBoots { return .found(minimum: enough) }
            // A size that is known already would teach nothing: halve what is left.
            if let wanted, wanted > tooSmall, wanted < enough { return .attempt(wanted) }
            let middle = roundedUp(tooSmall + (enough - tooSmall) / 2)
            return .attempt(middle < enough ? middle : enough - step)
        }
        guard tooSmall < limit, steps.count < Self.mostBoots else { return .hopeless(reason: lastReason) }
        return .attempt(min(limit, max(wanted ?? tooSmall * 2, tooSmall + step)))
    }

    private func roundedUp(_ bytes: Int) -> Int { (bytes + step - 1) / step * step }

    /// An arena with a margin in percent, rounded up to sixteen bytes.
    public static func recommended(_ minimum: Int, marginPercent: Double) -> Int {
        let wanted = (Double(minimum) * (1 + marginPercent / 100)).rounded(.up)
        return (Int(wanted) + 15) / 16 * 16
    }
}
