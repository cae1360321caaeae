// `espmask ports`: the USB serial ports of this machine and the boards that are likely behind them. Nothing is opened.

import ArgumentParser
import DeviceBridge
import Toolchain

struct PortsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ports", abstract: "List the serial ports that boards can be behind.",
        discussion: "Example: espmask ports --json")

    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        let home = try ProjectHome.find(environment: Console.environmentVariables, executable: Console.executable)
        let boards = try home.boardNames().map { try home.board(named: $0) }
        let tree = DeviceTree.machine
        let ports = tree.ports()
        let rows = ports.map { PortReport(port: $0, boards: boards) }
        console.event(.array(rows.map(\.json)))
        if !console.json {
            if rows.isEmpty { console.line("no USB serial port is attached") }
            for row in rows { console.line(row.line) }
        }
        for row in rows { if let advice = row.advice { console.note(advice) } }
        for missing in tree.missing(besides: ports) { console.note("\(missing.message)\n  hint: \(missing.hint)") }
    }
}
