// Time on a virtual line: whatever a deadline's last digits are, it is reached.

import BoardPorts
import DeviceBridge
import TestSupport
import Testing

@Suite("Time on a virtual line")
struct VirtualLineTimeTests {
    @Test("Every deadline is reached, to the nanosecond and between two of them", .timeLimit(.minutes(15)))
    func deadlines() async throws {
        let folder = try ScratchFolder()
        let opener = PortOpener(board: "test", stateFolder: folder.path, pace: .virtualTime) { _ throws(DeviceError) in
            4 << 20
        }
        let line = try await opener.open(try PortAddress("virtual:"))
        var generator = SystemRandomNumberGenerator()
        for round in 0..<3000 {
            let whole = Duration.nanoseconds(Int64.random(in: 1...3_000_000, using: &generator))
            let time = round % 2 == 0 ? whole : whole + Duration(secondsComponent: 0, attosecondsComponent: 1)
            let before = await line.now
            _ = try await line.read(within: time)
            #expect(await line.now >= before)
        }
        await line.close()
    }
}
