// Which input a prediction belongs to. The sketch prints the input before it predicts, and though a bad line may eat
// numbers of it, enough are left to tell one input from another.

internal import DeviceBridge

/// The input that the board printed.
struct InputEcho {
    private let words: [Substring]
    /// So many numbers are compared at most.
    private static let mostNumbers = 160
    /// So many lines before a prediction its input may stand: `predicting...` and `transforming...` come between.
    private static let mostLines = 4

    /// Finds the input before a prediction; nil where no line of numbers is there.
    init?(before line: Int, in transcript: Transcript) {
        for index in stride(from: line - 1, through: max(0, line - Self.mostLines), by: -1) {
            guard let text = transcript[index]?.text else { return nil }
            // Behind the answer to another input, none of this one was printed.
            if text.hasPrefix("espmask: ") { return nil }
            let words = text.split(separator: ",", maxSplits: Self.mostNumbers)
            if words.count >= 4, text.utf8.allSatisfy({ $0 < 0x3A || $0 == 0x6E || $0 == 0x61 }) {
                self.words = Array(words.prefix(Self.mostNumbers))
                return
            }
        }
        return nil
    }

    /// Whether it is what would be printed of an input: more than half of the numbers stand there in their order. Of two
    /// different inputs of real numbers a sixth does by chance.
    func isOf(_ input: PreparedInput) -> Bool {
        let wanted = input.printed.prefix(Self.mostNumbers)
        // As values: a number may be rounded either way.
        let heard = words.map { Double($0) }
        var row = [Int](repeating: 0, count: wanted.count + 1)
        for number in heard {
            var diagonal = 0
            for (index, expected) in wanted.enumerated() {
                let above = row[index + 1]
                let isSame = number.map { abs($0 - expected) <= input.printedTolerance } ?? false
                row[index + 1] = isSame ? diagonal + 1 : max(above, row[index])
                diagonal = above
            }
        }
        return (row.last ?? 0) * 2 > wanted.count
    }
}
