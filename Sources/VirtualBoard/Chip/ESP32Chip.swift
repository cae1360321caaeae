// The ESP32 put together: memories, the peripherals at their addresses (TRM, "System and Memory", address mapping),
// and the wires between them. Blocks named here without a class of their own keep what is written and do nothing:
// AES, RSA, SHA, secure boot, PID, FE, FRC timers, RTC I/O, SENS, RTC I2C, IO_MUX, SDIO, UHCI, analogue, I2S, BT, I2C,
// RMT, PCNT, LEDC, flash encryption, baseband, PWM, SPI2/3, SYSCON, SDMMC, EMAC, TWAI, PHY, Wi-Fi, and the APP CPU's
// MMU table. An address outside of every block has nothing there, and the CPU takes its exception.

/// The chip around one CPU.
package final class ESP32Chip {
    package let memory = MemoryMap()
    package let cpu: XtensaCPU
    package let signals = ChipSignals()
    package let uarts: [UART]
    package let timerGroups: [TimerGroup]
    package let rtc: RTCControl
    package let gpio = GPIOController()
    package let cache: FlashCache
    private let matrix = InterruptMatrix()
    private let dport: DPort
    private let flashControllers: [FlashController]
    private let timed: [any TimedDevice]
    private var stored: [StoredBlock] = []

    /// The mask ROM's ranges, for instructions and for data. Their contents are not there.
    package static let maskROM: [Range<UInt32>] = [0x4000_0000..<0x4007_0000, 0x3FF9_0000..<0x3FFA_0000]
    private static let blockSize: UInt32 = 0x1000
    private static let apbBase: UInt32 = 0x3FF4_0000
    private static let ahbBase: UInt32 = 0x6000_0000

    /// A chip as it comes on: RAM full of junk, peripherals in their reset state.
    package init(profile: BoardProfile, flash: NORFlash) {
        let signals = signals
        cpu = XtensaCPU(memory: memory)
        cache = FlashCache(flash: flash, memory: memory)
        dport = DPort(matrix: matrix, cache: cache, signals: signals)
        uarts = InterruptSource.uart.map { UART(signals: signals, source: $0) }
        timerGroups = [TimerGroup(number: 0, signals: signals), TimerGroup(number: 1, signals: signals)]
        rtc = RTCControl(signals: signals)
        flashControllers = (0..<2).map { _ in FlashController(flash: flash, signals: signals) }
        timed = uarts as [any TimedDevice] + timerGroups as [any TimedDevice] + [rtc]
        wire(flash)
        addMemories()
        attachPeripherals(profile: profile)
    }

    /// Connects the SPI controllers with the flash, or takes them off it.
    package func attachFlash(_ isAttached: Bool) {
        for controller in flashControllers { controller.isAttached = isAttached }
    }

    /// The cycle of the next thing that a peripheral does by itself.
    package var nextEvent: UInt64 {
        var next = rtc.nextEvent
        for uart in uarts { next = min(next, uart.nextEvent) }
        for group in timerGroups { next = min(next, group.nextEvent) }
        return next
    }

    /// Lets every peripheral do what is due by `cycle`.
    package func advance(to cycle: UInt64) {
        for device in timed where device.nextEvent <= cycle { device.advance(to: cycle) }
    }

    /// Clears what a reset of that cause clears. `strapping` counts for resets of the whole chip only.
    package func reset(_ cause: ResetCause, strapping: UInt32, at cycle: UInt64) {
        if cause.scope == .chip { gpio.strapping = strapping }
        let isFlashBoot = gpio.strapping & 1 << 4 != 0
        rtc.reset(cause, flashBoot: isFlashBoot, at: cycle)
        guard cause.scope >= .core else { return }
        dport.reset()
        for uart in uarts { uart.reset() }
        timerGroups[0].reset(flashBoot: isFlashBoot, at: cycle)
        timerGroups[1].reset(flashBoot: false, at: cycle)
        for controller in flashControllers { controller.reset() }
        gpio.reset()
        for block in stored { block.reset() }
    }

    private func wire(_ flash: NORFlash) {
        let cpu = cpu
        let matrix = matrix
        signals.sourceChanged = { [unowned matrix] source, level in matrix.set(source: source, level) }
        signals.stopRequested = { [unowned cpu] in cpu.requestStop() }
        let (memory, flashBytes) = (memory, flash.bytes)
        flash.contentsChanged = { [weak memory] range in
            memory?.noteChange(at: UnsafeRawPointer(flashBytes + range.lowerBound), count: range.count)
        }
        matrix.lineChanged = { [unowned cpu] line, level in cpu.setInterruptLine(line, level) }
    }

    // SRAM1 is seen by the instruction bus in reverse word order (TRM, "Internal SRAM 1"). The low half of the cache's
    // own 64 KB belongs to the PRO CPU's cache and is not memory; the upper half is free while the APP CPU is off.
    private func addMemories() {
        memory.addRAM(0x3FFA_E000..<0x4000_0000, access: .data)
        memory.addRAM(0x4007_8000..<0x400A_0000, access: .instruction)
        memory.aliasReversed(0x400A_0000..<0x400C_0000, of: 0x3FFE_0000)
        memory.addRAM(0x400C_0000..<0x400C_2000, access: .both)
        memory.alias(0x3FF8_0000..<0x3FF8_2000, of: 0x400C_0000)
        memory.addRAM(0x5000_0000..<0x5000_2000, access: .both)
        for range in Self.maskROM { memory.addTrap(range) }
    }

    private func attachPeripherals(profile: BoardProfile) {
        memory.attach(dport, at: 0x3FF0_0000, size: Self.blockSize)
        for base: UInt32 in [0x3FF0_1000, 0x3FF0_2000, 0x3FF0_3000, 0x3FF0_4000, 0x3FF1_F000] { attachStored(at: base) }
        memory.attach(CacheTable(cache: cache), at: 0x3FF1_0000, size: 0x2000)
        attachStored(at: 0x3FF1_2000, size: 0x2000)
        for (uart, base) in zip(uarts, [0x3FF4_0000, 0x3FF5_0000, 0x3FF6_E000] as [UInt32]) { attach(uart, at: base) }
        attach(flashControllers[1], at: 0x3FF4_2000)
        attach(flashControllers[0], at: 0x3FF4_3000)
        attach(gpio, at: 0x3FF4_4000)
        attach(RTCWindow(control: rtc), at: 0x3FF4_8000)
        attach(EFuseController(profile: profile), at: 0x3FF5_A000)
        for (group, base) in zip(timerGroups, [0x3FF5_F000, 0x3FF6_0000] as [UInt32]) { attach(group, at: base) }
        attach(RandomSource(seed: profile.seed), at: 0x3FF7_5000)
        attachSYSCON(revision: profile.revision)
        for page: UInt32 in Self.storedPages { attachStored(at: Self.apbBase + page << 12) }
    }

    // Pages of 4 KB above 0x3FF40000 that only store.
    private static let storedPages: [UInt32] = [
        0x05, 0x06, 0x07, 0x09, 0x0B, 0x0C, 0x0E, 0x0F, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1B,
        0x1C,
        0x1D, 0x1E, 0x21, 0x22, 0x23, 0x24, 0x25, 0x27, 0x28, 0x29, 0x2A, 0x2B, 0x2C, 0x2D, 0x2F, 0x30, 0x31, 0x33,
        0x34,
    ]

    // The date register's top bit is the third bit of the revision (esptool, get_major_chip_version).
    private func attachSYSCON(revision: BoardProfile.Revision) {
        let date: UInt32 = 0x1604_2000 | (revision.major >= 3 ? 1 << 31 : 0)
        attachStored(at: 0x3FF6_6000, resetValues: [0x7C: date])
    }

    private func attachStored(at base: UInt32, size: UInt32 = blockSize, resetValues: [UInt32: UInt32] = [:]) {
        let block = StoredBlock(size: size, resetValues: resetValues)
        stored.append(block)
        if base >= Self.apbBase {
            attach(block, at: base, size: size)
        } else {
            memory.attach(block, at: base, size: size)
        }
    }

    // Every block of the peripheral bus is seen at a second address as well, where its FIFOs may be written faster.
    private func attach(_ device: any Peripheral, at base: UInt32, size: UInt32 = blockSize) {
        memory.attach(device, at: base, size: size)
        memory.attach(device, at: base - Self.apbBase + Self.ahbBase, size: size)
    }
}

/// The RTC page: RTC_CNTL in its first kilobyte, then RTC I/O, SENS and RTC I2C, which only store.
package final class RTCWindow: Peripheral {
    private let control: RTCControl
    private var rest = RegisterFile(size: 0x1000)

    package init(control: RTCControl) { self.control = control }

    package func read(_ offset: UInt32, at cycle: UInt64) -> UInt32 {
        offset < 0x400 ? control.read(offset, at: cycle) : rest[offset]
    }

    package func write(_ offset: UInt32, _ value: UInt32, at cycle: UInt64) {
        if offset < 0x400 { control.write(offset, value, at: cycle) } else { rest[offset] = value }
    }
}
