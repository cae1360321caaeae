// From reset to the first instruction: what the boot ROM prints for every reason and on both of its generations, what it
// says to flash that holds no program, and what the strapping pins decide.

import TestSupport
import Testing
import VirtualBoard

private let revision1 = BoardProfile(name: "old", revision: BoardProfile.Revision(major: 1, minor: 0))
private let revision3 = BoardProfile(name: "new", revision: BoardProfile.Revision(major: 3, minor: 0))

@Suite("The boot ROM")
struct BoardBootTests {
    /// The lines that a plan prints, up to its first step that is no line.
    private static func banner(_ profile: BoardProfile, _ cause: ResetCause, strapping: UInt32) throws -> [String] {
        let steps = BootROM(revision: profile.revision).plan(cause, strapping, try NORFlash(size: 1 << 16))
        return steps.compactMap { step in
            guard case .print(let line) = step else { return nil }
            return line
        }
    }

    // Names and codes as real boards print them (ESP-IDF, rom/rtc.h, and published logs).
    @Test(
        "Every reason has its code and name in the banner",
        arguments: [
            (.powerOn, "rst:0x1 (POWERON_RESET)"), (.software, "rst:0x3 (SW_RESET)"),
            (.oldWatchdog, "rst:0x4 (OWDT_RESET)"),
            (.deepSleep, "rst:0x5 (DEEPSLEEP_RESET)"), (.sdio, "rst:0x6 (SDIO_RESET)"),
            (.timerGroup0, "rst:0x7 (TG0WDT_SYS_RESET)"), (.timerGroup1, "rst:0x8 (TG1WDT_SYS_RESET)"),
            (.rtcWatchdogSystem, "rst:0x9 (RTCWDT_SYS_RESET)"), (.intrusion, "rst:0xa (INTRUSION_RESET)"),
            (.timerGroupCPU, "rst:0xb (TGWDT_CPU_RESET)"), (.softwareCPU, "rst:0xc (SW_CPU_RESET)"),
            (.rtcWatchdogCPU, "rst:0xd (RTCWDT_CPU_RESET)"), (.externalCPU, "rst:0xe (EXT_CPU_RESET)"),
            (.brownout, "rst:0xf (RTCWDT_BROWN_OUT_RESET)"), (.rtcWatchdogRTC, "rst:0x10 (RTCWDT_RTC_RESET)"),
        ] as [(ResetCause, String)])
    func namesReasons(cause: ResetCause, text: String) throws {
        for (profile, date) in [(revision1, "ets Jun  8 2016 00:22:57"), (revision3, "ets Jul 29 2019 12:21:46")] {
            let flash = try Self.banner(profile, cause, strapping: 0x13)
            #expect(flash.prefix(3) == [date, "", "\(text),boot:0x13 (SPI_FAST_FLASH_BOOT)"])
            let loader = try Self.banner(profile, cause, strapping: 0x3)
            let mode = "boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))"
            #expect(loader == [date, "", "\(text),\(mode)", "waiting for download"])
        }
    }

