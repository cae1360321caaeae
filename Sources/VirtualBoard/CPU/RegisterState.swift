// All registers at once, to compare two processors or to show one.

extension XtensaCPU {
    /// What the program can see of the processor: PC, the live a0 to a15, f0 to f15 as bits, and the special and user
    /// registers by number, those that the core does not have as 0, and the 64 registers behind the windows.
    package var registerState: [UInt32] {
        var state = [pc]
        state.reserveCapacity(300)
        for number in 0..<16 { state.append(ar[number]) }
        for number in 0..<16 { state.append(fr[number].bitPattern) }
        for number in 0..<256 { state.append(readSpecial(number) ?? 0) }
        for number in 0..<64 { state.append(physicalRegister(number)) }
        return state + [special.threadptr, special.fcr, special.fsr]
    }
}
