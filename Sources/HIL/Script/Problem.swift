// Where something stands in a script, and what is wrong with it.

/// A place in a file of a script, lines and columns from 1.
package struct Place: Sendable, Equatable, Comparable, CustomStringConvertible {
    package var file: String
    package var line: Int
    package var column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    package var description: String { "\(file):\(line):\(column)" }

    package static func < (left: Place, right: Place) -> Bool {
        (left.file, left.line, left.column) < (right.file, right.line, right.column)
    }
}

/// Something that is wrong with a script.
package struct Problem: Error, Sendable, Equatable, CustomStringConvertible {
    package var place: Place
    package var message: String

    package init(_ place: Place, _ message: String) {
        self.place = place
        self.message = message
    }

    /// `FILE:LINE:COLUMN: message`
    package var description: String { "\(place): \(message)" }
}

/// Words that were nearly written.
enum Spelling {
    /// The known word that a wrong one was probably meant to be, as the end of a sentence; nothing where none is near.
    static func remark(_ word: String, among known: [String]) -> String {
        nearest(word, among: known).map { "; did you mean '\($0)'?" } ?? ""
    }

    /// The known word with the fewest letters to change, add, leave out or swap; at most a third of the longer one.
    static func nearest(_ word: String, among known: [String]) -> String? {
        let folded = word.lowercased().replacing("_", with: "-")
        let ranked = known.map { (word: $0, distance: distance(Array(folded.utf8), Array($0.lowercased().utf8))) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= max(1, max(folded.utf8.count, best.word.utf8.count) / 3) ? best.word : nil
    }

    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        guard left.count < 64, right.count < 64 else { return .max }
        var rows = [Array(0...right.count)]
        for row in 0..<left.count {
            var next = [row + 1]
            for column in 0..<right.count {
                var best = min(rows[row][column + 1], next[column]) + 1
                best = min(best, rows[row][column] + (left[row] == right[column] ? 0 : 1))
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    best = min(best, rows[row - 1][column - 1] + 1)
                }
                next.append(best)
            }
            rows.append(next)
        }
        return rows[left.count][right.count]
    }
}
