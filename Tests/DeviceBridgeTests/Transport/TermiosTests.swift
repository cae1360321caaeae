// The termios line on pseudo-terminals whose other end the test holds.

import CSerial
import DeviceBridge
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// A pseudo-terminal: the end that plays the board.
private final class Terminal: Sendable {
    let board: CInt
    let path: String

    init() throws {
        // TIOCSPTLCK and TIOCGPTN of asm-generic/ioctls.h, which Swift does not see.
        board = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var (unlocked, number): (CInt, CInt) = (0, 0)
        guard board >= 0, ioctl(board, 0x4004_5431, &unlocked) == 0, ioctl(board, 0x8004_5430, &number) == 0
        else { throw Errno(rawValue: errno) }
        path = "/dev/pts/\(number)"
    }

    deinit { close(board) }

    func send(_ bytes: [UInt8]) { _ = write(board, bytes, bytes.count) }

    func receive(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var got = 0
        while got < count {
            var polled = pollfd(fd: board, events: Int16(POLLIN), revents: 0)
            guard poll(&polled, 1, 5000) > 0 else { break }
            let more = bytes.withUnsafeMutableBytes { read(board, $0.baseAddress?.advanced(by: got), count - got) }
            if more <= 0 { break }
            got += more
        }
        return Array(bytes.prefix(got))
    }
}

@Suite("A serial device through termios")
struct TermiosTests {
    @Test("Every byte passes as it is, in both directions, at any rate")
    func transparent() async throws {
        let all = (0...255).map { UInt8($0) }
        let terminal = try Terminal()
        let line = try await TermiosLine(path: terminal.path)
        #expect(line.capabilities == [])
        try await line.write(all + all)
        #expect(terminal.receive(512) == all + all)
        terminal.send(all)
        var got: [UInt8] = []
        while got.count < 256 {
            let more = try await line.read(within: .seconds(5))
            if more.isEmpty { break }
            got += more
        }
        #expect(got == all)
        await line.close()
    }

    @Test("Usual and odd rates reach the kernel", arguments: [115200, 921600, 74880, 250000, 1_843_200, 300])
    func rates(baud: Int) async throws {
        let terminal = try Terminal()
        let line = try await TermiosLine(path: terminal.path, baud: baud)
        #expect(cserial_rate(terminal.board) == CUnsignedInt(baud))
        try await line.setBaudRate(115200)
        #expect(cserial_rate(terminal.board) == 115200)
        await line.close()
    }

    @Test("A rate that cannot be is usage", arguments: [0, -1, 100_000_000])
    func impossible(baud: Int) async throws {
        let terminal = try Terminal()
        await #expect { _ = try await TermiosLine(path: terminal.path, baud: baud) } throws: {
            ($0 as? DeviceError)?.code == "usage"
        }
    }

    @Test("A device has one owner: a second one is port-busy until the first lets go")
    func exclusive() async throws {
        let terminal = try Terminal()
        let first = try await TermiosLine(path: terminal.path)
        await #expect { _ = try await TermiosLine(path: terminal.path) } throws: {
            ($0 as? DeviceError)?.code == "port-busy"
        }
        await first.close()
        await (try TermiosLine(path: terminal.path)).close()
    }

    @Test("A hang-up ends a read that waits, as connection-lost, and every later call")
    func hangUp() async throws {
        var terminal: Terminal? = try Terminal()
        let line = try await TermiosLine(path: try #require(terminal).path)
        terminal?.send([0x55])
        #expect(try await line.read(within: .seconds(5)) == [0x55])
        terminal = nil
        for _ in 0..<2 {
            await #expect { _ = try await line.read(within: .seconds(30)) } throws: {
                ($0 as? DeviceError)?.code == "connection-lost"
            }
        }
        await line.close()
        await #expect { try await line.write([1]) } throws: { ($0 as? DeviceError)?.code == "connection-lost" }
    }

    @Test("What is no serial device or not there is port-not-found", arguments: ["/dev/null", "/dev/absent", "/tmp"])
    func absent(path: String) async throws {
        await #expect { _ = try await TermiosLine(path: path) } throws: {
            ["port-not-found"].contains(($0 as? DeviceError)?.code)
        }
    }

    @Test(
        "pySerial keeps out of a port that we hold, and we of one that it holds",
        .enabled(if: Peers.python("python") != nil, "The Python peers are absent"))
    func pySerial() async throws {
        let python = try #require(Peers.python("python"))
        let terminal = try Terminal()
        let line = try await TermiosLine(path: terminal.path)
        let open = "import serial, sys; port = serial.Serial(sys.argv[1], exclusive=True)"
        let refused = try await Peers.run(python, ["-c", open, terminal.path])
        #expect(refused.status != 0 && refused.errors.contains("exclusively lock"), "\(refused.errors)")
        await line.close()
        let folder = try ScratchFolder()
        let holder = try RunningProgram(
            python, ["-u", "-c", open + "; print('open'); import time; time.sleep(600)", terminal.path], in: folder.path
        )
        _ = holder.line()
        await #expect { _ = try await TermiosLine(path: terminal.path) } throws: {
            ($0 as? DeviceError)?.code == "port-busy"
        }
        _ = holder.end()
    }
}
