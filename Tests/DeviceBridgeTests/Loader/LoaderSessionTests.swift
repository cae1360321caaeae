import DeviceBridge
import Testing

@Suite("A session with a scripted loader")
struct LoaderSessionTests {
    private static let image = firmwareLike(150_000, seed: 1)

    private func plan(_ extra: [FlashRegion] = []) throws -> FlashPlan {
        try FlashPlan([FlashRegion(offset: 0x10000, bytes: Self.image, label: "factory")] + extra)
    }

    private func session(_ rom: FakeROM) -> (LoaderSession, InMemoryLine<FakeROM>) {
        let line = InMemoryLine(rom)
        return (LoaderSession(line: line), line)
    }

    @Test("Connecting and seeing that nothing changed takes one reset and five questions")
    func skip() async throws {
        var rom = FakeROM()
        rom.flash.replaceSubrange(0x10000..<0x10000 + Self.image.count, with: Self.image)
        let (session, line) = session(rom)
        #expect(try await session.connect().name == "esp32")
        let report = try await session.flash(plan())
        #expect(report.written == 0)
        #expect(report.skipped == Self.image.count)
        let peer = await line.peer
        #expect(peer.commands == [0x08, 0x0A, 0x0D, 0x0B, 0x13])
        #expect(peer.erasedSectors.isEmpty)
        #expect(await line.now < .milliseconds(400))
    }

    @Test("A blank flash is written compressed and proved")
    func fresh() async throws {
        let (session, line) = session(FakeROM())
        try await session.connect()
        let report = try await session.flash(plan())
        #expect(report.written == Self.image.count)
        let peer = await line.peer
        #expect(Array(peer.flash[0x10000..<0x10000 + Self.image.count]) == Self.image)
        #expect(peer.commands.contains(0x11))
        #expect(!peer.commands.contains(0x03))
        #expect(peer.commands.last == 0x13)
    }

    @Test("Of a region that changed in two places only their sectors are erased and written")
    func differences() async throws {
        var rom = FakeROM()
        rom.flash.replaceSubrange(0x10000..<0x10000 + Self.image.count, with: Self.image)
        rom.flash[0x10000 + 5] ^= 1
        rom.flash[0x10000 + 0x1FFFF] ^= 1
        let (session, line) = session(rom)
        try await session.connect()
        let report = try await session.flash(plan())
        #expect(report.written == 2 * 4096)
        #expect(report.regions.map(\.skipped) == [Self.image.count - 2 * 4096])
        #expect(await line.peer.erasedSectors == [0x10, 0x2F])
        #expect(Array(await line.peer.flash[0x10000..<0x10000 + Self.image.count]) == Self.image)
    }

    @Test("A region that does not compress is sent plain, and the next one compressed all the same")
    func compressionPerRegion() async throws {
        let model = noise(9000, seed: 3)
        let (session, line) = session(FakeROM())
        try await session.connect()
        _ = try await session.flash(plan([FlashRegion(offset: 0x8000, bytes: model, label: "model")]))
        let peer = await line.peer
        #expect(peer.commands.filter { $0 == 0x03 }.count == 9)
        #expect(peer.commands.contains(0x11))
        #expect(Array(peer.flash[0x8000..<0x8000 + 9000]) == model)
    }

    @Test(
        "Whatever single exchange is lost, the flash ends up right and no block is sent twice on suspicion",
        arguments: [true, false])
    func lostExchanges(reply: Bool) async throws {
        let small = firmwareLike(20_000, seed: 9)
        let plan = try FlashPlan([FlashRegion(offset: 0x1000, bytes: small, label: "boot")])
        let (clean, cleanLine) = session(FakeROM(flashBytes: 0x40_0000))
        try await clean.connect()
        _ = try await clean.flash(plan)
        let count = await cleanLine.peer.commands.count
        #expect(count > 20)
        for number in 1..<count {
            var rom = FakeROM(flashBytes: 0x40_0000)
            rom.faults = [reply ? .loseReply(number) : .loseRequest(number)]
            let (session, line) = session(rom)
            try await session.connect()
            let report = try await session.flash(plan)
            #expect(Array(await line.peer.flash[0x1000..<0x1000 + small.count]) == small, "command \(number)")
            #expect(report.recoveries <= 1)
        }
    }

