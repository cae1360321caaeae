// What a memory-mapped device looks like to the bus. A device sees whole 32-bit registers only: a narrower load takes its
// part of the register, and a narrower store hands over its bits in their place with the rest zero, since the chip's
// peripheral bus has no byte strobes. Devices have no clock of their own; the cycle of the access is told to them.

/// A memory-mapped device; offsets are in bytes from its base, word aligned.
package protocol Peripheral: AnyObject {
    /// The register at `offset`, read by the instruction that starts at `cycle`.
    func read(_ offset: UInt32, at cycle: UInt64) -> UInt32
    /// Writes the register at `offset`.
    func write(_ offset: UInt32, _ value: UInt32, at cycle: UInt64)
}
