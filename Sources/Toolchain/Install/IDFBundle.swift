// The part of a bundle that is ESP-IDF's: the checkout without git's own files, the archives of its tools, and its
// Python packages as wheels, for a machine of the same kind with the same Python. The wheels are made by pip in an
// environment of its own, under ESP-IDF's list of versions that go together.

import FoundationEssentials
public import SystemPackage

/// ESP-IDF in a folder, for machines without internet.
public struct IDFBundle: Equatable, Sendable {
    private struct Contents: Codable {
        var version: String
        var python: String
        var checkout: String
        var constraints: String
        /// SHA-256 of the list of versions and of every wheel.
        var digests: [String: String]
    }

    static let checkoutName = "esp-idf.tar.gz"
    /// Where ESP-IDF's own script takes its list of versions from, and the wheels that PyPI lacks.
    private static let constraintsURL = "https://dl.espressif.com/dl/esp-idf"
    private static let wheelsURL = "https://dl.espressif.com/pypi"

    /// The folder.
    let folder: FilePath
    private let contents: Contents

    /// ESP-IDF's version.
    public var version: String { contents.version }
    /// Where its archives are.
    public var archives: FilePath { folder.appending("dist") }

    /// Reads the part of a bundle; nil where it has none. Throws `usage` for a malformed one.
    public init?(bundle: FilePath) throws(ToolchainError) {
        folder = bundle.appending("idf")
        let list = folder.appending("idf.json")
        guard FileStamp.of(list) != nil else { return nil }
        contents = try SettingsFile.read(list)
        guard [contents.version, contents.constraints].allSatisfy({ ManifestNames.isPlain($0) }) else {
            throw .settingsInvalid(path: list, reason: "a name in it is no file name")
        }
    }

    /// By the folder.
    public static func == (left: IDFBundle, right: IDFBundle) -> Bool { left.folder == right.folder }

    /// Unpacks the checkout into a folder, which is made.
    ///
    /// Throws `hash-mismatch` where it is another than was packed, and as unpacking does.
    func unpackCheckout(into tree: FilePath, environment: [String: String]) async throws(ToolchainError) {
        let packed = folder.appending(Self.checkoutName)
        guard FileStamp.of(packed) != nil else {
            throw .install(.bundleIncomplete(folder: folder, archive: Self.checkoutName))
        }
        let got = try ArchiveCache.hash(packed, .sha256).hex
        guard got == contents.checkout else {
            throw .install(
                .hashMismatch(
                    archive: Self.checkoutName, source: folder.string, promised: contents.checkout, got: got))
        }
        try FileStamp.makeFolder(tree)
        _ = try await ArchiveReading.unpack(
            packed, named: Self.checkoutName, strip: .levels(0), into: tree, environment: environment)
    }

    /// What tells ESP-IDF's script and pip to take everything from here; the list of versions goes to the folder of tools,
    /// where the script looks before it asks anybody.
    ///
    /// Throws `tool-missing` for another Python than the wheels are for.
    func python(in tools: FilePath, scripts: IDFScripts) async throws(ToolchainError) -> [String: String] {
        let there = try await Self.pythonVersion(scripts.python, environment: scripts.environment)
        guard there == contents.python else {
            throw .install(
                .programMissing(
                    name: "Python \(contents.python)", purpose: "the bundle's wheels, which are for it",
                    remedy: "put it on PATH as python3 (it is \(there) now), or make a bundle with this one"))
        }
        try checkPython()
        let list = try FileStamp.contents(of: folder.appending(contents.constraints))
        try FileStamp.write(list, to: tools.appending(contents.constraints))
        return [
            "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_FIND_LINKS": Self.fileURL(folder.appending("wheels")),
        ]
    }

    // pip takes whatever lies among the wheels: it must be what was made, no less and no more.
    private func checkPython() throws(ToolchainError) {
        let there = try Self.digests(constraints: contents.constraints, in: folder)
        for (name, promised) in contents.digests {
            guard let got = there[name] else { throw .install(.bundleIncomplete(folder: folder, archive: name)) }
            guard got == promised else {
                throw .install(.hashMismatch(archive: name, source: folder.string, promised: promised, got: got))
            }
        }
        if let stranger = there.keys.first(where: { contents.digests[$0] == nil }) {
            throw .install(
                .hashMismatch(archive: stranger, source: folder.string, promised: "nothing", got: "a file"))
        }
    }

    private static func digests(constraints: String, in folder: FilePath) throws(ToolchainError) -> [String: String] {
        var digests = [constraints: try ArchiveCache.hash(folder.appending(constraints), .sha256).hex]
        let wheels = folder.appending("wheels")
        for name in FileStamp.names(in: wheels) {
            digests["wheels/\(name)"] = try ArchiveCache.hash(wheels.appending(name), .sha256).hex
        }
        return digests
    }

