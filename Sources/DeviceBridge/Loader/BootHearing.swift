// What a board says outside of frames while we try to reach its loader, boiled down to a verdict: it waits for a
// download, it started from flash, or some application talks. Keeps a bounded tail as evidence.

/// Listens to the text between frames.
package struct BootHearing: Equatable, Sendable {
    /// What the text so far means.
    package enum Verdict: Equatable, Sendable {
        /// Nothing readable.
        case silence
        /// Text that is no boot banner.
        case text
        /// The ROM says that it waits for a download.
        case download
        /// The ROM says that it starts from flash; the line that says so.
        case flashBoot(String)
    }

    package private(set) var verdict = Verdict.silence
    private var tail: [UInt8] = []
    private static let tailBytes = 256

    package init() {}

    /// The last line or so of what was heard, fit for a message.
    package var evidence: String {
        let lines = String(decoding: tail, as: UTF8.self).split(whereSeparator: \.isNewline)
        return lines.last { !$0.allSatisfy(\.isWhitespace) }.map { String($0.suffix(100)) } ?? ""
    }

    /// Takes text as it arrived; other bytes than printable ones count for nothing.
    package mutating func heard(_ bytes: [UInt8]) {
        tail += bytes.filter { (0x20..<0x7F).contains($0) || $0 == 0x0A || $0 == 0x0D }
        if tail.count > Self.tailBytes { tail.removeFirst(tail.count - Self.tailBytes) }
        let text = String(decoding: tail, as: UTF8.self)
        if text.contains("waiting for download") {
            verdict = .download
        } else if let line = Self.flashBootLine(in: text) {
            if verdict != .download { verdict = .flashBoot(line) }
        } else if verdict == .silence, tail.count >= 4 {
            verdict = .text
        }
    }

    /// The last whole `boot:0x13 (SPI_FAST_FLASH_BOOT)` whose mode is no download mode.
    private static func flashBootLine(in text: String) -> String? {
        let lines = text.split(whereSeparator: \.isNewline)
        for line in lines.reversed() {
            guard let start = line.range(of: "boot:0x") else { continue }
            guard let open = line[start.upperBound...].firstIndex(of: "("),
                let close = line[open...].firstIndex(of: ")")
            else { continue }
            return line[open...].hasPrefix("(DOWNLOAD") ? nil : String(line[start.lowerBound...close])
        }
        return nil
    }
}

extension Substring {
    /// Where `needle` first stands, by bytes.
    fileprivate func range(of needle: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(needle) { return start..<index(start, offsetBy: needle.count) }
            start = index(after: start)
        }
        return nil
    }
}
