// Reads ESP-IDF's tools/tools.json, versions 1 to 3 of its form. What it says for this host's platform is put over what
// it says for all; several overrides may apply, the later ones win. Unknown members are ignored.

import FoundationEssentials

extension ToolManifest {
    /// Reads a tools.json for a host.
    ///
    /// `name` is the file's, for messages. Throws `manifest-invalid` for what the schema forbids and for names that
    /// would lead out of the prefix. Every file of ESP-IDF's gives sizes; without `needsSizes` a digest is enough, as
    /// in our own, since some makers publish nothing else.
    public init(
        idf bytes: [UInt8], name: String = "tools.json", host: Host, needsSizes: Bool = true
    ) throws(ToolchainError) {
        let file: IDFManifestFile
        do {
            file = try JSONDecoder().decode(IDFManifestFile.self, from: Data(bytes))
        } catch {
            throw .install(.manifestInvalid(name: name, reason: SettingsFile.reason(ofAny: error)))
        }
        if let version = file.version, !(1...3).contains(version) {
            throw .install(.manifestInvalid(name: name, reason: "its form's version is \(version); known are 1 to 3"))
        }
        var tools: [ManifestTool] = []
        for tool in file.tools {
            do throws(ManifestFault) {
                tools.append(try tool.manifestTool(host: host, needsSizes: needsSizes))
            } catch {
                throw .install(.manifestInvalid(name: name, reason: "tool '\(tool.name)': \(error.reason)"))
            }
        }
        guard Set(tools.map(\.name)).count == tools.count else {
            throw .install(.manifestInvalid(name: name, reason: "two tools have one name"))
        }
        self.init(tools: tools)
    }
}

/// Why an entry cannot be taken.
struct ManifestFault: Error {
    var reason: String
}

struct IDFManifestFile: Decodable {
    var version: Int?
    var tools: [IDFToolEntry]
}

/// A tool as the file has it.
struct IDFToolEntry: Decodable {
    /// What is said for some platforms only; a member that is absent changes nothing.
    struct Override: Decodable {
        var platforms: [String]
        var export_paths: [[String]]?
        var export_vars: [String: String]?
        var install: String?
        var version_cmd: [String]?
        var version_regex: String?
        var version_regex_replace: String?
        var supported_targets: [String]?
        var strip_container_dirs: Int?
        var is_executable: Bool?
        var tool_info_file: String?
    }

    /// A version; beside its own two members it has one for each platform.
    struct Version: Decodable {
        struct Download: Decodable {
            var url: String
            var size: Int?
            var sha256: String
            var rename_dist: String?
        }

        private struct Key: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        var name: String
        var status: String
        var downloads: [String: Download] = [:]

        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: Key.self)
            name = try members.decode(String.self, forKey: Key(stringValue: "name"))
            status = try members.decode(String.self, forKey: Key(stringValue: "status"))
            for key in members.allKeys where key.stringValue != "name" && key.stringValue != "status" {
                downloads[key.stringValue] = try members.decode(Download.self, forKey: key)
            }
        }
    }

    var name: String
    var description: String
    var export_paths: [[String]]
    var export_vars: [String: String]?
    var install: String
    var version_cmd: [String]
    var version_regex: String
    var version_regex_replace: String?
    var supported_targets: [String]?
    var strip_container_dirs: Int?
    var is_executable: Bool?
    var tool_info_file: String?
    var platform_overrides: [Override]?
    var versions: [Version]
}

extension IDFToolEntry {
    /// The keys that may stand beside a version's name and status.
    private static let platforms: Set<String> = Set(Host.all.compactMap(\.platform)).union(["any"])

    /// The tool for a host.
    func manifestTool(host: Host, needsSizes: Bool = true) throws(ManifestFault) -> ManifestTool {
        var entry = self
        for override in platform_overrides ?? [] {
            guard let platform = host.overridePlatform, override.platforms.contains(platform) else { continue }
            entry.apply(override)
        }
        if needsSizes, let version = versions.first(where: { $0.downloads.values.contains { $0.size == nil } }) {
            throw ManifestFault(reason: "\(version.name) has an archive without a size")
        }
        return try entry.resolved(host: host)
    }

    private mutating func apply(_ override: Override) {
        export_paths = override.export_paths ?? export_paths
        export_vars = override.export_vars ?? export_vars
        install = override.install ?? install
        version_cmd = override.version_cmd ?? version_cmd
        version_regex = override.version_regex ?? version_regex
        version_regex_replace = override.version_regex_replace ?? version_regex_replace
        supported_targets = override.supported_targets ?? supported_targets
        strip_container_dirs = override.strip_container_dirs ?? strip_container_dirs
        is_executable = override.is_executable ?? is_executable
        tool_info_file = override.tool_info_file ?? tool_info_file
    }

