// The predictions of an attempt: the board's outputs as dots, this machine's as rings around them, so that where the two
// agree they look like one. Where their bits differ a line joins them. Below it the figures, for those who want them.

struct PredictionPlot {
    let predictions: [PredictionRecord]

    private static let mostPoints = 400
    private static let mostOutputs = 4
    private static let width = 720.0
    private static let height = 190.0
    private static let left = 44.0
    private static let right = 12.0
    private static let top = 10.0
    private static let bottom = 24.0

    /// The section.
    var markup: Markup {
        guard !predictions.isEmpty else { return "" }
        let shown = Array(predictions.suffix(Self.mostPoints))
        let outputs = min(Self.mostOutputs, shown.map { max($0.board.count, $0.host?.count ?? 0) }.max() ?? 0)
        let hasHost = predictions.contains { $0.host != nil }
        let key: Markup = hasHost ? "<span><i class=\"key ring\"></i>this machine</span>" : ""
        let plots: Markup =
            shown.count < 2
            ? ""
            : Markup(
                (0..<outputs).map { output -> Markup in
                    let title: Markup = outputs > 1 ? "<p class=\"facts\">output \(output)</p>" : ""
                    return "\(title)\(plot(shown, output: output))"
                })
        let facts = facts.map { "<span>\($0)</span>" as Markup }
        return """
            <h3>Predictions</h3><p class="facts"><span><i class="key"></i>the board</span>\(key)\(facts)</p>
            \(plots)\(table(shown))
            """
    }

    // MARK: Facts

    private var facts: [Markup] {
        var facts: [Markup] = []
        let judged = predictions.filter { $0.sameBits != nil }
        if !judged.isEmpty {
            let same = judged.filter { $0.sameBits == true }.count
            facts.append(
                same == judged.count
                    ? "<b>the same bits</b> in all \(same)" : "the same bits in <b>\(same) of \(judged.count)</b>")
        }
        if let (index, gap) = widestGap { facts.append("furthest apart at #\(index): <b>\(Figures.output(gap))</b>") }
        let times = predictions.compactMap(\.microseconds).sorted()
        if let first = times.first, let last = times.last {
            let range = first == last ? "" : ", from \(first) to \(last)"
            facts.append("<b>\(times[times.count / 2]) µs</b>\(times.count > 1 ? " in the median" : "")\(range)")
        }
        var names: [String] = []
        for label in predictions.compactMap(\.label) where !names.contains(label) { names.append(label) }
        if names.count > 1 || predictions.count > 1 {
            facts += names.prefix(6).map { name -> Markup in
                let count = predictions.filter { $0.label == name }.count
                return "\(name) <b>×\u{2009}\(count)</b>"
            }
        }
        return facts
    }

    private var widestGap: (index: Int, gap: Double)? {
        var widest: (index: Int, gap: Double)?
        for (index, prediction) in predictions.enumerated() {
            for (board, host) in zip(prediction.board, prediction.host ?? []) {
                guard let board, prediction.sameBits != true else { continue }
                let gap = abs(board - host)
                if gap > widest?.gap ?? 0 { widest = (index + 1, gap) }
            }
        }
        return widest
    }

    // MARK: The picture

    private struct Scale {
        var low: Double
        var high: Double
        var count: Int

        init(_ values: [Double], count: Int) {
            let least = values.min() ?? 0, most = values.max() ?? 1
            // The outputs of a classifier have the same scale everywhere.
            if least >= 0, most <= 1 {
                (low, high) = (0, 1)
            } else {
                let pad = max((most - least) * 0.08, abs(most) * 1e-3, 1e-9)
                (low, high) = (least - pad, most + pad)
            }
            self.count = count
        }

        func x(_ index: Int) -> Double {
            let room = PredictionPlot.width - PredictionPlot.left - PredictionPlot.right - 16
            return PredictionPlot.left + 8 + (count < 2 ? room / 2 : Double(index) / Double(count - 1) * room)
        }

        func y(_ value: Double) -> Double {
            let room = PredictionPlot.height - PredictionPlot.top - PredictionPlot.bottom
            return PredictionPlot.top + room - (value - low) / (high - low) * room
        }
    }

