// What Ctrl-C does: the terminal is left as it was found and the program ends with the documented code. A command that
// has something to put away first asks to be told instead; a second Ctrl-C then ends it at once. Flash files are mapped
// memory and a board is asked what it holds next time, so nothing else has to be saved.

#if canImport(Glibc)
    import Glibc
#endif

/// The end by Ctrl-C.
enum Interruption {
    // Written before the handlers read them, and then by the handlers alone.
    nonisolated(unsafe) private static var isAwaited: sig_atomic_t = 0
    nonisolated(unsafe) private static var signalCaught: sig_atomic_t = 0
    nonisolated(unsafe) private static var terminal = termios()
    nonisolated(unsafe) private static var terminalIsChanged: sig_atomic_t = 0

    /// Called in the signal handler: only async-signal-safe calls.
    static func end(_ signal: CInt = SIGINT) {
        if isAwaited != 0, signalCaught == 0 {
            signalCaught = signal
            return
        }
        restoreTerminal()
        // Shows the cursor again and leaves a half-drawn progress line.
        let farewell: StaticString = "\u{1B}[?25h\n"
        if isatty(STDERR_FILENO) == 1 { _ = write(STDERR_FILENO, farewell.utf8Start, farewell.utf8CodeUnitCount) }
        _exit(128 + signal)
    }

    /// From now on the first signal is only noted; `caught` tells.
    static func hold() {
        isAwaited = 1
        signal(SIGTERM) { Interruption.end($0) }
        signal(SIGHUP) { Interruption.end($0) }
    }

    /// The signal that wants the program to end, if one came.
    static var caught: Int32? { signalCaught == 0 ? nil : signalCaught }

    /// Takes keys one by one and without echo until `restoreTerminal`; Ctrl-C stays a signal. False without a terminal.
    static func takeKeys() -> Bool {
        guard isatty(STDIN_FILENO) == 1, tcgetattr(STDIN_FILENO, &terminal) == 0 else { return false }
        var settings = terminal
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
        terminalIsChanged = 1
        return tcsetattr(STDIN_FILENO, TCSANOW, &settings) == 0
    }

    /// Puts the terminal back as it was found.
    static func restoreTerminal() {
        guard terminalIsChanged != 0 else { return }
        terminalIsChanged = 0
        _ = tcsetattr(STDIN_FILENO, TCSANOW, &terminal)
    }
}
