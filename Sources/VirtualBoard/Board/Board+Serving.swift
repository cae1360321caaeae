// The board as its server drives it. A program that wants the mask ROM leaves the board idle rather than off: a client
// can still reset it into the loader and write another program.

extension Board: ServedBoard {
    package func powerCycle(intoLoader: Bool) {
        powerOff()
        powerOn(intoLoader ? .download : .flashBoot)
    }

    package func advance(to deadline: UInt64, outputLimit: Int) -> ServedPause {
        switch run(until: deadline, outputLimit: outputLimit) {
        case .output: .output
        case .deadline: .deadline
        case .idle: .idle
        case .off: failure == nil ? .off : .idle
        }
    }
}
