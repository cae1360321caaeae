// The lines `espmask: key=value ...` that our sketches print beside the workshop's own.

/// One such line.
public struct SketchReport: Equatable, Sendable {
    /// What the line is about.
    public enum Kind: Equatable, Sendable {
        /// The model that was found: name, slot letter, bytes, CRC-32 in hex.
        case model(name: String, slot: String, bytes: Int?, crc32: String)
        /// The arena that was set aside, and how much of it the model uses.
        case arena(bytes: Int, used: Int?)
        /// The board waits for an input.
        case ready
        /// A prediction's raw output, its count on the board and its duration.
        case result(count: Int?, bits: [String], microseconds: Int?)
        /// Something failed; the code is one of the diagnosis codes.
        case error(code: String)
        /// Any other pairs.
        case other
    }

    /// What the line is about.
    public var kind: Kind
    /// All pairs of the line.
    public var fields: [String: String] {
        var pairs: [String: String] = [:]
        Self.eachPair(of: text) { key, value in
            pairs[String(decoding: key, as: UTF8.self)] = String(decoding: value, as: UTF8.self)
        }
        return pairs
    }
    /// The line's number.
    public var line: Int
    /// What stands behind `espmask: `.
    private let text: ArraySlice<UInt8>

    init?(_ line: MonitorLine) {
        guard let start = line.bytes.position(of: "espmask: ") else { return nil }
        let rest = line.bytes[(start + 9)...]
        self.line = line.number
        if rest.elementsEqual(Self.ready) {
            (kind, text) = (.ready, [])
            return
        }
        guard rest.contains(where: { $0 != 0x20 }) else { return nil }
        text = rest
        var found = Known()
        Self.eachPair(of: text) { found.take($0, $1) }
        if let code = found.error {
            kind = .error(code: String(decoding: code, as: UTF8.self))
        } else if let name = found.model {
            kind = .model(
                name: String(decoding: name, as: UTF8.self), slot: String(decoding: found.slot ?? [], as: UTF8.self),
                bytes: found.bytes.flatMap(Self.count), crc32: String(decoding: found.crc32 ?? [], as: UTF8.self))
        } else if let arena = found.arena.flatMap(Self.count) {
            kind = .arena(bytes: arena, used: found.used.flatMap(Self.count))
        } else if let bits = found.out {
            kind = .result(
                count: found.n.flatMap(Self.count),
                bits: bits.split(separator: 0x2C).map { String(decoding: $0, as: UTF8.self) },
                microseconds: found.us.flatMap(Self.count))
        } else {
            kind = .other
        }
    }

    private static let ready = Array("ready".utf8)

    /// The values of the keys that have a meaning here; of a key that comes twice the last one counts.
    private struct Known {
        var error, model, slot, bytes, crc32, arena, used, out, n, us: ArraySlice<UInt8>?

        mutating func take(_ key: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) {
            func isKey(_ name: StaticString) -> Bool {
                key.elementsEqual(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
            }
            switch key.count {
            case 1: if isKey("n") { n = value }
            case 2: if isKey("us") { us = value }
            case 3: if isKey("out") { out = value }
            case 4: if isKey("used") { used = value } else if isKey("slot") { slot = value }
            case 5:
                if isKey("error") {
                    error = value
                } else if isKey("model") {
                    model = value
                } else if isKey("bytes") {
                    bytes = value
                } else if isKey("crc32") {
                    crc32 = value
                } else if isKey("arena") {
                    arena = value
                }
            case _: break
            }
        }
    }

    /// Calls `take` with the words `key=value` of a text.
    private static func eachPair(
        of text: ArraySlice<UInt8>, _ take: (ArraySlice<UInt8>, ArraySlice<UInt8>) -> Void
    ) {
        var at = text.startIndex
        while at < text.endIndex {
            let start = at
            while at < text.endIndex, text[at] != 0x20 { at += 1 }
            if let equals = text[start..<at].firstIndex(of: 0x3D) {
                take(text[start..<equals], text[(equals + 1)..<at])
            }
            at += 1
        }
    }

    /// A count that a 32-bit board can mean.
    private static func count(_ text: ArraySlice<UInt8>) -> Int? {
        guard !text.isEmpty, text.count <= 10, text.allSatisfy(\.isDigit) else { return nil }
        let number = text.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        return number <= Int(UInt32.max) ? number : nil
    }
}
