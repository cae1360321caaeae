// The memory map of a model as an SVG picture: operators from left to right, bytes of the arena from the bottom up, a
// box per tensor from the operator that makes it to the last that reads it.

import HostInference

/// Draws a memory plan.
struct MemoryDrawing {
    var name: String
    var ops: [String]
    var plan: MemoryPlan

    private static let columnWidth = 120
    private static let height = 360
    private static let left = 70
    private static let top = 50
    private static let colours = [
        "#4e79a7", "#f28e2b", "#59a14f", "#b07aa1", "#76b7b2", "#edc948", "#9c755f", "#e15759",
    ]

    /// The picture.
    var text: String {
        let width = Self.left + ops.count * Self.columnWidth + 20
        let bottom = Self.top + Self.height
        var lines = [
            #"<svg xmlns="http://www.w3.org/2000/svg" width="\#(width)" height="\#(bottom + 60)" "#
                + #"viewBox="0 0 \#(width) \#(bottom + 60)" font-family="sans-serif" font-size="12">"#,
            #"<rect width="100%" height="100%" fill="white"/>"#,
            #"<text x="\#(Self.left)" y="24" font-size="16">\#(Self.escaped(name)): arena of \#(plan.arenaBytes) bytes</text>"#,
        ]
        for (op, title) in ops.enumerated() {
            let x = Self.left + op * Self.columnWidth
            if op == plan.peakOp {
                lines.append(
                    #"<rect x="\#(x)" y="\#(Self.top)" width="\#(Self.columnWidth)" height="\#(Self.height)" fill="mistyrose"/>"#
                )
            }
            lines.append(#"<text x="\#(x + 4)" y="\#(bottom + 18)" font-size="10">\#(Self.escaped(title))</text>"#)
            lines.append(#"<text x="\#(x + 4)" y="\#(bottom + 34)" font-size="10">\#(plan.bytesPerOp[op]) B</text>"#)
        }
        for step in 0...4 {
            let value = plan.arenaBytes * step / 4
            lines.append(
                #"<line x1="\#(Self.left)" y1="\#(y(value))" x2="\#(width - 20)" y2="\#(y(value))" stroke="lightgray"/>"#
            )
            lines.append(#"<text x="\#(Self.left - 8)" y="\#(y(value) + 4)" text-anchor="end">\#(value)</text>"#)
        }
        lines += plan.tensors.enumerated().map { box($0, $1) }
        lines.append("</svg>")
        return lines.joined(separator: "\n") + "\n"
    }

    private func y(_ byte: Int) -> Int {
        Self.top + Self.height - byte * Self.height / max(1, plan.arenaBytes)
    }

    private func box(_ index: Int, _ tensor: MemoryPlan.Tensor) -> String {
        let x = Self.left + tensor.firstOp * Self.columnWidth + 2
        let width = (tensor.lastOp - tensor.firstOp + 1) * Self.columnWidth - 4
        let end = tensor.offset + tensor.tensor.bytes
        let upper = y(end)
        let height = max(2, y(tensor.offset) - upper)
        let colour = Self.colours[index % Self.colours.count]
        let shape = tensor.tensor.shape.map { "\($0)" }.joined(separator: "x")
        let title = Self.escaped(
            "\(tensor.tensor.name): \(tensor.tensor.type) \(shape), bytes \(tensor.offset)..<\(end)")
        let label =
            height < 14 ? "" : #"<text x="\#(x + 4)" y="\#(upper + 13)">\#(shape) \#(tensor.tensor.bytes) B</text>"#
        return #"<g><title>\#(title)</title><rect x="\#(x)" y="\#(upper)" width="\#(width)" height="\#(height)" "#
            + #"fill="\#(colour)" fill-opacity="0.6" stroke="\#(colour)"/>\#(label)</g>"#
    }

    // Names come from the model's file.
    private static func escaped(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: out += " "
            case _: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
