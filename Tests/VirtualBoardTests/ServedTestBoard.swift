// A served board on a thread of its own, for tests that talk to it as another program would.

import Glibc
import TestSupport
import VirtualBoard

/// A server on its own thread; `end()` stops it and waits.
final class ServedTestBoard: Sendable {
    private struct Running: @unchecked Sendable {
        var thread: pthread_t
    }

    let url: String
    let stop: BoardServerStop
    private let running: Running

    /// Serves what `make` returns; it is made and used on the server's thread only.
    init(
        _ endpoint: BoardEndpoint, pace: BoardPace = .realTime, startsInLoader: Bool = true,
        make: @escaping @Sendable () throws -> any ServedBoard
    ) throws {
        let box = Box(endpoint, pace, startsInLoader, make)
        var thread = pthread_t()
        let status = pthread_create(&thread, nil, serve, Unmanaged.passRetained(box).toOpaque())
        precondition(status == 0)
        var byte: UInt8 = 0
        _ = read(box.ready[0], &byte, 1)
        guard let (url, stop) = box.started else {
            pthread_join(thread, nil)
            throw VirtualBoardError(code: "port-not-found", message: "\(String(describing: box.failure))", hint: "")
        }
        self.url = url
        self.stop = stop
        running = Running(thread: thread)
    }

    /// Stops the server and waits for its thread.
    func end() {
        stop()
        pthread_join(running.thread, nil)
    }

    /// The number at the end of the url.
    var port: UInt16 { url.split(separator: ":").last.flatMap { UInt16($0) } ?? 0 }

    fileprivate final class Box: @unchecked Sendable {
        let endpoint: BoardEndpoint
        let pace: BoardPace
        let startsInLoader: Bool
        let make: @Sendable () throws -> any ServedBoard
        var ready: [CInt] = [-1, -1]
        var started: (String, BoardServerStop)?
        var failure: (any Error)?

        init(
            _ endpoint: BoardEndpoint, _ pace: BoardPace, _ startsInLoader: Bool,
            _ make: @escaping @Sendable () throws -> any ServedBoard
        ) {
            self.endpoint = endpoint
            self.pace = pace
            self.startsInLoader = startsInLoader
            self.make = make
            _ = pipe(&ready)
        }

        deinit { ready.forEach { close($0) } }
    }
}

private func serve(_ raw: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let raw else { return nil }
    let box = Unmanaged<ServedTestBoard.Box>.fromOpaque(raw).takeRetainedValue()
    var byte: UInt8 = 1
    do {
        let server = try BoardServer(
            try box.make(), at: box.endpoint, pace: box.pace, startsInLoader: box.startsInLoader)
        box.started = (server.url, server.stop)
        _ = write(box.ready[1], &byte, 1)
        server.run()
    } catch {
        box.failure = error
        _ = write(box.ready[1], &byte, 1)
    }
    return nil
}
