// The page is judged by Python's HTML parser and Pillow: what a browser would see of it, and what could run there.

import Crypto
import FoundationEssentials
import HIL
import SystemPackage
import TestSupport
import Testing

@Suite("The HTML report")
struct HTMLReportTests {
    private static let isJudgeThere = Peers.python("python") != nil

    @Test("needs nothing but itself, and every link in it leads somewhere", .enabled(if: isJudgeThere, "make peers"))
    func selfContained() async throws {
        let page = try await Self.read(HTMLReport(SampleRun.run).text)
        #expect(page.title == "✗ 2 passed, 2 failed, 1 error, 1 flaky, 1 skipped · espmask")
        #expect(
            page.tests == [
                ["t1", "passed"], ["t2", "passed"], ["t3", "failed"], ["t4", "failed"], ["t5", "flaky"],
                ["t6", "error"],
                ["t7", "skipped"],
            ])
        #expect(page.scripts == 1)
        #expect(page.text.contains(SampleRun.hostile))
    }

    @Test("carries its pictures to the last pixel", .enabled(if: isJudgeThere, "make peers"))
    func pictures() async throws {
        let page = try await Self.read(HTMLReport(SampleRun.run).text)
        let sent = (0..<8).map { SampleRun.face(masked: $0 % 2 == 0, seed: $0) }
        let expected = sent.map { "20 20 L " + SHA256.hash(data: $0.grey).map { Self.hex($0) }.joined() }
        #expect(page.pictures.map { $0.map(\.text).joined(separator: " ") } == expected)
        #expect(page.vectors == 1)
    }

    @Test(
        "lets nothing of what boards, scripts and files say become part of it", .enabled(if: isJudgeThere, "make peers")
    )
    func harm() async throws {
        let page = try await Self.read(HTMLReport(HarmfulRun.run).text)
        #expect(page.scripts == 1)
        #expect(page.pictures.count == 4)
        #expect(page.text.contains("</script><script>alert(1)</script><img src=x onerror=alert(1)>"))
    }

    @Test("stands without tests, boards and steps", .enabled(if: isJudgeThere, "make peers"))
    func empty() async throws {
        let nothing = RunRecord(tests: [], boards: [], startedAt: 0, seconds: 0)
        #expect(try await Self.read(HTMLReport(nothing).text).text.contains("No tests ran"))
        let bare = RunRecord(
            tests: [
                TestRecord(
                    name: "a", file: "a.yaml", verdict: .passed,
                    attempts: [AttemptRecord(port: "virtual:", passed: true, seconds: 0, steps: [], log: [])])
            ], boards: [], startedAt: 0, seconds: 0)
        #expect(try await Self.read(HTMLReport(bare).text).text.contains("The test passed"))
    }

    @Test("of a long log keeps the head, the tail and what was diagnosed, and says what is missing")
    func longLog() {
        let log = (0..<100_000).map { LogLine(seconds: Double($0) / 100, text: "line number \($0);") }
        let attempt = AttemptRecord(
            port: "virtual:", passed: false, seconds: 1000, steps: [], log: log,
            diagnoses: [DiagnosisRecord(code: "panic", severity: "error", hint: "h", logIndex: 50_000)])
        let page = HTMLReport(
            RunRecord(
                tests: [TestRecord(name: "a", file: "a", verdict: .failed, attempts: [attempt])], boards: [],
                startedAt: 0,
                seconds: 1)
        ).text
        for shown in [0, 299, 49_980, 50_000, 50_020, 97_800, 99_999] {
            #expect(page.contains("line number \(shown);"), "line \(shown)")
        }
        for hidden in [300, 49_979, 50_021, 97_799] {
            #expect(!page.contains("line number \(hidden);"), "line \(hidden)")
        }
        #expect(page.contains("… 49680 lines left out …"))
        #expect(page.contains("… 47779 lines left out …"))
    }

    @Test(
        "says the outcome in its first line",
        arguments: [
            ([Verdict.passed, .passed], #"<em class="passed">All 2 tests passed</em>"#),
            ([.passed], #"<em class="passed">The test passed</em>"#),
            ([.passed, .flaky, .skipped], #"<em class="passed">2 of 3</em> tests passed"#),
            ([.passed, .failed], #"<em class="failed">1 of 2</em> tests failed"#),
            ([.error], #"<em class="error">The</em> test could not be judged"#),
            ([.failed, .failed], #"<em class="failed">All 2</em> tests failed"#),
            ([.failed, .error, .passed], #"<em class="failed">2 of 3</em> tests did not pass"#),
            ([.skipped], #"<em class="skipped">Every test was skipped</em>"#),
        ])
    func headline(verdicts: [Verdict], expected: String) {
        let tests = verdicts.map { TestRecord(name: "a", file: "a", verdict: $0) }
        let page = HTMLReport(RunRecord(tests: tests, boards: [], startedAt: 0, seconds: 0)).text
        #expect(page.contains("<h1>\(expected)</h1>"))
    }

    // MARK: The judge

    private struct Page: Decodable {
        enum Word: Decodable {
            case number(Int)
            case string(String)

            init(from decoder: any Decoder) throws {
                let value = try decoder.singleValueContainer()
                self = try (try? value.decode(Int.self)).map { .number($0) } ?? .string(value.decode(String.self))
            }

            var text: String {
                switch self {
                case .number(let value): String(value)
                case .string(let value): value
                }
            }
        }

        var title: String
        var tests: [[String]]
        var scripts: Int
        var pictures: [[Word]]
        var vectors: Int
        var text: String
    }

    private static func read(_ page: String) async throws -> Page {
        let folder = try ScratchFolder()
        let file = folder.path.appending("page.html")
        try write(page, to: file)
        let script = Peers.checkout.pushing("Tests/HILTests/Scripts/read_page.py")
        let read = try await Peers.run(try #require(Peers.python("python")), [script.string, file.string])
        try #require(read.status == 0, "\(read.errors.suffix(3000))")
        return try JSONDecoder().decode(Page.self, from: Data(read.output.utf8))
    }

    private static func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}

/// Writes a text to a new file.
func write(_ text: String, to path: FilePath) throws {
    let file = try FileDescriptor.open(
        path, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
    _ = try file.closeAfter { try file.writeAll(text.utf8) }
}
