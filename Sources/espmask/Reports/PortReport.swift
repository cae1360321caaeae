// A serial port as text and as the documented JSON, with the board whose description names its USB ids.

import DeviceBridge
import SystemPackage
import Toolchain

#if canImport(Glibc)
    import Glibc
#endif

/// What `ports` tells of one port.
struct PortReport {
    let port: SerialPort
    /// The boards whose description names these ids.
    let boards: [String]

    init(port: SerialPort, boards: [BoardDescription]) {
        self.port = port
        self.boards = boards.filter { $0.isBehind(port) }.map(\.name)
    }

    /// The documented object; `bridge` and `boards` are added to it.
    var json: JSON {
        [
            "path": .string(port.path), "vid": .string(hex4(port.device.vendor)),
            "pid": .string(hex4(port.device.product)), "serial": .optional(port.serial),
            "product": .optional(port.product), "driver": .optional(port.driver),
            "candidate": .bool(port.bridge != nil), "board": .optional(boards.first),
            "bridge": .optional(port.bridge?.name), "boards": .array(boards.map { .string($0) }),
        ]
    }

    /// The same for people.
    var line: String {
        let ids = "\(hex4(port.device.vendor)):\(hex4(port.device.product))"
        let what = port.product ?? port.bridge?.name ?? "serial port"
        let board = port.bridge == nil ? "not a board's, left alone" : boards.first ?? "a board of the ESP32 family?"
        let serial = port.serial.map { ", serial \($0)" } ?? ""
        return "\(port.path.padded(to: 14)) \(ids)  \(what)\(serial)  \(board)"
    }

    /// What keeps this user from opening it.
    var advice: String? {
        guard access(port.path, F_OK) == 0, access(port.path, R_OK | W_OK) != 0 else { return nil }
        let error = DeviceError.permissionDenied(port.path)
        return "\(error.message)\n  hint: \(error.hint)"
    }
}

extension BoardDescription {
    /// Whether its description names the port's USB ids.
    func isBehind(_ port: SerialPort) -> Bool {
        usb.contains {
            $0.vid.lowercased() == hex4(port.device.vendor) && $0.pid.lowercased() == hex4(port.device.product)
        }
    }
}
