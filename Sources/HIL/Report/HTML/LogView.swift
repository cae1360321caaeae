// The board's words on the page, with the steps that were at work then, and the causes that were named, each at the line
// that shows it. Of a long log the middle is left out, and that is said.

struct LogView {
    let attempt: AttemptRecord
    /// The attempt's name in links.
    let name: String

    private static let mostLines = 3000
    private static let headLines = 300
    private static let tailLines = 2200
    private static let around = 20

    /// The section.
    var markup: Markup {
        guard !attempt.log.isEmpty else { return "" }
        let isOpen = !attempt.passed
        return """
            <details class="more"\(isOpen ? " open" : "")><summary><b>The board's log</b>, \(Figures.count(attempt.log.count, "line"))</summary>
            <ol class="log">\(items)</ol></details>

            """
    }

    private var items: [Markup] {
        var items: [Markup] = []
        var notes = stepNotes[...]
        var omitted = 0
        let kept = keptLines
        for (index, line) in attempt.log.enumerated() {
            guard kept?.contains(index) ?? true else {
                omitted += 1
                continue
            }
            if omitted > 0 { items.append(Self.gap(omitted)) }
            omitted = 0
            while let note = notes.first, note.seconds <= line.seconds {
                items.append(note.markup)
                notes.removeFirst()
            }
            items += self.lines(line, index)
        }
        return items + notes.map(\.markup)
    }

    private static func gap(_ count: Int) -> Markup {
        "<li class=\"gone\">… \(Figures.count(count, "line")) left out …</li>\n"
    }

    /// The line, and below it what it shows.
    private func lines(_ line: LogLine, _ index: Int) -> [Markup] {
        let causes = attempt.diagnoses.filter { $0.logIndex == index }
        let time = Figures.fixed(line.seconds, digits: 3)
        guard let worst = causes.first else {
            return ["<li class=\"\(Self.kind(line.text))\" data-t=\"\(time)\">\(line.text)</li>\n"]
        }
        let notes = causes.map { cause -> Markup in
            "<li class=\"tell \(Self.severity(cause))\"><b><code>\(cause.code)</code></b> \(cause.hint)</li>\n"
        }
        let own: Markup = """
            <li class="lit \(Self.severity(worst))" id="\(name)l\(index)" data-t="\(time)">\(line.text)</li>

            """
        return [own] + notes
    }

    private static func severity(_ cause: DiagnosisRecord) -> String {
        ["error": "failed", "warning": "flaky"][cause.severity] ?? "skipped"
    }

    /// What kind of line it is, by its look alone.
    private static func kind(_ text: String) -> String {
        if text.hasPrefix("predicted: ") || text.contains("prediction: ") { return "says" }
        if text.hasPrefix("espmask: error") || text.hasPrefix("E (") || text.contains("Guru Meditation") {
            return "bad"
        }
        if text.hasPrefix("W (") { return "odd" }
        return text.hasPrefix("espmask: ") ? "own" : "it"
    }

    /// The steps at the times at which they began, and where one gave up, that too.
    private var stepNotes: [(seconds: Double, markup: Markup)] {
        var notes: [(seconds: Double, markup: Markup)] = []
        for step in attempt.steps where step.verdict != .skipped {
            if step.depth == 0 { notes.append((step.startedAt, "<li class=\"at\">\(step.title)</li>\n")) }
            guard step.verdict != .passed, step.title == attempt.failure?.step || step.line == attempt.failure?.line
            else { continue }
            let mark = "<li class=\"at \(step.verdict.rawValue)\">✗ line \(step.line): \(step.title)</li>\n" as Markup
            notes.append((step.startedAt + step.seconds, mark))
        }
        return notes.enumerated().sorted { ($0.element.seconds, $0.offset) < ($1.element.seconds, $1.offset) }
            .map(\.element)
    }

    /// The lines to show; nil for all.
    private var keptLines: Set<Int>? {
        let count = attempt.log.count
        guard count > Self.mostLines else { return nil }
        var kept = Set(0..<Self.headLines)
        kept.formUnion(count - Self.tailLines..<count)
        for index in attempt.diagnoses.compactMap(\.logIndex) where attempt.log.indices.contains(index) {
            kept.formUnion(max(0, index - Self.around)...min(count - 1, index + Self.around))
        }
        return kept
    }
}
