// Boards, sketches and the folder they are in.

import SystemPackage
import Testing
import TestSupport

import Toolchain

@Suite("Boards and sketches")
struct Settings {
    let home = ProjectHome(root: Peers.checkout)

    @Test("Every board's description can be read")
    func boards() throws {
        #expect(home.boardNames().contains("esp32-devkitc-v4"))
        for name in home.boardNames() { _ = try home.board(named: name) }
    }
}
