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
    public var fields: [String: String]
    /// The line's number.
    public var line: Int

    init?(_ line: MonitorLine) {
        guard let start = line.bytes.position(of: "espmask: ") else { return nil }
        let words = String(decoding: line.bytes[(start + 9)...], as: UTF8.self).split(separator: " ")
        guard !words.isEmpty else { return nil }
        var pairs: [String: String] = [:]
        for word in words {
            guard let equals = word.firstIndex(of: "=") else { continue }
            pairs[String(word[..<equals])] = String(word[word.index(after: equals)...])
        }
        fields = pairs
        self.line = line.number
        if words.elementsEqual(["ready"]) {
            kind = .ready
        } else if let code = pairs["error"] {
            kind = .error(code: code)
        } else if let name = pairs["model"] {
            kind = .model(
                name: name, slot: pairs["slot"] ?? "", bytes: pairs["bytes"].flatMap(Self.count),
                crc32: pairs["crc32"] ?? "")
        } else if let arena = pairs["arena"].flatMap(Self.count) {
            kind = .arena(bytes: arena, used: pairs["used"].flatMap(Self.count))
        } else if let bits = pairs["out"] {
            kind = .result(
                count: pairs["n"].flatMap(Self.count), bits: bits.split(separator: ",").map(String.init),
                microseconds: pairs["us"].flatMap(Self.count))
        } else {
            kind = .other
        }
    }

    /// A count that a 32-bit board can mean.
    private static func count(_ text: String) -> Int? { UInt32(text).map { Int($0) } }
}
