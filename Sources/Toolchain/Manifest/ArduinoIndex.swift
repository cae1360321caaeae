// Reads an Arduino package index (package_*_index.json): platforms and tools, the archive of each tool by the host's
// triplet. Sizes are strings there; a tool is known by its packager, its name and its version.

import FoundationEssentials

extension ToolManifest {
    /// Reads a package index for a host.
    ///
    /// `name` is the file's, for messages. Throws `manifest-invalid` for malformed entries and for names that would
    /// lead out of the prefix.
    public init(arduino bytes: [UInt8], name: String = "package index", host: Host) throws(ToolchainError) {
        let file: ArduinoIndexFile
        do {
            file = try JSONDecoder().decode(ArduinoIndexFile.self, from: Data(bytes))
        } catch {
            throw .install(.manifestInvalid(name: name, reason: SettingsFile.reason(ofAny: error)))
        }
        var tools: [ManifestTool] = []
        var platforms: [PlatformRelease] = []
        for package in file.packages {
            do throws(ManifestFault) {
                tools += try package.manifestTools(host: host)
                platforms += try package.releases()
            } catch {
                throw .install(.manifestInvalid(name: name, reason: "package '\(package.name)': \(error.reason)"))
            }
        }
        self.init(tools: tools, platforms: platforms)
    }

    /// Reads either kind of manifest: an index has `packages`, ESP-IDF's file has `tools`.
    public init(_ bytes: [UInt8], name: String, host: Host, needsSizes: Bool = true) throws(ToolchainError) {
        struct Kind: Decodable {
            struct Anything: Decodable {}
            var packages: [Anything]?
        }
        let kind = try? JSONDecoder().decode(Kind.self, from: Data(bytes))
        if kind?.packages != nil {
            try self.init(arduino: bytes, name: name, host: host)
        } else {
            try self.init(idf: bytes, name: name, host: host, needsSizes: needsSizes)
        }
    }

    /// The newest release of a platform, or the one of that version.
    public func release(of packager: String, _ architecture: String, version: String? = nil) -> PlatformRelease? {
        platforms.filter {
            $0.packager == packager && $0.architecture == architecture && (version == nil || $0.version == version)
        }.max { isOlderVersion($0.version, than: $1.version) }
    }

    /// The archives of a release and of the tools it needs.
    ///
    /// Throws `manifest-invalid` for a tool that the index lacks, `tool-missing` for one without an archive for the host.
    public func artifacts(of release: PlatformRelease, host: Host) throws(ToolchainError) -> [Artifact] {
        var artifacts = [release.artifact]
        for need in release.tools {
            let tool = tools.first { $0.packager == need.packager && $0.name == need.name }
            guard let version = tool?.version(need.version) else {
                // arduino-cli's own tools are in an index of its own.
                if need.packager != release.packager { continue }
                throw .install(
                    .manifestInvalid(
                        name: "package index",
                        reason: "\(release.packager):\(release.architecture) \(release.version) needs "
                            + "\(need.name) \(need.version), which is not in it"))
            }
            guard let artifact = version.artifact else {
                if need.packager != release.packager { continue }
                throw .install(.noArchive(tool: need.name, version: need.version, host: host))
            }
            artifacts.append(artifact)
        }
        return artifacts
    }

    /// The newest archive of each tool that arduino-cli brings along whatever the platform: what finds ports, what makes
    /// prototypes. Its own index lists them as `builtin`.
    var builtInTools: [Artifact] {
        tools.filter { $0.packager == "builtin" }.compactMap { $0.preferred?.artifact }
    }
}

struct ArduinoIndexFile: Decodable {
    var packages: [ArduinoPackage]
}

/// A vendor's part of an index.
struct ArduinoPackage: Decodable {
    struct Platform: Decodable {
        struct Need: Decodable {
            var packager: String
            var name: String
            var version: String
        }

        var name: String?
        var architecture: String
        var version: String
        var url: String
        var archiveFileName: String
        var checksum: String
        var size: ArduinoSize
        var toolsDependencies: [Need]?
    }

