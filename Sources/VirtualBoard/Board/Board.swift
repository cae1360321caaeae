// The virtual board: chip, flash, boot ROM and loader as one machine without a clock or a socket. Its owner gives it
// bytes and lets it run up to a board time; it gives bytes back. Left out so far: real-time pacing (its owner's work),
// and faults other than those of the flash.

/// A board; not Sendable, one owner at a time.
public final class Board {
    /// Why a run came back.
    public enum Pause: Equatable, Sendable {
        /// Output waits to be taken.
        case output
        /// The board time was reached.
        case deadline
        /// Nothing will happen without input.
        case idle
        /// The board has no power, or its program cannot go on.
        case off
    }

    private enum Phase {
        case off
        /// The boot ROM's steps; the next one, and the cycle before which it does not start.
        case booting([BootStep], next: Int, notBefore: UInt64)
        case loading(ROMLoader)
        case running
        case hung
    }

    /// What kind of board this is.
    public let profile: BoardProfile
    /// Its flash chip.
    public let flash: NORFlash
    /// The address at which the program wanted the mask ROM, which this board does not have.
    public private(set) var missingROMAddress: UInt32?
    private let chip: ESP32Chip
    private let rom: BootROM
    private var phase = Phase.off
    private var output: [UInt8] = []
    private var autoReset = AutoReset()

    /// A board without power. The flash's contents stay its owner's.
    public init(profile: BoardProfile, flash: NORFlash) {
        self.profile = profile
        self.flash = flash
        chip = ESP32Chip(profile: profile, flash: flash)
        rom = BootROM(revision: profile.revision)
        chip.uarts[0].transmitted = { [unowned self] byte, _ in output.append(byte) }
    }

    /// Board time in nanoseconds since the board was made.
    public var now: UInt64 { chip.cpu.cycle * ChipClock.nanosecondsPerCycle }

    /// The speed of the board's end of the line.
    public var baudRate: Int { chip.uarts[0].baudRate }

    /// Gives power; the strapping pins say what the boot ROM does.
    public func powerOn(_ strapping: Strapping) {
        chip.memory.losePower()
        reset(.powerOn, strapping: strapping)
    }

    /// Where the processor is, for messages about a program that is stuck.
    package var whereabouts: String {
        let special = chip.cpu.special
        return "pc=\(hex(chip.cpu.pc)) exccause=\(special.exccause) epc1=\(hex(special.epc[1])) "
            + "excvaddr=\(hex(special.excvaddr)) ps=\(hex(special.ps)) a0=\(hex(chip.cpu[0])) "
            + "rom=\(missingROMAddress.map { hex($0) } ?? "-") cycle=\(chip.cpu.cycle)"
    }

    /// The instructions executed since the board was made.
    package var instructionCount: UInt64 { chip.cpu.cycle - chip.cpu.idleCycles }

    /// Takes power away.
    public func powerOff() { phase = .off }

    /// Drives the modem lines through the auto-reset circuit.
    public func setModemLines(dtr: Bool, rts: Bool) {
        let wasHeld = autoReset.isEnableLow
        autoReset.set(dtr: dtr, rts: rts)
        if autoReset.isEnableLow {
            phase = .off
        } else if wasHeld {
            reset(.powerOn, strapping: dtr ? .download : .flashBoot)
        }
    }

    /// Bytes from the host.
    public func receive(_ bytes: [UInt8]) {
        switch phase {
        case .off, .hung: return
        case .booting, .running: chip.uarts[0].receive(bytes, at: chip.cpu.cycle)
        case .loading(var loader):
            let actions = loader.received(bytes, host: self)
            phase = .loading(loader)
            for action in actions { perform(action) }
        }
    }

