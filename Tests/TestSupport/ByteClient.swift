// The other end of a socket or a terminal, with a deadline on every read so that a silent peer fails the test instead of
// stopping it.

public import SystemPackage

#if canImport(Glibc)
    import Glibc
#endif

/// A client of something that serves bytes on this machine.
public final class ByteClient {
    private static let deadlineMilliseconds: CInt = 10_000
    private let descriptor: CInt

    /// Connects to a TCP port of 127.0.0.1.
    public init(port: UInt16) throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
        }
        guard status == 0 else { throw Errno(rawValue: errno) }
    }

    /// Opens a terminal.
    public init(path: String) throws {
        descriptor = open(path, O_RDWR | O_NOCTTY)
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    }

    deinit { close(descriptor) }

    /// Writes bytes.
    public func send(_ bytes: [UInt8]) { _ = write(descriptor, bytes, bytes.count) }

    /// Sets the speed of a terminal to one of the C library's constants, for example B9600.
    public func setSpeed(_ speed: UInt32) {
        var settings = termios()
        tcgetattr(descriptor, &settings)
        cfsetspeed(&settings, speed_t(speed))
        tcsetattr(descriptor, TCSANOW, &settings)
    }

    /// Reads until `enough` says so, the other end closes, or nothing has come for ten seconds.
    public func read(until enough: ([UInt8]) -> Bool) -> [UInt8] {
        var got: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !enough(got) {
            var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&polled, 1, Self.deadlineMilliseconds) > 0 else { break }
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            got += buffer[..<count]
        }
        return got
    }

    /// Reads until the text holds `part`.
    public func text(until part: String) -> String {
        String(decoding: read { String(decoding: $0, as: UTF8.self).contains(part) }, as: UTF8.self)
    }

    /// True when the other end closes, after whatever it still sends.
    public func isClosed() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&polled, 1, Self.deadlineMilliseconds) > 0 else { return false }
            if Glibc.read(descriptor, &buffer, buffer.count) <= 0 { return true }
        }
    }
}
