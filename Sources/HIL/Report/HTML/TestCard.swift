// A test on the page: its line, which is there when the card is closed, and within it the attempts; the last one open, the
// earlier ones folded.

struct TestCard {
    let test: TestRecord
    /// From 1; the card's name in links.
    let number: Int
    let boards: [BoardRecord]

    /// The card.
    var markup: Markup {
        let kind = test.verdict.rawValue
        let isOpen = test.verdict == .failed || test.verdict == .error
        let last = test.attempts.last
        return """
            <details class="test \(kind)" id="t\(number)" data-verdict="\(kind)" data-text="\(searchText)"\(isOpen ? " open" : "")>
            <summary><span class="badge">\(Mark.of(test.verdict))\(kind)</span><h2>\(test.name)</h2>\
            <span class="time">\(test.attempts.isEmpty ? "" : Figures.duration(test.seconds))</span>\
            <span class="meta">\(meta)</span>\(why)\(last.map { strip($0) })</summary>
            <div class="body">\(earlier)\(last.map { section($0, index: test.attempts.count - 1).markup })</div>
            </details>

            """
    }

    private var meta: Markup {
        let board = boards.first { $0.port == test.port }?.board
        let port = test.port.map { port -> Markup in "<span><code>\(port)</code></span>" }
        let name = board.map { board -> Markup in "<span>\(board)</span>" }
        let attempts: Markup =
            test.attempts.count > 1 ? "<span>\(Figures.count(test.attempts.count, "attempt"))</span>" : ""
        let tags = test.tags.map { tag -> Markup in "<span class=\"tag\">\(tag)</span>" }
        return "<span><code>\(test.file)</code></span>\(port)\(name)\(attempts)\(tags)"
    }

    private var why: Markup {
        guard let message = test.message else { return "" }
        // An open card says it again, in large.
        let isTold = test.attempts.last?.failure?.message == message
        return "<span class=\"why\(isTold ? " told" : "")\">\(message)</span>"
    }

    /// The steps as pieces of a line, each as long as it took.
    private func strip(_ attempt: AttemptRecord) -> Markup {
        let steps = attempt.steps.filter { $0.depth == 0 }.prefix(200)
        let least = max(attempt.seconds * 0.004, 1e-6)
        let pieces = steps.map { step -> Markup in
            """
            <i class="\(step.verdict.rawValue)" style="flex:\(max(step.seconds, least) / max(attempt.seconds, least) * 1000)" \
            title="\(step.title)"></i>
            """
        }
        return steps.isEmpty ? "" : "<span class=\"strip\">\(pieces)</span>"
    }

    private var earlier: Markup {
        Markup(
            test.attempts.dropLast().enumerated().map { index, attempt -> Markup in
                let kind = attempt.passed ? "passed" : attempt.isError ? "error" : "failed"
                return """
                    <details class="attempt \(kind)"><summary>Attempt \(index + 1) \(attempt.passed ? "passed" : "failed")\
                    <span> on <code>\(attempt.port)</code> after \(Figures.duration(attempt.seconds)): \(attempt.reason)</span>\
                    </summary><div>\(section(attempt, index: index).markup)</div></details>

                    """
            })
    }

    private func section(_ attempt: AttemptRecord, index: Int) -> AttemptSection {
        AttemptSection(attempt: attempt, name: "t\(number)a\(index + 1)", file: test.file)
    }

    private var searchText: String {
        let causes = test.attempts.flatMap { $0.diagnoses.map(\.code) }
        let boards = test.attempts.map(\.port) + boards.filter { $0.port == test.port }.compactMap(\.board)
        return ([test.name, test.file, test.message ?? "", test.verdict.rawValue] + test.tags + causes + boards)
            .joined(separator: " ").lowercased()
    }
}
