// `espmask fit`: "try a smaller picture" as a measurement. Each size is trained, measured against the board's memory and
// run on it; the table says what each costs and gains, and which one to take.

import ArgumentParser
import Toolchain

struct FitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fit", abstract: "Find the picture size that fits the board and loses nothing.",
        discussion: """
            Examples: espmask fit photos --sizes 8,10,14,20
                      espmask fit --synthetic --sizes 6,10,200 --out fit --json

            The CNN is trained for every size and converted to float32 and int8. What does not fit is said so by number \
            before anything is flashed; what fits is run on the board (the virtual one, unless --port names another).
            """)

    @Argument(help: "The folder of photos.") var data: String?
    @Flag(help: "Draw the project's own faces instead.") var synthetic = false
    @Option(help: "How many faces to draw.") var count: Int?
    @Option(help: "Sides of the picture, separated by commas.") var sizes = "8,10,14,20"
    @Option(help: "Where models, table and plot go.") var out = "fit"
    @Option(help: "Of the same pictures and seed come the same models.") var seed: Int?
    @Option(help: "Epochs at most; training ends by itself.") var epochs: Int?
    @OptionGroup var ports: PortOptions
    @Option(help: "The board, as `boards/` names it.") var board: String?
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (data == nil) == synthetic else {
            throw ValidationError("Give a folder of photos, or --synthetic.")
        }
    }

    func run() async throws {
        let console = output.console
        let home = try ProjectHome.find(environment: Console.environmentVariables, executable: Console.executable)
        if let data, !Files.isFolder(data) {
            throw Failure(
                "file-not-found", "there is no folder \(data)", hint: "Name the folder that holds one per class.")
        }
        let script = TrainingScript(home: home, console: console)
        try await script.prepare()
        let trained = Mutexed([SizeTrial]())
        try await script.run("sizes.py", arguments) { event in
            guard event.event == "result", let trial = SizeTrial(event) else { return }
            trained.with { $0.append(trial) }
        }
        var trials = trained.with { $0 }
        try await SizeMeasurement(folder: out, flags: flags, console: console).measure(&trials)
        let report = FitReport(trials: trials)
        try Files.write(Array(report.svg.utf8), to: out + "/fit.svg")
        try Files.write(Array((report.json.text + "\n").utf8), to: out + "/fit.json")
        if console.json { console.event(report.json) } else { for line in report.lines { console.line(line) } }
        guard let best = report.recommended else {
            throw Failure(
                "arena-too-small", "none of the sizes \(sizes) fits the board",
                hint: "Try smaller ones, for example --sizes 8,10.")
        }
        if !console.json {
            console.line(
                "\(out)/fit.svg shows it; run it: espmask run --model \(out)/\(best.file) --inputs \(out)/\(best.samples)"
            )
        }
    }

    private var arguments: [String] {
        var arguments = ["--out", out, "--sizes=\(sizes)"]
        if synthetic { arguments.append("--synthetic") }
        for (name, value) in [("--count", count), ("--seed", seed), ("--epochs", epochs)] {
            if let value { arguments += [name, String(value)] }
        }
        return arguments + (data.map { ["--", $0] } ?? [])
    }

    private var flags: [SettingName: String] {
        var flags = ports.flags
        flags[.board] = board
        return flags
    }
}
