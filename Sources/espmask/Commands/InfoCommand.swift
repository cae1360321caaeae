// `espmask info`: what a board says about its chip and its flash.

import ArgumentParser
import DeviceBridge
import ESPImage

struct InfoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info", abstract: "Say which chip and which flash a board has, and how it is protected.",
        discussion: "Example: espmask info --port /dev/ttyUSB0 --json")

    @OptionGroup var ports: PortOptions
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        let (chip, table) = try await LoaderWork.perform(ports, console: console) { session, _ in
            (try await session.describe(), try await session.partitionTable())
        }
        let report = ChipReport(chip: chip, partitions: table?.partitions ?? [])
        if console.json { console.event(report.json) } else { report.lines.forEach(console.line) }
    }
}
