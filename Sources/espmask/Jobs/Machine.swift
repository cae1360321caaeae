// What this machine has.

import Foundation

enum Machine {
    /// Processor cores that may be used.
    static var cores: Int { ProcessInfo.processInfo.activeProcessorCount }
}
