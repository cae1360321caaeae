// `espmask model`: a .tflite file looked at, and packed into the image of a slot of the model partition.

import ArgumentParser
import Crypto
import ESPImage
import HostInference

struct ModelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Look at, pack and export models.",
        subcommands: [ModelInfo.self, ModelPack.self, ModelHeaderCommand.self])

    /// A file's name without folder and ending.
    static func name(of path: String) -> String {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        return file.hasSuffix(".tflite") ? String(file.dropLast(7)) : file
    }
}

struct ModelInfo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info", abstract: "Operators, shapes and the memory map of the arena.",
        discussion: "Example: espmask model info my.tflite --svg memory.svg")

    @Argument(help: "The .tflite file.") var model: String
    @Option(help: "Draw the memory map into an SVG file.") var svg: String?
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        let bytes = try Files.read(model)
        let (loaded, plan) = try PackedModel.load(bytes, path: model)
        let digest = SHA256.hash(data: bytes).hexDigits
        if let svg {
            let drawing = MemoryDrawing(name: ModelCommand.name(of: model), ops: loaded.ops, plan: plan)
            try Files.write(Array(drawing.text.utf8), to: svg)
        }
        if console.json {
            console.event([
                "name": .string(ModelCommand.name(of: model)), "bytes": .int(bytes.count), "sha256": .string(digest),
                "ops": .array(loaded.ops.map { .string($0) }), "inputs": .array(loaded.inputs.map(\.json)),
                "outputs": .array(loaded.outputs.map(\.json)), "arena": plan.json,
                "tflm": loaded.tflmEstimate().map(\.json) ?? .null,
            ])
            return
        }
        console.line("\(ModelCommand.name(of: model)): \(bytes.count) bytes, SHA-256 \(digest)")
        console.line("operators  \(loaded.ops.joined(separator: ", "))")
        for input in loaded.inputs { console.line("input      \(input.type) \(input.shape)") }
        for output in loaded.outputs { console.line("output     \(output.type) \(output.shape)") }
        let peak = plan.peakOp < loaded.ops.count ? " (\(loaded.ops[plan.peakOp]))" : ""
        console.line(
            "arena      \(plan.arenaBytes) bytes, all of them at operator \(plan.peakOp)\(peak)"
                + (plan.isProven ? "; no smaller one is possible" : ""))
        MemoryPicture(plan: plan, opCount: loaded.ops.count).lines.forEach(console.line)
        for (index, tensor) in plan.tensors.enumerated() {
            let place = "\(tensor.offset)..<\(tensor.offset + tensor.tensor.bytes)".padded(to: 14)
            let bytes = "\(tensor.tensor.bytes) bytes".padded(to: 13)
            console.line(
                "  \(MemoryPicture.letter(index)) \(place) \(bytes) operators \(tensor.firstOp) to \(tensor.lastOp)  "
                    + tensor.tensor.name)
        }
        guard let other = loaded.tflmEstimate() else {
            return console.line("TFLM       refuses this model: float activations with int8 weights")
        }
        console.line(
            "TFLM       would need about \(other.bytes) bytes: \(other.tensorBytes) for tensors, "
                + "\(other.ownBytes) of its own (estimated for 32 bits)")
    }
}

struct ModelPack: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pack", abstract: "Pack a model into the image of one slot of the model partition.",
        discussion: "Example: espmask model pack my.tflite -o slot.bin --scale 127 --labels mask,no_mask")

    @Argument(help: "The .tflite file.") var model: String
    @Option(name: .shortAndLong, help: "Where the slot goes.") var output: String
    @Option(help: "Bytes of arena the board sets aside; 0 as planned.") var arena: UInt32 = 0
    @Option(help: "Pixels are (byte - 127) / SCALE: 127 or 128.") var scale = 128
    @Option(help: "Names of the classes, separated by commas.") var labels: String?
    @Option(help: "A file with the matrix that inputs go through first (section kind 3 of a slot).")
    var transform: String?
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        let packed = try PackedModel(
            path: model,
            options: .init(
                arena: arena, scale: scale, labels: labels?.split(separator: ",").map(String.init) ?? [],
                transform: transform))
        let (slot, plan) = (packed.slot, packed.plan)
        let image = try slot.encoded()
        try Files.write(image, to: output)
        console.event(["file": .string(output), "bytes": .int(image.count), "arena": .int(plan.arenaBytes)])
        if !console.json { console.line("\(output): \(image.count) bytes, arena \(plan.arenaBytes) bytes") }
    }
}

extension TensorDescription {
    /// The shape of an input or output of `model info --json`.
    var json: JSON {
        [
            "shape": .array(shape.map { .int($0) }), "type": .string(type), "name": .string(name),
            "scale": scale.map { .float($0) } ?? .null, "zero_point": .optional(zeroPoint),
        ]
    }
}

extension TFLMEstimate {
    /// What TensorFlow Lite Micro would need, in `model info --json`.
    var json: JSON { ["bytes": .int(bytes), "tensors": .int(tensorBytes), "own": .int(ownBytes)] }
}

extension MemoryPlan {
    /// The shape of the arena of `model info --json`.
    var json: JSON {
        [
            "bytes": .int(arenaBytes), "peak_op": .int(peakOp), "proven": .bool(isProven),
            "tensors": .array(
                tensors.map {
                    [
                        "tensor": .int($0.tensor.index), "name": .string($0.tensor.name), "offset": .int($0.offset),
                        "bytes": .int($0.tensor.bytes), "first_op": .int($0.firstOp), "last_op": .int($0.lastOp),
                    ]
                }),
        ]
    }
}
