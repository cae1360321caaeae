// The board behind its server: the client's line speed, faults that end the connection, and virtual time.

import Glibc
import TestSupport
import Testing
import VirtualBoard

@Suite("The board behind its server")
struct ServedBoardTests {
    /// Says `hi` once in 10 ms.
    private static let talking: BoardProgram = {
        var program = BoardProgram()
        program.stopWatchdogs()
        let top = program.here
        program.print("hi\n")
        program.delay(milliseconds: 10)
        program.jump(to: top)
        return program
    }()

    /// The board's bytes among a server's answers of seven bytes.
    private static func withoutTelnet(_ bytes: [UInt8]) -> [UInt8] {
        var data: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.first {
            if byte != 0xFF { data.append(byte) }
            rest = rest.dropFirst(byte == 0xFF ? 7 : 1)
        }
        return data
    }

    private func serve(
        _ endpoint: BoardEndpoint, _ program: BoardProgram, faults: String? = nil, pace: BoardPace = .realTime
    ) throws -> ServedTestBoard {
        let image = program.image
        return try ServedTestBoard(endpoint, pace: pace, startsInLoader: false) {
            let flash = try NORFlash(size: 4 << 20)
            flash.put(image, at: 0x1000)
            let injector = try faults.map { try FaultInjector(parsing: $0) } ?? FaultInjector()
            return Board(profile: .devKitC, flash: flash, faults: injector)
        }
    }

    @Test("A terminal at another speed shows garbage, and is readable again at the board's")
    func mindsTerminalSpeed() throws {
        let served = try serve(.pty, Self.talking)
        defer { served.end() }
        let client = try ByteClient(path: served.url)
        #expect(client.text(until: "hi\nhi\n").contains("ets Jul"))
        client.setSpeed(UInt32(B57600))
        let garbage = client.read { $0.count >= 100 }
        #expect(!String(decoding: garbage.suffix(50), as: UTF8.self).contains("hi\n"))
        client.setSpeed(UInt32(B115200))
        #expect(client.text(until: "hi\nhi\nhi\n").contains("hi\nhi\nhi\n"))
    }

    @Test("So is a client of RFC 2217 that sets another speed")
    func mindsClientSpeed() throws {
        let served = try serve(.rfc2217(port: 0), Self.talking)
        defer { served.end() }
        let client = try ByteClient(port: served.port)
        #expect(client.text(until: "hi\nhi\n").contains("ets Jul"))
        // SET-BAUDRATE 57600.
        client.send(hex("ff fa 2c 01 00 00 e1 00 ff f0"))
        // The board talks on behind the answer.
        let answer = hex("ff fa 2c 65 00 00 e1 00 ff f0")
        _ = client.read { got in got.suffix(300).indices.contains { got[$0...].starts(with: answer) } }
        let garbage = client.read { $0.count >= 50 }
        #expect(!String(decoding: garbage, as: UTF8.self).contains("hi\n"))
        client.send(hex("ff fa 2c 01 00 01 c2 00 ff f0"))
        #expect(client.text(until: "hi\nhi\nhi\n").contains("hi\nhi\nhi\n"))
    }

    @Test("A power cut closes the connection, and the next one finds the board powered again")
    func cutsPower() throws {
        var program = BoardProgram()
        program.stopWatchdogs()
        program.print("a\n")
        program.delay(milliseconds: 5)
        program.poke(0x3FF4_2000, 1 << 30)
        program.poke(0x3FF4_2004, 0x20_0000)
        program.poke(0x3FF4_2000, 1 << 24)
        program.print("b\n")
        program.spin()
        let served = try serve(.rfc2217(port: 0), program, faults: "power-cut:write=1")
        defer { served.end() }
        do {
            let client = try ByteClient(port: served.port)
            let text = String(decoding: client.read { _ in false }, as: UTF8.self)
            #expect(text.hasSuffix("a\n"), "\(text)")
        }
        let again = try ByteClient(port: served.port)
        #expect(again.text(until: "a\nb\n").contains("rst:0x1 (POWERON_RESET)"))
    }

    // A hundred seconds of board time: in real time the client would have given up.
    @Test("In virtual time a board that idles does not let its client wait")
    func isFast() throws {
        var program = BoardProgram()
        program.stopWatchdogs()
        program.set(5, to: 400_000_000)
        program.readSpecial(234, to: 4)
        program.takeInterrupts(1 << 6)
        let idle = program.here
        program.add(4, 4, 5)
        program.writeSpecial(240, from: 4)
        program.print("t\n")
        program.wait()
        program.jump(to: idle)
        program.atUserVector()
        program.writeSpecial(240, from: 5)
        program.returnFromException()
        let served = try serve(.tcp(port: 0), program, pace: .virtualTime)
        defer { served.end() }
        let client = try ByteClient(port: served.port)
        let ticks = String(repeating: "t\n", count: 10)
        #expect(client.text(until: ticks).hasSuffix(ticks))
    }

    @Test("A board whose time ran ahead obeys the modem lines at once, not when the wall clock has caught up with it")
    func resetsAfterRunningAhead() throws {
        let served = try serve(.rfc2217(port: 0), Self.talking, pace: .virtualTime)
        defer { served.end() }
        let client = try ByteClient(port: served.port)
        // A minute of board time.
        _ = client.read { $0.count >= 18_000 }
        func lines(_ values: String...) { for value in values { client.send(hex("ff fa 2c 05 \(value) ff f0")) } }
        lines("0b", "08", "0c")
        // While lines change, the board keeps to the wall clock: DTR is told again and again what it is, for seconds.
        var bytes: [UInt8] = []
        var text: String { String(decoding: Self.withoutTelnet(bytes), as: UTF8.self) }
        for _ in 0..<500 where !text.contains("waiting for download") {
            lines("08")
            bytes += client.read { $0.contains(0xF0) }
        }
        #expect(text.contains("waiting for download"), "\(text.suffix(200))")
    }

    @Test("The loader measures the speed that a terminal has when the first bytes come, not one it had before")
    func measuresTerminalSpeed() throws {
        let served = try ServedTestBoard(.pty) { Board(profile: .devKitC, flash: try NORFlash(size: 4 << 20)) }
        defer { served.end() }
        let client = try ByteClient(path: served.url)
        #expect(client.text(until: "waiting for download\r\n").contains("DOWNLOAD_BOOT"))
        client.setSpeed(UInt32(B57600))
        client.send(slipFrame([0, 8, 36, 0, 0, 0, 0, 0, 7, 7, 0x12, 0x20] + [UInt8](repeating: 0x55, count: 32)))
        #expect(client.read { $0.count >= 8 * 14 }.count == 8 * 14)
        client.send(slipFrame(hex("00 0a 04 00 00 00 00 00 00 10 00 40")))
        #expect(client.read { $0.count >= 14 }.starts(with: hex("c0 01 0a 04 00 83 1d f0 00")))
    }

    @Test("Without a client virtual time stands still, and what was under way goes on with the next")
    func standsStill() throws {
        let served = try serve(.rfc2217(port: 0), Self.talking, pace: .virtualTime)
        defer { served.end() }
        for _ in 0..<2 {
            let client = try ByteClient(port: served.port)
            #expect(client.text(until: "hi\nhi\n").contains("hi\n"))
        }
    }
}
