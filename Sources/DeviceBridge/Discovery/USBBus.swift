// What libusb sees on the machine's USB buses: ids and addresses of every device, whether or not a serial driver took
// it. Nothing is opened. A machine without USB, or one where libusb cannot start, has no devices.

internal import CLibUSB

/// A device on a USB bus.
public struct USBDevice: Hashable, Sendable {
    /// The bus's number.
    public var bus: Int
    /// The device's number on it.
    public var address: Int
    /// The vendor's id.
    public var vendor: UInt16
    /// The product's id.
    public var product: UInt16

    /// Names a device.
    public init(bus: Int, address: Int, vendor: UInt16, product: UInt16) {
        self.bus = bus
        self.address = address
        self.vendor = vendor
        self.product = product
    }
}

/// The machine's USB buses.
public enum USBBus {
    /// All devices; empty where there is no bus.
    public static func devices() -> [USBDevice] {
        var context: OpaquePointer?
        guard libusb_init(&context) == 0 else { return [] }
        defer { libusb_exit(context) }
        var list: UnsafeMutablePointer<OpaquePointer?>?
        let count = libusb_get_device_list(context, &list)
        guard count >= 0, let list else { return [] }
        defer { libusb_free_device_list(list, 1) }
        return (0..<count).compactMap { index in
            guard let device = list[index] else { return nil }
            var descriptor = libusb_device_descriptor()
            guard libusb_get_device_descriptor(device, &descriptor) == 0 else { return nil }
            return USBDevice(
                bus: Int(libusb_get_bus_number(device)), address: Int(libusb_get_device_address(device)),
                vendor: descriptor.idVendor, product: descriptor.idProduct)
        }
    }
}
