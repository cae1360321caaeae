// The boards of a test run: what each port's board is, and how its line is opened.

import BoardPorts
import DeviceBridge
import ESPImage
import HIL
import Toolchain

/// A board that tests may run on.
struct TestBoard: Sendable {
    let address: PortAddress
    let facts: BoardFacts
    /// The settings of the command line, for this board.
    let flags: [SettingName: String]

    var port: String { address.description }
}

/// The boards of a command line.
struct TestBoards {
    let home: ProjectHome
    let settings: Settings
    let flags: [SettingName: String]

    /// The ports that were given; without any, `count` virtual boards.
    func all(count: Int) throws -> [TestBoard] {
        var addresses: [PortAddress]
        if settings[.port] == nil {
            addresses = [.virtual(board: nil, name: nil)]
            for number in 2...max(2, count) where count > 1 {
                addresses.append(.virtual(board: nil, name: String(number)))
            }
        } else {
            addresses = try Ports(home: home, settings: settings, pace: .virtualTime).addresses()
        }
        return try addresses.map { try board($0) }
    }

    private func board(_ address: PortAddress) throws -> TestBoard {
        let usual = settings[.board]?.text ?? Project.defaultBoard
        var name = usual
        var tags: [String]
        switch address {
        case .virtual(let kind, _):
            name = kind ?? usual
            tags = ["virtual"]
        case .device(let path):
            if settings[.board] == nil, let port = DeviceTree.machine.ports().first(where: { $0.path == path }),
                let known = home.boardNames().first(where: { (try? home.board(named: $0))?.isBehind(port) ?? false })
            {
                name = known
            }
            tags = ["real", "usb"]
        case .socket, .rfc2217: tags = ["network"]
        case .automatic: tags = ["real", "usb"]
        }
        let description = try home.board(named: name)
        tags += description.tags ?? []
        var flags = flags
        flags[.port] = address.description
        flags[.board] = name
        let facts = BoardFacts(
            name: name, chip: description.chip, flashBytes: try FlashSize.named(description.flash.size).bytes,
            tags: tags)
        return TestBoard(address: address, facts: facts, flags: flags)
    }
}
