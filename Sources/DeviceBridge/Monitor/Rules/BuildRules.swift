// Builds that failed, from the words of ld, gcc, CMake, arduino-cli, PlatformIO, idf.py. Sources: GNU ld and BFD's
// Xtensa back end (messages), ESP-IDF linker scripts (region names), arduino-builder's size report.

enum BuildRules {
    static let rules: [DiagnosisRule] = regions + literals + sizes + compiler

    private static let regions = [
        DiagnosisRule(.dramOverflow, "region '<region:word>' overflowed by <bytes:int> ~bytes", judge: region(.dram)),
        DiagnosisRule(.iramOverflow, "region '<region:word>' overflowed by <bytes:int> ~bytes", judge: region(.iram)),
        DiagnosisRule(.dromOverflow, "region '<region:word>' overflowed by <bytes:int> ~bytes", judge: region(.drom)),
        DiagnosisRule(.appTooLarge, "region '<region:word>' overflowed by <bytes:int> ~bytes", judge: region(.code)),
        DiagnosisRule(.dramOverflow, "will not fit in region '<region:word>", judge: region(.dram)),
        DiagnosisRule(.iramOverflow, "will not fit in region '<region:word>", judge: region(.iram)),
        DiagnosisRule(.dromOverflow, "will not fit in region '<region:word>", judge: region(.drom)),
        DiagnosisRule(.appTooLarge, "will not fit in region '<region:word>", judge: region(.code)),
        DiagnosisRule(.dramOverflow, "is not within region '<region:word>", judge: region(.dram)),
        DiagnosisRule(.iramOverflow, "is not within region '<region:word>", judge: region(.iram)),
        DiagnosisRule(.dromOverflow, "is not within region '<region:word>", judge: region(.drom)),
        DiagnosisRule(.appTooLarge, "is not within region '<region:word>", judge: region(.code)),
        DiagnosisRule(.dramOverflow, "DRAM segment data does not fit"),
        DiagnosisRule(.iramOverflow, "IRAM0 segment data does not fit"),
        DiagnosisRule(.iramOverflow, "IRAM segment data does not fit"),
        DiagnosisRule(
            .dramOverflow, "cannot move location counter backwards ~(from <from:hex> to <to:hex>)",
            judge: backwards(.dram)),
        DiagnosisRule(
            .iramOverflow, "cannot move location counter backwards ~(from <from:hex> to <to:hex>)",
            judge: backwards(.iram)),
    ]

    private static let literals = [
        DiagnosisRule(.literalOutOfRange, "literal target out of range"),
        DiagnosisRule(.literalOutOfRange, "literal placed after use"),
        DiagnosisRule(.literalOutOfRange, "dangerous relocation: l32r"),
        DiagnosisRule(.literalOutOfRange, "literal pool location required"),
        DiagnosisRule(.wrongCoreObjects, "skipping incompatible <file:word> when searching", .warning, weak: true),
        DiagnosisRule(.wrongCoreObjects, "cannot decode instruction opcode"),
        DiagnosisRule(.wrongCoreObjects, "incompatible Xtensa configuration"),
        DiagnosisRule(.wrongCoreObjects, "file in wrong format"),
        DiagnosisRule(.wrongCoreObjects, "architecture of input file ~'<file>' is incompatible"),
        DiagnosisRule(.wrongCoreObjects, "link soft-float modules"),
        DiagnosisRule(.wrongCoreObjects, "link double-float modules"),
        DiagnosisRule(
            .literalOutOfRange, "dangerous relocation: call8: call target out of range", rank: .wrongCoreObjects),
    ]

    private static let sizes = [
        DiagnosisRule(
            .appTooLarge,
            "Sketch uses <size:int> bytes (<percent:int>%) of program storage space. ~Maximum is <available:int>",
            judge: over),
        DiagnosisRule(
            .appTooLarge, "program size (<size:int> bytes) is greater than maximum allowed (<available:int>",
            judge: over),
        DiagnosisRule(.appTooLarge, "app partition is too small for binary <file:word> size 0x<size:hex>"),
        DiagnosisRule(.appTooLarge, "app partitions are too small for binary <file:word> ~size 0x<size:hex>"),
        DiagnosisRule(.appTooLarge, "(overflow 0x<bytes:hex>)", judge: hexBytes),
        DiagnosisRule(
            .appTooLarge, "Flash: [<bar>] <percent>% (used <size:int> bytes from <available:int> bytes", judge: over),
        DiagnosisRule(
            .dramOverflow, "RAM: [<bar>] <percent>% (used <size:int> bytes from <available:int> bytes", judge: over),
        DiagnosisRule(.appTooLarge, "text section exceeds available space"),
        DiagnosisRule(.appTooLarge, "Sketch too big"),
        DiagnosisRule(
            .dramOverflow,
            "Global variables use <size:int> bytes (<percent:int>%) of dynamic memory, ~leaving <left:int>",
            judge: globals),
        DiagnosisRule(
            .dramOverflow, "data size (<size:int> bytes) is greater than maximum allowed (<available:int>", judge: over),
        DiagnosisRule(.dramOverflow, "data section exceeds available space"),
        DiagnosisRule(.dramOverflow, "Not enough memory; see "),
    ]

