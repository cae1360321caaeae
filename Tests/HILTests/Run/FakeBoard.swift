// A board and a bench that exist only in a test: what is done to them is answered from a table, and time passes only while
// the machine listens.

import HIL

/// Runs a machine to its end.
struct FakeBoard {
    /// What a piece of work comes to, and what the board then says.
    typealias Answer = (Work, Int) -> (outcome: Result<WorkOutcome, WorkFailure>, says: [String])

    var machine: ScriptMachine
    let answer: Answer
    /// How the board's words arrive.
    var pieces = 1000
    private var waiting: [[UInt8]] = []
    private(set) var done: [Work] = []
    private var now = Duration.zero

    init(
        _ script: String, isNoisy: Bool = false, includes: [String: String] = [:], answer: @escaping Answer
    ) throws {
        let files = FakeFiles(files: includes)
        let read = Script.read(script, file: "a.yaml", files: files)
        if let problem = read.problems.first { throw problem }
        var configuration = ScriptMachine.Configuration(port: "fake", seed: 1, canBeNoisy: isNoisy, hasOwnClock: true)
        configuration.labels = ["mask", "no_mask"]
        machine = ScriptMachine(read.script, files: files, configuration)
        self.answer = answer
    }

    private var moment: Moment { Moment(line: now, wall: now) }

    /// The record of the attempt.
    mutating func run() -> AttemptRecord {
        var action = machine.begin(at: moment)
        for _ in 0..<100_000 {
            switch action {
            case .finish: return machine.record(at: moment)
            case .listen(let until):
                if waiting.isEmpty {
                    now = max(now + .milliseconds(1), until)
                    action = machine.timePassed(at: moment)
                } else {
                    now += .milliseconds(5)
                    action = machine.received(waiting.removeFirst(), at: moment)
                }
            case .work(let work):
                let (outcome, says) = answer(work, done.count { $0 == work })
                done.append(work)
                switch outcome {
                case .success(let result):
                    if restarts(work) {
                        for bytes in waiting { machine.overheard(bytes, at: moment) }
                        waiting = []
                        machine.restarts(at: moment)
                    }
                    say(says)
                    action = machine.done(result, at: moment)
                case .failure(let failure): action = machine.failed(failure, at: moment)
                }
            }
        }
        return machine.record(at: moment)
    }

    private func restarts(_ work: Work) -> Bool {
        switch work {
        case .flash, .reset, .tuneArena: true
        case .build, .send, .prepare, .fault, .recall: false
        }
    }

    private mutating func say(_ lines: [String]) {
        let bytes = Array(lines.map { $0 + "\r\n" }.joined().utf8)
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            waiting.append(Array(bytes[start..<min(start + pieces, bytes.count)]))
        }
    }
}

/// What a healthy board says when it starts.
let bootLines = [
    "ets Jul 29 2019 12:21:46", "", "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)", "entry 0x4009e008",
    "espmask: model=m slot=A bytes=4 crc32=00000000", "espmask: arena=1300 used=1300", "espmask: ready",
]

/// An input of four values whose answer is a half.
func preparedInput(_ caption: String = "random 1", half: Bool = true) -> PreparedInput {
    PreparedInput(
        line: Array("in: \(caption)\n".utf8), caption: caption, picture: nil, printed: [0.1, 0.2, 0.3, 0.4],
        printedTolerance: 0.0051, hostBits: [half ? "3f000000" : "3f400000"], hostValues: [half ? 0.5 : 0.75],
        hostLabel: "no_mask")
}

/// What the sketch says to an input.
func answerLines(bits: String = "3f000000", token: String = "0.50") -> [String] {
    [
        "0.10,0.20,0.30,0.40,", "predicting...", "predicted: \(token)", "espmask: n=1 out=\(bits) us=812",
        "espmask: ready",
    ]
}