    struct Tool: Decodable {
        struct System: Decodable {
            var host: String
            var url: String
            var archiveFileName: String
            var checksum: String
            var size: ArduinoSize
        }

        var name: String
        var version: String
        var systems: [System]
    }

    var name: String
    var platforms: [Platform]?
    var tools: [Tool]?
}

/// A size in bytes, which the indexes write as a string and some as a number.
struct ArduinoSize: Decodable {
    var bytes: Int?

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        bytes = try (try? value.decode(Int.self)) ?? Int(value.decode(String.self))
    }
}

extension ArduinoPackage {
    func manifestTools(host: Host) throws(ManifestFault) -> [ManifestTool] {
        guard ManifestNames.isPlain(name) else { throw ManifestFault(reason: "its name is no file name") }
        var order: [String] = []
        var versions: [String: [ToolVersion]] = [:]
        for tool in tools ?? [] {
            guard ManifestNames.isPlain(tool.name), ManifestNames.isPlain(tool.version) else {
                throw ManifestFault(reason: "the tool '\(tool.name)' '\(tool.version)' is no file name")
            }
            let best = tool.systems.compactMap { system in
                host.suitability(ofTriplet: system.host).map { (rank: $0, system: system) }
            }.reduce(nil as (rank: Int, system: Tool.System)?) { best, next in
                // The first of equals is taken, as arduino-cli does.
                best.map { $0.rank >= next.rank ? $0 : next } ?? next
            }
            var version = ToolVersion(name: tool.version, status: .supported, artifact: nil)
            if let found = best?.system {
                version.artifact = try artifact(
                    name: tool.name, version: tool.version, url: found.url, archive: found.archiveFileName,
                    checksum: found.checksum, size: found.size,
                    place: ["packages", name, "tools", tool.name, tool.version])
            }
            if versions[tool.name] == nil { order.append(tool.name) }
            versions[tool.name, default: []].append(version)
        }
        return order.map { tool in
            var sorted = (versions[tool] ?? []).sorted { isOlderVersion($0.name, than: $1.name) }
            if let newest = sorted.lastIndex(where: { $0.artifact != nil }) { sorted[newest].status = .recommended }
            return ManifestTool(
                name: tool, packager: name, summary: "", policy: .onRequest, targets: ["all"], versions: sorted)
        }
    }

    func releases() throws(ManifestFault) -> [PlatformRelease] {
        var releases: [PlatformRelease] = []
        for platform in platforms ?? [] {
            guard ManifestNames.isPlain(platform.architecture), ManifestNames.isPlain(platform.version) else {
                throw ManifestFault(reason: "'\(platform.architecture)' '\(platform.version)' is no file name")
            }
            let artifact = try artifact(
                name: platform.architecture, version: platform.version, url: platform.url,
                archive: platform.archiveFileName, checksum: platform.checksum, size: platform.size,
                place: ["packages", name, "hardware", platform.architecture, platform.version])
            releases.append(
                PlatformRelease(
                    packager: name, architecture: platform.architecture, version: platform.version,
                    artifact: artifact,
                    tools: (platform.toolsDependencies ?? []).map {
                        .init(packager: $0.packager, name: $0.name, version: $0.version)
                    }))
        }
        return releases
    }

    private func artifact(
        name: String, version: String, url: String, archive: String, checksum: String, size: ArduinoSize,
        place: [String]
    ) throws(ManifestFault) -> Artifact {
        guard let digest = Digest(checksum: checksum) else {
            throw ManifestFault(reason: "the checksum of \(name) \(version) is '\(checksum)'")
        }
        guard let bytes = size.bytes, bytes > 0 else {
            throw ManifestFault(reason: "the size of \(name) \(version) is no number of bytes")
        }
        guard ManifestNames.isURL(url) else { throw ManifestFault(reason: "the URL of \(name) is '\(url)'") }
        guard ManifestNames.isPlain(archive) else {
            throw ManifestFault(reason: "the archive's name '\(archive)' is no file name")
        }
        return Artifact(
            name: name, version: version, url: url, size: bytes, digest: digest, archiveName: archive,
            strip: .singleFolder, place: place, exports: Exports(paths: [["bin"]], variables: []), probe: nil)
    }
}
