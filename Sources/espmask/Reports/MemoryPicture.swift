// A model's arena over time as text: operators from left to right, bytes from the bottom up, a letter per tensor.

import HostInference

/// Draws a memory plan for the terminal.
struct MemoryPicture {
    var plan: MemoryPlan
    var opCount: Int

    private static let rows = 16
    private static let widest = 72
    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

    /// The letter of a tensor, by its place in the plan; they come again after fifty-two.
    static func letter(_ place: Int) -> String { String(letters[place % letters.count]) }

    /// The picture: rows of bytes, then the operators' last digits; the one that needs most is marked.
    var lines: [String] {
        let columns = min(opCount, Self.widest)
        let wide = max(1, min(3, Self.widest / max(1, columns)))
        let rows = max(1, min(Self.rows, plan.arenaBytes / 4))
        func op(_ column: Int) -> Int { column * opCount / max(1, columns) }
        var lines: [String] = []
        for row in (0..<rows).reversed() {
            let (from, to) = (plan.arenaBytes * row / rows, plan.arenaBytes * (row + 1) / rows)
            let cells = (0..<columns).map { String(repeating: cell(op($0), from..<to), count: wide) }
            let label = row == rows - 1 || row == rows / 2 ? "\(to)" : ""
            lines.append("  \(Self.right(label, 9)) |\(cells.joined())|")
        }
        let digits = (0..<columns).map { String(repeating: " ", count: wide - 1) + "\(op($0) % 10)" }
        let marks = (0..<columns).map { column -> String in
            let isPeak = op(column) <= plan.peakOp && plan.peakOp < max(op(column) + 1, op(column + 1))
            return String(repeating: " ", count: wide - 1) + (isPeak ? "^" : " ")
        }
        lines.append("  \(Self.right("operator", 9))  \(digits.joined())")
        lines.append("  \(Self.right("most", 9))  \(marks.joined())".trimmedAtEnd)
        return lines
    }

    /// What lies in some bytes at an operator: a tensor's letter, `*` for two that overlap, `.` for nothing.
    private func cell(_ op: Int, _ bytes: Range<Int>) -> String {
        var found = "."
        for (place, tensor) in plan.tensors.enumerated() where tensor.firstOp <= op && op <= tensor.lastOp {
            guard (tensor.offset..<(tensor.offset + tensor.tensor.bytes)).overlaps(bytes) else { continue }
            if found != ".", found != Self.letter(place) { return "*" }
            found = Self.letter(place)
        }
        return found
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

extension String {
    /// Without spaces at its end.
    fileprivate var trimmedAtEnd: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
