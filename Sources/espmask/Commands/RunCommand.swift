// `espmask run`, the main job: a sketch is built, its model packed, what changed is flashed, and the board's predictions
// come back, each compared with what this machine makes of the same input.

import ArgumentParser
import BoardPorts
import DeviceBridge

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Build, flash what changed, and show the board's predictions.",
        discussion: """
            Examples: espmask run
                      espmask run --model my.tflite --inputs faces.csv --json
                      espmask run run_model_pca_mlp --port /dev/ttyUSB0 --count 3
            """)

    @Argument(help: "A sketch's name, its folder, or its .ino file; run_model_cnn runs any model with one input.")
    var sketch: String?
    @OptionGroup var ports: PortOptions
    @Option(help: "The board, as `boards/` names it.") var board: String?
    @OptionGroup var choice: BackendOption
    @Option(help: "The .tflite file.") var model: String?
    @Option(help: "Bytes of arena the board sets aside; 0 as planned.") var arena: UInt32?
    @Option(help: "Pixels are (byte - 127) / SCALE: 127 or 128.") var scale: Int?
    @Option(help: "Names of the classes, separated by commas.") var labels: String?
    @Option(help: "The single output from which the second class begins.") var threshold: Double?
    @Option(help: "How many predictions; with --inputs one for each sample, else five.") var count: Int?
    @Option(help: "A CSV file of inputs, one sample to a line, or a PNG or JPEG picture.") var inputs: String?
    @Flag(help: "Count the cycles of each operator, the stack and the free memory on the board.") var profile = false
    @Flag(help: "Let the virtual board run in real time.") var realtime = false
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        let job = try await FlashJob(
            what: sketch, flags: flags, part: .all, defines: profile ? ["PROFILE=1"] : [], console: console)
        guard let project = job.project, let model = job.model else {
            throw Failure(
                "usage", job.project == nil ? "\(sketch ?? "") is no sketch" : "the sketch names no model",
                hint: "Name a folder with an .ino file, and a model with --model.")
        }
        var plan = try RunPlan(project: project, model: model)
        plan.elf = job.elf
        let access = Ports(home: job.home, settings: job.settings, pace: realtime ? .realTime : .virtualTime)
        let address = try access.address()
        var update = job.update
        update.baud = try job.settings.number(.baud, atLeast: 300) ?? Ports.usualBaud
        let line = try await access.open(address)
        let report = try await Flashing.perform(update, over: line, console: console)
        Flashing.show(report, port: address, console: console)
        var live = try LiveRun(plan: plan, line: line, console: console)
        try await live.perform()
        if profile { try live.showProfile() }
        await line.close()
    }

    private var flags: [SettingName: String] {
        var flags = ports.flags
        flags[.board] = board
        flags.merge(choice.flags) { $1 }
        flags[.model] = model
        flags[.arena] = arena.map { String($0) }
        flags[.scale] = scale.map { String($0) }
        flags[.labels] = labels
        flags[.threshold] = threshold.map { String($0) }
        flags[.count] = count.map { String($0) }
        flags[.inputs] = inputs
        return flags
    }
}
