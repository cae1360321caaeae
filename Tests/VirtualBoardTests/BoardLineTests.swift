// The board at its serial line: the modem lines' circuit, both speeds, faults on the way, and how far it runs when nobody
// takes what it says.

import TestSupport
import Testing
import VirtualBoard

@Suite("The board's line")
struct BoardLineTests {
    private static let loaderBanner =
        "boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\r\nwaiting for download\r\n"
    private static let flashBanner = "boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"
    static let sync = slipFrame([0, 8, 36, 0, 0, 0, 0, 0] + LoaderConversation.sync)

    /// A board that prints `hi` forever, one every 10 ms or so, after its banner.
    private static func talkingBoard(faults: String? = nil) throws -> Board {
        var program = BoardProgram()
        program.stopWatchdogs()
        let top = program.here
        program.print("hi\n")
        program.delay(milliseconds: 10)
        program.jump(to: top)
        let injector = try faults.map { try FaultInjector(parsing: $0) } ?? FaultInjector()
        return Board(profile: .devKitC, flash: try program.flash(), faults: injector)
    }

    // MARK: Modem lines

    @Test(
        "The lines' sequences start",
        arguments: [
            // Classic reset, one line at a time as over RFC 2217, 60 ms apart; the last argument says what starts.
            ([(false, true), (true, true), (true, false), (false, false)], loaderBanner),
            // Both lines at once.
            ([(false, true), (true, false), (false, false)], loaderBanner),
            ([(false, false), (true, true), (false, true), (true, false), (false, false)], loaderBanner),
            // Hard reset, and EN let go by way of both lines.
            ([(false, true), (false, false)], flashBanner),
            ([(false, true), (true, true), (false, false)], flashBanner),
            // Both lines for good: EN rises by itself, with GPIO0 high.
            ([(false, true), (true, true), (true, true), (true, true), (true, true)], flashBanner),
            // Changed its mind on the way.
            ([(false, true), (true, true), (false, true), (true, false)], loaderBanner),
        ] as [([(Bool, Bool)], String)])
    func resets(sequence: [(Bool, Bool)], expected: String) throws {
        let board = try Self.talkingBoard()
        board.powerOn(.flashBoot)
        _ = board.text(milliseconds: 50)
        var text = ""
        for (dtr, rts) in sequence {
            board.setModemLines(dtr: dtr, rts: rts)
            text += board.text(milliseconds: 60)
        }
        #expect(text.contains("rst:0x1 (POWERON_RESET)," + expected), "\(text)")
        #expect(text.components(of: "ets Jul").count == 2, "it started once")
    }

    @Test(
        "Lines that do not let EN go start nothing",
        arguments: [
            [(true, false), (false, false)], [(true, true), (false, false)],
            [(true, false), (true, true), (true, false)],
        ] as [[(Bool, Bool)]])
    func staysUp(sequence: [(Bool, Bool)]) throws {
        let board = try Self.talkingBoard()
        board.powerOn(.flashBoot)
        _ = board.text(until: "hi")
        for (dtr, rts) in sequence {
            board.setModemLines(dtr: dtr, rts: rts)
            let text = board.text(milliseconds: 60)
            #expect(text.contains("hi\n") && !text.contains("rst:"))
        }
    }

    @Test("A board held in reset is silent and deaf, and has no events of its own")
    func isHeld() throws {
        let board = try Self.talkingBoard()
        board.powerOn(.flashBoot)
        _ = board.text(until: "hi")
        board.setModemLines(dtr: false, rts: true)
        _ = board.takeOutput()
        #expect(board.run(until: board.now + 1_000_000_000) == .idle)
        board.receive(Self.sync)
        board.setModemLines(dtr: true, rts: false)
        #expect(board.text(milliseconds: 100).hasSuffix("waiting for download\r\n"), "nothing answered")
    }

    @Test("A board without power takes note of the lines alone")
    func isOff() throws {
        let board = try Self.talkingBoard()
        board.setModemLines(dtr: false, rts: true)
        board.receive(Self.sync)
        #expect(board.run(until: 1_000_000) == .off)
        board.powerOn(.flashBoot)
        #expect(board.run(until: 1_000_000) == .idle, "EN is held low")
        board.setModemLines(dtr: false, rts: false)
        #expect(board.text(until: "hi").contains(Self.flashBanner))
        board.powerOff()
        _ = board.takeOutput()
        #expect(board.run(until: .max) == .off)
    }

