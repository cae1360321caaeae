// What is done about a nan whose cause the board told when it started, before anybody listened: a scripted board behind
// a line without a clock of its own.

import DeviceBridge
import Testing

/// A board whose sketch goes on without a model: when it is reset it says why, later only nan.
private struct NanBoard: LinePeer {
    private(set) var resets = 0
    private var inReset = false
    private static let start =
        SampleLog.banner.replacing("\n", with: "\r\n")
        + "\r\nFailed to resize buffer. Requested: 3404, available 2036, missing: 1368\r\nAllocateTensors() failed\r\n"
    static let prediction = Array("0.1,0.2,0.3,0.4,\r\npredicting...\r\npredicted: nan\r\n".utf8)

    private static func predictions(after milliseconds: Int) -> [Delivery] {
        (0..<5).map { Delivery(after: .milliseconds(milliseconds + 1000 * $0), bytes: prediction) }
    }

    mutating func received(_ bytes: [UInt8]) -> [Delivery] { Self.predictions(after: 0) }

    mutating func modemLines(dtr: Bool, rts: Bool) -> [Delivery] {
        defer { inReset = rts && !dtr }
        guard inReset, !rts else { return [] }
        resets += 1
        return [Delivery(after: .milliseconds(20), bytes: Array(Self.start.utf8))] + Self.predictions(after: 500)
    }

    mutating func baudRate(_ baud: Int) -> [Delivery] { [] }
}

@Suite("A start that nobody heard")
struct StartReadingTests {
    /// Listens for a while of the line's time; what was done about each diagnosis that came.
    private static func listen(
        _ session: inout MonitorSession, looks: Int, mayReset: Bool
    ) async throws -> [MonitorSession.StartReading] {
        var done: [MonitorSession.StartReading] = []
        for _ in 0..<looks {
            for event in try await session.listen(within: .milliseconds(200)).events {
                guard case .diagnosis(let diagnosis) = event else { continue }
                let reading = try await session.readStart(for: diagnosis, mayReset: mayReset)
                if reading != .notNeeded { done.append(reading) }
            }
        }
        return done
    }

    private static func board(
        _ capabilities: LineCapabilities = [.modemLines, .baudRate, .virtualTime], isRunning: Bool = true
    ) async throws -> (session: MonitorSession, line: InMemoryLine<NanBoard>) {
        let line = InMemoryLine(NanBoard(), capabilities: capabilities)
        // A word to the board stands for the time that passed before anybody listened.
        if isRunning { try await line.write([0x0A]) }
        return (MonitorSession(line: line), line)
    }

    @Test("The board is reset once, and the cause that it then tells comes first; the reset is no reboot loop")
    func resets() async throws {
        var (session, line) = try await Self.board()
        #expect(try await Self.listen(&session, looks: 60, mayReset: true) == [.resetting])
        #expect(await line.peer.resets == 1)
        #expect(session.sawStart)
        _ = session.finish()
        #expect(session.diagnoses.map(\.code) == [.arenaTooSmall, .nanOutput])
        #expect(session.diagnoses.first?.details["missing"] == .number(1368))
        #expect(session.diagnoses.last?.hint.contains("Follows from the model") == true)
    }

    @Test("Where that is not wanted or not possible it is said once, and the hint says what is missing")
    func leaves() async throws {
        var (session, line) = try await Self.board()
        #expect(try await Self.listen(&session, looks: 60, mayReset: false) == [.notAllowed])
        #expect(await line.peer.resets == 0)
        #expect(session.diagnoses.map(\.code) == [.nanOutput])
        #expect(session.diagnoses.first?.hint.contains("reset the board") == true)
        var (bare, _) = try await Self.board([.virtualTime])
        #expect(try await Self.listen(&bare, looks: 60, mayReset: true) == [.notPossible])
    }

    @Test("After a start that was heard nothing is reset; after a line that was away it may have started again")
    func heard() async throws {
        var (session, line) = try await Self.board(isRunning: false)
        try await session.reset()
        #expect(try await Self.listen(&session, looks: 60, mayReset: true).isEmpty)
        #expect(await line.peer.resets == 1)

        var (other, first) = try await Self.board(isRunning: false)
        try await other.reset()
        _ = try await other.listen(within: .milliseconds(1))
        while !other.sawStart { _ = try await other.listen(within: .milliseconds(10)) }
        _ = other.finish()
        await first.close()
        let second = InMemoryLine(NanBoard())
        try await second.write([0x0A])
        await other.resume(on: second)
        #expect(try await Self.listen(&other, looks: 60, mayReset: true) == [.resetting])
        #expect(await second.peer.resets == 1)
    }
}
