// The GPIO block (TRM, "IO_MUX and GPIO Matrix"): output and enable latches with their set and clear registers, inputs
// that see the chip's own outputs and the boot button, and the strapping word. Left out: pin interrupts and the
// matrix itself; PIN, FUNC_IN_SEL and FUNC_OUT_SEL registers keep what is written.

/// The GPIO controller.
package final class GPIOController: Peripheral {
    /// The strapping pins as they were sampled at the last reset of the chip.
    package var strapping: UInt32 = 0
    /// The level that the outside drives on GPIO0: false while the boot button or the auto-reset circuit pulls it low.
    package var isGPIO0High = true
    private var registers = RegisterFile(size: 0x1000)

    private enum Register {
        static let out: UInt32 = 0x04, out1: UInt32 = 0x10, enable: UInt32 = 0x20, enable1: UInt32 = 0x2C
        static let strap: UInt32 = 0x38, input: UInt32 = 0x3C, input1: UInt32 = 0x40
        static let status: UInt32 = 0x44, status1: UInt32 = 0x50
        /// Latches that have a set register 4 bytes and a clear register 8 bytes further on.
        static let latches = [out, out1, enable, enable1, status, status1]
    }

    package init() {}

    package func reset() { registers.reset() }

    package func read(_ offset: UInt32, at cycle: UInt64) -> UInt32 {
        switch offset & ~3 {
        case Register.strap: return strapping
        case Register.input:
            let enabled = registers[Register.enable]
            return registers[Register.out] & enabled | (isGPIO0High ? 1 : 0) & ~enabled
        case Register.input1: return registers[Register.out1] & registers[Register.enable1]
        default: return registers[offset]
        }
    }

    package func write(_ offset: UInt32, _ value: UInt32, at cycle: UInt64) {
        let offset = offset & ~3
        if [Register.strap, Register.input, Register.input1].contains(offset) { return }
        if Register.latches.contains(offset &- 4) {
            registers[offset - 4] |= value
        } else if Register.latches.contains(offset &- 8) {
            registers[offset - 8] &= ~value
        } else {
            registers[offset] = value
        }
    }
}
