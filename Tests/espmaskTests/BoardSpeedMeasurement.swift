// How fast the virtual board runs real firmware. Not a test: it asserts nothing about time, and runs only where
// ESPMASK_BENCH is set. `ESPMASK_BENCH=1 swift test -c release --filter BoardSpeed`

import Foundation
import HostInference
import SystemPackage
import TestSupport
import Testing
import VirtualBoard

@Suite(
    "BoardSpeed", .enabled(if: ProcessInfo.processInfo.environment["ESPMASK_BENCH"] != nil, "a measurement"),
    .serialized)
struct BoardSpeedMeasurement {
    /// Processor time of this process, in seconds: other programs on the machine do not count.
    private static var processorTime: Double { Double(clock()) / Double(CLOCKS_PER_SEC) }

    @Test("Million instructions per second while predicting", arguments: ["mask_cnn_10", "mask_cnn_10_int8"])
    func predicting(name: String) async throws {
        let folder = try ScratchFolder()
        let models = Peers.checkout.appending("models")
        let path = models.appending(name + ".tflite")
        let board = Board(
            profile: .devKitC, flash: try await FirmwareOnBoardTests.flash(model: path.string, in: folder.path))
        board.powerOn(.flashBoot)
        var before = (board.instructionCount, Self.processorTime)
        _ = FirmwareOnBoardTests.text(of: board, until: "espmask: ready\r\n", seconds: 1)
        report("\(name), boot", board, since: before)
        let model = try LoadedModel(bytes: try Peers.contents(of: path))
        let csv = try Peers.contents(of: models.appending("samples").appending(name + ".csv"))
        let samples = try SampleFile.samples(in: String(decoding: csv, as: UTF8.self), for: model)
        for _ in 0..<3 {
            before = (board.instructionCount, Self.processorTime)
            for index in 0..<(name.hasSuffix("int8") ? 60 : 20) {
                board.receive(Array("in: \(FirmwareOnBoardTests.tokens(samples[index % samples.count]))\n".utf8))
                let answer = FirmwareOnBoardTests.text(of: board, until: "espmask: ready\r\n")
                #expect(answer.contains("out="))
            }
            report("\(name), predicting", board, since: before)
        }
    }

    private func report(_ what: String, _ board: Board, since start: (instructions: UInt64, seconds: Double)) {
        let instructions = Double(board.instructionCount - start.instructions) / 1e6
        let seconds = Self.processorTime - start.seconds
        print(
            "\(what): \(String(format: "%.1f", instructions)) M instructions in \(String(format: "%.3f", seconds)) s,",
            "\(String(format: "%.0f", instructions / seconds)) M/s")
    }
}
