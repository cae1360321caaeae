// Resets that the chip brings about by itself: each watchdog bites a program that loops, feeding keeps it away, and what
// a reset clears depends on its reason.

import TestSupport
import Testing
import VirtualBoard

@Suite("Watchdogs and resets")
struct BoardWatchdogTests {
    private static let rtc: UInt32 = 0x3FF4_8000
    private static let group0: UInt32 = 0x3FF5_F000
    private static let group1: UInt32 = 0x3FF6_0000
    private static let enable: UInt32 = 1 << 31

    private static func board(_ program: BoardProgram) throws -> Board {
        let board = Board(profile: .devKitC, flash: try program.flash())
        board.powerOn(.flashBoot)
        return board
    }

    /// The reset reason in the second banner, and when it came.
    private static func secondReset(_ program: BoardProgram) throws -> (String, UInt64) {
        let board = try board(program)
        _ = board.text(until: "entry ", milliseconds: 100)
        let text = board.text(until: "),boot", milliseconds: 3000)
        let reason = text.components(of: "rst:").last ?? ""
        return (String(reason.prefix { $0 != ")" }), board.now / 1_000_000)
    }

    /// A program that sets registers and then loops.
    private static func looping(_ registers: [(UInt32, UInt32)]) -> BoardProgram {
        var program = BoardProgram()
        for (register, value) in registers { program.poke(register, value) }
        program.spin()
        return program
    }

    // Stage actions are in bits 28 to 30 of the RTC watchdog (four stages of three bits downwards), and in bits 29 and
    // 30 of a timer group's (two bits); times in 150 kHz ticks and in 25 ns times the prescaler (TRM, "Watchdog Timers").
    @Test(
        "A program that loops is bitten by",
        arguments: [
            // What the ROM leaves armed.
            ([], "0x10 (RTCWDT_RTC_RESET", 333...360), ([(rtc + 0x8C, 0)], "0x7 (TG0WDT_SYS_RESET", 650...680),
            // RTC watchdog: whole chip, system, CPU; an interrupt stage before the one that bites.
            (
                [(group0 + 0x48, 0), (rtc + 0x90, 15_000), (rtc + 0x8C, enable | 4 << 28)], "0x10 (RTCWDT_RTC_RESET",
                100...150
            ), ([(rtc + 0x90, 15_000), (rtc + 0x8C, enable | 3 << 28)], "0x9 (RTCWDT_SYS_RESET", 100...150),
            ([(rtc + 0x90, 15_000), (rtc + 0x8C, enable | 2 << 28 | 1 << 9)], "0xd (RTCWDT_CPU_RESET", 100...150),
            (
                [
                    (group0 + 0x48, 0), (rtc + 0x90, 15_000), (rtc + 0x94, 30_000),
                    (rtc + 0x8C, enable | 1 << 28 | 3 << 25),
                ], "0x9 (RTCWDT_SYS_RESET", 300...350
            ),
            // Timer groups, with a prescaler of 40,000: a tick is 1 ms.
            (
                [
                    (rtc + 0x8C, 0), (group0 + 0x4C, 40_000 << 16), (group0 + 0x50, 100),
                    (group0 + 0x48, enable | 3 << 29),
                ],
                "0x7 (TG0WDT_SYS_RESET", 100...150
            ),
            (
                [
                    (rtc + 0x8C, 0), (group0 + 0x48, 0), (group1 + 0x4C, 40_000 << 16), (group1 + 0x50, 100),
                    (group1 + 0x48, enable | 3 << 29),
                ], "0x8 (TG1WDT_SYS_RESET", 100...150
            ),
            (
                [
                    (rtc + 0x8C, 0), (group0 + 0x48, 0), (group1 + 0x4C, 40_000 << 16), (group1 + 0x50, 100),
                    (group1 + 0x48, enable | 2 << 29),
                ], "0xb (TGWDT_CPU_RESET", 100...150
            ),
            (
                [
                    (rtc + 0x8C, 0), (group0 + 0x48, 0), (group1 + 0x4C, 40_000 << 16), (group1 + 0x50, 100),
                    (group1 + 0x54, 50), (group1 + 0x48, enable | 1 << 29 | 3 << 27),
                ], "0x8 (TG1WDT_SYS_RESET", 150...200
            ),
            // The program's own request.
            ([(rtc, 1 << 31)], "0x3 (SW_RESET", 1...50), ([(rtc, 1 << 5)], "0xc (SW_CPU_RESET", 1...50),
        ] as [([(UInt32, UInt32)], String, ClosedRange<UInt64>)])
    func bites(registers: [(UInt32, UInt32)], reason: String, milliseconds: ClosedRange<UInt64>) throws {
        let (found, time) = try Self.secondReset(Self.looping(registers))
        #expect(found == reason)
        #expect(milliseconds.contains(time), "after \(time) ms")
    }

