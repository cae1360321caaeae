// A served board seen from the other end of its socket or pty.

import TestSupport
import Testing
import VirtualBoard

/// A board that says how often it was reset, answers every byte with its successor, and pours out bytes on `!`.
private final class EchoBoard: ServedBoard {
    private var output: [UInt8] = []
    private var resets = 0
    private var isPouring = false
    private var isOff = true
    private(set) var now: UInt64 = 0
    var waitingInput: Int { 0 }
    var hostBaudRate: Int?
    var failure: VirtualBoardError?

    func powerCycle(intoLoader: Bool) {
        resets += 1
        isPouring = false
        isOff = false
        output = Array("reset \(resets) \(intoLoader ? "loader" : "flash")\n".utf8)
    }

    func setModemLines(dtr: Bool, rts: Bool) { output += Array("dtr \(dtr) rts \(rts)\n".utf8) }

    func receive(_ bytes: [UInt8]) {
        if bytes.contains(UInt8(ascii: "!")) { isPouring = true }
        if bytes.contains(UInt8(ascii: "~")) { isOff = true }
        output += bytes.map { $0 &+ 1 }
    }

    func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }

    func advance(to deadline: UInt64, outputLimit: Int) -> ServedPause {
        if isOff { return .off }
        if isPouring {
            if now >= deadline { return .deadline }
            now += 10_000
            output += [UInt8](repeating: 0x2A, count: outputLimit)
        }
        if !output.isEmpty { return .output }
        return .idle
    }

    func takeDisconnect() -> Bool { false }
}

@Suite("Board server")
struct ServerTests {
    private func serve(
        _ endpoint: BoardEndpoint, pace: BoardPace = .realTime, startsInLoader: Bool = false
    ) throws -> ServedTestBoard {
        try ServedTestBoard(endpoint, pace: pace, startsInLoader: startsInLoader) { EchoBoard() }
    }

    @Test(
        "Every connection over plain TCP resets the board", arguments: [true, false],
        [BoardPace.realTime, .virtualTime])
    func resetsOnConnection(startsInLoader: Bool, pace: BoardPace) throws {
        let served = try serve(.tcp(port: 0), pace: pace, startsInLoader: startsInLoader)
        defer { served.end() }
        #expect(served.url == "socket://127.0.0.1:\(served.port)" && served.port != 0)
        for number in 1...3 {
            let client = try ByteClient(port: served.port)
            #expect(client.text(until: "\n") == "reset \(number) \(startsInLoader ? "loader" : "flash")\n")
            client.send([0x00, 0x41, 0xFF])
            #expect(client.read { $0.count >= 3 } == [0x01, 0x42, 0x00])
        }
    }

    @Test("A second client is let go at once, and the first goes on")
    func servesOne() throws {
        let served = try serve(.tcp(port: 0))
        defer { served.end() }
        let first = try ByteClient(port: served.port)
        _ = first.text(until: "\n")
        let second = try ByteClient(port: served.port)
        #expect(second.isClosed())
        first.send([0x41])
        #expect(first.read { !$0.isEmpty } == [0x42])
    }

    @Test("A port in use is refused with its code")
    func refusesTakenPort() throws {
        let served = try serve(.tcp(port: 0))
        defer { served.end() }
        let error = #expect(throws: VirtualBoardError.self) {
            try BoardServer(EchoBoard(), at: .rfc2217(port: served.port), pace: .realTime, startsInLoader: false)
        }
        #expect(error?.code == "port-busy")
    }

    @Test("Over RFC 2217 the lines reach the board, and connecting resets only a board that is off")
    func carriesLines() throws {
        let served = try serve(.rfc2217(port: 0))
        defer { served.end() }
        #expect(served.url == "rfc2217://127.0.0.1:\(served.port)")
        do {
            let client = try ByteClient(port: served.port)
            #expect(client.text(until: "\n") == "reset 1 flash\n")
            client.send(hex("ff fa 2c 05 08 ff f0 fe"))
            let got = client.read { $0.count >= 7 + 19 + 2 }
            #expect(got.starts(with: hex("ff fa 2c 69 08 ff f0")))
            #expect(got.suffix(2) == [0xFF, 0xFF], "the answer to 254, doubled")
            #expect(String(decoding: got, as: UTF8.self).contains("dtr true rts false\n"))
        }
        let again = try ByteClient(port: served.port)
        again.send([0x41])
        #expect(!again.text(until: "B").contains("reset"))
    }

    @Test("A board that pours out bytes waits for its client", arguments: [BoardPace.realTime, .virtualTime])
    func holdsBack(pace: BoardPace) throws {
        let served = try serve(.tcp(port: 0), pace: pace)
        defer { served.end() }
        let client = try ByteClient(port: served.port)
        _ = client.text(until: "\n")
        client.send([UInt8(ascii: "!")])
        #expect(client.read { $0.count > 3_000_000 }.dropFirst(1).allSatisfy { $0 == 0x2A })
    }

    @Test("A board that loses power hangs up, and is powered again by the next connection")
    func hangsUp() throws {
        let served = try serve(.tcp(port: 0))
        defer { served.end() }
        do {
            let client = try ByteClient(port: served.port)
            client.send([UInt8(ascii: "~")])
            #expect(client.isClosed())
        }
        let again = try ByteClient(port: served.port)
        #expect(again.text(until: "\n") == "reset 2 flash\n")
    }

    @Test("Opening a pty resets the board, again and again")
    func servesTerminals() throws {
        let served = try serve(.pty)
        defer { served.end() }
        #expect(served.url.hasPrefix("/dev/pts/"))
        for number in 1...2 {
            let client = try ByteClient(path: served.url)
            #expect(client.text(until: "\n").hasSuffix("reset \(number) flash\n"))
            client.send([0x03, 0x0D, 0x11])
            #expect(client.read { $0.count >= 3 } == [0x04, 0x0E, 0x12], "raw: nothing is echoed or translated")
        }
    }

    @Test("A hang-up fault closes the connection, and the loader goes on after the next")
    func disconnects() throws {
        let served = try ServedTestBoard(.tcp(port: 0)) {
            Board(
                profile: .devKitC, flash: try NORFlash(size: 1 << 20),
                faults: try FaultInjector(parsing: "disconnect:byte=20,dir=rx"))
        }
        defer { served.end() }
        let sync = slipFrame([0, 8, 36, 0, 0, 0, 0, 0] + LoaderConversation.sync)
        do {
            let client = try ByteClient(port: served.port)
            client.send(sync)
            #expect(client.isClosed())
        }
        let again = try ByteClient(port: served.port)
        _ = again.text(until: "download\r\n")
        again.send(sync)
        #expect(again.read { $0.count >= 8 * 14 }.count == 8 * 14)
    }
}
