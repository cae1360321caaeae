// The make rules that gcc writes beside objects.

import Testing
import Toolchain

@Suite("Dependency files")
struct DependencyFiles {
    static let cases: [(text: String, expected: [String]?)] = [
        ("a.o: a.c a.h\n", ["a.c", "a.h"]),
        ("a.o: a.c \\\n a.h \\\n b.h\n", ["a.c", "a.h", "b.h"]),
        ("a.o: a.c\r\n", ["a.c"]),
        ("a.o: my\\ file.c x$$y.h a\\#b.h\n", ["my file.c", "x$y.h", "a#b.h"]),
        ("c:/a.o: c:/a.c\n", ["c:/a.c"]),
        ("a.o:\n", []),
        ("a.o: a.c\na.h:\n", ["a.c"]),
        ("a.o: back\\slash.c\n", ["back\\slash.c"]),
        ("a.o: a.c \\", ["a.c", "\\"]),
        ("", nil),
        ("no rule here\n", nil),
    ]

    @Test("The first rule's prerequisites are the files", arguments: cases)
    func prerequisites(_ example: (text: String, expected: [String]?)) {
        #expect(DependencyFile(parsing: example.text)?.prerequisites == example.expected)
    }
}
