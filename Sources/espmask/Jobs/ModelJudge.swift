// What each model of a training says of its pictures, in the board's own engine, and how good that is.

import Evaluation
import HostInference

/// How good one form of a model is.
struct ModelVerdict {
    /// `baseline`, `mlp`, `cnn`.
    var name: String
    /// `float64` for the baseline, else the form of the network.
    var format: String
    /// The .tflite file, where there is one.
    var path: String?
    var bytes: Int?
    /// What it says of each picture; empty where the engine does not run it.
    var predictions: [Prediction] = []
    /// The class of each.
    var said: [Int] = []
    /// Over all pictures, and over those that no network has seen; nil where the engine does not run it.
    var all: ClassificationReport?
    var test: ClassificationReport?
    /// Why it does not.
    var refusal: String?

    var title: String { "\(name) \(format)" }

    func report(_ pictures: EvaluatedPictures) -> ClassificationReport? {
        switch pictures {
        case .all: all
        case .test: test
        }
    }
}

/// Judges the models of a training.
struct ModelJudge {
    private let artifacts: Artifacts
    private let folder: String
    /// Whose pictures: the training's own, or another's of the same form.
    private let pictures: Artifacts

    init(_ artifacts: Artifacts, folder: String, pictures: Artifacts? = nil) {
        self.artifacts = artifacts
        self.folder = folder
        self.pictures = pictures ?? artifacts
    }

    /// The baseline's verdict, then each form of each network. Throws where a float32 or int8 model cannot be run.
    func verdicts() throws -> [ModelVerdict] {
        var verdicts = [baseline()]
        for network in artifacts.networks {
            for form in Artifacts.Form.allCases {
                if let model = network.models[form] {
                    verdicts.append(try verdict(network, form, path: model.path, bytes: model.bytes))
                }
            }
        }
        return verdicts
    }

    private func baseline() -> ModelVerdict {
        var verdict = ModelVerdict(name: "baseline", format: "float64")
        verdict.said = pictures.pixelRows.map { artifacts.baseline.predict(artifacts.preprocessing.apply(to: $0)) }
        report(&verdict)
        return verdict
    }

    private func verdict(
        _ network: Artifacts.Network, _ form: Artifacts.Form, path: String, bytes: [UInt8]
    ) throws -> ModelVerdict {
        var verdict = ModelVerdict(name: network.name, format: form.rawValue, path: path, bytes: bytes.count)
        do {
            let packed = try PackedModel(
                path: folder + "/" + path,
                options: .init(transform: network.isBehindTransform ? folder + "/" + artifacts.transform.path : nil))
            let outputs = packed.outputCount
            guard outputs == artifacts.classes.count || (outputs == 1 && artifacts.classes.count == 2) else {
                throw Failure(
                    "bad-inputs", "\(path) has \(outputs) outputs for \(artifacts.classes.count) classes",
                    hint: "Train again.")
            }
            let judge = try HostJudge(packed)
            let inputs = pictures.inputs(of: network)
            guard inputs.first?.count == packed.inputCount else {
                throw Failure(
                    "bad-inputs",
                    "\(path) takes \(packed.inputCount) values, its pictures have \(inputs.first?.count ?? 0)",
                    hint: "Train again.")
            }
            verdict.predictions = try inputs.map { try judge.predict($0.map { .real($0) }) }
        } catch let failure as Failure where failure.code == "model-unsupported" && form == .dynamic {
            // int8 weights under float32 activations: TensorFlow Lite on a phone runs them, no microcontroller does.
            verdict.refusal = failure.message
            return verdict
        }
        verdict.said = verdict.predictions.map { Self.named($0.values, threshold: artifacts.threshold) }
        report(&verdict)
        return verdict
    }

    /// The class of outputs: of one, the second from the threshold on; of several, the first of the largest.
    static func named(_ values: [Float], threshold: Double) -> Int {
        if values.count == 1 { return Double(values[0]) >= threshold ? 1 : 0 }
        return values.indices.max { values[$0] < values[$1] || (values[$0] == values[$1] && $0 > $1) } ?? 0
    }

    private func report(_ verdict: inout ModelVerdict) {
        let said = verdict.said
        let held = pictures.isHeldOut.indices.filter { pictures.isHeldOut[$0] }
        verdict.all = ClassificationReport(labels: pictures.labels, said: said, classes: artifacts.classes)
        verdict.test = ClassificationReport(
            labels: held.map { pictures.labels[$0] }, said: held.map { said[$0] }, classes: artifacts.classes)
    }
}
