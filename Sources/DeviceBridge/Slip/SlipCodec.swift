// SLIP framing (RFC 1055) as the ROM loader uses it: frames begin and end with 0xC0. The decoder also hands out
// the text between frames, since a board prints its boot banner on the same wire, and it never loses step for
// good: an oversized or malformed frame is reported and the next 0xC0 starts afresh.

/// Wraps a packet.
package enum SlipEncoder {
    /// The packet between two END bytes, escaped.
    package static func frame(_ packet: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = [Slip.end]
        bytes.reserveCapacity(packet.count + packet.count / 16 + 2)
        for byte in packet {
            switch byte {
            case Slip.end: bytes += [Slip.escape, Slip.escapedEnd]
            case Slip.escape: bytes += [Slip.escape, Slip.escapedEscape]
            default: bytes.append(byte)
            }
        }
        bytes.append(Slip.end)
        return bytes
    }
}

/// Finds frames and text in a stream of bytes.
package struct SlipDecoder: Sendable {
    /// What the stream held.
    package enum Event: Equatable, Sendable {
        /// A whole packet, unescaped.
        case frame([UInt8])
        /// Bytes outside frames, as far as they arrived.
        case text([UInt8])
        /// A frame that grew past the limit, dropped.
        case oversize
        /// A frame with an escape that means nothing, dropped.
        case malformed
    }

    private enum State {
        case outside
        case inside
        case escaping
        case skipping
    }

    private let limit: Int
    private var state = State.outside
    private var packet: [UInt8] = []
    private var text: [UInt8] = []

    /// Makes a decoder that drops frames of more than `limit` bytes.
    package init(limit: Int = 0x4000 + 0x100) {
        self.limit = limit
    }

    /// Takes the next bytes of the stream.
    package mutating func feed(_ bytes: [UInt8]) -> [Event] {
        var events: [Event] = []
        for byte in bytes { step(byte, &events) }
        flushText(&events)
        return events
    }

    /// Forgets a half-received frame.
    package mutating func reset() {
        state = .outside
        packet = []
    }

    private mutating func step(_ byte: UInt8, _ events: inout [Event]) {
        switch state {
        case .outside:
            if byte == Slip.end {
                flushText(&events)
                state = .inside
            } else {
                text.append(byte)
            }
        case .inside:
            switch byte {
            case Slip.end where packet.isEmpty: break  // two ENDs in a row: still the beginning of a frame
            case Slip.end:
                events.append(.frame(packet))
                packet = []
                state = .outside
            case Slip.escape: state = .escaping
            default: append(byte, &events)
            }
        case .escaping:
            switch byte {
            case Slip.escapedEnd:
                state = .inside
                append(Slip.end, &events)
            case Slip.escapedEscape:
                state = .inside
                append(Slip.escape, &events)
            case Slip.end:
                drop(.malformed, &events)
                state = .inside
            default:
                drop(.malformed, &events)
                state = .skipping
            }
        case .skipping:
            // The END that comes next may close this frame or open the next one; an empty frame tells.
            if byte == Slip.end { state = .inside }
        }
    }

    private mutating func append(_ byte: UInt8, _ events: inout [Event]) {
        guard packet.count < limit else {
            drop(.oversize, &events)
            state = .skipping
            return
        }
        packet.append(byte)
    }

    private mutating func drop(_ event: Event, _ events: inout [Event]) {
        packet = []
        events.append(event)
    }

    private mutating func flushText(_ events: inout [Event]) {
        guard !text.isEmpty else { return }
        events.append(.text(text))
        text = []
    }
}

private enum Slip {
    static let end: UInt8 = 0xC0
    static let escape: UInt8 = 0xDB
    static let escapedEnd: UInt8 = 0xDC
    static let escapedEscape: UInt8 = 0xDD
}
