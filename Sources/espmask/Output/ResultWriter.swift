// Standard output for results that come by the million: collected, and written in large pieces.

import SystemPackage

/// Buffered standard output.
struct ResultWriter {
    private let console: Console
    private var text: [UInt8] = []
    private static let largest = 1 << 16

    init(console: Console) { self.console = console }

    /// Writes a value.
    mutating func write(_ value: JSON) {
        value.write(to: &text)
        if text.count > Self.largest { flush() }
    }

    /// Writes text.
    mutating func write(_ more: String) {
        text += more.utf8
        if text.count > Self.largest { flush() }
    }

    /// Writes bytes that were kept elsewhere.
    mutating func write(_ bytes: [UInt8]) {
        flush()
        console.paint(bytes)
    }

    /// Writes what is left.
    mutating func flush() {
        console.paint(text)
        text.removeAll(keepingCapacity: true)
    }
}
