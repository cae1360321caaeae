// ESP-IDF's tools for a checkout: the checkout that is there, or a clone of our own; its manifest's tools, installed by
// us; and its Python environment, which ESP-IDF's own script makes in our prefix. A checkout that is somebody else's is
// read and not changed.

import Glibc
import SystemPackage

/// Installs what an ESP-IDF checkout needs.
public struct IDFSetup: Sendable {
    /// The version that is cloned where none is named and none is there.
    public static let usualVersion = "5.5.1"
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

    /// Installs the tools for a chip. Returns the checkout and what was installed.
    ///
    /// Throws `tool-missing` without git or Python and for what ESP-IDF's script fails at, and as downloads do.
    public func install(
        version: String?, target: String, report: @escaping @Sendable (InstallEvent) -> Void
    ) async throws(ToolchainError) -> (idf: FoundIDF, tools: [InstallOutcome]) {
        let python = try Programs.find("python3", environment: environment, purpose: "ESP-IDF")
        let idf = try await checkout(version: version, report: report)
        let manifest = try ToolManifest(
            idf: try FileStamp.contents(of: idf.manifest), name: idf.manifest.string, host: host)
        let outcomes = try await installer.install(
            try manifest.steps(["required"], target: target, host: host), report: report)
        report(.unpacking("the Python packages of ESP-IDF, by its own script"))
        let script = idf.path.pushing("tools/idf_tools.py")
        var child = environment
        child["IDF_PATH"] = idf.path.string
        child["IDF_TOOLS_PATH"] = installer.prefix.root.string
        let arguments = [script.string, "--non-interactive", "install-python-env"]
        let outcome = try await Programs.run(python, arguments, environment: child)
        guard outcome.succeeded else {
            let said = (outcome.errors + outcome.output).split(whereSeparator: \.isNewline)
                .last { $0.contains("ERROR") || $0.contains("error") }.map { String($0) }
            throw .install(
                .stepFailed(
                    step: "idf_tools.py install-python-env", reason: said ?? "it ended with \(outcome.status)"))
        }
        return (idf, outcomes)
    }

    private func checkout(
        version: String?, report: @escaping @Sendable (InstallEvent) -> Void
    ) async throws(ToolchainError) -> FoundIDF {
        let prefix = installer.prefix
        let found = FoundIDF.all(environment: environment, prefix: prefix)
        if let there = found.first(where: { $0.isVersion(version) }) { return there }
        let wanted = version ?? Self.usualVersion
        let tag = wanted.first?.isNumber == true ? "v\(wanted)" : wanted
        guard ManifestNames.isPlain(tag) else { throw .install(.toolUnknown(name: "idf@\(wanted)", known: [])) }
        let git = try Programs.find("git", environment: environment, purpose: "cloning ESP-IDF")
        report(.unpacking("ESP-IDF \(tag), by git"))
        try FileStamp.makeFolder(prefix.root.appending("idf"))
        // Cloned beside its place: a clone that broke off is never taken for a checkout.
        let staged = prefix.root.appending(".idf-\(getpid())")
        try Tree.remove(staged)
        let url = mirrors.candidates(for: Self.repository).first ?? Self.repository
        let arguments = [
            "clone", "--quiet", "--depth", "1", "--branch", tag, "--recurse-submodules", "--shallow-submodules", url,
            staged.string,
        ]
        let outcome = try await Programs.run(git, arguments, environment: environment)
        guard outcome.succeeded else {
            try? Tree.remove(staged)
            let said = outcome.errors.split(whereSeparator: \.isNewline).last.map { String($0) }
            throw .install(.downloadFailed(url: url, reason: said ?? "git failed", attempts: 1))
        }
        try Tree.put(staged, at: prefix.root.appending("idf").appending(tag))
        let all = FoundIDF.all(environment: environment, prefix: prefix)
        guard let own = all.first(where: { $0.source == .own && $0.path.lastComponent?.string == tag }) else {
            throw .install(.toolBroken(tool: "ESP-IDF \(tag)", reason: "the clone has no tools/tools.json"))
        }
        return own
    }
}
