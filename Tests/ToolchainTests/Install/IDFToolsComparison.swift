// ESP-IDF's own installer and ours, given the same manifest and the same archives: the same trees, the same environment.
// It is in no package; ESPMASK_IDF names a checkout, or a folder with its tools/idf_tools.py and the version header.

import FoundationEssentials
import SystemPackage
import TestSupport
import Testing
import Toolchain

/// The installer, where there is one.
let idfTools: FilePath? = Peers.variable("ESPMASK_IDF").flatMap { root in
    let path = FilePath(root).pushing("tools/idf_tools.py")
    return Peers.writable(path.string) ? path : nil
}

/// Runs the installer. From Python 3.12 on it unpacks tars through the filter that bears their name; the same filter is
/// asked for here, so that an older Python does not keep what that one takes away.
private struct IDFTools {
    var script: FilePath
    var python: FilePath
    var manifest: FilePath
    var root: FilePath

    func run(_ arguments: [String]) async throws -> Peers.Outcome {
        let start = """
            import os, runpy, sys, tarfile
            tarfile.TarFile.extraction_filter = staticmethod(tarfile.tar_filter)
            sys.argv = sys.argv[1:]
            sys.path[0] = os.path.dirname(sys.argv[0])
            runpy.run_path(sys.argv[0], run_name="__main__")
            """
        return try await Peers.run(
            python,
            ["-c", start, script.string, "--non-interactive", "--tools-json", manifest.string]
                + (arguments.first == "export" ? ["--quiet"] : []) + arguments,
            environment: [
                "IDF_PATH": script.removingLastComponent().removingLastComponent().string,
                "IDF_TOOLS_PATH": root.string, "HOME": root.removingLastComponent().string,
                "IDF_PYTHON_ENV_PATH": "/nowhere",
            ])
    }
}

@Suite(
    "Beside ESP-IDF's own installer",
    .enabled(
        if: idfTools != nil && Peers.program("python3") != nil, "ESPMASK_IDF names no ESP-IDF"))
struct IDFToolsComparison {
    struct Case: Sendable, CustomTestStringConvertible {
        var archive: String
        var more: String = ""
        var isGNU = false
        /// Folders around all of it.
        var outer = ""
        /// What else is in the archive.
        var members: [Member] = []
        var testDescription: String { archive + more }
    }

    /// Beside what every small tool has: what is easily lost.
    static let rich: [Member] = [
        .file("xtensa-tiny/share/read only.txt", "r", mode: 0o444), .file("xtensa-tiny/share/group", "g", mode: 0o664),
        .file("xtensa-tiny/share/set", "s", mode: 0o6755), .file("xtensa-tiny/share/own", "o", mode: 0o600),
        .file("xtensa-tiny/.hidden", "h"), .file("xtensa-tiny/share/Ünïcode 名", "u"),
        .folder("xtensa-tiny/empty/"), .folder("xtensa-tiny/closed/", mode: 0o555),
        .file("xtensa-tiny/closed/x", "x", mode: 0o555), .folder("xtensa-tiny/wide/", mode: 0o775),
        .file("xtensa-tiny/implied/deep/er/x", "x"), .file("beside", "b"), .file(".dot", "d"),
        .file("xtensa-tiny/" + String(repeating: "implied, long/", count: 20) + "x", "x"),
        .folder("xtensa-tiny/wide/", mode: 0o700),
    ]

    // Python's zipfile makes text files of links, and gives a folder the mode of its first entry.
    static let links: [Member] = [
        .link("xtensa-tiny/alias", to: "bin"), .link("xtensa-tiny/dangling", to: "none/at all"),
        .link("xtensa-tiny/share/far", to: String(repeating: "../share/", count: 20) + "data.txt"),
        .hardLink("xtensa-tiny/share/set2", to: "xtensa-tiny/share/own", mode: 0o600),
    ]

