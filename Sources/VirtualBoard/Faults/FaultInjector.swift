// Makes a board misbehave on purpose: sits on its bytes in both directions, on its flash and on its time. It only
// says what is due; the board resets, goes off or hangs up. Faults can be added while the board runs.

/// The faults of one board.
///
/// Not Sendable: it has one owner, the board.
public final class FaultInjector {
    private var receiving = FaultChannel()
    private var sending = FaultChannel()
    private var brownouts: [UInt64] = []
    private var powerCuts: Set<Int> = []
    private var hasCutPower = false
    private var flashBits: [FaultSpec] = []
    private weak var flash: NORFlash?
    /// Flash programs and erases since the flash was attached.
    private var writes = 0

    /// Makes an injector with these faults.
    public init(_ specs: [FaultSpec] = []) {
        for spec in specs { add(spec) }
    }

    /// Makes an injector with the faults of a `--fault` argument.
    ///
    /// Throws `usage`, saying what is wrong where, with an example that is right.
    public convenience init(parsing text: String) throws(VirtualBoardError) { self.init(try FaultSpec.parse(text)) }

    /// Adds a fault at board time `now`, in ns; its bytes, writes and milliseconds are counted from here.
    public func add(_ spec: FaultSpec, at now: UInt64 = 0) {
        switch spec {
        case .powerCut(let write): powerCuts.insert(writes &+ write)
        case .brownout(let milliseconds):
            brownouts.append(now &+ UInt64(max(0, milliseconds)) * 1_000_000)
            brownouts.sort()
        case .flashBit:
            if let flash { disturb(flash, spec) } else { flashBits.append(spec) }
        case .drop, .corrupt, .duplicate, .delay, .disconnect, .rate:
            receiving.add(spec, direction: .rx)
            sending.add(spec, direction: .tx)
        }
    }

    /// Nothing goes wrong any more; what bytes are held is lost.
    package func end() {
        (receiving, sending) = (FaultChannel(), FaultChannel())
        brownouts = []
        powerCuts = []
        hasCutPower = false
    }

    /// Hooks the flash; called once by the board.
    package func attach(to flash: NORFlash) {
        self.flash = flash
        for spec in flashBits { disturb(flash, spec) }
        flashBits = []
        flash.onWrite = { [weak self] _ in
            guard let self else { return true }
            writes += 1
            guard powerCuts.remove(writes) != nil else { return true }
            hasCutPower = true
            return false
        }
    }

    /// Takes bytes on their way to the board (`rx`) or to the host (`tx`) at board time `now`, in ns.
    package func admit(_ bytes: [UInt8], _ direction: FaultDirection, now: UInt64) {
        switch direction {
        case .rx: receiving.admit(bytes, now: now)
        case .tx: sending.admit(bytes, now: now)
        }
    }

    /// The bytes that have come through by `now`.
    package func release(_ direction: FaultDirection, now: UInt64) -> [UInt8] {
        switch direction {
        case .rx: receiving.release(now: now)
        case .tx: sending.release(now: now)
        }
    }

    /// When the next held byte comes through, nil when none is held.
    package func nextRelease(_ direction: FaultDirection) -> UInt64? {
        switch direction {
        case .rx: receiving.nextRelease
        case .tx: sending.nextRelease
        }
    }

    /// How many bytes are held, so that whoever feeds the board can wait.
    package func held(_ direction: FaultDirection) -> Int {
        switch direction {
        case .rx: receiving.held
        case .tx: sending.held
        }
    }

    /// Forgets held bytes, when the board loses power or the line is opened anew; counts go on.
    package func clearLine() {
        receiving.clear()
        sending.clear()
    }

    /// True once after a flash write that cut the power: the board must go off.
    package func takePowerCut() -> Bool {
        defer { hasCutPower = false }
        return hasCutPower
    }

    /// True once when the line must hang up; what was held is lost.
    package func takeDisconnect() -> Bool {
        guard receiving.mustDisconnect || sending.mustDisconnect else { return false }
        clearLine()
        return true
    }

    /// Board time of the next brownout in ns, nil when none is to come.
    package var nextBrownout: UInt64? { brownouts.first }

    /// True once per brownout that is due at `now`: the board must reset with the brownout cause.
    package func takeBrownout(now: UInt64) -> Bool {
        guard let first = brownouts.first, first <= now else { return false }
        brownouts.removeFirst()
        return true
    }

    private func disturb(_ flash: NORFlash, _ spec: FaultSpec) {
        guard case .flashBit(let offset, let bit, let stuckAt) = spec else { return }
        if let stuckAt {
            flash.stuckBits.append(StuckBit(offset: offset, bit: bit, value: stuckAt))
        } else {
            flash.flipBit(bit, at: offset)
        }
    }
}
