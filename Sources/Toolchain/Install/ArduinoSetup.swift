// The Arduino back end's toolchain: our own downloads bring the archives (resumed, verified, several at a time) to
// where arduino-cli looks for them, and arduino-cli then installs them in folders of its own that belong to us alone. The
// libraries of the workshop's sketch come from git, each at a commit.

import Glibc
import SystemPackage

/// Installs arduino-cli's ESP32 core.
public struct ArduinoSetup: Sendable {
    /// A library at a commit.
    public struct Library: Equatable, Sendable {
        /// The folder's name.
        public var name: String
        /// The repository.
        public var url: String
        /// Which sources are meant, to the byte.
        public var commit: String
    }

    /// The core's package index.
    public static let indexURL = "https://espressif.github.io/arduino-esp32/package_esp32_index.json"
    /// The libraries that `eloquent_cnn` includes; EloquentTinyML in the form it had in 2020 and 2021, which brings
    /// TensorFlow Lite along.
    public static let libraries = [
        Library(
            name: "EloquentTinyML", url: "https://github.com/eloquentarduino/EloquentTinyML.git",
            commit: "9eec038065dfcf52541fcb184d2ff0242a759d38"),
        Library(
            name: "TM1637", url: "https://github.com/avishorp/TM1637.git",
            commit: "3cca19607013c49f6708b7f492765fea835431ca"),
    ]

    private let prefix: InstallPrefix
    private let folders: ArduinoFolders
    private let environment: [String: String]
    private let downloader: Downloader
    private let mirrors: Mirrors
    private let host: Host

    /// Makes a setup; `environment` is that of arduino-cli and git.
    public init(
        prefix: InstallPrefix, downloader: Downloader, mirrors: Mirrors, host: Host, environment: [String: String]
    ) {
        self.prefix = prefix
        self.downloader = downloader
        self.mirrors = mirrors
        self.host = host
        folders = ArduinoFolders(prefix: prefix)
        self.environment = environment.merging(ArduinoFolders(prefix: prefix).variables) { $1 }
    }

    /// Installs a version of the core, the newest where none is named. Returns the version.
    ///
    /// Throws `tool-missing` without arduino-cli or git, `usage` for an unknown version, and as downloads do.
    public func install(
        version: String?, report: @escaping @Sendable (InstallEvent) -> Void
    ) async throws(ToolchainError) -> String {
        let cli = try Programs.find("arduino-cli", environment: environment, purpose: "the arduino back end")
        let git = try Programs.find("git", environment: environment, purpose: "the sketches' libraries")
        let index = try await downloader.fetch(url: Self.indexURL, name: "package_esp32_index.json")
        let manifest = try ToolManifest(arduino: index, name: "package_esp32_index.json", host: host)
        guard let release = manifest.release(of: "esp32", "esp32", version: version) else {
            let known = manifest.platforms.filter { $0.architecture == "esp32" }.map { "arduino@\($0.version)" }
            throw .install(.toolUnknown(name: "arduino@\(version ?? "")", known: known.reversed()))
        }
        let artifacts = try manifest.artifacts(of: release, host: host)
        for folder in [folders.data, folders.downloads, folders.user] { try FileStamp.makeFolder(folder) }
        let lock = try await FolderLock.acquire(in: prefix.root) { report(.waiting) }
        defer { lock.release() }
        let archives = try await downloader.fetch(artifacts) { report(.download($0)) }
        let packages = folders.downloads.appending("packages")
        try FileStamp.makeFolder(packages)
        for (artifact, archive) in zip(artifacts, archives) {
            try Tree.copy(archive, to: packages.appending(artifact.archiveName))
        }
        report(.unpacking("esp32:esp32 \(release.version), by arduino-cli"))
        let urls = ["--additional-urls", Self.indexURL, "--no-color"]
        try await run(cli, ["core", "update-index"] + urls)
        try await run(cli, ["core", "install", "esp32:esp32@\(release.version)"] + urls)
        for library in Self.libraries { try await install(library, git: git) }
        return release.version
    }

    /// Brings a library's sources. git proves them: the commit is a digest of all there is.
    private func install(_ library: Library, git: FilePath) async throws(ToolchainError) {
        let place = folders.user.appending("libraries").appending(library.name)
        let head = place.appending(".git").appending("espmask-commit")
        if let bytes = try? FileStamp.contents(of: head), bytes == Array(library.commit.utf8) { return }
        try FileStamp.makeFolder(place.removingLastComponent())
        let staged = prefix.staging.appending("\(library.name)-\(getpid())")
        try Tree.remove(prefix.staging)
        try FileStamp.makeFolder(staged)
        let url = mirrors.candidates(for: library.url).first ?? library.url
        try await run(git, ["-C", staged.string, "init", "--quiet"])
        try await run(git, ["-C", staged.string, "fetch", "--quiet", "--depth", "1", url, library.commit])
        try await run(git, ["-C", staged.string, "checkout", "--quiet", "--detach", "FETCH_HEAD"])
        let got = try await run(git, ["-C", staged.string, "rev-parse", "HEAD"]).output.trimmed
        guard got == library.commit else {
            throw .install(
                .hashMismatch(archive: library.name, source: url, promised: library.commit, got: got))
        }
        try FileStamp.write(Array(library.commit.utf8), to: staged.appending(".git").appending("espmask-commit"))
        try Tree.put(staged, at: place)
        try Tree.remove(prefix.staging)
    }

    @discardableResult
    private func run(_ program: FilePath, _ arguments: [String]) async throws(ToolchainError) -> ProgramOutcome {
        let outcome = try await Programs.run(program, arguments, environment: environment)
        guard outcome.succeeded else {
            let said = (outcome.errors + outcome.output).split(whereSeparator: \.isNewline).last.map { String($0) }
            throw .install(
                .stepFailed(
                    step: "\(program.lastComponent?.string ?? "") \(arguments.joined(separator: " "))",
                    reason: said ?? "it ended with \(outcome.status)"))
        }
        return outcome
    }
}