    @Test("All reasons are in that table")
    func knowsAllReasons() { #expect(ResetCause.allCases.count == 15) }

    @Test("A blank board of the ROM of 2019 tries again every 42 ms, until the watchdog bites after 333 ms")
    func triesAgain() throws {
        let board = Board(profile: revision3, flash: try NORFlash(size: 4 << 20))
        board.powerOn(.flashBoot)
        let text = board.text(until: "0xffffffff\r\nets", milliseconds: 500)
        #expect((7...9).contains(text.components(of: "invalid header: 0xffffffff\r\n").count - 1), "\(text)")
        let again = board.text(until: "BOOT)\r\n", milliseconds: 500)
        #expect(again.contains("rst:0x10 (RTCWDT_RTC_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"), "\(again)")
        #expect((333_000_000..<360_000_000).contains(board.now))
    }

    @Test("A blank board of the ROM of 2016 gives up, until the watchdog bites")
    func givesUp() throws {
        let board = Board(profile: revision1, flash: try NORFlash(size: 4 << 20))
        board.powerOn(.flashBoot)
        let text = board.text(milliseconds: 300)
        #expect(text.hasSuffix("BOOT)\r\nflash read err, 1000\r\nets_main.c 371 \r\n"), "\(text)")
        #expect(board.text(milliseconds: 100).contains("rst:0x10 (RTCWDT_RTC_RESET)"))
    }

    @Test(
        "A header that cannot be is shown as the word it begins with",
        arguments: [
            ([0x00, 0x00, 0x00, 0x00], "00000000"), ([0xE8, 1, 2, 0x20], "200201e8"),
            ([0xE9, 33, 2, 0x20], "200221e9"),
            ([0xE9, 1, 6, 0x20], "200601e9"), ([0x7F, 0x45, 0x4C, 0x46], "464c457f"),
        ] as [([UInt8], String)])
    func showsHeader(bytes: [UInt8], word: String) throws {
        let flash = try NORFlash(size: 1 << 20)
        flash.put(bytes, at: 0x1000)
        let board = Board(profile: revision3, flash: flash)
        board.powerOn(.flashBoot)
        #expect(board.text(milliseconds: 50).contains("invalid header: 0x\(word)\r\n"))
    }

    @Test("An image is loaded piece by piece, and the program starts at its entry")
    func loads() throws {
        var program = BoardProgram()
        program.set(2, to: 0x3FFB_0000)
        program.load(3, from: 2)
        program.set(2, to: 0x3FF4_0000)
        program.store(3, to: 2)
        program.spin()
        program.segments = [(0x3FFB_0000, Array("Z000".utf8)), (0x0000_0000, [1, 2, 3, 4])]
        let board = Board(profile: revision3, flash: try program.flash())
        board.powerOn(.flashBoot)
        let text = board.text(milliseconds: 50)
        let lines = [
            "configsip: 0, SPIWP:0xee", "clk_drv:0x00,q_drv:0x00,d_drv:0x00,cs0_drv:0x00,hd_drv:0x00,wp_drv:0x00",
            "mode:DIO, clock div:2", "load:0x40080000,len:8", "load:0x40080200,len:16", "load:0x3ffb0000,len:4",
            "ho 8 tail 4 room 4",
            "load:0x00000000,len:4", "entry 0x40080200",
        ]
        #expect(text.hasSuffix(lines.joined(separator: "\r\n") + "\r\nZ"), "\(text)")
    }

    @Test("A wrong checksum is shown beside the right one, and nothing starts")
    func checksSum() throws {
        var program = BoardProgram()
        program.print("never")
        program.spin()
        let image = program.image
        for place in [40, image.count - 1] {
            let flash = try program.flash()
            flash.put([image[place] ^ 0x5A], at: 0x1000 + place)
            let board = Board(profile: revision3, flash: flash)
            board.powerOn(.flashBoot)
            let text = board.text(milliseconds: 200)
            let right = image[image.count - 1]
            let (computed, stored) = place == 40 ? (right ^ 0x5A, right) : (right, right ^ 0x5A)
            func shown(_ byte: UInt8) -> String { (byte < 16 ? "0x0" : "0x") + String(byte, radix: 16) }
            #expect(text.hasSuffix("csum err:\(shown(computed))!=\(shown(stored))\r\nets_main.c 384 \r\n"), "\(text)")
        }
    }

    @Test("No image traps the ROM")
    func survives() throws {
        var random = LoaderTestBytes(seed: 41)
        var program = BoardProgram()
        program.print("x")
        program.spin()
        program.segments = [(0x3FFB_0000, [UInt8](repeating: 7, count: 100))]
        for round in 0..<40 {
            let flash = try NORFlash(size: 1 << 16)
            flash.put(Array(random.mutated(program.image).prefix(0x4000)), at: 0x1000)
            let board = Board(profile: round % 2 == 0 ? revision1 : revision3, flash: flash)
            board.powerOn(.flashBoot)
            #expect(board.text(milliseconds: 20).contains("rst:0x1 "))
        }
    }

    // MARK: Strapping

    @Test("The pins are read at power-on and by resets of the whole chip, not by smaller ones")
    func straps() throws {
        var program = BoardProgram()
        program.stopWatchdogs()
        program.print("run\n")
        program.delay(milliseconds: 20)
        program.poke(0x3FF4_8000, 1 << 31)
        program.spin()
        let board = Board(profile: revision3, flash: try program.flash())
        board.powerOn(.download)
        #expect(board.text(milliseconds: 100).hasSuffix("waiting for download\r\n"))
        board.powerOn(.flashBoot)
        // GPIO0 is pulled down while the program runs: its software reset does not look.
        _ = board.text(until: "run")
        board.setModemLines(dtr: true, rts: false)
        let text = board.text(until: "BOOT)")
        #expect(text.contains("rst:0x3 (SW_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT"), "\(text)")
        board.add(.brownout(milliseconds: 10))
        let sagged = board.text(until: "download\r\n")
        #expect(sagged.contains("rst:0xf (RTCWDT_BROWN_OUT_RESET),boot:0x3 (DOWNLOAD_BOOT"), "\(sagged)")
    }

    @Test("A program sees the pins and the boot button")
    func showsPins() throws {
        var program = BoardProgram()
        program.stopWatchdogs()
        let round = program.here
        for register: UInt32 in [0x3FF4_4038, 0x3FF4_403C] {
            program.set(2, to: register)
            program.load(3, from: 2)
            program.set(4, to: 0x1F)
            program.and(3, 3, 4)
            program.set(4, to: 0x40)
            program.add(3, 3, 4)
            program.set(2, to: 0x3FF4_0000)
            program.store(3, to: 2)
        }
        program.delay(milliseconds: 5)
        program.jump(to: round)
        let board = Board(profile: revision3, flash: try program.flash())
        board.powerOn(.flashBoot)
        // 0x40 + 0x13, and GPIO0 alone, which is up.
        #expect(board.text(until: "SA").hasSuffix("SA"))
        board.setModemLines(dtr: true, rts: false)
        #expect(board.text(until: "S@").hasSuffix("S@"))
    }
}
