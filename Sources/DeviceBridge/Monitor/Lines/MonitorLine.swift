// A line as the parsers see it: plain text without what a host added, cut where a reset or a panic began in the
// middle of another line.

/// A line of a board's output, safe to print.
public struct MonitorLine: Equatable, Sendable {
    /// Its number in the stream, from 1. Parts of a line that a reset cut share one.
    public var number: Int
    /// What the host's clock said, in milliseconds since midnight, when a saved log carries it.
    public var hostMilliseconds: Int?

    /// Whether a reset or a panic cut the line off, so that its last word may be half a word.
    public var isCutShort: Bool

    /// The text's bytes, for the parsers.
    var bytes: [UInt8]

    init(bytes: [UInt8], number: Int, hostMilliseconds: Int? = nil, isCutShort: Bool = false) {
        self.bytes = bytes
        self.number = number
        self.hostMilliseconds = hostMilliseconds
        self.isCutShort = isCutShort
    }

    /// The text: no control characters, no escape sequences, no host prefix.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Level and tag, if a logging library printed it.
    public var log: LogHeader? { LogHeader(of: bytes) }

    /// Whether it is a note of idf-monitor or a decoded address, not the board's word.
    var isHostNote: Bool {
        if bytes.starts(with: "--- ".utf8) { return true }
        var scan = ByteScanner(bytes)
        scan.skipSpaces()
        return scan.hexadecimal() != nil && scan.take(": ") && bytes.holds(" at ")
    }

    /// The line's parts where a reset or panic cut it.
    var parts: [MonitorLine] {
        let cuts = [0] + Self.cutPositions(bytes) + [bytes.count]
        return zip(cuts, cuts.dropFirst()).map {
            MonitorLine(
                bytes: Array(bytes[$0..<$1]), number: number, hostMilliseconds: hostMilliseconds,
                isCutShort: $1 < bytes.count)
        }
    }

    // What begins a new line wherever it stands: a board that is reset or panics does not finish its sentence.
    // `rst:0x` is the ROM's, `ets ` its date of birth; the others are the panic handler's.
    private static let openings: [StaticString] = [
        "ets Jun  8 2016", "ets Jul 29 2019", "ESP-ROM:esp", "rst:0x", "Guru Meditation", "Backtrace:",
        "abort() was called at PC", "assert failed:", "CORRUPT HEAP:", "***ERROR***",
    ]

    private static func cutPositions(_ bytes: [UInt8]) -> [Int] {
        guard bytes.count > 8, let beginning = bytes.firstIndex(where: { $0 != 0x20 && $0 != 0x09 }) else { return [] }
        var cuts: [Int] = []
        for at in bytes.indices where isFirstLetter[Int(bytes[at])] {
            if openings.contains(where: { bytes.holds($0, at: at) }) { cuts.append(at) }
            guard bytes.holds("register dump:", at: at) else { continue }
            // "Core  0 register dump:" begins at its first word.
            let near = max(0, at - 10)
            if let core = Array(bytes[near..<at]).position(of: "Core") { cuts.append(near + core) }
        }
        return cuts.filter { $0 > beginning }.sorted()
    }

    /// Whether a byte begins one of the openings or "register dump:".
    private static let isFirstLetter: [Bool] = {
        var letters = [Bool](repeating: false, count: 256)
        for opening in openings { letters[Int(opening.utf8Start[0])] = true }
        letters[0x72] = true
        return letters
    }()
}
