// A value that several tasks may touch, one at a time: progress is reported from wherever the line's thread is.

import DeviceBridge
import Synchronization

/// A value behind a lock.
final class Mutexed<Value: Sendable>: Sendable {
    private let value: Mutex<Value>

    init(_ value: Value) { self.value = Mutex(value) }

    /// Works on the value alone.
    func with<Result>(_ body: (inout Value) throws -> sending Result) rethrows -> sending Result {
        try value.withLock { try body(&$0) }
    }
}

extension Mutexed<ProgressBar> {
    /// Shows how far the work is.
    func show(_ progress: FlashProgress) {
        with {
            $0.show(
                phase: progress.phase.rawValue, label: progress.label, done: progress.done, total: progress.total)
        }
    }
}