    /// What the board has sent, once.
    public func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }

    /// Runs until board time `deadline` in nanoseconds, or until output waits.
    public func run(until deadline: UInt64) -> Pause {
        let end = deadline / ChipClock.nanosecondsPerCycle
        while output.isEmpty {
            if let cause = chip.signals.takeReset() { reset(cause, strapping: nil) }
            guard chip.cpu.cycle < end else { return .deadline }
            if let pause = advance(to: end) { return pause }
        }
        return .output
    }

    /// Does one thing; a pause where nothing is left to do.
    private func advance(to end: UInt64) -> Pause? {
        switch phase {
        case .off: return .off
        case .loading: return chip.uarts[0].isTransmitting ? pass(to: end) : .idle
        case .hung: return pass(to: end)
        case .booting(let steps, let next, let notBefore):
            if chip.cpu.cycle < notBefore { return pass(to: min(end, notBefore)) }
            // The ROM prints by hand: nothing else happens until its text has left.
            if chip.uarts[0].isTransmitting { return pass(to: end) }
            boot(steps, next)
            return nil
        case .running: return runProgram(to: end)
        }
    }

    /// Lets time pass to the next event, at most to `limit`.
    private func pass(to limit: UInt64) -> Pause? {
        let next = chip.nextEvent
        if next == .max, limit == .max { return .idle }
        let target = min(max(next, chip.cpu.cycle), limit)
        chip.cpu.advance(to: target)
        chip.advance(to: target)
        return nil
    }

    private func runProgram(to end: UInt64) -> Pause? {
        let horizon = max(min(end, chip.nextEvent), chip.cpu.cycle)
        chip.signals.horizon = horizon
        let stop = chip.cpu.run(until: horizon)
        switch stop {
        case .deadline, .stopRequested: break
        case .waiting:
            let next = min(chip.nextEvent, chip.cpu.nextTimer)
            if next == .max, end == .max { return .idle }
            chip.cpu.advance(to: min(max(next, chip.cpu.cycle), end))
        case .trap(let address): leaveProgram(at: address)
        }
        chip.advance(to: chip.cpu.cycle)
        return nil
    }

    /// The program went where the mask ROM would be.
    private func leaveProgram(at address: UInt32) {
        phase = .hung
        let special = chip.cpu.special
        if FatalException.vectors.contains(address), special.exccause != FatalException.levelOneInterrupt {
            let lines = FatalException.lines(
                cause: special.exccause, counters: Array(special.epc[1...3]), address: special.excvaddr,
                doublePC: special.depc)
            for line in lines { printLine(line) }
        } else {
            missingROMAddress = address
        }
    }

    private func printLine(_ text: String) {
        chip.uarts[0].print(Array((text + "\r\n").utf8), at: chip.cpu.cycle)
    }

    private func boot(_ steps: [BootStep], _ index: Int) {
        guard index < steps.count else {
            phase = .hung
            return
        }
        var (next, notBefore) = (index + 1, chip.cpu.cycle)
        switch steps[index] {
        case .print(let line): printLine(line)
        case .wait(let nanoseconds): notBefore += nanoseconds / ChipClock.nanosecondsPerCycle
        case .copy(let address, let flashOffset, let count):
            _ = chip.memory.write(
                address, Array(UnsafeRawBufferPointer(start: flash.bytes + flashOffset, count: count)))
        case .goTo(let step): next = step
        case .handOver(let entry):
            chip.cache.setUpAsROM()
            return start(entry: entry)
        case .enterLoader:
            phase = .loading(ROMLoader())
            return
        case .hang:
            phase = .hung
            return
        }
        phase = .booting(steps, next: next, notBefore: notBefore)
    }

    /// Starts a program as the boot ROM does: its own stack, interrupts off.
    private func start(entry: UInt32) {
        chip.cpu.reset(to: entry)
        chip.cpu[1] = Self.romStackTop
        phase = .running
    }

    // Where the ROM's stack ends in the top of SRAM2's lower part (measured on an emulator with the chip's ROM).
    private static let romStackTop: UInt32 = 0x3FFE_3F20

    private func reset(_ cause: ResetCause, strapping: Strapping?) {
        let cycle = chip.cpu.cycle
        let pins = strapping ?? (autoReset.isBootLow ? .download : .flashBoot)
        chip.reset(cause, strapping: pins.word, at: cycle)
        chip.uarts[0].setUpAsROM(at: cycle)
        missingROMAddress = nil
        phase = .booting(rom.plan(cause, chip.gpio.strapping, flash), next: 0, notBefore: cycle)
    }

    private func perform(_ action: LoaderAction) {
        switch action {
        case .send(let bytes): output += bytes
        case .changeBaud(let baud): chip.uarts[0].setBaudRate(baud)
        case .run(let entry): start(entry: entry)
        case .reboot: reset(.rtcWatchdogRTC, strapping: .flashBoot)
        }
    }
}

extension Board: LoaderHost {
    package func loaderRead(_ address: UInt32) -> UInt32? {
        // The one word of the mask ROM that tools read: the chip's magic number.
        address == 0x4000_1000 ? 0x00F0_1D83 : chip.memory.readWord(address, at: chip.cpu.cycle)
    }

    package func loaderWrite(_ address: UInt32, _ value: UInt32) -> Bool {
        chip.memory.writeWord(address, value, at: chip.cpu.cycle)
    }

    package func loaderStore(_ address: UInt32, _ bytes: ArraySlice<UInt8>) -> Bool {
        chip.memory.write(address, Array(bytes))
    }
}
