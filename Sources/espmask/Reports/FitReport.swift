// What `fit` found: a table, a plot, and the size to take.

import Foundation

/// All sizes, measured.
struct FitReport {
    let trials: [SizeTrial]

    /// Of those that ran: the least work among all that are no more than one standard error less accurate than the best
    /// on pictures they were not trained on. Few pictures cannot tell more apart than that.
    var recommended: SizeTrial? {
        let ran = trials.filter { $0.shortage == nil && $0.microseconds != nil }
        guard let best = ran.map(\.unseen).max() else { return nil }
        return ran.filter { $0.unseen >= best - doubt }.min { work($0) < work($1) }
    }

    /// One standard error of the best accuracy, of as many pictures as judged it.
    var doubt: Double {
        let ran = trials.filter { $0.shortage == nil && $0.microseconds != nil }
        guard let best = ran.max(by: { $0.unseen < $1.unseen }), best.unseenPictures > 0 else { return 0 }
        return (best.unseen * (1 - best.unseen) / Double(best.unseenPictures)).squareRoot()
    }

    private func work(_ trial: SizeTrial) -> Int { trial.cycles ?? .max }

    /// The table and the recommendation.
    var lines: [String] {
        let head = ["size", "form", "bytes", "arena", "cycles", "all", "unseen", "fits"]
        let rows = trials.map { trial in
            [
                "\(trial.size) x \(trial.size)", trial.format, String(trial.bytes),
                trial.arena.map { String($0) } ?? "-",
                trial.cycles.map { String($0) } ?? "-", String(format: "%.4f", trial.accuracy),
                String(format: "%.4f", trial.unseen), trial.shortage.map { "no: \($0.words)" } ?? "yes",
            ]
        }
        let widths = head.indices.map { column in (rows + [head]).map { $0[column].count }.max() ?? 0 }
        var lines = ([head] + rows).map { row in
            row.indices.map { $0 == row.count - 1 ? row[$0] : row[$0].padded(to: widths[$0] + 2) }.joined()
        }
        if let best = recommended {
            lines.append(
                "take \(best.size) x \(best.size) in \(best.format): the least work among those within "
                    + String(format: "%.3f", doubt) + " of the best on \(best.unseenPictures) unseen pictures")
        }
        return lines
    }

    /// The shape of `fit --json`.
    var json: JSON {
        let best = recommended
        return [
            "sizes": .array(
                trials.map { trial in
                    [
                        "size": .int(trial.size), "format": .string(trial.format), "file": .string(trial.file),
                        "accuracy": .number(trial.accuracy), "unseen_accuracy": .number(trial.unseen),
                        "bytes": .int(trial.bytes), "arena": .optional(trial.arena),
                        "cycles": .optional(trial.cycles), "us": .optional(trial.microseconds),
                        "fits": .bool(trial.shortage == nil),
                        "shortage": trial.shortage.map {
                            [
                                "code": .string($0.code), "message": .string($0.words),
                                "needed": .optional($0.needed), "available": .optional($0.available),
                            ]
                        } ?? .null,
                    ]
                }),
            "recommended": best.map { ["size": .int($0.size), "format": .string($0.format), "file": .string($0.file)] }
                ?? .null,
            "standard_error": .number(doubt),
        ]
    }

    /// Accuracy, bytes, arena and cycles by size, each form a line.
    var svg: String {
        let panels: [(String, (SizeTrial) -> Double?)] = [
            ("accuracy on unseen pictures", { $0.unseen }), ("model bytes", { Double($0.bytes) }),
            ("arena bytes", { $0.arena.map(Double.init) }), ("cycles on the board", { $0.cycles.map(Double.init) }),
        ]
        let inner = panels.enumerated().map { index, panel in
            self.panel(
                left: 60 + 360 * (index % 2), top: 40 + 250 * (index / 2), title: panel.0, value: panel.1)
        }.joined()
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="760" height="540" viewBox="0 0 760 540" \
            font-family="sans-serif" font-size="12" fill="#222">
            <rect width="760" height="540" fill="#fff"/>
            \(inner)</svg>

            """
    }

    private func panel(left: Int, top: Int, title: String, value: (SizeTrial) -> Double?) -> String {
        let (width, height) = (280.0, 180.0)
        let sizes = Array(Set(trials.map(\.size))).sorted()
        let highest = max(trials.compactMap(value).max() ?? 1, 1e-9)
        func x(_ size: Int) -> Double {
            let position = Double(sizes.firstIndex(of: size) ?? 0)
            return Double(left) + width * (sizes.count < 2 ? 0.5 : position / Double(sizes.count - 1))
        }
        func y(_ value: Double) -> Double { Double(top) + height * (1 - value / highest) }
        var text =
            "<text x=\"\(left)\" y=\"\(top - 10)\" font-weight=\"bold\">\(title), up to \(Self.short(highest))</text>\n"
        text +=
            "<rect x=\"\(left)\" y=\"\(top)\" width=\"\(width)\" height=\"\(height)\" fill=\"none\" stroke=\"#ccc\"/>\n"
        for size in sizes {
            text += "<text x=\"\(x(size))\" y=\"\(top + 195)\" text-anchor=\"middle\">\(size)</text>\n"
        }
        for (index, form) in ["float32", "int8"].enumerated() {
            let colour = index == 0 ? "#1f6fb2" : "#c0392b"
            let points = trials.filter { $0.format == form }.compactMap { trial in
                value(trial).map { (x(trial.size), y($0), trial.shortage == nil) }
            }
            let line = points.map { "\($0.0),\($0.1)" }.joined(separator: " ")
            text += "<polyline points=\"\(line)\" fill=\"none\" stroke=\"\(colour)\"/>\n"
            for point in points {
                // What does not fit is an empty circle.
                text += "<circle cx=\"\(point.0)\" cy=\"\(point.1)\" r=\"3.5\" stroke=\"\(colour)\" "
                text += "fill=\"\(point.2 ? colour : "#fff")\"/>\n"
            }
            text +=
                "<text x=\"\(left + 230 + 50 * index)\" y=\"\(top + 212)\" text-anchor=\"end\" fill=\"\(colour)\">\(form)</text>\n"
        }
        return text
    }

    private static func short(_ value: Double) -> String {
        value < 10 ? String(format: "%.2f", value) : String(Int(value.rounded()))
    }
}
