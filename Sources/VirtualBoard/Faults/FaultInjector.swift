// Makes a board misbehave on purpose.

/// Sits on the board's bytes, flash writes and time, and breaks what its specs say.
public final class FaultInjector {
    /// Makes an injector with the faults of a `--fault` argument (FORMATS.md, "Fault specs").
    public convenience init(parsing text: String) throws(VirtualBoardError) { self.init() }
    init() {}
    /// Hooks the flash; called once by the board.
    package func attach(to flash: NORFlash) {}
    /// Takes bytes on their way to the board (`rx`) or to the host (`tx`) at board time `now` in ns.
    package func admit(_ bytes: [UInt8], _ direction: FaultDirection, now: UInt64) {}
    /// The bytes that have come through by `now`.
    package func release(_ direction: FaultDirection, now: UInt64) -> [UInt8] { [] }
    /// When the next held byte comes through, nil when none is held.
    package func nextRelease(_ direction: FaultDirection) -> UInt64? { nil }
    /// True once after a flash write that cut the power: the board must go off.
    package func takePowerCut() -> Bool { false }
    /// True once when the line must hang up.
    package func takeDisconnect() -> Bool { false }
    /// Board time in ns of the next brownout, nil when none is to come.
    package var nextBrownout: UInt64? { nil }
    /// True once per brownout that is due at `now`: the board must reset with the brownout cause.
    package func takeBrownout(now: UInt64) -> Bool { false }
}

/// A direction, seen from the board.
package enum FaultDirection: String, CaseIterable, Sendable {
    case rx
    case tx
}
