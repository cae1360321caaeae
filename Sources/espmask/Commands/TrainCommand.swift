// `espmask train`: photos become models, by the scripts of training/; this is their face.

import ArgumentParser
import SystemPackage
import Toolchain

struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Train the workshop's classifiers on a folder of photos.",
        discussion: """
            Examples: espmask train photos --out models
                      espmask train --synthetic --out models --size 12

            The folder holds one folder per class (photos/mask/*.jpg, photos/no_mask/*.jpg), at least five pictures in \
            each. On first use a Python environment is made in ~/.cache/espmask/training (ESPMASK_TRAINING names \
            another place). Afterwards: `cd models && espmask run`, `espmask evaluate models`.
            """)

    @Argument(help: "The folder of photos.") var data: String?
    @Flag(help: "Draw the project's own faces instead.") var synthetic = false
    @Option(help: "How many faces to draw.") var count: Int?
    @Option(help: "Where everything goes.") var out: String
    @Option(help: "Side of the CNN's picture.") var size: Int?
    @Option(help: "Side of the picture in front of the PCA.") var pcaSize: Int?
    @Option(help: "Of the same pictures and seed come the same models.") var seed: Int?
    @Option(help: "Epochs at most; training ends by itself.") var epochs: Int?
    @Option(help: "Trainings of each network, of which the best is kept.") var starts: Int?
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (data == nil) == synthetic else {
            throw ValidationError("Give a folder of photos, or --synthetic.")
        }
    }

    func run() async throws {
        let console = output.console
        let home = try ProjectHome.find(environment: Console.environmentVariables, executable: Console.executable)
        // What needs no Python is found out before gigabytes are fetched.
        if let data, !Files.isFolder(data) {
            throw Failure(
                "file-not-found", "there is no folder \(data)", hint: "Name the folder that holds one per class.")
        }
        let script = TrainingScript(home: home, console: console)
        try await script.prepare()
        let results = Mutexed([JSON]())
        try await script.run("pipeline.py", arguments) { event in
            guard event.event == "result", let model = event.model, let format = event.format else { return }
            results.with {
                $0.append([
                    "name": .string(model), "format": .string(format), "bytes": .optional(event.bytes),
                    "accuracy": event.accuracy.map { .number($0) } ?? .null,
                    "test_accuracy": event.test.map { .number($0) } ?? .null,
                ])
            }
        }
        console.event([
            "event": "done", "out": .string(out), "report": .string(out + "/report.html"),
            "artifacts": .string(out + "/ci_artifacts.json"), "models": .array(results.with { $0 }),
        ])
        if !console.json {
            console.line("models, headers, plots and \(out)/report.html are written")
            console.line("next: espmask evaluate \(out), or: cd \(out) && espmask run")
        }
    }

    private var arguments: [String] {
        var arguments = ["--out", out, "--espmask", Console.executable.string]
        if synthetic { arguments.append("--synthetic") }
        for (name, value) in [
            ("--count", count), ("--size", size), ("--pca-size", pcaSize), ("--seed", seed), ("--epochs", epochs),
            ("--starts", starts),
        ] { if let value { arguments += [name, String(value)] } }
        // Behind the options, so that a folder may be called anything.
        return arguments + (data.map { ["--", $0] } ?? [])
    }
}
