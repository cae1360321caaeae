// The Arduino back end's toolchain: our own downloads bring the archives (resumed, verified, several at a time) to
// where arduino-cli looks for them, and arduino-cli then installs them in folders of its own that belong to us alone. The
// libraries of the workshop's sketch come from git, each at a commit. arduino-cli itself is the one on PATH, else ours.

import Glibc
public import SystemPackage

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
    private let own: ToolManifest?

    /// Makes a setup; `environment` is that of arduino-cli and git, `own` the manifest with arduino-cli in it, for where
    /// PATH has none.
    public init(
        prefix: InstallPrefix, downloader: Downloader, mirrors: Mirrors, host: Host, environment: [String: String],
        own: ToolManifest? = nil
    ) {
        self.prefix = prefix
        self.downloader = downloader
        self.mirrors = mirrors
        self.host = host
        self.own = own
        folders = ArduinoFolders(prefix: prefix)
        var child = environment.merging(ArduinoFolders(prefix: prefix).variables) { $1 }
        // arduino-cli heeds its own setting for a proxy and none of the usual variables.
        let proxies = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy", "HTTP_PROXY"]
        if child["ARDUINO_NETWORK_PROXY"] == nil, let proxy = proxies.lazy.compactMap({ environment[$0] }).first {
            child["ARDUINO_NETWORK_PROXY"] = proxy
        }
        self.environment = child
    }

    /// Installs a version of the core, the newest where none is named; without the network where `bundle` is given.
    /// Returns the version.
    ///
    /// Throws `tool-missing` without arduino-cli or git, `usage` for an unknown version, and as downloads do.
    public func install(
        version: String?, from bundle: ArduinoBundle? = nil, report: @escaping @Sendable (InstallEvent) -> Void
    ) async throws(ToolchainError) -> String {
        do throws(ToolchainError) {
            return try await installWhole(version: version, from: bundle, report: report)
        } catch {
            throw error.storing(in: .prefix, folder: prefix.root)
        }
    }

    private func installWhole(
        version: String?, from bundle: ArduinoBundle?, report: @escaping @Sendable (InstallEvent) -> Void
    ) async throws(ToolchainError) -> String {
        let cli = try await program(isOffline: bundle != nil, report: report)
        if bundle == nil {
            _ = try Programs.find("git", environment: environment, purpose: "the sketches' libraries")
        }
        let indexes: ArduinoIndexes
        if let bundle {
            indexes = try bundle.indexes
        } else {
            indexes = try await ArduinoIndexes.fetch(with: downloader, environment: environment)
        }
        let parts = try ArduinoParts(indexes, version: version ?? bundle?.version, host: host)
        for folder in [folders.data, folders.downloads, folders.user] { try FileStamp.makeFolder(folder) }
        let lock = try await FolderLock.acquire(in: prefix.root) { report(.waiting) }
        defer { lock.release() }
        let archives = try await downloader.fetch(parts.artifacts) { report(.download($0)) }
        let packages = folders.downloads.appending("packages")
        try FileStamp.makeFolder(packages)
        for (artifact, archive) in zip(parts.artifacts, archives) {
            try Tree.copy(archive, to: packages.appending(artifact.archiveName))
        }
        report(.unpacking("esp32:esp32 \(parts.version), by arduino-cli"))
        let urls = ["--additional-urls", Self.indexURL, "--no-color"]
        try indexes.write(to: folders.data)
        if bundle == nil, !indexes.isWhole {
            try await run(cli, ["core", "update-index"] + urls)
        } else {
            // What lies in its folder arduino-cli does not ask for (its firstUpdate), and ours came by way of mirrors.
            let libraries = folders.data.appending("library_index.json")
            if FileStamp.of(libraries) == nil { try FileStamp.write(Array("{\"libraries\":[]}\n".utf8), to: libraries) }
        }
        try await run(cli, ["core", "install", "esp32:esp32@\(parts.version)"] + urls)
        for library in Self.libraries { try await install(library, from: bundle) }
        return parts.version
    }

    /// Makes the part of a bundle that is Arduino's. Returns its version and the number of bytes of its archives.
    ///
    /// Throws `tool-missing` without git, `usage` for an unknown version, and as downloads do.
    public func bundle(
        version: String?, in folder: FilePath, report: @escaping @Sendable (InstallEvent) -> Void
    ) async throws(ToolchainError) -> (version: String, bytes: Int) {
        _ = try Programs.find("git", environment: environment, purpose: "the sketches' libraries")
        let indexes = try await ArduinoIndexes.fetch(with: downloader, environment: environment, attempts: 3)
        if !indexes.isWhole {
            report(
                .remark(
                    "\(ArduinoIndexes.ownURL) could not be had: where this bundle is installed, arduino-cli will ask for "
                        + "it and for its own tools"))
        }
        return try await ArduinoBundle.make(
            try ArduinoParts(indexes, version: version, host: host), indexes: indexes, libraries: Self.libraries,
            in: folder, downloader: downloader,
            bring: { library, tree throws(ToolchainError) in try await fetch(library, into: tree) },
            environment: environment, report: report)
    }

    /// arduino-cli on PATH, else our own, installed now if it is not there.
    private func program(
        isOffline: Bool, report: @escaping @Sendable (InstallEvent) -> Void
    ) async throws(ToolchainError) -> FilePath {
        if let found = ArduinoFolders.program(environment: environment, prefix: prefix) { return found }
        if let own, own.tool("arduino-cli")?.preferred != nil {
            let installer = Installer(prefix: prefix, downloader: downloader, environment: environment)
            let steps = try own.steps(["arduino-cli"], target: "esp32", host: host)
            do throws(ToolchainError) {
                _ = try await installer.install(steps, report: report)
            } catch .install(.downloadFailed(let url, let reason, _)) {
                throw .install(
                    .programMissing(
                        name: "arduino-cli", purpose: "the arduino back end",
                        remedy: "put it on PATH, or run this again where it can be fetched (\(url): \(reason))"))
            }
            if let found = ArduinoFolders.program(environment: environment, prefix: prefix) { return found }
        }
        let remedy =
            isOffline ? "put it on PATH, or make the bundle again: one with arduino brings it" : "put it on PATH"
        throw .install(.programMissing(name: "arduino-cli", purpose: "the arduino back end", remedy: remedy))
    }

    /// Brings a library's sources to their place.
    private func install(_ library: Library, from bundle: ArduinoBundle?) async throws(ToolchainError) {
        let place = folders.user.appending("libraries").appending(library.name)
        let mark = place.appending(".espmask-commit")
        if let bytes = try? FileStamp.contents(of: mark), bytes == Array(library.commit.utf8) { return }
        try FileStamp.makeFolder(place.removingLastComponent())
        let staged = prefix.staging.appending("\(library.name)-\(getpid())")
        try Tree.remove(prefix.staging)
        do throws(ToolchainError) {
            try FileStamp.makeFolder(staged)
            if let bundle {
                try await bundle.unpack(library, into: staged, environment: environment)
            } else {
                try await fetch(library, into: staged)
            }
            try FileStamp.write(Array(library.commit.utf8), to: staged.appending(".espmask-commit"))
            try Tree.put(staged, at: place)
        } catch {
            try? Tree.remove(prefix.staging)
            throw error
        }
        try Tree.remove(prefix.staging)
    }

    /// Fetches a library's sources into an empty folder. git proves them: the commit is a digest of all there is.
    private func fetch(_ library: Library, into folder: FilePath) async throws(ToolchainError) {
        let git = try Programs.find("git", environment: environment, purpose: "the sketches' libraries")
        try await run(git, ["-C", folder.string, "init", "--quiet"])
        var url = library.url
        var failure: InstallError?
        for candidate in mirrors.candidates(forRepository: library.url) {
            url = candidate
            let outcome = try await Programs.run(
                git, ["-C", folder.string, "fetch", "--quiet", "--depth", "1", url, library.commit],
                environment: environment)
            failure = outcome.succeeded ? nil : GitFailure.error(outcome, url: url, wanted: library.name)
            if failure == nil { break }
        }
        if let failure { throw .install(failure) }
        try await run(git, ["-C", folder.string, "checkout", "--quiet", "--detach", "FETCH_HEAD"])
        let got = try await run(git, ["-C", folder.string, "rev-parse", "HEAD"]).output.trimmed
        guard got == library.commit else {
            throw .install(
                .hashMismatch(archive: library.name, source: url, promised: library.commit, got: got))
        }
    }

    @discardableResult
    private func run(_ program: FilePath, _ arguments: [String]) async throws(ToolchainError) -> ProgramOutcome {
        let outcome = try await ProgramFailure.asStep { () async throws(ToolchainError) in
            try await Programs.run(program, arguments, environment: environment)
        }
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
