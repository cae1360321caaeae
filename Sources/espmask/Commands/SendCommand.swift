// `espmask send`: pictures or values to a sketch that is running already, its predictions back. Nothing is flashed.

import ArgumentParser
import BoardPorts
import DeviceBridge
import HostInference

struct SendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send", abstract: "Send pictures to a running board and show what it says.",
        discussion: """
            Examples: espmask send --image face.jpg --port /dev/ttyUSB0
                      espmask send --watch photos --port /dev/rfcomm0 --json
                      espmask send --camera --count 20

            The board runs a sketch that `espmask run` or `flash` left on it; --model (or espmask.yaml) says which model \
            that is. The face is cut out where `espmask train` was used once on this machine, else the whole picture \
            is sent.
            """)

    @Option(parsing: .upToNextOption, help: "PNG or JPEG pictures.") var image: [String] = []
    @Option(help: "A CSV file, one input to a line.") var inputs: String?
    @Option(help: "Send every picture of a folder, and those that come to it.") var watch: String?
    @Flag(help: "Send pictures of a camera.") var camera = false
    @Option(help: "The camera, or a video file.") var device = "/dev/video0"
    @Option(help: "Seconds between two looks at the folder or the camera.") var every = 1.0
    @Option(help: "End after so many predictions.") var count: Int?
    @Flag(inversion: .prefixedNo, help: "Cut the face out of the picture first.") var crop = true
    @OptionGroup var ports: PortOptions
    @Option(help: "The board, as `boards/` names it.") var board: String?
    @Option(help: "The sketch that runs: run_model_cnn, run_model_pca_mlp.") var sketch: String?
    @Option(help: "The .tflite file that the board runs.") var model: String?
    @Option(help: "Pixels are (byte - 127) / SCALE: 127 or 128.") var scale: Int?
    @Option(help: "Names of the classes, separated by commas.") var labels: String?
    @Option(help: "The single output from which the second class begins.") var threshold: Double?
    @OptionGroup var out: OutputOptions

    func validate() throws {
        let ways = [!image.isEmpty, inputs != nil, watch != nil, camera].filter { $0 }.count
        guard ways == 1 else { throw ValidationError("Give one of --image, --inputs, --watch and --camera.") }
        guard every >= 0.01, every <= 3600 else { throw ValidationError("--every takes 0.01 to 3600 seconds.") }
        if let count, count < 1 { throw ValidationError("--count takes a number above 0.") }
    }

    func run() async throws {
        let console = out.console
        let project = try Project(flags: flags, sketch: sketch)
        guard let packed = try PackedModel(project: project) else {
            throw Failure("usage", "no model is named", hint: "Say with --model which one the board runs.")
        }
        let finder = crop ? FaceFinder(home: project.home, console: console) : nil
        if crop, finder == nil, inputs == nil {
            console.note("no face is cut out: whole pictures are sent (`espmask train` installs what finds faces)")
        }
        let source = InputSource(
            images: image, csv: inputs, folder: watch, camera: camera ? device : nil, period: every,
            model: packed, finder: finder)
        // What cannot be read is found out before the board is touched.
        try source.check()
        let access = Ports(home: project.home, settings: project.settings, pace: .virtualTime)
        let baud = try project.settings.number(.baud, atLeast: 300) ?? Ports.usualBaud
        let line = try await access.open(try access.address(), baud: baud)
        Interruption.hold()
        let threshold = try project.settings.real(.threshold) ?? 0.5
        var talk = BoardTalk(line: line, model: packed, threshold: threshold, console: console)
        var view = SendView(model: packed, threshold: threshold, judge: try HostJudge(packed), console: console)
        let camera = TrainingScript(home: project.home, console: console)
        try await source.forEach(camera: camera, limit: count) { name, how, sample in
            let answer = try await talk.ask(sample)
            try view.show(answer, name: name, how: how, sample: sample)
        }
        await line.close()
        try view.conclude()
        if let signal = Interruption.caught { throw ArgumentParser.ExitCode(128 + signal) }
    }

    private var flags: [SettingName: String] {
        var flags = ports.flags
        flags[.board] = board
        flags[.model] = model
        flags[.scale] = scale.map(String.init)
        flags[.labels] = labels
        flags[.threshold] = threshold.map { String($0) }
        return flags
    }
}
