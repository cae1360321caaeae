// `espmask erase`: sectors, a partition, or the whole flash back to 0xFF.

import ArgumentParser
import DeviceBridge

struct EraseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase", abstract: "Erase a part of a board's flash, a partition, or all of it.",
        discussion: """
            Examples: espmask erase nvs --port /dev/ttyUSB0
                      espmask erase 0x110000 1M
                      espmask erase --all
            """)

    @Argument(help: "Where: an offset, or a label of the board's partition table.") var place: String?
    @Argument(help: "How many bytes, whole 4 KB sectors; a partition goes as a whole where not given.")
    var size: String?
    @Flag(help: "Erase the whole flash.") var all = false
    @Flag(help: "Erase although the chip's fuses protect it.") var force = false
    @OptionGroup var ports: PortOptions
    @OptionGroup var out: OutputOptions

    func validate() throws {
        if all == (place != nil) { throw ValidationError("Give an offset, a partition's label, or --all.") }
        if let place, ByteNumber.parse(place) != nil, size == nil {
            throw ValidationError("How much is to be erased from \(place) on? Give a SIZE, for example 0x1000.")
        }
    }

    func run() async throws {
        let console = out.console
        let start = ContinuousClock.now
        let range = try await LoaderWork.perform(ports, console: console) { [place, size, force] session, bar in
            let range =
                if let place { try await LoaderWork.range(place, size: size, on: session) } else {
                    0..<(try await session.flashSize())
                }
            if !force { try await session.requireUnprotected() }
            bar.show(FlashProgress(phase: .erase, done: 0, total: range.count, label: place ?? "all"))
            try await session.erase(range)
            bar.show(FlashProgress(phase: .erase, done: range.count, total: range.count, label: place ?? "all"))
            return range
        }
        console.event([
            "event": "done", "offset": .string("0x" + String(range.lowerBound, radix: 16)), "size": .int(range.count),
            "seconds": .number((ContinuousClock.now - start) / .seconds(1)),
        ])
        if !console.json {
            console.line("erased \(range.count) bytes from 0x\(String(range.lowerBound, radix: 16))")
        }
    }
}
