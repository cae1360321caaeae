// `espmask predict`: what the board will say, computed on this machine by the same engine.

import ArgumentParser
import HostInference
import Pictures
import Toolchain

struct PredictCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict", abstract: "Run a model on this machine, with the engine that the board runs.",
        discussion: "Example: espmask predict --model my.tflite --inputs my.csv --json")

    @Option(help: "The .tflite file.") var model: String
    @Option(parsing: .upToNextOption, help: "CSV files, one sample to a line, or PNG and JPEG pictures; - for stdin.")
    var inputs: [String] = []
    @Option(help: "Bytes of arena to run in; as many as needed where not given.") var arena: Int?
    @Option(help: "Pixels of pictures are (byte - 127) / SCALE: 127 or 128.") var scale = 128
    @Flag(help: "Cut the face out of pictures first; `espmask train` brings what finds it.") var crop = false
    @Option(help: "A file with the matrix that inputs go through first (section kind 3 of a slot).")
    var transform: String?
    @Option(help: "Names of the two classes of a single output, or one per output, separated by commas.")
    var labels: String?
    @Option(help: "The single output from which the second class begins.") var threshold = 0.5
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        let packed = try PackedModel(
            path: model,
            options: .init(
                scale: scale, labels: labels?.split(separator: ",").map(String.init) ?? [], transform: transform))
        let judge: HostJudge
        do throws(InferenceError) {
            judge = try HostJudge(packed, arenaLimit: arena)
        } catch {
            throw Failure(error.code.rawValue, "\(model): \(error.message)", hint: error.hint)
        }
        let home = try ProjectHome.find(environment: Console.environmentVariables, executable: Console.executable)
        let finder = crop ? FaceFinder(home: home, console: console) : nil
        if crop, finder == nil { throw FaceFinder.missing }
        var index = 0
        for file in inputs.isEmpty ? ["-"] : inputs {
            for sample in try await samples(file, model: packed, finder: finder) {
                let prediction = try judge.predict(sample)
                let label = packed.label(prediction.values, threshold: threshold)
                show(prediction, label: label, index: index, console: console)
                index += 1
            }
        }
    }

    private func samples(_ file: String, model: PackedModel, finder: FaceFinder?) async throws -> [[InputValue]] {
        guard let finder, file != "-", PictureFile.isPicture(try Files.read(file)) else {
            return try Samples(path: file, model: model).all
        }
        return [try Samples.picture(file, model: model, face: try await finder.face(in: file))]
    }

    private func show(_ prediction: Prediction, label: String?, index: Int, console: Console) {
        console.event([
            "index": .int(index), "outputs": .array(prediction.values.map { .float($0) }),
            "bits": .array(prediction.bits.map { .string($0) }), "label": .optional(label),
        ])
        if !console.json {
            let values = prediction.values.map(\.description).joined(separator: ",")
            console.line("#\(index)  \(values)" + (label.map { "  \($0)" } ?? ""))
        }
    }
}
