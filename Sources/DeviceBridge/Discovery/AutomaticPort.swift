// `--port auto`: the one port that can be a board's, or the reason why there is none to choose. A port that is not a
// candidate is never opened.

/// The choice of a port.
public enum AutomaticPort {
    /// The path of the one candidate. `prefers` says which of several a wanted board would be behind.
    /// Errors: `port-not-found`, `port-ambiguous`.
    public static func choose(
        in tree: DeviceTree = .machine, preferring prefers: (SerialPort) -> Bool = { _ in false }
    ) throws(DeviceError) -> String {
        let ports = tree.ports()
        let candidates = ports.filter { $0.bridge != nil }
        if candidates.count == 1 { return candidates[0].path }
        if candidates.isEmpty { throw nothing(ports, tree.missing(besides: ports)) }
        let preferred = candidates.filter(prefers)
        if preferred.count == 1 { return preferred[0].path }
        let list = candidates.map { "\($0.path) (\(describe($0)))" }.joined(separator: ", ")
        throw DeviceError(
            code: "port-ambiguous", message: "\(candidates.count) ports can be the board's: \(list)",
            hint: "Name one, for example --port \(candidates[0].path), or all of them with commas between.")
    }

    private static func describe(_ port: SerialPort) -> String {
        ([port.product ?? port.bridge?.name ?? "serial port"] + (port.serial.map { ["serial \($0)"] } ?? []))
            .joined(separator: ", ")
    }

    private static func nothing(_ ports: [SerialPort], _ missing: [MissingPort]) -> DeviceError {
        if let first = missing.first {
            return DeviceError(code: "port-not-found", message: first.message, hint: first.hint)
        }
        let others = ports.map(\.path).joined(separator: ", ")
        return DeviceError(
            code: "port-not-found",
            message: others.isEmpty
                ? "no USB serial port is attached"
                : "no port looks like a board's; the others (\(others)) are left alone",
            hint: "Connect the board with a cable that carries data, or name the port with --port. "
                + "Without a board, --port virtual: is the virtual one.")
    }
}

extension MissingPort {
    /// What is the matter.
    public var message: String {
        let ids = "\(hex4(device.vendor)):\(hex4(device.product))"
        return isHeldByProgram
            ? "a \(bridge.name) (\(ids)) is attached, but another program holds it and it has no serial port"
            : "a \(bridge.name) (\(ids)) is attached, but it has no serial port"
    }

    /// What to do.
    public var hint: String {
        isHeldByProgram
            ? "Usually this is brltty, which takes it for a Braille display: `sudo apt remove brltty`, "
                + "then unplug the board and plug it in again."
            : "The kernel's driver is missing: try `sudo modprobe \(bridge.driver == "ch341-uart" ? "ch341" : bridge.driver)`; "
                + "if the port vanishes at once, remove brltty (`sudo apt remove brltty`) and plug the board in again."
    }
}

/// Four hexadecimal digits, as USB ids are written.
public func hex4(_ number: UInt16) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 4 - digits.count) + digits
}
