// A board behind a plain TCP socket (socket://HOST:PORT): bytes and nothing else. Modem lines and baud rates do
// not exist here; who needs a reset must have it done at the other end.

import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A plain TCP connection to a board.
public actor TCPLine: SerialLine {
    private let executor: LineExecutor
    private let port: String
    private var channel: DescriptorChannel?

    /// The thread that waits for the socket.
    nonisolated public var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    /// A socket carries bytes only.
    nonisolated public var capabilities: LineCapabilities { [] }

    /// Connects to `host`:`port` within `limit`; `port-not-found` where nobody answers.
    public init(host: String, port: UInt16, within limit: Duration = .seconds(5)) async throws(DeviceError) {
        self.port = "socket://\(host):\(port)"
        executor = LineExecutor(label: "espmask.tcp")
        try open(host, port, limit)
    }

    private func open(_ host: String, _ number: UInt16, _ limit: Duration) throws(DeviceError) {
        channel = try TCPConnection.open(host: host, port: number, name: port, within: limit)
    }

    /// Sends all bytes, or fails with `connection-lost`.
    public func write(_ bytes: [UInt8]) throws(DeviceError) {
        try opened().write(bytes)
    }

    /// Returns what has arrived within `time`.
    public func read(within time: Duration) throws(DeviceError) -> [UInt8] {
        try opened().read(within: time)
    }

    /// Does nothing: a socket has no baud rate.
    public func setBaudRate(_ baud: Int) throws(DeviceError) { _ = try opened() }

    /// Does nothing: a socket has no modem lines.
    public func setModemLines(dtr: Bool, rts: Bool) throws(DeviceError) { _ = try opened() }

    /// Throws away what has arrived.
    public func discardInput() throws(DeviceError) {
        try opened().discard()
    }

    /// Lets wall-clock time pass.
    public func pause(_ time: Duration) async throws(DeviceError) {
        _ = try opened()
        try? await Task.sleep(for: time)
    }

    /// Closes the socket.
    public func close() {
        try? channel?.descriptor.close()
        channel = nil
    }

    private func opened() throws(DeviceError) -> DescriptorChannel {
        guard let channel else { throw .closed(port) }
        return channel
    }
}

/// Name resolution and connecting with a time limit.
enum TCPConnection {
    static func open(
        host: String, port: UInt16, name: String, within limit: Duration
    ) throws(DeviceError) -> DescriptorChannel {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        #if canImport(Glibc)
            hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        #else
            hints.ai_socktype = SOCK_STREAM
        #endif
        var list: UnsafeMutablePointer<addrinfo>?
        let failure = getaddrinfo(host, String(port), &hints, &list)
        guard failure == 0 else { throw .portNotFound(name, cause: String(cString: gai_strerror(failure))) }
        defer { freeaddrinfo(list) }

        var last = DeviceError.portNotFound(name, cause: "the host has no address")
        var candidate = list
        while let entry = candidate?.pointee {
            do throws(DeviceError) {
                return try connect(to: entry, name: name, within: limit)
            } catch {
                last = error
            }
            candidate = entry.ai_next
        }
        throw last
    }

    private static func connect(
        to entry: addrinfo, name: String, within limit: Duration
    ) throws(DeviceError) -> DescriptorChannel {
        let handle = socket(entry.ai_family, entry.ai_socktype, entry.ai_protocol)
        guard handle >= 0 else { throw .opening(name, errno) }
        let channel = DescriptorChannel(descriptor: FileDescriptor(rawValue: handle), port: name)
        do throws(DeviceError) {
            _ = fcntl(handle, F_SETFL, fcntl(handle, F_GETFL) | O_NONBLOCK)
            _ = fcntl(handle, F_SETFD, FD_CLOEXEC)
            var yes: CInt = 1
            // Requests are small and answered one by one: Nagle's algorithm would add 40 ms to each.
            setsockopt(handle, CInt(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<CInt>.size))
            if systemConnect(handle, entry) != 0 {
                guard errno == EINPROGRESS else { throw .opening(name, errno) }
                guard try channel.becomesWritable(within: limit) else {
                    throw .portNotFound(name, cause: "no answer within \(limit)")
                }
                var result: CInt = 0
                var size = socklen_t(MemoryLayout<CInt>.size)
                getsockopt(handle, SOL_SOCKET, SO_ERROR, &result, &size)
                guard result == 0 else { throw .opening(name, result) }
            }
            return channel
        } catch {
            try? channel.descriptor.close()
            throw error
        }
    }
}

private func systemConnect(_ handle: CInt, _ entry: addrinfo) -> CInt {
    connect(handle, entry.ai_addr, entry.ai_addrlen)
}
