// A program that runs beside the test until the test ends it: its standard output is read line by line, its standard
// error goes to a file.

import Synchronization
public import SystemPackage

#if canImport(Glibc)
    import Glibc
#endif

/// A child process.
public final class RunningProgram: Sendable {
    /// Its id.
    public let process: Int32
    private let output: CInt
    private let errorFile: FilePath
    private let status = Mutex<Int?>(nil)

    /// Starts it in `folder`, where its standard error is kept as `stderr.txt`.
    public init(
        _ program: FilePath, _ arguments: [String], in folder: FilePath, environment: [String: String] = [:]
    ) throws {
        errorFile = folder.appending("stderr.txt")
        // env(1) changes the folder and the environment, and then becomes the program.
        let words =
            ["env", "-C", folder.string] + environment.map { "\($0)=\($1)" } + [program.string] + arguments
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Errno(rawValue: errno) }
        _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        posix_spawn_file_actions_addclose(&actions, ends[1])
        posix_spawn_file_actions_addopen(
            &actions, STDERR_FILENO, errorFile.string, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        // This thread may block signals, and a child inherits that: one that never hears SIGTERM never ends.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var child: pid_t = 0
        let status = posix_spawn(&child, "/usr/bin/env", &actions, &attributes, &argv, environ)
        posix_spawnattr_destroy(&attributes)
        for word in argv { free(word) }
        posix_spawn_file_actions_destroy(&actions)
        close(ends[1])
        guard status == 0 else {
            close(ends[0])
            throw Errno(rawValue: status)
        }
        process = child
        output = ends[0]
    }

    deinit {
        // A test that failed half-way leaves nothing behind.
        _ = end(SIGKILL)
        close(output)
    }

    /// The next line of standard output without its end; nil when there is none within ten seconds.
    public func line() -> String? {
        var bytes: [UInt8] = []
        while true {
            var polled = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            var byte: UInt8 = 0
            guard poll(&polled, 1, 10_000) > 0, read(output, &byte, 1) == 1 else { return nil }
            if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
    }

    /// Sends it a signal, SIGTERM where none is given, waits for its end, and returns its exit code, or the negated signal that ended it.
    public func end(_ signal: Int32? = nil) -> Int {
        status.withLock { known in
            if let known { return known }
            kill(process, signal ?? SIGTERM)
            var raw: CInt = 0
            while waitpid(process, &raw, 0) < 0 && errno == EINTR {}
            let result = raw & 0x7F == 0 ? Int(raw >> 8 & 0xFF) : -Int(raw & 0x7F)
            known = result
            return result
        }
    }

    /// What it has written to standard error so far.
    public var errors: String { String(decoding: (try? Peers.contents(of: errorFile)) ?? [], as: UTF8.self) }
}

extension BuiltProgram {
    /// Starts the program in `folder` as `run` does, and leaves it running.
    public static func start(_ arguments: [String], in folder: FilePath) throws -> RunningProgram {
        let environment = ["COLUMNS": "100", "NO_COLOR": "1", "ESPMASK_HOME": Peers.checkout.string]
        return try RunningProgram(path, arguments, in: folder, environment: environment)
    }
}
