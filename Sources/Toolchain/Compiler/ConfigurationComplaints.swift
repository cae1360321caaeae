// What CMake says when ESP-IDF's project cannot be configured, and the colours that compilers paint their complaints
// with when a build driver asks for them.

extension CompilerDiagnostic {
    /// The complaint that begins at a line, "CMake Error at FILE:LINE (COMMAND):" with indented text below it.
    static func configuration(at index: Int, of lines: [Substring]) -> CompilerDiagnostic? {
        let head = lines[index]
        let words: [(mark: String, severity: Severity)] = [
            ("CMake Error at ", .error), ("CMake Error in ", .error), ("CMake Error: ", .error),
            ("CMake Warning at ", .warning),
        ]
        guard let found = words.first(where: { head.hasPrefix($0.mark) }) else { return nil }
        let rest = head.dropFirst(found.mark.count)
        let code = found.severity == .error ? "compile-error" : nil
        if found.mark.hasSuffix("Error: ") {
            return CompilerDiagnostic(severity: .error, message: String(rest), code: code)
        }
        // The text is over where the call stack begins, or when it has said enough.
        var text: [String] = []
        for line in lines[(index + 1)...].prefix(20) {
            if line.hasPrefix("Call Stack") || !line.isEmpty && !line.hasPrefix(" ") { break }
            let words = String(line).trimmed
            if !words.isEmpty { text.append(words) }
            if words.isEmpty, text.reduce(0, { $0 + $1.count }) > 60 { break }
        }
        var place = rest.prefix { $0 != " " }
        if place.hasSuffix(":") { place = place.dropLast() }
        let colon = place.lastIndex(of: ":")
        let number = colon.flatMap { Int(place[place.index(after: $0)...]) }
        let file = number == nil ? place : place[..<(colon ?? place.endIndex)]
        return CompilerDiagnostic(
            severity: found.severity, file: String(file), line: number,
            message: text.isEmpty ? "CMake stopped here" : text.joined(separator: " "), code: code)
    }
}

/// The escape sequences of ECMA-48 by which text is coloured.
enum TerminalColors {
    /// The text without them: ESC, `[`, parameters, and a final byte from `@` to `~`.
    static func removed(from text: String) -> String {
        guard text.utf8.contains(0x1B) else { return text }
        var plain: [UInt8] = []
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            guard byte == 0x1B, bytes.first == UInt8(ascii: "[") else {
                plain.append(byte)
                continue
            }
            bytes.removeFirst()
            bytes = bytes.drop { (0x20...0x3F).contains($0) }
            if let last = bytes.first, (0x40...0x7E).contains(last) { bytes.removeFirst() }
        }
        return String(decoding: plain, as: UTF8.self)
    }
}
