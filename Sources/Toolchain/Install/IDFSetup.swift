// ESP-IDF's tools for a checkout: the checkout that is there, one from a bundle, or a clone of our own; its manifest's
// tools, installed by us; and its Python environment, which ESP-IDF's own script makes in our prefix. A checkout that is
// somebody else's is read and not changed.

public import SystemPackage

/// Installs what an ESP-IDF checkout needs.
public struct IDFSetup: Sendable {
    /// The version that is cloned where none is named and none is there.
    public static let usualVersion = "5.5.1"
    /// The first with the drivers as components of their own, which the sketches' core names.
    static let oldestForSketches = "5.3"
    /// Where it is cloned from.
    public static let repository = "https://github.com/espressif/esp-idf.git"

    private let installer: Installer
    private let mirrors: Mirrors
    private let host: Host
    private let environment: [String: String]

    /// Makes a setup.
    public init(installer: Installer, mirrors: Mirrors, host: Host, environment: [String: String]) {
        self.installer = installer
        self.mirrors = mirrors
        self.host = host
        self.environment = environment
    }

    /// Installs the tools for a chip; without the network where `bundle` is given. Returns the checkout and what was
    /// installed, which is nothing where the checkout's own installation is whole.
    ///
    /// Throws `tool-missing` without git or Python and for what ESP-IDF's script fails at, and as downloads do.
    public func install(
        version: String?, target: String, from bundle: IDFBundle? = nil,
        report: @escaping @Sendable (InstallEvent) -> Void
    ) async throws(ToolchainError) -> (idf: FoundIDF, tools: [InstallOutcome]) {
        let prefix = installer.prefix
        guard !prefix.root.string.contains(" ") else {
            throw .pathHasSpaces(path: prefix.root, tool: "ESP-IDF")
        }
        do throws(ToolchainError) {
            return try await installWhole(version: version, target: target, from: bundle, report: report)
        } catch {
            throw error.storing(in: .prefix, folder: prefix.root)
        }
    }

    private func installWhole(
        version: String?, target: String, from bundle: IDFBundle?, report: @escaping @Sendable (InstallEvent) -> Void
    ) async throws(ToolchainError) -> (idf: FoundIDF, tools: [InstallOutcome]) {
        let prefix = installer.prefix
        let idf = try await checkout(version: version ?? bundle?.version, from: bundle, report: report)
        if let version = idf.version, isOlderVersion(version, than: Self.oldestForSketches) {
            report(
                .remark("espmask's own sketches need ESP-IDF \(Self.oldestForSketches) or newer; this is \(version)"))
        }
        if idf.source != .own, idf.toolsPath != prefix.root, await isWhole(idf) { return (idf, []) }
        let scripts = try IDFScripts(idf, toolsPath: prefix.root, environment: environment)
        let manifest = try ToolManifest(
            idf: try FileStamp.contents(of: idf.manifest), name: idf.manifest.string, host: host)
        let outcomes = try await installer.install(
            try manifest.steps(["required"], target: target, host: host), report: report)
        report(.unpacking("the Python packages of ESP-IDF, by its own script"))
        var more: [String: String] = [:]
        if let rules = mirrors.asPrefixMap { more["IDF_MIRROR_PREFIX_MAP"] = rules }
        if let bundle { more.merge(try await bundle.python(in: prefix.root, scripts: scripts)) { $1 } }
        // Finds the tools that are there now, and writes down for which chips they are: without that, ESP-IDF wants
        // those of every chip before it exports anything.
        try await scripts.step(["install", "--targets=\(target)"], more: more)
        try await scripts.step(["install-python-env"], more: more)
        return (idf, outcomes)
    }

