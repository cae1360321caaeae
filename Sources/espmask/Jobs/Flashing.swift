// Performs a board update with its progress on the terminal, and reports what was done.

import BoardPorts
import DeviceBridge
import ESPImage
import Synchronization

enum Flashing {
    /// Brings the board to what `update` says and restarts it.
    static func perform(
        _ update: BoardUpdate, over line: any SerialLine, console: Console
    ) async throws(DeviceError) -> BoardUpdateReport {
        let session = LoaderSession(line: line)
        let bar = Mutex(ProgressBar(console: console))
        defer { bar.withLock { $0.finish() } }
        return try await session.perform(update) { progress in
            bar.withLock {
                $0.show(
                    phase: progress.phase.rawValue, label: progress.label, done: progress.done,
                    total: progress.total)
            }
        }
    }

    /// Says what was done.
    static func show(_ report: BoardUpdateReport, port: PortAddress, console: Console) {
        let flash = report.flash
        if console.json {
            console.event([
                "event": "done", "port": .string(port.description), "written": .int(flash.written),
                "skipped": .int(flash.skipped), "seconds": .number(flash.seconds),
                "slot": .optional(report.slot?.rawValue),
                "regions": .array(
                    flash.regions.map {
                        [
                            "offset": .string("0x" + String($0.offset, radix: 16)), "size": .int($0.size),
                            "written": .int($0.written), "label": .string($0.label),
                        ]
                    }),
            ])
        } else {
            console.line("\(summary(of: report)), on \(port)")
        }
    }

    /// The report in a sentence.
    static func summary(of report: BoardUpdateReport) -> String {
        let flash = report.flash
        let seconds =
            String(Int((flash.seconds * 10).rounded()) / 10) + "."
            + String(Int((flash.seconds * 10).rounded()) % 10)
        if flash.written == 0 { return "nothing to flash: all \(flash.skipped) bytes are there already, \(seconds) s" }
        return "flashed \(flash.written) bytes, \(flash.skipped) were there already, \(seconds) s"
    }
}
