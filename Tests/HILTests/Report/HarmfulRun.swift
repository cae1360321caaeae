// A run whose every word means harm: each text that can come from a script, a board, a file or a port is the same string.

import HIL

enum HarmfulRun {
    /// Endings of every context that a report has, and what XML has no characters for.
    static let word =
        "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'><b>]]>--><!-- &amp;&#0; \u{0}\u{1}\u{8}\u{1B}[31m\u{7F}\u{FFFE}\u{FFFF}\r\n\t\u{202E}end"

    static let run: RunRecord = {
        let step = StepRecord(
            title: word, line: 1, verdict: .failed, note: word,
            pictures: [
                InputPicture(rows: 1, columns: 2, grey: [0, 255], caption: word),
                InputPicture(rows: 5, columns: 5, grey: [1], caption: word),
            ],
            predictions: [
                PredictionRecord(index: 1, board: [nil], token: word, host: [.infinity], sameBits: false, label: word),
                PredictionRecord(index: 2, board: [.nan, 1e300], token: word, host: [-.infinity], label: word),
            ],
            measures: [
                MeasureRecord(name: word, unit: word, value: .nan, below: 0, trend: [.infinity, 1, 2]),
                MeasureRecord(name: word, unit: word, value: 1, below: .infinity),
            ])
        let attempt = AttemptRecord(
            port: word, passed: false, startedAt: 0, seconds: .infinity, steps: [step],
            log: [LogLine(seconds: .nan, text: word), LogLine(seconds: 1, text: word)],
            diagnoses: [
                DiagnosisRecord(code: word, severity: word, hint: word, logIndex: 1),
                DiagnosisRecord(code: word, severity: "error", hint: word, logIndex: 1),
            ],
            failure: FailureRecord(
                step: word, line: 1, message: word, expected: word, nearest: word + "x", lastLines: [word], hint: word),
            arenaMap: "<svg><script>alert(1)</script>")
        var tests = [Verdict.failed, .error, .flaky].map { verdict in
            TestRecord(
                name: word, file: word, tags: [word], port: word, verdict: verdict, seconds: 1, message: word,
                attempts: [attempt, attempt])
        }
        tests.append(TestRecord(name: word, file: word, verdict: .skipped, message: word))
        return RunRecord(
            tests: tests, boards: [BoardRecord(port: word, board: word, setAside: word)], startedAt: -1, seconds: 1)
    }()
}
