// Finds any of some hundred words in a line in one pass (Aho and Corasick, "Efficient string matching", 1975): a state
// is the longest beginning of a word that the last bytes are; each byte leads to the next state through a table. Case
// does not count, a tab is a space, and several spaces are one.

/// An automaton over a set of words.
struct WordScanner: Sendable {
    /// The column of each byte; bytes that occur in no word share column 0.
    private var columns = [UInt8](repeating: 0, count: 256)
    /// Rows of 64 columns: the state that follows.
    private var next: [UInt16] = []
    /// What the words that end in a state stand for.
    private var traits: [UInt32] = []
    /// States from this one on end a word.
    private var firstEnding = 0
    private static let width = 64

    /// Makes the automaton. The words are in small letters, without two spaces in a row.
    init(_ words: [(word: [UInt8], traits: LineTraits)]) {
        var used = Set(words.flatMap(\.word)).sorted()
        used.removeAll { $0 == 0x20 }
        precondition(used.count < Self.width - 1, "too many different letters in the words")
        // The space has a column whether it is used or not.
        columns[0x20] = 1
        columns[0x09] = 1
        for (index, byte) in used.enumerated() {
            columns[Int(byte)] = UInt8(index + 2)
            if byte.isLetter { columns[Int(byte.uppercase)] = UInt8(index + 2) }
        }
        build(words)
    }

    /// What the line's words stand for together, and how many hexadecimal numbers begin in it.
    func scan(_ line: UnsafeBufferPointer<UInt8>) -> (LineTraits, Int) {
        var found: UInt32 = 0
        var numbers = 0
        columns.withUnsafeBufferPointer { columns in
            next.withUnsafeBufferPointer { next in
                guard let columns = columns.baseAddress, let next = next.baseAddress else { return }
                var state = 0
                for byte in line {
                    state = Int(next[state &<< 6 | Int(columns[Int(byte)])])
                    if state >= firstEnding {
                        let word = traits[state]
                        found |= word
                        if word & LineTraits.hexadecimal.rawValue != 0 { numbers += 1 }
                    }
                }
            }
        }
        return (LineTraits(rawValue: found), numbers)
    }

    private mutating func build(_ words: [(word: [UInt8], traits: LineTraits)]) {
        var children: [[UInt8: Int]] = [[:]]
        var ends: [UInt32] = [0]
        // Whether the last byte of a state is a space.
        var isSpace = [false]
        for (word, traits) in words {
            var state = 0
            for byte in word {
                let column = columns[Int(byte)]
                if let child = children[state][column] {
                    state = child
                } else {
                    children.append([:])
                    ends.append(0)
                    isSpace.append(column == 1)
                    children[state][column] = children.count - 1
                    state = children.count - 1
                }
            }
            ends[state] |= traits.rawValue
        }
        precondition(children.count <= Int(UInt16.max), "too many words")
        var rows = complete(children, &ends)
        // Several spaces are one: behind a space another leads nowhere.
        for state in isSpace.indices where isSpace[state] { rows[state * Self.width + 1] = state }
        renumber(rows, ends)
    }

    /// The table with every column filled: where no word goes on, the longest shorter beginning does.
    private func complete(_ children: [[UInt8: Int]], _ ends: inout [UInt32]) -> [Int] {
        var rows = [Int](repeating: 0, count: children.count * Self.width)
        var shorter = [Int](repeating: 0, count: children.count)
        var queue = [0]
        var head = 0
        while head < queue.count {
            let state = queue[head]
            head += 1
            for column in 0..<Self.width {
                let fallback = state == 0 ? 0 : rows[shorter[state] * Self.width + column]
                guard let child = children[state][UInt8(column)] else {
                    rows[state * Self.width + column] = fallback
                    continue
                }
                rows[state * Self.width + column] = child
                shorter[child] = fallback
                ends[child] |= ends[fallback]
                queue.append(child)
            }
        }
        return rows
    }

    /// Gives the states that end a word the highest numbers.
    private mutating func renumber(_ rows: [Int], _ ends: [UInt32]) {
        let order = ends.indices.filter { ends[$0] == 0 } + ends.indices.filter { ends[$0] != 0 }
        var names = [Int](repeating: 0, count: order.count)
        for (name, state) in order.enumerated() { names[state] = name }
        firstEnding = ends.count { $0 == 0 }
        next = order.flatMap { state in
            rows[state * Self.width..<(state + 1) * Self.width].map { UInt16(names[$0]) }
        }
        traits = order.map { ends[$0] }
    }
}
