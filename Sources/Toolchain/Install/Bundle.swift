// A folder with everything that installing needs, for machines without internet: the manifest, the archives under
// their own names in dist/, and bundle.json, which says what was asked for and for which platform. What is Arduino's and
// what is ESP-IDF's lies in folders of their own.

import FoundationEssentials
public import SystemPackage

/// A folder to install from.
public struct ToolBundle: Equatable, Sendable {
    private struct Contents: Codable {
        var format = 1
        var platform: String
        var target: String
        var tools: [String]
        var archives: [String: String]
    }

    /// The folder.
    public let folder: FilePath
    /// The manifest in it.
    public let manifest: FilePath
    /// What it was made for, as words that name tools.
    public let tools: [String]
    /// The chip it was made for.
    public let target: String

    /// Arduino's ESP32 core, where it is in it.
    public let arduino: ArduinoBundle?
    /// ESP-IDF, where it is in it.
    public let idf: IDFBundle?

    /// Where its archives are.
    public var archives: [FilePath] {
        [folder.appending("dist"), folder] + [arduino?.archives, idf?.archives].compactMap { $0 }
    }

    /// Reads a bundle. Throws `file-not-found` where there is none, `usage` for another platform's or a malformed one.
    public init(folder: FilePath, host: Host) throws(ToolchainError) {
        let list = folder.appending("bundle.json")
        guard FileStamp.of(list) != nil else { throw .install(.noBundle(folder: folder)) }
        let contents: Contents = try SettingsFile.read(list)
        guard contents.format == 1 else { throw .settingsInvalid(path: list, reason: "its form is \(contents.format)") }
        guard let platform = Host(platform: contents.platform), platform == host else {
            throw .settingsInvalid(
                path: list, reason: "it is for \(contents.platform), this machine is \(host.platform ?? "another")")
        }
        self.folder = folder
        manifest = folder.appending("manifest.json")
        tools = contents.tools
        target = contents.target
        arduino = try ArduinoBundle(bundle: folder)
        idf = try IDFBundle(bundle: folder)
    }

    /// Begins a bundle in a folder that may hold another: without its list it is none, and the parts that are not wanted
    /// any more go.
    public static func begin(in folder: FilePath, arduino: Bool, idf: Bool) throws(ToolchainError) {
        try FileStamp.makeFolder(folder)
        try Tree.remove(folder.appending("bundle.json"))
        for (name, isWanted) in [("arduino", arduino), ("idf", idf)] where !isWanted {
            // Only what is a part of a bundle.
            let part = folder.appending(name)
            if FileStamp.of(part.appending("\(name).json")) != nil { try Tree.remove(part) }
        }
    }

    /// Makes a bundle of archives that are in the cache or can be fetched. Returns the number of bytes in it.
    ///
    /// Throws as downloads do.
    public static func make(
        _ steps: [InstallStep], manifest: [UInt8], target: String, host: Host, in folder: FilePath,
        downloader: Downloader, report: @escaping @Sendable (InstallEvent) -> Void
    ) async throws(ToolchainError) -> Int {
        let dist = folder.appending("dist")
        try FileStamp.makeFolder(dist)
        let archives = try await downloader.fetch(steps.map(\.artifact)) { report(.download($0)) }
        var bytes = 0
        var digests: [String: String] = [:]
        for (step, archive) in zip(steps, archives) {
            try Tree.copy(archive, to: dist.appending(step.artifact.archiveName))
            bytes += FileStamp.of(archive)?.size ?? 0
            digests[step.artifact.archiveName] = step.artifact.digest.text
        }
        try FileStamp.write(manifest, to: folder.appending("manifest.json"))
        let contents = Contents(
            platform: host.platform ?? "any", target: target,
            tools: steps.map { step in
                // A platform of an Arduino index brings its tools along by name.
                step.artifact.place.contains("hardware")
                    ? "\(step.artifact.place[1]):\(step.artifact.name)@\(step.artifact.version)"
                    : "\(step.artifact.name)@\(step.artifact.version)"
            }, archives: digests)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // Last, so that a folder with a list is whole.
        try FileStamp.write(
            Array((try? encoder.encode(contents)) ?? Data()) + [0x0A], to: folder.appending("bundle.json"))
        return bytes
    }
}