    @Test("Bytes that vanish or change on the way do not keep the flash from ending up right", arguments: 0..<4)
    func damagedBytes(kind: Int) async throws {
        let small = firmwareLike(6000, seed: 10)
        let plan = try FlashPlan([FlashRegion(offset: 0x1000, bytes: small, label: "boot")])
        for place in stride(from: 40 + kind, to: 2200, by: 31) {
            var rom = FakeROM(flashBytes: 0x40_0000)
            rom.faults =
                switch kind {
                case 0: [.dropReceived(place)]
                case 1: [.corruptReceived(place)]
                case 2: [.dropSent(place)]
                default: [.dropReceived(place), .dropSent(place / 2)]
                }
            let (session, line) = session(rom)
            try await session.connect()
            _ = try await session.flash(plan)
            #expect(Array(await line.peer.flash[0x1000..<0x1000 + small.count]) == small, "byte \(place)")
        }
    }

    @Test("A board that restarts in the middle is brought back and the rest is written", arguments: [8, 15, 25, 40])
    func restart(number: Int) async throws {
        var rom = FakeROM()
        rom.faults = [.restart(number)]
        let (session, line) = session(rom)
        try await session.connect()
        let report = try await session.flash(plan())
        #expect(report.recoveries >= 1)
        #expect(Array(await line.peer.flash[0x10000..<0x10000 + Self.image.count]) == Self.image)
        #expect(await line.peer.boots == 3)
    }

    @Test("A board that falls silent for good is connection-lost or no-reply, with no endless loop")
    func silence() async throws {
        var rom = FakeROM()
        rom.faults = [.silence(20)]
        let (session, _) = session(rom)
        try await session.connect()
        await #expect { _ = try await session.flash(plan()) } throws: { error in
            ["connection-lost", "no-reply"].contains((error as? DeviceError)?.code)
        }
    }

    @Test("Sectors that do not take the data are verify-failed, naming them")
    func verifyFailed() async throws {
        var rom = FakeROM()
        rom.stuckSectors = [0x12]
        let (session, _) = session(rom)
        try await session.connect()
        await #expect { _ = try await session.flash(plan()) } throws: { error in
            let error = error as? DeviceError
            return error?.code == "verify-failed" && error?.message.contains("0x12000") == true
        }
    }

    @Test("A plan beyond the flash that the board has is refused before anything is erased")
    func tooLarge() async throws {
        let (session, line) = session(FakeROM(flashBytes: 0x80_0000))
        try await session.connect()
        let plan = try FlashPlan([FlashRegion(offset: 0x3F_F000, bytes: noise(8192, seed: 4), label: "late")])
        await #expect { _ = try await session.flash(plan) } throws: { ($0 as? DeviceError)?.code == "layout-overlap" }
        #expect(await line.peer.erasedSectors.isEmpty)
    }

    @Test("A chip with flash encryption or secure boot is protected-chip, unless forced", arguments: [0, 6])
    func protected(word: Int) async throws {
        var rom = FakeROM()
        rom.registers[0x3FF5_A000 + UInt32(word) * 4] = word == 0 ? 1 << 20 : 1 << 4
        let (session, line) = session(rom)
        try await session.connect()
        await #expect { _ = try await session.flash(plan()) } throws: { ($0 as? DeviceError)?.code == "protected-chip" }
        #expect(await line.peer.erasedSectors.isEmpty)
        var options = FlashOptions()
        options.isForced = true
        #expect(try await session.flash(plan(), options: options).written == Self.image.count)
    }

    @Test("describe reads MAC, revision, crystal and flash from the registers")
    func describe() async throws {
        var rom = FakeROM()
        rom.registers[0x3FF5_A004] = 0xC400_0001
        rom.registers[0x3FF5_A008] = 0x00A5_240A
        rom.registers[0x3FF5_A00C] = 1 << 15
        rom.registers[0x3FF5_A014] = 1 << 20
        rom.registers[0x3FF6_607C] = 1 << 31
        rom.registers[0x3FF4_0014] = 347
        let (session, line) = session(rom)
        try await session.connect()
        let chip = try await session.describe()
        #expect(chip.mac == "24:0a:c4:00:00:01")
        #expect(chip.revision == "v3.0")
        #expect(chip.crystalMHz == 40)
        #expect(chip.flashID == "ef4016")
        #expect(chip.flashBytes == 4 << 20)
        #expect(chip.features == ["Wi-Fi", "Bluetooth", "dual core"])
        #expect(await line.writes < 25)
    }

    @Test("Reading gives the flash's bytes and asks the board to confirm them")
    func read() async throws {
        var rom = FakeROM()
        rom.flash.replaceSubrange(0x2000..<0x2000 + 1000, with: noise(1000, seed: 5))
        let (session, _) = session(rom)
        try await session.connect()
        #expect(try await session.read(0x2001..<0x2001 + 990) == Array(noise(1000, seed: 5)[1..<991]))
    }

    @Test("Erasing takes whole sectors only and erases them")
    func erase() async throws {
        var rom = FakeROM()
        rom.flash = [UInt8](repeating: 0, count: rom.flash.count)
        let (session, line) = session(rom)
        try await session.connect()
        try await session.erase(0x3000..<0x5000)
        #expect(await line.peer.erasedSectors == [3, 4])
        await #expect { try await session.erase(0x3000..<0x3800) } throws: { ($0 as? DeviceError)?.code == "usage" }
        #expect(try await session.eraseAll() == 4 << 20)
        #expect(await line.peer.flash.allSatisfy { $0 == 0xFF })
    }

    @Test("A reset over modem lines starts the board from flash")
    func reset() async throws {
        let (session, line) = session(FakeROM())
        try await session.connect()
        try await session.reset()
        #expect(await line.peer.inLoader == false)
        #expect(await line.peer.boots == 2)
    }
}

