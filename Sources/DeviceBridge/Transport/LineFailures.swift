// How a line fails, in words: every DeviceError of the wall-clock transports is made here, so that one place
// decides which errno is which stable code and what the user is told to do. It opens nothing itself.

import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension DeviceError {
    /// No such device or nobody listening.
    package static func portNotFound(_ port: String, cause: String) -> DeviceError {
        DeviceError(
            code: "port-not-found", message: "\(port) cannot be opened: \(cause)",
            hint: "Check the cable and the name; `espmask ports` lists what is attached.")
    }

    /// Somebody else has the device open.
    package static func portBusy(_ port: String) -> DeviceError {
        DeviceError(
            code: "port-busy", message: "\(port) is in use by another program",
            hint: "Close the other monitor or flasher, then try again.")
    }

    /// The user may not open the device.
    package static func permissionDenied(_ port: String) -> DeviceError {
        let group = owningGroup(port) ?? "dialout"
        return DeviceError(
            code: "permission-denied", message: "no permission to open \(port)",
            hint: "Add yourself to the group that owns it, `sudo usermod -aG \(group) $USER`, "
                + "and log in again; for now, `newgrp \(group)` in this shell will do.")
    }

    /// The name of the group that owns a device, nil where it is root's or cannot be found out.
    private static func owningGroup(_ path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_gid != 0, let entry = getgrgid(status.st_gid) else { return nil }
        return String(cString: entry.pointee.gr_name)
    }

    /// The device cannot do this rate.
    package static func rateRefused(_ port: String, _ baud: Int, instead: Int?) -> DeviceError {
        DeviceError(
            code: "usage",
            message: "\(port) cannot do \(baud) baud" + (instead.map { "; the driver would use \($0)" } ?? ""),
            hint: "Use a usual rate: 115200, 230400, 460800 or 921600.")
    }

    /// The line was open and broke.
    package static func connectionLost(_ port: String, cause: String) -> DeviceError {
        DeviceError(
            code: "connection-lost", message: "the connection to \(port) broke: \(cause)",
            hint: "Check cable and power of the board, then run the command again; flashing goes on where it stopped.")
    }

    /// The peer of an RFC 2217 line would not do what was asked.
    package static func serverRefused(_ port: String, what: String) -> DeviceError {
        DeviceError(
            code: "connection-lost", message: "the RFC 2217 server at \(port) \(what)",
            hint: "Check that the server speaks RFC 2217 on this port, or use socket:// for plain TCP.")
    }

    /// A call on a line that was closed at this end.
    package static func closed(_ port: String) -> DeviceError {
        connectionLost(port, cause: "it was closed at this end")
    }

    /// What an errno of open, connect or the first ioctl means.
    package static func opening(_ port: String, _ number: CInt) -> DeviceError {
        switch number {
        case EBUSY, EWOULDBLOCK: portBusy(port)
        case EACCES, EPERM: permissionDenied(port)
        default: portNotFound(port, cause: Errno(rawValue: number).description)
        }
    }
}
