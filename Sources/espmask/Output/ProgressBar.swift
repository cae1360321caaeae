// Shows how far a piece of work has come: drawn over itself on a terminal, a line per tenth elsewhere, events
// with --json. It is told fractions; what the work is, it does not know.

/// The progress of one phase after the other.
struct ProgressBar {
    private let console: Console
    /// What is counted.
    private let unit: String
    private var current = ""
    private var lastTenth = -1
    private var drawn = false

    init(console: Console, unit: String = "bytes") {
        self.console = console
        self.unit = unit
    }

    /// Shows that `done` of `total` bytes (or what else is counted) of a phase are through.
    mutating func show(phase: String, label: String, done: Int, total: Int) {
        let tenth = total > 0 ? done * 10 / total : 10
        let name = label.isEmpty ? phase : "\(phase) \(label)"
        if name != current {
            finish()
            current = name
            lastTenth = -1
        }
        if console.json {
            if tenth != lastTenth {
                console.event([
                    "event": "progress", "phase": .string(phase), "done": .int(done), "total": .int(total),
                    "label": .string(label),
                ])
            }
        } else if console.interactive {
            draw(name: name, done: done, total: total)
        } else if tenth != lastTenth, tenth == 10 || lastTenth < 0 || tenth >= lastTenth + 5 {
            console.note("\(name): \(tenth * 10) % of \(total) \(unit)")
        } else {
            return
        }
        lastTenth = tenth
    }

    /// Leaves the line, so that other text can follow.
    mutating func finish() {
        if drawn { console.draw("\n") }
        drawn = false
    }

    private mutating func draw(name: String, done: Int, total: Int) {
        let width = 30
        let filled = total > 0 ? min(width, done * width / total) : width
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        let percent = total > 0 ? done * 100 / total : 100
        console.draw("\r\u{1B}[K\(name.padded(to: 16)) \(bar) \(percent) %")
        drawn = true
    }
}

extension String {
    /// The text, filled up with spaces on the right to a width in characters.
    func padded(to width: Int) -> String {
        count >= width ? self : self + String(repeating: " ", count: width - count)
    }
}
