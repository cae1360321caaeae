// Runs scripts on boards, several side by side: the schedule says who goes where, this file opens the lines, lets the
// attempts run, and keeps what became of them.

import BoardPorts
import DeviceBridge
import HIL
import HostInference
import Toolchain

/// A run of scripts.
struct TestRun {
    /// What the command line wants.
    struct Options {
        var jobs: Int
        /// Further tries for every test.
        var retries: Int
        var seed: UInt64
        /// The folder of the logs.
        var logs: String
    }

    let scripts: [Script]
    let boards: [TestBoard]
    let home: ProjectHome
    let options: Options
    let tell: @Sendable (RunProgress) -> Void

    /// How it ended beside the record.
    struct Outcome {
        var record: RunRecord
        var wasInterrupted: Bool
        /// Why boards were never there, where no test could run at all.
        var noBoard: Failure?
    }

    /// One attempt as it ended.
    private struct Ended: Sendable {
        var start: Schedule.Start
        var ending: Schedule.Ending
        var record: AttemptRecord?
        var isError: Bool
        var message: String?
        var failure: DeviceError?
    }

    /// What is known of a test so far.
    private struct Progress {
        var attempts: [AttemptRecord] = []
        var lastIsError = false
        var messages: [String] = []
        var port: String?
    }

    /// Runs all.
    func perform() async -> Outcome {
        let clock = ContinuousClock.now
        let began = Date1970.now
        var schedule = Schedule(
            scripts.map { ($0.board, max($0.retries, options.retries)) }, boards: boards.map(\.facts),
            jobs: options.jobs)
        var progress = [Progress](repeating: Progress(), count: scripts.count)
        var tests = [TestRecord?](repeating: nil, count: scripts.count)
        var missing: DeviceError?
        await withTaskGroup(of: Ended.self) { group in
            var running = 0
            while true {
                if Interruption.caught != nil { schedule.stop() }
                while let start = schedule.next() {
                    running += 1
                    let offset = (ContinuousClock.now - clock) / .seconds(1)
                    group.addTask { await attempt(start, offset: offset) }
                }
                for (test, reason, everFitted) in schedule.stranded() {
                    schedule.drop(test)
                    end(test, everFitted ? .error : .skipped, progress[test], reason, &tests)
                }
                guard running > 0, let ended = await group.next() else { break }
                running -= 1
                if let failure = ended.failure { missing = missing ?? failure }
                take(ended, &schedule, &progress, &tests)
            }
        }
        for test in schedule.waiting { end(test, .skipped, progress[test], "not run: interrupted", &tests) }
        let records = boards.enumerated().map { index, board in
            BoardRecord(port: board.port, board: board.facts.name, setAside: schedule.setAside(index))
        }
        let record = RunRecord(
            tests: tests.compactMap { $0 }, boards: records, startedAt: began,
            seconds: (ContinuousClock.now - clock) / .seconds(1))
        let hasRun = progress.contains { !$0.attempts.isEmpty }
        let failure = hasRun ? nil : missing.map { Failure($0.code, $0.message, hint: $0.hint) }
        return Outcome(record: record, wasInterrupted: Interruption.caught != nil, noBoard: failure)
    }

    private func take(
        _ ended: Ended, _ schedule: inout Schedule, _ progress: inout [Progress], _ tests: inout [TestRecord?]
    ) {
        let test = ended.start.test
        if let record = ended.record {
            progress[test].attempts.append(record)
            progress[test].lastIsError = ended.isError
            progress[test].port = record.port
        }
        if let message = ended.message { progress[test].messages.append(message) }
        let isAgain = schedule.ended(ended.start, ended.ending)
        switch ended.ending {
        case .boardDied(let reason), .boardMissing(let reason):
            tell(.boardSetAside(port: boards[ended.start.board].port, reason: reason))
        case .passed, .failed, .hopeless, .broken, .interrupted: break
        }
        if isAgain { return }
        switch ended.ending {
        case .passed:
            let isFirst = progress[test].attempts.count == 1
            end(test, isFirst ? .passed : .flaky, progress[test], progress[test].messages.first, &tests)
        case .failed, .hopeless, .broken, .interrupted:
            end(
                test, progress[test].lastIsError ? .error : .failed, progress[test], progress[test].messages.last,
                &tests
            )
        // With no board left the schedule tells why.
        case .boardDied, .boardMissing: break
        }
    }

    private func end(
        _ test: Int, _ verdict: Verdict, _ progress: Progress, _ message: String?, _ tests: inout [TestRecord?]
    ) {
        guard tests[test] == nil else { return }
        let script = scripts[test]
        let reason = progress.messages.last.map { last in message.map { $0 == last ? last : "\(last); \($0)" } ?? last }
        let record = TestRecord(
            name: script.name, file: script.file, tags: script.tags, port: progress.port, verdict: verdict,
            seconds: progress.attempts.reduce(0) { $0 + $1.seconds },
            message: verdict == .passed ? nil : verdict == .flaky ? message : reason ?? message,
            attempts: progress.attempts)
        tests[test] = record
        tell(.ended(test: test, record: record))
    }

    // MARK: One attempt

