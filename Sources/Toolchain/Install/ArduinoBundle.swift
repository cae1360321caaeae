// The part of a bundle that is Arduino's: the indexes, the archives of core and tools, and the libraries' sources, each
// proven by the digest that was written down when git had proven it.

import FoundationEssentials
public import SystemPackage

/// Arduino's ESP32 core in a folder, for machines without internet.
public struct ArduinoBundle: Equatable, Sendable {
    private struct Contents: Codable {
        var version: String
        var libraries: [String: String]
    }

    /// The folder.
    let folder: FilePath
    /// The core's version.
    public let version: String
    private let libraries: [String: String]

    /// The indexes that were in force.
    var indexes: ArduinoIndexes { get throws(ToolchainError) { try ArduinoIndexes(in: folder) } }
    /// Where its archives are.
    public var archives: FilePath { folder.appending("dist") }

    /// Reads the part of a bundle; nil where it has none. Throws `usage` for a malformed one.
    public init?(bundle: FilePath) throws(ToolchainError) {
        folder = bundle.appending("arduino")
        let list = folder.appending("arduino.json")
        guard FileStamp.of(list) != nil else { return nil }
        let contents: Contents = try SettingsFile.read(list)
        version = contents.version
        libraries = contents.libraries
    }

    private init(folder: FilePath, version: String, libraries: [String: String]) {
        self.folder = folder
        self.version = version
        self.libraries = libraries
    }

    /// Makes the part. Returns its version and the number of bytes of its archives.
    static func make(
        _ parts: ArduinoParts, indexes: ArduinoIndexes, libraries: [ArduinoSetup.Library],
        in bundle: FilePath, downloader: Downloader,
        bring: (ArduinoSetup.Library, FilePath) async throws(ToolchainError) -> Void,
        environment: [String: String], report: @escaping @Sendable (InstallEvent) -> Void
    ) async throws(ToolchainError) -> (version: String, bytes: Int) {
        let folder = bundle.appending("arduino")
        let list = folder.appending("arduino.json")
        // A folder with a list is whole; this one is not until the end.
        try Tree.remove(list)
        let dist = folder.appending("dist")
        try FileStamp.makeFolder(dist)
        let archives = try await downloader.fetch(parts.artifacts) { report(.download($0)) }
        var bytes = 0
        for (artifact, archive) in zip(parts.artifacts, archives) {
            try Tree.copy(archive, to: dist.appending(artifact.archiveName))
            bytes += FileStamp.of(archive)?.size ?? 0
        }
        let tar = try Programs.find("tar", environment: environment, purpose: "packing the sketches' libraries")
        // A fixed name, so that what a killed run left is swept here.
        let scratch = folder.appending(".libraries")
        try Tree.remove(scratch)
        defer { try? Tree.remove(scratch) }
        var digests: [String: String] = [:]
        for library in libraries {
            report(.unpacking("\(library.name), by git"))
            let tree = scratch.appending(library.name)
            try FileStamp.makeFolder(tree)
            try await bring(library, tree)
            let packed = folder.appending("\(library.name).tar.gz")
            let outcome = try await Programs.run(
                tar, ["-C", tree.string, "--exclude=.git", "-czf", packed.string, "."], environment: environment)
            guard outcome.succeeded else {
                throw .install(.stepFailed(step: "tar", reason: outcome.errors.trimmed))
            }
            digests[library.name] = try ArchiveCache.hash(packed, .sha256).hex
            bytes += FileStamp.of(packed)?.size ?? 0
        }
        try indexes.write(to: folder)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let contents = Contents(version: parts.version, libraries: digests)
        try FileStamp.write(Array((try? encoder.encode(contents)) ?? Data()) + [0x0A], to: list)
        return (parts.version, bytes)
    }

    /// Unpacks a library's sources into an empty folder.
    ///
    /// Throws `file-not-found` where the bundle lacks it, `hash-mismatch` where it is another than was packed.
    func unpack(
        _ library: ArduinoSetup.Library, into tree: FilePath, environment: [String: String]
    ) async throws(ToolchainError) {
        let name = "\(library.name).tar.gz"
        let packed = folder.appending(name)
        guard let promised = libraries[library.name], FileStamp.of(packed) != nil else {
            throw .install(.bundleIncomplete(folder: folder, archive: name))
        }
        let got = try ArchiveCache.hash(packed, .sha256).hex
        guard got == promised else {
            throw .install(.hashMismatch(archive: name, source: folder.string, promised: promised, got: got))
        }
        _ = try await ArchiveReading.unpack(
            packed, named: name, strip: .levels(0), into: tree, environment: environment)
    }
}
