// A run as one HTML page that needs nothing but itself: no network, no other file. What boards, scripts and files say is
// escaped wherever it stands (see Markup), and the page's policy lets nothing run but its own script.

/// Writes the page.
package struct HTMLReport: Sendable {
    private let run: RunRecord

    package init(_ run: RunRecord) { self.run = run }

    /// The page.
    package var text: String {
        let tally = RunTally(run.tests)
        let summary = SummarySection(run: run)
        let cards = run.tests.enumerated().map { TestCard(test: $1, number: $0 + 1, boards: run.boards).markup }
        let policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src \(HTMLScript.policy)"
        let page: Markup = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="\(policy)">
            <meta name="viewport" content="width=device-width,initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="generator" content="espmask test">
            <title>\(tally.isGreen ? "✓" : "✗") \(tally.words) · espmask</title>
            <link rel="icon" href="\(PictureData.url(svg: Self.icon(isGreen: tally.isGreen)))">
            <style>
            \(Markup(trusted: HTMLStyle.text))</style>
            </head>
            <body>
            \(summary.head)
            \(summary.tools)
            <main>
            \(cards)<p class="nothing" id="nothing" hidden>No test is like that.</p>
            </main>
            <footer>Made by <b>espmask test</b>. Times are the wall clock's; a step's bar begins where its attempt did.</footer>
            <script>\(Markup(trusted: HTMLScript.text))</script>
            </body>
            </html>

            """
        return page.text
    }

    /// The tab's picture: the run's outcome.
    private static func icon(isGreen: Bool) -> String {
        let stroke = isGreen ? "M9 17l5 5 9-11" : "M10 10l12 12M22 10L10 22"
        return ##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" "##
            + "fill=\"\(isGreen ? "#17804a" : "#cc2f1c")\"/><path d=\"\(stroke)\" fill=\"none\" stroke=\"#fff\" "
            + "stroke-width=\"3.6\" stroke-linecap=\"round\" stroke-linejoin=\"round\"/></svg>"
    }
}

/// The marks of verdicts; each has a form of its own beside its colour.
enum Mark {
    static func of(_ verdict: Verdict) -> Markup {
        switch verdict {
        case .passed: svg("M4.5 8.5l2.4 2.4 4.7-5.4")
        case .failed: svg("M5.3 5.3l5.4 5.4M10.7 5.3l-5.4 5.4")
        case .error: svg("M8 4.2v4.6M8 11.4v.3")
        case .flaky: svg("M4.2 9.2c1.3-3 2.6-3 3.8-1.2s2.500 1.800 3.800-1.200")
        case .skipped: svg("M5 8h6")
        }
    }

    static func of(_ verdict: StepVerdict) -> Markup {
        switch verdict {
        case .passed: of(Verdict.passed)
        case .failed: of(Verdict.failed)
        case .error: of(Verdict.error)
        case .skipped: of(Verdict.skipped)
        }
    }

    private static func svg(_ path: String) -> Markup {
        """
        <svg class="mark" viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="7.5" fill="currentColor"/>\
        <path d="\(path)" fill="none" stroke="var(--card)" stroke-width="1.9" stroke-linecap="round" \
        stroke-linejoin="round"/></svg>
        """
    }
}
