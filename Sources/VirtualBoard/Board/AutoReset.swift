// The two transistors of a DevKitC between the USB bridge's modem lines and the chip: RTS alone pulls EN low, DTR alone
// pulls GPIO0 low, both together do nothing. A capacitor holds EN down for a moment after it is let go.

/// The auto-reset circuit.
struct AutoReset {
    private(set) var dtr = false
    private(set) var rts = false

    /// How long EN is taken to stay down when it is let go by asserting DTR beside RTS. Tools that reset into the
    /// loader pass through that state on their way to DTR alone, and over RFC 2217 they need 50 ms for each line.
    static let crossingNanoseconds: UInt64 = 200_000_000

    var isEnableLow: Bool { rts && !dtr }
    var isBootLow: Bool { dtr && !rts }
    var isCrossing: Bool { dtr && rts }

    mutating func set(dtr: Bool, rts: Bool) {
        self.dtr = dtr
        self.rts = rts
    }
}
