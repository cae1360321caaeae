// Scripts run against a table: what is asked of the bench, which steps pass, and what a failure says.

import DeviceBridge
import HIL
import Testing

@Suite("Script machine")
struct ScriptMachineTests {
    /// A healthy board.
    private static func healthy(_ work: Work, _ time: Int) -> (
        outcome: Result<WorkOutcome, WorkFailure>, says: [String]
    ) {
        switch work {
        case .flash, .reset: (.success(.restarted(note: nil)), bootLines)
        case .prepare: (.success(.inputs([preparedInput()])), [])
        case .send: (.success(.done(note: nil)), answerLines())
        case .recall: (.success(.recalled([900])), [])
        case .tuneArena: (.success(.tuned(TuningOutcome(minimum: 1284, kept: 1392, boots: 2))), bootLines)
        case .build, .fault: (.success(.done(note: nil)), [])
        }
    }

    private static func script(_ steps: String, rest: String = "") -> String { "name: a\nsteps:\n\(steps)\n\(rest)" }

    private static func run(
        _ steps: String, rest: String = "", isNoisy: Bool = false, pieces: Int = 1000,
        _ answer: @escaping FakeBoard.Answer = healthy
    ) throws -> (record: AttemptRecord, work: [Work]) {
        var board = try FakeBoard(script(steps, rest: rest), isNoisy: isNoisy, answer: answer)
        board.pieces = pieces
        let record = board.run()
        return (record, board.done)
    }

    @Test("A script that holds passes, however its bytes arrive", arguments: [1, 7, 1000])
    func passes(pieces: Int) throws {
        let (record, _) = try Self.run(
            """
              - flash
              - expect-boot: { reset: POWERON_RESET }
              - expect: { regex: 'arena=(?<arena>[0-9]+)' }
              - expect: 'used=${arena}'
              - compare-host
              - expect-prediction: { value: 0.5, label: no_mask, inputs: a.csv }
              - measure: { latency-us: { below: 900 }, arena: { below: 1301 }, boot-ms: { below: 5000 } }
              - expect-no-diagnosis
              - tune-arena: { below: 1300 }
            """, pieces: pieces)
        #expect(record.failure == nil, "\(String(describing: record.failure))")
        #expect(record.passed)
        #expect(record.steps.map(\.verdict) == [StepVerdict](repeating: .passed, count: 9))
        #expect(record.steps[2].note == "arena=1300")
        #expect(record.steps[3].title == "expect: used=1300")
        #expect(record.steps[4].predictions.map(\.sameBits) == [true])
        #expect(record.steps[6].measures.map(\.name) == ["latency-us", "arena", "boot-ms"])
        #expect(record.steps[6].measures[0].trend == [900])
    }

    @Test(
        "A step that does not hold ends the test: what was expected, the nearest line, the last ones, the script's line"
    )
    func failure() throws {
        let (record, _) = try Self.run(
            "  - flash\n  - expect: { text: 'arena=1400', within: 2 }\n  - reset", rest: "teardown: [build]")
        let failure = try #require(record.failure)
        #expect(failure.message == "'arena=1400' did not come within 2 s")
        #expect(failure.expected == "'arena=1400'")
        #expect(failure.nearest == "espmask: arena=1300 used=1300")
        #expect(failure.line == 4)
        #expect(failure.lastLines.last == "espmask: ready")
        #expect(record.steps.map(\.verdict) == [.passed, .failed, .skipped, .passed])
        #expect(record.steps.map(\.phase) == [.steps, .steps, .steps, .teardown])
    }

    @Test("What came before a restart is not found behind it")
    func restarts() throws {
        let (record, _) = try Self.run("  - flash\n  - reset\n  - expect: 'late'\n") { work, time in
            let says = work == .reset ? bootLines : bootLines + ["late"]
            return (.success(.restarted(note: nil)), says)
        }
        #expect(record.failure?.message == "'late' did not come within 10 s")
        #expect(record.log.map(\.text).contains("late"))
    }

