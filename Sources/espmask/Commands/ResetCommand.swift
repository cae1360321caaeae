// `espmask reset`: starts a board anew from its flash: by the modem lines where the port has them, else by telling the
// loader to, where the board is in it.

import ArgumentParser
import BoardPorts
import DeviceBridge
import Toolchain

struct ResetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset", abstract: "Start a board anew from its flash.",
        discussion: "Example: espmask reset --port /dev/ttyUSB0")

    @OptionGroup var ports: PortOptions
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        let home = try ProjectHome.find(environment: Console.environmentVariables, executable: Console.executable)
        let access = Ports(home: home, settings: try Project.settings(flags: ports.flags), pace: .virtualTime)
        let address = try access.address()
        let line = try await access.open(address)
        let session = LoaderSession(line: line)
        do throws(DeviceError) {
            if !line.capabilities.contains(.modemLines) { try await session.connect() }
            try await session.reset()
        } catch {
            await line.close()
            throw error
        }
        await line.close()
        console.event(["event": "reset", "port": .string(address.description)])
        if !console.json { console.line("\(address) was reset") }
    }
}
