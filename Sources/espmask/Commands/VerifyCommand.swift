// `espmask verify`: does the flash hold a file? The board is asked by MD5, so nothing is read back; where it differs,
// smaller questions find the sectors.

import ArgumentParser
import DeviceBridge

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Compare a board's flash with a file.",
        discussion: """
            Example: espmask verify 0x10000 app.bin --port /dev/ttyUSB0
            Ends with 0 where the flash holds the file, and with 1 where it does not.
            """)

    @Argument(help: "Where: an offset, or a label of the board's partition table.") var place: String
    @Argument(help: "The file it shall hold.") var file: String
    @OptionGroup var ports: PortOptions
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        let start = ContinuousClock.now
        let bytes = try Files.read(file)
        guard !bytes.isEmpty else {
            throw Failure("usage", "\(file) is empty: there is nothing to compare", hint: "Check the path.")
        }
        let (offset, found) = try await LoaderWork.perform(ports, console: console) { [place, file] session, bar in
            let offset = try await LoaderWork.range(place, size: "\(bytes.count)", on: session).lowerBound
            return (offset, try await session.differences(from: bytes, at: offset, label: file) { bar.show($0) })
        }
        let begin = "0x" + String(offset, radix: 16)
        guard found.isEmpty else {
            let places = found.map { "0x\(String($0.lowerBound, radix: 16))..0x\(String($0.upperBound, radix: 16))" }
            let more = places.count > 8 ? " and \(places.count - 8) more places" : ""
            throw Failure(
                "verify-failed",
                "the flash at \(begin) differs from \(file) in \(places.prefix(8).joined(separator: ", "))\(more)",
                hint: "Write it with `espmask flash \(place) \(file)`.")
        }
        console.event([
            "event": "done", "match": true, "offset": .string(begin), "size": .int(bytes.count),
            "seconds": .number((ContinuousClock.now - start) / .seconds(1)),
        ])
        if !console.json { console.line("the flash at \(begin) holds \(file), all \(bytes.count) bytes") }
    }
}
