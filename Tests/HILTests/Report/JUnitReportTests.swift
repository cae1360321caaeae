// JUnit files are judged by lxml against a schema and read by junitparser, as CI systems read them.

import HIL
import SystemPackage
import TestSupport
import Testing

@Suite("The JUnit report")
struct JUnitReportTests {
    private static let isJudgeThere = Peers.python("python") != nil

    @Test("is valid, and its reader sees every verdict and every retry", .enabled(if: isJudgeThere, "make peers"))
    func sample() async throws {
        let read = try await Self.read(SampleRun.run)
        #expect(
            read == [
                "mask model on a DevKitC\tPassed\t4.62\t", "faces from the folder\tPassed\t3.12\t",
                "swap to the int8 model\tFailure\t6.4\t", "an arena that is too small\tFailure\t5.3\t",
                "a noisy wire, 2 % of all bytes lost\tPassed\t7.9\tflakyFailure",
                "self-hosted board\tError\t9.8\trerunError",
                "int8 model on an ESP32-S3\tSkipped\t0.0\t",
            ])
    }

    @Test("is valid whatever boards, scripts and files say", .enabled(if: isJudgeThere, "make peers"))
    func harm() async throws {
        #expect(try await Self.read(HarmfulRun.run).count == 4)
        #expect(try await Self.read(RunRecord(tests: [], boards: [], startedAt: 0, seconds: 0)).isEmpty)
    }

    @Test("has the measures, their limits and the board as properties of the suite")
    func properties() {
        let text = JUnitReport(SampleRun.run).text
        for (name, value) in [
            ("port", "virtual:#1"), ("board", "esp32-devkitc-v4"), ("tags", "smoke,usb"), ("measure.latency-us", "812"),
            ("measure.latency-us.below", "5000"), ("measure.arena.unit", "bytes"),
            ("diagnosis.error", "arena-too-small"),
        ] {
            #expect(text.contains("<property name=\"\(name)\" value=\"\(value)\"/>"), "\(name)")
        }
    }

    @Test("puts the step and the time of a failure where CI systems look: type, message, text, class, timestamp")
    func failure() {
        let text = JUnitReport(SampleRun.run).text
        #expect(text.contains(#"<failure message="no line had it within 5 s" type="expect">"#))
        #expect(text.contains("expected: espmask: ready\nnearest:  espmask: read\n"))
        #expect(text.contains(#"classname="tests.hil.arena""#))
        #expect(text.contains(#"timestamp="2026-09-21T14:13:20""#))
    }

    @Test("tells an attempt that could not be judged from one that failed")
    func mixedAttempts() {
        func attempt(_ verdict: StepVerdict) -> AttemptRecord {
            AttemptRecord(
                port: "p", passed: verdict == .passed, seconds: 1,
                steps: [StepRecord(title: "flash", line: 1, verdict: verdict)], log: [])
        }
        func elements(_ verdict: Verdict, _ attempts: [StepVerdict]) -> [String] {
            let test = TestRecord(name: "n", file: "f", verdict: verdict, attempts: attempts.map { attempt($0) })
            let text = JUnitReport(RunRecord(tests: [test], boards: [], startedAt: 0, seconds: 0)).text
            let names = ["failure", "rerunFailure", "flakyFailure", "error", "rerunError", "flakyError"]
            return names.filter { text.contains("<\($0) ") }
        }
        #expect(elements(.failed, [.error, .failed]) == ["failure", "rerunError"])
        #expect(elements(.error, [.failed, .error]) == ["rerunFailure", "error"])
        #expect(elements(.flaky, [.error, .failed, .passed]) == ["flakyFailure", "flakyError"])
        #expect(elements(.failed, [.failed, .failed]) == ["failure", "rerunFailure"])
        #expect(elements(.error, []) == ["error"])
    }

    private static func read(_ run: RunRecord) async throws -> [String] {
        let folder = try ScratchFolder()
        let file = folder.path.appending("junit.xml")
        try write(JUnitReport(run).text, to: file)
        let script = Peers.checkout.pushing("Tests/HILTests/Scripts/read_junit.py")
        let read = try await Peers.run(try #require(Peers.python("python")), [script.string, file.string])
        try #require(read.status == 0, "\(read.errors.suffix(3000))")
        return read.output.split(separator: "\n").map(String.init)
    }
}
