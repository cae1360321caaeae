// The Python environment of training/: made on first use with the pinned wheels of its requirements file, made anew
// when that file changes or an earlier making was broken off. Left out: what the scripts say.

import Foundation
public import SystemPackage

#if canImport(Glibc)
    import Glibc
#endif

/// A virtual environment, and the scripts that run in it.
public struct TrainingEnvironment: Sendable {
    /// The folder of the environment.
    public let folder: FilePath
    /// The folder of the scripts.
    public let scripts: FilePath
    private let chosenPython: String?
    private let searchPath: [String]

    /// The environment that the variables ask for: in ESPMASK_TRAINING, else in the user's cache. ESPMASK_PYTHON names
    /// the interpreter it is made with.
    public init(home: ProjectHome, environment: [String: String]) {
        scripts = home.training
        chosenPython = environment["ESPMASK_PYTHON"].flatMap { $0.isEmpty ? nil : $0 }
        searchPath = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        if let given = environment["ESPMASK_TRAINING"], !given.isEmpty {
            folder = FilePath(given)
            return
        }
        let user = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        let cache = environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? user + "/.cache"
        folder = FilePath(cache).appending("espmask").appending("training")
    }

    private var requirements: FilePath { scripts.appending("requirements.txt") }
    private var stamp: FilePath { folder.appending("espmask-requirements.txt") }
    private var python: FilePath { folder.appending("bin").appending("python") }

    /// Whether the environment is there, whole, and of the requirements of this version.
    public var isReady: Bool {
        guard let wanted = FileManager.default.contents(atPath: requirements.string) else { return false }
        return FileManager.default.contents(atPath: stamp.string) == wanted
    }

    /// Makes the environment where it is not ready. `tell` hears what is being done, in few words.
    public func prepare(tell: @escaping @Sendable (String) -> Void) async throws {
        guard let wanted = FileManager.default.contents(atPath: requirements.string) else {
            throw ToolchainError.unreadable(path: requirements, .noSuchFileOrDirectory)
        }
        if isReady { return }
        do {
            try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        } catch {
            throw PythonError.unwritable(folder: folder.string, reason: "it cannot be made")
        }
        let lock = try await FolderLock.acquire(in: folder)
        defer { lock.release() }
        if isReady { return }
        let interpreter = try await interpreter()
        tell("making a Python environment in \(folder) (once; about 1.5 GB)")
        // All but the lock, which is held.
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? [] where name != ".lock" {
            try? FileManager.default.removeItem(atPath: folder.appending(name).string)
        }
        let made = try await LineProcess.run(
            interpreter, ["-m", "venv", folder.string], environment: Self.quiet
        ) { _ in false }
        guard made.succeeded else { throw failure(made, as: PythonError.environmentFailed) }
        let arguments = [
            "-m", "pip", "install", "--no-deps", "--only-binary", ":all:", "--retries", "2", "--timeout", "20",
            "--progress-bar", "off", "--disable-pip-version-check", "--no-input", "-r", requirements.string,
        ]
        let installed = try await LineProcess.run(python, arguments, environment: Self.quiet) { line in
            if let words = Self.progress(in: line) { tell(words) }
            return false
        }
        guard installed.succeeded else { throw failure(installed, as: PythonError.downloadFailed) }
        guard FileManager.default.createFile(atPath: stamp.string, contents: wanted) else {
            throw PythonError.diskFull(folder: folder.string)
        }
    }

    /// Runs a script of ours. `take` hears every line, and is true for those that mean something to it.
    ///
    /// Returns whether it ended well. Throws `build-failed` where it did not and `hasExplained` is not true then.
    public func run(
        _ script: String, _ arguments: [String], hasExplained: @Sendable () -> Bool = { false },
        take: @Sendable (String) async -> Bool
    ) async throws -> Bool {
        let outcome = try await LineProcess.run(
            python, ["-B", scripts.appending(script).string] + arguments,
            environment: Self.quiet.merging(["PYTHONUNBUFFERED": "1"]) { $1 }, take: take)
        if !outcome.succeeded, !hasExplained() {
            let words = outcome.lastWords.last { !$0.isEmpty } ?? "it said nothing"
            throw PythonError.scriptFailed(script: script, status: outcome.status, output: words)
        }
        return outcome.succeeded
    }

    /// Nothing of the user's own Python comes in.
    private static let quiet: [String: String?] = [
        "PYTHONHOME": nil, "PYTHONPATH": nil, "PYTHONNOUSERSITE": "1", "LC_ALL": "C.UTF-8",
    ]

    private func failure(
        _ outcome: LineProcess.Outcome, as make: (String) -> PythonError
    ) -> PythonError {
        let words = outcome.lastWords.filter { !$0.trimmingCharacters(in: .whitespaces).isEmpty }
        if words.contains(where: { $0.contains("No space left on device") }) { return .diskFull(folder: folder.string) }
        // The first error is the cause; pip's last line is often a notice.
        let told = words.first { $0.hasPrefix("ERROR") || $0.hasPrefix("Error") } ?? words.last ?? outcome.status
        return make(told)
    }

    /// What pip is doing, of the lines that say so.
    private static func progress(in line: String) -> String? {
        let words = line.split(separator: " ")
        switch words.first {
        case "Downloading":
            guard words.count > 1 else { return nil }
            let name = words[1].split(separator: "/").last.map(String.init) ?? ""
            return "fetching \(name) \(words.dropFirst(2).joined(separator: " "))"
        case "Installing": return "installing \(words.dropFirst(3).count) packages"
        case _: return nil
        }
    }

    private static let versions = ["3.11", "3.10", "3.9"]

    /// The first interpreter of a version that the wheels are for.
    private func interpreter() async throws -> FilePath {
        var found: [String] = []
        for candidate in candidates() {
            let script = "import sys; print('%d.%d' % sys.version_info[:2], sys.executable)"
            let heard = Heard()
            let outcome = try? await LineProcess.run(candidate, ["-c", script], environment: Self.quiet) { line in
                heard.note(line)
                return true
            }
            guard let outcome, outcome.succeeded, let line = heard.first,
                let version = line.split(separator: " ").first.map(String.init)
            else { continue }
            if Self.versions.contains(version) { return candidate }
            if !found.contains("Python \(version)") { found.append("Python \(version)") }
        }
        throw PythonError.interpreterMissing(found: found)
    }

    private func candidates() -> [FilePath] {
        if let chosenPython { return [FilePath(chosenPython)] }
        let names = Self.versions.map { "python" + $0 } + ["python3", "python"]
        return names.flatMap { name in searchPath.map { FilePath($0).appending(name) } }
            .filter { access($0.string, X_OK) == 0 }
    }
}

/// The first line that came.
private final class Heard: @unchecked Sendable {
    // Unchecked: one process's lines come one after the other, and are looked at when it has ended.
    private(set) var first: String?
    func note(_ line: String) { first = first ?? line }
}
