// What tests measured in earlier runs, one line of JSON for each value, in the working folder.

import Foundation
import HIL

/// The file of measured values.
struct TrendFile: Sendable {
    static let usual = ".espmask/trend.jsonl"
    let path: String
    /// The kind of board: what one measures says nothing of another.
    let board: String

    /// So many earlier values are shown.
    private static let mostValues = 30

    private struct Entry: Codable {
        var test: String
        var board: String
        var measure: String
        var value: Double
        var at: Double
    }

    /// The values of a test's measure, oldest first.
    func values(test: String, measure: String) -> [Double] {
        guard Files.exists(path), let text = try? Files.text(path) else { return [] }
        let decoder = JSONDecoder()
        let entries = text.split(separator: "\n").compactMap { try? decoder.decode(Entry.self, from: Data($0.utf8)) }
        let own = entries.filter { $0.test == test && $0.measure == measure && $0.board == board }
        return own.suffix(Self.mostValues).map(\.value)
    }

    /// Adds the values of an attempt. Lines of this size are appended whole, also by several runs at once.
    func add(_ measures: [MeasureRecord], test: String, at time: Double) {
        guard !measures.isEmpty else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        var text = ""
        for measure in measures {
            let entry = Entry(test: test, board: board, measure: measure.name, value: measure.value, at: time)
            if let line = try? encoder.encode(entry) { text += String(decoding: line, as: UTF8.self) + "\n" }
        }
        try? Files.append(Array(text.utf8), to: path)
    }
}
