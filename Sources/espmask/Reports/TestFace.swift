// What `espmask test` shows while it runs: a live table on a terminal, else a line for each test as it ends; JSON lines
// when asked for.

import DeviceBridge
import HIL

/// The face of a test run; several tests tell it things at once.
final class TestFace: Sendable {
    private let console: Console
    private let table: Mutexed<LiveTable>
    private let ticker: Task<Void, Never>?
    private let start = ContinuousClock.now

    init(names: [String], console: Console) {
        self.console = console
        let table = Mutexed(LiveTable(names: names, colour: console.colour))
        self.table = table
        let start = start
        guard console.isTerminal, !console.json else {
            ticker = nil
            return
        }
        ticker = Task {
            while !Task.isCancelled {
                // Written inside the lock: no frame may come behind the end.
                table.with { table in
                    guard !Task.isCancelled else { return }
                    let seconds = (ContinuousClock.now - start) / .seconds(1)
                    console.paint(table.frame(columns: Screen.columns, at: seconds))
                }
                try? await Task.sleep(for: .milliseconds(120))
            }
        }
    }

    /// Something happened.
    func take(_ progress: RunProgress) {
        if console.json {
            switch progress {
            case .ended(_, let record): console.line(TestEvents.line(record))
            case .boardSetAside(let port, let reason): console.line(TestEvents.setAside(port: port, reason: reason))
            case .began, .step, .stepEnded: break
            }
            return
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let text = table.with { table in
            table.take(progress, at: seconds)
            return ticker == nil ? table.plainLines() : ""
        }
        if !text.isEmpty { console.paint(text) }
    }

    /// The end.
    func finish(_ run: RunRecord, seed: UInt64) {
        ticker?.cancel()
        if console.json { return console.line(TestEvents.summary(run)) }
        if ticker != nil { console.paint(table.with { $0.end(columns: Screen.columns) }) }
        console.line(TextReport(run, colour: console.colour).ending)
        console.note("random inputs had the seed \(seed): --seed \(seed) has this run again")
    }
}
