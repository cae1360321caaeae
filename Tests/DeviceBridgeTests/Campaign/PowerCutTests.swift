// Power cuts at every single page program and sector erase of a model update, on the virtual board: whatever is left, a
// whole model is in force, and doing it again brings the new one.

import BoardPorts
import DeviceBridge
import TestSupport
import Testing
import VirtualBoard

@Suite("Power cuts during a model update")
struct PowerCutTests {
    @Test("At every write: the old model or the new one is in force", arguments: [false, true])
    func everyWrite(usesStub: Bool) async throws {
        let shape = CampaignScene.Shape(usesStub: usesStub, writesModel: true, isFresh: false, baud: 115_200)
        let scene = try CampaignScene(shape, seed: 77)
        let whole = try await scene.board()
        _ = try await scene.perform(on: whole)
        let writes = try await whole.flashWrites()
        await whole.close()
        // Two erased headers, 5,000 bytes of payload in pages, a header, and the firmware's own sectors.
        #expect(writes > 30)
        for write in 1...writes {
            let board = try await scene.board(.powerCut(write: write))
            await #expect(throws: DeviceError.self, "write \(write)") { try await scene.perform(on: board) }
            #expect(scene.boots(try await board.flashContents()), "write \(write)")
            try await board.plugIn()
            _ = try await scene.perform(on: board)
            #expect(scene.isDone(try await board.flashContents()), "write \(write)")
            await board.close()
        }
    }
}