    /// Makes the part of a bundle that is ESP-IDF's, from the checkout that is there or a clone. Returns its version and
    /// the number of bytes in it.
    ///
    /// Throws `tool-missing` without Python, tar or, for a clone, git, and as downloads do.
    public func bundle(
        version: String?, target: String, in folder: FilePath, downloader: Downloader,
        report: @escaping @Sendable (InstallEvent) -> Void
    ) async throws(ToolchainError) -> (version: String, bytes: Int) {
        let idf: FoundIDF
        do throws(ToolchainError) {
            idf = try await checkout(version: version, report: report)
        } catch {
            throw error.storing(in: .prefix, folder: installer.prefix.root)
        }
        let bytes = try await IDFBundle.make(
            idf, target: target, host: host, in: folder, downloader: downloader, environment: environment,
            report: report)
        return (idf.version ?? "", bytes)
    }

    /// Whether the checkout has an installation of its own in which everything is found. Only one that was written down
    /// is asked.
    private func isWhole(_ idf: FoundIDF) async -> Bool {
        guard idf.activationScript != nil || idf.isRecorded else { return false }
        let found = try? await IDFEnvironment.of(idf, environment: environment)
        return found?.variables["IDF_PYTHON_ENV_PATH"] != nil
    }

    /// The checkout of a version: one that is there, that of the bundle, or a clone.
    func checkout(
        version: String?, from bundle: IDFBundle? = nil, report: @escaping @Sendable (InstallEvent) -> Void
    ) async throws(ToolchainError) -> FoundIDF {
        let prefix = installer.prefix
        func there() -> FoundIDF? {
            FoundIDF.all(environment: environment, prefix: prefix).first { $0.isVersion(version) }
        }
        if let found = there() { return found }
        let wanted = version ?? Self.usualVersion
        let tag = wanted.first?.isNumber == true ? "v\(wanted)" : wanted
        guard ManifestNames.isPlain(tag) else { throw .install(.toolUnknown(name: "idf@\(wanted)", known: [])) }
        try FileStamp.makeFolder(prefix.root.appending("idf"))
        let lock = try await FolderLock.acquire(in: prefix.root) { report(.waiting) }
        defer { lock.release() }
        if let found = there() { return found }
        // Brought beside its place: a clone that broke off is never taken for a checkout, and is swept by the next run.
        try Tree.remove(prefix.staging)
        try FileStamp.makeFolder(prefix.staging)
        let staged = prefix.staging.appending("esp-idf")
        do throws(ToolchainError) {
            if let bundle {
                report(.unpacking(IDFBundle.checkoutName))
                try await bundle.unpackCheckout(into: staged, environment: environment)
            } else {
                report(.unpacking("ESP-IDF \(tag), by git"))
                try await clone(tag, into: staged)
            }
            try Tree.put(staged, at: prefix.root.appending("idf").appending(tag))
        } catch {
            try? Tree.remove(prefix.staging)
            throw error
        }
        try Tree.remove(prefix.staging)
        let all = FoundIDF.all(environment: environment, prefix: prefix)
        guard let own = all.first(where: { $0.source == .own && $0.path.lastComponent?.string == tag }) else {
            throw .install(.toolBroken(tool: "ESP-IDF \(tag)", reason: "it has no tools/tools.json"))
        }
        return own
    }

    private func clone(_ tag: String, into folder: FilePath) async throws(ToolchainError) {
        let git = try Programs.find("git", environment: environment, purpose: "cloning ESP-IDF")
        var failure = InstallError.cloneFailed(url: Self.repository, reason: "there is no place to ask")
        for url in mirrors.candidates(forRepository: Self.repository) {
            try Tree.remove(folder)
            let arguments = [
                "clone", "--quiet", "--depth", "1", "--branch", tag, "--recurse-submodules", "--shallow-submodules",
                url,
                folder.string,
            ]
            let outcome = try await Programs.run(git, arguments, environment: environment)
            if outcome.succeeded { return }
            failure = GitFailure.error(outcome, url: url, wanted: "idf@\(tag)")
        }
        throw .install(failure)
    }
}
