// A port that talks by itself: a TCP socket on which each connection gets its own script of bytes and is then closed.
// What a board, a cable or a program in between could send, without any of them.

import Foundation
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// A listening socket with something to say.
final class TalkingPort: Sendable {
    /// What is said on a connection; it is closed behind the last piece.
    struct Script: Sendable {
        var pieces: [[UInt8]]
        /// How long the connection stays open in silence.
        var lingers: Duration = .zero
    }

    /// The port as `--port` takes it.
    let url: String
    private let heard = Mutex<[UInt8]>([])

    /// Listens, and says each script to one client after the other.
    init(_ scripts: [Script]) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(listener >= 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let number = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { name -> UInt16? in
                guard bind(listener, name, length) == 0, listen(listener, 4) == 0,
                    getsockname(listener, name, &length) == 0
                else { return nil }
                return name.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee.sin_port.bigEndian }
            }
        }
        url = "socket://127.0.0.1:\(try #require(number))"
        // A thread of its own: a test's task must not wait in a system call.
        Thread.detachNewThread { [self] in
            for script in scripts {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { break }
                say(script, to: client)
                close(client)
            }
            close(listener)
        }
    }

    /// What the clients sent so far.
    var received: [UInt8] { heard.withLock { $0 } }

    private func say(_ script: Script, to client: CInt) {
        for piece in script.pieces {
            var at = 0
            while at < piece.count {
                let sent = piece[at...].withUnsafeBytes {
                    send(client, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
                }
                if sent <= 0 { return }
                at += sent
            }
        }
        let end = ContinuousClock.now + script.lingers
        while ContinuousClock.now < end {
            var polled = pollfd(fd: client, events: Int16(POLLIN), revents: 0)
            guard poll(&polled, 1, 20) > 0 else { continue }
            var buffer = [UInt8](repeating: 0, count: 512)
            let count = recv(client, &buffer, buffer.count, 0)
            if count <= 0 { return }
            heard.withLock { $0 += buffer[..<count] }
        }
    }
}
