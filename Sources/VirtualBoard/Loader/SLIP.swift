// The framing of the serial loader protocol as the board hears and speaks it (RFC 1055): 0xC0 around a frame,
// 0xDB 0xDC and 0xDB 0xDD for the two bytes that cannot stand for themselves. The host's side has its own codec.

/// Wraps a message into a frame.
package func slipFrame(_ message: [UInt8]) -> [UInt8] {
    var frame: [UInt8] = []
    frame.reserveCapacity(message.count + message.count / 32 + 2)
    frame.append(0xC0)
    for byte in message {
        switch byte {
        case 0xC0: frame += [0xDB, 0xDC]
        case 0xDB: frame += [0xDB, 0xDD]
        default: frame.append(byte)
        }
    }
    frame.append(0xC0)
    return frame
}

/// Finds frames in a stream of bytes; what lies between frames is ignored.
package struct SLIPDecoder {
    /// How a receiver treats what is not a proper frame.
    package enum Rules: Sendable {
        /// The ROM: an empty frame is a start again, so the stream resynchronises after a lost delimiter.
        case rom
        /// A flasher stub: an empty frame, a broken escape and an overlong frame all end reception, so after a
        /// lost delimiter every frame is taken for the gap between two, until one more 0xC0 comes.
        case stub
    }

    private enum State {
        case between
        case inFrame
        case escaping
        case skipping
    }

    private let limit: Int
    private let rules: Rules
    private var state = State.between
    private var frame: [UInt8] = []

    /// Frames longer than `limit` bytes are dropped.
    package init(limit: Int, rules: Rules) {
        self.limit = limit
        self.rules = rules
    }

    /// Takes bytes off `bytes` until a frame is complete and returns it, or nil when they are used up.
    package mutating func received(_ bytes: inout ArraySlice<UInt8>) -> [UInt8]? {
        while let byte = bytes.first {
            if case .inFrame = state, byte != 0xC0, byte != 0xDB {
                let run = bytes.prefix { $0 != 0xC0 && $0 != 0xDB }
                append(run)
                bytes = bytes[run.endIndex...]
                continue
            }
            bytes.removeFirst()
            if let frame = received(byte) { return frame }
        }
        return nil
    }

    private mutating func received(_ byte: UInt8) -> [UInt8]? {
        switch (state, byte) {
        case (.between, 0xC0), (.skipping, 0xC0):
            state = .inFrame
            frame.removeAll(keepingCapacity: true)
        case (.between, _), (.skipping, _): break
        case (.inFrame, 0xC0): return finish()
        case (.inFrame, 0xDB): state = .escaping
        case (.inFrame, _): append([byte])
        case (.escaping, 0xDC): unescape(0xC0)
        case (.escaping, 0xDD): unescape(0xDB)
        case (.escaping, 0xC0) where rules == .rom: return finish()
        case (.escaping, _):
            if rules == .rom { unescape(byte) } else { state = .between }
        }
        return nil
    }

    private mutating func finish() -> [UInt8]? {
        guard !frame.isEmpty else {
            state = rules == .rom ? .inFrame : .between
            return nil
        }
        state = .between
        let whole = frame
        frame.removeAll(keepingCapacity: true)
        return whole
    }

    private mutating func unescape(_ byte: UInt8) {
        state = .inFrame
        append([byte])
    }

    private mutating func append(_ run: ArraySlice<UInt8>) {
        if run.count <= limit - frame.count {
            frame += run
        } else {
            frame.removeAll(keepingCapacity: true)
            state = rules == .rom ? .skipping : .between
        }
    }
}
