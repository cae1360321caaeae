// What gcc and ld print, as values. The lines have the form that the C locale gives them.

import TestSupport
import Testing
import Toolchain

@Suite("Compiler diagnostics")
struct DiagnosticParsing {
    struct Case: Sendable, CustomTestStringConvertible {
        var line: String
        var expected: CompilerDiagnostic?
        var testDescription: String { line }
    }

    static let cases: [Case] = [
        Case(
            line: "sketch/blink.ino:12:5: error: 'x' was not declared in this scope",
            expected: CompilerDiagnostic(
                severity: .error, file: "sketch/blink.ino", line: 12, column: 5,
                message: "'x' was not declared in this scope", code: "compile-error")),
        Case(
            line: "/a b/c.c:3:10: fatal error: none.h: No such file or directory",
            expected: CompilerDiagnostic(
                severity: .error, file: "/a b/c.c", line: 3, column: 10, message: "none.h: No such file or directory",
                code: "compile-error")),
        Case(
            line: "c.c:3: warning: something [-Wsomething]",
            expected: CompilerDiagnostic(
                severity: .warning, file: "c.c", line: 3, message: "something [-Wsomething]")),
        Case(
            line: "c.c:4:1: note: declared here",
            expected: CompilerDiagnostic(severity: .note, file: "c.c", line: 4, column: 1, message: "declared here")),
        Case(
            line: "x.S:7: Error: unknown opcode or format name 'quos'",
            expected: CompilerDiagnostic(
                severity: .error, file: "x.S", line: 7, message: "unknown opcode or format name 'quos'",
                code: "compile-error")),
        Case(line: "arduino: Error: something of its own", expected: nil),
        Case(
            line: "\u{1B}[01m\u{1B}[Ka.c:3:1:\u{1B}[m\u{1B}[K \u{1B}[01;31m\u{1B}[Kerror: \u{1B}[m\u{1B}[Kexpected ';'",
            expected: CompilerDiagnostic(
                severity: .error, file: "a.c", line: 3, column: 1, message: "expected ';'", code: "compile-error")),
        Case(
            line: "crt0.o:(.literal._start+0x0): undefined reference to `__data_size'",
            expected: CompilerDiagnostic(
                severity: .error, message: "crt0.o:(.literal._start+0x0): undefined reference to `__data_size'",
                code: "compile-error")),
        Case(
            line: """
                CMake Error at /idf/tools/cmake/component.cmake:321 (message):
                  Include directory '/idf/components/mbedtls/include' is
                  not a directory.
                Call Stack (most recent call first):
                  /idf/tools/cmake/component.cmake:496 (__component_add_include_dirs)
                """,
            expected: CompilerDiagnostic(
                severity: .error, file: "/idf/tools/cmake/component.cmake", line: 321,
                message: "Include directory '/idf/components/mbedtls/include' is not a directory.",
                code: "compile-error")),
        Case(
            line: "CMake Error at CMakeLists.txt:4 (project):\n\n  No compiler.\n\n  More of it.\n",
            expected: CompilerDiagnostic(
                severity: .error, file: "CMakeLists.txt", line: 4, message: "No compiler. More of it.",
                code: "compile-error")),
        Case(
            line: "CMake Error: The source directory \"/x\" does not exist.",
            expected: CompilerDiagnostic(
                severity: .error, message: "The source directory \"/x\" does not exist.", code: "compile-error")),
        Case(
            line: "CMake Warning at a.cmake:41 (message):\n  Can not get version for tool:\n",
            expected: CompilerDiagnostic(
                severity: .warning, file: "a.cmake", line: 41, message: "Can not get version for tool:")),
        Case(
            line: "cc1: error: unrecognized command-line option '-mfpu'",
            expected: CompilerDiagnostic(
                severity: .error, message: "unrecognized command-line option '-mfpu'", code: "compile-error")),
        Case(
            line: "/usr/lib/gcc/x/bin/ld: objects/sketch/a.ino.o: in function `setup':", expected: nil),
        Case(
            line: "a.ino:3: undefined reference to `missing()'",
            expected: CompilerDiagnostic(
                severity: .error, message: "a.ino:3: undefined reference to `missing()'", code: "compile-error")),
        Case(
            line: "/usr/lib/x/bin/ld: region `dram' overflowed by 272312 bytes",
            expected: CompilerDiagnostic(
                severity: .error, message: "region `dram' overflowed by 272312 bytes", code: "dram-overflow",
                bytes: 272312)),
        Case(
            line: "ld: region `iram' overflowed by 4 bytes",
            expected: CompilerDiagnostic(
                severity: .error, message: "ld: region `iram' overflowed by 4 bytes", code: "iram-overflow", bytes: 4)),
        Case(
            line: "a.o:(.text+0x3): dangerous relocation: l32r: literal target out of range",
            expected: CompilerDiagnostic(
                severity: .error,
                message: "a.o:(.text+0x3): dangerous relocation: l32r: literal target out of range",
                code: "literal-out-of-range")),
        Case(
            line: "a.o: file not recognized: file format not recognized",
            expected: CompilerDiagnostic(
                severity: .error, message: "a.o: file not recognized: file format not recognized",
                code: "wrong-core-objects")),
        Case(line: "   12 |     x = 3;", expected: nil),
        Case(line: "      |     ^", expected: nil),
        Case(line: "c.c: In function 'main':", expected: nil),
        Case(line: "collect2: error: ld returned 1 exit status", expected: nil),
        Case(line: "region `dram' overflowed by many bytes", expected: nil),
        Case(line: "overflowed by", expected: nil),
        Case(line: "", expected: nil),
    ]

    @Test("A line is the complaint it makes, or nothing", arguments: cases)
    func oneLine(_ example: Case) {
        #expect(CompilerDiagnostic.parse(example.line) == [example.expected].compactMap { $0 })
    }

    @Test("Lines are read in their order, whichever line ends they have")
    func order() {
        let said = CompilerDiagnostic.parse("a.c:1:2: error: one\r\n  code\r\na.c:2:2: warning: two\n")
        #expect(said.map(\.message) == ["one", "two"])
    }

    @Test("A complaint reads as the compiler prints it")
    func text() {
        #expect(CompilerDiagnostic.parse("a.c:1:2: error: one").first?.text == "a.c:1:2: error: one")
        #expect(CompilerDiagnostic(severity: .warning, message: "odd").text == "warning: odd")
    }

    @Test("Whatever is cut off a line, reading it ends")
    func truncation() {
        for example in Self.cases {
            for count in 0...example.line.count { _ = CompilerDiagnostic.parse(String(example.line.prefix(count))) }
        }
    }
}
