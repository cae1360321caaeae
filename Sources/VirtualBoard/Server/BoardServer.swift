// Offers a board to any program, over TCP, RFC 2217 or a pty: one thread, one poll loop, one client at a time.
// The board runs in between, in step with the wall clock or as fast as the client takes its output. How the
// bytes are framed is RFC2217Session's, the descriptors are ServerLine's.

internal import Glibc

/// Ends a server's `run` from another thread or from a signal handler.
public final class BoardServerStop: Sendable {
    private let writeEnd: CInt
    fileprivate let readEnd: CInt

    fileprivate init() {
        var ends: [CInt] = [-1, -1]
        if pipe(&ends) == 0 { ends.forEach(prepare) }
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    /// Asks the server to end; safe in a signal handler.
    public func callAsFunction() {
        var byte: UInt8 = 1
        _ = write(writeEnd, &byte, 1)
    }
}

/// A board that other programs can talk to.
///
/// Not Sendable: made and run on one thread; only its `stop` may be used elsewhere.
public final class BoardServer {
    private static let outgoingLimit = 65536
    private static let incomingLimit = 65536
    /// How often the board may stop with output before the world is looked at.
    private static let runsBetweenPolls = 16
    /// How long board time runs at once in virtual time, so that input is seen in between.
    private static let virtualSlice: UInt64 = 10_000_000
    /// After a change of the modem lines even virtual time keeps to the wall clock this long, as what matters
    /// then is how long the client holds a line.
    private static let lineSettling: UInt64 = 500_000_000

    /// Where clients reach the board: `rfc2217://127.0.0.1:N`, `socket://127.0.0.1:N` or a device path.
    public let url: String
    /// Called when the board's program cannot go on.
    public var report: (VirtualBoardError) -> Void = { _ in }
    /// Ends `run`.
    public let stop = BoardServerStop()

    private let place: ServerPlace
    private let endpoint: BoardEndpoint
    private let board: any ServedBoard
    private let pace: BoardPace
    private let startsInLoader: Bool
    private var clock = BoardClock()
    private var client: ServerClient?
    private var session: RFC2217Session?
    private var outgoing: [UInt8] = []
    private var sent = 0
    private var isPowered = false
    private var isSuspended = false
    private var clientHasHungUp = false
    /// How many have the pty open.
    private var terminalUsers = 0
    private var wasIdle = true
    private var hasReported = false
    private var hasToldClient = false
    private var lastLineChange: UInt64 = 0
    private var buffer = [UInt8](repeating: 0, count: 16384)

    /// Opens the place; throws `port-busy`, `permission-denied` or `port-not-found`.
    package init(
        _ board: any ServedBoard, at endpoint: BoardEndpoint, pace: BoardPace, startsInLoader: Bool
    ) throws(VirtualBoardError) {
        self.board = board
        self.endpoint = endpoint
        self.pace = pace
        self.startsInLoader = startsInLoader
        place = try ServerPlace.open(endpoint)
        switch (endpoint, place) {
        case (.rfc2217, .socket(_, let port)): url = "rfc2217://127.0.0.1:\(port)"
        case (_, .socket(_, let port)): url = "socket://127.0.0.1:\(port)"
        case (_, .pty(_, _, let path)): url = path
        }
    }

    /// Serves until `stop` is called.
    public func run() {
        while true {
            let timeout = advanceBoard()
            var polled = descriptors()
            let count = poll(&polled, nfds_t(polled.count), timeout)
            if count < 0 && errno != EINTR { return }
            if polled[0].revents != 0 { return }
            if wasIdle { clock.restart(board: board.now, wall: BoardClock.wallNanoseconds()) }
            let clientEvents = polled.count > 2 ? polled[2].revents : 0
            if clientEvents != 0 { serveClient(clientEvents) }
            if polled[1].revents != 0 { placeIsReady(polled[1].revents) }
        }
    }

    // MARK: The board

    /// Runs the board as far as it may go and returns how long to wait for the world, in ms; -1 is for ever.
    private func advanceBoard() -> CInt {
        guard isPowered else { return -1 }
        // Without a client, virtual time stands still: nobody takes the output.
        if client == nil && pace == .virtualTime { return -1 }
        for _ in 0..<Self.runsBetweenPolls {
            guard hasRoom else {
                wasIdle = true
                return -1
            }
            takeTerminalSpeed()
            let pause = board.advance(to: nextTarget(), outputLimit: 4096)
            send(board.takeOutput())
            tellFailure()
            if board.takeDisconnect() { dropClient() }
            wasIdle = pause == .idle || pause == .off
            switch pause {
            case .output: flush()
            case .deadline:
                flush()
                return isVirtualNow ? 0 : client == nil ? 20 : 2
            case .idle:
                flush()
                return -1
            case .off:
                flush()
                isPowered = false
                dropClient()
                return -1
            }
        }
        return 0
    }

    // The client is told on the line: any program that shows what a board says shows this as well.
    private func tellFailure() {
        guard let failure = board.failure else {
            hasReported = false
            hasToldClient = false
            return
        }
        if !hasReported { report(failure) }
        hasReported = true
        guard !hasToldClient, client != nil else { return }
        hasToldClient = true
        send(Array("\r\nespmask: error=\(failure.code) message=\"\(failure.message)\"\r\n".utf8))
    }

    private var hasRoom: Bool { outgoing.count - sent < Self.outgoingLimit }

    private var isVirtualNow: Bool {
        switch pace {
        case .realTime: false
        case .virtualTime: BoardClock.wallNanoseconds() &- lastLineChange > Self.lineSettling
        }
    }