    private static let compiler =
        [
            "undefined reference to '<symbol>'", "multiple definition of '<symbol>'", "cannot find -l<library:word>",
            "No such file or directory: '<file>'", "CMake Error at <file:word>",
        ].map { DiagnosisRule(.compileError, $0, judge: isBuild) }
        + [
            DiagnosisRule(.compileError, "fatal error: <message>", judge: fatalError),
            DiagnosisRule(.compileError, ": error: <message>", judge: compilerError),
            DiagnosisRule(.compileError, "ld returned <status:int> exit status", weak: true),
            DiagnosisRule(.compileError, "Compilation error: ", weak: true),
            DiagnosisRule(.compileError, "error: <message>", weak: true, judge: startsTheLine),
            DiagnosisRule(.compileError, "error[E<number:word>]: <message>", judge: startsTheLine),
            DiagnosisRule(.compileError, "Error compiling for board", weak: true),
            DiagnosisRule(.compileError, "internal compiler error"),
            DiagnosisRule(.compileError, "make: ***", weak: true),
            DiagnosisRule(.compileError, "*** [<target>] Error", weak: true),
            DiagnosisRule(.compileError, "FAILED: <target>", weak: true, judge: startsTheLine),
            DiagnosisRule(.compileError, "ninja: build stopped", weak: true),
            DiagnosisRule(.compileError, "ninja failed with exit code", weak: true),
            DiagnosisRule(.compileError, "compilation terminated.", weak: true),
        ]

    /// Where a region of a linker script is.
    private enum Memory { case dram, iram, drom, code }

    private static func memory(_ region: String) -> Memory {
        let name = region.lowercased()
        if name.contains("iram0_2") || name.contains("irom") || name.contains("flash") { return .code }
        if name.contains("drom") { return .drom }
        return name.contains("iram") ? .iram : .dram
    }

    private static func region(_ wanted: Memory) -> @Sendable (inout Finding) -> Bool {
        { finding in finding.details["region"]?.text.map { memory($0) == wanted } ?? false }
    }

    private static func backwards(_ wanted: Memory) -> @Sendable (inout Finding) -> Bool {
        { finding in
            guard let from = finding.details["from"]?.address, let to = finding.details["to"]?.address else {
                return wanted == .dram
            }
            finding.details["bytes"] = .number(abs(Int(from) - Int(to)))
            // Instruction memory begins at 0x40000000 on every chip of the family.
            return (from >= 0x4000_0000) == (wanted == .iram)
        }
    }

    @Sendable private static func over(_ finding: inout Finding) -> Bool {
        guard let size = finding.details["size"]?.number, let available = finding.details["available"]?.number,
            size > available
        else { return (finding.details["percent"]?.number ?? 0) > 100 }
        finding.details["bytes"] = .number(size - available)
        finding.details["bar"] = nil
        finding.details["percent"] = nil
        return true
    }

    @Sendable private static func globals(_ finding: inout Finding) -> Bool {
        if let left = finding.details["left"]?.number, left < 0, left > -(1 << 40) {
            finding.details["bytes"] = .number(-left)
            return true
        }
        return (finding.details["percent"]?.number ?? 0) > 100
    }

    @Sendable private static func hexBytes(_ finding: inout Finding) -> Bool {
        if let bytes = finding.details["bytes"]?.address { finding.details["bytes"] = .number(Int(bytes)) }
        return true
    }

    private static let tools = [
        ".c:", ".cc:", ".cpp:", ".cxx:", ".h:", ".hpp:", ".ino:", ".s:", ".o:", ".a(", ".obj:", "/ld:", "ld.exe:",
        "/ld.bfd:",
        "in function", "cmake", ".py",
    ]

    @Sendable private static func isBuild(_ finding: inout Finding) -> Bool {
        guard let text = finding.evidence.first?.text.lowercased() else { return false }
        return tools.contains { text.contains($0) }
    }

    /// `file.cc:35:39: error: ...`; a board's log has the word error too, without a source position before it.
    @Sendable private static func compilerError(_ finding: inout Finding) -> Bool {
        guard let text = finding.evidence.first?.text, !text.contains("error: ld returned"),
            let end = text.lowercased().firstPosition(of: ": error: ")
        else { return false }
        let before = text[..<end].dropLast(9)
        let parts = before.split(separator: ":")
        guard parts.count > 1, let last = parts.last, Int(last) != nil else { return false }
        return true
    }

    /// Rust's and other compilers' `error: ...` at the beginning of a line: a sentence, where a board prints a number or
    /// `none`.
    @Sendable private static func startsTheLine(_ finding: inout Finding) -> Bool {
        guard let text = finding.evidence.first?.text else { return false }
        if text.hasPrefix("FAILED: ") { return true }
        let words = text.split(separator: " ").dropFirst().filter { $0.utf8.count { $0.isLetter } > 1 }
        return text.hasPrefix("error") && words.count > 1 && !["no", "none"].contains(words.first?.lowercased())
    }

    @Sendable private static func fatalError(_ finding: inout Finding) -> Bool {
        // esptool's "A fatal error occurred" is no compiler's; gcc's has a file and a line before it.
        guard let text = finding.evidence.first?.text, let end = text.firstPosition(of: "fatal error: ") else {
            return false
        }
        return text[..<end].contains(":")
    }
}
