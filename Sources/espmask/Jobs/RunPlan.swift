// What `run` asks of the board: which inputs, how many predictions, and how its answers are named.

import SystemPackage
import Toolchain

/// The questions of a run.
struct RunPlan {
    let model: PackedModel
    /// The samples to send, in turn; nil lets the sketch predict random inputs.
    let samples: Samples?
    /// How many predictions.
    let count: Int
    /// The single output from which the second class begins.
    let threshold: Double
    /// The firmware, for decoding what a panic prints.
    var elf: FilePath?

    /// Without inputs of the user's own.
    private static let usualCount = 5

    /// Reads the inputs. Throws `file-not-found`, `bad-inputs` and `usage`.
    init(project: Project, model: PackedModel) throws {
        self.model = model
        threshold = try project.settings.real(.threshold) ?? 0.5
        if let path = project.file(.inputs) {
            if project.isChosen(.inputs) {
                samples = try Samples(path: path, model: model)
            } else {
                // The sketch's own inputs are for the sketch's own model; another one may take others.
                samples = try? Samples(path: path, model: model)
            }
        } else {
            samples = nil
        }
        let asked = try project.settings.number(.count, atLeast: 1)
        count = asked ?? (project.isChosen(.inputs) ? samples?.all.count : nil) ?? Self.usualCount
    }

    /// The sample behind a prediction, counted from 0.
    func sample(_ index: Int) -> Int? {
        guard let samples, !samples.all.isEmpty else { return nil }
        return index % samples.all.count
    }
}
