// As much of a terminal as the live table needs: lines that are broken at the window's width, anew when it changes; the
// cursor at a row's beginning; control sequences for going up, for erasing what is below, and for colours.

struct Terminal {
    private(set) var width: Int
    /// Whole lines; the cursor is in the last one unless it went up.
    private var lines: [String] = [""]

    init(width: Int) { self.width = width }

    /// The window's width changes: the terminal breaks its lines anew, as xterm's successors do.
    mutating func resize(to width: Int) { self.width = width }

    /// What there is to see, without the empty line of the cursor.
    var text: [String] { lines.last == "" ? Array(lines.dropLast()) : lines }

    mutating func write(_ output: String) {
        var rest = Substring(output)
        while let character = rest.first {
            if rest.hasPrefix("\u{1B}[") {
                rest = rest.dropFirst(2)
                let number = rest.prefix { $0.isNumber || $0 == ";" }
                rest = rest.dropFirst(number.count)
                obey(rest.removeFirst(), Int(number) ?? 1)
                continue
            }
            rest.removeFirst()
            if character == "\n" {
                lines.append("")
            } else if character != "\r" {
                lines[lines.count - 1].append(character)
            }
        }
    }

    private mutating func obey(_ command: Character, _ number: Int) {
        switch command {
        case "A":
            // Up over rows, each a piece of a line; what lies below is erased next, so it goes already.
            var left = number
            if lines.last == "" { lines.removeLast() }
            while left > 0, let line = lines.popLast() {
                let rows = max(1, (line.count + width - 1) / width)
                if rows > left { lines.append(String(line.prefix((rows - left) * width))) }
                left -= rows
            }
            lines.append("")
        case "J", "m": break
        case _: fatalError("the terminal does not know \(command)")
        }
    }
}
