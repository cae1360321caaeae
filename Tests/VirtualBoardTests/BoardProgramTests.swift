// Programs on the board: timers and idling, the UART's FIFOs and interrupts, flash through the cache and through the SPI
// controller, what the missing mask ROM looks like, and that the same board does the same again.

import SystemPackage
import TestSupport
import Testing
import VirtualBoard

extension BoardProgram {
    // VECBASE keeps 1 KB boundaries.
    private static let vectorBase = codeBase + 0x600
    private static let userVector = vectorBase + 0x340

    /// Lets interrupts of level 1 come to the vectors, in user mode (ISA: VECBASE 231, PS 230, INTENABLE 228).
    mutating func takeInterrupts(_ mask: UInt32) {
        set(2, to: Self.vectorBase)
        writeSpecial(231, from: 2)
        set(2, to: mask)
        writeSpecial(228, from: 2)
        set(2, to: 0x20)
        writeSpecial(230, from: 2)
    }

    /// Begins the interrupt's code.
    mutating func atUserVector() { skip(to: Self.userVector) }
}

@Suite("Programs on the board")
struct BoardProgramTests {
    private static let uart: UInt32 = 0x3FF4_0000

    private static func board(
        _ program: BoardProgram, seed: UInt64 = 1, faults: String? = nil
    ) throws -> Board {
        var profile = BoardProfile.devKitC
        profile.seed = seed
        let injector = try faults.map { try FaultInjector(parsing: $0) } ?? FaultInjector()
        return Board(profile: profile, flash: try program.flash(), faults: injector)
    }

    // MARK: Time

    /// A tick a second from CCOMPARE0, idling in between.
    private static let ticking: BoardProgram = {
        var program = BoardProgram()
        program.stopWatchdogs()
        program.set(5, to: 40_000_000)
        program.readSpecial(234, to: 4)
        program.add(4, 4, 5)
        program.writeSpecial(240, from: 4)
        program.takeInterrupts(1 << 6)
        let idle = program.here
        program.wait()
        program.jump(to: idle)
        program.atUserVector()
        program.add(4, 4, 5)
        program.writeSpecial(240, from: 4)
        program.print("tick\n")
        program.returnFromException()
        return program
    }()

    // A thousand seconds are forty thousand million instructions: without the jump this would not end.
    @Test("An idle board jumps to its next CCOMPARE interrupt, and is there on time")
    func idles() throws {
        let board = try Self.board(Self.ticking)
        board.powerOn(.flashBoot)
        _ = board.text(until: "tick\n", milliseconds: 2000)
        let first = board.now
        for number: UInt64 in 1...1000 {
            #expect(board.run(until: .max) == .output)
            // The first byte of the text leaves 87 us after it was put into the FIFO.
            let late = Int64(board.now) - Int64(first + number * 1_000_000_000)
            #expect((-1_000_000...1_000_000).contains(late), "tick \(number): \(late) ns")
            #expect(board.text(until: "\n") == "tick\n")
        }
    }

    @Test("A board that waits for an interrupt that cannot come is idle")
    func isIdle() throws {
        var program = BoardProgram()
        program.stopWatchdogs()
        program.takeInterrupts(0)
        program.wait()
        program.spin()
        let board = try Self.board(program)
        board.powerOn(.flashBoot)
        _ = board.text(until: "entry 0x40080200\r\n")
        #expect(board.run(until: .max) == .idle)
        let then = board.now
        #expect(board.run(until: then + 5_000_000) == .deadline && board.now == then + 5_000_000)
        #expect(board.advance(to: .max, outputLimit: 10) == .idle)
    }

    // MARK: UART

    /// Echoes what is in the receive FIFO whenever one of the interrupts comes.
    private static func echoing(enable: UInt32, conf1: UInt32) -> BoardProgram {
        var program = BoardProgram()
        program.stopWatchdogs()
        program.poke(0x3FF0_0104 + 34 * 4, 0)
        program.poke(uart + 0x24, conf1)
        program.poke(uart + 0x0C, enable)
        program.set(6, to: uart)
        program.set(7, to: 0xFF)
        program.takeInterrupts(1)
        let idle = program.here
        program.wait()
        program.jump(to: idle)
        program.atUserVector()
        let round = program.here
        program.load(3, from: 6)
        program.store(3, to: 6)
        program.load(3, from: 6, offset: 0x1C)
        program.and(3, 3, 7)
        program.jump(to: round, ifNotZero: 3)
        program.store(7, to: 6, offset: 0x10)
        program.poke(uart + 0x10, UART.Interrupt.rxTimeout)
        program.returnFromException()
        return program
    }

