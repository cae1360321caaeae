// Turns a PORT into an open line: a serial device, a socket, RFC 2217, or a virtual board in this process. The one
// place that knows both sides of the wire.

public import DeviceBridge
public import SystemPackage
package import VirtualBoard

/// How ports are opened.
public struct PortOpener: Sendable {
    /// The board that `virtual:` stands for.
    public var board: String
    /// The size of a virtual board's flash in bytes, by board name; throws where there is no such board.
    public var flashBytes: @Sendable (String) throws(DeviceError) -> Int
    /// Where the flash files of virtual boards are kept.
    public var stateFolder: FilePath
    /// How time passes on virtual boards.
    public var pace: VirtualLine.Pace
    /// The rate lines are opened with.
    public var baud: Int

    /// Makes an opener.
    public init(
        board: String, stateFolder: FilePath = ".espmask/boards", pace: VirtualLine.Pace, baud: Int = 115200,
        flashBytes: @escaping @Sendable (String) throws(DeviceError) -> Int
    ) {
        self.board = board
        self.stateFolder = stateFolder
        self.pace = pace
        self.baud = baud
        self.flashBytes = flashBytes
    }

    /// Opens a port. Errors: `port-not-found`, `port-busy`, `permission-denied`, `port-ambiguous`, `usage`.
    public func open(_ address: PortAddress) async throws(DeviceError) -> any SerialLine {
        switch address {
        case .device(let path): return try await TermiosLine(path: path, baud: baud)
        case .socket(let host, let port): return try await TCPLine(host: host, port: port)
        case .rfc2217(let host, let port): return try await RFC2217Line(host: host, port: port, baud: baud)
        case .virtual(let board, let name): return try virtual(board ?? self.board, name, address)
        case .automatic: return try await TermiosLine(path: AutomaticPort.choose(), baud: baud)
        }
    }

    /// The flash file of a virtual board.
    public func flashFile(board: String, name: String?) -> FilePath {
        stateFolder.appending(board + (name.map { "#" + $0 } ?? "")).appending("flash.bin")
    }

    private func virtual(
        _ board: String, _ name: String?, _ address: PortAddress
    ) throws(DeviceError) -> VirtualLine {
        let file = flashFile(board: board, name: name)
        let size = try flashBytes(board)
        do throws(VirtualBoardError) {
            try FlashFolder.make(file.removingLastComponent())
            let flash = try NORFlash(file: file, size: size)
            let profile = BoardProfile(board: board, piece: name, flashSize: size)
            return VirtualLine(
                name: address.description, profile: profile, flash: flash, pace: pace, baud: baud)
        } catch {
            throw DeviceError(error)
        }
    }
}

extension DeviceError {
    /// What went wrong with a virtual board.
    package init(_ error: VirtualBoardError) {
        self.init(code: error.code, message: error.message, hint: error.hint)
    }
}