    @Test("In the loader the SPI controller reaches the flash only when it was attached; after a flash boot it does")
    func attaches() throws {
        let board = Board(profile: .devKitC, flash: try NORFlash(size: 4 << 20))
        func identification() -> UInt32? {
            // USR with a command phase and 24 bits in: read JEDEC id.
            for (address, value) in [(0x3FF4_201C, 0x9000_0000), (0x3FF4_2024, 0x7000_009F), (0x3FF4_202C, 23)] {
                #expect(board.loaderWrite(UInt32(address), UInt32(value)))
            }
            #expect(board.loaderWrite(0x3FF4_2000, 1 << 18))
            return board.loaderRead(0x3FF4_2080).map { $0 & 0xFF_FFFF }
        }
        board.powerOn(.download)
        #expect(board.text(until: "waiting for download").contains("DOWNLOAD"))
        _ = board.text(milliseconds: 10)
        #expect(identification() == 0)
        board.receive(Self.sync + slipFrame([0, 0x0D, 8, 0, 0, 0, 0, 0] + words(0, 0)))
        #expect(identification() == 0x16_40EF)
        board.powerOff()
        board.powerOn(.download)
        _ = board.text(milliseconds: 100)
        #expect(identification() == 0)
        board.powerOff()
        board.powerOn(.flashBoot)
        _ = board.text(milliseconds: 10)
        #expect(identification() == 0x16_40EF)
    }

    // MARK: Speeds

    @Test("The loader takes the speed of the first bytes; a change of speed is the host's to follow")
    func measuresSpeed() throws {
        let board = Board(profile: .devKitC, flash: try NORFlash(size: 1 << 20))
        board.hostBaudRate = 230_400
        board.powerOn(.download)
        #expect(!board.text(milliseconds: 50).contains("waiting"), "the banner comes at 115,200 baud")
        board.receive(Self.sync)
        #expect(board.takeOutput().count == 8 * 14)
        #expect(abs(board.baudRate - 230_400) < 2304)
        board.receive(slipFrame([0, 0x0F, 8, 0, 0, 0, 0, 0] + words(921_600, 0)))
        #expect(board.takeOutput().count == 14, "answered at the old speed")
        board.receive(Self.sync)
        #expect(board.takeOutput().count != 8 * 14)
        board.hostBaudRate = 921_600
        board.receive(slipFrame([]) + Self.sync)
        #expect(board.takeOutput().suffix(8 * 14).starts(with: [0xC0, 1, 8]))
    }

    @Test(
        "Bytes at another speed are garbage, in both directions",
        arguments: [9600, 57_600, 74_880, 230_400, 921_600, 3_000_000])
    func isGarbage(speed: Int) throws {
        let board = try Self.talkingBoard()
        board.hostBaudRate = speed
        board.powerOn(.flashBoot)
        let bytes = board.bytes(milliseconds: 100)
        #expect(!bytes.isEmpty)
        #expect(!String(decoding: bytes, as: UTF8.self).contains("ets Jul"))
        board.hostBaudRate = 117_000
        #expect(board.text(milliseconds: 100).contains("hi\nhi\nhi\n"), "1.6 % apart is near enough")
    }

    @Test("The waveform of one byte, sampled at other speeds, as worked out by hand")
    func samples() {
        let cases: [(UInt8, Int, Int, [UInt8])] = [
            (0x00, 1, 1, [0x00]), (0xA5, 115_200, 115_200, [0xA5]),
            // Twice as fast, the start bit and data bits are seen twice; the line rises within the frame or after it.
            (0xFF, 1, 2, [0xFE]), (0x00, 1, 2, [0x00]), (0x0F, 1, 2, [0xFE, 0x80]),
            // Half as fast, every other bit is seen, then the idle line; a start bit too short is a glitch.
            (0x00, 2, 1, [0xF8]), (0x04, 2, 1, [0xF9]), (0xFF, 2, 1, []), (0xFD, 2, 1, []), (0xF9, 2, 1, [0xFF]),
        ]
        for (byte, sender, receiver, expected) in cases {
            let heard = LineSampling(sender: sender * 100, receiver: receiver * 100).heard([byte])
            #expect(heard == expected, "\(byte) at \(sender) heard at \(receiver): \(heard)")
        }
    }

    @Test("No two speeds trap the sampling, and cutting does not matter")
    func samplesAnything() {
        let bytes = [UInt8](0...255)
        for sender in [1, 300, 9600, 115_200, 4_000_000, Int(UInt32.max)] {
            for receiver in [-1, 0, 1, 110, 9600, 115_200, 5_000_000, Int(UInt32.max)] {
                let line = LineSampling(sender: sender, receiver: receiver)
                #expect(bytes.flatMap { line.heard([$0]) } == line.heard(bytes))
            }
        }
    }

    // MARK: Faults

