// `espmask boards`: the boards that are known.

import ArgumentParser
import Toolchain

struct BoardsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "boards", abstract: "List the boards that are known.",
        discussion: "Example: espmask boards --json")

    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        let home = try ProjectHome.find(environment: Console.environmentVariables, executable: Console.executable)
        var list: [JSON] = []
        for name in home.boardNames() {
            let board = try home.board(named: name)
            list.append([
                "name": .string(board.name), "title": .string(board.title), "chip": .string(board.chip),
                "flash": .string(board.flash.size), "virtual": .bool(board.chip == "esp32"),
                "backends": .array(board.backends.map { .string($0) }),
            ])
            if !console.json {
                console.line(
                    "\(board.name.padded(to: 20)) \(board.title); builds with \(board.backends.joined(separator: ", "))"
                )
            }
        }
        console.event(.array(list))
    }
}

extension BoardDescription {
    /// The build back ends that can make firmware for it.
    var backends: [String] {
        [bare.map { _ in "bare" }, arduino.map { _ in "arduino" }, idf.map { _ in "idf" }].compactMap { $0 }
    }
}
