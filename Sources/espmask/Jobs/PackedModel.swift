// A model as it goes to the board: verified by the engine that will run it, planned, and put into a slot with its
// input transform and labels. `model pack`, `flash` and `run` all pack here, so that they pack alike.

import ESPImage
import HostInference

/// A verified model and its slot.
struct PackedModel {
    let loaded: LoadedModel
    let plan: MemoryPlan
    var slot: ModelSlot

    /// What a model is packed with.
    struct Options {
        var arena: UInt32 = 0
        var scale = 128
        var labels: [String] = []
        /// A file of an input transform, section kind 3 of a slot.
        var transform: String?
    }

    /// Reads and packs the model at `path`. Throws `model-invalid`, `model-unsupported`, `op-missing`,
    /// `arena-too-small`, `model-too-large`, `usage` or `file-not-found`.
    init(path: String, options: Options) throws {
        let bytes = try Files.read(path)
        (loaded, plan) = try Self.load(bytes, path: path)
        if options.arena > 0, Int(options.arena) < plan.arenaBytes {
            throw Failure(
                "arena-too-small",
                "the arena is too small for \(path): needed \(plan.arenaBytes) bytes, available \(options.arena), "
                    + "missing \(plan.arenaBytes - Int(options.arena))",
                hint: "Give --arena \(plan.arenaBytes), or 0 for as much as is needed.")
        }
        slot = ModelSlot(name: ModelCommand.name(of: path), model: bytes)
        slot.arenaBytes = options.arena
        slot.pixelScale = try ModelSlot.PixelScale.of(options.scale)
        slot.labels = options.labels
        slot.memoryPlan = .init(
            arenaBytes: UInt32(plan.arenaBytes), offsets: plan.offsets.map { $0 == .max ? nil : $0 })
        if let transform = options.transform {
            slot.inputTransform = try ModelSlot.InputTransform(parsing: try Files.read(transform))
        }
    }

    /// Verifies and plans a model whose file's name is said where it cannot be used.
    static func load(_ bytes: [UInt8], path: String) throws(Failure) -> (LoadedModel, MemoryPlan) {
        do throws(InferenceError) {
            let loaded = try LoadedModel(bytes: bytes)
            return (loaded, try loaded.plan())
        } catch {
            throw Failure(error.code.rawValue, "\(path): \(error.message)", hint: error.hint)
        }
    }

    /// Packs what a project's settings name; nil where they name no model.
    init?(project: Project) throws {
        guard let path = project.file(.model) else { return nil }
        let labels = project.settings[.labels]?.text.split(separator: ",").map { String($0) } ?? []
        // An arena belongs to the model it was given with: another model, chosen by something stronger, has its own.
        let arena = try project.settings.number(.arena) ?? 0
        var options = Options(
            arena: project.settings.isAsStrong(.arena, as: .model) ? UInt32(clamping: arena) : 0,
            scale: try project.settings.number(.scale) ?? 128)
        options.transform = project.file(.transform)
        try self.init(path: path, options: options)
        if Self.fit(labels, outputs: outputCount) { slot.labels = labels }
        // What does not fit into a slot is found out before any board is touched.
        _ = try slot.encoded()
    }

    /// How many values a prediction has.
    var outputCount: Int { loaded.outputs.reduce(0) { $0 + $1.elements } }

    /// How many values one input has, in front of the transform where there is one.
    var inputCount: Int { slot.inputTransform?.columns ?? loaded.sampleCount }

    /// Whether labels name the outputs: one each, or two for a single output with a threshold.
    static func fit(_ labels: [String], outputs: Int) -> Bool {
        labels.count == outputs || (outputs == 1 && labels.count == 2)
    }
}
