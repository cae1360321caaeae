// A session before a scripted board on a clock of its own: nothing here waits for the wall clock.

import DeviceBridge
import Testing

/// A board that says what its script has for each start and for each line it is sent.
private struct TalkingBoard: LinePeer {
    /// What it says after a start, and when.
    var atStart: [Delivery]
    /// What it says to a line.
    var answers: [String: [Delivery]] = [:]
    private var isHeld = false

    init(atStart: [Delivery], answers: [String: [Delivery]] = [:]) {
        self.atStart = atStart
        self.answers = answers
    }

    mutating func received(_ bytes: [UInt8]) -> [Delivery] { answers[String(decoding: bytes, as: UTF8.self)] ?? [] }

    mutating func modemLines(dtr: Bool, rts: Bool) -> [Delivery] {
        defer { isHeld = rts }
        return isHeld && !rts ? atStart : []
    }

    mutating func baudRate(_ baud: Int) -> [Delivery] { [] }
}

extension Delivery {
    fileprivate static func text(_ text: String, after milliseconds: Int = 0) -> Delivery {
        Delivery(after: .milliseconds(milliseconds), bytes: Array(text.utf8))
    }
}

@Suite("A board session")
struct BoardSessionTests {
    private static func session(
        _ atStart: [Delivery], answers: [String: [Delivery]] = [:]
    ) async throws -> BoardSession {
        let line = InMemoryLine(TalkingBoard(atStart: atStart, answers: answers))
        let board = ConnectedBoard(line: line)
        return try await board.start(MonitorConfiguration(labels: ["mask", "no_mask"]))
    }

    @Test("finds lines that came in one piece, one after the other, and none twice")
    func backToBack() async throws {
        let session = try await Self.session([.text("one\r\ntwo\r\nthree\r\ntwo\r\n")])
        try await session.expect("one")
        let second = try await session.expect("two")
        let fourth = try await session.expect("two")
        #expect(second.line.number == 2)
        #expect(fourth.line.number == 4)
        await #expect(throws: UnmetExpectation.self) { try await session.expect("two", within: .seconds(1)) }
        await #expect(throws: UnmetExpectation.self) { try await session.expect("one", within: .seconds(1)) }
    }

    @Test("finds a text that arrives in pieces, and gives an expression's groups once its line is whole")
    func pieces() async throws {
        let session = try await Self.session([
            .text("espmask: are"), .text("na=13", after: 10), .text("00 used=1284\r\n", after: 20),
            .text("> ", after: 30),
        ])
        let match = try await session.expect(TextPattern(expression: #"arena=(?<arena>\d+)"#))
        #expect(match.groups == ["arena": "1300"])
        try await session.expect("used=1284")
        // A prompt never ends its line.
        try await session.expect(">")
    }

    @Test("waits on the line's clock, no longer than it was told, and says what it saw instead")
    func unmet() async throws {
        let session = try await Self.session([.text("booting\r\nespmask: redy\r\nbye\r\n", after: 100)])
        let start = await session.line.now
        let failure = await #expect(throws: UnmetExpectation.self) {
            try await session.expect("espmask: ready", within: .seconds(7))
        }
        #expect(await session.line.now - start == .seconds(7))
        #expect(failure?.expected == "'espmask: ready'")
        #expect(failure?.nearest == "espmask: redy")
        #expect(failure?.lastLines == ["booting", "espmask: redy", "bye"])
        #expect(failure?.cause == nil)
        #expect(failure?.description.contains("nearest: espmask: redy") == true)
    }

    @Test("says when nothing more can come, and still finds what had come before")
    func hangUp() async throws {
        let session = try await Self.session([.text("last words\r\n"), Delivery(after: .milliseconds(5), bytes: nil)])
        let failure = await #expect(throws: UnmetExpectation.self) { try await session.expect("more") }
        #expect(failure?.cause?.code == "connection-lost")
        try await session.expect("last words")
    }

    @Test("keeps predictions that come while something else is waited for")
    func predictions() async throws {
        let said = (1...5).map {
            "0.10,0.20,\r\npredicting...\r\npredicted: 0.\($0)7\r\nespmask: n=\($0) out=3ef0a3d7 us=80\($0)\r\n"
        }
        let session = try await Self.session([.text(said.joined() + "espmask: done\r\n")])
        try await session.expect("espmask: done")
        var tokens: [String] = []
        for try await prediction in session.predictions.prefix(3) { tokens.append(prediction.token) }
        #expect(tokens == ["0.17", "0.27", "0.37"])
        // A second loop goes on where the first ended.
        for try await prediction in session.predictions.prefix(1) { #expect(prediction.microseconds == 804) }
        #expect(try await session.nextPrediction { $0.token == "0.57" }.microseconds == 805)
        let failure = await #expect(throws: UnmetExpectation.self) {
            _ = try await session.nextPrediction(within: .seconds(1))
        }
        #expect(failure?.expected == "a prediction")
    }

    @Test("sends lines and finds their answers")
    func sending() async throws {
        let session = try await Self.session([], answers: ["in: 1\n": [.text("out: 2\r\n", after: 40)]])
        try await session.send(line: "in: 1")
        try await session.expect("out: 2")
    }

    @Test("gives diagnoses as they are named, also later")
    func diagnoses() async throws {
        let session = try await Self.session([
            .text("espmask: error=arena-too-small needed=1300 available=1200 missing=100\r\n", after: 10)
        ])
        let diagnosis = try await session.expect(diagnosis: .arenaTooSmall)
        #expect(diagnosis.details["missing"]?.number == 100)
        #expect(await session.diagnoses.map(\.code) == [.arenaTooSmall])
        try await session.expect("needed=1300")
    }

    @Test("matches nothing after a reset that was said before it, and keeps it in the transcript")
    func resetting() async throws {
        let session = try await Self.session([
            .text("espmask: ready\r\npredicted: 0.47\r\nespmask: n=1 out=3ef0a3d7 us=9\r\n")
        ])
        try await session.expect("ready")
        _ = try await session.nextPrediction()
        try await session.reset()
        try await session.expect("ready")
        _ = try await session.nextPrediction()
        await #expect(throws: UnmetExpectation.self) { try await session.expect("ready", within: .seconds(1)) }
        #expect(await session.transcript.lines.map(\.text).filter { $0 == "espmask: ready" }.count == 2)
    }

    @Test("serves two tasks that wait at once")
    func twoTasks() async throws {
        let session = try await Self.session([
            .text("predicted: 0.47\r\nespmask: n=1 out=3ef0a3d7 us=9\r\n", after: 500), .text("done\r\n", after: 900),
        ])
        async let prediction = session.nextPrediction()
        async let match = session.expect("done")
        #expect(try await prediction.token == "0.47")
        #expect(try await match.text == "done")
    }

    @Test("ends soon when its task is cancelled")
    func cancelled() async throws {
        let session = try await Self.session([])
        let task = Task { try await session.expect("never", within: .seconds(1_000_000)) }
        task.cancel()
        let failure = await #expect(throws: UnmetExpectation.self) { _ = try await task.value }
        #expect(failure?.cause?.code == "interrupted")
    }
}
