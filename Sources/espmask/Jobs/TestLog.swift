// The log of a test in a file of its own: every attempt with its steps and all that the board said.

import Foundation
import HIL

/// The seconds since 1970.
enum Date1970 {
    static var now: Double { Date().timeIntervalSince1970 }
}

/// The logs' folder.
struct TestLog {
    let folder: String

    /// The file of a script: its file's name, and its own where that is another.
    func path(_ script: Script) -> String {
        let stem = script.file.split(separator: "/").last.map { $0.split(separator: ".").first ?? $0 } ?? "test"
        var name = String(stem) + "." + script.name
        name = String(name.map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "_" }.prefix(120))
        return folder + "/" + name + ".log"
    }

    /// Writes an attempt; the first one begins the file anew.
    func write(_ record: AttemptRecord, script: Script, attempt: Int) {
        var text = "# \(script.name) (\(script.file)), attempt \(attempt) on \(record.port): "
        text += record.passed ? "passed\n" : "did not pass\n"
        for step in record.steps {
            let note = step.note.map { "  (\($0))" } ?? ""
            text += "# \(Self.time(step.startedAt)) \(step.verdict.rawValue) line \(step.line): \(step.title)\(note)\n"
        }
        if let failure = record.failure { text += "# \(failure.message)\n" }
        for line in record.log { text += "\(Self.time(line.boardSeconds ?? line.seconds)) \(line.text)\n" }
        let path = path(script)
        // A log that cannot be written is no reason to fail a test.
        if attempt == 1 {
            try? Files.makeFolder(folder)
            try? Files.write(Array(text.utf8), to: path)
        } else {
            try? Files.append(Array(text.utf8), to: path)
        }
    }

    private static func time(_ seconds: Double) -> String { String(format: "%9.3f", seconds) }
}
