// `espmask read`: a part of a board's flash into a file; the board's own MD5 proves the copy.

import ArgumentParser
import DeviceBridge

struct ReadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "read", abstract: "Copy a part of a board's flash, or a partition, into a file.",
        discussion: """
            Examples: espmask read 0x8000 0xC00 table.bin --port /dev/ttyUSB0
                      espmask read nvs all nvs.bin
            """)

    @Argument(help: "Where: an offset, or a label of the board's partition table.") var place: String
    @Argument(help: "How many bytes; all is as far as the partition or the flash goes.") var size: String
    @Argument(help: "The file to write.") var file: String
    @OptionGroup var ports: PortOptions
    @OptionGroup var stub: StubOption
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        let start = ContinuousClock.now
        let (range, bytes) = try await LoaderWork.perform(ports, stub: try stub.source, console: console) {
            [place, size] session, bar in
            let range = try await LoaderWork.range(place, size: size, on: session)
            return (range, try await session.read(range) { bar.show($0) })
        }
        try Files.write(bytes, to: file)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        console.event([
            "event": "done", "offset": .string("0x" + String(range.lowerBound, radix: 16)), "size": .int(bytes.count),
            "file": .string(file), "seconds": .number(seconds),
        ])
        if !console.json {
            console.line("\(file): \(bytes.count) bytes from 0x\(String(range.lowerBound, radix: 16))")
        }
    }
}