    @Test("The receive interrupt comes at its threshold, or after a pause")
    func interrupts() throws {
        for (enable, conf1, answersFour) in [
            (UART.Interrupt.rxFull, UInt32(5), false), (UART.Interrupt.rxTimeout, 1 << 31 | 2 << 24 | 100, true),
        ] {
            let board = try Self.board(Self.echoing(enable: enable, conf1: conf1))
            board.powerOn(.flashBoot)
            _ = board.text(until: "entry 0x40080200\r\n")
            board.receive(Array("abcd".utf8))
            #expect(board.text(milliseconds: 100) == (answersFour ? "abcd" : ""))
            board.receive(Array("e".utf8))
            #expect(board.text(milliseconds: 100) == (answersFour ? "e" : "abcde"))
            board.receive(Array("0123456789".utf8))
            #expect(board.text(milliseconds: 100) == "0123456789")
        }
    }

    @Test("A FIFO of 128 bytes each way: what is too much is lost, as on the chip")
    func overflows() throws {
        var program = BoardProgram()
        program.stopWatchdogs()
        program.print("go\n")
        program.delay(milliseconds: 50)
        // Sends what is in the receive FIFO, 200 times; an empty FIFO reads as 0.
        program.set(2, to: Self.uart)
        program.set(4, to: 200)
        program.set(5, to: .max)
        let round = program.here
        program.load(3, from: 2)
        program.store(3, to: 2)
        program.add(4, 4, 5)
        program.jump(to: round, ifNotZero: 4)
        program.spin()
        let board = try Self.board(program)
        board.powerOn(.flashBoot)
        _ = board.text(until: "go\n")
        board.receive(Array(1...200))
        // 128 wait; 200 reads in no time put as many as fit into the other FIFO and the shifter.
        #expect(board.bytes(milliseconds: 100) == Array(1...128) + [0])
    }

    @Test("Bytes leave one frame time apart, at the speed of CLKDIV", arguments: [(0x15B, 86_750), (0x2B6, 173_500)])
    func takesTime(divider: UInt32, frame: UInt64) throws {
        var program = BoardProgram()
        program.stopWatchdogs()
        program.poke(Self.uart + 0x14, divider)
        program.print("ab")
        program.spin()
        let board = try Self.board(program)
        board.powerOn(.flashBoot)
        _ = board.text(until: "entry 0x40080200\r\n")
        #expect(board.text(until: "a") == "a")
        let then = board.now
        #expect(board.text(until: "b") == "b" && board.now == then + frame)
        #expect(board.baudRate == (divider == 0x15B ? 115_274 : 57_637))
    }

    // MARK: Flash

    @Test("Pages of flash are seen through the cache where its table says, and nowhere else")
    func mapsPages() throws {
        var program = BoardProgram()
        program.stopWatchdogs()
        for page: UInt32 in [2, 3, 66] {
            program.poke(0x3FF1_0000 + 4 * 5, page)
            program.set(2, to: 0x3F45_0000)
            program.load(3, from: 2)
            program.set(2, to: Self.uart)
            program.store(3, to: 2)
        }
        // Code in the instruction window: entry 78 is at 0x400E0000.
        program.poke(0x3FF1_0000 + 4 * 78, 4)
        program.set(2, to: Self.uart)
        program.set(3, to: 0x49)
        program.set(4, to: 0x400E_0000)
        program.set(5, to: 0x3F45_0000)
        program.jump(toRegister: 4)
        let flash = try program.flash()
        flash.put([0x41], at: 0x2_0000)
        flash.put([0x42], at: 0x3_0000)
        flash.put(Self.storeAndFault, at: 0x4_0000)
        let board = Board(profile: .devKitC, flash: flash)
        board.powerOn(.flashBoot)
        _ = board.text(until: "entry 0x40080200\r\n")
        // Page 66 of a chip with 64 is page 2 again.
        let text = board.text(milliseconds: 100)
        #expect(text.hasPrefix("ABAI"), "\(text)")
        #expect(text.contains("Fatal exception (3): LoadStoreError\r\nepc1=0x400e0003"), "\(text)")
    }

    // S32I a3, a2, 0, and S32I a3, a5, 0, where a5 is in the data window, which takes no stores.
    private static let storeAndFault: [UInt8] = [0x32, 0x62, 0x00, 0x32, 0x65, 0x00]

