// What stands on the terminal and in the JSON lines.

import FoundationEssentials
import HIL
import Testing

@Suite("The report in words and in JSON lines")
struct TextReportTests {
    @Test("has a line per test, what went wrong in full, and the counts")
    func words() {
        let lines = TextReport(SampleRun.run).text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.first == "passed   mask model on a DevKitC              virtual:#1  4.62 s")
        #expect(lines.contains("failed: an arena that is too small (tests/hil/arena.yaml)"))
        #expect(lines.contains("  nearest:  espmask: read"))
        #expect(lines.contains("  attempt 2 on rfc2217://bench-3:4000: the same"))
        #expect(lines.contains("rfc2217://bench-3:4000 was set aside: it hung up twice in a row"))
        #expect(lines.suffix(2) == ["2 passed, 2 failed, 1 error, 1 flaky, 1 skipped in 21.4 s", ""])
    }

    @Test("obeys nobody: no control sequence of a board or a script reaches the terminal")
    func harm() {
        let allowed: Set<Unicode.Scalar> = ["\n"]
        for run in [HarmfulRun.run, SampleRun.run] {
            let text = TextReport(run).text
            #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F || allowed.contains($0) })
            #expect(!text.unicodeScalars.contains("\u{202E}"))
        }
    }

    @Test("paints only where colours are allowed")
    func colours() {
        #expect(!TextReport(SampleRun.run).text.contains("\u{1B}"))
        #expect(TextReport(SampleRun.run, colour: true).text.contains("\u{1B}[32mpassed \u{1B}[0m"))
    }

    private struct Line: Decodable, Equatable {
        var event: String
        var name: String?
        var port: String?
        var verdict: String?
        var seconds: Double?
        var message: String?
        var passed: Int?
        var failed: Int?
        var errors: Int?
        var flaky: Int?
        var skipped: Int?
    }

    @Test("gives a JSON line per test and a summary, with the keys that were promised")
    func events() throws {
        let lines = TestEvents.text(SampleRun.run).split(separator: "\n")
        let read = try lines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
        #expect(read.count == 8)
        #expect(
            read.first
                == Line(
                    event: "test", name: "mask model on a DevKitC", port: "virtual:#1", verdict: "passed", seconds: 4.62
                ))
        #expect(read[3].message == "no line had it within 5 s")
        #expect(
            read.last
                == Line(event: "summary", seconds: 21.4, passed: 2, failed: 2, errors: 1, flaky: 1, skipped: 1))
        for key in ["name", "port", "verdict", "seconds", "message"] {
            #expect(lines.dropLast().allSatisfy { $0.contains("\"\(key)\":") }, "\(key)")
        }
    }

    @Test("gives back in JSON every character that it was given")
    func eventText() throws {
        let line = TestEvents.line(TestRecord(name: HarmfulRun.word, file: "", verdict: .failed))
        #expect(!line.contains("\n"))
        #expect(try JSONDecoder().decode(Line.self, from: Data(line.utf8)).name == HarmfulRun.word)
    }

    @Test(
        "writes times as people do",
        arguments: [
            (0, "0 ms"), (0.000_021, "21 µs"), (0.0214, "21 ms"), (0.9996, "1 s"), (1.234, "1.23 s"), (21.44, "21.4 s"),
            (59.96, "1 min 0 s"), (125, "2 min 5 s"), (7320, "2 h 2 min"), (-1, "?"), (.nan, "?"), (.infinity, "?"),
        ])
    func durations(seconds: Double, expected: String) {
        #expect(Figures.duration(seconds) == expected)
    }

    @Test(
        "writes moments in UTC",
        arguments: [
            (0, "1970-01-01T00:00:00"), (951_782_400, "2000-02-29T00:00:00"), (1_790_000_000.9, "2026-09-21T14:13:20"),
            (-1, "1969-12-31T23:59:59"), (4_107_542_399, "2100-02-28T23:59:59"), (4_107_542_400, "2100-03-01T00:00:00"),
            (.infinity, "1970-01-01T00:00:00"),
        ])
    func moments(seconds: Double, expected: String) {
        #expect(Figures.timestamp(seconds) == expected)
    }
}
