// The client's side of RFC 2217 (telnet with the com-port option) as a machine without a socket: bytes in, data
// and answers out; requests for baud rate, modem lines and purging as bytes to send. Line-state and modem-state
// notifications are understood and dropped. Telnet: RFC 854, 855; the binary option: RFC 856.

/// Turns telnet bytes into data and keeps account of what the server still has to confirm.
package struct RFC2217Machine: Sendable {
    /// Where the negotiation of the com-port option stands.
    package enum Negotiation: Equatable, Sendable {
        /// The server has not answered yet.
        case pending
        /// The server takes com-port commands.
        case accepted
        /// The server is a telnet server without the option.
        case refused
    }

    /// What the arrival of bytes led to.
    package struct Arrival: Equatable, Sendable {
        /// The board's bytes.
        package var data: [UInt8] = []
        /// What to send to the server at once.
        package var answer: [UInt8] = []
    }

    /// Where the negotiation stands.
    package private(set) var negotiation = Negotiation.pending
    /// The rate the server last confirmed.
    package private(set) var confirmedBaud: Int?

    private enum State {
        case data
        case command
        case option(UInt8)
        case subnegotiation([UInt8])
        case subnegotiationCommand([UInt8])
    }

    private var state = State.data
    private var unconfirmed: [UInt8: Int] = [:]
    /// What the modem lines were last told.
    private var driven: (dtr: Bool, rts: Bool)?
    private var weDo: Set<UInt8> = []
    private var theyDo: Set<UInt8> = []
    private static let longestSubnegotiation = 256

    package init() {}

    /// True while a command the server must confirm is outstanding.
    package var isWaiting: Bool { unconfirmed.values.contains { $0 > 0 } }

    /// What to send when the socket is open: the options, then 8N1 without flow control.
    package mutating func opened() -> [UInt8] {
        weDo = [Telnet.comPort, Telnet.binary, Telnet.suppressGoAhead]
        theyDo = [Telnet.binary, Telnet.suppressGoAhead]
        var bytes: [UInt8] = []
        for option in weDo.sorted() { bytes += [Telnet.iac, Telnet.will, option] }
        for option in theyDo.sorted() { bytes += [Telnet.iac, Telnet.do, option] }
        return bytes
    }

    /// 8 data bits, no parity, one stop bit, no flow control.
    package mutating func plainFraming() -> [UInt8] {
        command(ComPort.dataSize, [8]) + command(ComPort.parity, [1]) + command(ComPort.stopSize, [1])
            + command(ComPort.control, [1])
    }

    /// Asks for a baud rate.
    package mutating func baud(_ baud: UInt32) -> [UInt8] {
        confirmedBaud = nil
        return command(ComPort.baudRate, [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: baud >> $0) })
    }

    /// Drives DTR, then RTS, each only where it changes: servers that replay a reset of their own (esptool's) take every
    /// command for the beginning of one.
    package mutating func modemLines(dtr: Bool, rts: Bool) -> [UInt8] {
        defer { driven = (dtr, rts) }
        var bytes: [UInt8] = []
        if driven?.dtr != dtr { bytes += command(ComPort.control, [dtr ? 8 : 9]) }
        if driven?.rts != rts { bytes += command(ComPort.control, [rts ? 11 : 12]) }
        return bytes
    }

    /// Drops what the server holds of the board's bytes.
    package mutating func purgeInput() -> [UInt8] {
        command(ComPort.purge, [1])
    }

    /// The board's bytes as the server wants them.
    package func escaped(_ data: [UInt8]) -> [UInt8] {
        guard data.contains(Telnet.iac) else { return data }
        return data.flatMap { $0 == Telnet.iac ? [Telnet.iac, Telnet.iac] : [$0] }
    }

    /// Gives up waiting for confirmations: some servers never send them.
    package mutating func stopWaiting() {
        unconfirmed = [:]
    }

    /// Bytes from the server.
    package mutating func received(_ bytes: [UInt8]) -> Arrival {
        var arrival = Arrival()
        for byte in bytes { step(byte, &arrival) }
        return arrival
    }

    private mutating func step(_ byte: UInt8, _ arrival: inout Arrival) {
        switch state {
        case .data:
            if byte == Telnet.iac { state = .command } else { arrival.data.append(byte) }
        case .command:
            switch byte {
            case Telnet.iac:
                arrival.data.append(byte)
                state = .data
            case Telnet.will, Telnet.wont, Telnet.do, Telnet.dont: state = .option(byte)
            case Telnet.subnegotiationBegin: state = .subnegotiation([])
            default: state = .data
            }
        case .option(let verb):
            arrival.answer += negotiate(verb, byte)
            state = .data
        case .subnegotiation(var body):
            if byte == Telnet.iac {
                state = .subnegotiationCommand(body)
            } else {
                if body.count < Self.longestSubnegotiation { body.append(byte) }
                state = .subnegotiation(body)
            }
        case .subnegotiationCommand(var body):
            if byte == Telnet.iac {
                if body.count < Self.longestSubnegotiation { body.append(byte) }
                state = .subnegotiation(body)
            } else {
                if byte == Telnet.subnegotiationEnd { confirmed(body) }
                state = .data
            }
        }
    }

    /// Answers only what changes something, so that two ends can never argue for ever (RFC 854).
    private mutating func negotiate(_ verb: UInt8, _ option: UInt8) -> [UInt8] {
        switch verb {
        case Telnet.do:
            if option == Telnet.comPort { negotiation = .accepted }
            if weDo.contains(option) { return [] }
            guard Telnet.supported.contains(option) else { return [Telnet.iac, Telnet.wont, option] }
            weDo.insert(option)
            return [Telnet.iac, Telnet.will, option]
        case Telnet.dont:
            if option == Telnet.comPort { negotiation = .refused }
            return weDo.remove(option) == nil ? [] : [Telnet.iac, Telnet.wont, option]
        case Telnet.will:
            if theyDo.contains(option) { return [] }
            guard Telnet.supported.contains(option) else { return [Telnet.iac, Telnet.dont, option] }
            theyDo.insert(option)
            return [Telnet.iac, Telnet.do, option]
        default:
            return theyDo.remove(option) == nil ? [] : [Telnet.iac, Telnet.dont, option]
        }
    }

    private mutating func confirmed(_ body: [UInt8]) {
        guard body.count >= 2, body[0] == Telnet.comPort, body[1] >= ComPort.answer else { return }
        let command = body[1] - ComPort.answer
        if command == ComPort.baudRate, body.count == 6 {
            confirmedBaud = body[2...].reduce(0) { $0 << 8 | Int($1) }
        }
        if let count = unconfirmed[command], count > 0 { unconfirmed[command] = count - 1 }
    }

    private mutating func command(_ command: UInt8, _ value: [UInt8]) -> [UInt8] {
        unconfirmed[command, default: 0] += 1
        return [Telnet.iac, Telnet.subnegotiationBegin, Telnet.comPort, command] + escaped(value)
            + [Telnet.iac, Telnet.subnegotiationEnd]
    }
}

/// Telnet's own bytes.
private enum Telnet {
    static let iac: UInt8 = 255
    static let dont: UInt8 = 254
    static let `do`: UInt8 = 253
    static let wont: UInt8 = 252
    static let will: UInt8 = 251
    static let subnegotiationBegin: UInt8 = 250
    static let subnegotiationEnd: UInt8 = 240
    static let binary: UInt8 = 0
    static let suppressGoAhead: UInt8 = 3
    static let comPort: UInt8 = 44
    static let supported: Set<UInt8> = [binary, suppressGoAhead, comPort]
}

/// The client's com-port commands; the server answers each with the number 100 higher.
private enum ComPort {
    static let baudRate: UInt8 = 1
    static let dataSize: UInt8 = 2
    static let parity: UInt8 = 3
    static let stopSize: UInt8 = 4
    static let control: UInt8 = 5
    static let purge: UInt8 = 12
    static let answer: UInt8 = 100
}
