// Where blocking system calls of a line run: a serial queue with a thread of its own, used as the executor of
// the line's actor, so that a read that waits never holds a thread of the cooperative pool.

import Dispatch

/// Runs one actor's jobs in order on a thread that may block.
package final class LineExecutor: SerialExecutor {
    private let queue: DispatchQueue

    package init(label: String) {
        queue = DispatchQueue(label: label)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
