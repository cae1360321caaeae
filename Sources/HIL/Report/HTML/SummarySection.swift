// The head of the page: what came out in one sentence, the verdicts as a bar, the boards with what ran on them and when,
// and the filter.

struct SummarySection {
    let run: RunRecord
    private let tally: RunTally

    init(run: RunRecord) {
        self.run = run
        tally = RunTally(run.tests)
    }

    /// The head.
    var head: Markup {
        let date = Figures.timestamp(run.startedAt).split(separator: "T").map(String.init)
        let when = date.count == 2 ? "\(date[0]), \(date[1].prefix(5)) UTC" : ""
        return """
            <header class="top">
            <div class="brand">\(Self.logo)espmask <span>hardware in the loop</span>\
            <button class="theme" id="theme" type="button">◐ auto</button></div>
            <h1>\(headline)</h1>
            <p class="when"><span>\(when)</span><span>\(Figures.duration(run.seconds))</span>\
            <span>\(Figures.count(run.tests.count, "test"))</span>\
            <span>\(Figures.count(run.boards.count, "board"))</span></p>
            <div class="bar" role="img" aria-label="\(tally.words)">\(bar)</div>
            \(lanes)
            </header>
            """
    }

    private var headline: Markup {
        if tally.total == 0 { return "No tests ran" }
        if tally.isGreen {
            if tally.passed == tally.total {
                return "<em class=\"passed\">\(tally.total == 1 ? "The test" : "All \(tally.total) tests") passed</em>"
            }
            return tally.passed + tally.flaky == 0
                ? "<em class=\"skipped\">Every test was skipped</em>"
                : "<em class=\"passed\">\(tally.passed + tally.flaky) of \(tally.total)</em> tests passed"
        }
        let bad = tally.failed + tally.errors
        let kind = tally.failed > 0 ? "failed" : "error"
        let what = tally.failed == 0 ? "could not be judged" : tally.errors == 0 ? "failed" : "did not pass"
        let all = bad == tally.total ? "\(bad == 1 ? "The" : "All \(bad)")" : "\(bad) of \(tally.total)"
        return "<em class=\"\(kind)\">\(all)</em> \(tally.total == 1 ? "test" : "tests") \(what)"
    }

    private var bar: Markup {
        Markup(
            Verdict.allCases.filter { tally[$0] > 0 }.map { verdict -> Markup in
                "<i class=\"\(verdict.rawValue)\" style=\"flex:\(tally[verdict])\" title=\"\(tally[verdict]) \(verdict.rawValue)\"></i>"
            })
    }

    // MARK: Boards

    /// A lane per board, a piece per attempt, where the attempts' starts are known.
    private var lanes: Markup {
        let attempts = run.tests.enumerated().flatMap { index, test in
            test.attempts.enumerated().map { (test: index, number: $0, attempt: $1) }
        }
        let end = attempts.reduce(run.seconds) { max($0, ($1.attempt.startedAt ?? 0) + $1.attempt.seconds) }
        guard !run.boards.isEmpty, end > 0, attempts.contains(where: { $0.attempt.startedAt != nil }) else { return "" }
        let lanes = run.boards.map { board -> Markup in
            let pieces = attempts.filter { $0.attempt.port == board.port }.map {
                piece($0.attempt, number: $0.number, test: $0.test, of: end)
            }
            let state: Markup =
                board.setAside.map { "<small class=\"dead\">set aside: \($0)</small>" }
                ?? "<small>\(board.board ?? "never answered")</small>"
            return """
                <div class="lane"><div><b><code>\(board.port)</code></b>\(state)</div>\
                <div class="track">\(pieces)</div></div>

                """
        }
        return """
            <section class="lanes" aria-label="What ran on which board">
            \(lanes)<div class="lane"><div></div><div class="scale"><span>0</span>\
            <span>\(Figures.duration(end / 2))</span><span>\(Figures.duration(end))</span></div></div>
            </section>
            """
    }

    private func piece(_ attempt: AttemptRecord, number: Int, test: Int, of end: Double) -> Markup {
        guard let start = attempt.startedAt else { return "" }
        let record = run.tests[test]
        let width = attempt.seconds / end * 100
        let kind = attempt.passed ? "passed" : attempt.isError ? "error" : "failed"
        let again = record.attempts.count > 1 ? " again" : ""
        let title = record.attempts.count > 1 ? "\(record.name), attempt \(number + 1)" : record.name
        return """
            <a class="\(kind)\(again)\(width < 7 ? " short" : "")" href="#t\(test + 1)" \
            style="left:\(start / end * 100)%;width:\(width)%" \
            title="\(title): \(attempt.reason), \(Figures.duration(attempt.seconds))">\(record.name)</a>
            """
    }

    // MARK: Filter

    /// The filter, which stays at the top.
    var tools: Markup {
        let chips = Verdict.allCases.map { verdict -> Markup in
            """
            <button class="chip \(verdict.rawValue)" type="button" data-verdict="\(verdict.rawValue)" \
            aria-pressed="false"\(tally[verdict] == 0 ? " disabled" : "")>\(Mark.of(verdict))<b>\(tally[verdict])</b> \
            \(verdict.rawValue)</button>
            """
        }
        return """
            <nav class="tools" aria-label="Filter"><div>\(chips)\
            <input class="search" id="find" type="search" placeholder="Name, file, tag, board, cause…  /" aria-label="Filter by text">\
            <button class="plain" id="fold" type="button">Open all</button></div></nav>
            """
    }

    /// A chip with the mouth of a mask for its die.
    private static let logo: Markup = """
        <svg viewBox="0 0 28 28" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.8" \
        stroke-linecap="round" stroke-linejoin="round"><rect x="5" y="5" width="18" height="18" rx="4"/>\
        <path d="M10 1.500v3M14 1.500v3M18 1.500v3M10 23.500v3M14 23.500v3M18 23.500v3M1.500 10h3M1.500 14h3M1.500 18h3M23.500 10h3M23.500 14h3M23.500 18h3"/>\
        <path d="M9.500 12.200c3-1.200 6-1.200 9 0v3.600c-2.600 3.400-6.400 3.400-9 0z" fill="currentColor" fill-opacity=".18"/>\
        <path d="M12 14.300h4M12.500 16.300h3" stroke-width="1.200"/></svg>
        """
}
