// Keys typed while a board is watched in a terminal: text goes to the board line by line, since boards do not echo;
// Ctrl-T and a letter, or Ctrl-], are commands, as in the field's other monitors.

import DeviceBridge

#if canImport(Glibc)
    import Glibc
#endif

/// The keyboard of a terminal.
final class Keyboard {
    /// What was asked for.
    enum Action: Equatable {
        case quit
        case send([UInt8])
        case reset
        case loader
        case help
    }

    static let help =
        "type a line and Enter to send it; Ctrl-T r resets the board, Ctrl-T b resets it into its loader, "
        + "Ctrl-T h is this help, Ctrl-] or Ctrl-C ends"

    private var typed: [UInt8] = []
    private var isCommand = false

    /// Takes over the terminal; nil where standard input is none.
    init?() {
        guard Interruption.takeKeys() else { return nil }
    }

    /// The next thing that was asked for, if any; what is being typed is shown.
    func next(_ face: inout any MonitorFace) -> Action? {
        while let key = key() {
            let action = take(key)
            face.typing(String(decoding: typed, as: UTF8.self) + (isCommand ? " Ctrl-T ..." : ""))
            if let action { return action }
        }
        return nil
    }

    private func take(_ key: UInt8) -> Action? {
        if isCommand {
            isCommand = false
            switch key | 0x20 {
            case UInt8(ascii: "r"), 0x32: return .reset
            case UInt8(ascii: "b"), UInt8(ascii: "p"): return .loader
            case UInt8(ascii: "x"), UInt8(ascii: "q"): return .quit
            case _: return .help
            }
        }
        switch key {
        case 0x14: isCommand = true
        case 0x1D, 0x04: return .quit
        case 0x0A, 0x0D:
            defer { typed = [] }
            return .send(typed + [0x0A])
        case 0x7F, 0x08:
            // A whole character, however many bytes it has.
            while let last = typed.popLast(), last & 0xC0 == 0x80 {}
        case 0x15: typed = []
        case 0x20...0x7E, 0x80...: typed.append(key)
        case _: break
        }
        return nil
    }

    private func key() -> UInt8? {
        var request = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        var key: UInt8 = 0
        guard poll(&request, 1, 0) > 0, read(STDIN_FILENO, &key, 1) == 1 else { return nil }
        return key
    }
}