    private func nextTarget() -> UInt64 {
        if isVirtualNow { return board.now &+ Self.virtualSlice }
        return clock.target(board: board.now, wall: BoardClock.wallNanoseconds())
    }

    private func powerCycle() {
        board.powerCycle(intoLoader: startsInLoader)
        isPowered = true
        clock.restart(board: board.now, wall: BoardClock.wallNanoseconds())
    }

    // MARK: Clients

    private func descriptors() -> [pollfd] {
        var list = [pollfd(fd: stop.readEnd, events: Int16(POLLIN), revents: 0)]
        switch place {
        case .socket(let listener, _):
            // A client that has hung up is served to its end before the next one gets in.
            list.append(pollfd(fd: clientHasHungUp ? -1 : listener.number, events: Int16(POLLIN), revents: 0))
        case .pty(_, let watch, _): list.append(pollfd(fd: watch.number, events: Int16(POLLIN), revents: 0))
        }
        if let client {
            var events = pollReadHangUp
            if board.waitingInput < Self.incomingLimit && hasRoom { events |= Int16(POLLIN) }
            if sent < outgoing.count && !isSuspended { events |= Int16(POLLOUT) }
            if clientHasHungUp { events &= ~pollReadHangUp }
            list.append(pollfd(fd: client.descriptor.number, events: events, revents: 0))
        }
        return list
    }

    private func placeIsReady(_ events: Int16) {
        guard events & Int16(POLLIN) != 0 else { return }
        switch place {
        case .socket(let listener, _):
            if client == nil {
                if let next = ServerClient.accept(from: listener) { connect(next) }
            } else if !clientHasHungUp {
                // One at a time: the second is taken and let go, so that it fails at once instead of waiting.
                _ = ServerClient.accept(from: listener)
            }
        case .pty(let master, let watch, _):
            for event in TerminalEvent.read(from: watch) { terminal(event, master) }
        }
    }

    private func terminal(_ event: TerminalEvent, _ master: OwnedDescriptor) {
        switch event {
        case .opened:
            terminalUsers += 1
            if client == nil { connect(ServerClient(descriptor: master, isSocket: false)) }
        case .closed:
            terminalUsers -= 1
            guard terminalUsers <= 0 else { return }
            // What was written before the close still counts.
            serveClient(Int16(POLLIN))
            dropClient()
        }
    }

    private func connect(_ next: ServerClient) {
        client = next
        outgoing = []
        sent = 0
        isSuspended = false
        clientHasHungUp = false
        hasToldClient = false
        switch endpoint {
        case .rfc2217:
            session = RFC2217Session()
            if !isPowered { powerCycle() }
        case .tcp, .pty: powerCycle()
        }
        wasIdle = false
    }

    private func dropClient() {
        guard client != nil else { return }
        if case .pty(let master, _, _) = place { tcflush(master.number, TCIOFLUSH) }
        client = nil
        clientHasHungUp = false
        outgoing = []
        sent = 0
        if session != nil {
            board.hostBaudRate = nil
            if isPowered { setLines(dtr: false, rts: false) } else { board.setModemLines(dtr: false, rts: false) }
        }
        session = nil
    }

    private func serveClient(_ events: Int16) {
        if events & pollReadHangUp != 0 { clientHasHungUp = true }
        if events & Int16(POLLOUT) != 0 { flush() }
        guard let client, events & Int16(POLLIN | POLLHUP | POLLERR) != 0 else { return }
        switch client.read(into: &buffer) {
        case .bytes(let count): take(Array(buffer[..<count]))
        case .wouldBlock: return
        case .closed: dropClient()
        }
    }

    private func take(_ bytes: [UInt8]) {
        guard session != nil else { return deliver(bytes) }
        for event in session?.received(bytes) ?? [] {
            switch event {
            case .data(let data): deliver(data)
            case .reply(let reply): outgoing += reply
            case .modemLines(let dtr, let rts): setLines(dtr: dtr, rts: rts)
            case .baudRate(let baud): board.hostBaudRate = baud
            case .purgeOutput:
                // What is queued for the client counts as sent: its answers lie among it.
                _ = board.takeOutput()
            case .suspend(let isOn): isSuspended = isOn
            }
        }
        flush()
    }

    /// A terminal's user sets the speed without a word to the server.
    private func takeTerminalSpeed() {
        if case .pty(let master, _, _) = place { board.hostBaudRate = speed(ofTerminal: master) }
    }

    private func deliver(_ bytes: [UInt8]) {
        wasIdle = false
        // The loader measures the first bytes: they must not come at the speed of the last look.
        takeTerminalSpeed()
        board.receive(bytes)
    }

    private func setLines(dtr: Bool, rts: Bool) {
        let now = BoardClock.wallNanoseconds()
        // A board whose time ran ahead would stand still until the wall clock has caught up with it.
        if isVirtualNow { clock.restart(board: board.now, wall: now) }
        lastLineChange = now
        wasIdle = false
        if !isPowered { powerCycle() }
        board.setModemLines(dtr: dtr, rts: rts)
    }

    private func send(_ output: [UInt8]) {
        guard client != nil, !output.isEmpty else { return }
        outgoing += session?.encode(output) ?? output
    }

    private func flush() {
        guard let client, !isSuspended else { return }
        while sent < outgoing.count {
            switch client.write(outgoing[sent...]) {
            case .bytes(let count): sent += count
            case .wouldBlock:
                if sent > Self.outgoingLimit {
                    outgoing.removeFirst(sent)
                    sent = 0
                }
                return
            case .closed: return dropClient()
            }
        }
        outgoing.removeAll(keepingCapacity: true)
        sent = 0
    }
}