    /// Erases a sector and programs four bytes through SPI1, four times over, saying a letter after each program.
    private static let writing: BoardProgram = {
        var program = BoardProgram()
        let spi: UInt32 = 0x3FF4_2000
        program.stopWatchdogs()
        for round: UInt32 in 0..<4 {
            let address = 0x20_0000 + round * 0x1000
            program.poke(spi, 1 << 30)
            program.poke(spi + 4, address)
            program.poke(spi, 1 << 24)
            program.poke(spi, 1 << 30)
            program.poke(spi + 4, address | 4 << 24)
            program.poke(spi + 0x80, 0x4433_2211)
            program.poke(spi, 1 << 25)
            program.print(String(round))
        }
        program.print("done\n")
        program.spin()
        return program
    }()

    @Test("A power cut comes in the middle of the write that was named, and the flash is what it was then")
    func cutsPower() throws {
        for write in 1...8 {
            let board = try Self.board(Self.writing, faults: "power-cut:write=\(write)")
            board.flash.put([UInt8](repeating: 0, count: 0x4000), at: 0x20_0000)
            board.powerOn(.flashBoot)
            let text = board.text(milliseconds: 200)
            #expect(board.run(until: .max) == .off)
            #expect(!text.contains("done"))
            for round in 0..<4 {
                let (erase, program) = (2 * round + 1, 2 * round + 2)
                let sector = try #require(board.flash.read(0x20_0000 + round * 0x1000, count: 0x1000))
                let expected: [UInt8] =
                    write > program
                    ? [0x11, 0x22, 0x33, 0x44]
                    : write == program
                        ? [0x11, 0x22, 0xFF, 0xFF]
                        : write == erase ? [0xFF, 0xFF, 0xFF, 0xFF] : [0, 0, 0, 0]
                #expect(Array(sector[..<4]) == expected, "write \(write), sector \(round)")
                #expect(sector[0xFFF] == (write > erase ? 0xFF : 0), "the second half of an erase that was cut off")
            }
            board.powerOn(.flashBoot)
            #expect(board.text(milliseconds: 200).contains("0123done\n"), "once is enough")
        }
    }

    @Test("A power cut in the loader silences it until power comes back")
    func cutsPowerInLoader() throws {
        let board = Board(
            profile: .devKitC, flash: try NORFlash(size: 1 << 20),
            faults: try FaultInjector(parsing: "power-cut:write=2"))
        board.powerOn(.download)
        _ = board.text(milliseconds: 50)
        func ask(_ opcode: UInt8, _ body: [UInt8], checksum: UInt32 = 0) -> [UInt8] {
            board.receive(
                slipFrame([0, opcode, UInt8(body.count & 0xFF), UInt8(body.count >> 8)] + words(checksum) + body))
            return board.takeOutput()
        }
        #expect(!ask(0x08, LoaderConversation.sync).isEmpty)
        #expect(!ask(0x0D, words(0, 0)).isEmpty)
        #expect(!ask(0x02, words(0x400, 1, 0x400, 0x1_0000)).isEmpty, "erases one sector")
        let block = [UInt8](repeating: 0, count: 0x400)
        #expect(ask(0x03, words(0x400, 0, 0, 0) + block, checksum: 0xEF).isEmpty)
        #expect(board.run(until: .max) == .off)
        #expect(ask(0x08, LoaderConversation.sync).isEmpty)
        #expect(board.flash.read(0x1_0000, count: 256)?.firstIndex(of: 0xFF) == 128)
        board.powerOn(.download)
        _ = board.text(milliseconds: 50)
        #expect(!ask(0x08, LoaderConversation.sync).isEmpty)
    }

    @Test("A flipped bit of the flash is what the ROM reads")
    func flipsBits() throws {
        var program = BoardProgram()
        program.spin()
        let board = try Self.board(program, faults: "flash-bit:offset=0x1000,bit=0")
        board.powerOn(.flashBoot)
        #expect(board.text(milliseconds: 50).contains("invalid header: 0x200201e8"))
    }

    // MARK: Mask ROM

    /// How a program comes to the mask ROM.
    enum WayToROM: UInt32, CaseIterable {
        case jump = 0x4000_7ABC
        /// As ESP-IDF's second stage calls the ROM's printf.
        case windowedCall = 0x4000_7D54
        case load = 0x3FF9_6000
    }

