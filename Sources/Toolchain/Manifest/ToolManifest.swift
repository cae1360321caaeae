// What can be installed, whichever world's manifest said so: tools with their versions, and for each version the one
// archive for this host, with all that installing it needs to know. The two readers are in files of their own.

/// The tools of a manifest, for one host.
public struct ToolManifest: Equatable, Sendable {
    /// The tools, in the manifest's order.
    public var tools: [ManifestTool]
    /// Arduino platforms (cores); empty for an ESP-IDF manifest.
    public var platforms: [PlatformRelease]
    /// What is in an Arduino index and cannot be installed: one vendor's slip does not spoil the others' entries.
    public var refused: [RefusedEntry]

    /// Makes a manifest.
    public init(tools: [ManifestTool], platforms: [PlatformRelease] = [], refused: [RefusedEntry] = []) {
        self.tools = tools
        self.platforms = platforms
        self.refused = refused
    }

    /// The tool of that name.
    public func tool(_ name: String) -> ManifestTool? { tools.first { $0.name == name } }
}

/// An entry that cannot be taken, and why.
public struct RefusedEntry: Equatable, Sendable {
    /// Whose it is.
    public var packager: String
    /// The tool's name, or `PACKAGER:ARCHITECTURE` of a platform.
    public var name: String
    /// The version.
    public var version: String
    /// What is wrong with it.
    public var reason: String
}

/// A tool with its versions.
public struct ManifestTool: Equatable, Sendable {
    /// When a tool is wanted.
    public enum Policy: String, Sendable {
        /// By everybody.
        case always
        /// By those who ask for it.
        case onRequest = "on_request"
        /// By nobody on this host.
        case never
    }

    /// The name.
    public var name: String
    /// Whose it is, in an Arduino index.
    public var packager: String?
    /// What it is.
    public var summary: String
    /// When it is wanted on this host.
    public var policy: Policy
    /// The chips it is for; `all` for every one.
    public var targets: [String]
    /// The versions, in the manifest's order.
    public var versions: [ToolVersion]

    /// Whether it serves a chip.
    public func serves(_ target: String) -> Bool { targets.contains("all") || targets.contains(target) }

    /// The version to take where none was named: the recommended one that the host has an archive of.
    public var preferred: ToolVersion? {
        versions.first { $0.status == .recommended && $0.artifact != nil }
            ?? versions.last { $0.status == .supported && $0.artifact != nil }
    }

    /// The version of that name.
    public func version(_ name: String) -> ToolVersion? { versions.first { $0.name == name } }
}

/// One version of a tool.
public struct ToolVersion: Equatable, Sendable {
    /// What its makers think of it.
    public enum Status: String, Sendable {
        /// The one to take.
        case recommended
        /// Works too.
        case supported
        /// Should not be used any more.
        case deprecated
    }

    /// The version's name.
    public var name: String
    /// What its makers think of it.
    public var status: Status
    /// What to install on this host; nil where there is nothing.
    public var artifact: Artifact?
}

/// One archive and how it becomes an installed tool.
public struct Artifact: Equatable, Sendable {
    /// The tool's name.
    public var name: String
    /// The tool's version.
    public var version: String
    /// Where it is to be had.
    public var url: String
    /// The archive's size in bytes; nil where the manifest promises none, and the digest alone proves it.
    public var size: Int?
    /// What proves it.
    public var digest: Digest
    /// The archive's file name.
    public var archiveName: String
    /// What of the unpacked tree becomes the tool's folder.
    public var strip: StripRule
    /// The tool's folder, below the prefix.
    public var place: [String]
    /// What using it needs.
    public var exports: Exports
    /// How its version is asked; nil where there is nothing to ask.
    public var probe: VersionProbe?

    /// Makes an artifact.
    public init(
        name: String, version: String, url: String, size: Int?, digest: Digest, archiveName: String, strip: StripRule,
        place: [String], exports: Exports, probe: VersionProbe?
    ) {
        self.name = name
        self.version = version
        self.url = url
        self.size = size
        self.digest = digest
        self.archiveName = archiveName
        self.strip = strip
        self.place = place
        self.exports = exports
        self.probe = probe
    }
}

/// What of an unpacked archive becomes the tool's folder.
public enum StripRule: Equatable, Sendable {
    /// What is in the folder that many levels down; at each level there is exactly one entry, a folder (ESP-IDF).
    case levels(Int)
    /// The one folder at the top; plain files beside it and `__MACOSX` are ignored (Arduino).
    case singleFolder
}

/// What a tool adds to the environment.
public struct Exports: Equatable, Codable, Sendable {
    /// Folders for PATH, each as path components below the tool's folder.
    public var paths: [[String]]
    /// Variables; `${TOOL_PATH}` in a value stands for the tool's folder.
    public var variables: [Variable]

    /// A variable of the environment.
    public struct Variable: Equatable, Codable, Sendable {
        /// The name.
        public var name: String
        /// The value.
        public var value: String
    }

    /// Adds nothing.
    public static let none = Exports(paths: [], variables: [])
}

/// How an installed tool tells its version.
public struct VersionProbe: Equatable, Sendable {
    /// Where the text with the version comes from.
    public enum Source: Equatable, Sendable {
        /// What a program prints; its name is looked for in the tool's PATH folders first.
        case command([String])
        /// The member `version` of a JSON file in the tool's folder.
        case file([String])
    }

    /// Where the text comes from.
    public var source: Source
    /// A regular expression that finds the version in the text.
    public var pattern: String
    /// What the match becomes; `\1` is the first group.
    public var replacement: String
}

/// One release of an Arduino platform (core).
public struct PlatformRelease: Equatable, Sendable {
    /// A tool that it needs.
    public struct Dependency: Equatable, Sendable {
        /// Whose tool.
        public var packager: String
        /// Which tool.
        public var name: String
        /// Which version of it.
        public var version: String
    }

    /// Whose it is.
    public var packager: String
    /// The architecture, `esp32`.
    public var architecture: String
    /// The version.
    public var version: String
    /// Its archive.
    public var artifact: Artifact
    /// The tools it needs.
    public var tools: [Dependency]
}