@Suite("Why a loader cannot be reached")
struct ConnectFailureTests {
    private func code(_ rom: FakeROM, _ capabilities: LineCapabilities) async -> String? {
        let session = LoaderSession(line: InMemoryLine(rom, capabilities: capabilities))
        do {
            try await session.connect()
            return nil
        } catch {
            return error.code
        }
    }

    @Test("A flash boot from before the reset, still on its way, is not taken for what the reset led to")
    func staleBanner() async throws {
        for reset in ResetSequence.usual {
            var rom = FakeROM()
            rom.staleText = "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"
            let line = InMemoryLine(rom)
            try await LoaderSession(line: line, resets: [reset]).connect()
            #expect(await line.peer.boots == 1)
        }
    }

    @Test("A board that always boots from flash is wrong-boot-mode")
    func wrongMode() async {
        var rom = FakeROM()
        rom.obeysModemLines = false
        struct Stubborn: LinePeer {
            var rom: FakeROM
            var wasReset = false
            mutating func received(_ bytes: [UInt8]) -> [Delivery] { [] }
            mutating func baudRate(_ baud: Int) -> [Delivery] { [] }
            mutating func modemLines(dtr: Bool, rts: Bool) -> [Delivery] {
                defer { wasReset = rts && !dtr }
                return wasReset && !(rts && !dtr) ? rom.boot(download: false) : []
            }
        }
        let session = LoaderSession(line: InMemoryLine(Stubborn(rom: rom)))
        await #expect { try await session.connect() } throws: { ($0 as? DeviceError)?.code == "wrong-boot-mode" }
    }

    @Test("An application that goes on talking is application-running, with and without modem lines")
    func application() async {
        var rom = FakeROM()
        rom.obeysModemLines = false
        #expect(await code(rom, [.modemLines]) == "application-running")
        #expect(await code(rom, []) == "application-running")
    }

    @Test("Nothing at all is no-reply")
    func nothing() async {
        var rom = FakeROM()
        rom.obeysModemLines = false
        rom.applicationText = ""
        #expect(await code(rom, [.modemLines]) == "no-reply")
        #expect(await code(rom, []) == "no-reply")
    }

    @Test("A loader that waits but hears nothing is no-reply, and the wire is named")
    func deaf() async {
        var rom = FakeROM()
        rom.faults = [.silence(0)]
        let session = LoaderSession(line: InMemoryLine(rom))
        await #expect { try await session.connect() } throws: { error in
            let error = error as? DeviceError
            return error?.code == "no-reply" && error?.hint.contains("RX") == true
        }
    }

    @Test("A board without modem lines that is in its loader is reached by asking alone")
    func withoutReset() async {
        var rom = FakeROM()
        rom.inLoader = true
        #expect(await code(rom, []) == nil)
    }

    @Test("A chip that is in no table is wrong-chip")
    func unknown() async {
        var rom = FakeROM()
        rom.registers[LoaderMagic.register] = 0x1234_5678
        #expect(await code(rom, [.modemLines]) == "wrong-chip")
    }
}
