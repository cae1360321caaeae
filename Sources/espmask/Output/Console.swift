// Where the program's words go: results to stdout, progress and notes to stderr, JSON alone on stdout when
// asked for. It decides colours and width, and nothing about content.

import Foundation
import SystemPackage

#if canImport(Glibc)
    import Glibc
#endif

/// The two streams of this process and how they may be used.
struct Console: Sendable {
    /// True when `--json` was given: stdout carries JSON lines and nothing else.
    let json: Bool
    /// True when stderr is a terminal that takes control sequences.
    let interactive: Bool
    /// True when stdout may carry colours.
    let colour: Bool
    /// True when stdout is a terminal that takes control sequences.
    let isTerminal: Bool

    init(json: Bool) {
        self.json = json
        let dumb = Console.environment("TERM") == "dumb"
        interactive = isatty(STDERR_FILENO) == 1 && !dumb
        isTerminal = isatty(STDOUT_FILENO) == 1 && !dumb
        colour = isTerminal && Console.environment("NO_COLOR") == nil
    }

    /// Prints a line of results.
    func line(_ text: String) { Console.write(text + "\n", to: .standardOutput) }

    /// Prints one JSON object as a line, when JSON was asked for.
    func event(_ value: JSON) { if json { line(value.text) } }

    /// Prints a note for the person, to stderr.
    func note(_ text: String) { Console.write(text + "\n", to: .standardError) }

    /// Writes raw text to stderr: progress that is drawn over itself.
    func draw(_ text: String) { Console.write(text, to: .standardError) }

    /// Writes raw text to stdout: a screen that is drawn over itself.
    func paint(_ text: String) { Console.write(text, to: .standardOutput) }

    /// Writes raw bytes to stdout.
    func paint(_ bytes: [UInt8]) { Console.write(bytes, to: .standardOutput) }

    /// The value of an environment variable, or nil.
    static func environment(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        return String(cString: value)
    }

    /// All environment variables.
    static var environmentVariables: [String: String] { ProcessInfo.processInfo.environment }

    /// The path of this executable, links followed.
    static var executable: FilePath {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let bytes = buffer.prefix(max(0, length)).map { UInt8(bitPattern: $0) }
        return FilePath(String(decoding: bytes, as: UTF8.self))
    }

    /// Writes all of a text; a reader that went away ends the program quietly, as in any Unix filter.
    private static func write(_ text: String, to stream: FileDescriptor) { write(text.utf8, to: stream) }

    private static func write(_ bytes: some Sequence<UInt8>, to stream: FileDescriptor) {
        do {
            _ = try stream.writeAll(bytes)
        } catch {
            exit(ExitCode.readerGone)
        }
    }
}