    private func resolved(host: Host) throws(ManifestFault) -> ManifestTool {
        guard ManifestNames.isPlain(name) else { throw ManifestFault(reason: "its name is no file name") }
        guard let policy = ManifestTool.Policy(rawValue: install) else {
            throw ManifestFault(reason: "install is '\(install)'")
        }
        let exports = try exports()
        let probe = try probe()
        let levels = strip_container_dirs ?? 0
        guard (0...16).contains(levels) else { throw ManifestFault(reason: "strip_container_dirs is \(levels)") }
        var seen: [ToolVersion] = []
        for version in versions {
            guard ManifestNames.isPlain(version.name) else {
                throw ManifestFault(reason: "the version '\(version.name)' is no file name")
            }
            guard let status = ToolVersion.Status(rawValue: version.status) else {
                throw ManifestFault(reason: "the status of \(version.name) is '\(version.status)'")
            }
            if let stranger = version.downloads.keys.sorted().first(where: { !Self.platforms.contains($0) }) {
                throw ManifestFault(reason: "\(version.name) is for '\(stranger)', which is no platform")
            }
            var mine = ToolVersion(name: version.name, status: status, artifact: nil)
            if let download = host.platformKeys.lazy.compactMap({ version.downloads[$0] }).first {
                mine.artifact = try artifact(
                    download, version: version.name, strip: .levels(levels), exports: exports, probe: probe)
            }
            seen.append(mine)
        }
        let recommended = seen.filter { $0.status == .recommended && $0.artifact != nil }
        guard recommended.count <= 1 else { throw ManifestFault(reason: "several versions are recommended") }
        return ManifestTool(
            name: name, summary: description, policy: policy, targets: supported_targets ?? ["all"], versions: seen)
    }

    private func exports() throws(ManifestFault) -> Exports {
        guard export_paths.allSatisfy({ ManifestNames.areInside($0) }) else {
            throw ManifestFault(reason: "an export path leads out of its folder")
        }
        let variables = (export_vars ?? [:]).sorted { $0.key < $1.key }
        for (name, value) in variables where !ManifestNames.isVariable(name) || value.utf8.contains(0) {
            throw ManifestFault(reason: "the variable '\(name)' may not be set")
        }
        // What cannot be run is of no use to PATH.
        return Exports(
            paths: (is_executable ?? true ? export_paths : []).map { $0.filter { !$0.isEmpty && $0 != "." } },
            variables: variables.map { Exports.Variable(name: $0.key, value: $0.value) })
    }

    // A tool is asked by its info file if it has one (form 3), else by its command.
    private func probe() throws(ManifestFault) -> VersionProbe? {
        guard is_executable ?? true else { return nil }
        let source: VersionProbe.Source
        if let file = tool_info_file, !file.isEmpty {
            let components = file.split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
            guard ManifestNames.areInside(components), !file.hasPrefix("/") else {
                throw ManifestFault(reason: "tool_info_file leads out of its folder")
            }
            source = .file(components)
        } else {
            guard let program = version_cmd.first, !program.isEmpty else {
                throw ManifestFault(reason: "version_cmd is empty")
            }
            source = .command(version_cmd)
        }
        guard !version_regex.isEmpty, (try? Regex(version_regex)) != nil else {
            throw ManifestFault(reason: "version_regex '\(version_regex)' is no regular expression")
        }
        return VersionProbe(source: source, pattern: version_regex, replacement: version_regex_replace ?? #"\1"#)
    }

    private func artifact(
        _ download: Version.Download, version: String, strip: StripRule, exports: Exports, probe: VersionProbe?
    ) throws(ManifestFault) -> Artifact {
        guard let digest = Digest(.sha256, hex: download.sha256) else {
            throw ManifestFault(reason: "the SHA-256 of \(version) is malformed")
        }
        if let size = download.size, size <= 0 { throw ManifestFault(reason: "the size of \(version) is \(size)") }
        guard ManifestNames.isURL(download.url) else {
            throw ManifestFault(reason: "the URL of \(version) is '\(download.url)'")
        }
        let renamed = download.rename_dist ?? ""
        let archive = renamed.isEmpty ? ManifestNames.fileName(ofURL: download.url) : renamed
        guard ManifestNames.isPlain(archive) else {
            throw ManifestFault(reason: "the archive's name '\(archive)' is no file name")
        }
        return Artifact(
            name: name, version: version, url: download.url, size: download.size, digest: digest,
            archiveName: archive, strip: strip, place: ["tools", name, version], exports: exports, probe: probe)
    }
}
