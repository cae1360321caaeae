// How many tests of a run ended how, and what follows for the whole.

package struct RunTally: Sendable, Equatable {
    package var passed = 0
    package var failed = 0
    package var errors = 0
    package var flaky = 0
    package var skipped = 0

    package init(_ tests: some Sequence<TestRecord>) {
        for test in tests {
            switch test.verdict {
            case .passed: passed += 1
            case .failed: failed += 1
            case .error: errors += 1
            case .flaky: flaky += 1
            case .skipped: skipped += 1
            }
        }
    }

    /// How many ended so.
    package subscript(verdict: Verdict) -> Int {
        switch verdict {
        case .passed: passed
        case .failed: failed
        case .error: errors
        case .flaky: flaky
        case .skipped: skipped
        }
    }

    package var total: Int { passed + failed + errors + flaky + skipped }

    /// Whether nothing failed and nothing was in error.
    package var isGreen: Bool { failed == 0 && errors == 0 }

    /// The counts in words, those that are zero left out: "5 passed, 1 failed, 1 flaky".
    package var words: String {
        let parts = [
            (passed, "passed"), (failed, "failed"), (errors, errors == 1 ? "error" : "errors"), (flaky, "flaky"),
            (skipped, "skipped"),
        ]
        let said = parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return said.isEmpty ? "no tests" : said.joined(separator: ", ")
    }
}

extension AttemptRecord {
    /// Whether it could not be judged, rather than being judged and found wrong.
    var isError: Bool {
        !passed && steps.contains { $0.verdict == .error } && !steps.contains { $0.verdict == .failed }
    }

    /// What happened, in one line.
    var reason: String {
        failure?.message ?? (passed ? "passed" : isError ? "could not be judged" : "did not pass")
    }
}