    private func attempt(_ start: Schedule.Start, offset: Double) async -> Ended {
        let script = scripts[start.test]
        let board = boards[start.board]
        let line: any SerialLine
        do throws(DeviceError) {
            line = try await open(board)
        } catch {
            return Ended(
                start: start, ending: .boardMissing(error.message), isError: true, message: nil, failure: error)
        }
        tell(.began(test: start.test, port: board.port, attempt: start.attempt))
        let limit = Limit(seconds: script.timeoutSeconds)
        let trend = TrendFile(path: TrendFile.usual, board: board.facts.name)
        let bench = BoardBench(script, flags: board.flags, line: line, trend: trend)
        let machine = machine(script, board, line, start)
        let test = start.test
        let tell = tell
        let work = Task {
            var runner = AttemptRunner(machine, over: line, bench: bench, abandonment: { limit.reason }) { event in
                switch event {
                case .began(let title, let line): tell(.step(test: test, title: title, line: line))
                case .ended(let step): tell(.stepEnded(test: test, step: step))
                }
            }
            return await runner.run()
        }
        // What hangs in a build or on a line is called off when the time is over.
        let watch = Task {
            while limit.reason == nil, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(50)) }
            if !Task.isCancelled { work.cancel() }
        }
        var (record, machineAtEnd) = await work.value
        watch.cancel()
        record.startedAt = offset
        record.arenaMap = await bench.arenaMap
        // A board is left running, whatever happened on it.
        await leave(line)
        let ending = await judge(machineAtEnd, record, limit, board)
        if record.passed {
            trend.add(record.steps.flatMap(\.measures), test: script.name, at: Date1970.now)
        }
        TestLog(folder: options.logs).write(record, script: script, attempt: start.attempt)
        return Ended(
            start: start, ending: ending, record: record, isError: machineAtEnd.hasError,
            message: record.failure.map { Self.message($0, file: machineAtEnd.failureFile ?? script.file) },
            failure: nil)
    }

    private func open(_ board: TestBoard) async throws(DeviceError) -> any SerialLine {
        let settings: Settings
        do { settings = try Project.settings(flags: board.flags) } catch {
            throw DeviceError(code: error.code, message: error.message, hint: error.hint)
        }
        let ports = Ports(home: home, settings: settings, pace: .virtualTime)
        // A server that serves one client hangs up on another, and may not know yet that the one before has gone.
        for _ in 0..<8 where Interruption.caught == nil {
            do throws(DeviceError) {
                return try await ports.open(board.address)
            } catch {
                guard error.code == "connection-lost" else { throw error }
            }
            try? await Task.sleep(for: .milliseconds(400))
        }
        return try await ports.open(board.address)
    }

    private func machine(
        _ script: Script, _ board: TestBoard, _ line: any SerialLine, _ start: Schedule.Start
    ) -> ScriptMachine {
        // The same seed gives the same inputs, whatever runs beside.
        let seed = options.seed &+ UInt64(start.test)
        var configuration = ScriptMachine.Configuration(
            port: board.port, seed: seed, canBeNoisy: !(line is VirtualLine),
            hasOwnClock: line.capabilities.contains(.virtualTime))
        configuration.operators = OperatorNames.names
        let flags = BoardBench.flags(of: script, board.flags)
        if let project = try? Project(flags: flags, sketch: script.firmware.sketch) {
            let labels = project.settings[.labels]?.text.split(separator: ",").map { String($0) } ?? []
            configuration.labels = labels
            configuration.threshold = ((try? project.settings.real(.threshold)) ?? nil) ?? 0.5
        }
        return ScriptMachine(script, files: ScriptDisk(home: home), configuration)
    }

    private func leave(_ line: any SerialLine) async {
        if let board = line as? VirtualLine { await board.endFaults() }
        if line.capabilities.contains(.modemLines) { try? await line.perform(.run) }
        await line.close()
    }

    /// What an attempt's end means for its test and its board.
    private func judge(
        _ machine: ScriptMachine, _ record: AttemptRecord, _ limit: Limit, _ board: TestBoard
    ) async -> Schedule.Ending {
        if record.passed { return .passed }
        if Interruption.caught != nil { return .interrupted }
        if let failure = machine.boardFailure {
            // A line that can be opened again was not the board's end.
            for _ in 0..<3 {
                if let line = try? await open(board) {
                    await line.close()
                    return .broken
                }
                try? await Task.sleep(for: .milliseconds(300))
            }
            return .boardDied(failure.message)
        }
        if machine.isHopeless { return .hopeless }
        return machine.hasError ? .broken : .failed
    }

    private static func message(_ failure: FailureRecord, file: String) -> String {
        "\(file):\(failure.line): \(failure.step): \(failure.message)"
    }

    /// The wall clock's limit, and the user's patience.
    private struct Limit: Sendable {
        let seconds: Double
        private let start = ContinuousClock.now

        init(seconds: Double) { self.seconds = seconds }

        var reason: Abandonment? {
            if Interruption.caught != nil { return .interrupted }
            return (ContinuousClock.now - start) / .seconds(1) >= seconds ? .timeOver(seconds: seconds) : nil
        }
    }
}
