// What an installation of Arduino's ESP32 core is made of, before any of it is fetched: the core's index, arduino-cli's
// own, and the archives that the two name for a version and a host. arduino-cli fetches nothing that lies in its folder
// of downloads already.

import SystemPackage

/// The indexes that arduino-cli reads, by their file names.
struct ArduinoIndexes: Equatable, Sendable {
    /// The ESP32 core's.
    static let coreName = "package_esp32_index.json"
    /// arduino-cli's own: the tools of Arduino's that the core needs, and those it always brings along.
    static let ownName = "package_index.json"
    /// An archive of that and its signature.
    static let ownURL = "https://downloads.arduino.cc/packages/package_index.tar.bz2"

    var files: [String: [UInt8]]

    /// Whether arduino-cli needs no other.
    var isWhole: Bool { files[Self.ownName] != nil }

    /// Fetches the indexes. Only the core's must be had: without its own, arduino-cli fetches the rest by itself.
    static func fetch(
        with downloader: Downloader, environment: [String: String], attempts: Int = 1
    ) async throws(ToolchainError) -> ArduinoIndexes {
        var files = [coreName: try await downloader.fetch(url: ArduinoSetup.indexURL, name: coreName)]
        if let own = try? await fetchOwn(with: downloader, environment: environment, attempts: attempts) {
            files.merge(own) { $1 }
        }
        return ArduinoIndexes(files: files)
    }

    private static func fetchOwn(
        with downloader: Downloader, environment: [String: String], attempts: Int
    ) async throws(ToolchainError) -> [String: [UInt8]] {
        let packed = try await downloader.fetch(url: ownURL, name: "package_index.tar.bz2", attempts: attempts)
        let scratch = try ScratchFolder(prefix: "espmask-index")
        defer { scratch.remove() }
        let archive = scratch.path.appending("package_index.tar.bz2")
        try FileStamp.write(packed, to: archive)
        let tree = scratch.path.appending("tree")
        try FileStamp.makeFolder(tree)
        _ = try await ArchiveReading.unpack(
            archive, named: "package_index.tar.bz2", strip: .levels(0), into: tree, environment: environment)
        var files: [String: [UInt8]] = [:]
        for name in [ownName, ownName + ".sig"] {
            files[name] = try? FileStamp.contents(of: tree.appending(name))
        }
        return files
    }

    /// Reads those in a folder.
    init(in folder: FilePath) throws(ToolchainError) {
        files = [Self.coreName: try FileStamp.contents(of: folder.appending(Self.coreName))]
        for name in [Self.ownName, Self.ownName + ".sig"] {
            files[name] = try? FileStamp.contents(of: folder.appending(name))
        }
    }

    init(files: [String: [UInt8]]) { self.files = files }

    /// Puts them into a folder.
    func write(to folder: FilePath) throws(ToolchainError) {
        try FileStamp.makeFolder(folder)
        for (name, bytes) in files { try FileStamp.write(bytes, to: folder.appending(name)) }
    }
}

/// A version of the core with everything it needs.
struct ArduinoParts: Equatable, Sendable {
    var version: String
    var artifacts: [Artifact]

    /// Chooses a version, the newest where none is named. Throws `usage` for one that is not there.
    init(_ indexes: ArduinoIndexes, version: String?, host: Host) throws(ToolchainError) {
        var manifest = try ToolManifest(
            arduino: indexes.files[ArduinoIndexes.coreName] ?? [], name: ArduinoIndexes.coreName, host: host)
        guard let release = manifest.release(of: "esp32", "esp32", version: version) else {
            let known = manifest.platforms.filter { $0.architecture == "esp32" }.map { "arduino@\($0.version)" }
            throw .install(.toolUnknown(name: "arduino@\(version ?? "")", known: known.reversed()))
        }
        let own = indexes.files[ArduinoIndexes.ownName].flatMap {
            try? ToolManifest(arduino: $0, name: ArduinoIndexes.ownName, host: host)
        }
        manifest.tools += own?.tools ?? []
        self.version = release.version
        artifacts = try manifest.artifacts(of: release, host: host) + manifest.builtInTools
    }
}
