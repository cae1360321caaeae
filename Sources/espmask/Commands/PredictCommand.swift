// `espmask predict`: what the board will say, computed on this machine by the same engine.

import ArgumentParser
import HostInference

struct PredictCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict", abstract: "Run a model on this machine, with the engine that the board runs.",
        discussion: "Example: espmask predict --model my.tflite --inputs my.csv --json")

    @Option(help: "The .tflite file.") var model: String
    @Option(help: "CSV files, one sample to a line; - for standard input.") var inputs: [String] = []
    @Option(help: "Bytes of arena to run in; as many as needed where not given.") var arena: Int?
    @Option(help: "Names of the two classes of a single output, or one per output, separated by commas.")
    var labels: String?
    @Option(help: "The single output from which the second class begins.") var threshold: Float = 0.5
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        let (loaded, _) = try PackedModel.load(try Files.read(model), path: model)
        let session: InferenceSession
        do throws(InferenceError) {
            session = try InferenceSession(loaded, arenaLimit: arena)
        } catch {
            throw Failure(error.code.rawValue, "\(model): \(error.message)", hint: error.hint)
        }
        var index = 0
        for file in inputs.isEmpty ? ["-"] : inputs {
            let text = try Files.text(file)
            let samples: [[InputValue]]
            do { samples = try SampleFile.samples(in: text, for: loaded) } catch {
                throw Failure(error.code.rawValue, "\(file): \(error.message)", hint: error.hint)
            }
            for sample in samples {
                show(try session.run(sample), index: index, console: console)
                index += 1
            }
        }
    }

    private func show(_ prediction: Prediction, index: Int, console: Console) {
        let label = label(of: prediction)
        console.event([
            "index": .int(index), "outputs": .array(prediction.values.map { .float($0) }),
            "bits": .array(prediction.bits.map { .string($0) }), "label": .optional(label),
        ])
        if !console.json {
            let values = prediction.values.map(\.description).joined(separator: ",")
            console.line("#\(index)  \(values)" + (label.map { "  \($0)" } ?? ""))
        }
    }

    private func label(of prediction: Prediction) -> String? {
        guard let names = labels?.split(separator: ",").map(String.init), let first = prediction.values.first else {
            return nil
        }
        if prediction.values.count == 1, names.count == 2 { return names[first >= threshold ? 1 : 0] }
        guard let best = prediction.values.indices.max(by: { prediction.values[$0] < prediction.values[$1] }) else {
            return nil
        }
        return best < names.count ? names[best] : nil
    }
}
