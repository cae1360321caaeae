// A run as JUnit XML, as Maven Surefire writes it and CI systems read it: a suite per script with its properties, and
// in it one test case. Element order and names are those of Surefire's schema (surefire-test-report.xsd), where the
// properties belong to the suite; `testsuites` around them is what Jenkins, GitHub's and GitLab's readers know. An
// attempt that failed before one that passed is a flakyFailure (or flakyError), as Surefire has it for tests that are
// run again, and one that failed beside the deciding one a rerunFailure (or rerunError).

/// Writes JUnit XML.
package struct JUnitReport: Sendable {
    private let run: RunRecord

    package init(_ run: RunRecord) { self.run = run }

    /// The file's text.
    package var text: String {
        let tally = RunTally(run.tests)
        let suites = run.tests.enumerated().map { suite($1, id: $0) }
        let document: Markup = """
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites name="espmask" tests="\(tally.total)" failures="\(tally.failed)" errors="\(tally.errors)" \
            skipped="\(tally.skipped)" time="\(Self.time(run.seconds))">
            \(suites)</testsuites>

            """
        return document.text
    }

    private func suite(_ test: TestRecord, id: Int) -> Markup {
        let tally = RunTally([test])
        let seconds = Self.time(test.seconds)
        let start = Figures.timestamp(run.startedAt + (test.attempts.first?.startedAt ?? 0))
        return """
              <testsuite name="\(Self.line(test.name))" id="\(id)" tests="1" failures="\(tally.failed)" \
            errors="\(tally.errors)" skipped="\(tally.skipped)" time="\(seconds)" timestamp="\(start)">
            \(properties(of: test))    <testcase name="\(Self.line(test.name))" classname="\(Self.className(test.file))" \
            time="\(seconds)">
            \(outcome(of: test))\(output(of: test))    </testcase>
              </testsuite>

            """
    }

    // MARK: Properties

    private func properties(of test: TestRecord) -> Markup {
        var lines: [(name: String, value: String)] = [("script", test.file), ("verdict", test.verdict.rawValue)]
        if let port = test.port {
            lines.append(("port", port))
            if let board = run.boards.first(where: { $0.port == port })?.board { lines.append(("board", board)) }
        }
        if !test.tags.isEmpty { lines.append(("tags", test.tags.joined(separator: ","))) }
        if test.attempts.count > 1 { lines.append(("attempts", String(test.attempts.count))) }
        for measure in test.attempts.last?.steps.flatMap(\.measures) ?? [] {
            lines.append(("measure.\(measure.name)", Figures.decimal(measure.value, digits: 3)))
            lines.append(("measure.\(measure.name).unit", measure.unit))
            if let below = measure.below {
                lines.append(("measure.\(measure.name).below", Figures.decimal(below, digits: 3)))
            }
        }
        for diagnosis in test.attempts.last?.diagnoses ?? [] {
            lines.append(("diagnosis.\(diagnosis.severity)", diagnosis.code))
        }
        let properties = lines.map { name, value -> Markup in
            "      <property name=\"\(Self.line(name))\" value=\"\(Self.line(value))\"/>\n"
        }
        return "    <properties>\n\(properties)    </properties>\n"
    }

    // MARK: What happened

    /// In the schema's order: failure, rerunFailure, flakyFailure, skipped, error, rerunError, flakyError.
    private func outcome(of test: TestRecord) -> Markup {
        let attempts = Array(test.attempts.enumerated())
        switch test.verdict {
        case .passed: return ""
        case .skipped:
            return "      <skipped message=\"\(Self.line(test.message ?? "did not run"))\"/>\n"
        case .flaky:
            let failed = attempts.filter { !$1.passed }
            return Markup(
                failed.filter { !$1.isError }.map { again("flakyFailure", $0, $1) }
                    + failed.filter { $1.isError }.map { again("flakyError", $0, $1) })
        case .failed, .error:
            let isError = test.verdict == .error
            let deciding =
                attempts.last { !$1.passed && $1.isError == isError } ?? attempts.last
            let others = attempts.filter { $0.offset != deciding?.offset && !$0.element.passed }
            let reruns = others.filter { !$1.isError }.map { again("rerunFailure", $0, $1) }
            let errors = others.filter { $1.isError }.map { again("rerunError", $0, $1) }
            let element = isError ? "error" : "failure"
            let kind = Self.kind(deciding?.element, isError: isError)
            let account = deciding.map { self.account(of: $0.element) } ?? (test.message ?? "")
            let message = Self.line(test.message ?? deciding?.element.reason ?? test.verdict.rawValue)
            let main: Markup =
                "      <\(element) message=\"\(message)\" type=\"\(kind)\">\(account)</\(element)>\n"
            return isError ? "\(reruns)\(main)\(errors)" : "\(main)\(reruns)\(errors)"
        }
    }

    private func again(_ element: String, _ index: Int, _ attempt: AttemptRecord) -> Markup {
        let message = Self.line("attempt \(index + 1): \(attempt.reason)")
        let kind = Self.kind(attempt, isError: attempt.isError)
        return """
                  <\(element) message="\(message)" type="\(kind)">
                    <stackTrace>\(account(of: attempt))</stackTrace>
                    <system-out>\(log(attempt))</system-out>
                  </\(element)>

            """
    }

    /// What a reader of the report asks for, as text.
    private func account(of attempt: AttemptRecord) -> String {
        guard let failure = attempt.failure else { return attempt.reason }
        var lines = [failure.message, "step: \(failure.step) (line \(failure.line))"]
        if let expected = failure.expected { lines.append("expected: \(expected)") }
        if let nearest = failure.nearest { lines.append("nearest:  \(nearest)") }
        if !failure.lastLines.isEmpty {
            lines.append("the last lines of the board:")
            lines += failure.lastLines.map { "  | \($0)" }
        }
        for diagnosis in attempt.diagnoses {
            lines.append("\(diagnosis.severity): \(diagnosis.code): \(diagnosis.hint)")
        }
        if let hint = failure.hint { lines.append("do: \(hint)") }
        return lines.joined(separator: "\n")
    }

    /// The type of a failure: the word of the step, or what it stands for.
    private static func kind(_ attempt: AttemptRecord?, isError: Bool) -> String {
        guard let step = attempt?.failure?.step else { return isError ? "error" : "failure" }
        let word = step.prefix { $0 != ":" && $0 != " " }
        return word.isEmpty ? "failure" : String(word)
    }

    // MARK: Output

    private func output(of test: TestRecord) -> Markup {
        guard let last = test.attempts.last else { return "" }
        return "      <system-out>\(steps(last))\(log(last))</system-out>\n"
    }

    private func steps(_ attempt: AttemptRecord) -> String {
        attempt.steps.map { step in
            let indent = String(repeating: "  ", count: step.depth)
            let note = step.note.map { ": \($0)" } ?? ""
            return "\(step.verdict.rawValue) \(Self.time(step.seconds)) s  \(indent)\(step.title)\(note)\n"
        }.joined() + (attempt.steps.isEmpty ? "" : "\n")
    }

    private func log(_ attempt: AttemptRecord) -> String {
        attempt.log.map { "[\(Self.time($0.seconds))] \($0.text)\n" }.joined()
    }

    // MARK: Forms

    private static func time(_ seconds: Double) -> String { Figures.fixed(max(0, seconds), digits: 3) }

    /// An attribute's value: what would be several lines is one.
    private static func line(_ text: String) -> String {
        String(text.unicodeScalars.map { $0 == "\n" || $0 == "\r" || $0 == "\t" ? " " : Character($0) })
    }

    /// The script's path as CI systems show a class: "Tests/HIL/happy.yaml" is `Tests.HIL.happy`.
    private static func className(_ file: String) -> String {
        var path = file
        for ending in [".yaml", ".yml"] where path.hasSuffix(ending) { path.removeLast(ending.count) }
        let parts = path.split(separator: "/").filter { $0 != "." && $0 != ".." }
        return parts.isEmpty ? "espmask" : line(parts.joined(separator: "."))
    }
}
