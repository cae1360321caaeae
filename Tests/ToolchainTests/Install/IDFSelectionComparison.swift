// What ESP-IDF's own installer would install, for every platform and from every manifest at hand, and what we would: the
// same tools, versions, archives, rules and exports. Nothing is fetched for it.

import FoundationEssentials
import SystemPackage
import TestSupport
import Testing
import Toolchain

@Suite(
    "Beside ESP-IDF's own choice",
    .enabled(
        if: idfTools != nil && Peers.program("python3") != nil, "ESPMASK_IDF names no ESP-IDF"))
struct IDFSelectionComparison {
    /// What is to be installed of a tool.
    struct Choice: Codable, Hashable {
        var name: String
        var version: String
        var url: String
        var size: Int
        var sha256: String
        var archive: String
        var levels: Int
        var paths: [[String]]
        var variables: [String: String]
        var regex: String
    }

    struct Answer: Codable {
        var platform: String
        var target: String
        var words: [String]
        /// Nothing where it is refused.
        var choices: [Choice]?
    }

    private static let script = """
        import json, os, sys
        sys.path.insert(0, os.path.dirname(sys.argv[1]))
        import idf_tools as peer
        peer.g.quiet = True
        peer.g.idf_path = os.path.dirname(os.path.dirname(sys.argv[1]))
        peer.g.idf_tools_path = "/nowhere"

        # Before its version 2 the form had no targets, and today's reader wants them.
        with open(sys.argv[2], encoding="utf-8") as file:
            manifest = json.load(file)
        for tool in manifest["tools"]:
            tool.setdefault("supported_targets", ["all"])
        peer.load_tools_info = lambda: peer.parse_tools_info_json(manifest)

        def choose(platform, target, words):
            names, tools = peer.get_tools_spec_and_platform_info(platform, [target], list(words), quiet=True)
            chosen = []
            for name in names:
                name, _, version = name.partition("@")
                tool = tools[name]
                version = version or tool.get_recommended_version()
                archive = tool.versions[version].get_download_for_platform(platform)
                now = tool._current_options
                paths = now.export_paths if tool.is_executable else []
                chosen.append({"name": name, "version": version, "url": archive.url, "size": archive.size,
                    "sha256": archive.sha256, "archive": archive.rename_dist or os.path.basename(archive.url),
                    "levels": now.strip_container_dirs or 0,
                    "paths": [[part for part in path if part] for path in paths], "variables": dict(now.export_vars),
                    "regex": now.version_regex if tool.is_executable else ""})
            return chosen

        platforms = ["linux-amd64", "linux-i686", "linux-arm64", "linux-armhf", "linux-armel", "macos", "macos-arm64",
            "win64", "win32", "win-arm64"]
        words = [["required"], ["all"], ["*"], ["*elf*"], ["xtensa*", "required"], ["[a-e]*"], ["[!a-w]*"]]
        answers = []
        for platform in platforms:
            for target in ["esp32", "esp32s2", "esp32c3"]:
                for some in words:
                    try:
                        choices = choose(platform, target, some)
                    except (KeyError, AttributeError, AssertionError):
                        choices = None
                    answers.append({"platform": platform, "target": target, "words": some, "choices": choices})
        print(json.dumps(answers))
        """

    /// ESP-IDF's own, and older ones if `ESPMASK_IDF_MANIFESTS` names a folder of them.
    private static func manifests() async throws -> [FilePath] {
        var found = [try #require(idfTools).removingLastComponent().appending("tools.json")]
        if let more = Peers.variable("ESPMASK_IDF_MANIFESTS") {
            let names = try await Peers.run("/bin/ls", [more]).output.split(separator: "\n")
            found += names.map { FilePath(more).appending(String($0)) }
        }
        return found
    }

    @Test("The same is chosen for every platform, by whatever words")
    func same() async throws {
        let python = try #require(Peers.program("python3"))
        for manifest in try await Self.manifests() {
            let peer = try await Peers.run(
                python, ["-c", Self.script, try #require(idfTools).string, manifest.string])
            let bytes = try Peers.contents(of: manifest)
            guard peer.status == 0 else {
                // What it cannot read is not read here either.
                #expect(throws: ToolchainError.self, "\(manifest): \(peer.errors)") {
                    _ = try ToolManifest(idf: bytes, host: linuxHost)
                }
                continue
            }
            let answers = try JSONDecoder().decode([Answer].self, from: Data(peer.output.utf8))
            #expect(answers.count == 210)
            var manifests: [Host: ToolManifest] = [:]
            for answer in answers {
                let host = try #require(Host(platform: answer.platform))
                let read = try manifests[host] ?? ToolManifest(idf: bytes, host: host)
                manifests[host] = read
                let ours = try? read.steps(answer.words, target: answer.target, host: host)
                // A pattern that means nothing is an error here; there it means nothing.
                if ours == nil, answer.choices == [] { continue }
                #expect(
                    ours.map { Set($0.map { Self.choice($0.artifact) }) } == answer.choices.map { Set($0) },
                    "\(manifest) \(answer.platform) \(answer.target) \(answer.words)")
            }
        }
    }

    private static func choice(_ artifact: Artifact) -> Choice {
        let levels: Int? = if case .levels(let count) = artifact.strip { count } else { nil }
        return Choice(
            name: artifact.name, version: artifact.version, url: artifact.url, size: artifact.size ?? 0,
            sha256: artifact.digest.hex, archive: artifact.archiveName, levels: levels ?? -1,
            paths: artifact.exports.paths,
            variables: Dictionary(uniqueKeysWithValues: artifact.exports.variables.map { ($0.name, $0.value) }),
            regex: artifact.probe?.pattern ?? "")
    }
}