    private func plot(_ shown: [PredictionRecord], output: Int) -> Markup {
        let board = shown.map { $0.board.indices.contains(output) ? $0.board[output] : nil }
        let host = shown.map { ($0.host ?? []).indices.contains(output) ? $0.host?[output] : nil }
        let values = (board + host).compactMap { $0 }.filter { $0.isFinite && abs($0) < 1e30 }
        let scale = Scale(values, count: shown.count)
        let radius = shown.count <= 40 ? 3.6 : shown.count <= 120 ? 2.6 : 1.8
        let first = predictions.count - shown.count
        let points = shown.indices.map {
            point(shown[$0], board[$0], host[$0], x: scale.x($0), scale, radius, number: first + $0 + 1)
        }
        let spans = board.enumerated().split { $0.element == nil }.filter { $0.count > 1 }
        let lines = spans.map { span -> Markup in
            let path = span.compactMap { item in
                item.element.map {
                    "\(Figures.decimal(scale.x(item.offset), digits: 1)) \(Figures.decimal(scale.y($0), digits: 1))"
                }
            }
            return "<path class=\"bl\" d=\"M\(path.joined(separator: "L"))\"/>"
        }
        return """
            <svg class="plot" viewBox="0 0 \(Self.width) \(Self.height)" role="img" \
            aria-label="Outputs of \(shown.count) predictions">\(grid(scale))\(ticks(scale, first: first))\(lines)\(points)</svg>

            """
    }

    private func point(
        _ prediction: PredictionRecord, _ board: Double?, _ host: Double?, x: Double, _ scale: Scale, _ radius: Double,
        number: Int
    ) -> Markup {
        var marks: Markup = ""
        if let board, let host, prediction.sameBits == false {
            marks += "<path class=\"gap\" d=\"M\(x) \(scale.y(board))V\(scale.y(host))\"/>"
        }
        if let host { marks += "<circle class=\"h\" cx=\"\(x)\" cy=\"\(scale.y(host))\" r=\"\(radius + 2)\"/>" }
        if let board {
            marks += "<circle class=\"b\" cx=\"\(x)\" cy=\"\(scale.y(board))\" r=\"\(radius)\"/>"
        } else {
            let y = Self.height - Self.bottom - 6
            marks += "<path class=\"x\" d=\"M\(x - 4) \(y - 4)l8 8m0 -8l-8 8\"/>"
        }
        let room = max(2, (Self.width - Self.left - Self.right) / Double(max(1, scale.count)))
        let said =
            "#\(number): board \(prediction.token)"
            + (host.map { ", this machine \(Figures.output($0))" } ?? "")
            + (prediction.label.map { ", \($0)" } ?? "")
        return """
            <g><title>\(said)</title>\(marks)<rect class="hit" x="\(x - room / 2)" y="\(Self.top)" width="\(room)" \
            height="\(Self.height - Self.top - Self.bottom)"/></g>
            """
    }

    private func grid(_ scale: Scale) -> Markup {
        Markup(
            (0...4).map { step -> Markup in
                let value = scale.low + (scale.high - scale.low) * Double(step) / 4
                let y = scale.y(value)
                let text: Markup =
                    step % 2 == 0
                    ? "<text x=\"\(Self.left - 8)\" y=\"\(y + 4)\" text-anchor=\"end\">\(Figures.output(value))</text>"
                    : ""
                return "<path class=\"grid\" d=\"M\(Self.left) \(y)H\(Self.width - Self.right)\"/>\(text)"
            })
    }

    private func ticks(_ scale: Scale, first: Int) -> Markup {
        let steps = min(scale.count - 1, 5)
        guard steps > 0 else { return "" }
        var places: [Int] = []
        for step in 0...steps {
            let place = step * (scale.count - 1) / steps
            if places.last != place { places.append(place) }
        }
        return Markup(
            places.map { place -> Markup in
                "<text x=\"\(scale.x(place))\" y=\"\(Self.height - 5)\" text-anchor=\"middle\">#\(first + place + 1)</text>"
            })
    }

    // MARK: The figures

    private func table(_ shown: [PredictionRecord]) -> Markup {
        let first = predictions.count - shown.count
        let rows = shown.enumerated().map { index, prediction -> Markup in
            let host = prediction.host.map { $0.prefix(8).map { Figures.output($0) }.joined(separator: ", ") } ?? ""
            let bits = prediction.sameBits.map { $0 ? "same" : "differ" } ?? ""
            return """
                <tr><td>\(first + index + 1)</td><td><code>\(prediction.token)</code></td><td>\(host)</td>\
                <td>\(prediction.label ?? "")</td><td>\(prediction.microseconds.map { "\($0)" } ?? "")</td>\
                <td>\(bits)</td></tr>

                """
        }
        let left: Markup = first > 0 ? " the last \(shown.count) of \(predictions.count)" : ""
        return """
            <details class="more"><summary>The figures\(left)</summary><table class="num"><thead><tr><th>#</th>\
            <th>the board printed</th><th>this machine</th><th>class</th><th>µs</th><th>bits</th></tr></thead>
            <tbody>\(rows)</tbody></table></details>

            """
    }
}
