// `espmask test`: hardware-in-the-loop scripts against boards, virtual or real, as a team's CI calls it.

import ArgumentParser
import BoardPorts
import DeviceBridge
import HIL
import Toolchain

struct TestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Run hardware-in-the-loop scripts against boards, virtual or real.",
        discussion: """
            Examples: espmask test tests/happy.yaml
                      espmask test tests --port /dev/ttyUSB0,/dev/ttyUSB1 --junit report.xml --report report.html
                      espmask test tests --lint

            A folder stands for the .yaml files in it. Without --port, virtual boards are used, as many as --jobs says. \
            Scripts that hold a list of steps are there to be included and are not run. What a board said is in \
            .espmask/tests afterwards, in a file for each test.
            """)

    @Argument(help: "Scripts, or folders of scripts.") var scripts: [String] = []
    @OptionGroup var ports: PortOptions
    @Option(help: "The board, as `boards/` names it.") var board: String?
    @OptionGroup var choice: BackendOption
    @Flag(help: "Check the scripts, and run nothing.") var lint = false
    @Flag(help: "Print the JSON Schema of scripts, for editors.") var schema = false
    @Option(help: "Write JUnit XML to a file.") var junit: String?
    @Option(help: "Write a self-contained HTML page to a file.") var report: String?
    @Option(help: "Run only scripts with one of these tags; -TAG leaves those with it out.") var tags: String?
    @Option(help: "How many tests run side by side; one for each board, or for each core with virtual boards.")
    var jobs: Int?
    @Option(help: "Try a failed test so often again; it is then shown as flaky.") var retries = 0
    @Option(help: "The seed of random inputs, to have a run again.") var seed: UInt64?
    @Option(help: "The folder for what the boards said.") var logs = ".espmask/tests"
    @Option(help: "NAME=VALUE: a variable of the scripts, stronger than theirs.") var set: [String] = []
    @OptionGroup var out: OutputOptions

    func validate() throws {
        if scripts.isEmpty, !schema { throw ValidationError("Name scripts, or folders of scripts.") }
        if let jobs, !(1...256).contains(jobs) { throw ValidationError("--jobs takes a number from 1 to 256.") }
        guard (0...20).contains(retries) else { throw ValidationError("--retries takes a number from 0 to 20.") }
        for pair in set where !pair.contains("=") { throw ValidationError("--set takes NAME=VALUE, not '\(pair)'.") }
    }

    func run() async throws {
        let console = out.console
        if schema { return console.line(ScriptSchema.text) }
        let home = try ProjectHome.find(environment: Console.environmentVariables, executable: Console.executable)
        let finder = ScriptFinder(disk: ScriptDisk(home: home), values: values)
        let read = try finder.read(scripts)
        try refuse(read.flatMap(\.problems), of: read.count, console)
        if lint { return lintSummary(read.count, console) }
        let chosen = read.map(\.script).filter { isWanted($0) }
        guard !chosen.isEmpty else {
            throw Failure(
                "usage", "no script has the tags \(tags ?? "")", hint: "`espmask test --lint` reads them all.")
        }
        let settings = try Project.settings(flags: flags)
        let count = min(jobs ?? Self.cores, chosen.count)
        let boards = try TestBoards(home: home, settings: settings, flags: flags).all(count: count)
        let options = TestRun.Options(
            jobs: jobs ?? boards.count, retries: retries, seed: seed ?? UInt64.random(in: 0...999_999), logs: logs)
        Interruption.hold()
        let face = TestFace(names: chosen.map(\.name), console: console)
        let run = TestRun(scripts: chosen, boards: boards, home: home, options: options) { face.take($0) }
        let outcome = await run.perform()
        face.finish(outcome.record, seed: options.seed)
        try write(outcome.record)
        if outcome.wasInterrupted { throw ArgumentParser.ExitCode(128 + (Interruption.caught ?? 2)) }
        if let failure = outcome.noBoard {
            if !console.json { console.note(failure.text) }
            throw ArgumentParser.ExitCode(ExitCode.noBoard)
        }
        try conclude(outcome.record, console)
    }

    /// Ends with what the verdicts come to.
    private func conclude(_ run: RunRecord, _ console: Console) throws {
        let bad = run.tests.count { $0.verdict == .failed || $0.verdict == .error }
        if bad > 0 { throw ArgumentParser.ExitCode(ExitCode.workFailed) }
        // Nothing failed where nothing ran, and nothing was proven.
        if run.tests.allSatisfy({ $0.verdict == .skipped }) {
            let failure = Failure(
                "board-mismatch", "no test ran: " + (run.tests.first?.message ?? "no board fits"),
                hint: "Name a board that fits with --port, or change `board:` in the scripts.")
            if console.json { throw ArgumentParser.ExitCode(failure.exitCode) }
            throw failure
        }
    }

    private func write(_ run: RunRecord) throws {
        if let junit { try Files.write(Array(JUnitReport(run).text.utf8), to: junit) }
        if let report { try Files.write(Array(HTMLReport(run).text.utf8), to: report) }
    }

    /// Throws `script-invalid` where there are problems, after all of them were told.
    private func refuse(_ problems: [Problem], of scripts: Int, _ console: Console) throws {
        guard !problems.isEmpty else { return }
        let message =
            "\(problems.count) problem\(problems.count == 1 ? "" : "s") in \(scripts) script\(scripts == 1 ? "" : "s")"
        let failure = Failure(
            "script-invalid", message,
            hint: "`espmask test --schema` prints a schema for editors that complete and check.")
        if console.json {
            let list = problems.map { problem -> JSON in
                [
                    "file": .string(problem.place.file), "line": .int(problem.place.line),
                    "column": .int(problem.place.column), "message": .string(problem.message),
                ]
            }
            console.event([
                "error": [
                    "code": .string(failure.code),
                    "message": .string(([message] + problems.map(\.description)).joined(separator: "\n")),
                    "hint": .string(failure.hint), "problems": .array(list),
                ]
            ])
            throw ArgumentParser.ExitCode(failure.exitCode)
        }
        for problem in problems { console.note(problem.description) }
        throw failure
    }

    private func lintSummary(_ count: Int, _ console: Console) {
        if console.json { return console.event(["event": "lint", "scripts": .int(count), "problems": []]) }
        console.line("\(count) script\(count == 1 ? "" : "s"), nothing wrong")
    }

    private func isWanted(_ script: Script) -> Bool {
        let words = tags?.split(separator: ",").map { String($0) } ?? []
        let unwanted = words.filter { $0.hasPrefix("-") }.map { String($0.dropFirst()) }
        let wanted = words.filter { !$0.hasPrefix("-") }
        if script.tags.contains(where: { unwanted.contains($0) }) { return false }
        return wanted.isEmpty || script.tags.contains { wanted.contains($0) }
    }

    private var values: [String: String] {
        var values: [String: String] = [:]
        for pair in set {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            values[String(parts[0])] = String(parts[1])
        }
        return values
    }

    private var flags: [SettingName: String] {
        var flags = ports.flags
        flags[.board] = board
        flags.merge(choice.flags) { $1 }
        return flags
    }

    /// As many boards as the machine can run at once.
    private static var cores: Int { max(1, Machine.cores) }
}
