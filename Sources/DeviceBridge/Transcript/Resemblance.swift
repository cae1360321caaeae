// How much a line looks like a text that was looked for: the number of characters to change, add or leave out until the
// text stands somewhere in the line (P. H. Sellers, "The theory and computation of evolutionary distances", 1980).

/// A text to compare lines with.
package struct Resemblance: Sendable {
    /// So many lines are compared at most.
    static let mostLines = 2000
    /// So much of a line and of a text is compared at most.
    private static let mostBytes = 256

    private let wanted: [UInt8]

    /// What stands for itself in a pattern is compared with.
    package init(to pattern: TextPattern) { self.init(to: pattern.literal) }

    init(to text: String) { wanted = Array(text.utf8.prefix(Self.mostBytes)) }

    /// The distance; nil where a line has too little in common with the text to be worth showing.
    package func distance(in line: String) -> Int? {
        // One or two characters are found in every other line.
        guard wanted.count > 2 else { return nil }
        // The distances of the text's beginnings from whatever in the line ends here.
        var column = Array(0...wanted.count)
        var best = wanted.count
        for byte in line.utf8.prefix(Self.mostBytes) {
            var diagonal = 0
            for row in 1...wanted.count {
                let changed = diagonal + (wanted[row - 1] == byte ? 0 : 1)
                diagonal = column[row]
                column[row] = min(changed, column[row] + 1, column[row - 1] + 1)
            }
            best = min(best, column[wanted.count])
        }
        return best * 5 <= wanted.count * 2 ? best : nil
    }
}
