// `espmask monitor`: the board's serial stream as lines, predictions and named causes, until something happens, a time
// is over, or Ctrl-C.

import ArgumentParser
import BoardPorts
import DeviceBridge
import HostInference
import Toolchain

struct MonitorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "monitor", abstract: "Show what a board says, and name what is wrong with it.",
        discussion: """
            Examples: espmask monitor --port /dev/ttyUSB0 --reset
                      espmask monitor --until count=5 --timeout 30 --json
                      espmask monitor --filter '*:W' --filter wifi:I --log board.log

            In a terminal predictions are rows with their inputs as pictures, and keys go to the board (Ctrl-T h tells \
            which are commands). It ends with 6 when something was found wrong with the firmware.
            """)

    @OptionGroup var ports: PortOptions
    @Flag(inversion: .prefixedNo, help: "Reset the board first, to see its start, and again where nan needs it.")
    var reset = false
    @Option(help: "The firmware's ELF file, for panics; builds in .espmask/build are found by themselves.")
    var elf: String?
    @Option(help: "Keep the raw bytes in this file.") var log: String?
    @Option(help: "Keep the predictions in this file, one to a line.") var csv: String?
    @Flag(help: "Put the time since the start before each line.") var timestamps = false
    @Option(help: "TAG:L shows lines of a tag up to a level (E, W, I, D, V; * is every tag).") var filter: [String] = []
    @Option(help: "End when a line matches REGEX, or after count=N predictions.") var until: String?
    @Option(help: "End after so many seconds.") var timeout: Double?
    @Option(help: "Names of the classes, separated by commas.") var labels: String?
    @Option(help: "The single output from which the second class begins.") var threshold: Double?
    @Flag(help: "Show the board's lines as they come also in a terminal, and leave the keyboard alone.")
    var plain = false
    @Flag(inversion: .prefixedNo, help: "Open a port that vanished again when it is back.") var reconnect = true
    @OptionGroup var out: OutputOptions

    func validate() throws {
        if let timeout, !(timeout > 0 && timeout < 1e9) {
            throw ValidationError("--timeout takes a number of seconds above 0.")
        }
    }

    func run() async throws {
        let console = out.console
        let home = try ProjectHome.find(environment: Console.environmentVariables, executable: Console.executable)
        let settings = try Project.settings(flags: flags)
        let access = Ports(home: home, settings: settings, pace: .realTime)
        var plan = Watch.Plan()
        plan.goal = try MonitorGoal(until: until)
        plan.resets = reset
        plan.timeout = timeout.map { .seconds($0) }
        plan.baud = try settings.number(.baud, atLeast: 300) ?? Ports.usualBaud
        let filters = try filter.map { try LogFilter($0) }
        let labels = try SketchLabels(named: settings, home: home)
        plan.hasLabels = labels.labels.isEmpty == false
        let firmware = try FirmwareFinder(elf: elf)
        let address = try access.address()
        let baud = plan.baud
        if reconnect { plan.reopen = { () throws(DeviceError) in try await access.open(address, baud: baud) } }
        // Where nobody sits before it, a port that stays away is a failure.
        if !console.isTerminal { plan.patience = .seconds(30) }
        let recorder = try MonitorRecorder(log: log, csv: csv)
        let line = try await access.open(address, baud: baud)
        Interruption.hold()
        let session = MonitorSession(
            line: line,
            MonitorConfiguration(
                labels: labels.labels, threshold: labels.threshold, operators: OperatorNames.names))
        let usesScreen = console.isTerminal && !console.json && !plain
        var watch = Watch(
            session: session, plan: plan, home: home, recorder: recorder,
            face: face(console, filters: filters, port: address.description, usesScreen: usesScreen),
            firmware: firmware, keyboard: usesScreen ? Keyboard() : nil)
        try await watch.perform()
    }

    private func face(
        _ console: Console, filters: [LogFilter], port: String, usesScreen: Bool
    ) -> any MonitorFace {
        if console.json { return JSONFace(console: console, timestamps: timestamps, filters: filters) }
        if usesScreen { return ScreenFace(console: console, port: port, timestamps: timestamps, filters: filters) }
        return TextFace(console: console, timestamps: timestamps, filters: filters)
    }

    private var flags: [SettingName: String] {
        var flags = ports.flags
        flags[.labels] = labels
        flags[.threshold] = threshold.map { String($0) }
        return flags
    }
}
