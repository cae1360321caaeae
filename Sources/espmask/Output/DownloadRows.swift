// The progress of several downloads at once: on a terminal a bar for each, drawn over themselves; elsewhere a line when
// one begins and when it ends; events with --json.

import Toolchain

/// A bar for each download.
struct DownloadRows {
    private struct Row {
        var done = 0
        var total = 0
        var lastPercent = -1
    }

    private let console: Console
    private var names: [String] = []
    private var rows: [String: Row] = [:]
    private var drawn = 0

    init(console: Console) { self.console = console }

    /// Something happened.
    mutating func show(_ event: InstallEvent) {
        switch event {
        case .waiting: console.note("waiting for another installer in the same folder")
        case .download(let progress): show(progress)
        case .remark(let text):
            drawn = 0
            console.note("note: \(text)")
        case .unpacking(let archive):
            drawn = 0
            if !console.json { console.note("unpacking \(archive)") }
        }
    }

    private mutating func show(_ progress: DownloadProgress) {
        if rows[progress.archive] == nil { names.append(progress.archive) }
        var row = rows[progress.archive] ?? Row()
        row.done = progress.done
        row.total = progress.total
        // Of a file whose size nobody has said it is known only when all of it is there.
        let percent = progress.total > 0 ? progress.done * 100 / progress.total : 0
        let isNews = percent / 10 != row.lastPercent / 10 || row.lastPercent < 0
        let isOther = percent != row.lastPercent
        let before = row.lastPercent
        row.lastPercent = percent
        rows[progress.archive] = row
        if console.json {
            guard isNews else { return }
            console.event([
                "event": "progress", "phase": "download", "done": .int(progress.done), "total": .int(progress.total),
                "label": .string(progress.archive),
            ])
        } else if console.interactive {
            if isOther { draw() }
        } else if before < 0 && percent < 100 || percent == 100 && before != 100 {
            let whole = progress.total > 0 ? " of \(progress.total) bytes" : ""
            console.note("\(progress.archive): \(percent) %\(whole)")
        }
    }

    private mutating func draw() {
        let width = min(46, names.map(\.count).max() ?? 0)
        let up = drawn > 0 ? "\u{1B}[\(drawn)A" : ""
        let lines = names.map { name -> String in
            let row = rows[name] ?? Row()
            let filled = min(20, row.lastPercent / 5)
            let bar = String(repeating: "█", count: max(0, filled)) + String(repeating: "░", count: 20 - max(0, filled))
            return
                "\r\u{1B}[K\(String(name.prefix(width)).padded(to: width))  \(bar) \(row.lastPercent) % of \(row.total >> 10) KB\n"
        }
        console.draw(up + lines.joined())
        drawn = names.count
    }
}
