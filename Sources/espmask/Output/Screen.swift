// The window that standard output is shown in.

#if canImport(Glibc)
    import Glibc
#endif

enum Screen {
    /// Its width in columns; 80 where there is no window.
    static var columns: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
