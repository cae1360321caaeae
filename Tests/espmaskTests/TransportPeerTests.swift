// Lines through other people's programs: the virtual board's pseudo-terminal as a serial device, and behind it ser2net and
// the RFC 2217 server that esptool brings along. A pty has no modem lines; the board is put into its loader by each opening.

import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Lines that other programs carry", .serialized)
struct TransportPeerTests {
    /// What stands between espmask and the board's pty.
    enum Server: String, Sendable, CaseIterable {
        case none, ser2net, esptool

        var isThere: Bool {
            switch self {
            case .none: true
            case .ser2net: Peers.program("ser2net") != nil || ser2netInSbin != nil
            case .esptool: Peers.python("esp_rfc2217_server") != nil
            }
        }

        var ser2netInSbin: FilePath? {
            let path: FilePath = "/usr/sbin/ser2net"
            return path.withPlatformString { access($0, X_OK) == 0 } ? path : nil
        }
    }

    // The server asks and sets modem lines, for which a pty answers with an error; all else is as it comes.
    private static let esptoolServer = """
        import sys, serial
        serial.Serial._update_dtr_state = serial.Serial._update_rts_state = lambda self: None
        for name in ("cts", "dsr", "ri", "cd"):
            setattr(serial.Serial, name, property(lambda self: False))
        from esp_rfc2217_server import main
        sys.argv = ["esp_rfc2217_server", "-p", sys.argv[1], sys.argv[2]]
        main()
        """

    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 ? getsockname(descriptor, $0, &size) : -1
            }
        }
        guard status == 0 else { throw Errno(rawValue: errno) }
        return UInt16(bigEndian: address.sin_port)
    }

    /// Waits until somebody listens, as the kernel's table of sockets says: connecting would reset the board.
    private static func awaitListener(_ port: UInt16) throws -> Bool {
        let wanted = ":" + String(port, radix: 16, uppercase: true)
        for _ in 0..<1000 {
            for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
                let text = String(decoding: try Peers.contents(of: FilePath(table)), as: UTF8.self)
                for row in text.split(separator: "\n").dropFirst() {
                    let columns = row.split(separator: " ")
                    if columns.count > 3, columns[1].hasSuffix(wanted), columns[3] == "0A" { return true }
                }
            }
            poll(nil, 0, 10)
        }
        return false
    }

    private static func start(_ server: Server, on device: String, in folder: ScratchFolder) throws -> (
        port: String, program: RunningProgram?
    ) {
        if server == .none { return (device, nil) }
        let number = try freePort()
        let program: RunningProgram
        if server == .ser2net {
            let text = """
                connection: &con
                  accepter: telnet(rfc2217),tcp,localhost,\(number)
                  connector: serialdev,\(device),115200n81,local

                """
            let file = try folder.write(Array(text.utf8), as: "ser2net.yaml")
            let path = try #require(Peers.program("ser2net") ?? server.ser2netInSbin)
            program = try RunningProgram(path, ["-n", "-c", file.string], in: folder.path)
        } else {
            let script = try folder.write(Array(esptoolServer.utf8), as: "server.py")
            let python = try #require(Peers.python("python"))
            program = try RunningProgram(python, [script.string, "\(number)", device], in: folder.path)
        }
        guard try awaitListener(number) else { throw Errno.timedOut }
        return ("rfc2217://localhost:\(number)", program)
    }

    @Test(
        "A file goes through at the usual rate and at a higher one, and comes back",
        arguments: Server.allCases.filter(\.isThere), [115200, 460800])
    func passes(server: Server, baud: Int) async throws {
        let folder = try ScratchFolder()
        var data = LoaderVerbTests.noise(9_000, seed: 31)
        // Telnet's and SLIP's own bytes, and the terminal's.
        data += [0xFF, 0xFF, 0xC0, 0xDB, 0xDC, 0xDD, 0x11, 0x13, 0x0D, 0x0A, 0x03, 0x04, 0x00, 0xFF]
        try folder.write(data, as: "data.bin")
        // A server may keep the device open, and a pty resets the board only when it is opened: each half gets its own.
        for command in [
            ["flash", "0x10000", "data.bin"], ["read", "0x10000", "\(data.count)", "back.bin"],
        ] {
            let served = try ServedProgram(["--pty", "--download", "--virtual-time"], in: folder.path)
            defer { _ = served.program.end() }
            let (port, program) = try Self.start(server, on: served.url, in: folder)
            defer { _ = program?.end() }
            let options = ["--port", port, "--baud", "\(baud)", "--json"]
            let outcome = try await BuiltProgram.run(command + options, in: folder.path)
            #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)\(program?.errors ?? "")")
        }
        #expect(try Peers.contents(of: folder.path.appending("back.bin")) == data)
        #expect(
            try Peers.contents(of: folder.path.appending("flash.bin"))[0x10000..<0x10000 + data.count].elementsEqual(
                data))
    }
}
