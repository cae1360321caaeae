// The file descriptors of a board server: a listening socket on the loopback interface, or a pty, and the one
// client on it. Everything is non-blocking; what to do with the bytes is BoardServer's.

internal import Glibc
internal import SystemPackage

/// Where a served board can be reached.
public enum BoardEndpoint: Equatable, Sendable {
    /// A plain TCP connection that carries bytes alone. Port 0 takes a free one.
    case tcp(port: UInt16)
    /// Telnet with the serial-port option, so that DTR and RTS reach the board.
    case rfc2217(port: UInt16)
    /// A pseudo-terminal. It has no modem lines.
    case pty
}

/// A descriptor that is closed with its last owner.
final class OwnedDescriptor {
    let number: CInt

    init(_ number: CInt) { self.number = number }

    deinit { close(number) }
}

/// What came of reading or writing.
enum Transfer: Equatable {
    case bytes(Int)
    case wouldBlock
    case closed
}

/// The place where clients connect.
enum ServerPlace {
    case socket(OwnedDescriptor, port: UInt16)
    /// The master's end; clients open the slave by its path, and the watch (inotify) says when they do.
    case pty(OwnedDescriptor, watch: OwnedDescriptor, path: String)

    static func open(_ endpoint: BoardEndpoint) throws(VirtualBoardError) -> ServerPlace {
        switch endpoint {
        case .tcp(let port), .rfc2217(let port): return try listen(port)
        case .pty: return try openTerminal()
        }
    }

    private static func listen(_ port: UInt16) throws(VirtualBoardError) -> ServerPlace {
        let number = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        guard number >= 0 else { throw failure("open a socket") }
        let descriptor = OwnedDescriptor(number)
        prepare(number)
        set(number, SOL_SOCKET, SO_REUSEADDR)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(number, generic, length) == 0 && Glibc.listen(number, 4) == 0
                    && getsockname(number, generic, &length) == 0
            }
        }
        guard isBound else { throw failure("listen on 127.0.0.1:\(port)") }
        return .socket(descriptor, port: UInt16(bigEndian: address.sin_port))
    }

    private static func openTerminal() throws(VirtualBoardError) -> ServerPlace {
        var master: CInt = -1
        var slave: CInt = -1
        guard openpty(&master, &slave, nil, nil, nil) == 0 else { throw failure("open a pseudo-terminal") }
        let descriptor = OwnedDescriptor(master)
        defer { close(slave) }
        var settings = termios()
        var name = [CChar](repeating: 0, count: 256)
        guard tcgetattr(slave, &settings) == 0, ttyname_r(slave, &name, name.count) == 0 else {
            throw failure("set up a pseudo-terminal")
        }
        cfmakeraw(&settings)
        // A program that sets no speed gets the usual one.
        cfsetspeed(&settings, speed_t(B115200))
        tcsetattr(slave, TCSANOW, &settings)
        prepare(master)
        let path = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return .pty(descriptor, watch: try watch(path), path: path)
    }

    // The master alone cannot tell that somebody closed and opened the slave in one breath.
    private static func watch(_ path: String) throws(VirtualBoardError) -> OwnedDescriptor {
        let number = inotify_init()
        guard number >= 0 else { throw failure("watch a pseudo-terminal") }
        let descriptor = OwnedDescriptor(number)
        prepare(number)
        guard inotify_add_watch(number, path, UInt32(IN_OPEN | IN_CLOSE)) >= 0 else {
            throw failure("watch \(path)")
        }
        return descriptor
    }

    private static func failure(_ action: String) -> VirtualBoardError {
        let reason = Errno(rawValue: errno)
        let isTaken = reason == .addressInUse
        return VirtualBoardError(
            code: isTaken ? "port-busy" : reason == .permissionDenied ? "permission-denied" : "port-not-found",
            message: "cannot \(action): \(reason)",
            hint: isTaken ? "choose another port, or 0 for a free one" : "choose another way to serve the board")
    }
}

/// Makes a descriptor non-blocking, and keeps it from child processes.
func prepare(_ descriptor: CInt) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
}

/// The poll event "the peer will send no more" (Linux, poll(2)); the C library shows it to GNU sources only.
let pollReadHangUp: Int16 = 0x2000

/// Sets a socket option to 1.
private func set(_ descriptor: CInt, _ level: CInt, _ option: CInt) {
    var one: CInt = 1
    setsockopt(descriptor, level, option, &one, socklen_t(MemoryLayout<CInt>.size))
}

/// The speed that a terminal's user has set in bits per second; nil when it cannot be told.
///
/// The C library knows the usual speeds only; the kernel's own call says any (Linux, asm-generic/termbits.h: four flag
/// words, a line discipline, 19 control characters, then the two speeds).
func speed(ofTerminal master: OwnedDescriptor) -> Int? {
    let getSettings: UInt = 0x802C_542A
    var settings = [UInt32](repeating: 0, count: 11)
    guard ioctl(master.number, getSettings, &settings) == 0, settings[10] > 0 else { return nil }
    return Int(settings[10])
}

/// What happened to a watched pty.
enum TerminalEvent {
    case opened
    case closed

    /// The events that wait on a watch descriptor, in order (inotify(7); a watched file has no names in them).
    static func read(from watch: OwnedDescriptor) -> [TerminalEvent] {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let size = MemoryLayout<inotify_event>.size
        let count = Glibc.read(watch.number, &buffer, buffer.count)
        return stride(from: 0, through: count - size, by: size).compactMap { start in
            let mask = (0..<4).reduce(UInt32(0)) { $0 | UInt32(buffer[start + 4 + $1]) << UInt32($1 * 8) }
            if mask & UInt32(IN_OPEN) != 0 { return .opened }
            return mask & UInt32(IN_CLOSE) != 0 ? .closed : nil
        }
    }
}

/// The client of the moment.
struct ServerClient {
    let descriptor: OwnedDescriptor
    let isSocket: Bool

    /// Takes the next connection from a listening socket.
    static func accept(from listener: OwnedDescriptor) -> ServerClient? {
        let number = Glibc.accept(listener.number, nil, nil)
        guard number >= 0 else { return nil }
        prepare(number)
        set(number, CInt(IPPROTO_TCP), TCP_NODELAY)
        return ServerClient(descriptor: OwnedDescriptor(number), isSocket: true)
    }

    func read(into buffer: inout [UInt8]) -> Transfer {
        let count = Glibc.read(descriptor.number, &buffer, buffer.count)
        return outcome(count)
    }

    func write(_ bytes: ArraySlice<UInt8>) -> Transfer {
        let count = bytes.withUnsafeBytes { bytes in
            // A client that went away is an answer, not a signal.
            isSocket
                ? send(descriptor.number, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL))
                : Glibc.write(descriptor.number, bytes.baseAddress, bytes.count)
        }
        return outcome(count)
    }

    private func outcome(_ count: Int) -> Transfer {
        if count > 0 { return .bytes(count) }
        if count < 0 && (errno == EAGAIN || errno == EINTR) { return .wouldBlock }
        return .closed
    }
}