    @Test("Faults of the line hit what the board says and hears")
    func disturbsLine() throws {
        let plain = try Self.talkingBoard()
        plain.powerOn(.flashBoot)
        let expected = plain.bytes(milliseconds: 100)
        let cases: [(String, ([UInt8]) -> [UInt8])] = [
            ("drop:byte=5,dir=tx", { Array($0[..<4] + $0[5...]) }),
            ("duplicate:byte=5,dir=tx", { Array($0[..<5] + $0[4...]) }),
            ("corrupt:byte=5,dir=tx", { Array($0[..<4] + [$0[4] ^ 0x10] + $0[5...]) }), ("drop:byte=5,dir=rx", { $0 }),
        ]
        for (fault, change) in cases {
            let board = try Self.talkingBoard(faults: fault)
            board.powerOn(.flashBoot)
            #expect(board.bytes(milliseconds: 100) == change(expected), "\(fault)")
        }
        let board = Board(
            profile: .devKitC, flash: try NORFlash(size: 1 << 20),
            faults: try FaultInjector(parsing: "drop:byte=1,dir=rx"))
        board.powerOn(.download)
        _ = board.text(milliseconds: 50)
        board.receive(Self.sync + Self.sync)
        #expect(board.takeOutput().count == 8 * 14, "the first lost its frame's start")
    }

    @Test("A delayed byte comes when its time has come, and the board's clock goes there")
    func delays() throws {
        let board = Board(
            profile: .devKitC, flash: try NORFlash(size: 1 << 20),
            faults: try FaultInjector(parsing: "delay:byte=3,ms=250,dir=rx;delay:byte=200,ms=100,dir=tx"))
        board.powerOn(.download)
        _ = board.text(milliseconds: 50)
        let start = board.now
        board.receive(Self.sync)
        #expect(board.waitingInput == Self.sync.count - 2)
        #expect(board.run(until: .max) == .output)
        #expect(board.now == start + 250_000_000)
        var answer = board.takeOutput()
        #expect(answer.count < 8 * 14)
        #expect(board.run(until: .max) == .output)
        #expect(board.now == start + 350_000_000)
        answer += board.takeOutput()
        #expect(answer.count == 8 * 14 && board.waitingInput == 0)
        #expect(board.run(until: .max) == .idle)
    }

    @Test("A fault that is added later counts from there")
    func countsFromNow() throws {
        let board = try Self.talkingBoard()
        board.powerOn(.flashBoot)
        _ = board.text(until: "hi\n")
        board.add(.drop(.byte(4), .tx))
        board.add(.brownout(milliseconds: 100))
        let added = board.now
        #expect(board.text(until: "hi\ni\nhi\n").contains("hi\ni\nhi\n"))
        let text = board.text(until: "BROWN")
        #expect(text.contains("BROWN") && board.now > added + 100_000_000 && board.now < added + 110_000_000)
    }

    @Test("A hang-up is told once, and the line carries again after it")
    func hangsUp() throws {
        let board = try Self.talkingBoard(faults: "disconnect:byte=300,dir=tx")
        board.powerOn(.flashBoot)
        #expect(board.bytes(milliseconds: 300).count == 299)
        #expect(board.takeDisconnect() && !board.takeDisconnect())
        #expect(board.text(milliseconds: 50).contains("hi\n"))
    }

    // MARK: Back-pressure

    @Test("A board with output that nobody takes stands still")
    func waitsForItsReader() throws {
        let board = try Self.talkingBoard()
        board.powerOn(.flashBoot)
        #expect(board.run(until: 1_000_000_000) == .output)
        let then = board.now
        for _ in 0..<3 { #expect(board.run(until: 1_000_000_000) == .output && board.now == then) }
        #expect(board.takeOutput().count == 1)
        // A server gathers a burst, but no more than its limit, and no time passes over it once the burst has left.
        _ = board.text(until: "hi\nhi")
        _ = board.text(until: "\n")
        #expect(board.advance(to: .max, outputLimit: 2) == .output)
        #expect(board.takeOutput() == Array("hi".utf8))
        #expect(board.advance(to: .max, outputLimit: 4096) == .output)
        #expect(board.takeOutput() == Array("\n".utf8))
        #expect(board.advance(to: .max, outputLimit: 4096) == .output)
        #expect(board.takeOutput() == Array("hi\n".utf8))
    }

    @Test("Input waits on the wire and arrives at the board's own speed")
    func countsInput() throws {
        let board = try Self.talkingBoard()
        board.powerOn(.flashBoot)
        _ = board.text(until: "hi\n")
        board.receive([UInt8](repeating: 0x41, count: 1152))
        #expect(board.waitingInput == 1152)
        _ = board.bytes(milliseconds: 50)
        #expect((570...580).contains(board.waitingInput))
        _ = board.bytes(milliseconds: 51)
        #expect(board.waitingInput == 0)
    }
}

extension String {
    /// The pieces between the occurrences of `part`.
    func components(of part: String) -> [Substring] {
        var pieces: [Substring] = []
        var rest = self[...]
        while let found = rest.firstRange(of: part) {
            pieces.append(rest[..<found.lowerBound])
            rest = rest[found.upperBound...]
        }
        return pieces + [rest]
    }
}