    @Test("Rounds, files and included steps stand in the record behind the step that holds them")
    func rounds() throws {
        var board = try FakeBoard(
            Self.script(
                """
                  - repeat: { times: 2, as: n, steps: [ { send: '${n}' } ] }
                  - for-each: { files: 'faces/*.png', as: f, steps: [ { send: '${f}' } ] }
                  - include: b.yaml
                """), includes: ["b.yaml": "vars: { v: 7 }\nsteps: [ { send: '${v}' } ]"], answer: Self.healthy)
        let record = board.run()
        #expect(record.passed, "\(String(describing: record.failure))")
        #expect(
            record.steps.map(\.title) == [
                "repeat: times 2, as n", "send: 1", "send: 2", "for-each: files faces/*.png, as f", "send: faces/1.png",
                "send: faces/2.png", "include: b.yaml", "send: 7",
            ])
        #expect(record.steps.map(\.depth) == [0, 1, 1, 0, 1, 1, 0, 1])
    }

    @Test(
        "A wrong answer fails, and is asked twice before it is believed",
        arguments: [("compare-host: { random: 1, seed: 9 }", "seed 9"), ("compare-host: { inputs: a.csv }", "")])
    func wrongBits(step: String, word: String) throws {
        let (record, work) = try Self.run("  - flash\n  - \(step)") { work, time in
            if case .send = work { return (.success(.done(note: nil)), answerLines(bits: "3f400000", token: "0.75")) }
            return Self.healthy(work, time)
        }
        #expect(record.failure?.message.hasPrefix("the board's bits are not this machine's for random 1") == true)
        #expect(record.failure?.message.contains(word) == true)
        #expect(record.failure?.expected == "3f000000 (0.5)")
        #expect(record.failure?.nearest == "3f400000 (0.75)")
        #expect(work.count { if case .send = $0 { true } else { false } } == 2)
    }

    @Test("Answers that the line damaged are asked for again, and that is told")
    func damagedAnswers() throws {
        let damaged = [
            [
                "0.10,0.2,0.30,0.40,", "predicting...", "predited: 0.50", "espmask: n=1 out=3f0000 us=812",
                "espmask: ready",
            ],
            [
                "0.10,0.20,0.3,0.40,", "prdicting...", "predicted: 0.5", "espmask: n=1 out=3f00000 us=81",
                "espmsk: ready",
            ],
            answerLines(),
        ]
        let (record, _) = try Self.run("  - flash\n  - compare-host: { random: 1 }", isNoisy: true) { work, time in
            if case .send = work { return (.success(.done(note: nil)), damaged[min(time, 2)]) }
            return Self.healthy(work, time)
        }
        #expect(record.passed, "\(String(describing: record.failure))")
        #expect(record.steps[1].note?.contains("2 inputs sent again because the line damaged the answers") == true)
    }

    @Test("The sketch's own predictions, and late answers to other inputs, are no answers")
    func foreignAnswers() throws {
        let own = [
            "0.91,-0.20,0.77,0.66,", "predicting...", "predicted: 0.99", "espmask: n=1 out=3f7d70a4 us=8",
            "espmask: ready",
        ]
        let (record, _) = try Self.run("  - flash\n  - compare-host: { random: 1 }") { work, time in
            if case .send = work { return (.success(.done(note: nil)), own + own + answerLines()) }
            return Self.healthy(work, time)
        }
        #expect(record.passed, "\(String(describing: record.failure))")
        #expect(record.steps[1].predictions.count == 1)
    }

    @Test("On a noisy line a damaged line of the start is had again by a restart, and that is told")
    func damagedStart() throws {
        let damaged = bootLines.map { $0.replacing("arena=1300", with: "arna=1300") }
        let answer: FakeBoard.Answer = { work, time in
            (.success(.restarted(note: nil)), work == .reset ? bootLines : damaged)
        }
        let steps = "  - flash\n  - expect: { regex: 'arena=[0-9]+', within: 3 }"
        let (record, work) = try Self.run(steps, isNoisy: true, answer)
        #expect(record.passed, "\(String(describing: record.failure))")
        #expect(record.steps[1].note?.contains("the board was restarted to hear it again") == true)
        #expect(work.count { $0 == .reset } == 1)
        // In this process no line is noisy: there it is what the firmware says.
        #expect(try !Self.run(steps, isNoisy: false, answer).record.passed)
    }

    @Test("A line that is other each time in the same way is what the firmware says, on a noisy line too")
    func firmwareIsOther() throws {
        let (record, work) = try Self.run(
            "  - flash\n  - expect: { text: 'arena=1301', within: 3 }", isNoisy: true, Self.healthy)
        #expect(record.failure?.nearest == "espmask: arena=1300 used=1300")
        #expect(work.count { $0 == .reset } == 3)
    }

    @Test("What was sent is not sent twice by restarting the board")
    func noRestartAfterSending() throws {
        let (record, work) = try Self.run(
            "  - flash\n  - compare-host: { random: 1 }\n  - expect: { text: 'redy', within: 2 }", isNoisy: true)
        #expect(!record.passed)
        #expect(!work.contains(.reset))
    }

    @Test("A diagnosis is expected, and nothing but it may follow")
    func diagnoses() throws {
        let sick = bootLines.dropLast() + ["espmask: error=arena-too-small needed=1300 available=600 missing=700"]
        let answer: FakeBoard.Answer = { _, _ in (.success(.restarted(note: nil)), Array(sick)) }
        #expect(
            try Self.run("  - flash\n  - expect-diagnosis: arena-too-small\n  - expect-no-diagnosis", answer).record
                .passed)
        let (record, _) = try Self.run("  - flash\n  - expect-no-diagnosis", answer)
        #expect(record.failure?.message.hasPrefix("the monitor names arena-too-small") == true)
        let missed = try Self.run("  - flash\n  - expect-diagnosis: { code: panic, within: 2 }", answer).record
        #expect(missed.failure?.message == "no diagnosis panic was made within 2 s")
        #expect(missed.failure?.nearest == "the diagnosis arena-too-small")
    }

    @Test(
        "A limit that is not held fails with the value and the limit",
        arguments: [
            ("latency-us: { below: 800 }", "latency-us is 812 us", "less than 800 us"),
            ("arena: { below: 1300 }", "arena is 1300 bytes", "less than 1300 bytes"),
        ])
    func limits(limit: String, message: String, expected: String) throws {
        let failure = try Self.run("  - flash\n  - measure: { \(limit) }").record.failure
        #expect(failure?.message == message)
        #expect(failure?.expected == expected)
        #expect(failure?.hint == "The run before measured 900.")
    }

    @Test("Work that cannot be done is an error, not a failure; only a bad line is worth another try")
    func work() throws {
        let broken = WorkFailure(.work, code: "build-failed", message: "it does not compile", hint: "mend it")
        let (record, work) = try Self.run("  - flash\n  - reset", isNoisy: true) { _, _ in (.failure(broken), []) }
        #expect(record.steps.map(\.verdict) == [.error, .skipped])
        #expect(record.failure?.message == "it does not compile")
        #expect(work.count == 1)
        let refused = WorkFailure(.board, code: "loader-refused", message: "noise", hint: "")
        let (second, tries) = try Self.run("  - flash", isNoisy: true) { work, time in
            time < 2 ? (.failure(refused), []) : Self.healthy(work, time)
        }
        #expect(second.passed)
        #expect(second.steps[0].note == "tried again: noise; tried again: noise")
        #expect(tries.count == 3)
    }

    @Test("Work that a fault is to break off has to be broken off")
    func interrupted() throws {
        let lost = WorkFailure(.line, code: "connection-lost", message: "the power is gone", hint: "")
        let steps = "  - flash: { interrupted: true }\n  - expect: 'ready'"
        let (record, _) = try Self.run(steps) { work, time in (.failure(lost), []) }
        #expect(record.steps[0].verdict == .passed)
        #expect(record.steps[0].note == "broken off as it was to be: the power is gone")
        #expect(try Self.run(steps).record.steps[0].verdict == .failed)
    }

    @Test("A value that is only known when the script runs is checked then")
    func lateValues() throws {
        let (record, _) = try Self.run(
            "  - flash\n  - expect: { regex: 'model=(?<n>[a-z]+)' }\n  - repeat: { times: '${n}', steps: [reset] }")
        #expect(record.failure?.message == "a.yaml:5:22: times must be a whole number of at least 1, not 'm'")
        #expect(record.steps.last?.verdict == .error)
    }

    @Test("When the time is over the step that took it is named, and the rest is left out")
    func timeOver() throws {
        var board = try FakeBoard(Self.script("  - flash\n  - sleep-board: 5\n  - reset"), answer: Self.healthy)
        var machine = board.machine
        let start = Moment(line: .zero, wall: .zero)
        _ = machine.begin(at: start)
        machine.restarts(at: start)
        _ = machine.done(.restarted(note: nil), at: start)
        machine.abandon(.timeOver(seconds: 1.5), at: Moment(line: .seconds(2), wall: .seconds(2)))
        let record = machine.record(at: start)
        #expect(record.failure?.message == "the time was over: 1.5 s for one attempt")
        #expect(record.steps.map(\.verdict) == [.passed, .error, .skipped])
        #expect(board.run().passed)
    }
}
