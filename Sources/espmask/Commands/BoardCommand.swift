// `espmask board serve`: the virtual board as a serial port for any other program, until it is told to end. What a port
// string like `virtual:` opens inside this program is not here.

import ArgumentParser
import BoardPorts
import DeviceBridge
import ESPImage
import SystemPackage
import Toolchain
import VirtualBoard

#if canImport(Glibc)
    import Glibc
#endif

struct BoardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "board", abstract: "The virtual board.", subcommands: [BoardServeCommand.self])
}

struct BoardServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Offer the virtual board to any program, over RFC 2217, TCP or a pty.",
        discussion: """
            Example: espmask board serve --rfc2217 4000
            and in another window: esptool --port rfc2217://127.0.0.1:4000 flash-id

            The first line on stdout is {"event":"listening","url":...}. It serves until SIGTERM or Ctrl-C, on this \
            machine only (127.0.0.1). Over RFC 2217 the modem lines reset the board; over TCP and a pty every new \
            connection does.
            """)

    /// How board time passes.
    enum Pace: String, EnumerableFlag {
        case realtime, virtualTime

        static func help(for value: Pace) -> ArgumentHelp? {
            switch value {
            case .realtime: "The board's clock is the wall clock (the default)."
            case .virtualTime: "The board runs as fast as its client takes what it says."
            }
        }
    }

    @Option(help: "The board, as `boards/` names it; NAME#OTHER is another one of its kind.")
    var board = Project.defaultBoard
    @Option(name: .customLong("rfc2217"), help: "A port for RFC 2217, 0 for a free one (the default).")
    var rfc2217: UInt16?
    @Option(help: "A port for plain TCP, 0 for a free one.") var tcp: UInt16?
    @Flag(help: "Serve on a pseudo-terminal.") var pty = false
    @Option(help: "The file with the flash's contents; .espmask/boards/BOARD/flash.bin where not given.")
    var flash: String?
    @Flag(help: "Start in the loader, as with the boot button held.") var download = false
    @Option(help: "Faults, for example 'corrupt:byte=100,dir=tx;power-cut:write=12'.") var fault: String?
    @Flag var pace = Pace.realtime
    @OptionGroup var out: OutputOptions

    func validate() throws {
        let places = (rfc2217 == nil ? 0 : 1) + (tcp == nil ? 0 : 1) + (pty ? 1 : 0)
        if places > 1 { throw ValidationError("Only one of --rfc2217, --tcp and --pty can be given.") }
    }

    func run() throws {
        let console = out.console
        let faults = try fault.map { text throws(VirtualBoardError) in try FaultInjector(parsing: text) }
        let (profile, file) = try profileAndFile()
        let board = Board(
            profile: profile, flash: try NORFlash(file: file, size: profile.flashSize),
            faults: faults ?? FaultInjector())
        let server = try BoardServer(board, at: endpoint, pace: boardPace, startsInLoader: download)
        server.report = { failure in console.note(Failure(failure.code, failure.message, hint: failure.hint).text) }
        ServerSignals.end(server.stop)
        console.line((["event": "listening", "url": .string(server.url)] as JSON).text)
        server.run()
        if ServerSignals.wasInterrupted { throw ArgumentParser.ExitCode(ExitCode.interrupted) }
    }

    private var endpoint: BoardEndpoint {
        if pty { return .pty }
        if let tcp { return .tcp(port: tcp) }
        return .rfc2217(port: rfc2217 ?? 0)
    }

    private var boardPace: BoardPace {
        switch pace {
        case .realtime: .realTime
        case .virtualTime: .virtualTime
        }
    }

    /// The board that `virtual:` with this name stands for, and the file of its flash.
    private func profileAndFile() throws -> (BoardProfile, FilePath) {
        guard case .virtual(let kind?, let piece) = try? PortAddress("virtual:" + board) else {
            throw Failure(
                "usage", "'\(board)' is no board's name", hint: "Name one of `espmask boards`, or NAME#OTHER.")
        }
        let home = try ProjectHome.find(environment: Console.environmentVariables, executable: Console.executable)
        let description = try home.board(named: kind)
        guard description.chip == "esp32" else {
            throw Failure(
                "wrong-chip", "there is no virtual board with an \(description.chip), which \(kind) has",
                hint: "Choose a board with an ESP32, for example --board \(Project.defaultBoard).")
        }
        let size = try FlashSize.named(description.flash.size).bytes
        let profile = BoardProfile(board: kind, piece: piece, flashSize: size)
        if let flash { return (profile, FilePath(flash)) }
        let file = PortOpener(board: kind, pace: .realTime) { _ in size }.flashFile(board: kind, name: piece)
        try Files.makeFolder(file.removingLastComponent().string)
        return (profile, file)
    }
}

/// SIGTERM and Ctrl-C end the server in order: the client is let go and the flash's lock given up.
private enum ServerSignals {
    // Written before the handlers are set, and read by them alone.
    nonisolated(unsafe) private static var stop: BoardServerStop?
    nonisolated(unsafe) private static var interruption: sig_atomic_t = 0

    static var wasInterrupted: Bool { interruption != 0 }

    static func end(_ stop: BoardServerStop) {
        self.stop = stop
        signal(SIGTERM) { _ in ServerSignals.stop?() }
        signal(SIGINT) { _ in
            ServerSignals.interruption = 1
            ServerSignals.stop?()
        }
        // Whoever started this program may have done so from a thread that blocks them.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGINT)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }
}
