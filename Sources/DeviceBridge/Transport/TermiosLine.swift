// A real serial device, or a pseudo-terminal, through termios(3): raw bytes, 8N1, exclusive, any rate the driver can
// do: odd ones (74880) through Linux's termios2. A pseudo-terminal has no modem lines and a rate without meaning; the
// capabilities say so, since the kernel answers TIOCMGET on it with an error.

internal import CSerial
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A serial device of this machine.
public actor TermiosLine: SerialLine {
    private let executor: LineExecutor
    private let port: String
    private var channel: DescriptorChannel?

    /// The thread that waits for the device.
    nonisolated public var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    /// Modem lines and baud rate where the device has them.
    nonisolated public let capabilities: LineCapabilities

    /// Opens the device at `path` for this process alone, raw, 8N1.
    /// Errors: `port-not-found`, `port-busy`, `permission-denied`.
    public init(path: String, baud: Int = 115200) async throws(DeviceError) {
        let executor = LineExecutor(label: "espmask.serial")
        let channel = try TermiosDevice.open(path)
        self.executor = executor
        self.channel = channel
        port = path
        capabilities = TermiosDevice.modemBits(channel) == nil ? [] : [.modemLines, .baudRate]
        try setBaudRate(baud)
    }

    /// Sends all bytes, or fails with `connection-lost`.
    public func write(_ bytes: [UInt8]) throws(DeviceError) {
        try opened().write(bytes)
    }

    /// Returns what has arrived within `time`.
    public func read(within time: Duration) throws(DeviceError) -> [UInt8] {
        try opened().read(within: time)
    }

    /// Sets the rate, after what was written has left. Throws `usage` for a rate the device cannot do.
    public func setBaudRate(_ baud: Int) throws(DeviceError) {
        try TermiosDevice.configure(opened(), baud: baud)
    }

    /// Drives both lines in one system call, so that they change together.
    public func setModemLines(dtr: Bool, rts: Bool) throws(DeviceError) {
        let channel = try opened()
        guard capabilities.contains(.modemLines), var bits = TermiosDevice.modemBits(channel) else { return }
        bits = dtr ? bits | TIOCM_DTR : bits & ~TIOCM_DTR
        bits = rts ? bits | TIOCM_RTS : bits & ~TIOCM_RTS
        guard ioctl(channel.descriptor.rawValue, UInt(TIOCMSET), &bits) == 0 else {
            throw .connectionLost(port, cause: Errno(rawValue: errno).description)
        }
    }

    /// Throws away what has arrived, in the kernel's buffer as well.
    public func discardInput() throws(DeviceError) {
        let channel = try opened()
        tcflush(channel.descriptor.rawValue, TCIFLUSH)
        try channel.discard()
    }

    /// Lets wall-clock time pass.
    public func pause(_ time: Duration) async throws(DeviceError) {
        _ = try opened()
        try? await Task.sleep(for: time)
    }

    /// Gives the device back.
    public func close() {
        // A pseudo-terminal outlives this end, and with it would its being somebody's alone.
        if let channel {
            _ = ioctl(channel.descriptor.rawValue, UInt(TIOCNXCL))
            _ = flock(channel.descriptor.rawValue, LOCK_UN)
        }
        try? channel?.descriptor.close()
        channel = nil
    }

    private func opened() throws(DeviceError) -> DescriptorChannel {
        guard let channel else { throw .closed(port) }
        return channel
    }
}

/// The system calls of opening and configuring.
private enum TermiosDevice {
    static func open(_ path: String) throws(DeviceError) -> DescriptorChannel {
        let handle = path.withCString { systemOpen($0, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC) }
        guard handle >= 0 else { throw .opening(path, errno) }
        let channel = DescriptorChannel(descriptor: FileDescriptor(rawValue: handle), port: path)
        do throws(DeviceError) {
            guard isatty(handle) == 1 else { throw .portNotFound(path, cause: "it is no serial device") }
            // flock keeps out programs that ask for it (pySerial does); TIOCEXCL everything but root.
            guard flock(handle, LOCK_EX | LOCK_NB) == 0 else { throw .opening(path, errno) }
            guard ioctl(handle, UInt(TIOCEXCL)) == 0 else { throw .opening(path, errno) }
            // Not every driver has it, and none needs it.
            _ = cserial_low_latency(handle)
            return channel
        } catch {
            try? channel.descriptor.close()
            throw error
        }
    }

    static func modemBits(_ channel: DescriptorChannel) -> CInt? {
        var bits: CInt = 0
        return ioctl(channel.descriptor.rawValue, UInt(TIOCMGET), &bits) == 0 ? bits : nil
    }

    static func configure(_ channel: DescriptorChannel, baud: Int) throws(DeviceError) {
        guard (1...20_000_000).contains(baud) else { throw .rateRefused(channel.port, baud, instead: nil) }
        let speed = standardRates[baud]
        let handle = channel.descriptor.rawValue
        var settings = termios()
        guard tcgetattr(handle, &settings) == 0 else {
            throw .connectionLost(channel.port, cause: Errno(rawValue: errno).description)
        }
        cfmakeraw(&settings)
        settings.c_cflag |= tcflag_t(CLOCAL | CREAD | CS8)
        // HUPCL would drop DTR and RTS on close and reset many boards behind the user's back.
        settings.c_cflag &= ~tcflag_t(CSTOPB | PARENB | HUPCL)
        settings.c_iflag &= ~tcflag_t(IXON | IXOFF | IXANY)
        withUnsafeMutableBytes(of: &settings.c_cc) { characters in
            characters[Int(VMIN)] = 1
            characters[Int(VTIME)] = 0
        }
        if let speed {
            cfsetispeed(&settings, speed)
            cfsetospeed(&settings, speed)
        }
        guard tcsetattr(handle, TCSADRAIN, &settings) == 0 else {
            throw .connectionLost(channel.port, cause: Errno(rawValue: errno).description)
        }
        if speed == nil {
            let failure = cserial_set_rate(handle, CUnsignedInt(baud))
            guard failure == 0 else { throw .rateRefused(channel.port, baud, instead: nil) }
        }
        // A driver that cannot do a rate silently takes another one; within 3 % UARTs understand each other.
        let actual = Int(cserial_rate(handle))
        guard actual == 0 || abs(actual - baud) * 100 <= 3 * baud else {
            throw .rateRefused(channel.port, baud, instead: actual)
        }
    }

    private static let standardRates: [Int: speed_t] = {
        var rates: [Int: speed_t] = [
            9600: speed_t(B9600), 19200: speed_t(B19200), 38400: speed_t(B38400), 57600: speed_t(B57600),
            115200: speed_t(B115200), 230400: speed_t(B230400),
        ]
        #if canImport(Glibc)
            let fast: [Int: CInt] = [
                460800: B460800, 500000: B500000, 921600: B921600, 1_000_000: B1000000, 1_500_000: B1500000,
                2_000_000: B2000000, 3_000_000: B3000000,
            ]
            for (rate, speed) in fast { rates[rate] = speed_t(speed) }
        #endif
        return rates
    }()
}

private func systemOpen(_ path: UnsafePointer<CChar>, _ flags: CInt) -> CInt {
    open(path, flags)
}
