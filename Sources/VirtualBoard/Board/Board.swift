// The virtual board: chip, flash, boot ROM, loader, auto-reset circuit and faults as one machine without a clock or a
// socket. Its owner gives it bytes and lets it run up to a board time; it gives bytes back. How it gets from one
// moment to the next is in Board+Running.swift. Left out: real-time pacing, which is its owner's work.

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
        /// The board has no power, or its program cannot go on: then `failure` says why.
        case off
    }

    enum Phase {
        case off
        /// EN is low. The cycle at which it will have risen by itself, where it was let go with DTR still asserted.
        case held(until: UInt64?)
        /// The boot ROM's steps; the next one, and the cycle before which it does not start.
        case booting([BootStep], next: Int, notBefore: UInt64)
        case loading(ROMLoader)
        case running
        /// The ROM's code loops; only a watchdog helps.
        case hung
        /// The program wants the mask ROM.
        case stuck
    }

    /// What kind of board this is.
    public let profile: BoardProfile
    /// Its flash chip.
    public let flash: NORFlash
    /// The address at which the program wanted the mask ROM, which this board does not have; nil after a reset.
    public internal(set) var missingROMAddress: UInt32?
    /// The speed of the host's end of the line in bits per second; nil where it always is that of the board's end.
    /// Where the two differ, what arrives on both sides is what a UART makes of it.
    public var hostBaudRate: Int?
    let chip: ESP32Chip
    let rom: BootROM
    let faults: FaultInjector
    var phase = Phase.off
    var output: [UInt8] = []
    private var autoReset = AutoReset()
    /// The loader measures the host's speed at the first bytes.
    var isSpeedUnknown = false

    /// A board without power, with its faults. The flash's contents stay its owner's.
    public init(profile: BoardProfile, flash: NORFlash, faults: FaultInjector = FaultInjector()) {
        self.profile = profile
        self.flash = flash
        self.faults = faults
        chip = ESP32Chip(profile: profile, flash: flash)
        rom = BootROM(revision: profile.revision)
        faults.attach(to: flash)
        chip.uarts[0].transmitted = { [unowned self] byte, _ in send([byte]) }
    }

    /// Board time in nanoseconds since the board was made.
    public var now: UInt64 { chip.cpu.cycle * ChipClock.nanosecondsPerCycle }

    /// The speed of the board's end of the line.
    public var baudRate: Int { chip.uarts[0].baudRate }

    /// Why the program cannot go on, with the code `needs-mask-rom`; nil while it can, and after a reset.
    public var failure: VirtualBoardError? {
        missingROMAddress.map { address in
            VirtualBoardError(
                code: "needs-mask-rom",
                message: "the firmware uses the chip's mask ROM at 0x\(hex(address, digits: 8)), "
                    + "which the virtual board does not have",
                hint: "build it with the bare-metal back end, or run it on a real board")
        }
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

    // MARK: Power and reset

    /// Gives power; the strapping pins say what the boot ROM does.
    public func powerOn(_ strapping: Strapping) {
        flash.restorePower()
        faults.clearLine()
        if autoReset.isEnableLow { phase = .held(until: nil) } else { enable(strapping) }
    }

    /// Takes power away. Bytes on their way are lost, output that waits is not.
    public func powerOff() {
        phase = .off
        missingROMAddress = nil
        faults.clearLine()
    }

    /// Drives the modem lines through the auto-reset circuit; true asserts a line.
    ///
    /// RTS alone holds the chip in reset. Letting it go starts the loader where DTR is asserted, else the flash's
    /// contents; a state with both asserted may last 200 ms of board time before the chip starts from its flash.
    public func setModemLines(dtr: Bool, rts: Bool) {
        autoReset.set(dtr: dtr, rts: rts)
        chip.gpio.isGPIO0High = !autoReset.isBootLow
        switch phase {
        case .off: return
        case .held(let release):
            if autoReset.isEnableLow {
                phase = .held(until: nil)
            } else if autoReset.isCrossing {
                phase = .held(until: release ?? chip.cpu.cycle + cycles(AutoReset.crossingNanoseconds))
            } else {
                enable(strappedByLines)
            }
        case .booting, .loading, .running, .hung, .stuck:
            if autoReset.isEnableLow { phase = .held(until: nil) }
        }
    }

    /// What the modem lines make of GPIO0.
    var strappedByLines: Strapping { autoReset.isBootLow ? .download : .flashBoot }

    /// Lets the chip start from nothing, as power or a rising EN does.
    func enable(_ strapping: Strapping) {
        chip.memory.losePower()
        reset(.powerOn, strapping: strapping)
    }

    /// Adds a fault while the board lives; its bytes, writes and milliseconds are counted from now.
    public func add(_ fault: FaultSpec) { faults.add(fault, at: now) }

    /// Takes all faults away.
    package func endFaults() { faults.end() }

    // MARK: The line

    /// Bytes from the host.
    public func receive(_ bytes: [UInt8]) {
        faults.admit(bytes, .rx, now: now)
        deliver(faults.release(.rx, now: now))
    }

    /// What the board has sent, once.
    public func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }

    /// True once when a fault has hung up the line: its owner closes it, and the board lives on.
    public func takeDisconnect() -> Bool { faults.takeDisconnect() }

    /// How many bytes given to `receive` are still on their way.
    public var waitingInput: Int { faults.held(.rx) + chip.uarts[0].arriving }

    /// Puts bytes of the board on the line at its present speed.
    func send(_ bytes: [UInt8]) {
        let heard = hostBaudRate.map { LineSampling(sender: baudRate, receiver: $0).heard(bytes) } ?? bytes
        faults.admit(heard, .tx, now: now)
        output += faults.release(.tx, now: now)
    }

    /// Gives bytes that came through the line to whoever listens.
    func deliver(_ bytes: [UInt8]) {
        if bytes.isEmpty { return }
        switch phase {
        case .off, .held, .hung, .stuck: return
        case .booting, .running: chip.uarts[0].receive(heard(bytes), at: chip.cpu.cycle)
        case .loading: load(bytes)
        }
    }

    func heard(_ bytes: [UInt8]) -> [UInt8] {
        hostBaudRate.map { LineSampling(sender: $0, receiver: baudRate).heard(bytes) } ?? bytes
    }
}

/// Board cycles in a time, rounded up, so that what is due then is due.
func cycles(_ nanoseconds: UInt64) -> UInt64 {
    nanoseconds / ChipClock.nanosecondsPerCycle + (nanoseconds % ChipClock.nanosecondsPerCycle == 0 ? 0 : 1)
}
