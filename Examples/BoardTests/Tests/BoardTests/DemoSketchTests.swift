// A Swift Testing suite with hardware in the loop. Each test has a virtual board of its own, so they run side by side; with
// BOARD_TESTS_PORT the first of them runs on a real board: BOARD_TESTS_PORT=/dev/ttyUSB0 make example.

import BoardPorts
import DeviceBridge
import Foundation
import Testing

@Suite("The demo sketch", .enabled(if: Firmware.folder != nil, "run it by `make example`"))
struct DemoSketchTests {
    private static let port = ProcessInfo.processInfo.environment["BOARD_TESTS_PORT"] ?? "virtual:#example-healthy"

    @Test("starts, says what it runs, and predicts")
    func predicts() async throws {
        let board = try await ConnectedBoard.open(Self.port)
        try await board.flash(Firmware.layout(), chip: "esp32")

        let session = try await board.start(MonitorConfiguration(labels: ["mask", "no_mask"]))
        let arena = try await session.expect(TextPattern(expression: #"arena=(?<arena>\d+) used=(?<used>\d+)"#))
        #expect(arena.groups["arena"] == arena.groups["used"])
        try await session.expect("espmask: ready")

        var count = 0
        for try await prediction in session.predictions.prefix(3) {
            let value = try #require(prediction.value)
            #expect((0...1).contains(value))
            #expect(prediction.label == (value < 0.5 ? "mask" : "no_mask"))
            #expect(prediction.bits?.count == 1)
            count += 1
        }
        #expect(count == 3)
        #expect(await session.diagnoses.isEmpty)
        await board.close()
    }

    @Test("answers the input that it is sent, and refuses one that is none")
    func answers() async throws {
        let board = try await ConnectedBoard.open("virtual:#example-answers")
        try await board.flash(Firmware.layout())
        let session = try await board.start()

        try await session.expect("espmask: ready")
        try await session.send(line: "in: 1,2,3")
        try await session.expect("espmask: error=input-mismatch")

        try await session.expect("espmask: ready")
        try await session.send(line: "in: " + Array(repeating: "0.25", count: 100).joined(separator: ","))
        let answer = try await session.nextPrediction { $0.inputs?.allSatisfy { $0 == 0.25 } ?? false }
        #expect(answer.inputs?.count == 100)
        await board.close()
    }

    @Test("says what ails a board without a model")
    func sick() async throws {
        let board = try await ConnectedBoard.open("virtual:#example-sick")
        try await board.erase()
        try await board.flash(Firmware.layout(withModel: false))
        let session = try await board.start()

        let diagnosis = try await session.expect(diagnosis: .modelMissing)
        #expect(diagnosis.severity == .error)

        // An expectation that is not met tells why.
        let failure = await #expect(throws: UnmetExpectation.self) {
            try await session.expect("espmask: ready", within: .seconds(2))
        }
        #expect(failure?.lastLines.contains { $0.contains("error=model-missing") } == true)
        #expect(failure?.diagnoses.first?.code == .modelMissing)
        await board.close()
    }
}
