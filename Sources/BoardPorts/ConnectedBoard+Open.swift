// Opening a board by its port, for programs that have no board table.

public import DeviceBridge
public import SystemPackage

extension ConnectedBoard {
    /// Opens a port: a device path, `auto`, `virtual:[BOARD][#NAME]`, `socket://HOST:PORT` or `rfc2217://HOST:PORT`.
    ///
    /// A virtual board keeps its flash below `stateFolder`, has `flashBytes` of it where it is new, and passes its time
    /// at `pace`; in virtual time nothing waits for the wall clock.
    /// Errors: `port-not-found`, `port-busy`, `permission-denied`, `port-ambiguous`, `usage`.
    public static func open(
        _ port: String, stateFolder: FilePath = ".espmask/boards", flashBytes: Int = 4 << 20,
        pace: VirtualLine.Pace = .virtualTime, baud: Int = 115200
    ) async throws(DeviceError) -> ConnectedBoard {
        let opener = PortOpener(
            board: "esp32-devkitc-v4", stateFolder: stateFolder, pace: pace, baud: baud
        ) { _ throws(DeviceError) in flashBytes }
        return ConnectedBoard(line: try await opener.open(try PortAddress(port)), baud: baud)
    }
}
