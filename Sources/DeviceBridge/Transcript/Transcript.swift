// All that a board has said, as lines with times, so that whoever waits for something can look back: what came before
// he began to wait, or together with what he waited for before, is not lost. A value without clock or line; nothing is
// ever dropped, so it grows as long as bytes are put in.

/// Everything that came from a board.
///
/// Bytes go in as they arrive. A search goes forward from a position, usually the end of the match before it, so lines
/// that come back to back, or in one piece with what was waited for, are found by the next search.
public struct Transcript: Equatable, Sendable {
    /// A line.
    public struct Line: Equatable, Sendable {
        /// Its text: no control characters, no escape sequences, no ending.
        public var text: String
        /// Which line of the stream it is, from 1, counted by LF; what a lone CR parted shares a number.
        public var number: Int
        /// When its first byte arrived.
        public var time: Duration
        /// Whether its ending has come. Only the last line has none.
        public var isWhole: Bool
    }

    /// A place between two characters.
    public struct Position: Comparable, Hashable, Sendable {
        /// The line's index.
        public var line: Int
        /// How many bytes of the line's text, in UTF-8, lie before it.
        public var offset: Int

        /// Names a place.
        public init(line: Int = 0, offset: Int = 0) {
            self.line = line
            self.offset = offset
        }

        /// By line, then by offset.
        public static func < (left: Self, right: Self) -> Bool {
            (left.line, left.offset) < (right.line, right.offset)
        }
    }

    /// Something that was looked for and found.
    public struct Match: Equatable, Sendable {
        /// The part of the line that matched.
        public var text: String
        /// The line that it was found in.
        public var line: Line
        /// The expression's named groups; those that took no part are missing.
        public var groups: [String: String]
        /// Where the match begins.
        public var start: Position
        /// Where it ends, and the next search begins.
        public var end: Position
    }

    private var whole: [Line] = []
    private var merger = LineMerger()
    private var partial: Line?
    /// How many lines there were before the line broke last.
    private var earlier = 0

    /// Nothing was said yet.
    public init() {}

    /// Takes bytes that arrived at a time on any steady clock.
    public mutating func received(_ bytes: some Sequence<UInt8>, at time: Duration) {
        for raw in merger.received(bytes) {
            whole.append(line(raw.bytes, number: raw.number, time: partial?.time ?? time, isWhole: true))
            partial = nil
        }
        let unfinished = merger.unfinished
        partial =
            unfinished.isEmpty
            ? nil : line(unfinished, number: merger.number, time: partial?.time ?? time, isWhole: false)
    }

    private func line(_ bytes: [UInt8], number: Int, time: Duration, isWhole: Bool) -> Line {
        Line(text: PlainText.of(bytes), number: earlier + number, time: time, isWhole: isWhole)
    }

    /// The line broke or the board lost its power: what came of a line stays as it is, and what comes is another one.
    public mutating func breakLine() {
        earlier += merger.number - (partial == nil ? 1 : 0)
        merger = LineMerger()
        if var partial {
            partial.isWhole = true
            whole.append(partial)
        }
        partial = nil
    }

    /// The number of the line that comes next, or is coming.
    public var nextNumber: Int { earlier + merger.number }

    /// All lines, the one that is not whole yet last.
    public var lines: [Line] { partial.map { whole + [$0] } ?? whole }

    /// How many lines there are, the one that is not whole yet included.
    public var lineCount: Int { whole.count + (partial == nil ? 0 : 1) }

    /// The index of the first line with a number, or of the one behind it; nil where all lines come before it.
    public func index(ofLine number: Int) -> Int? {
        var (low, high) = (0, lineCount)
        while low < high {
            let middle = (low + high) / 2
            let line = middle < whole.count ? whole[middle] : partial
            if line?.number ?? .max < number { low = middle + 1 } else { high = middle }
        }
        return low < lineCount ? low : nil
    }

    /// The line at an index.
    public subscript(index: Int) -> Line? {
        whole.indices.contains(index) ? whole[index] : index == whole.count ? partial : nil
    }

    /// Behind everything that came so far.
    public var end: Position {
        partial.map { Position(line: whole.count, offset: $0.text.utf8.count) } ?? Position(line: whole.count)
    }

    /// Before the first line that is not whole: a search that found nothing need not begin before it again.
    public var openLine: Position { Position(line: whole.count) }

    /// The first place at or behind `position` where the pattern is found.
    ///
    /// A text is found in a line that is not whole yet. An expression waits for the line's ending, since it may match
    /// less than there will be (`\d+` half a number), unless `isSettled` says that nothing more is to come.
    public func firstMatch(of pattern: TextPattern, from position: Position, isSettled: Bool = false) -> Match? {
        var index = max(0, position.line)
        while index < lineCount {
            let line = index < whole.count ? whole[index] : partial
            guard let line else { return nil }
            if !line.isWhole, pattern.isExpression, !isSettled { return nil }
            let offset = index == position.line ? Self.boundary(position.offset, in: line.text) : 0
            if let (range, groups) = pattern.find(in: line.text, from: offset) {
                return Match(
                    text: Self.slice(line.text, range), line: line, groups: groups,
                    start: Position(line: index, offset: range.lowerBound),
                    end: Position(line: index, offset: range.upperBound))
            }
            index += 1
        }
        return nil
    }

    /// The line at or behind `position` that looks most like what was looked for; nil where none does.
    public func nearest(to pattern: TextPattern, from position: Position) -> Line? {
        let wanted = Resemblance(to: pattern.literal)
        var best: (line: Line, distance: Int)?
        // The newest lines: a board that talked for minutes has said enough in these.
        for line in lines[min(max(0, position.line), lineCount)...].suffix(Resemblance.mostLines) {
            guard let distance = wanted.distance(in: line.text) else { continue }
            if distance <= best?.distance ?? .max { best = (line, distance) }
        }
        return best?.line
    }

    /// The last lines, empty ones left out.
    public func last(_ count: Int) -> [Line] {
        var found: [Line] = []
        for line in lines.reversed() where !line.text.isEmpty {
            if found.count == count { break }
            found.append(line)
        }
        return found.reversed()
    }

    /// The nearest place at or before an offset at which a character begins: an unfinished line's last one may have been
    /// half a character then.
    private static func boundary(_ offset: Int, in text: String) -> Int {
        let units = text.utf8
        guard let index = units.index(units.startIndex, offsetBy: offset, limitedBy: units.endIndex) else {
            return units.count
        }
        var place = index
        while place > units.startIndex, place.samePosition(in: text.unicodeScalars) == nil {
            place = units.index(before: place)
        }
        return units.distance(from: units.startIndex, to: place)
    }

    private static func slice(_ text: String, _ range: Range<Int>) -> String {
        String(decoding: Array(text.utf8)[range], as: UTF8.self)
    }
}
