// Device trees as umockdev(1) replays them, put together as Linux lays out USB devices in sysfs: the device with its ids
// and strings, its interface with a driver, the tty. The descriptors are a USB device descriptor and one configuration.

/// One mock USB device.
struct MockUSB {
    var place: String
    var vendor: UInt16
    var product: UInt16
    var name: String
    var serial: String?
    /// The kernel's driver of the interface; usbfs is a program's claim, nil nobody's.
    var driver: String?
    /// The tty, nil where there is none; cdc_acm's ttys hang at the interface, the others at a port below it.
    var tty: String?

    private var root: String { "/devices/pci0000:00/0000:00:14.0/usb1/\(place)" }
    private var number: Int { Int(place.suffix(1)) ?? 1 }

    private static func hex(_ value: UInt16) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }

    private var descriptors: String {
        func swapped(_ value: UInt16) -> String { String(Self.hex(value).suffix(2) + Self.hex(value).prefix(2)) }
        let device = "1201100100000040\(swapped(vendor))\(swapped(product))0001010203" + "01"
        return (device + "09021200010100" + "8032" + "0904000000ff000000").uppercased()
    }

    /// The description.
    var text: String {
        var lines = [
            "P: \(root)", "N: bus/usb/001/00\(number)=\(descriptors)", "E: DEVNAME=/dev/bus/usb/001/00\(number)",
            "E: DEVTYPE=usb_device", "E: SUBSYSTEM=usb", "E: BUSNUM=001", "E: DEVNUM=00\(number)",
            "A: busnum=1", "A: devnum=\(number)", "A: idVendor=\(Self.hex(vendor))",
            "A: idProduct=\(Self.hex(product))",
            "A: product=\(name)", "A: speed=12", "A: bConfigurationValue=1", "H: descriptors=\(descriptors)",
        ]
        if let serial { lines.append("A: serial=\(serial)") }
        lines += [
            "", "P: \(root)/\(place):1.0", "E: DEVTYPE=usb_interface", "E: SUBSYSTEM=usb", "A: bInterfaceNumber=00",
        ]
        if let driver { lines.append("L: driver=../../../../../../bus/usb/drivers/\(driver)") }
        guard let tty else { return (lines + ["", ""]).joined(separator: "\n") }
        var parent = "\(root)/\(place):1.0"
        var device = "../../../\(place):1.0"
        if driver != "cdc_acm" {
            parent += "/\(tty)"
            device = "../../../\(tty)"
            lines += ["", "P: \(parent)", "E: SUBSYSTEM=usb-serial"]
            lines.append("L: driver=../../../../../../../bus/usb-serial/drivers/\(driver ?? "")")
        }
        lines += [
            "", "P: \(parent)/tty/\(tty)", "N: \(tty)", "E: DEVNAME=/dev/\(tty)", "E: SUBSYSTEM=tty",
            "L: device=\(device)",
        ]
        return (lines + ["", ""]).joined(separator: "\n")
    }
}

extension MockUSB {
    static let cp210x = MockUSB(
        place: "1-2", vendor: 0x10C4, product: 0xEA60, name: "CP2102N USB to UART Bridge Controller",
        serial: "c0ffee01",
        driver: "cp210x", tty: "ttyUSB0")
    static let ch340 = MockUSB(
        place: "1-3", vendor: 0x1A86, product: 0x7523, name: "USB Serial", driver: "ch341-uart", tty: "ttyUSB1")
    static let ch9102 = MockUSB(
        place: "1-4", vendor: 0x1A86, product: 0x55D4, name: "USB Single Serial", serial: "5435012345",
        driver: "cdc_acm", tty: "ttyACM0")
    static let ftdi = MockUSB(
        place: "1-5", vendor: 0x0403, product: 0x6001, name: "FT232R USB UART", serial: "A50285BI", driver: "ftdi_sio",
        tty: "ttyUSB2")
    static let usbJTAG = MockUSB(
        place: "1-6", vendor: 0x303A, product: 0x1001, name: "USB JTAG/serial debug unit", serial: "7C:DF:A1:00:00:01",
        driver: "cdc_acm", tty: "ttyACM1")
    /// A modem: a serial port, but no board's.
    static let modem = MockUSB(
        place: "1-7", vendor: 0x12D1, product: 0x1506, name: "Mobile", driver: "option", tty: "ttyUSB3")
    /// A CH340 that brltty took away.
    static let stolen = MockUSB(
        place: "1-8", vendor: 0x1A86, product: 0x7523, name: "USB Serial", driver: "usbfs", tty: nil)
    /// A CP210x without a driver.
    static let driverless = MockUSB(
        place: "1-9", vendor: 0x10C4, product: 0xEA60, name: "CP2102", driver: nil, tty: nil)
}
