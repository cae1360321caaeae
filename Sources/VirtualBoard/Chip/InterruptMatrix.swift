// The PRO CPU's half of the interrupt matrix: 69 peripheral sources, each routed to one CPU interrupt
// (TRM, "Interrupt Matrix"). The APP CPU's half only stores, since that CPU is held in reset.

/// Routes peripheral sources to CPU interrupt lines.
package final class InterruptMatrix {
    /// CPU interrupts that no peripheral can drive: timers, software and profiling (TRM, table of CPU interrupts).
    private static let internalLines: Set<Int> = [6, 7, 11, 15, 16, 29]
    private static let resetRoute: UInt8 = 16

    /// Called when a CPU line changes its level.
    package var lineChanged: (Int, Bool) -> Void = { _, _ in }
    // Unchecked for the same reason as the UART's state.
    @exclusivity(unchecked) private var levels = [Bool](repeating: false, count: InterruptSource.count)
    @exclusivity(unchecked) private var routes = [UInt8](repeating: resetRoute, count: InterruptSource.count)
    @exclusivity(unchecked) private var lines = [Bool](repeating: false, count: 32)

    package init() {}

    /// The CPU interrupt that a source is routed to.
    package func route(of source: Int) -> UInt32 { routes.indices.contains(source) ? UInt32(routes[source]) : 0 }

    /// Routes a source to a CPU interrupt.
    package func setRoute(of source: Int, to line: UInt32) {
        guard routes.indices.contains(source) else { return }
        let old = Int(routes[source])
        routes[source] = UInt8(line & 0x1F)
        refresh(line: old)
        refresh(line: Int(line & 0x1F))
    }

    /// Takes the level of a source.
    package func set(source: Int, _ level: Bool) {
        guard levels.indices.contains(source), levels[source] != level else { return }
        levels[source] = level
        refresh(line: Int(routes[source]))
    }

    /// The levels of sources 32 * `index` and up, one bit each (PRO_INTR_STATUS_REG_n).
    package func status(_ index: Int) -> UInt32 {
        (0..<32).reduce(0) { bits, bit in
            let source = index * 32 + bit
            return levels.indices.contains(source) && levels[source] ? bits | 1 << UInt32(bit) : bits
        }
    }

    /// Puts every route back to its reset value.
    package func reset() {
        for source in routes.indices { routes[source] = Self.resetRoute }
        for line in lines.indices { refresh(line: line) }
    }

    private func refresh(line: Int) {
        guard !Self.internalLines.contains(line) else { return }
        let level = routes.indices.contains { Int(routes[$0]) == line && levels[$0] }
        if lines[line] == level { return }
        lines[line] = level
        lineChanged(line, level)
    }
}
