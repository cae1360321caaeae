// Precision, recall, f1 and support of each class, accuracy, and both averages: the numbers and the text of
// scikit-learn's classification_report, in its order of operations. A share of nothing is 0, as there.

import Foundation

/// How good predictions are.
public struct ClassificationReport: Equatable, Sendable {
    /// The row of a class or of an average.
    public struct Row: Equatable, Sendable {
        /// The class's name, or the average's.
        public var name: String
        /// Of what was said to be the class, the share that is.
        public var precision: Double
        /// Of the class, the share that was said to be.
        public var recall: Double
        /// 2 times the hits, over what is and what was said to be of the class.
        public var f1: Double
        /// How many samples are of the class.
        public var support: Int
    }

    /// A row for each class, in the classes' order.
    public let classes: [Row]
    /// The share of right predictions.
    public let accuracy: Double
    /// The mean over the classes.
    public let macro: Row
    /// The mean over the classes, each weighed by its support.
    public let weighted: Row
    /// Rows are true classes, columns what was said.
    public let confusion: [[Int]]

    /// Compares labels (indices of classes) with what was said of the same samples. Both are as long as each other.
    public init(labels: [Int], said: [Int], classes names: [String]) {
        var confusion = names.map { _ in names.map { _ in 0 } }
        for (label, answer) in zip(labels, said) where names.indices.contains(label) && names.indices.contains(answer) {
            confusion[label][answer] += 1
        }
        let rows = names.indices.map { index in
            let hits = confusion[index][index]
            let support = confusion[index].reduce(0, +)
            let answers = confusion.reduce(0) { $0 + $1[index] }
            return Row(
                name: names[index], precision: Self.share(hits, of: answers), recall: Self.share(hits, of: support),
                f1: Self.share(2 * hits, of: support + answers), support: support)
        }
        let total = rows.reduce(0) { $0 + $1.support }
        self.confusion = confusion
        classes = rows
        accuracy = Self.share(names.indices.reduce(0) { $0 + confusion[$1][$1] }, of: total)
        macro = Self.mean(rows, "macro avg", total) { _ in 1 }
        weighted = Self.mean(rows, "weighted avg", total) { Double($0.support) }
    }

    private static func share(_ part: Int, of whole: Int) -> Double {
        whole == 0 ? 0 : Double(part) / Double(whole)
    }

    private static func mean(
        _ rows: [Row], _ name: String, _ support: Int, weight: (Row) -> Double
    ) -> Row {
        let weights = rows.map(weight)
        let whole = weights.reduce(0, +)
        func mean(_ value: KeyPath<Row, Double>) -> Double {
            whole == 0 ? 0 : zip(rows, weights).reduce(0) { $0 + $1.0[keyPath: value] * $1.1 } / whole
        }
        return Row(
            name: name, precision: mean(\.precision), recall: mean(\.recall), f1: mean(\.f1), support: support)
    }

    /// The report as scikit-learn prints it, with two decimals; lines end in a line feed.
    public var text: String {
        let width = max(classes.map { $0.name.unicodeScalars.count }.max() ?? 0, "weighted avg".count)
        let head = ["precision", "recall", "f1-score", "support"].map { " " + Self.right($0, 9) }
        var text = Self.right("", width) + " " + head.joined() + "\n\n"
        for row in classes { text += line(row, width) }
        text += "\n" + Self.right("accuracy", width) + " " + String(repeating: " ", count: 20)
        text += " " + Self.right(Self.decimals(accuracy), 9) + " " + Self.right(supportText(macro), 9) + "\n"
        return text + line(macro, width) + line(weighted, width)
    }

    private func line(_ row: Row, _ width: Int) -> String {
        let values = [row.precision, row.recall, row.f1].map { Self.decimals($0) } + [supportText(row)]
        return Self.right(row.name, width) + " " + values.map { " " + Self.right($0, 9) }.joined() + "\n"
    }

    /// Where not one prediction is right, scikit-learn counts in floating point (the zeros that
    /// `multilabel_confusion_matrix` makes for want of hits), and its supports get a decimal.
    private func supportText(_ row: Row) -> String {
        let hit = confusion.indices.contains { confusion[$0][$0] > 0 }
        return hit ? String(row.support) : "\(row.support).0"
    }

    private static func decimals(_ value: Double) -> String { String(format: "%.2f", value) }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.unicodeScalars.count)) + text
    }
}