    static let cases = [
        Case(archive: "t.tar.gz", members: rich + links), Case(archive: "t.tar.xz", members: rich + links),
        Case(archive: "t.tar.bz2", members: rich + links), Case(archive: "t.tgz", isGNU: true, members: rich + links),
        Case(archive: "t.zip", members: rich.dropLast()),
        Case(archive: "top.tar.gz", members: [.folder("./", mode: 0o750)]),
        Case(archive: "s.tar.gz", more: #","strip_container_dirs":1"#, outer: "outer/", members: rich + links),
        Case(
            archive: "s.tar.xz", more: #","strip_container_dirs":2"#, outer: "outer/two/",
            members: [.folder("", mode: 0o555)] + rich),
        Case(archive: "s.zip", more: #","strip_container_dirs":1"#, outer: "outer/", members: rich.dropLast()),
        Case(archive: "e.tar.gz", more: #","export_vars":{"A":"${TOOL_PATH}","B":"x/${TOOL_PATH}/y/${TOOL_PATH}"}"#),
        Case(
            archive: "o.tar.gz",
            more:
                #","platform_overrides":[{"platforms":["linux-amd64","linux-arm64"],"export_paths":[["xtensa-tiny","bin"],["xtensa-tiny","share"]]}]"#
        ),
        Case(
            archive: "v.tar.gz",
            more:
                #","platform_overrides":[{"platforms":["linux-amd64","linux-arm64"],"export_vars":{"Z":"z","A":"${TOOL_PATH}/a"},"version_regex":"version ([0-9]).([0-9])"}],"version_regex_replace":"\\2-\\1""#
        ),
        Case(
            archive: "r.tar.gz",
            more:
                #","platform_overrides":[{"platforms":["linux-amd64","linux-arm64"],"version_regex":"(?P<last>[0-9])$","version_regex_replace":"v\\g<last>"}]"#
        ),
        Case(archive: "n.tar.gz", more: #","is_executable":false"#),
        Case(
            archive: "i.tar.gz", more: #","tool_info_file":"xtensa-tiny/info.json""#,
            members: [.file("xtensa-tiny/info.json", #"{"name":"x","version":"version 1.2.3"}"#)]),
    ]

    @Test("The same tree and the same variables", arguments: cases)
    func same(_ example: Case) async throws {
        try await withTemporaryFolder { folder in
            let tool = SmallTool(archive: example.archive)
            let isZip = example.archive.hasSuffix("zip")
            let members = (tool.members.filter { !isZip || $0.link.isEmpty } + example.members).map { member in
                var member = member
                member.name = example.outer + member.name
                if member.type == UInt8(ascii: "1") { member.link = example.outer + member.link }
                // The names of one file say the same of it.
                let named = member.type == UInt8(ascii: "1") ? member.link : member.name
                member.modified += named.utf8.count * 1000
                return member
            }
            let bytes = isZip ? Archives.zip(members) : Archives.tar(members, isGNU: example.isGNU)
            let archive = try await Archives.file(example.archive, bytes, in: folder)
            let packed = try Peers.contents(of: archive)
            var entry = tool.entry(
                url: "file://\(archive)", size: packed.count, sha: sha256(packed), more: example.more)
            for key in ["export_vars", "version_regex"] where example.more.contains("\"\(key)\"") {
                let usual = [
                    "export_vars": #""export_vars":{"TINY_HOME":"${TOOL_PATH}/xtensa-tiny"},"#, "version_regex": "",
                ]
                // What an override says comes beside what is usual; only a second member of one name is no JSON.
                if !example.more.contains("platform_overrides") {
                    entry = entry.replacing(usual[key] ?? "", with: "")
                }
            }
            try await Self.compare(
                "{\"version\":3,\"tools\":[\(entry)]}", words: [["xtensa-tiny"]], in: folder, hasTimes: !isZip)
        }
    }

    @Test("What one refuses to strip the other refuses")
    func strips() async throws {
        let cases: [(Int, [Member])] = [
            (1, [.file("a", "x")]), (1, [.folder("a/"), .folder("b/")]), (1, [.folder("a/"), .file(".b", "x")]),
            (2, [.file("a/x", "x")]), (2, [.folder("a/")]), (2, [.folder("a/b/"), .folder("a/c/")]),
        ]
        for (count, members) in cases {
            try await withTemporaryFolder { folder in
                let archive = try await Archives.file("a.tar.gz", Archives.tar(members), in: folder)
                let packed = try Peers.contents(of: archive)
                let entry = SmallTool().entry(
                    url: "file://\(archive)", size: packed.count, sha: sha256(packed),
                    more: #","is_executable":false,"strip_container_dirs":\#(count)"#)
                let manifest = folder.appending("tools.json")
                try await write("{\"version\":3,\"tools\":[\(entry)]}", to: manifest)
                #expect(try await Self.theirs(manifest, in: folder).run(["install", "xtensa-tiny"]).status != 0)
                let error = await #expect(throws: ToolchainError.self) {
                    try await Self.installOurs(manifest, words: ["xtensa-tiny"], in: folder)
                }
                #expect(error?.code == "archive-unsafe", "\(count) \(members.map(\.name))")
            }
        }
    }

    @Test("Several tools in several versions: the same are exported, in the same order")
    func versions() async throws {
        try await withTemporaryFolder { folder in
            var entries: [String] = []
            for (name, list) in [
                ("zeta", [("1.0", "supported"), ("2.0", "recommended"), ("3.0", "supported"), ("0.9", "deprecated")]),
                ("alpha", [("2021.1", "supported"), ("2021.2", "supported"), ("2022.1", "recommended")]),
            ] {
                var head = ""
                var versions: [String] = []
                for (version, status) in list {
                    let tool = SmallTool(
                        name: name, version: version, archive: "\(name)-\(version).tar.gz", tells: version)
                    let archive = try await Archives.file(tool.archive, Archives.tar(tool.members), in: folder)
                    let packed = try Peers.contents(of: archive)
                    let entry = tool.entry(url: "file://\(archive)", size: packed.count, sha: sha256(packed))
                        .replacing("TINY_HOME", with: "\(name.uppercased())_HOME")
                    let parts = entry.split(separator: "\"versions\":[", maxSplits: 1).map { String($0) }
                    head = parts[0]
                    versions.append(
                        parts[1].replacing("]}", with: "").replacing("\"recommended\"", with: "\"\(status)\""))
                }
                entries.append(head + "\"versions\":[" + versions.joined(separator: ",") + "]}")
            }
            let text = "{\"version\":2,\"tools\":[\(entries.joined(separator: ","))]}"
            let words = [
                ["zeta@1.0", "alpha@2021.1"], ["alpha@2021.2"], ["zeta@3.0"], ["zeta@0.9"], ["alpha"], ["required"],
            ]
            try await Self.compare(text, words: words, in: folder, hasTimes: true)
        }
    }

    private static func theirs(_ manifest: FilePath, in folder: FilePath) throws -> IDFTools {
        IDFTools(
            script: try #require(idfTools), python: try #require(Peers.program("python3")), manifest: manifest,
            root: folder.appending("theirs"))
    }

    private static func installOurs(_ manifest: FilePath, words: [String], in folder: FilePath) async throws {
        let path = ["PATH": Peers.variable("PATH") ?? "/usr/bin:/bin"]
        let installer = Installer(
            prefix: InstallPrefix(root: folder.appending("ours")),
            downloader: Downloader(
                cache: ArchiveCache(folder: folder.appending("cache")),
                transport: Transports.standard(environment: path)), environment: path)
        let host = try #require(Host.current)
        let read = try ToolManifest(Peers.contents(of: manifest), name: "tools.json", host: host)
        _ = try await installer.install(try read.steps(words, target: "esp32", host: host))
    }

    /// Installs with both, and compares after each command.
    private static func compare(
        _ text: String, words: [[String]], in folder: FilePath, hasTimes: Bool
    ) async throws {
        let manifest = folder.appending("tools.json")
        try await write(text, to: manifest)
        let theirs = try theirs(manifest, in: folder)
        let prefix = InstallPrefix(root: folder.appending("ours"))
        for words in words {
            let install = try await theirs.run(["install"] + words)
            #expect(install.status == 0, "\(install.output)\(install.errors)")
            let export = try await theirs.run(["export", "--format", "key-value"])
            // It wants all that is required; until then it only says what is missing.
            try await installOurs(manifest, words: words, in: folder)
            let (ours, peers) = (
                try await tree(prefix.root, hasTimes: hasTimes), try await tree(theirs.root, hasTimes: hasTimes)
            )
            #expect(Set(ours).symmetricDifference(peers) == [])
            #expect(export.status == 0, "\(export.output)\(export.errors)")
            #expect(
                variables(ToolEnvironment(prefix: prefix), prefix) == variables(export.output, theirs.root), "\(words)")
            for receipt in prefix.receipts() {
                let said = (install.output + install.errors).contains("reporting version \(receipt.reported ?? "")")
                #expect(receipt.reported == nil || receipt.reported == receipt.version || said)
            }
        }
    }

    /// Each file with its kind, its mode, its links' targets and its contents, and its time where that comes from the
    /// archive: links have none, and the folders above the tool's are made by the installer.
    private static func tree(_ root: FilePath, hasTimes: Bool) async throws -> [String] {
        let script = """
            cd "$0/tools" && find . -name receipt.json -prune -o -printf '%p %y %m %l\\n' | sort
            find . -type f -not -name receipt.json -exec sha256sum {} + | sort
            find . -mindepth 3 -name receipt.json -prune -o -mindepth 3 -not -type l -printf '%p %T@\\n' | sort \
              | \(hasTimes ? "grep -v implied" : "head -n 0")
            """
        let lines = try await Peers.run("/bin/sh", ["-c", script, root.string]).output
        #expect(lines.contains("/bin/"))
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
