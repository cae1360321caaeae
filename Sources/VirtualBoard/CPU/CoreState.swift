// The processor's state apart from its registers, in a struct behind a pointer: stored properties of a class are checked
// for overlapping accesses at run time, which costs more than most instructions do.

struct CoreState {
    /// The time, in cycles since power-on.
    var cycle: UInt64 = 0
    /// The cycle up to which blocks may run: a deadline, or a timer's match.
    var horizon: UInt64 = 0
    var pc: UInt32 = 0
    var nextPC: UInt32 = 0
    var trapAddress: UInt32?
    var isWaiting = false
    var isStopRequested = false

    /// Something has to be done before the next instruction.
    var needsAttention: Bool { isStopRequested || isWaiting || trapAddress != nil }
}