    @Test("Without an armed watchdog a program loops for good")
    func loops() throws {
        var program = BoardProgram()
        program.stopWatchdogs()
        program.spin()
        let board = try Self.board(program)
        _ = board.text(until: "entry 0x40080200\r\n")
        #expect(board.run(until: 3_000_000_000) == .deadline)
    }

    @Test("Feeding keeps a watchdog away, if its registers are unlocked", arguments: [true, false])
    func feeds(isUnlocked: Bool) throws {
        var program = BoardProgram()
        program.stopWatchdogs()
        program.poke(Self.group1 + 0x4C, 40_000 << 16)
        program.poke(Self.group1 + 0x50, 50)
        program.poke(Self.group1 + 0x48, Self.enable | 3 << 29)
        if !isUnlocked { program.poke(Self.group1 + 0x64, 0) }
        let round = program.here
        program.poke(Self.group1 + 0x60, 1)
        program.delay(milliseconds: 20)
        program.jump(to: round)
        let board = try Self.board(program)
        let text = board.text(milliseconds: 400)
        #expect(text.contains("TG1WDT_SYS_RESET") == !isUnlocked, "\(text)")
    }

    /// A program that says what it finds at an address, leaves a mark there, and does the reset.
    private static func marking(_ address: UInt32, _ reset: UInt32) -> BoardProgram {
        let mark: UInt32 = 0x5AFE_C0DE
        var program = BoardProgram()
        program.stopWatchdogs()
        program.set(2, to: address)
        program.load(3, from: 2)
        program.set(4, to: 0 &- mark)
        program.add(3, 3, 4)
        program.set(4, to: mark)
        program.store(4, to: 2)
        let kept = BoardProgram.codeBase + 0x180
        program.jump(to: kept, ifZero: 3)
        program.print("lost\n")
        program.delay(milliseconds: 1)
        program.poke(Self.rtc, reset)
        program.spin()
        program.skip(to: kept)
        program.print("kept\n")
        program.spin()
        return program
    }

    @Test("What a reset clears depends on its scope")
    func clears() throws {
        // Address, and whether the mark outlives a reset of the CPU and of the core; nothing outlives power.
        let places: [(UInt32, Bool, Bool)] = [
            (0x3FFB_0000, true, true), (0x5000_0000, true, true), (Self.rtc + 0x4C, true, true),
            (0x3FF4_4004, true, false),
        ]
        for (address, outlivesCPU, outlivesCore) in places {
            for (request, outlives) in [(UInt32(1) << 5, outlivesCPU), (1 << 31, outlivesCore)] {
                let board = try Self.board(Self.marking(address, request))
                #expect(board.text(until: "lost\n").hasSuffix("lost\n"), "\(String(address, radix: 16))")
                let text = board.text(until: outlives ? "kept\n" : "lost\n", milliseconds: 100)
                #expect(text.hasSuffix(outlives ? "kept\n" : "lost\n"), "\(String(address, radix: 16)) \(text)")
                board.setModemLines(dtr: false, rts: true)
                board.setModemLines(dtr: false, rts: false)
                #expect(board.text(until: "lost\n", milliseconds: 100).hasSuffix("lost\n"))
            }
        }
    }

    @Test("An exception that the program does not catch is reported by the ROM, and ends in a watchdog reset")
    func reports() throws {
        var program = BoardProgram()
        program.set(2, to: 0x0000_0010)
        let place = program.here
        program.load(3, from: 2)
        program.spin()
        let text = try Self.board(program).text(milliseconds: 400)
        let counter = String(place, radix: 16)
        #expect(
            text.contains(
                "Fatal exception (28): LoadProhibited\r\nepc1=0x\(counter), epc2=0x00000000, epc3=0x00000000, "
                    + "excvaddr=0x00000010, depc=0x00000000\r\n"), "\(text)")
        #expect(text.contains("rst:0x10 (RTCWDT_RTC_RESET)"))
    }
}
