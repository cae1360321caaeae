// Installations: what is there afterwards, and what is not when something went wrong.

import SystemPackage
import TestSupport
import Testing
import Toolchain

@Suite("Installations")
struct InstallTests {
    /// A folder with an archive server (by file: URL), a cache and a prefix.
    struct Place: Sendable {
        var folder: FilePath
        var prefix: InstallPrefix { InstallPrefix(root: folder.appending("prefix")) }
        var environment: [String: String] { ["PATH": Peers.variable("PATH") ?? "/usr/bin:/bin"] }

        func installer(patience: Duration = .seconds(60)) -> Installer {
            Installer(
                prefix: prefix,
                downloader: Downloader(
                    cache: ArchiveCache(folder: folder.appending("cache")),
                    transport: Transports.standard(environment: environment)), environment: environment,
                patience: patience)
        }

        func manifest(_ tool: SmallTool, more: String = "") async throws -> ToolManifest {
            try ToolManifest(text: try await tool.make(in: folder, url: { "file://\(folder)/\($0)" }, more: more))
        }

        func install(_ tool: SmallTool, more: String = "") async throws -> [InstallOutcome] {
            let manifest = try await manifest(tool, more: more)
            return try await installer().install(try manifest.steps([], target: "esp32", host: linuxHost))
        }

        func tree() async throws -> [String] {
            let found = try await Peers.run("/usr/bin/find", [".", "-not", "-name", ".lock"], in: prefix.root)
            return found.output.split(separator: "\n").map(String.init).sorted()
        }
    }

    private func withPlace(_ body: (Place) async throws -> Void) async throws {
        try await withTemporaryFolder { try await body(Place(folder: $0)) }
    }

    @Test("A tool is unpacked, asked, given a receipt and put into place; the second time nothing is done")
    func installs() async throws {
        try await withPlace { place in
            let first = try await place.install(SmallTool())
            #expect(first.map(\.change) == [.installed])
            let tree = try await place.tree()
            #expect(tree.contains("./tools/xtensa-tiny/1.2.3/receipt.json"))
            #expect(tree.contains("./tools/xtensa-tiny/1.2.3/xtensa-tiny/bin/xtensa-tiny"))
            #expect(!tree.contains { $0.contains("staging") })
            let receipt = try #require(place.prefix.receipts().first)
            #expect(receipt.reported == "1.2.3" && receipt.files == 4)
            #expect(try await place.install(SmallTool()).map(\.change) == [.present])
        }
    }

