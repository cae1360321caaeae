// The JSON lines of `espmask test --json`: a line per test and a summary at the end; lines for steps and for boards that
// were set aside are extra.

/// Makes JSON lines, without their line ends.
package enum TestEvents {
    /// A test's line.
    package static func line(_ test: TestRecord) -> String {
        JSONLine(event: "test")
            .adding("name", test.name).adding("port", test.port).adding("verdict", test.verdict.rawValue)
            .adding("seconds", test.seconds).adding("message", test.message).adding("file", test.file)
            .adding("attempts", test.attempts.count).text
    }

    /// A step's line, for those who want to follow.
    package static func line(_ step: StepRecord, test: String) -> String {
        JSONLine(event: "step")
            .adding("test", test).adding("step", step.title).adding("line", step.line)
            .adding("verdict", step.verdict.rawValue).adding("seconds", step.seconds).adding("note", step.note).text
    }

    /// The line of a board that died.
    package static func setAside(port: String, reason: String) -> String {
        JSONLine(event: "board").adding("port", port).adding("set_aside", reason).text
    }

    /// The last line.
    package static func summary(_ run: RunRecord) -> String {
        let tally = RunTally(run.tests)
        return JSONLine(event: "summary")
            .adding("passed", tally.passed).adding("failed", tally.failed).adding("errors", tally.errors)
            .adding("flaky", tally.flaky).adding("skipped", tally.skipped).adding("seconds", run.seconds).text
    }

    /// All lines of a run that is over, each with its end.
    package static func text(_ run: RunRecord) -> String {
        (run.tests.map { line($0) } + [summary(run)]).map { $0 + "\n" }.joined()
    }
}

/// One flat JSON object, its keys in the order given.
private struct JSONLine {
    private var members: [String]

    init(event: String) { members = ["\"event\":" + Self.quoted(event)] }

    var text: String { "{" + members.joined(separator: ",") + "}" }

    func adding(_ key: String, _ value: String?) -> JSONLine { with(key, value.map { Self.quoted($0) } ?? "null") }
    func adding(_ key: String, _ value: Int) -> JSONLine { with(key, String(value)) }
    func adding(_ key: String, _ seconds: Double) -> JSONLine {
        with(key, seconds.isFinite ? Figures.decimal(seconds, digits: 3) : "null")
    }

    private func with(_ key: String, _ value: String) -> JSONLine {
        var line = self
        line.members.append(Self.quoted(key) + ":" + value)
        return line
    }

    private static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x22: out += "\\\""
            case 0x5C: out += "\\\\"
            case 0x0A: out += "\\n"
            case 0x0D: out += "\\r"
            case 0x09: out += "\\t"
            case 0..<0x20, 0x7F:
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            case _: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
