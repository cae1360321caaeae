// Finds what tests are judged by and data they may use: the Python peers' environment, shared data
// beside the checkout, and programs of the system. It runs nothing itself but small child processes.

import Subprocess
public import SystemPackage

#if canImport(Glibc)
    import Glibc
#endif

/// Where the peers and the data of a test are.
public enum Peers {
    /// The repository's root, from this file's own place in it.
    public static let checkout: FilePath = {
        var path = FilePath(#filePath)
        for _ in 0..<3 { path.removeLastComponent() }
        return path
    }()

    /// A program of the Python environment that `make peers` fills, or nil where it was not made.
    public static func python(_ program: String) -> FilePath? {
        let root = environment("ESPMASK_PEERS").map { FilePath($0) } ?? checkout.appending(".venv-peers")
        return existing(root.appending("bin").appending(program))
    }

    /// A file of the shared data beside the checkout (`data/...`), or nil where there is none.
    public static func shared(_ relative: String) -> FilePath? {
        existing(checkout.removingLastComponent().appending("shared").pushing(FilePath(relative)))
    }

    /// An environment variable, or nil: where a test finds what is not in the checkout.
    public static func setting(_ name: String) -> String? { environment(name) }

    /// A program on PATH, or nil.
    public static func program(_ name: String) -> FilePath? {
        for directory in (environment("PATH") ?? "").split(separator: ":") {
            if let found = existing(FilePath(String(directory)).appending(name)) { return found }
        }
        return nil
    }

    /// The whole of a file.
    public static func contents(of path: FilePath) throws -> [UInt8] {
        let file = try FileDescriptor.open(path, .readOnly)
        return try file.closeAfter {
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
                if count == 0 { return bytes }
                bytes += chunk[..<count]
            }
        }
    }

    /// What a child process printed and how it ended.
    public struct Outcome: Sendable {
        /// The exit code, or the negated number of the signal that ended it.
        public var status: Int
        /// Standard output as text.
        public var output: String
        /// Standard error as text.
        public var errors: String
    }

    /// Runs a program to its end and returns what it printed.
    public static func run(
        _ program: FilePath, _ arguments: [String], in directory: FilePath? = nil, environment: [String: String] = [:]
    ) async throws -> Outcome {
        var overrides: [Environment.Key: String?] = [:]
        for (key, value) in environment { overrides[Environment.Key(stringLiteral: key)] = value }
        let result = try await Subprocess.run(
            .path(program), arguments: Arguments(arguments), environment: .inherit.updating(overrides),
            workingDirectory: directory, output: .string(limit: 64 << 20), error: .string(limit: 64 << 20))
        let status: Int
        switch result.terminationStatus {
        case .exited(let code): status = Int(code)
        case .signaled(let signal): status = -Int(signal)
        }
        return Outcome(status: status, output: result.standardOutput, errors: result.standardError)
    }

    /// A seed for random cases: the environment variable's, to have a failure again, else a new one with every run.
    public static func seed(named name: String, upTo limit: Int) -> Int {
        environment(name).flatMap { Int($0) } ?? Int.random(in: 1...limit)
    }

    static func environment(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        return String(cString: value)
    }

    private static func existing(_ path: FilePath) -> FilePath? {
        path.withPlatformString { access($0, F_OK) == 0 } ? path : nil
    }
}
