// What the vendors' linker scripts and build drivers say beside gcc's own words: memories that overflow, objects of
// another core, firmware that outgrows its partition. Forms seen in logs of arduino-cli and of ESP-IDF 4 to 6.

extension CompilerDiagnostic {
    /// The complaint that a line makes in one of those forms.
    static func vendor(in line: Substring) -> CompilerDiagnostic? {
        memory(in: line) ?? space(in: line) ?? partition(in: line) ?? object(in: line)
    }

    // "section `.dram0.bss' will not fit in region `dram0_0_seg'", and the asserts of ESP-IDF's linker scripts.
    private static func memory(in line: Substring) -> CompilerDiagnostic? {
        guard line.contains("will not fit in region") || line.contains("segment data does not fit") else { return nil }
        let text = line.lowercased()
        let region = text.firstRange(of: "region `").map { text[$0.upperBound...] } ?? text[...]
        let names = [
            ("iram", "iram-overflow"), ("dram", "dram-overflow"), ("drom", "drom-overflow"), ("irom", "app-too-large"),
        ]
        guard let code = names.first(where: { region.contains($0.0) })?.1 else { return nil }
        return CompilerDiagnostic(severity: .error, message: withoutProgram(line), code: code)
    }

    // "Sketch uses 1400000 bytes (106%) of program storage space. Maximum is 1310720 bytes."
    private static func space(in line: Substring) -> CompilerDiagnostic? {
        let kinds: [(used: String, maximum: String, code: String)] = [
            ("Sketch uses ", "Maximum is ", "app-too-large"), ("Global variables use ", "Maximum is ", "dram-overflow"),
        ]
        for kind in kinds where line.hasPrefix(kind.used) {
            guard let used = number(after: kind.used, in: line), let most = number(after: kind.maximum, in: line),
                used > most
            else { return nil }
            return CompilerDiagnostic(severity: .error, message: String(line), code: kind.code, bytes: used - most)
        }
        if line.contains("text section exceeds available space") {
            return CompilerDiagnostic(severity: .error, message: String(line), code: "app-too-large")
        }
        if line.contains("data section exceeds available space") {
            return CompilerDiagnostic(severity: .error, message: String(line), code: "dram-overflow")
        }
        return nil
    }

    // "  - Part 'factory' 0/0 @ 0x10000 size 0x100000 (overflow 0x4a20)"
    private static func partition(in line: Substring) -> CompilerDiagnostic? {
        let mark = "(overflow 0x"
        guard line.contains("Part '"), let range = line.firstRange(of: mark) else { return nil }
        let digits = line[range.upperBound...].prefix { $0.isHexDigit }
        guard let bytes = Int(digits, radix: 16) else { return nil }
        let name = line.split(separator: "'").dropFirst().first.map { String($0) } ?? "?"
        return CompilerDiagnostic(
            severity: .error, message: "the application is \(bytes) bytes larger than the partition '\(name)'",
            code: "app-too-large", bytes: bytes)
    }

    private static func object(in line: Substring) -> CompilerDiagnostic? {
        if line.contains("cannot decode instruction opcode") {
            return CompilerDiagnostic(severity: .error, message: withoutProgram(line), code: "wrong-core-objects")
        }
        guard line.contains("cannot move location counter backwards") else { return nil }
        return CompilerDiagnostic(severity: .error, message: withoutProgram(line), code: "dram-overflow")
    }

    private static func number(after mark: String, in line: Substring) -> Int? {
        guard let range = line.firstRange(of: mark) else { return nil }
        return Int(line[range.upperBound...].prefix { $0.isASCII && $0.isNumber })
    }

    private static func withoutProgram(_ line: Substring) -> String {
        guard let range = line.firstRange(of: "/ld: ") else {
            guard let range = line.firstRange(of: "ld: "), range.lowerBound == line.startIndex || line.contains("-ld: ")
            else { return String(line) }
            return String(line[range.upperBound...])
        }
        return String(line[range.upperBound...])
    }
}
