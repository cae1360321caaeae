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

    /// Whether the name is a pattern, which may mean many.
    var isPattern: Bool { name.contains { $0 == "*" || $0 == "?" || $0 == "[" } }

    /// Whether the pattern is that of a name.
    func matches(_ other: String) -> Bool { Self.matches(Array(name.utf8)[...], Array(other.utf8)[...]) }

    private static func matches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == UInt8(ascii: "*") {
            return matches(pattern.dropFirst(), text) || !text.isEmpty && matches(pattern, text.dropFirst())
        }
        guard let next = text.first else { return false }
        if first == UInt8(ascii: "["), let (set, rest) = set(after: pattern.dropFirst()) {
            return set(next) && matches(rest, text.dropFirst())
        }
        guard first == next || first == UInt8(ascii: "?") else { return false }
        return matches(pattern.dropFirst(), text.dropFirst())
    }

    // `[abc]`, `[a-z]`, `[!a]`; without its end a bracket is itself. A bracket right at the beginning is a member.
    private static func set(
        after pattern: ArraySlice<UInt8>
    ) -> (contains: (UInt8) -> Bool, rest: ArraySlice<UInt8>)? {
        let isNegated = pattern.first == UInt8(ascii: "!")
        let body = isNegated ? pattern.dropFirst() : pattern
        guard let end = body.dropFirst().firstIndex(of: UInt8(ascii: "]")) else { return nil }
        let members = Array(body[body.startIndex..<end])
        func isMember(_ byte: UInt8) -> Bool {
            var index = 0
            while index < members.count {
                if index + 2 < members.count, members[index + 1] == UInt8(ascii: "-") {
                    if members[index] <= byte, byte <= members[index + 2] { return true }
                    index += 3
                } else {
                    if members[index] == byte { return true }
                    index += 1
                }
            }
            return false
        }
        return ({ isMember($0) != isNegated }, body[(end + 1)...])
    }
}

extension ToolManifest {
    /// The archives that `words` mean, in the order of the manifest; without words, those that everybody needs.
    ///
    /// `target` is a chip: a word that names many tools means those that serve it. Throws `usage` for a name or version
    /// that is not there, `tool-missing` for a tool that is not made for the host.
    public func steps(_ words: [String], target: String, host: Host) throws(ToolchainError) -> [InstallStep] {
        var chosen: [InstallStep] = []
        func choose(_ index: Int, version: String?) throws(ToolchainError) {
            let step = try step(tools[index], order: index, version: version, host: host)
            if !chosen.contains(where: { $0.artifact.place == step.artifact.place }) { chosen.append(step) }
        }
        var more: [Artifact] = []
        for word in words.isEmpty ? ["required"] : words {
            let request = ToolRequest(word)
            if word == "required" || word == "all" {
                for (index, tool) in tools.enumerated() where tool.serves(target) {
                    let isWanted = word == "required" ? tool.policy == .always : tool.policy != .never
                    if isWanted { try choose(index, version: nil) }
                }
            } else if request.name.contains(":") {
                more += try platform(request, host: host)
            } else {
                let found = tools.indices.filter {
                    request.matches(tools[$0].name) && (!request.isPattern || tools[$0].serves(target))
                }
                if found.isEmpty { try check(request.name, version: request.version) }
                // A pattern may mean tools of other chips alone; then it adds nothing to the other words.
                guard !found.isEmpty || request.isPattern && tools.contains(where: { request.matches($0.name) }) else {
                    throw .install(.toolUnknown(name: request.name, known: tools.map(\.name)))
                }
                for index in found { try choose(index, version: request.version) }
            }
        }
        var steps = chosen.sorted { $0.order < $1.order }
        for artifact in more where !steps.contains(where: { $0.artifact.place == artifact.place }) {
            steps.append(InstallStep(artifact: artifact, order: tools.count + steps.count))
        }
        if steps.isEmpty, let word = words.first {
            throw .install(.toolUnknown(name: word, known: tools.filter { $0.serves(target) }.map(\.name)))
        }
        return steps
    }

    private func step(
        _ tool: ManifestTool, order: Int, version name: String?, host: Host
    ) throws(ToolchainError) -> InstallStep {
        guard let version = name.map({ tool.version($0) }) ?? tool.preferred else {
            guard let name else {
                throw .install(.noArchive(tool: tool.name, version: tool.versions.last?.name ?? "", host: host))
            }
            try check(tool.name, version: name)
            throw .install(
                .toolUnknown(name: "\(tool.name)@\(name)", known: tool.versions.map { "\(tool.name)@\($0.name)" }))
        }
        guard let artifact = version.artifact else {
            throw .install(.noArchive(tool: tool.name, version: version.name, host: host))
        }
        // Arduino's indexes say nothing of what their makers think of a version.
        return InstallStep(
            artifact: artifact, order: order, status: tool.packager == nil ? version.status : nil)
    }

    private func platform(_ request: ToolRequest, host: Host) throws(ToolchainError) -> [Artifact] {
        let parts = request.name.split(separator: ":").map { String($0) }
        let known = platforms.map { "\($0.packager):\($0.architecture)@\($0.version)" }
        let found = parts.count == 2 ? release(of: parts[0], parts[1], version: request.version) : nil
        guard let release = found else {
            try check(request.name, version: request.version)
            throw .install(
                .toolUnknown(name: request.name + (request.version.map { "@\($0)" } ?? ""), known: known))
        }
        return try artifacts(of: release, host: host)
    }
}
