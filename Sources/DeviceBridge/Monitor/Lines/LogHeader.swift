// The head that a logging library puts before a message: ESP-IDF (`I (123) tag: msg`, with other clocks or none),
// Arduino (`[   464][I][file.c:96] func(): msg`) and ESPHome (`[D][tag:018][task]: msg`). For filters, and for the
// board's own clock. Source: ESP-IDF log documentation; arduino-esp32 esp32-hal-log.h.

/// Level, tag and time of a log line.
public struct LogHeader: Equatable, Sendable {
    /// How important the firmware found it, from error to verbose.
    public enum Level: UInt8, Equatable, Sendable, CaseIterable {
        /// `E`.
        case error = 0x45
        /// `W`.
        case warning = 0x57
        /// `I`.
        case info = 0x49
        /// `D`.
        case debug = 0x44
        /// `V`.
        case verbose = 0x56

        /// 0 for error to 4 for verbose.
        public var rank: Int {
            switch self {
            case .error: 0
            case .warning: 1
            case .info: 2
            case .debug: 3
            case .verbose: 4
            }
        }
    }

    /// The level.
    public var level: Level
    /// The tag, or the source file.
    public var tag: String
    /// Milliseconds since the board's start, where the line says so.
    public var milliseconds: Int?
    /// Where the message begins in the line, in bytes.
    var messageStart: Int

    init?(of line: [UInt8]) {
        var scan = ByteScanner(line)
        scan.skipSpaces()
        if let found = Self.idf(scan) ?? Self.bracketed(scan) { self = found } else { return nil }
    }

    private init(level: Level, tag: String, milliseconds: Int?, _ scan: ByteScanner) {
        self.level = level
        self.tag = tag
        self.milliseconds = milliseconds
        var after = scan
        _ = after.take(":")
        after.skipSpaces()
        messageStart = after.at
    }

    private static func idf(_ start: ByteScanner) -> LogHeader? {
        var scan = start
        guard let level = scan.peek().flatMap(Level.init(rawValue:)), scan.peek(1) == 0x20 else { return nil }
        scan.at += 2
        var milliseconds: Int?
        if scan.take("(") {
            let inside = scan.at
            if let number = scan.decimal(), scan.peek() == 0x29 { milliseconds = number }
            scan.at = inside
            while let byte = scan.peek(), byte != 0x29 { scan.at += 1 }
            guard scan.take(") ") else { return nil }
        }
        guard let tag = tag(&scan, endedBy: 0x3A), !tag.contains(" ") else { return nil }
        return LogHeader(level: level, tag: tag, milliseconds: milliseconds, scan)
    }

    private static func bracketed(_ start: ByteScanner) -> LogHeader? {
        var scan = start
        var milliseconds: Int?
        guard scan.take("[") else { return nil }
        scan.skipSpaces()
        if let number = scan.decimal() {
            guard scan.take("][") else { return nil }
            milliseconds = number
        }
        guard let level = scan.peek().flatMap(Level.init(rawValue:)) else { return nil }
        scan.at += 1
        guard scan.take("]["), let inside = tag(&scan, endedBy: 0x5D) else { return nil }
        let name = inside.split(separator: ":").first.map(String.init) ?? inside
        return LogHeader(level: level, tag: name, milliseconds: milliseconds, scan)
    }

    private static func tag(_ scan: inout ByteScanner, endedBy end: UInt8) -> String? {
        let start = scan.at
        while let byte = scan.peek(), byte != end, scan.at - start < 64 { scan.at += 1 }
        guard scan.peek() == end, scan.at > start else { return nil }
        defer { scan.at += 1 }
        return String(decoding: scan.bytes[start..<scan.at], as: UTF8.self)
    }
}
