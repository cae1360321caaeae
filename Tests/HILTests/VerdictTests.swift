// The words of verdicts are a contract with CI systems.

import HIL
import Testing

@Suite("Verdicts")
struct VerdictTests {
    @Test("have the words that the JSON lines promise")
    func words() {
        #expect(Verdict.allCases.map(\.rawValue) == ["passed", "failed", "error", "flaky", "skipped"])
    }
}
