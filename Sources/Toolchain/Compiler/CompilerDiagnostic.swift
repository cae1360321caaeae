// What gcc and ld complain about, as values. The parser takes the forms they print in the C locale: a place with a
// severity, a linker's line with an object or a program name in front, and the lines that say a memory overflowed.
// Source excerpts, carets and "In function" lines are context and are left out.

/// One complaint of the compiler or the linker.
public struct CompilerDiagnostic: Equatable, Sendable {
    /// How bad it is.
    public enum Severity: String, Sendable, CaseIterable {
        /// The build cannot go on.
        case error
        /// The build goes on.
        case warning
        /// Belongs to the complaint before it.
        case note
    }

    /// How bad it is.
    public var severity: Severity
    /// The file it is about; nil for the linker's own complaints.
    public var file: String?
    /// The line, from 1.
    public var line: Int?
    /// The column, from 1.
    public var column: Int?
    /// What is wrong, in the tool's words.
    public var message: String
    /// The diagnosis code of the command line, for errors: `compile-error`, `dram-overflow` and the like.
    public var code: String?
    /// For overflows: by how many bytes.
    public var bytes: Int?

    /// Makes a complaint.
    public init(
        severity: Severity, file: String? = nil, line: Int? = nil, column: Int? = nil, message: String,
        code: String? = nil, bytes: Int? = nil
    ) {
        self.severity = severity
        self.file = file
        self.line = line
        self.column = column
        self.message = message
        self.code = code
        self.bytes = bytes
    }

    /// The complaint in one line, as the tool would print it.
    public var text: String {
        let place = [file, line.map { String($0) }, column.map { String($0) }].compactMap { $0 }
        let head = place.isEmpty ? "" : place.joined(separator: ":") + ": "
        return "\(head)\(severity.rawValue): \(message)"
    }
}

extension CompilerDiagnostic {
    /// Reads everything a compiler or linker printed.
    public static func parse(_ output: String) -> [CompilerDiagnostic] {
        let lines = TerminalColors.removed(from: output).split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        return lines.indices.compactMap { index in
            configuration(at: index, of: lines) ?? located(in: lines[index]) ?? vendor(in: lines[index])
                ?? linker(in: lines[index])
        }
    }

    private static let severities: [(word: String, severity: Severity)] = [
        (": fatal error: ", .error), (": error: ", .error), (": warning: ", .warning), (": note: ", .note),
        // The assembler's, which always have a line.
        (": Error: ", .error), (": Warning: ", .warning),
    ]

    // `FILE:LINE:COLUMN: error: MESSAGE`, the column being optional, or `PROGRAM: fatal error: MESSAGE`.
    private static func located(in line: Substring) -> CompilerDiagnostic? {
        guard let found = severities.first(where: { line.firstRange(of: $0.word) != nil }),
            let range = line.firstRange(of: found.word)
        else { return nil }
        var place = line[..<range.lowerBound].split(separator: ":", omittingEmptySubsequences: false)
        var numbers: [Int] = []
        while numbers.count < 2, place.count > 1, let last = place.last, let number = Int(last) {
            numbers.insert(number, at: 0)
            place.removeLast()
        }
        if numbers.isEmpty, found.word.contains(where: \.isUppercase) { return nil }
        let message = String(line[range.upperBound...])
        // The compiler driver's echo of the linker's failure, which has been told already.
        if message.hasPrefix("ld returned") { return nil }
        let isError = found.severity == .error
        let overflow = isError ? overflow(in: message) : nil
        return CompilerDiagnostic(
            severity: found.severity, file: numbers.isEmpty ? nil : place.joined(separator: ":"),
            line: numbers.first, column: numbers.count == 2 ? numbers[1] : nil, message: message,
            code: isError ? (overflow?.code ?? code(of: message)) : nil, bytes: overflow?.bytes)
    }

    // The linker marks nothing as an error: what it says after the place is one unless it says warning.
    private static func linker(in line: Substring) -> CompilerDiagnostic? {
        if let overflow = overflow(in: line) {
            return CompilerDiagnostic(
                severity: .error, message: message(of: line), code: overflow.code, bytes: overflow.bytes)
        }
        let complaints = [
            "undefined reference to", "multiple definition of", "cannot find", "dangerous relocation",
            "relocation truncated to fit", "file not recognized", "is incompatible with", "Invalid argument",
            "initialised data reaches", "syntax error", "No such file or directory",
        ]
        guard complaints.contains(where: { line.contains($0) }) else { return nil }
        return CompilerDiagnostic(severity: .error, message: message(of: line), code: code(of: line))
    }

    private static func code(of message: some StringProtocol) -> String {
        // A section's name, as in `.literal._start', is no complaint about literals.
        if message.contains("dangerous relocation") || message.contains("l32r") { return "literal-out-of-range" }
        if message.contains("file not recognized") || message.contains("is incompatible with") {
            return "wrong-core-objects"
        }
        return "compile-error"
    }

    // `region `dram' overflowed by 123 bytes`; the codes go by the names that the linker scripts give the memories.
    private static func overflow(in line: some StringProtocol) -> (code: String, bytes: Int)? {
        let words = line.split(separator: " ")
        guard let verb = words.firstIndex(of: "overflowed"), verb >= 2, words.count > verb + 2,
            words[verb + 1] == "by", let bytes = Int(words[verb + 2])
        else { return nil }
        let region = words[verb - 1]
        for memory in ["iram", "drom", "irom", "dram"] where region.lowercased().contains(memory) {
            return (memory == "irom" ? "app-too-large" : "\(memory)-overflow", bytes)
        }
        return nil
    }

    // Drops the linker's own path, which says nothing: `/usr/lib/.../bin/ld: `.
    private static func message(of line: Substring) -> String {
        guard let range = line.firstRange(of: "/ld: ") else { return String(line) }
        return String(line[range.upperBound...])
    }
}
