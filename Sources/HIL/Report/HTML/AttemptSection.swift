// One attempt on the page: what ended it, the causes that were named, its steps over time, what the board was given and
// what it made of it, measures, the memory map, and the board's words.

struct AttemptSection {
    let attempt: AttemptRecord
    /// Its name in links.
    let name: String
    /// The script.
    let file: String

    /// The section.
    var markup: Markup {
        """
        \(attempt.failure.map { failureBox($0) })\(causes)\(StepRows(attempt: attempt).markup)\(faces)\(plot)\
        \(MeasureCards(measures: attempt.steps.flatMap(\.measures)).markup)\(map)\(LogView(attempt: attempt, name: name).markup)
        """
    }

    // MARK: What went wrong

    private func failureBox(_ failure: FailureRecord) -> Markup {
        let kind = attempt.isError ? "error" : "failed"
        let lines = Array(failure.lastLines)
        let tail: Markup =
            lines.isEmpty
            ? ""
            : """
            <p class="where">The board's last \(lines.count == 1 ? "line" : "\(lines.count) lines"):</p>\
            <pre class="tail">\(lines.joined(separator: "\n"))</pre>
            """
        return """
            <section class="box \(kind)"><p class="say">\(failure.message)</p>\
            <p class="where"><code>\(file)</code>, line \(failure.line): <code>\(failure.step)</code></p>\
            \(pair(failure))\(tail)\(failure.hint.map { hint -> Markup in "<p class=\"do\">\(hint)</p>" })</section>

            """
    }

    /// What was expected above what came nearest, the characters by which the two differ marked in both.
    private func pair(_ failure: FailureRecord) -> Markup {
        guard failure.expected != nil || failure.nearest != nil else { return "" }
        let expected = failure.expected.map { text -> Markup in
            "<dt>expected</dt><dd><code>\(Difference.marked(text, against: failure.nearest ?? text))</code></dd>"
        }
        let nearest = failure.nearest.map { text -> Markup in
            "<dt>nearest</dt><dd><code>\(Difference.marked(text, against: failure.expected ?? text))</code></dd>"
        }
        return "<dl class=\"pair\">\(expected)\(nearest)</dl>"
    }

    private var causes: Markup {
        Markup(
            attempt.diagnoses.map { diagnosis -> Markup in
                let link = diagnosis.logIndex.map { index -> Markup in
                    "<a href=\"#\(name)l\(index)\">in the log</a>"
                }
                let kind = ["error": "failed", "warning": "flaky"][diagnosis.severity] ?? "skipped"
                return """
                    <section class="cause \(kind)"><span>\(Mark.of(kind == "failed" ? Verdict.failed : .error))</span>\
                    <div><b><code>\(diagnosis.code)</code></b> <span class="where">\(diagnosis.severity)</span>\(link)</div>\
                    <p>\(diagnosis.hint)</p></section>

                    """
            })
    }

    // MARK: What went in and came out

    private static let mostFaces = 96

    /// The pictures that the board was given, each with what it said to it where there is a prediction per picture.
    private var faces: Markup {
        var figures: [Markup] = []
        var count = 0
        for step in attempt.steps where !step.pictures.isEmpty {
            count += step.pictures.count
            for (index, picture) in step.pictures.enumerated() where figures.count < Self.mostFaces {
                let isPaired = step.pictures.count == step.predictions.count
                figures.append(face(picture, isPaired ? step.predictions[index] : nil))
            }
        }
        guard !figures.isEmpty else { return "" }
        let more: Markup = count > figures.count ? "<span>the first \(figures.count) of \(count)</span>" : ""
        return "<h3>Pictures sent\(more)</h3><div class=\"faces\">\(figures)</div>\n"
    }

    private func face(_ picture: InputPicture, _ prediction: PredictionRecord?) -> Markup {
        let size = "\(picture.columns) × \(picture.rows)"
        let image: Markup =
            PictureData.url(picture).map { url -> Markup in
                "<img alt=\"\(picture.caption), \(size) pixels\" title=\"\(picture.caption), \(size)\" src=\"\(url)\">"
            } ?? "<span>no picture of \(size)</span>"
        let answer = prediction.map { prediction -> Markup in
            let value = prediction.board.first.flatMap { $0 }.map { Figures.output($0) } ?? prediction.token
            return prediction.label.map { "<b>\($0)</b>\(value) · " } ?? "<b>\(value)</b>"
        }
        return "<figure>\(image)<figcaption>\(answer)\(picture.caption)</figcaption></figure>"
    }

    private var plot: Markup { PredictionPlot(predictions: attempt.steps.flatMap(\.predictions)).markup }

    private var map: Markup {
        guard let map = attempt.arenaMap else { return "" }
        return """
            <h3>The arena over time</h3><img class="map" alt="Memory map of the model's arena" \
            src="\(PictureData.url(svg: map))">

            """
    }
}

/// The difference of two short texts, for the eye.
enum Difference {
    /// `text` with the stretch marked that lies between what both begin with and what both end with.
    static func marked(_ text: String, against other: String) -> Markup {
        let own = Array(text), theirs = Array(other)
        var start = 0
        while start < own.count, start < theirs.count, own[start] == theirs[start] { start += 1 }
        var end = 0
        while end < own.count - start, end < theirs.count - start,
            own[own.count - 1 - end] == theirs[theirs.count - 1 - end]
        {
            end += 1
        }
        // Texts that have little in common are better read without paint.
        guard start + end > 0, start + end < own.count, 2 * (start + end) >= own.count else { return "\(text)" }
        let middle = String(own[start..<own.count - end])
        return """
            \(String(own[..<start]))<span class="differs">\(middle)</span>\(String(own[(own.count - end)...]))
            """
    }
}
