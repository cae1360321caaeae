// What Ctrl-C does: the terminal is left as it was found and the program ends with the documented code.
// Flash files are mapped memory and a board is asked what it holds next time, so nothing else has to be saved.

#if canImport(Glibc)
    import Glibc
#endif

/// The end by Ctrl-C.
enum Interruption {
    /// Called in the signal handler: only async-signal-safe calls.
    static func end() {
        // Shows the cursor again and leaves a half-drawn progress line.
        let farewell: StaticString = "\u{1B}[?25h\n"
        if isatty(STDERR_FILENO) == 1 { _ = write(STDERR_FILENO, farewell.utf8Start, farewell.utf8CodeUnitCount) }
        _exit(130)
    }
}
