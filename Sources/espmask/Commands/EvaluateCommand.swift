// `espmask evaluate`: a training's models judged again from what it left on the disk, by the engine that a board runs,
// and on a board with --port.

import ArgumentParser
import Evaluation

struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Judge trained models again: precision, recall, f1, accuracy.",
        discussion: """
            Examples: espmask evaluate models --min-accuracy 0.8
                      espmask evaluate models --compare released --json
                      espmask evaluate models --port virtual:

            DIR is what `espmask train --out DIR` wrote; every file in it is checked against its SHA-256 first. It ends \
            with 1 where a model is not good enough, is worse than in --compare, or where the board's bits are others.
            """)

    @Argument(help: "The folder with ci_artifacts.json.") var folder: String
    @Option(help: "End with 1 where a model's accuracy is below.") var minAccuracy: Double?
    @Option(help: "End with 1 where a model is less accurate than that folder's on the same pictures.")
    var compare: String?
    @Option(help: "Which pictures count for both: all, or test for those that no network has seen.")
    var pictures = EvaluatedPictures.all
    @OptionGroup var ports: PortOptions
    @Option(help: "The board, as `boards/` names it.") var board: String?
    @OptionGroup var out: OutputOptions

    func validate() throws {
        if let minAccuracy, !(0...1).contains(minAccuracy) {
            throw ValidationError("--min-accuracy takes a number from 0 to 1.")
        }
    }

    func run() async throws {
        let console = out.console
        let artifacts = try Self.load(folder)
        let judged = try ModelJudge(artifacts, folder: folder).verdicts()
        var differing = 0
        var onBoard: [BoardVerdict] = []
        if !ports.port.isEmpty {
            onBoard = try await BoardEvaluation(
                artifacts: artifacts, folder: folder, flags: flags, console: console
            ).verdicts(of: judged)
            differing = onBoard.reduce(0) { $0 + $1.differing }
        }
        let baseline = try compare.map { try baselineVerdicts($0, for: artifacts, console: console) }
        let report = EvaluationView(
            artifacts: artifacts, verdicts: judged, board: onBoard, baseline: baseline, pictures: pictures)
        if console.json { console.event(report.json) } else { for line in report.lines { console.line(line) } }
        try conclude(judged, baseline: baseline ?? [], differing: differing)
    }

    /// A folder's artifacts, checked.
    static func load(_ folder: String) throws -> Artifacts {
        guard Files.isFolder(folder) else {
            throw Failure(
                "file-not-found", "there is no folder \(folder)", hint: "Name what `espmask train --out` wrote.")
        }
        do {
            return try Artifacts { try Files.read(folder + "/" + $0) }
        } catch let error as EvaluationError {
            throw Failure(error.code, "\(folder): \(error.message)", hint: error.hint)
        }
    }

    /// The other folder's models on this folder's pictures where they take them, else on its own.
    private func baselineVerdicts(
        _ other: String, for artifacts: Artifacts, console: Console
    ) throws -> [ModelVerdict] {
        let theirs = try Self.load(other)
        if theirs.classes == artifacts.classes, theirs.pictureSide == artifacts.pictureSide,
            theirs.pixelRows.first?.count == artifacts.pixelRows.first?.count
        {
            return try ModelJudge(theirs, folder: other, pictures: artifacts).verdicts()
        }
        console.note("\(other) takes other pictures: its models are compared by their accuracy on its own")
        return try ModelJudge(theirs, folder: other).verdicts()
    }

    private func conclude(_ judged: [ModelVerdict], baseline: [ModelVerdict], differing: Int) throws(Failure) {
        if differing > 0 {
            throw Failure(
                "verify-failed", "\(differing) predictions of the board differ from this machine's",
                hint: "The firmware's engine is another one than this program's: flash it again.")
        }
        for verdict in judged {
            guard let accuracy = verdict.report(pictures)?.accuracy else { continue }
            if let minAccuracy, accuracy < minAccuracy {
                throw Failure(
                    "accuracy-too-low",
                    "\(verdict.title): accuracy \(EvaluationView.decimals(accuracy)) is below \(minAccuracy)",
                    hint: "Train on more pictures, or ask for less with --min-accuracy.")
            }
            let before = baseline.first { $0.name == verdict.name && $0.format == verdict.format }
            if let before = before?.report(pictures)?.accuracy, accuracy < before {
                throw Failure(
                    "accuracy-too-low",
                    "\(verdict.title): accuracy \(EvaluationView.decimals(accuracy)), "
                        + "\(EvaluationView.decimals(before)) in \(compare ?? "")",
                    hint: "Keep the models of \(compare ?? "the baseline"), or train again.")
            }
        }
    }

    private var flags: [SettingName: String] {
        var flags = ports.flags
        flags[.board] = board
        return flags
    }
}

/// Which pictures count.
enum EvaluatedPictures: String, ExpressibleByArgument, CaseIterable {
    case all, test
}
