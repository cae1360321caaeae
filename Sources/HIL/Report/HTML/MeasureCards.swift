// What was measured: each value beside its limit and its values in earlier runs.

struct MeasureCards {
    let measures: [MeasureRecord]

    /// The section.
    var markup: Markup {
        guard !measures.isEmpty else { return "" }
        return "<h3>Measures</h3><div class=\"measures\">\(measures.map { card($0) })</div>\n"
    }

    private func card(_ measure: MeasureRecord) -> Markup {
        let isKept = measure.below.map { measure.value < $0 } ?? true
        let kind = isKept ? "passed" : "failed"
        let unit = ["us": "µs"][measure.unit] ?? measure.unit
        return """
            <section class="measure \(measure.below == nil ? "skipped" : kind)"><div class="name"><span>\(measure.name)</span>\
            \(measure.below == nil ? "" : Mark.of(isKept ? Verdict.passed : .failed))</div>\
            <div class="value num">\(Figures.measure(measure.value)) <small>\(unit)</small></div>\
            \(gauge(measure, unit: unit))\(spark(measure))</section>

            """
    }

    private func gauge(_ measure: MeasureRecord, unit: String) -> Markup {
        guard let below = measure.below, below > 0, below.isFinite, measure.value.isFinite else { return "" }
        let end = max(measure.value, below) * 1.08
        let share = measure.value / below * 100
        return """
            <div class="gauge"><i style="width:\(max(0, measure.value / end * 100))%"></i>\
            <u style="left:\(below / end * 100)%"></u></div>\
            <div class="limit"><span>below \(Figures.measure(below)) \(unit)</span>\
            <span>\(Figures.decimal(share, digits: share < 10 ? 1 : 0)) %</span></div>
            """
    }

    /// The values of earlier runs and this one's; nothing where there was none.
    private func spark(_ measure: MeasureRecord) -> Markup {
        let values = (measure.trend + [measure.value]).filter(\.isFinite).suffix(60)
        guard values.count > 1, let low = values.min(), let high = values.max(), let last = values.last else {
            return ""
        }
        let span = high > low ? high - low : 1
        func y(_ value: Double) -> Double { high > low ? 30 - (value - low) / span * 26 : 17 }
        let points = values.enumerated().map { index, value in
            "\(Figures.decimal(Double(index) / Double(values.count - 1) * 200, digits: 1)) "
                + Figures.decimal(y(value), digits: 1)
        }
        return """
            <svg class="spark" viewBox="0 0 200 34" preserveAspectRatio="none" role="img" \
            aria-label="\(values.count) runs"><path d="M\(points.joined(separator: "L"))"/>\
            <path d="M200 \(y(last))h.01" style="stroke:var(--v);stroke-width:7;stroke-linecap:round"/></svg>\
            <div class="limit"><span>\(Figures.count(values.count - 1, "earlier run"))</span><span>\(change(values))</span></div>
            """
    }

    private func change(_ values: ArraySlice<Double>) -> String {
        guard let last = values.last, let previous = values.dropLast().last, previous != 0 else { return "" }
        let percent = (last - previous) / abs(previous) * 100
        if abs(percent) < 0.05 { return "as last time" }
        return "\(percent > 0 ? "+" : "−")\(Figures.decimal(abs(percent), digits: 1)) % since"
    }
}
