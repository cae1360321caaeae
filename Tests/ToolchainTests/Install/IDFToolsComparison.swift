// ESP-IDF's own installer and ours, given the same manifest and the same archives: the same trees, the same environment.
// It is in no package; ESPMASK_IDF names a checkout, or a folder with its tools/idf_tools.py and the version header.

import FoundationEssentials
import SystemPackage
import TestSupport
import Testing
import Toolchain

private let idfTools: FilePath? = Peers.variable("ESPMASK_IDF").flatMap { root in
    let path = FilePath(root).pushing("tools/idf_tools.py")
    return Peers.writable(path.string) ? path : nil
}

@Suite(
    "Beside ESP-IDF's own installer",
    .enabled(
        if: idfTools != nil && Peers.program("python3") != nil, "ESPMASK_IDF names no ESP-IDF"))
struct IDFToolsComparison {
    struct Case: Sendable, CustomTestStringConvertible {
        var archive: String
        var more: String = ""
        var testDescription: String { archive + more }
    }

    // tar's own mode bits of links differ between the two by nature; what they lead to does not.
    static let cases = [
        Case(archive: "t.tar.gz"), Case(archive: "t.tar.xz"), Case(archive: "t.tar.bz2"), Case(archive: "t.zip"),
        Case(archive: "t.tgz"),
        Case(archive: "s.tar.gz", more: #","strip_container_dirs":1"#),
        Case(archive: "e.tar.gz", more: #","export_vars":{"A":"${TOOL_PATH}","B":"x/${TOOL_PATH}/y/${TOOL_PATH}"}"#),
        Case(
            archive: "o.tar.gz",
            more:
                #","platform_overrides":[{"platforms":["linux-amd64","linux-arm64"],"export_paths":[["xtensa-tiny","bin"],["xtensa-tiny","share"]]}]"#
        ),
        Case(archive: "n.tar.gz", more: #","is_executable":false"#),
    ]

    @Test("The same tree and the same variables", arguments: cases)
    func same(_ example: Case) async throws {
        let script = try #require(idfTools)
        let python = try #require(Peers.program("python3"))
        try await withTemporaryFolder { folder in
            var tool = SmallTool(archive: example.archive)
            if example.more.contains("strip") { tool.name = "xtensa-tiny" }
            let members =
                example.more.contains("strip")
                // With a level stripped, what the paths name is one level further down.
                ? tool.members.map { member in
                    var member = member
                    member.name = "outer/" + member.name
                    if member.type == UInt8(ascii: "1") { member.link = "outer/" + member.link }
                    return member
                }
                : example.archive.hasSuffix("zip")
                    // Python's zipfile makes text files of links.
                    ? tool.members.filter { $0.link.isEmpty } : tool.members
            let bytes = example.archive.hasSuffix("zip") ? Archives.zip(members) : Archives.tar(members)
            let archive = try await Archives.file(example.archive, bytes, in: folder)
            let packed = try Peers.contents(of: archive)
            var entry = tool.entry(
                url: "file://\(archive)", size: packed.count, sha: sha256(packed), more: example.more)
            if example.more.contains("export_vars") {
                entry = entry.replacing(#""export_vars":{"TINY_HOME":"${TOOL_PATH}/xtensa-tiny"},"#, with: "")
            }
            let manifest = folder.appending("tools.json")
            try await write("{\"version\":3,\"tools\":[\(entry)]}", to: manifest)

            let theirs = folder.appending("theirs")
            let environment = [
                "IDF_PATH": script.removingLastComponent().removingLastComponent().string,
                "IDF_TOOLS_PATH": theirs.string, "HOME": folder.string, "IDF_PYTHON_ENV_PATH": "/nowhere",
            ]
            let install = try await Peers.run(
                python,
                [script.string, "--non-interactive", "--tools-json", manifest.string, "install", "xtensa-tiny"],
                environment: environment)
            #expect(install.status == 0, "\(install.output)\(install.errors)")
            let export = try await Peers.run(
                python,
                [script.string, "--quiet", "--tools-json", manifest.string, "export", "--format", "key-value"],
                environment: environment)
            #expect(export.status == 0, "\(export.output)\(export.errors)")

            let prefix = InstallPrefix(root: folder.appending("ours"))
            let path = ["PATH": Peers.variable("PATH") ?? "/usr/bin:/bin"]
            let installer = Installer(
                prefix: prefix,
                downloader: Downloader(
                    cache: ArchiveCache(folder: folder.appending("cache")),
                    transport: Transports.standard(environment: path)), environment: path)
            let read = try ToolManifest(
                Peers.contents(of: manifest), name: "tools.json", host: try #require(Host.current))
            _ = try await installer.install(try read.steps([], target: "esp32", host: try #require(Host.current)))

            #expect(try await Self.tree(prefix.root) == (try await Self.tree(theirs)))
            #expect(Self.variables(ToolEnvironment(prefix: prefix), prefix) == Self.variables(export.output, theirs))
        }
    }

    /// Each file with its kind, its mode, its links' targets and its contents.
    private static func tree(_ root: FilePath) async throws -> [String] {
        let script = """
            cd "$0/tools" && find . -name receipt.json -prune -o -printf '%p %y %m %l\\n' | sort
            find . -type f -not -name receipt.json -exec sha256sum {} + | sort
            """
        let lines = try await Peers.run("/bin/sh", ["-c", script, root.string]).output
        return lines.split(separator: "\n").map(String.init)
    }

    private static func variables(_ environment: ToolEnvironment, _ prefix: InstallPrefix) -> [String: String] {
        var all = Dictionary(environment.variables.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        all["PATH"] = environment.paths.joined(separator: ":")
        return all.mapValues { $0.replacing(prefix.root.string, with: "ROOT") }
    }

    // What ESP-IDF adds for itself, its version and its own folder, is no tool's.
    private static func variables(_ lines: String, _ root: FilePath) -> [String: String] {
        var all: [String: String] = [:]
        for line in lines.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, !parts[0].hasPrefix("ESP_IDF_"), !parts[0].hasPrefix("IDF_") else { continue }
            all[parts[0]] = parts[1].replacing(root.string, with: "ROOT")
        }
        let own = all["PATH"]?.split(separator: ":").filter { $0.hasPrefix("ROOT") }
        all["PATH"] = (own ?? []).joined(separator: ":")
        return all
    }
}
