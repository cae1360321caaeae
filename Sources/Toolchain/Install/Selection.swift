// From the words of a command line to the archives to install: NAME, NAME@VERSION, patterns with `*`, `required` and
// `all`, as ESP-IDF's own installer takes them, and platforms of an Arduino index as PACKAGER:ARCHITECTURE[@VERSION].

/// `NAME` or `NAME@VERSION`
public struct ToolRequest: Equatable, Sendable {
    /// The name, or a pattern with `*` and `?`.
    public var name: String
    /// The version; nil for the recommended one.
    public var version: String?

    /// Splits at the first `@`.
    public init(_ text: String) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        name = String(parts.first ?? "")
        version = parts.count > 1 && !parts[1].isEmpty ? String(parts[1]) : nil
    }

    /// Whether the pattern is that of a name.
    func matches(_ other: String) -> Bool { Self.matches(Array(name.utf8)[...], Array(other.utf8)[...]) }

    private static func matches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == UInt8(ascii: "*") {
            return matches(pattern.dropFirst(), text) || !text.isEmpty && matches(pattern, text.dropFirst())
        }
        guard let next = text.first, first == next || first == UInt8(ascii: "?") else { return false }
        return matches(pattern.dropFirst(), text.dropFirst())
    }
}

extension ToolManifest {
    /// The archives that `words` mean, in the order of the manifest; without words, those that everybody needs.
    ///
    /// `target` is a chip: a word that names many tools means those that serve it. Throws `usage` for a name or version
    /// that is not there, `tool-missing` for a tool that is not made for the host.
    public func steps(_ words: [String], target: String, host: Host) throws(ToolchainError) -> [InstallStep] {
        var chosen: [Int: Artifact] = [:]
        var more: [Artifact] = []
        for word in words.isEmpty ? ["required"] : words {
            let request = ToolRequest(word)
            if word == "required" || word == "all" {
                for (index, tool) in tools.enumerated() where tool.serves(target) {
                    let isWanted = word == "required" ? tool.policy == .always : tool.policy != .never
                    if isWanted { chosen[index] = try artifact(of: tool, version: nil, host: host) }
                }
            } else if request.name.contains(":") {
                more += try platform(request, host: host)
            } else {
                let isPattern = request.name.contains { $0 == "*" || $0 == "?" }
                let found = tools.indices.filter {
                    request.matches(tools[$0].name) && (!isPattern || tools[$0].serves(target))
                }
                guard !found.isEmpty else { throw .install(.toolUnknown(name: request.name, known: tools.map(\.name))) }
                for index in found {
                    chosen[index] = try artifact(of: tools[index], version: request.version, host: host)
                }
            }
        }
        var steps = chosen.sorted { $0.key < $1.key }.map { InstallStep(artifact: $0.value, order: $0.key) }
        for artifact in more where !steps.contains(where: { $0.artifact.place == artifact.place }) {
            steps.append(InstallStep(artifact: artifact, order: tools.count + steps.count))
        }
        return steps
    }

    private func artifact(of tool: ManifestTool, version: String?, host: Host) throws(ToolchainError) -> Artifact {
        guard let version else {
            if let artifact = tool.preferred?.artifact { return artifact }
            throw .install(.noArchive(tool: tool.name, version: tool.versions.last?.name ?? "", host: host))
        }
        guard let found = tool.version(version) else {
            throw .install(
                .toolUnknown(name: "\(tool.name)@\(version)", known: tool.versions.map { "\(tool.name)@\($0.name)" }))
        }
        guard let artifact = found.artifact else {
            throw .install(.noArchive(tool: tool.name, version: version, host: host))
        }
        return artifact
    }

    private func platform(_ request: ToolRequest, host: Host) throws(ToolchainError) -> [Artifact] {
        let parts = request.name.split(separator: ":").map { String($0) }
        let known = platforms.map { "\($0.packager):\($0.architecture)@\($0.version)" }
        guard parts.count == 2, let release = release(of: parts[0], parts[1], version: request.version) else {
            throw .install(
                .toolUnknown(name: request.name + (request.version.map { "@\($0)" } ?? ""), known: known))
        }
        return try artifacts(of: release, host: host)
    }
}
