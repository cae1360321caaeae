// A block of registers that keep what is written, with reset values: the whole of an unmodelled peripheral, and the
// background of a modelled one. What has behaviour is in the peripheral's own file.

/// 32-bit registers at consecutive offsets.
struct RegisterFile {
    private(set) var words: [UInt32]
    private let resetValues: [UInt32: UInt32]

    /// `size` is in bytes; `resetValues` maps offsets to what they hold after reset.
    init(size: UInt32, resetValues: [UInt32: UInt32] = [:]) {
        words = [UInt32](repeating: 0, count: Int(size / 4))
        self.resetValues = resetValues
        reset()
    }

    /// The register at a byte offset; 0 beyond the end.
    subscript(offset: UInt32) -> UInt32 {
        get {
            let index = Int(offset >> 2)
            return index < words.count ? words[index] : 0
        }
        set {
            let index = Int(offset >> 2)
            if index < words.count { words[index] = newValue }
        }
    }

    mutating func reset() {
        for index in words.indices { words[index] = 0 }
        for (offset, value) in resetValues { self[offset] = value }
    }
}

/// A peripheral block without behaviour: every register keeps what is written to it.
package final class StoredBlock: Peripheral {
    private var registers: RegisterFile

    /// `size` is in bytes; `resetValues` maps offsets to what they hold after reset.
    package init(size: UInt32, resetValues: [UInt32: UInt32] = [:]) {
        registers = RegisterFile(size: size, resetValues: resetValues)
    }

    package func read(_ offset: UInt32, at cycle: UInt64) -> UInt32 { registers[offset] }
    package func write(_ offset: UInt32, _ value: UInt32, at cycle: UInt64) { registers[offset] = value }
    package func reset() { registers.reset() }
}
