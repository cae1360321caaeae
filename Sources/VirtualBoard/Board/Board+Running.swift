// How a board gets from one moment to the next: whoever is at work (boot ROM, loader, program) runs to the next event of
// the chip, the line or the faults. A board never runs on over output that nobody has taken once its transmitter is
// empty, so that a host which is slow to read misses nothing of what it could have answered.

extension Board {
    /// Runs until board time `deadline` in nanoseconds, or until output waits.
    ///
    /// `.max` lets it run until there is output or nothing left to do.
    public func run(until deadline: UInt64) -> Pause { run(until: deadline, outputLimit: 1) }

    /// The same, but up to `outputLimit` bytes are gathered while the transmitter is busy.
    func run(until deadline: UInt64, outputLimit: Int) -> Pause {
        let end = deadline == .max ? .max : deadline / ChipClock.nanosecondsPerCycle
        while output.count < outputLimit {
            settle()
            if !output.isEmpty, !chip.uarts[0].isTransmitting { break }
            guard chip.cpu.cycle < end else { return .deadline }
            if let pause = proceed(to: end) { return output.isEmpty ? pause : .output }
        }
        return output.isEmpty ? .deadline : .output
    }

    /// Does what is due now: bytes that were held back, faults of the supply, resets that were asked for.
    private func settle() {
        let time = now
        if faults.nextRelease(.tx).map({ $0 <= time }) ?? false { output += faults.release(.tx, now: time) }
        if faults.nextRelease(.rx).map({ $0 <= time }) ?? false { deliver(faults.release(.rx, now: time)) }
        if faults.takePowerCut() { return powerOff() }
        while faults.takeBrownout(now: time) { brownOut() }
        switch phase {
        case .off, .stuck: return
        case .held(let release): if let release, release <= chip.cpu.cycle { enable(strappedByLines) }
        case .booting, .loading, .running, .hung:
            if let cause = chip.signals.takeReset() { reset(cause, strapping: nil) }
        }
    }

    /// A board that is off or held in reset does not notice.
    private func brownOut() {
        switch phase {
        case .off, .held: return
        case .booting, .loading, .running, .hung, .stuck: reset(.brownout, strapping: nil)
        }
    }

    /// Does one thing; a pause where nothing is left to do.
    private func proceed(to end: UInt64) -> Pause? {
        switch phase {
        case .off, .stuck: return .off
        case .held(let release): return wait(until: min(release ?? .max, lineEvent), end)
        case .loading: return nextEvent == .max ? .idle : pass(to: end)
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

    /// The cycle of the next thing that the faults do by themselves.
    private var lineEvent: UInt64 {
        let times = [faults.nextRelease(.rx), faults.nextRelease(.tx), faults.nextBrownout]
        return times.reduce(.max) { earliest, time in min(earliest, time.map { cycles($0) } ?? .max) }
    }

    private var nextEvent: UInt64 { min(chip.nextEvent, lineEvent) }

    /// Lets time pass while the chip stands still.
    private func wait(until event: UInt64, _ end: UInt64) -> Pause? {
        if event == .max { return .idle }
        chip.cpu.advance(to: min(event, end))
        return nil
    }

    /// Lets time pass to the next event, at most to `limit`.
    private func pass(to limit: UInt64) -> Pause? {
        let next = nextEvent
        if next == .max, limit == .max { return .idle }
        let target = min(max(next, chip.cpu.cycle), limit)
        chip.cpu.advance(to: target)
        chip.advance(to: target)
        return nil
    }

    private func runProgram(to end: UInt64) -> Pause? {
        // Short of the end of time, which the processor would take for a timer's.
        let horizon = max(min(end, nextEvent, .max - 1), chip.cpu.cycle)
        chip.signals.horizon = horizon
        switch chip.cpu.run(until: horizon) {
        case .deadline, .stopRequested: break
        case .waiting:
            let next = min(nextEvent, chip.cpu.nextTimer)
            if next == .max, end == .max { return .idle }
            chip.cpu.advance(to: min(max(next, chip.cpu.cycle), end))
        case .trap(let address): leaveProgram(at: address)
        }
        chip.advance(to: chip.cpu.cycle)
        return nil
    }

    /// The program went where the mask ROM would be.
    private func leaveProgram(at address: UInt32) {
        let special = chip.cpu.special
        if FatalException.vectors.contains(address), special.exccause != FatalException.levelOneInterrupt {
            phase = .hung
            let lines = FatalException.lines(
                cause: special.exccause, counters: Array(special.epc[1...3]), address: special.excvaddr,
                doublePC: special.depc)
            for line in lines { printLine(line) }
        } else {
            phase = .stuck
            missingROMAddress = address
        }
    }

    private func printLine(_ text: String) {
        chip.uarts[0].print(Array((text + "\r\n").utf8), at: chip.cpu.cycle)
    }

    // MARK: Boot ROM

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
        case .enterLoader: return enterLoader()
        case .hang:
            phase = .hung
            return
        }
        phase = .booting(steps, next: next, notBefore: notBefore)
    }

    /// Starts a program as the boot ROM does: called from C code with a stack of its own, no interrupt enabled.
    private func start(entry: UInt32) {
        chip.cpu.reset(to: entry)
        chip.cpu.special.ps = Self.romProcessorState
        chip.cpu[1] = Self.romStackTop
        phase = .running
    }

    // PS.WOE, CALLINC of a CALLX8 and UM; no exception, level 0 (Xtensa ISA reference, "Processor Status").
    private static let romProcessorState: UInt32 = 0x0006_0020
    // Where the ROM's stack ends in the top of SRAM2's lower part (measured on an emulator with the chip's ROM).
    private static let romStackTop: UInt32 = 0x3FFE_3F20

    /// Starts the chip again for `cause`; `strapping` nil takes what the modem lines make of the pins.
    func reset(_ cause: ResetCause, strapping: Strapping?) {
        let cycle = chip.cpu.cycle
        _ = chip.signals.takeReset()
        chip.reset(cause, strapping: (strapping ?? strappedByLines).word, at: cycle)
        chip.uarts[0].setUpAsROM(at: cycle)
        missingROMAddress = nil
        chip.attachFlash(true)
        phase = .booting(rom.plan(cause, chip.gpio.strapping, flash), next: 0, notBefore: cycle)
    }

    // MARK: Loader

    /// What came while the banner was printed waits in the FIFO, and the loader begins with it.
    private func enterLoader() {
        phase = .loading(ROMLoader())
        // A flash boot has them attached; this way it is the host's to ask for.
        chip.attachFlash(false)
        isSpeedUnknown = true
        deliver(chip.uarts[0].takePending())
    }

    /// The loader's bytes take no time on the line; the board's time goes on with its events alone.
    func load(_ bytes: [UInt8]) {
        guard case .loading(var loader) = phase else { return }
        if isSpeedUnknown, let hostBaudRate { chip.uarts[0].setBaudRate(hostBaudRate) }
        isSpeedUnknown = false
        let actions = loader.received(heard(bytes), host: self)
        phase = .loading(loader)
        if faults.takePowerCut() { return powerOff() }
        for action in actions { perform(action) }
    }

    private func perform(_ action: LoaderAction) {
        switch action {
        case .send(let bytes): send(bytes)
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

    package func loaderAttachFlash() { chip.attachFlash(true) }

    package func loaderStore(_ address: UInt32, _ bytes: ArraySlice<UInt8>) -> Bool {
        chip.memory.write(address, Array(bytes))
    }
}
