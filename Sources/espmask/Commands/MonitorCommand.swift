// `espmask monitor`: the board's serial stream as lines, predictions and named causes, until something happens, a time
// is over, or Ctrl-C.

import ArgumentParser
import BoardPorts
import DeviceBridge
import Toolchain

struct MonitorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "monitor", abstract: "Show what a board says, and name what is wrong with it.",
        discussion: """
            Examples: espmask monitor --port /dev/ttyUSB0 --reset
                      espmask monitor --until count=5 --timeout 30 --json
            """)

    @OptionGroup var ports: PortOptions
    @Flag(inversion: .prefixedNo, help: "Reset the board first, to see its start.") var reset = false
    @Option(help: "Keep the raw bytes in this file.") var log: String?
    @Option(help: "Keep the predictions in this file, one to a line.") var csv: String?
    @Flag(help: "Put the time since the start before each line.") var timestamps = false
    @Option(help: "TAG:L shows lines of a tag from a level on (E, W, I, D, V; * is every tag).") var filter: [String] =
        []
    @Option(help: "End when a line matches REGEX, or after count=N predictions.") var until: String?
    @Option(help: "End after so many seconds.") var timeout: Double?
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        let home = try ProjectHome.find(environment: Console.environmentVariables, executable: Console.executable)
        let settings = try Project.settings(flags: ports.flags)
        let access = Ports(home: home, settings: settings, pace: .realTime)
        let goal = try MonitorGoal(until: until)
        let filters = try filter.map { try LogFilter($0) }
        let labels = settings[.labels]?.text.split(separator: ",").map { String($0) } ?? []
        let recorder = try MonitorRecorder(log: log, csv: csv)
        let baud = try settings.number(.baud, atLeast: 300) ?? Ports.usualBaud
        let line = try await access.open(try access.address(), baud: baud)
        let session = MonitorSession(
            line: line,
            MonitorConfiguration(labels: labels, threshold: try settings.real(.threshold) ?? 0.5))
        var watch = Watch(
            session: session, goal: goal, recorder: recorder,
            view: MonitorView(console: console, timestamps: timestamps, filters: filters))
        try await watch.perform(resets: reset, timeout: timeout.map { .seconds($0) })
        await line.close()
    }
}
