// Reading and writing one non-blocking descriptor with poll(2) and time limits exact to its millisecond: what
// TCP, RFC 2217 and termios lines share. It blocks the calling thread, wakes every 50 ms to see whether the task
// was cancelled, and knows nothing of baud rates, modem lines or telnet.

package import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One open descriptor and the name it has in messages.
package struct DescriptorChannel: Sendable {
    package let descriptor: FileDescriptor
    package let port: String

    /// The longest a write may stand still before the line counts as lost.
    private static let writeLimit = Duration.seconds(10)
    private static let slice = Duration.milliseconds(50)
    private static let chunkBytes = 65536

    package init(descriptor: FileDescriptor, port: String) {
        self.descriptor = descriptor
        self.port = port
    }

    /// What has arrived, waiting at most `time` for the first byte; empty on a timeout or when the task is cancelled.
    package func read(within time: Duration) throws(DeviceError) -> [UInt8] {
        let deadline = ContinuousClock.now + time
        while true {
            if let bytes = try readNow() { return bytes }
            let left = deadline - ContinuousClock.now
            if left <= .zero || Task.isCancelled { return [] }
            try waitFor(events: CInt(POLLIN), for: min(left, Self.slice))
        }
    }

    /// Sends all bytes.
    package func write(_ bytes: [UInt8]) throws(DeviceError) {
        var rest = bytes[...]
        var deadline = ContinuousClock.now + Self.writeLimit
        while !rest.isEmpty {
            let count = try writeNow(rest)
            rest = rest.dropFirst(count)
            if count > 0 {
                deadline = ContinuousClock.now + Self.writeLimit
            } else if ContinuousClock.now >= deadline {
                throw .connectionLost(port, cause: "it takes no bytes any more")
            } else {
                try waitFor(events: CInt(POLLOUT), for: Self.slice)
            }
        }
    }

    /// Reads and drops whatever is there.
    package func discard() throws(DeviceError) {
        while try readNow() != nil {}
    }

    /// Waits until the descriptor is ready to be written, or the time is over; false when it is over.
    package func becomesWritable(within time: Duration) throws(DeviceError) -> Bool {
        try waitFor(events: CInt(POLLOUT), for: time)
    }

    private func readNow() throws(DeviceError) -> [UInt8]? {
        var failure: CInt = 0
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: Self.chunkBytes) { buffer, filled in
            repeat {
                count = systemRead(descriptor.rawValue, buffer.baseAddress, buffer.count)
                failure = count < 0 ? errno : 0
            } while failure == EINTR
            filled = max(0, count)
        }
        switch failure {
        case 0 where count > 0: return bytes
        case 0: throw .connectionLost(port, cause: "the other end hung up")
        case EAGAIN, EWOULDBLOCK: return nil
        default: throw .connectionLost(port, cause: Errno(rawValue: failure).description)
        }
    }

    private func writeNow(_ bytes: ArraySlice<UInt8>) throws(DeviceError) -> Int {
        var failure: CInt = 0
        let count = bytes.withUnsafeBytes { buffer in
            var count = 0
            repeat {
                count = systemWrite(descriptor.rawValue, buffer.baseAddress, buffer.count)
                failure = count < 0 ? errno : 0
            } while failure == EINTR
            return count
        }
        switch failure {
        case 0: return count
        case EAGAIN, EWOULDBLOCK: return 0
        default: throw .connectionLost(port, cause: Errno(rawValue: failure).description)
        }
    }

    @discardableResult
    private func waitFor(events: CInt, for time: Duration) throws(DeviceError) -> Bool {
        var request = pollfd(fd: descriptor.rawValue, events: Int16(events), revents: 0)
        let ready = poll(&request, 1, CInt((time / .milliseconds(1)).rounded(.up)))
        if ready < 0 && errno != EINTR { throw .connectionLost(port, cause: Errno(rawValue: errno).description) }
        return ready > 0
    }
}

private func systemRead(_ descriptor: CInt, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    guard let buffer else { return 0 }
    return read(descriptor, buffer, count)
}

private func systemWrite(_ descriptor: CInt, _ buffer: UnsafeRawPointer?, _ count: Int) -> Int {
    guard let buffer else { return 0 }
    #if canImport(Glibc)
        // MSG_NOSIGNAL keeps a vanished peer from killing the process; only sockets take it.
        let sent = send(descriptor, buffer, count, CInt(MSG_NOSIGNAL))
        if sent >= 0 || errno != ENOTSOCK { return sent }
    #endif
    return write(descriptor, buffer, count)
}