    @Test(
        "A program that calls or reads the mask ROM stops, and says which address it wanted",
        arguments: WayToROM.allCases)
    func needsROM(way: WayToROM) throws {
        var program = BoardProgram()
        program.print("hi\n")
        program.delay(milliseconds: 2)
        program.set(2, to: way.rawValue)
        switch way {
        case .jump: program.jump(toRegister: 2)
        case .windowedCall: program.call(register: 2)
        case .load: program.load(3, from: 2)
        }
        program.spin()
        let board = try Self.board(program)
        board.powerOn(.flashBoot)
        #expect(board.text(milliseconds: 1000).hasSuffix("hi\n"))
        #expect(board.run(until: .max) == .off, "no watchdog makes it go round")
        #expect(board.missingROMAddress == way.rawValue)
        let failure = try #require(board.failure)
        #expect(failure.code == "needs-mask-rom" && failure.message.contains("0x" + String(way.rawValue, radix: 16)))
        #expect(board.advance(to: .max, outputLimit: 10) == .idle, "a server keeps its client")
        board.setModemLines(dtr: false, rts: true)
        board.setModemLines(dtr: true, rts: false)
        #expect(board.text(milliseconds: 50).hasSuffix("waiting for download\r\n"))
        #expect(board.failure == nil)
    }

    // MARK: Determinism

    /// Sends random bytes for ever.
    private static let random: BoardProgram = {
        var program = BoardProgram()
        program.stopWatchdogs()
        program.set(2, to: 0x3FF7_5144)
        program.set(4, to: uart)
        let round = program.here
        program.load(3, from: 2)
        program.store(3, to: 4)
        program.delay(milliseconds: 1)
        program.jump(to: round)
        return program
    }()

    @Test("The same board does the same again, to the byte and to the cycle, however its time is cut into runs")
    func isDeterministic() throws {
        let faults = "rate:p=0.05,seed=3;delay:every=50,ms=2,dir=tx"
        func run(seed: UInt64, faults: String, slice: UInt64) throws -> [UInt8] {
            let board = try Self.board(Self.random, seed: seed, faults: faults)
            board.powerOn(.flashBoot)
            return Self.bytes(board, slice: slice)
        }
        let first = try run(seed: 7, faults: faults, slice: .max / 4)
        #expect(first.count > 400)
        for slice: UInt64 in [.max / 4, 1_000_000, 33_325, 1_025] {
            #expect(try run(seed: 7, faults: faults, slice: slice) == first, "slices of \(slice) ns")
        }
        #expect(try run(seed: 8, faults: faults, slice: 1_000_000) != first)
        #expect(try run(seed: 7, faults: "rate:p=0.05,seed=4", slice: 1_000_000) != first)
    }

    /// What a board says until 400 ms of its time.
    private static func bytes(_ board: Board, slice: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        let end: UInt64 = 400_000_000
        while board.now < end {
            if board.run(until: min(end, board.now + slice)) == .output { bytes += board.takeOutput() }
        }
        return bytes
    }

    @Test("A board that is let go gives its flash file back")
    func isFreed() throws {
        let folder = try ScratchFolder()
        let file = try folder.write([UInt8](repeating: 0xFF, count: 0x1000) + Self.random.image, as: "flash.bin")
        weak var last: Board?
        for _ in 0..<2 {
            let board = Board(
                profile: .devKitC, flash: try NORFlash(file: file, size: 1 << 20),
                faults: try FaultInjector(parsing: "power-cut:write=1;flash-bit:offset=0xff000,bit=1"))
            board.powerOn(.flashBoot)
            #expect(board.text(milliseconds: 50).contains("entry"))
            last = board
        }
        #expect(last == nil)
    }

    @Test("A memory goes with its map, however often it is seen there")
    func memoryIsFreed() throws {
        weak var memory: AnyObject?
        func use() {
            let map = MemoryMap()
            map.addRAM(0x3FF8_0000..<0x3FF8_2000, access: .data)
            map.alias(0x400C_0000..<0x400C_2000, of: 0x3FF8_0000)
            map.aliasReversed(0x400A_0000..<0x400A_2000, of: 0x3FF8_0000)
            memory = map.memories.first
            #expect(memory != nil && map.memories.count == 1)
        }
        use()
        #expect(memory == nil)
    }

    @Test("Two boards side by side do not know of each other")
    func areApart() throws {
        func board(_ seed: UInt64) throws -> Board {
            let board = try Self.board(Self.random, seed: seed)
            board.powerOn(.flashBoot)
            return board
        }
        let alone = [Self.bytes(try board(1), slice: 1_000_000), Self.bytes(try board(2), slice: 1_000_000)]
        #expect(alone[0] != alone[1])
        let both = [try board(1), try board(2)]
        var together: [[UInt8]] = [[], []]
        while both[0].now < 400_000_000 || both[1].now < 400_000_000 {
            for (index, board) in both.enumerated() where board.now < 400_000_000 {
                if board.run(until: min(400_000_000, board.now + 700_000)) == .output {
                    together[index] += board.takeOutput()
                }
            }
        }
        #expect(together == alone)
    }
}
