// Programs of the system that work is handed to: found along PATH, run to their end, and what they printed.

import Glibc
import Subprocess
import SystemPackage

/// How a program ended.
struct ProgramOutcome: Sendable {
    /// The exit code, or 128 and the signal's number.
    var status: Int
    /// Standard output.
    var output: String
    /// Standard error.
    var errors: String

    var succeeded: Bool { status == 0 }
}

/// A program that this machine cannot start is a missing tool to an installation, and no failed build.
enum ProgramFailure {
    static func asStep<Value>(_ work: () async throws(ToolchainError) -> Value) async throws(ToolchainError) -> Value {
        do throws(ToolchainError) {
            return try await work()
        } catch .compilerFailed(let program, let output) {
            throw .install(.stepFailed(step: program, reason: output))
        }
    }
}

enum Programs {
    private static let outputLimit = 64 << 20
    private static let usualPath = "/usr/local/bin:/usr/bin:/bin"

    /// The program along PATH, or nil.
    static func path(_ name: String, environment: [String: String]) -> FilePath? {
        for folder in (environment["PATH"] ?? usualPath).split(separator: ":") {
            let candidate = FilePath(String(folder)).appending(name)
            if isExecutable(candidate) { return candidate }
        }
        return nil
    }

    /// Whether a path is a program.
    static func isExecutable(_ path: FilePath) -> Bool {
        path.withPlatformString { access($0, X_OK) == 0 } && !FileStamp.isDirectory(path)
    }

    /// The program along PATH. Throws `tool-missing` with the way to get it.
    static func find(
        _ name: String, environment: [String: String], purpose: String
    ) throws(ToolchainError) -> FilePath {
        if let found = path(name, environment: environment) { return found }
        throw .install(.programMissing(name: name, purpose: purpose, remedy: remedy(for: name)))
    }

    /// How a program is got.
    static func remedy(for name: String) -> String {
        let packages = [
            "xz": "xz-utils", "idf.py": "", "arduino-cli": "", "qemu-system-xtensa": "qemu-system-misc",
            "ninja": "ninja-build",
        ]
        switch name {
        case "arduino-cli": return "espmask toolchain install arduino"
        case "idf.py": return "run: espmask toolchain install idf"
        case _: return "apt-get install \(packages[name] ?? name)"
        }
    }

    /// Runs a program to its end; messages are asked for in the C locale, since they are parsed. `endsWhole` is for one
    /// that may never end: when it is cancelled, what it started itself ends with it.
    static func run(
        _ program: FilePath, _ arguments: [String], environment: [String: String], in folder: FilePath? = nil,
        endsWhole: Bool = false
    ) async throws(ToolchainError) -> ProgramOutcome {
        var child: [Environment.Key: String] = [:]
        for (name, value) in environment { child[Environment.Key(stringLiteral: name)] = value }
        child["LC_ALL"] = "C"
        var options = PlatformOptions()
        if endsWhole {
            options.processGroupID = 0
            options.teardownSequence = [
                .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .zero)
            ]
        }
        do {
            let result = try await Subprocess.run(
                .path(program), arguments: Arguments(arguments), environment: .custom(child),
                workingDirectory: folder, platformOptions: options, output: .string(limit: outputLimit),
                error: .string(limit: outputLimit))
            let status: Int
            switch result.terminationStatus {
            case .exited(let code): status = Int(code)
            case .signaled(let signal): status = 128 + Int(signal)
            }
            return ProgramOutcome(status: status, output: result.standardOutput, errors: result.standardError)
        } catch {
            throw .compilerFailed(program: program.string, output: "\(error)")
        }
    }
}
