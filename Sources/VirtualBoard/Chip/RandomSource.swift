// The radio block's register window with the random number register at 0x144 (TRM, "Random Number Generator"). On the
// chip noise fills it; here a seeded generator does, so that the same board gives the same run. The rest stores.

/// The WDEV block.
package final class RandomSource: Peripheral {
    private var registers = RegisterFile(size: 0x1000)
    private var state: UInt64

    /// The same seed gives the same numbers.
    package init(seed: UInt64) { state = seed }

    package func read(_ offset: UInt32, at cycle: UInt64) -> UInt32 {
        offset & ~3 == 0x144 ? next() : registers[offset]
    }
    package func write(_ offset: UInt32, _ value: UInt32, at cycle: UInt64) { registers[offset] = value }

    // SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators").
    private func next() -> UInt32 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return UInt32(truncatingIfNeeded: (mixed ^ mixed >> 31) >> 32)
    }
}