    @Test("Its environment names its folders, and a shell finds it there")
    func environment() async throws {
        try await withPlace { place in
            _ = try await place.install(SmallTool())
            let environment = ToolEnvironment(prefix: place.prefix)
            let script = environment.text(.sh) + "xtensa-tiny --version; echo \"$TINY_HOME\""
            let shell = try await Peers.run("/bin/sh", ["-c", script])
            #expect(
                shell.output == "xtensa-tiny version 1.2.3\n\(place.prefix.root)/tools/xtensa-tiny/1.2.3/xtensa-tiny\n")
            #expect(environment.text(.json).contains("\"TINY_HOME\""))
            #expect(environment.text(.fish).contains("set -gx PATH '"))
            #expect(environment.applied(to: ["PATH": "/bin"])["PATH"]?.hasSuffix(":/bin") == true)
        }
    }

    @Test("What a shell holds special stays text in the environment")
    func quoting() async throws {
        try await withTemporaryFolder { folder in
            let place = Place(folder: folder)
            let manifest = try await place.manifest(SmallTool())
            let prefix = InstallPrefix(root: folder.appending("a b'$(touch x)`c\\"))
            let installer = Installer(
                prefix: prefix,
                downloader: Downloader(
                    cache: ArchiveCache(folder: folder.appending("cache")),
                    transport: Transports.standard(environment: place.environment)), environment: place.environment)
            _ = try await installer.install(try manifest.steps([], target: "esp32", host: linuxHost))
            let script = ToolEnvironment(prefix: prefix).text(.sh) + "xtensa-tiny --version"
            #expect(try await Peers.run("/bin/sh", ["-c", script]).output == "xtensa-tiny version 1.2.3\n")
        }
    }

    @Test("A tool that cannot be run is not installed; one that tells another version is, with a remark")
    func probes() async throws {
        try await withPlace { place in
            let error = await #expect(throws: ToolchainError.self) { try await place.install(SmallTool(status: 1)) }
            #expect(error?.code == "tool-missing")
            #expect(try await place.tree() == ["."])
            let other = try await place.install(SmallTool(tells: "9.9.9"))
            #expect(other.first?.remark?.contains("9.9.9") == true)
        }
    }

    @Test("A tool that does not answer is not installed, and what it started ends with it")
    func hangs() async throws {
        try await withPlace { place in
            let file = place.folder.appending("pid")
            let tool = SmallTool(script: "#!/bin/sh\nsleep 1000 & echo $! >'\(file)'; wait\n")
            let steps = try await place.manifest(tool).steps([], target: "esp32", host: linuxHost)
            let error = await #expect(throws: ToolchainError.self) {
                try await place.installer(patience: .milliseconds(500)).install(steps)
            }
            #expect(error?.code == "tool-missing")
            #expect(error?.message.contains("does not answer") == true, "\(error?.message ?? "")")
            #expect(try await place.tree() == ["."])
            let text = String(decoding: try Peers.contents(of: file), as: UTF8.self)
            let pid = try #require(text.split(separator: "\n").first)
            // A process that has ended has no command line, whether or not somebody asked for its end.
            let line = (try? Peers.contents(of: FilePath("/proc/\(pid)/cmdline"))) ?? []
            #expect(line == [])
        }
    }

    @Test("A tool that this machine cannot start is not installed, and is named as the one that is broken")
    func foreign() async throws {
        try await withPlace { place in
            let error = await #expect(throws: ToolchainError.self) {
                try await place.install(SmallTool(script: "\u{7F}ELF of another machine"))
            }
            #expect(error?.code == "tool-missing")
            #expect(error?.message.contains("xtensa-tiny 1.2.3") == true, "\(error?.message ?? "")")
            let left = try await place.tree()
            #expect(left == ["."])
        }
    }

    @Test("A tool of which files are gone is installed again")
    func repairs() async throws {
        try await withPlace { place in
            _ = try await place.install(SmallTool())
            let before = try await place.tree()
            let program = place.prefix.root.pushing("tools/xtensa-tiny/1.2.3/xtensa-tiny/bin/xtensa-tiny")
            _ = try await Peers.run("/bin/rm", [program.string])
            #expect(try await place.install(SmallTool()).map(\.change) == [.replaced])
            #expect(try await place.tree() == before)
            #expect(try await place.install(SmallTool()).map(\.change) == [.present])
        }
    }

    @Test("A removal that was killed is ended by the next one, even where nothing is left to remove")
    func removalKilled() async throws {
        try await withPlace { place in
            _ = try await place.install(SmallTool())
            let aside = place.prefix.root.appending(".staging")
            _ = try await Peers.run("/bin/mkdir", [aside.string])
            _ = try await Peers.run(
                "/bin/mv",
                [place.prefix.root.pushing("tools/xtensa-tiny/1.2.3").string, aside.appending("xtensa-tiny-1").string])
            let error = await #expect(throws: ToolchainError.self) {
                try await place.installer().remove(["xtensa-tiny"])
            }
            #expect(error?.code == "usage")
            #expect(try await place.tree() == [".", "./tools", "./tools/xtensa-tiny"])
        }
    }

    @Test("A tool without its program, and one whose info file is missing, are not installed")
    func incomplete() async throws {
        try await withPlace { place in
            for more in [#","tool_info_file":"xtensa-tiny/none.json""#, #","strip_container_dirs":1"#] {
                let error = await #expect(throws: ToolchainError.self) {
                    try await place.install(SmallTool(), more: more)
                }
                #expect(error?.code == "tool-missing", "\(more)")
            }
            let left = try await place.tree()
            #expect(left == ["."])
        }
    }

    @Test("Another build of the same version takes the place of the first, and a folder without a receipt too")
    func replaces() async throws {
        try await withPlace { place in
            _ = try await place.install(SmallTool())
            var rebuilt = SmallTool()
            rebuilt.archive = "rebuilt.tar.xz"
            #expect(try await place.install(rebuilt).map(\.change) == [.replaced])
            #expect(place.prefix.receipts().map(\.archive.name) == ["rebuilt.tar.xz"])
            let folder = place.prefix.root.pushing("tools/xtensa-tiny/1.2.3")
            _ = try await Peers.run("/bin/rm", [folder.appending("receipt.json").string])
            try await write("half", to: folder.pushing("xtensa-tiny/bin/rest"))
            #expect(place.prefix.receipts().isEmpty)
            #expect(try await place.install(rebuilt).map(\.change) == [.replaced])
            #expect(try await place.tree().contains { $0.hasSuffix("rest") } == false)
        }
    }

    @Test("What a killed installer left in the staging folder is swept, and never taken for a tool")
    func swept() async throws {
        try await withPlace { place in
            try await write("half", to: place.prefix.root.pushing(".staging/xtensa-tiny-1/xtensa-tiny/bin/xtensa-tiny"))
            #expect(place.prefix.receipts().isEmpty)
            #expect(try await place.install(SmallTool()).map(\.change) == [.installed])
            #expect(try await place.tree().contains { $0.contains("staging") } == false)
        }
    }

    @Test("A hostile archive leaves what was installed as it was, and nothing of itself")
    func hostile() async throws {
        try await withPlace { place in
            _ = try await place.install(SmallTool())
            let before = try await place.tree()
            let bytes = Archives.tar([.folder("evil/"), .file("evil/good", "x"), .file("evil/../../x", "x")])
            let archive = try await Archives.file("evil.tar.gz", bytes, in: place.folder)
            let packed = try Peers.contents(of: archive)
            let tool = SmallTool(name: "evil", version: "1")
            let entry = tool.entry(url: "file://\(archive)", size: packed.count, sha: sha256(packed))
            let manifest = try ToolManifest(text: "{\"version\":3,\"tools\":[\(entry)]}")
            let steps = try manifest.steps([], target: "esp32", host: linuxHost)
            let error = await #expect(throws: ToolchainError.self) { try await place.installer().install(steps) }
            #expect(error?.code == "archive-unsafe")
            #expect(error?.message.contains("evil.tar.gz") == true)
            #expect(try await place.tree() == before)
        }
    }

    @Test("Of several versions the recommended one is exported, else the newest supported one")
    func exported() async throws {
        try await withPlace { place in
            func versions(_ list: [(name: String, status: String)]) async throws -> ToolManifest {
                var entries: [String] = []
                var head = ""
                for version in list {
                    let tool = SmallTool(version: version.name, archive: "\(version.name).tar.gz", tells: version.name)
                    let text = try await tool.make(in: place.folder, url: { "file://\(place.folder)/\($0)" })
                    let parts = text.split(separator: "\"versions\":[", maxSplits: 1).map { String($0) }
                    head = parts[0]
                    entries.append(
                        parts[1].replacing("]}]}", with: "").replacing(
                            "\"status\":\"recommended\"", with: "\"status\":\"\(version.status)\""))
                }
                return try ToolManifest(text: "\(head)\"versions\":[\(entries.joined(separator: ","))]}]}")
            }
            func install(_ words: [String], _ manifest: ToolManifest) async throws -> String? {
                _ = try await place.installer().install(try manifest.steps(words, target: "esp32", host: linuxHost))
                let path = ToolEnvironment(prefix: place.prefix).paths.first
                return path.flatMap { $0.split(separator: "/").dropLast(2).last.map { String($0) } }
            }
            let old = try await versions([
                ("1.0", "supported"), ("2.0", "recommended"), ("3.0", "supported"), ("4.0", "deprecated"),
            ])
            #expect(try await install(["xtensa-tiny@4.0"], old) == "4.0")
            #expect(try await install(["xtensa-tiny@1.0"], old) == "1.0")
            #expect(try await install(["xtensa-tiny@3.0"], old) == "3.0")
            #expect(try await install(["required"], old) == "2.0")
            // Both are installed, as both were asked for.
            #expect(try old.steps(["required", "xtensa-tiny@1.0"], target: "esp32", host: linuxHost).count == 2)
            // A newer manifest thinks otherwise of what is there.
            let new = try await versions([("2.0", "supported"), ("3.0", "recommended")])
            #expect(try await install(["required"], new) == "3.0")
            #expect(place.prefix.receipts().map(\.version) == ["4.0", "3.0", "2.0", "1.0"])
        }
    }

    @Test("What may not be written into can be replaced and removed by its owner")
    func closed() async throws {
        try await withPlace { place in
            let members: [Member] = [
                .folder("./", mode: 0o555), .folder("xtensa-tiny/", mode: 0o555),
                .folder("xtensa-tiny/bin/", mode: 0o555),
                .file("xtensa-tiny/bin/xtensa-tiny", "#!/bin/sh\necho version 1.2.3\n", mode: 0o555),
                .file("xtensa-tiny/data", "d", mode: 0o444),
            ]
            for name in ["one.tar.gz", "two.tar.gz"] {
                let archive = try await Archives.file(
                    name, Archives.tar(members + [.file(name, "x")]), in: place.folder)
                let packed = try Peers.contents(of: archive)
                let entry = SmallTool().entry(url: "file://\(archive)", size: packed.count, sha: sha256(packed))
                let steps = try ToolManifest(text: "{\"tools\":[\(entry)]}").steps([], target: "esp32", host: linuxHost)
                let changes = try await place.installer().install(steps).map(\.change)
                #expect(changes == [name == "one.tar.gz" ? .installed : .replaced])
                let doctor = Doctor(environment: place.environment, prefix: place.prefix)
                #expect(await doctor.tools().map(\.state) == [.ok])
            }
            _ = try await place.installer().remove(["xtensa-tiny"])
            #expect(try await place.tree().contains { $0.hasSuffix("1.2.3") || $0.contains("staging") } == false)
        }
    }

    @Test("Two installers of one prefix take turns, and both end well")
    func race() async throws {
        try await withPlace { place in
            let manifest = try await place.manifest(SmallTool())
            let steps = try manifest.steps([], target: "esp32", host: linuxHost)
            async let one = place.installer().install(steps)
            async let other = place.installer().install(steps)
            let changes = try await [one, other].flatMap { $0 }.map(\.change.rawValue).sorted()
            #expect(changes == ["installed", "present"])
        }
    }

    @Test("Removing takes the tool away, and only what is named")
    func removes() async throws {
        try await withPlace { place in
            _ = try await place.install(SmallTool())
            var second = SmallTool(version: "2.0.0", archive: "two.tar.gz", tells: "2.0.0")
            _ = try await place.install(second)
            second = SmallTool(name: "other", archive: "other.tar.gz")
            _ = try await place.install(second)
            let removed = try await place.installer().remove(["xtensa-tiny@1.2.3"])
            #expect(removed.map(\.version) == ["1.2.3"])
            #expect(place.prefix.receipts().map(\.version).sorted() == ["1.2.3", "2.0.0"])
            let error = await #expect(throws: ToolchainError.self) { try await place.installer().remove(["none"]) }
            #expect(error?.code == "usage")
            _ = try await place.installer().remove(["*"])
            #expect(place.prefix.receipts().isEmpty)
            #expect(try await place.tree() == [".", "./tools"])
        }
    }

    @Test("Names are chosen as ESP-IDF chooses them")
    func selection() throws {
        func tool(_ name: String, install: String, target: String) -> String {
            SmallTool(name: name).entry(
                url: "https://e.org/\(name).zip", size: 1, sha: String(repeating: "a", count: 64)
            )
            .replacing("\"install\":\"always\"", with: "\"install\":\"\(install)\"")
            .replacing("[\"esp32\"]", with: "[\"\(target)\"]")
        }
        let tools = [
            tool("a-gcc", install: "always", target: "esp32"), tool("b-gcc", install: "always", target: "esp32c3"),
            tool("gdb", install: "on_request", target: "all"), tool("exe", install: "never", target: "all"),
        ]
        let manifest = try ToolManifest(text: "{\"tools\":[\(tools.joined(separator: ","))]}")
        func chosen(_ words: [String]) throws -> [String] {
            try manifest.steps(words, target: "esp32", host: linuxHost).map(\.artifact.name)
        }
        #expect(try chosen([]) == ["a-gcc"])
        #expect(try chosen(["required", "gdb"]) == ["a-gcc", "gdb"])
        #expect(try chosen(["all"]) == ["a-gcc", "gdb"])
        #expect(try chosen(["*-gcc"]) == ["a-gcc"])
        #expect(try chosen(["[!b]-gcc"]) == ["a-gcc"])
        #expect(try chosen(["b-*", "gdb"]) == ["gdb"])
        #expect(try chosen(["[c-z][a-e]?"]) == ["gdb"])
        #expect(try chosen(["b-gcc", "a-gcc"]) == ["a-gcc", "b-gcc"])
        #expect(try chosen(["gdb@1.2.3"]) == ["gdb"])
        for word in ["none", "gdb@9", "x*", "[g", "[a-f]db", "b-*"] {
            let error = #expect(throws: ToolchainError.self) { try chosen([word]) }
            #expect(error?.code == "usage")
        }
    }

    @Test("A bundle installs elsewhere without asking anybody, and only on its own platform")
    func bundle() async throws {
        try await withPlace { place in
            let text = try await SmallTool().make(in: place.folder, url: { "file://\(place.folder)/\($0)" })
            let steps = try ToolManifest(text: text).steps([], target: "esp32", host: linuxHost)
            let stick = place.folder.appending("stick")
            let source = Downloader(
                cache: ArchiveCache(folder: place.folder.appending("cache")),
                transport: Transports.standard(environment: place.environment))
            _ = try await ToolBundle.make(
                steps, manifest: Array(text.utf8), target: "esp32", host: linuxHost, in: stick, downloader: source
            ) { _ in }
            // The machine it came from is gone.
            _ = try await Peers.run(
                "/bin/sh", ["-c", "rm -rf cache *.tar.gz; mv stick elsewhere"], in: place.folder)
            let bundle = try ToolBundle(folder: place.folder.appending("elsewhere"), host: linuxHost)
            #expect(bundle.tools == ["xtensa-tiny@1.2.3"])
            let offline = Installer(
                prefix: InstallPrefix(root: place.folder.appending("there")),
                downloader: Downloader(
                    cache: ArchiveCache(folder: place.folder.appending("cache2"), others: bundle.archives),
                    transport: Transports.offline(folder: bundle.folder)), environment: place.environment)
            let manifest = try ToolManifest(
                Peers.contents(of: bundle.manifest), name: "manifest.json", host: linuxHost)
            let there = try manifest.steps(bundle.tools, target: bundle.target, host: linuxHost)
            #expect(try await offline.install(there).map(\.change) == [.installed])
            #expect(throws: ToolchainError.self) {
                try ToolBundle(folder: place.folder.appending("elsewhere"), host: Host(.macos, .arm64))
            }
        }
    }

    @Test("A tool of an Arduino index goes where arduino-cli looks for it")
    func arduino() async throws {
        try await withPlace { place in
            let archive = try await Archives.file(
                "x32.zip", Archives.zip([.file("x32/bin/gcc", "#!/bin/sh\n", mode: 0o755), .file("notes", "n")]),
                in: place.folder)
            let bytes = try Peers.contents(of: archive)
            let index = """
                {"packages":[{"name":"esp32","tools":[{"name":"esp-x32","version":"2","systems":[{"host":"all",
                "url":"file://\(archive)","archiveFileName":"x32.zip","checksum":"SHA-256:\(sha256(bytes))","size":"\(bytes.count)"}]}]}]}
                """
            let steps = try ToolManifest(text: index).steps(["esp-x32"], target: "esp32", host: linuxHost)
            _ = try await place.installer().install(steps)
            let tree = try await place.tree()
            #expect(tree.contains("./packages/esp32/tools/esp-x32/2/bin/gcc"))
            #expect(!tree.contains { $0.hasSuffix("notes") })
            #expect(place.prefix.receipts().map(\.files) == [1])
            #expect(ToolEnvironment(prefix: place.prefix).paths.first?.hasSuffix("esp-x32/2/bin") == true)
        }
    }

    @Test("The doctor finds what is gone and what has no receipt")
    func doctor() async throws {
        try await withPlace { place in
            _ = try await place.install(SmallTool())
            let doctor = Doctor(environment: place.environment, prefix: place.prefix)
            #expect(await doctor.tools().map(\.state) == [.ok])
            _ = try await Peers.run(
                "/bin/rm", ["-r", place.prefix.root.pushing("tools/xtensa-tiny/1.2.3/xtensa-tiny/share").string])
            try await write("x", to: place.prefix.root.pushing("tools/foreign/1/bin/x"))
            let findings = await doctor.tools()
            #expect(findings.map(\.state) == [.broken, .broken])
            #expect(findings.allSatisfy { !$0.remedy.isEmpty })
        }
    }

    @Test("Every error of an installation has a code the command line knows, a message and a hint")
    func errors() {
        let errors: [InstallError] = [
            .manifestInvalid(name: "n", reason: "r"), .toolUnknown(name: "n", known: ["a"]),
            .noArchive(tool: "t", version: "1", host: Host(.linux, .riscv64)),
            .downloadFailed(url: "u", reason: "r", attempts: 2),
            .hashMismatch(archive: "a", source: "s", promised: "p", got: "g"),
            .archiveUnsafe(archive: "a", reason: "r"),
            .programMissing(name: "xz", purpose: "p", remedy: "r"), .toolBroken(tool: "t", reason: "r"),
            .stepFailed(step: "s", reason: "r"), .notInstalled(name: "n"), .mirrorInvalid(text: "t", place: "p"),
            .bundleIncomplete(folder: "/a", archive: "b"),
        ]
        for store in InstallError.Store.allCases {
            for (reason, code) in [
                (Errno.noSpace, "disk-full"), (.diskQuotaExceeded, "disk-full"), (.readOnlyFileSystem, "usage"),
                (.notDirectory, "usage"), (.permissionDenied, "usage"),
            ] {
                let error = InstallError.storeUnwritable(path: "/a/b", reason: reason, store: store, folder: "/a")
                #expect(error.code == code && error.message.contains("/a/b"))
                #expect(error.hint.contains("/a") && !error.hint.contains("--output"))
            }
        }
        #expect(ToolchainError.unwritable(path: "/a", .diskQuotaExceeded).code == "disk-full")
        let codes: Set = [
            "manifest-invalid", "usage", "tool-missing", "download-failed", "hash-mismatch", "archive-unsafe",
            "file-not-found",
        ]
        #expect(errors.allSatisfy { codes.contains($0.code) && !$0.message.isEmpty && !$0.hint.isEmpty })
        #expect(InstallError.hashMismatch(archive: "a", source: "s", promised: "p", got: "g").hint.contains("mirror"))
    }
}
