// The flags that say which board to talk to, and how the port becomes an open line.

import ArgumentParser
import BoardPorts
import DeviceBridge
import ESPImage
import SystemPackage
import Toolchain

struct PortOptions: ParsableArguments {
    @Option(help: "A device path, auto, virtual:[BOARD][#NAME], socket://HOST:PORT or rfc2217://HOST:PORT.")
    var port: [String] = []
    @Option(help: "The rate to flash with, or to listen at.") var baud: Int?

    /// The settings that were given.
    var flags: [SettingName: String] {
        var flags: [SettingName: String] = [:]
        flags[.port] = port.isEmpty ? nil : port.joined(separator: ",")
        flags[.baud] = baud.map(String.init)
        return flags
    }
}

/// The ports of one invocation.
struct Ports {
    let home: ProjectHome
    let settings: Settings
    let pace: VirtualLine.Pace

    /// The rate to listen at, a bare sketch's own where nothing else is said.
    static let usualBaud = 115200

    /// The port in force: the one that was asked for, else the virtual board.
    var name: String { settings[.port]?.text ?? "virtual:" }

    /// The addresses of the ports in force; several are separated by commas, and `auto` is the port it stands for.
    func addresses() throws(DeviceError) -> [PortAddress] {
        var addresses: [PortAddress] = []
        for part in name.split(separator: ",", omittingEmptySubsequences: false) {
            let address = try found(try PortAddress(String(part)))
            guard !addresses.contains(address) else {
                throw DeviceError(
                    code: "usage", message: "the port \(address) is named twice", hint: "Name each board once.")
            }
            addresses.append(address)
        }
        return addresses
    }

    /// The device that `auto` stands for: the one candidate, else the one that the wanted board would be behind.
    private func found(_ address: PortAddress) throws(DeviceError) -> PortAddress {
        guard case .automatic = address else { return address }
        let board = settings[.board].flatMap { try? home.board(named: $0.text) }
        return .device(path: try AutomaticPort.choose(preferring: { board?.isBehind($0) ?? false }))
    }

    /// The one address in force.
    func address() throws -> PortAddress {
        let addresses = try addresses()
        guard addresses.count == 1, let address = addresses.first else {
            throw Failure(
                "usage", "this takes one port, not \(addresses.count)", hint: "Only `flash` and `test` take several.")
        }
        return address
    }

    /// Opens a line at `baud`.
    func open(_ address: PortAddress, baud: Int = usualBaud) async throws(DeviceError) -> any SerialLine {
        let home = home
        let board = settings[.board]?.text ?? Project.defaultBoard
        let opener = PortOpener(board: board, pace: pace, baud: baud) { name throws(DeviceError) in
            do {
                let board = try home.board(named: name)
                guard board.chip == "esp32" else {
                    throw DeviceError(
                        code: "port-not-found", message: "there is no virtual board with a \(board.chip)",
                        hint: "Virtual boards have an ESP32; other chips need a real board.")
                }
                return try FlashSize.named(board.flash.size).bytes
            } catch let error as DeviceError {
                throw error
            } catch ToolchainError.boardUnknown(let name, let known) {
                throw DeviceError(
                    code: "port-not-found", message: "there is no virtual board '\(name)'",
                    hint: "Known boards: \(known.joined(separator: ", ")).")
            } catch {
                let failure = Failure(describing: error)
                throw DeviceError(
                    code: failure?.code ?? "usage", message: failure?.message ?? "\(error)",
                    hint: failure?.hint ?? "")
            }
        }
        return try await opener.open(address)
    }
}
