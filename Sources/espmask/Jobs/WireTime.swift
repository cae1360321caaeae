// How long bytes take to a sketch: at the speed that it prints and reads with, ten bits each.

/// Time on the wire.
enum WireTime {
    /// 115,200 baud.
    private static let bytesPerSecond = 11_520

    /// How long so many bytes take.
    static func of(_ bytes: Int) -> Duration { .milliseconds(bytes * 1000 / bytesPerSecond) }
}
