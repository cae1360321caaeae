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
        report("\(name), boot", [run(board)])
        let model = try LoadedModel(bytes: try Peers.contents(of: path))
        let csv = try Peers.contents(of: models.appending("samples").appending(name + ".csv"))
        let samples = try SampleFile.samples(in: String(decoding: csv, as: UTF8.self), for: model)
        let lines = samples.prefix(8).map { Array("in: \(FirmwareOnBoardTests.tokens($0))\n".utf8) }
        for _ in 0..<3 {
            let spans = (0..<80).map { index in
                board.receive(lines[index % lines.count])
                return run(board)
            }
            report("\(name), predicting", spans)
        }
    }

    private typealias Span = (instructions: UInt64, seconds: Double)

    /// Runs until the firmware is ready for the next input; the time is that of the board's runs alone.
    private func run(_ board: Board) -> Span {
        let start = board.instructionCount
        let deadline = board.now + 10_000_000_000
        let ready = Array("ready\r\n".utf8)
        var seconds = 0.0
        var bytes: [UInt8] = []
        repeat {
            let before = Self.processorTime
            let pause = board.run(until: deadline)
            seconds += Self.processorTime - before
            guard pause == .output else { break }
            bytes += board.takeOutput()
        } while !bytes.reversed().starts(with: ready.reversed())
        return (board.instructionCount - start, seconds)
    }

    private func report(_ what: String, _ spans: [Span]) {
        let instructions = Double(spans.reduce(0) { $0 + $1.instructions }) / 1e6
        let seconds = spans.reduce(0) { $0 + $1.seconds }
        print(
            "\(what): \(String(format: "%.1f", instructions)) M instructions in",
            "\(String(format: "%.3f", seconds)) s, \(String(format: "%.0f", instructions / seconds)) M/s")
    }
}
