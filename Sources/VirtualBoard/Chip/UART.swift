// A UART of the chip (TRM, "UART Controllers"): both 128-byte FIFOs, baud rate from CLKDIV, thresholds, receive
// timeout, interrupts, loopback. Bytes leave and arrive one frame time apart in board time. Left out: parity and
// framing errors, flow control, break, RS-485, IrDA, automatic baud rate, FIFOs of other sizes than 128 bytes; their
// registers keep what is written. CLKDIV counts the 40 MHz clock that the boot ROM leaves, or REF_TICK's 1 MHz.

/// One UART.
package final class UART: Peripheral, TimedDevice {
    package static let fifoSize = 128
    /// What the boot ROM leaves: 40 MHz / (347 + 3/16) = 115,200 baud.
    private static let romClockDivider: UInt32 = 0x0030_015B

    /// Called with each byte when its stop bit has left.
    package var transmitted: (UInt8, UInt64) -> Void = { _, _ in }
    /// Bytes that the boot ROM still has to put into the FIFO; it waits for room as its own code does.
    package private(set) var romBacklog: ArraySlice<UInt8> = []

    private let signals: ChipSignals
    private let source: Int
    // Each byte and each access of the program goes through these; with one owner and no closure that comes back here in
    // the middle of a change, checking every access at run time would cost more than the work itself.
    @exclusivity(unchecked) private var registers = RegisterFile(size: 0x80, resetValues: UART.resetValues)
    @exclusivity(unchecked) private var txFIFO = ByteQueue()
    @exclusivity(unchecked) private var rxFIFO = ByteQueue()
    @exclusivity(unchecked) private var wire = ByteQueue()
    @exclusivity(unchecked) private var shifting: UInt8?
    @exclusivity(unchecked) private var shiftEnd: UInt64 = .max
    @exclusivity(unchecked) private var arrival: UInt64 = .max
    @exclusivity(unchecked) private var lastReceived: UInt64 = 0
    @exclusivity(unchecked) private var timeout: UInt64 = .max
    @exclusivity(unchecked) private var raw: UInt32 = 0
    @exclusivity(unchecked) private var level = false
    @exclusivity(unchecked) private var received = 0
    @exclusivity(unchecked) private var fetched = 0

    private enum Register {
        static let fifo: UInt32 = 0x00, interruptRaw: UInt32 = 0x04, interruptStatus: UInt32 = 0x08
        static let interruptEnable: UInt32 = 0x0C, interruptClear: UInt32 = 0x10, clockDivider: UInt32 = 0x14
        static let status: UInt32 = 0x1C, conf0: UInt32 = 0x20, conf1: UInt32 = 0x24
        static let receiveMemory: UInt32 = 0x60, date: UInt32 = 0x78
    }

    /// The interrupt bits that this model raises.
    package enum Interrupt {
        package static let rxFull: UInt32 = 1 << 0, txEmpty: UInt32 = 1 << 1, rxOverflow: UInt32 = 1 << 4
        package static let rxTimeout: UInt32 = 1 << 8, txDone: UInt32 = 1 << 14
    }

    private static let resetValues: [UInt32: UInt32] = [
        Register.clockDivider: 0x2B6, Register.conf0: 0x0800_001C, Register.conf1: 0x0000_6060,
        Register.date: 0x1512_2500, 0x58: 0x88,
    ]

    /// `source` is the UART's input of the interrupt matrix.
    package init(signals: ChipSignals, source: Int) {
        self.signals = signals
        self.source = source
    }

    // MARK: Host's side

    /// Bytes put on the wire to the chip; they arrive one after the other at the UART's own speed.
    package func receive(_ bytes: [UInt8], at cycle: UInt64) {
        if bytes.isEmpty { return }
        wire.append(contentsOf: bytes)
        if arrival == .max {
            arrival = max(cycle, lastReceived) + frameCycles
            signals.announce(event: arrival)
        }
    }

    /// How many bytes are on the wire to the chip.
    package var arriving: Int { wire.count }

    /// Forgets what is on the wire and in the receive FIFO, and hands it out.
    package func takePending() -> [UInt8] {
        let pending = rxFIFO.takeAll() + wire.takeAll()
        arrival = .max
        timeout = .max
        refresh()
        return pending
    }

    /// True while bytes are in the transmit FIFO, its shifter, or the ROM's hands.
    package var isTransmitting: Bool { shifting != nil || !txFIFO.isEmpty || !romBacklog.isEmpty }

    /// The speed in bits per second.
    package var baudRate: Int {
        let divider = divider16
        let clock = usesAPBClock ? ChipClock.cyclesPerSecond : 1_000_000
        return Int((clock * 16 + divider / 2) / divider)
    }

    // MARK: The boot ROM's side

    /// Puts text of the boot ROM in line behind what it already prints.
    package func print(_ bytes: [UInt8], at cycle: UInt64) {
        romBacklog += bytes
        refill(at: cycle)
    }

    /// Leaves the registers as the boot ROM does: 115,200 baud, 8N1, receive interrupt enabled.
    package func setUpAsROM(at cycle: UInt64) {
        registers[Register.clockDivider] = Self.romClockDivider
        registers[Register.conf0] = 0x0C00_001C
        registers[Register.conf1] = 1
        registers[Register.interruptEnable] = 1
        raw = 0
        refresh()
    }

    /// Sets the divider for a speed in bits per second, as the ROM's loader does.
    package func setBaudRate(_ baud: Int) {
        guard baud > 0 else { return }
        let divider = min(ChipClock.cyclesPerSecond * 16 / UInt64(baud), 0xFF_FFFF)
        registers[Register.clockDivider] = UInt32(divider >> 4) | UInt32(divider & 15) << 20
    }

    /// Back to the reset state; bytes on the wire and in the FIFOs are gone.
    package func reset() {
        registers.reset()
        romBacklog = []
        txFIFO = ByteQueue()
        rxFIFO = ByteQueue()
        wire = ByteQueue()
        shifting = nil
        shiftEnd = .max
        arrival = .max
        timeout = .max
        raw = 0
        refresh()
    }

    // MARK: Registers

    package func read(_ offset: UInt32, at cycle: UInt64) -> UInt32 {
        advance(to: cycle)
        switch offset & ~3 {
        case Register.fifo: return UInt32(takeReceived())
        case Register.interruptRaw: return raw
        case Register.interruptStatus: return raw & registers[Register.interruptEnable]
        case Register.status:
            return UInt32(rxFIFO.count) | UInt32(txFIFO.count) << 16 | (shifting == nil ? 0 : 4 << 24)
        case Register.receiveMemory:
            return UInt32(fetched % Self.fifoSize) << 2 | UInt32(received % Self.fifoSize) << 13
        default: return registers[offset]
        }
    }

    package func write(_ offset: UInt32, _ value: UInt32, at cycle: UInt64) {
        advance(to: cycle)
        switch offset & ~3 {
        case Register.fifo: transmit(UInt8(truncatingIfNeeded: value), at: cycle)
        case Register.interruptRaw, Register.interruptStatus, Register.status, Register.receiveMemory: return
        case Register.interruptClear: raw &= ~value
        case Register.conf0: writeConf0(value, at: cycle)
        default: registers[offset] = value
        }
        refresh()
    }

    private func writeConf0(_ value: UInt32, at cycle: UInt64) {
        registers[Register.conf0] = value
        if value & 1 << 17 != 0 {
            rxFIFO = ByteQueue()
            timeout = .max
        }
        if value & 1 << 18 != 0 { txFIFO = ByteQueue() }
    }

    private func takeReceived() -> UInt8 {
        guard let byte = rxFIFO.popFirst() else { return 0 }
        fetched += 1
        if rxFIFO.isEmpty { timeout = .max }
        refresh()
        return byte
    }

    private func transmit(_ byte: UInt8, at cycle: UInt64) {
        guard registers[Register.conf0] & 1 << 18 == 0, txFIFO.count < Self.fifoSize else { return }
        txFIFO.append(byte)
        if shifting == nil { loadShifter(at: cycle) }
    }

    // MARK: Time

    package var nextEvent: UInt64 { min(shiftEnd, min(arrival, timeout)) }

    package func advance(to cycle: UInt64) {
        while nextEvent <= cycle {
            let now = nextEvent
            if now == shiftEnd { finishShift(at: now) }
            if now == arrival { takeArrival(at: now) }
            if now == timeout {
                timeout = .max
                raw |= Interrupt.rxTimeout
            }
            refresh()
        }
    }

    private func finishShift(at cycle: UInt64) {
        guard let byte = shifting else { return }
        shifting = nil
        shiftEnd = .max
        if registers[Register.conf0] & 1 << 14 != 0 {
            store(byte, at: cycle)
        } else {
            transmitted(byte, cycle)
        }
        loadShifter(at: cycle)
        refill(at: cycle)
        if shifting == nil { raw |= Interrupt.txDone }
    }

    private func loadShifter(at cycle: UInt64) {
        guard let byte = txFIFO.popFirst() else { return }
        shifting = byte
        shiftEnd = cycle + frameCycles
        signals.announce(event: shiftEnd)
    }

    private func refill(at cycle: UInt64) {
        while txFIFO.count < Self.fifoSize, let byte = romBacklog.popFirst() {
            txFIFO.append(byte)
            if shifting == nil { loadShifter(at: cycle) }
        }
    }

    private func takeArrival(at cycle: UInt64) {
        if let byte = wire.popFirst() { store(byte, at: cycle) }
        arrival = wire.isEmpty ? .max : cycle + frameCycles
    }

    private func store(_ byte: UInt8, at cycle: UInt64) {
        lastReceived = cycle
        guard registers[Register.conf0] & 1 << 17 == 0 else { return }
        if rxFIFO.count == Self.fifoSize {
            raw |= Interrupt.rxOverflow
        } else {
            rxFIFO.append(byte)
            received += 1
        }
        let conf1 = registers[Register.conf1]
        let isTimed = conf1 & 1 << 31 != 0
        timeout = isTimed ? cycle + max(1, UInt64(conf1 >> 24 & 0x7F) * 8 * divider16 * clockRatio / 16) : .max
    }

    // The two level conditions come back as long as they hold, however often they are cleared.
    private func refresh() {
        let conf1 = registers[Register.conf1]
        if !rxFIFO.isEmpty, rxFIFO.count >= Int(conf1 & 0x7F) { raw |= Interrupt.rxFull }
        if txFIFO.count <= Int(conf1 >> 8 & 0x7F) { raw |= Interrupt.txEmpty }
        let now = raw & registers[Register.interruptEnable] != 0
        if now == level { return }
        level = now
        signals.set(source: source, now)
    }

    private var usesAPBClock: Bool { registers[Register.conf0] & 1 << 27 != 0 }
    private var clockRatio: UInt64 { usesAPBClock ? 1 : ChipClock.cyclesPerMicrosecond }

    private var divider16: UInt64 {
        let register = registers[Register.clockDivider]
        return UInt64(max(1, (register & 0xF_FFFF) << 4 | register >> 20 & 15))
    }

    private var frameCycles: UInt64 {
        let conf0 = registers[Register.conf0]
        let stopHalves: UInt64 = [2, 2, 3, 4][Int(conf0 >> 4 & 3)]
        let bits = 1 + 5 + UInt64(conf0 >> 2 & 3) + UInt64(conf0 >> 1 & 1)
        return max(1, divider16 * clockRatio * (bits * 2 + stopHalves) / 32)
    }
}
