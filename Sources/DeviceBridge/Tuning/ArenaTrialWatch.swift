// What a board with firmware of any kind makes of an arena, from what it prints: it predicts, it says how much is
// missing, or it fails without a number. Time is an input. Left out: bringing the firmware there.

/// Listens to one trial.
public struct ArenaTrialWatch: Sendable {
    private let arena: Int
    private let started: Duration
    private var lastWord: Duration
    private var verdict: ArenaTrial?
    private var failure: (reason: String, at: Duration)?
    private var boots = 0

    /// A board that says nothing for so long has failed.
    private static let patience = Duration.seconds(5)
    /// So long after a failure without a number the line with the number may come.
    private static let settling = Duration.seconds(2)
    /// A board that talks for so long without a prediction will make none.
    private static let longest = Duration.seconds(120)

    /// Begins at `now`, with a board that was restarted with an arena of so many bytes.
    public init(arena: Int, at now: Duration) {
        self.arena = arena
        started = now
        lastWord = now
    }

    /// Takes an event of the board's output.
    public mutating func heard(_ event: MonitorEvent, at now: Duration) {
        lastWord = now
        guard verdict == nil else { return }
        switch event {
        case .diagnosis(let diagnosis): take(diagnosis, at: now)
        case .inference(let inference):
            // The libraries predict not-a-number where they could not begin.
            if inference.values.contains(where: { $0 == nil }) {
                fail("the prediction \(inference.token)", at: now)
            } else if failure == nil {
                verdict = .works(used: arena)
            }
        case .panic(let panic): fail("a panic (\(panic.cause ?? "no cause named"))", at: now)
        case .boot:
            boots += 1
            if boots > 1 { fail("a restart", at: now) }
        case .line, .partial, .sketch: break
        }
    }

    private mutating func take(_ diagnosis: Diagnosis, at now: Duration) {
        guard diagnosis.severity == .error else { return }
        if diagnosis.code == .arenaTooSmall, let missing = diagnosis.details["missing"]?.number {
            verdict = .refused(missing: missing)
        } else {
            fail(diagnosis.code.rawValue, at: now)
        }
    }

    private mutating func fail(_ reason: String, at now: Duration) {
        if failure == nil { failure = (reason, now) }
    }

    /// What the trial came to; nil = go on listening.
    public func outcome(at now: Duration) -> ArenaTrial? {
        if let verdict { return verdict }
        if let failure { return now - failure.at > Self.settling ? .failed(reason: failure.reason) : nil }
        if now - lastWord > Self.patience { return .failed(reason: "silence") }
        return now - started > Self.longest ? .failed(reason: "no prediction") : nil
    }
}
