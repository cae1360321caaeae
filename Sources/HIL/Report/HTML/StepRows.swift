// The steps of an attempt as rows: the line in the script, what it was, what it found, and when it ran, as a bar over the
// attempt's time.

struct StepRows {
    let attempt: AttemptRecord

    /// More steps than this are not for reading.
    private static let most = 1000

    /// The section.
    var markup: Markup {
        guard !attempt.steps.isEmpty else { return "" }
        let end = attempt.steps.reduce(attempt.seconds) { max($0, $1.startedAt + $1.seconds) }
        var phase = StepRecord.Phase.steps
        var rows: [Markup] = []
        for step in attempt.steps.prefix(Self.most) {
            if step.phase != phase {
                rows.append("<div class=\"phase\">\(step.phase.rawValue)</div>\n")
                phase = step.phase
            }
            rows.append(row(step, end: max(end, 1e-6)))
        }
        let left = attempt.steps.count - rows.count
        let more: Markup = left > 0 && attempt.steps.count > Self.most ? "<span>\(left) more are not shown</span>" : ""
        let ran = attempt.steps.filter { $0.verdict != .skipped }.count
        return """
            <h3>Steps<span>\(ran) of \(attempt.steps.count) ran, in \(Figures.duration(attempt.seconds))</span>\(more)</h3>
            <div class="steps">\(rows)</div>

            """
    }

    private func row(_ step: StepRecord, end: Double) -> Markup {
        let kind = step.verdict.rawValue
        let note = step.note.map { note -> Markup in "<span class=\"note\">\(note)</span>" }
        let bar: Markup =
            step.verdict == .skipped
            ? ""
            : "<i style=\"left:\(min(99, step.startedAt / end * 100))%;width:\(step.seconds / end * 100)%\"></i>"
        let time = step.verdict == .skipped ? "" : Figures.duration(step.seconds)
        return """
            <div class="step \(kind)"><span class="ln num">\(step.line)</span>\
            <span title="\(kind)">\(Mark.of(step.verdict))</span>\
            <span class="what" style="padding-left:\(Double(min(step.depth, 8)) * 1.3)em"><code>\(step.title)</code>\(note)</span>\
            <span class="flow" title="from \(Figures.duration(step.startedAt)) on">\(bar)</span>\
            <span class="took">\(time)</span></div>

            """
    }
}
