// What a host's monitor puts before a board's line when it saves a log: time stamps of the Arduino IDE, PlatformIO,
// ESPHome and terminal programs, and the quoting of forums. They are taken off before anything is searched for, and
// the time is kept, since it tells how fast a board restarts.

/// The host's addition to a line.
struct HostPrefix: Equatable {
    /// How many bytes of the line it takes.
    var length: Int
    /// The host's clock, milliseconds since midnight, where there was one.
    var milliseconds: Int?

    /// The prefix of a line, possibly empty.
    init(of line: [UInt8]) {
        var scan = ByteScanner(line)
        length = 0
        // A quoted, indented, stamped line has at most this many layers.
        for _ in 0..<4 {
            let start = scan.at
            scan.skipSpaces()
            if scan.take(">") {
                while scan.take(">") {}
                if !scan.isAtEnd, !scan.take(" ") {
                    scan.at = start
                    break
                }
                length = scan.at
                continue
            }
            guard milliseconds == nil, let time = Self.stamp(&scan) else { break }
            milliseconds = time
            length = scan.at
        }
    }

    /// Whether a line may have one: a look at its first bytes, since nearly none has.
    static func isPossible(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
        var at = 0
        while at < line.count, line[at] == 0x20 || line[at] == 0x09 { at += 1 }
        guard at + 4 < line.count else { return at < line.count && line[at] == 0x3E }
        if line[at] == 0x3E { return true }
        if line[at] == 0x5B { at += 1 }
        guard line[at].isDigit, at + 4 < line.count else { return false }
        return line[at + 2] == 0x3A || line[at + 4] == 0x2D
    }

    /// A time stamp with the mark that ends it.
    private static func stamp(_ scan: inout ByteScanner) -> Int? {
        let start = scan.at
        let bracket = scan.take("[")
        let dated = date(&scan)
        guard let time = time(&scan) else {
            scan.at = start
            return nil
        }
        let ended: Bool
        if scan.take("]") {
            // The bracket may be missing where a capture begins in the middle of the first line.
            ended = bracket || start == 0
        } else if bracket {
            ended = false
        } else {
            ended =
                scan.take(" ->") || scan.take(" >") || scan.take(" |") || (dated && scan.peek() == 0x20)
                || (time.precise && (scan.take(":") || scan.peek() == 0x20))
        }
        guard ended else {
            scan.at = start
            return nil
        }
        _ = scan.take(" ")
        return time.milliseconds
    }

    /// `2024-05-01 ` or `2024-05-01T`.
    private static func date(_ scan: inout ByteScanner) -> Bool {
        let start = scan.at
        if scan.digits(4) != nil, scan.take("-"), scan.digits(2) != nil, scan.take("-"), scan.digits(2) != nil,
            scan.take(" ") || scan.take("T")
        {
            return true
        }
        scan.at = start
        return false
    }

    /// `12:58:51`, `12:58:51.123`, `12:58:51,123`; precise when it had a fraction.
    private static func time(_ scan: inout ByteScanner) -> (milliseconds: Int, precise: Bool)? {
        let start = scan.at
        guard let hours = scan.digits(2), scan.take(":"), let minutes = scan.digits(2), scan.take(":"),
            let seconds = scan.digits(2), hours < 24, minutes < 60, seconds < 61
        else {
            scan.at = start
            return nil
        }
        let whole = ((hours * 60 + minutes) * 60 + seconds) * 1000
        let afterSeconds = scan.at
        guard scan.take(".") || scan.take(",") || scan.take(":"), let fraction = scan.digits(3) else {
            scan.at = afterSeconds
            return (whole, false)
        }
        while scan.peek()?.isDigit == true { scan.at += 1 }
        return (whole + fraction, true)
    }
}
