// The serial-port side of a telnet connection (RFC 854, RFC 856, RFC 2217): takes the client's bytes apart into
// data for the board, changes of the modem lines and of the speed, and answers to the client. No I/O. The board's line
// has no other settings, so everything else is remembered and confirmed.

/// One client's view of the board as a serial port.
package struct RFC2217Session {
    /// What a client's bytes mean.
    package enum Event: Equatable, Sendable {
        /// Bytes for the board.
        case data([UInt8])
        /// Bytes for the client, already escaped.
        case reply([UInt8])
        /// DTR and RTS are now so; true asserts the line.
        case modemLines(dtr: Bool, rts: Bool)
        /// The client's end of the line runs at so many bits per second.
        case baudRate(Int)
        /// Throw away what the client has not been sent yet.
        case purgeOutput
        /// Stop or go on sending data to the client.
        case suspend(Bool)
    }

    private enum State {
        case data
        case command
        case option(UInt8)
        case subnegotiation
        case subnegotiationCommand
    }

    private enum Telnet {
        static let end: UInt8 = 240, sub: UInt8 = 250, will: UInt8 = 251, wont: UInt8 = 252, do_: UInt8 = 253
        static let dont: UInt8 = 254, command: UInt8 = 255
        static let binary: UInt8 = 0, suppressGoAhead: UInt8 = 3, comPort: UInt8 = 44
    }

    private static let signature = Array("espmask virtual board".utf8)
    /// Clear to send, data set ready.
    private static let modemState: UInt8 = 0x30
    private static let longestSubnegotiation = 256
    private var state = State.data
    private var subnegotiation: [UInt8] = []
    private var ours: Set<UInt8> = []
    private var theirs: Set<UInt8> = []
    private var baud: UInt32 = 115200
    /// Data bits, parity (1 none), stop bits (1 one), as RFC 2217 numbers them.
    private var framing: [UInt8: UInt8] = [2: 8, 3: 1, 4: 1]
    private var flowControl: UInt8 = 1
    private var isBreaking = false
    private var hasToldModemState = false
    private var dtr = false
    private var rts = false

    package init() {}

    /// Escapes data for the client.
    package func encode(_ data: [UInt8]) -> [UInt8] {
        guard data.contains(Telnet.command) else { return data }
        return data.flatMap { $0 == Telnet.command ? [$0, $0] : [$0] }
    }

    /// Takes bytes of the client and returns what they mean, in order.
    package mutating func received(_ bytes: [UInt8]) -> [Event] {
        var events: [Event] = []
        var data: [UInt8] = []
        for byte in bytes {
            if case .data = state, byte != Telnet.command {
                data.append(byte)
                continue
            }
            let found = step(byte)
            if found == [.data([Telnet.command])] {
                data.append(Telnet.command)
            } else if !found.isEmpty {
                if !data.isEmpty { events.append(.data(data)) }
                data = []
                events += found
            }
        }
        if !data.isEmpty { events.append(.data(data)) }
        return events
    }

    private mutating func step(_ byte: UInt8) -> [Event] {
        switch state {
        case .data: state = .command
        case .command: return command(byte)
        case .option(let verb):
            state = .data
            return negotiate(verb, byte)
        case .subnegotiation:
            if byte == Telnet.command { state = .subnegotiationCommand } else { append(byte) }
        case .subnegotiationCommand:
            guard byte == Telnet.end else {
                // A doubled 255 is data; anything else breaks the subnegotiation off.
                state = byte == Telnet.command ? .subnegotiation : .data
                if byte == Telnet.command { append(byte) }
                return []
            }
            state = .data
            return comPort()
        }
        return []
    }

    private mutating func append(_ byte: UInt8) {
        if subnegotiation.count < Self.longestSubnegotiation { subnegotiation.append(byte) }
    }

    private mutating func command(_ byte: UInt8) -> [Event] {
        state = .data
        switch byte {
        case Telnet.command: return [.data([byte])]
        case Telnet.will, Telnet.wont, Telnet.do_, Telnet.dont: state = .option(byte)
        case Telnet.sub:
            subnegotiation = []
            state = .subnegotiation
        default: break
        }
        return []
    }

    // Answered only when it changes something, or two polite ends would never stop (RFC 1143).
    private mutating func negotiate(_ verb: UInt8, _ option: UInt8) -> [Event] {
        let isKnown = [Telnet.binary, Telnet.suppressGoAhead, Telnet.comPort].contains(option)
        let answer: UInt8
        switch verb {
        case Telnet.will:
            if isKnown && !theirs.insert(option).inserted { return [] }
            answer = isKnown ? Telnet.do_ : Telnet.dont
        case Telnet.wont:
            guard theirs.remove(option) != nil else { return [] }
            answer = Telnet.dont
        case Telnet.do_:
            if isKnown && !ours.insert(option).inserted { return [] }
            answer = isKnown ? Telnet.will : Telnet.wont
        default:
            guard ours.remove(option) != nil else { return [] }
            answer = Telnet.wont
        }
        let reply = Event.reply([Telnet.command, answer, option])
        // Nothing changes later, so a client that does not poll hears of the lines here (RFC 2217: the mask is 255 until
        // the client sets another).
        guard option == Telnet.comPort, answer == Telnet.will || answer == Telnet.do_, !hasToldModemState else {
            return [reply]
        }
        hasToldModemState = true
        return [reply, self.answer(7, [Self.modemState])]
    }

    // MARK: COM-PORT-OPTION

    private mutating func comPort() -> [Event] {
        guard subnegotiation.count >= 2, subnegotiation[0] == Telnet.comPort else { return [] }
        let command = subnegotiation[1]
        let value = Array(subnegotiation[2...])
        switch command {
        case 0: return value.isEmpty ? [answer(command, Self.signature)] : []
        case 1: return setBaud(value)
        case 2, 3, 4:
            guard let first = value.first else { return [] }
            if first != 0 { framing[command] = first }
            return [answer(command, [framing[command] ?? 0])]
        case 5: return value.first.map { control($0) } ?? []
        case 7: return [answer(command, [Self.modemState])]
        case 8: return [.suspend(true)]
        case 9: return [.suspend(false)]
        case 10, 11: return value.first.map { [answer(command, [$0])] } ?? []
        case 12:
            guard let first = value.first else { return [] }
            return (first == 1 || first == 3 ? [.purgeOutput] : []) + [answer(command, [first])]
        default: return []
        }
    }

    // A speed of 0 asks for the present one.
    private mutating func setBaud(_ value: [UInt8]) -> [Event] {
        let wanted = value.count == 4 ? value.reduce(0) { $0 << 8 | UInt32($1) } : 0
        if wanted != 0 { baud = wanted }
        let reply = answer(1, littleEndianBytes(baud).reversed())
        return wanted == 0 ? [reply] : [.baudRate(Int(wanted)), reply]
    }

    private mutating func control(_ value: UInt8) -> [Event] {
        switch value {
        case 0: return [answer(5, [flowControl])]
        case 1...3:
            flowControl = value
            return [answer(5, [value])]
        case 4: return [answer(5, [isBreaking ? 5 : 6])]
        case 5, 6:
            isBreaking = value == 5
            return [answer(5, [value])]
        case 7: return [answer(5, [dtr ? 8 : 9])]
        case 8, 9:
            dtr = value == 8
            return [.modemLines(dtr: dtr, rts: rts), answer(5, [value])]
        case 10: return [answer(5, [rts ? 11 : 12])]
        case 11, 12:
            rts = value == 11
            return [.modemLines(dtr: dtr, rts: rts), answer(5, [value])]
        // Inbound flow control follows the outbound one: there is none.
        case 13: return [answer(5, [14])]
        case 14...19: return [answer(5, [value])]
        default: return []
        }
    }

    private func answer(_ command: UInt8, _ value: [UInt8]) -> Event {
        .reply(
            [Telnet.command, Telnet.sub, Telnet.comPort, command &+ 100] + encode(value)
                + [Telnet.command, Telnet.end])
    }
}
