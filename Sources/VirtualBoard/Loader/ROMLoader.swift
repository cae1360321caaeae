// The board's side of the serial loader protocol.

/// The loader in the chip's ROM, and the flasher stub's dialect once a client has uploaded one.
package struct ROMLoader {
    package init() {}

    /// Takes bytes of the host and returns what to do, in order.
    package mutating func received(_ bytes: [UInt8], host: any LoaderHost) -> [LoaderAction] { [] }
}