    /// Makes the part from a checkout. Returns the number of bytes in it.
    static func make(
        _ idf: FoundIDF, target: String, host: Host, in bundle: FilePath, downloader: Downloader,
        environment: [String: String], report: @escaping @Sendable (InstallEvent) -> Void
    ) async throws(ToolchainError) -> Int {
        let folder = bundle.appending("idf")
        let list = folder.appending("idf.json")
        // A folder with a list is whole; this one is not until the end.
        try Tree.remove(list)
        let dist = folder.appending("dist")
        try FileStamp.makeFolder(dist)
        let manifest = try ToolManifest(
            idf: try FileStamp.contents(of: idf.manifest), name: idf.manifest.string, host: host)
        let artifacts = try manifest.steps(["required"], target: target, host: host).map(\.artifact)
        let archives = try await downloader.fetch(artifacts) { report(.download($0)) }
        var bytes = 0
        for (artifact, archive) in zip(artifacts, archives) {
            try Tree.copy(archive, to: dist.appending(artifact.archiveName))
            bytes += FileStamp.of(archive)?.size ?? 0
        }
        let scripts = try IDFScripts(idf, environment: environment)
        let constraints = try await constraints(idf, in: folder, downloader: downloader, environment: environment)
        report(.unpacking("the wheels of ESP-IDF's Python packages, by pip"))
        try await wheels(idf, constraints: constraints, in: folder, scripts: scripts)
        report(.unpacking("\(checkoutName), by tar"))
        let packed = folder.appending(checkoutName)
        let tar = try Programs.find("tar", environment: environment, purpose: "packing ESP-IDF")
        try await step(
            tar, ["-C", idf.path.string, "--exclude=.git", "--exclude=__pycache__", "-czf", packed.string, "."],
            environment: environment)
        bytes += FileStamp.of(packed)?.size ?? 0
        let versions = constraints.lastComponent?.string ?? ""
        let contents = Contents(
            version: idf.version ?? "own", python: try await pythonVersion(scripts.python, environment: environment),
            checkout: try ArchiveCache.hash(packed, .sha256).hex, constraints: versions,
            digests: try digests(constraints: versions, in: folder))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try FileStamp.write(Array((try? encoder.encode(contents)) ?? Data()) + [0x0A], to: list)
        return bytes
    }

    // ESP-IDF's own variable says whether the list is heeded; its build looks for the file in any case.
    private static func constraints(
        _ idf: FoundIDF, in folder: FilePath, downloader: Downloader, environment: [String: String]
    ) async throws(ToolchainError) -> FilePath {
        let numbers = (idf.version ?? "").split(separator: ".").prefix(2).map { $0.prefix { $0.isNumber } }
        let name = "espidf.constraints.v\(numbers.joined(separator: ".")).txt"
        let isHeeded = !["0", "n", "no"].contains(environment["IDF_PYTHON_CHECK_CONSTRAINTS"]?.lowercased())
        let bytes =
            isHeeded
            ? try await downloader.fetch(url: "\(constraintsURL)/\(name)", name: name) : Array("# none\n".utf8)
        try FileStamp.write(bytes, to: folder.appending(name))
        return folder.appending(name)
    }

    private static func wheels(
        _ idf: FoundIDF, constraints: FilePath, in folder: FilePath, scripts: IDFScripts
    ) async throws(ToolchainError) {
        // A fixed name, so that what a killed run left is swept here.
        let scratch = folder.appending(".venv")
        try Tree.remove(scratch)
        defer { try? Tree.remove(scratch) }
        let environment = scripts.environment
        try await step(scripts.python, ["-m", "venv", scratch.string], environment: environment)
        let wheels = folder.appending("wheels")
        try Tree.remove(wheels)
        try FileStamp.makeFolder(wheels)
        var arguments = [
            "-m", "pip", "wheel", "--constraint", constraints.string, "--quiet", "--disable-pip-version-check",
            "--wheel-dir", wheels.string, "-r",
            idf.path.pushing("tools/requirements/requirements.core.txt").string, "pip", "setuptools",
        ]
        let extra = environment["IDF_PIP_WHEELS_URL"] ?? wheelsURL
        if !extra.isEmpty { arguments += ["--extra-index-url", extra] }
        try await step(scratch.pushing("bin/python"), arguments, environment: environment)
    }

    private static func pythonVersion(
        _ python: FilePath, environment: [String: String]
    ) async throws(ToolchainError) -> String {
        let words = ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        return try await Programs.run(python, words, environment: environment).output.trimmed
    }

    private static func step(
        _ program: FilePath, _ arguments: [String], environment: [String: String]
    ) async throws(ToolchainError) {
        let outcome = try await Programs.run(program, arguments, environment: environment)
        guard !outcome.succeeded else { return }
        if let missing = BuildFailures.missingTool(in: outcome.errors + outcome.output) { throw .install(missing) }
        let lines = (outcome.errors + outcome.output).split(whereSeparator: \.isNewline)
        let said = lines.first { $0.hasPrefix("ERROR") } ?? lines.last
        throw .install(
            .stepFailed(
                step: ([program.lastComponent?.string ?? ""] + arguments.prefix(3)).joined(separator: " "),
                reason: said.map { String($0) } ?? "it ended with \(outcome.status)"))
    }

    // pip splits its list of links at white space.
    private static func fileURL(_ path: FilePath) -> String {
        let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-_.~".utf8)
        let text = path.absolute.string.utf8.map { byte in
            plain.contains(byte)
                ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
        return "file://" + text.joined()
    }
}
