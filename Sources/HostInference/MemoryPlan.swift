// A memory plan as a value: what goes into a model slot's plan section, and what `model info` shows of it.

/// Where each tensor of a model lies in the arena.
public struct MemoryPlan: Sendable, Equatable {
    /// A tensor that lives in the arena.
    public struct Tensor: Sendable, Equatable {
        /// Which tensor it is.
        public var tensor: TensorDescription
        /// Its place, in bytes from the arena's base.
        public var offset: Int
        /// The first operator that needs it there; inputs are needed from operator 0 on.
        public var firstOp: Int
        /// The last operator that needs it there; outputs are needed to the last one.
        public var lastOp: Int
    }

    /// Size of the arena in bytes, scratch included; a multiple of 4. The base must be 16-aligned.
    public var arenaBytes: Int
    /// An offset per tensor of the main subgraph; `UInt32.max` = not in the arena.
    public var offsets: [UInt32]
    /// Whether no smaller arena is possible.
    public var isProven = false
    /// The tensors in the arena, by index.
    public var tensors: [Tensor]
    /// Bytes that each operator needs: up to the end of the highest tensor it finds alive, and its scratch.
    public var bytesPerOp: [Int]

    /// The first operator that needs the whole arena.
    public var peakOp: Int { bytesPerOp.firstIndex(of: bytesPerOp.max() ?? 0) ?? 0 }

    /// The model slot's section of kind 2: the arena's bytes, then an offset per tensor, 32 bits each, little-endian.
    public var sectionBytes: [UInt8] {
        ([UInt32(arenaBytes)] + offsets).flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
    }

    /// The section as the words that the engine reads.
    package var words: [UInt32] { [UInt32(arenaBytes)] + offsets }
}
