// Reads an Arduino package index (package_*_index.json): platforms and tools, the archive of each tool by the host's
// triplet. Sizes are strings there; a tool is known by its packager, its name and its version. Indexes are gathered from
// many hands: an entry with a slip in it is set aside and refused when it is asked for, while a name that would lead out
// of its folder is no slip and spoils the whole. What the entries look like is in a file of its own.

import FoundationEssentials

extension ToolManifest {
    /// Reads a package index for a host.
    ///
    /// `name` is the file's, for messages. Throws `manifest-invalid` for what is no index and for names that would lead
    /// out of the prefix.
    public init(arduino bytes: [UInt8], name: String = "package index", host: Host) throws(ToolchainError) {
        let file: ArduinoIndexFile
        do {
            file = try JSONDecoder().decode(ArduinoIndexFile.self, from: Data(bytes))
        } catch {
            throw .install(.manifestInvalid(name: name, reason: SettingsFile.reason(ofAny: error)))
        }
        self.init(tools: [])
        for package in file.packages {
            guard let package = package.value else { continue }
            do throws(ManifestFault) {
                try package.add(to: &self, host: host)
            } catch {
                throw .install(.manifestInvalid(name: name, reason: "package '\(package.name)': \(error.reason)"))
            }
        }
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
                try check(need.name, version: need.version, of: need.packager)
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

    /// Throws `manifest-invalid` if the manifest has that entry and it was set aside.
    func check(_ name: String, version: String?, of packager: String? = nil) throws(ToolchainError) {
        let found = refused.first {
            $0.name == name && $0.version == version ?? $0.version && $0.packager == packager ?? $0.packager
        }
        guard let found else { return }
        throw .install(
            .manifestInvalid(
                name: "package index", reason: "\(found.name) \(found.version) of '\(found.packager)': \(found.reason)")
        )
    }
}

extension ArduinoPackage {
    /// Adds what can be taken, and notes what cannot. Throws for names that are none of one folder.
    func add(to manifest: inout ToolManifest, host: Host) throws(ManifestFault) {
        try Self.check(name)
        var order: [String] = []
        var versions: [String: [ToolVersion]] = [:]
        for entry in tools ?? [] {
            let label = (entry.label.name ?? "", entry.label.version ?? "")
            do throws(ArduinoSlip) {
                let tool = try entry.whole()
                try Self.check(tool.name, tool.version, of: name)
                if versions[tool.name] == nil { order.append(tool.name) }
                versions[tool.name, default: []].append(
                    ToolVersion(name: tool.version, status: .supported, artifact: try artifact(of: tool, host: host)))
            } catch {
                manifest.refused.append(
                    RefusedEntry(packager: name, name: label.0, version: label.1, reason: try error.harmless()))
            }
        }
        manifest.tools += order.compactMap { tool in
            var sorted = (versions[tool] ?? []).sorted { isOlderVersion($0.name, than: $1.name) }
            if sorted.isEmpty { return nil }
            if let newest = sorted.lastIndex(where: { $0.artifact != nil }) { sorted[newest].status = .recommended }
            return ManifestTool(
                name: tool, packager: name, summary: "", policy: .onRequest, targets: ["all"], versions: sorted)
        }
        for entry in platforms ?? [] {
            let label = ("\(name):\(entry.label.architecture ?? "")", entry.label.version ?? "")
            do throws(ArduinoSlip) {
                manifest.platforms.append(try release(of: try entry.whole()))
            } catch {
                manifest.refused.append(
                    RefusedEntry(packager: name, name: label.0, version: label.1, reason: try error.harmless()))
            }
        }
    }

    private func artifact(of tool: Tool, host: Host) throws(ArduinoSlip) -> Artifact? {
        let best = tool.systems.compactMap { system in
            system.host.flatMap { host.suitability(ofTriplet: $0) }.map { (rank: $0, system: system) }
        }.reduce(nil as (rank: Int, system: Download)?) { best, next in
            // The first of equals is taken, as arduino-cli does.
            best.map { $0.rank >= next.rank ? $0 : next } ?? next
        }
        guard let best else { return nil }
        return try artifact(
            name: tool.name, version: tool.version, from: best.system,
            place: ["packages", name, "tools", tool.name, tool.version])
    }

    private func release(of platform: Platform) throws(ArduinoSlip) -> PlatformRelease {
        try Self.check(platform.architecture, platform.version, of: name)
        let artifact = try artifact(
            name: platform.architecture, version: platform.version, from: platform.download,
            place: ["packages", name, "hardware", platform.architecture, platform.version])
        return PlatformRelease(
            packager: name, architecture: platform.architecture, version: platform.version, artifact: artifact,
            tools: (platform.toolsDependencies ?? []).map {
                .init(packager: $0.packager, name: $0.name, version: $0.version)
            })
    }

    private func artifact(
        name: String, version: String, from download: Download, place: [String]
    ) throws(ArduinoSlip) -> Artifact {
        let archive = download.archiveFileName ?? ManifestNames.fileName(ofURL: download.url ?? "")
        if ManifestNames.isHostile(archive) {
            throw .hostile("the archive's name '\(archive)' of \(name) \(version) is no file name")
        }
        guard ManifestNames.isFileName(archive) else { throw .slip("the archive's name is too long") }
        guard let url = download.url, ManifestNames.isURL(url) else {
            throw .slip("its URL is '\(download.url ?? "")'")
        }
        guard let digest = download.checksum.flatMap({ Digest(checksum: $0) }) else {
            throw .slip("its checksum is '\(download.checksum ?? "")'")
        }
        guard let bytes = download.size?.bytes, bytes > 0 else { throw .slip("its size is no number of bytes") }
        return Artifact(
            name: name, version: version, url: url, size: bytes, digest: digest, archiveName: archive,
            strip: .singleFolder, place: place, exports: Exports(paths: [["bin"]], variables: []), probe: nil)
    }

    private static func check(_ name: String) throws(ManifestFault) {
        if ManifestNames.isHostile(name) { throw ManifestFault(reason: "'\(name)' is no file name") }
    }

    private static func check(_ names: String..., of packager: String) throws(ArduinoSlip) {
        for name in names where ManifestNames.isHostile(name) { throw .hostile("'\(name)' is no file name") }
        for name in names + [packager] where !ManifestNames.isPlain(name) {
            throw .slip("'\(name)' cannot be a folder's name here")
        }
    }
}

/// Why an entry is not taken.
enum ArduinoSlip: Error {
    /// The entry is of no use.
    case slip(String)
    /// Nor is what is around it.
    case hostile(String)

    /// The reason, for what spoils one entry alone; throws what spoils all.
    func harmless() throws(ManifestFault) -> String {
        switch self {
        case .slip(let reason): return reason
        case .hostile(let reason): throw ManifestFault(reason: reason)
        }
    }
}
