// What the loader sees of the chip around it, and what it asks of whoever drives it. The loader itself
// has no I/O and no clock; it turns bytes of the host into these actions.

/// The chip as the loader reaches it. The board conforms; so does a table of registers in a test.
package protocol LoaderHost: AnyObject {
    /// The flash chip on the SPI bus.
    var flash: NORFlash { get }
    /// A 32-bit read anywhere in the address space; nil where nothing answers.
    func loaderRead(_ address: UInt32) -> UInt32?
    /// A 32-bit write anywhere in the address space; false where nothing answers.
    func loaderWrite(_ address: UInt32, _ value: UInt32) -> Bool
    /// Connects the SPI controllers' pins with the flash, which a reset into the loader leaves open.
    func loaderAttachFlash()
    /// Stores bytes of a RAM download; false where there is no RAM.
    func loaderStore(_ address: UInt32, _ bytes: ArraySlice<UInt8>) -> Bool
}

/// What the loader wants done, in order.
package enum LoaderAction: Equatable, Sendable {
    /// Send these bytes to the host.
    case send([UInt8])
    /// Change the UART's speed, after everything sent so far has left.
    case changeBaud(Int)
    /// Leave the loader and run the program that was downloaded to RAM.
    case run(entry: UInt32)
    /// Leave the loader as after a reset without the download strapping: start what is in the flash.
    case reboot
}
