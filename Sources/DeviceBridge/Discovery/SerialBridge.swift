// The USB ids behind which boards of the ESP32 family are found: serial bridge chips and the chips' own USB. Sources:
// the vendors' data sheets and the id tables of Linux's cp210x, ch341, ftdi_sio and cdc-acm drivers. Which board it
// is, a bridge's id cannot say; boards/ has the usual ones.

/// A kind of USB serial port.
public struct SerialBridge: Equatable, Sendable {
    /// The chip's name.
    public var name: String
    /// The kernel's driver for it.
    public var driver: String
    /// Whether the port is the chip's own USB-Serial-JTAG controller, which has a reset of its own.
    public var isUSBJTAG = false

    /// The bridge with these ids, or nil for a device that is none we know.
    public static func known(vendor: UInt16, product: UInt16) -> SerialBridge? {
        if vendor == espressif {
            return product == usbSerialJTAG
                ? SerialBridge(name: "USB-Serial-JTAG", driver: "cdc_acm", isUSBJTAG: true)
                : SerialBridge(name: "Espressif USB", driver: "cdc_acm")
        }
        return table[Int(vendor) << 16 | Int(product)]
    }

    private static let espressif: UInt16 = 0x303A
    private static let usbSerialJTAG: UInt16 = 0x1001

    private static let table: [Int: SerialBridge] = {
        var table: [Int: SerialBridge] = [:]
        let rows: [(String, String, Int, [Int])] = [
            ("CP210x", "cp210x", 0x10C4, [0xEA60, 0xEA61, 0xEA63, 0xEA64]), ("CP2105", "cp210x", 0x10C4, [0xEA70]),
            ("CP2108", "cp210x", 0x10C4, [0xEA71]), ("CH340", "ch341-uart", 0x1A86, [0x7522, 0x7523]),
            ("CH341", "ch341-uart", 0x1A86, [0x5523]), ("CH9102", "cdc_acm", 0x1A86, [0x55D4]),
            ("CH343", "cdc_acm", 0x1A86, [0x55D3]), ("CH342", "cdc_acm", 0x1A86, [0x55D2]),
            ("CH344", "cdc_acm", 0x1A86, [0x55D5]), ("FT232R", "ftdi_sio", 0x0403, [0x6001]),
            ("FT2232", "ftdi_sio", 0x0403, [0x6010]), ("FT4232", "ftdi_sio", 0x0403, [0x6011]),
            ("FT232H", "ftdi_sio", 0x0403, [0x6014]), ("FT231X", "ftdi_sio", 0x0403, [0x6015]),
        ]
        for (name, driver, vendor, products) in rows {
            for product in products { table[vendor << 16 | product] = SerialBridge(name: name, driver: driver) }
        }
        return table
    }()
}
