// The USB serial ports of this machine as Linux's sysfs describes them (Documentation/ABI, sysfs-bus-usb; class/tty):
// each tty's device link leads to a USB interface, and above it is the device with ids and strings. Ports that are
// no USB devices are left out. Nothing is opened, so that no board is reset by being looked at.

public import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A USB serial port.
public struct SerialPort: Equatable, Sendable {
    /// `/dev/ttyUSB0`
    public var path: String
    /// Where its device is on the bus.
    public var device: USBDevice
    /// The device's serial number.
    public var serial: String?
    /// What the device calls itself.
    public var product: String?
    /// The kernel's driver.
    public var driver: String?
    /// The number of its interface where a device has several ports.
    public var interface: Int

    /// What kind of port it is, nil where a board is not to be expected behind it.
    public var bridge: SerialBridge? { SerialBridge.known(vendor: device.vendor, product: device.product) }
}

/// A device that should be a serial port and has none.
public struct MissingPort: Equatable, Sendable {
    /// The device.
    public var device: USBDevice
    /// What it is.
    public var bridge: SerialBridge
    /// True where a program took it from the kernel through usbfs, as brltty does.
    public var isHeldByProgram: Bool
}

/// Where Linux describes its devices; another place in tests.
public struct DeviceTree: Sendable {
    /// Usually /sys.
    public var sysfs: FilePath
    /// Usually /dev.
    public var devices: FilePath
    /// What libusb sees.
    public var bus: @Sendable () -> [USBDevice]

    /// This machine's.
    public static let machine = DeviceTree(sysfs: "/sys", devices: "/dev", bus: { USBBus.devices() })

    /// Names the places.
    public init(sysfs: FilePath, devices: FilePath, bus: @escaping @Sendable () -> [USBDevice]) {
        self.sysfs = sysfs
        self.devices = devices
        self.bus = bus
    }

    /// All USB serial ports, in the order of their names; empty where there are none.
    public func ports() -> [SerialPort] {
        names(in: sysfs.pushing("class/tty")).compactMap { port(named: $0) }
            .sorted { ($0.path.count, $0.path) < ($1.path.count, $1.path) }
    }

    /// Devices that are serial bridges but have no port.
    public func missing(besides ports: [SerialPort]) -> [MissingPort] {
        let served = Set(ports.map(\.device))
        var seen = Set(bus())
        for name in names(in: sysfs.pushing("bus/usb/devices")) {
            if let device = device(at: sysfs.pushing("bus/usb/devices").appending(name)) { seen.insert(device) }
        }
        return seen.subtracting(served).sorted { ($0.bus, $0.address) < ($1.bus, $1.address) }.compactMap { device in
            SerialBridge.known(vendor: device.vendor, product: device.product).map {
                MissingPort(device: device, bridge: $0, isHeldByProgram: isHeldByProgram(device))
            }
        }
    }

    private func port(named name: String) -> SerialPort? {
        guard let start = resolved(sysfs.pushing("class/tty").appending(name).appending("device")) else { return nil }
        var folder = start
        var driver: String?
        var interface = 0
        // From the port's own folder up to the device that has the ids; no path of a device tree is deeper.
        for _ in 0..<8 {
            driver = driver ?? link(folder.appending("driver"))
            if let number = text(folder.appending("bInterfaceNumber")) { interface = Int(number, radix: 16) ?? 0 }
            if let device = device(at: folder) {
                return SerialPort(
                    path: devices.appending(name).string, device: device, serial: text(folder.appending("serial")),
                    product: text(folder.appending("product")), driver: driver, interface: interface)
            }
            guard folder.components.count > 1 else { return nil }
            folder.removeLastComponent()
        }
        return nil
    }

    private func device(at folder: FilePath) -> USBDevice? {
        guard let vendor = text(folder.appending("idVendor")).flatMap({ UInt16($0, radix: 16) }),
            let product = text(folder.appending("idProduct")).flatMap({ UInt16($0, radix: 16) })
        else { return nil }
        return USBDevice(
            bus: text(folder.appending("busnum")).flatMap { Int($0) } ?? 0,
            address: text(folder.appending("devnum")).flatMap { Int($0) } ?? 0, vendor: vendor, product: product)
    }

    private func isHeldByProgram(_ wanted: USBDevice) -> Bool {
        let root = sysfs.pushing("bus/usb/devices")
        let all = names(in: root)
        guard let name = all.first(where: { device(at: root.appending($0)) == wanted }) else { return false }
        return all.contains { $0.hasPrefix(name + ":") && link(root.appending($0).appending("driver")) == "usbfs" }
    }

    // MARK: Files

    private func names(in folder: FilePath) -> [String] {
        guard let stream = folder.withPlatformString({ opendir($0) }) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    private func resolved(_ path: FilePath) -> FilePath? {
        guard let buffer = path.withPlatformString({ realpath($0, nil) }) else { return nil }
        defer { free(buffer) }
        return FilePath(String(cString: buffer))
    }

    /// The last name of what a link leads to.
    private func link(_ path: FilePath) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = path.withPlatformString { readlink($0, &buffer, buffer.count) }
        guard count > 0 else { return nil }
        return FilePath(String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self))
            .lastComponent?.string
    }

    /// The one line of an attribute.
    private func text(_ path: FilePath) -> String? {
        guard let file = try? FileDescriptor.open(path, .readOnly) else { return nil }
        defer { try? file.close() }
        var buffer = [UInt8](repeating: 0, count: 4096)
        guard let count = try? buffer.withUnsafeMutableBytes({ try file.read(into: $0) }), count > 0 else { return nil }
        let line = buffer[..<count].prefix { $0 != 0x0A && $0 != 0 }
        return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
    }
}
