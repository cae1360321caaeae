// Runs a model on the host with the memory that a board would give it: an arena of exactly the planned size.

import InferenceC

/// A model with its memory, ready to predict.
public final class InferenceSession {
    package let loaded: LoadedModel
    private let words: UnsafeMutableBufferPointer<UInt32>
    private let memory: UnsafeMutableRawBufferPointer
    private var model: inference_model
    var engine = inference_engine()

    /// The plan in force.
    public let plan: MemoryPlan
    /// Bytes of arena that were given.
    public let arenaBytes: Int

    // Bytes before and behind the arena that no operator may touch.
    private static let guardBytes = 64
    private static let guardPattern: UInt8 = 0xA5

    /// Gives the model an arena: of `arenaLimit` bytes, or as much as it needs.
    ///
    /// Throws `arena-too-small` with the bytes needed, available and missing.
    public convenience init(_ loaded: LoadedModel, arenaLimit: Int? = nil) throws(InferenceError) {
        try self.init(loaded, plan: try loaded.plan(), arenaLimit: arenaLimit)
    }

    /// The same under a plan of the caller's, which must be one that the model accepts.
    package init(_ loaded: LoadedModel, plan: MemoryPlan, arenaLimit: Int? = nil) throws(InferenceError) {
        let given = max(0, min(arenaLimit ?? plan.arenaBytes, Int(UInt32.max >> 1)))
        self.loaded = loaded
        self.plan = plan
        arenaBytes = given
        model = loaded.model
        // Never more than is used, whatever the limit says.
        let size = min(given, plan.arenaBytes)
        words = .allocate(capacity: plan.offsets.count + 1)
        _ = words.initialize(from: plan.words)
        memory = .allocate(byteCount: size + 2 * Self.guardBytes, alignment: 16)
        memory.initializeMemory(as: UInt8.self, repeating: Self.guardPattern)
        var error = inference_error()
        let arena = memory.baseAddress?.advanced(by: Self.guardBytes)
        // The model is held in the C engine by address: it lives as long as this object.
        let code = withUnsafeMutablePointer(to: &model) { model in
            inference_start(&engine, model, words.baseAddress, UInt32(words.count), arena, UInt32(size), &error)
        }
        guard code == INFERENCE_OK else { throw InferenceError(error, model: loaded.model) }
    }

    deinit {
        words.deallocate()
        memory.deallocate()
    }

    /// Whether no operator has written outside the arena.
    package var guardsAreIntact: Bool {
        let end = memory.count - Self.guardBytes
        return memory[..<Self.guardBytes].allSatisfy { $0 == Self.guardPattern }
            && memory[end...].allSatisfy { $0 == Self.guardPattern }
    }
}
