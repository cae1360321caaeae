// Talks to the loader as a client would, for tests: requests in, unframed replies out.

import TestSupport
import VirtualBoard

/// A client on the other side of a loader.
struct LoaderConversation {
    let host: LoaderTestHost
    var loader = ROMLoader()
    /// What was asked for besides sending.
    private(set) var actions: [LoaderAction] = []

    init(flashSize: Int = 4 << 20) throws { host = LoaderTestHost(flash: try NORFlash(size: flashSize)) }

    /// One request and its replies as hex.
    mutating func ask(_ opcode: UInt8, _ body: [UInt8] = [], checksum: UInt32 = 0, length: Int? = nil) -> [String] {
        let count = length ?? body.count
        return send(
            slipFrame([0, opcode, UInt8(count & 0xFF), UInt8(count >> 8 & 0xFF)] + words(checksum) + body))
    }

    /// One data block and its replies as hex.
    mutating func block(
        _ opcode: UInt8, _ data: [UInt8], _ sequence: UInt32, checksum: UInt32? = nil, count: UInt32? = nil
    ) -> [String] {
        let sum = checksum ?? UInt32(data.reduce(0xEF) { $0 ^ $1 })
        return ask(opcode, words(count ?? UInt32(data.count), sequence, 0, 0) + data, checksum: sum)
    }

    mutating func send(_ bytes: [UInt8]) -> [String] {
        var decoder = SLIPDecoder(limit: 100_000, rules: .rom)
        var replies: [String] = []
        for action in loader.received(bytes, host: host) {
            guard case .send(let bytes) = action else {
                actions.append(action)
                continue
            }
            var rest = bytes[...]
            while let frame = decoder.received(&rest) { replies.append(shown(frame)) }
        }
        return replies
    }

    /// Synchronises, attaches the flash and says how big it is.
    mutating func prepare() {
        _ = ask(0x08, Self.sync)
        _ = ask(0x0D, words(0, 0))
        _ = ask(0x0B, words(0, UInt32(host.flash.size), 65536, 4096, 256, 0xFFFF))
    }

    /// Uploads something that looks like a stub and starts it; the last reply is its greeting.
    mutating func startStub(text: UInt32 = 0x400A_8000) -> [String] {
        _ = ask(0x08, Self.sync)
        for start in [text, 0x3FFD_ED6C] {
            _ = ask(0x05, words(64, 1, 0x1800, start))
            _ = block(0x07, [UInt8](repeating: 0x5A, count: 64), 0)
        }
        return ask(0x06, words(0, text + 0x20))
    }

    static let sync = hex("07 07 12 20") + [UInt8](repeating: 0x55, count: 32)
}

/// Little-endian words.
func words(_ values: UInt32...) -> [UInt8] {
    values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32($0 * 8)) } }
}

/// Hex digits with spaces.
func shown(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    return bytes.map { "\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }.joined(separator: " ")
}
