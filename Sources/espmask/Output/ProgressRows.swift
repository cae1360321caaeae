// The progress of several boards at once: on a terminal a line for each, drawn over themselves; elsewhere a line when a
// board has come a good part further; events with --json.

import DeviceBridge

/// A line of progress for each of several boards.
struct ProgressRows {
    private struct Row {
        let name: String
        var text = "waiting"
        var phase = ""
        var lastTenth = -1
    }

    private let console: Console
    private var rows: [Row]
    private var drawn = false

    init(names: [String], console: Console) {
        self.console = console
        rows = names.map { Row(name: $0) }
    }

    /// A board's work has come so far.
    mutating func show(_ progress: FlashProgress, row: Int) {
        let percent = progress.total > 0 ? progress.done * 100 / progress.total : 100
        let phase = "\(progress.phase.rawValue) \(progress.label)"
        let tenth = percent / 10
        if rows[row].phase != phase {
            rows[row].phase = phase
            rows[row].lastTenth = -1
        }
        let text = "\(phase.padded(to: 20)) \(bar(percent)) \(percent) %"
        defer { rows[row].lastTenth = tenth }
        if console.json {
            guard tenth != rows[row].lastTenth else { return }
            console.event([
                "event": "progress", "port": .string(rows[row].name), "phase": .string(progress.phase.rawValue),
                "done": .int(progress.done), "total": .int(progress.total), "label": .string(progress.label),
            ])
        } else if console.interactive {
            guard text != rows[row].text else { return }
            rows[row].text = text
            draw()
        } else if rows[row].lastTenth < 0 || (tenth == 10 && rows[row].lastTenth < 10) {
            console.note("\(rows[row].name): \(phase): \(percent) % of \(progress.total) bytes")
        }
    }

    /// A board's work has ended.
    mutating func end(row: Int, _ text: String) {
        rows[row].text = text
        if console.json { return }
        if console.interactive { draw() } else { console.note("\(rows[row].name): \(text)") }
    }

    private func bar(_ percent: Int) -> String {
        let width = 20
        let filled = min(width, percent * width / 100)
        return String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    }

    private mutating func draw() {
        let width = min(28, rows.map(\.name.count).max() ?? 0)
        let up = drawn ? "\u{1B}[\(rows.count)A" : ""
        console.draw(up + rows.map { "\r\u{1B}[K\($0.name.padded(to: width))  \($0.text)\n" }.joined())
        drawn = true
    }
}
