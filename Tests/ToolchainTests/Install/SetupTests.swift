// Whole toolchains: which programs are handed what, with stand-ins for arduino-cli, git and Python.

import SystemPackage
import TestSupport
import Testing
import Toolchain

@Suite("Whole toolchains")
struct SetupTests {
    /// git, as far as a fetch at a commit needs it.
    private static let git = """
        case "${0##*/} $3" in
            "git init") mkdir -p "$2/.git" ;;
            "git fetch") echo "$8" > "$2/.git/fetched"; echo "source" > "$2/library.h" ;;
            "git rev-parse") cat "$2/.git/fetched" ;;
        esac
        """

    private static func downloader(_ folder: FilePath, _ mirrors: Mirrors) -> Downloader {
        Downloader(
            cache: ArchiveCache(folder: folder.appending("cache")), transport: Transports.standard(environment: [:]),
            mirrors: mirrors)
    }

    /// A package index of one core with two tools, one of them in Arduino's own index, in `www`, and rules that lead there.
    private static func arduino(in folder: FilePath) async throws -> Mirrors {
        let www = folder.appending("www")
        try await write("", to: www.pushing("arduino-esp32/.keep"))
        var entries: [String] = []
        for name in ["core.zip", "x32.zip", "dfu.zip", "ctags1.zip", "ctags2.zip"] {
            let bytes = Archives.zip([.file("top/file", name)])
            try writeBytes(bytes, to: www.appending(name))
            entries.append(
                """
                "url":"https://github.com/\(name)","archiveFileName":"\(name)","checksum":"SHA-256:\(sha256(bytes))",\
                "size":"\(bytes.count)"
                """)
        }
        let index = """
            {"packages":[{"name":"esp32","platforms":[
              {"name":"esp32","architecture":"esp32","version":"3.3.5",\(entries[0]),"toolsDependencies":[
                {"packager":"esp32","name":"esp-x32","version":"2511"},
                {"packager":"arduino","name":"dfu-util","version":"0.11"}]},
              {"name":"esp32","architecture":"esp32","version":"2.0.9",\(entries[0])}],
             "tools":[{"name":"esp-x32","version":"2511","systems":[{"host":"all",\(entries[1])}]}]}]}
            """
        try await write(index, to: www.pushing("arduino-esp32/package_esp32_index.json"))
        let own = """
            {"packages":[
              {"name":"arduino","tools":[{"name":"dfu-util","version":"0.11","systems":[{"host":"all",\(entries[2])}]}]},
              {"name":"builtin","tools":[
                {"name":"ctags","version":"5.8","systems":[{"host":"all",\(entries[3])}]},
                {"name":"ctags","version":"5.11","systems":[{"host":"all",\(entries[4])}]}]}]}
            """
        let tar = Archives.tar([.file("package_index.json", own), .file("package_index.json.sig", "signed")])
        let packed = try await Archives.file("package_index.tar.bz2", tar, in: www)
        _ = try await Peers.run("/bin/mkdir", ["-p", www.appending("packages").string])
        _ = try await Peers.run("/bin/mv", [packed.string, www.appending("packages").string])
        return try Mirrors(
            [
                "https://espressif.github.io=\(www)", "https://github.com=\(www)",
                "https://downloads.arduino.cc=\(www)",
            ], environment: [:])
    }

    @Test("Arduino's core: our downloads lie where arduino-cli looks, and it installs them in folders of ours")
    func arduino() async throws {
        try await withTemporaryFolder { folder in
            let standIn = try await StandIn(["arduino-cli", "git"], in: folder, replay: Self.git)
            let mirrors = try await Self.arduino(in: folder)
            let prefix = InstallPrefix(environment: standIn.environment)
            let setup = ArduinoSetup(
                prefix: prefix, downloader: Self.downloader(folder, mirrors), mirrors: mirrors, host: linuxHost,
                environment: standIn.environment)
            #expect(try await setup.install(version: nil) { _ in } == "3.3.5")
            let packages = prefix.root.pushing("arduino/downloads/packages")
            let staged = try await Peers.run("/bin/ls", [packages.string]).output
            // The core's own tool, the one of Arduino's that it needs, and the newest of what arduino-cli always brings.
            #expect(staged == "core.zip\nctags2.zip\ndfu.zip\nx32.zip\n")
            let calls = try standIn.calls()
            let cli = calls.filter { $0.program == "arduino-cli" }
            let urls = ["--additional-urls", ArduinoSetup.indexURL, "--no-color"]
            // The indexes came by way of mirrors and proxies, and lie where arduino-cli looks.
            #expect(cli.map(\.words) == [["core", "install", "esp32:esp32@3.3.5"] + urls])
            let data = try await Peers.run("/bin/ls", [prefix.root.pushing("arduino/data").string]).output
            #expect(
                data.split(separator: "\n") == [
                    "library_index.json", "package_esp32_index.json", "package_index.json", "package_index.json.sig",
                ])
            #expect(
                cli.allSatisfy {
                    $0.environment["ARDUINO_DIRECTORIES_DATA"] == prefix.root.pushing("arduino/data").string
                })
            let fetched = calls.filter { $0.words.contains("fetch") }.compactMap(\.words.last)
            #expect(fetched == ArduinoSetup.libraries.map(\.commit))
            for library in ArduinoSetup.libraries { try Self.expectSource(of: library, in: prefix) }
            // The second time the libraries are there.
            #expect(try await setup.install(version: "2.0.9") { _ in } == "2.0.9")
            let again = try standIn.calls().filter { $0.words.contains("fetch") }
            #expect(again.count == 2)
            let error = await #expect(throws: ToolchainError.self) { try await setup.install(version: "9") { _ in } }
            #expect(error?.code == "usage" && error?.hint.contains("arduino@3.3.5") == true)
        }
    }

    private static func expectSource(of library: ArduinoSetup.Library, in prefix: InstallPrefix) throws {
        let source = prefix.root.pushing("arduino/user/libraries").appending(library.name).appending("library.h")
        #expect(try Peers.contents(of: source) == Array("source\n".utf8))
    }

    @Test("Without Arduino's own index arduino-cli is left to fetch the rest, by the proxy that everybody uses")
    func withoutOwnIndex() async throws {
        try await withTemporaryFolder { folder in
            let standIn = try await StandIn(["arduino-cli", "git"], in: folder, replay: Self.git)
            let mirrors = try await Self.arduino(in: folder)
            _ = try await Peers.run("/bin/rm", ["-r", folder.pushing("www/packages").string])
            let prefix = InstallPrefix(environment: standIn.environment)
            let environment = standIn.environment.merging(["HTTPS_PROXY": "http://proxy.example:3128"]) { $1 }
            let setup = ArduinoSetup(
                prefix: prefix, downloader: Self.downloader(folder, mirrors), mirrors: mirrors, host: linuxHost,
                environment: environment)
            #expect(try await setup.install(version: nil) { _ in } == "3.3.5")
            let staged = try await Peers.run(
                "/bin/ls", [prefix.root.pushing("arduino/downloads/packages").string]
            ).output
            #expect(staged == "core.zip\nx32.zip\n")
            let urls = ["--additional-urls", ArduinoSetup.indexURL, "--no-color"]
            let cli = try standIn.calls().filter { $0.program == "arduino-cli" }
            #expect(
                cli.map(\.words) == [
                    ["core", "update-index"] + urls, ["core", "install", "esp32:esp32@3.3.5"] + urls,
                ])
            // Which heeds no other variable.
            #expect(cli.allSatisfy { $0.environment["ARDUINO_NETWORK_PROXY"] == "http://proxy.example:3128" })
            let installer = Installer(
                prefix: prefix, downloader: Self.downloader(folder, mirrors), environment: standIn.environment)
            #expect(try await installer.removeArduino() == [prefix.root.appending("arduino")])
            let gone = await #expect(throws: ToolchainError.self) { try await installer.removeArduino() }
            #expect(gone?.code == "usage")
        }
    }

    @Test("Where PATH has no arduino-cli, our own is installed and used")
    func ownProgram() async throws {
        try await withTemporaryFolder { folder in
            let standIn = try await StandIn(["git"], in: folder, replay: Self.git)
            let mirrors = try await Self.arduino(in: folder)
            let script = String(decoding: try Peers.contents(of: folder.pushing("bin/git")), as: UTF8.self)
            let tar = Archives.tar([.file("arduino-cli", script, mode: 0o755)])
            let archive = try await Archives.file("cli.tar.gz", tar, in: folder)
            let digest = sha256(try Peers.contents(of: archive))
            let own = """
                {"tools":[{"name":"arduino-cli","description":"","install":"on_request","export_paths":[[""]],
                "version_cmd":["arduino-cli","version"],"version_regex":"Version: ([0-9.]+)","versions":[
                {"name":"1.4.1","status":"recommended","any":{"url":"file://\(archive)","sha256":"\(digest)"}}]}]}
                """
            let prefix = InstallPrefix(environment: standIn.environment)
            let setup = ArduinoSetup(
                prefix: prefix, downloader: Self.downloader(folder, mirrors), mirrors: mirrors, host: linuxHost,
                environment: standIn.environment,
                own: try ToolManifest(idf: Array(own.utf8), host: linuxHost, needsSizes: false))
            #expect(try await setup.install(version: nil) { _ in } == "3.3.5")
            let calls = try standIn.calls().filter { $0.program == "arduino-cli" }
            #expect(calls.map(\.words.first) == ["version", "core"])
            #expect(prefix.receipts().map(\.name) == ["arduino-cli"])
        }
    }

    @Test("A bundle of Arduino's core is installed elsewhere without asking anybody")
    func arduinoBundle() async throws {
        try await withTemporaryFolder { folder in
            let maker = try await StandIn(["git"], in: folder.appending("maker"), replay: Self.git)
            let mirrors = try await Self.arduino(in: folder)
            let making = ArduinoSetup(
                prefix: InstallPrefix(environment: maker.environment), downloader: Self.downloader(folder, mirrors),
                mirrors: mirrors, host: linuxHost, environment: maker.environment)
            let stick = folder.appending("stick")
            #expect(try await making.bundle(version: "3.3.5", in: stick) { _ in }.version == "3.3.5")
            _ = try await Peers.run(
                "/bin/rm", ["-r", folder.appending("www").string, folder.appending("cache").string])

            let user = try await StandIn(["arduino-cli"], in: folder.appending("user"), replay: "")
            let prefix = InstallPrefix(environment: user.environment)
            let bundle = try #require(try ArduinoBundle(bundle: stick))
            let setup = ArduinoSetup(
                prefix: prefix,
                downloader: Downloader(
                    cache: ArchiveCache(folder: folder.appending("empty"), others: [bundle.archives]),
                    transport: Transports.offline(folder: stick)),
                mirrors: .none, host: linuxHost, environment: user.environment)
            #expect(try await setup.install(version: nil, from: bundle) { _ in } == "3.3.5")
            // What it would update over the network is there.
            #expect(try user.calls().map { Array($0.words.prefix(3)) } == [["core", "install", "esp32:esp32@3.3.5"]])
            let data = try await Peers.run("/bin/ls", [prefix.root.pushing("arduino/data").string]).output
            #expect(
                data.split(separator: "\n") == [
                    "library_index.json", "package_esp32_index.json", "package_index.json", "package_index.json.sig",
                ])
            for library in ArduinoSetup.libraries { try Self.expectSource(of: library, in: prefix) }
            // A library that was changed on the way is not taken.
            try await write("other", to: stick.pushing("arduino/TM1637.tar.gz"))
            _ = try await Peers.run("/bin/rm", ["-r", prefix.root.pushing("arduino/user/libraries").string])
            let changed = await #expect(throws: ToolchainError.self) {
                try await setup.install(version: nil, from: bundle) { _ in }
            }
            #expect(changed?.code == "hash-mismatch" && changed?.message.contains("TM1637") == true)
            _ = try await Peers.run("/bin/rm", [stick.pushing("arduino/dist/x32.zip").string])
            _ = try await Peers.run("/bin/rm", ["-rf", folder.appending("empty").string])
            let lacking = await #expect(throws: ToolchainError.self) {
                try await setup.install(version: nil, from: bundle) { _ in }
            }
            #expect(lacking?.code == "file-not-found" && lacking?.message.contains("x32.zip") == true)
        }
    }

    @Test("Sources that are not those of the commit are not taken; a step that fails is told")
    func failures() async throws {
        try await withTemporaryFolder { folder in
            let other = Self.git.replacing(#"cat "$2/.git/fetched""#, with: "echo 0123")
            let standIn = try await StandIn(["arduino-cli", "git"], in: folder, replay: other)
            let mirrors = try await Self.arduino(in: folder)
            func install() async throws -> String {
                try await ArduinoSetup(
                    prefix: InstallPrefix(environment: standIn.environment),
                    downloader: Self.downloader(folder, mirrors), mirrors: mirrors, host: linuxHost,
                    environment: standIn.environment
                ).install(version: nil) { _ in }
            }
            let mismatch = await #expect(throws: ToolchainError.self) { try await install() }
            #expect(mismatch?.code == "hash-mismatch")
            try await write("echo 'Error: no network' >&2; STAND_IN_STATUS=5\n", to: folder.appending("replay.sh"))
            let failed = await #expect(throws: ToolchainError.self) { try await install() }
            #expect(failed?.code == "tool-missing" && failed?.message.contains("no network") == true)
            let broken = """
                [ "$3" = fetch ] || return 0
                echo "fatal: unable to access '$8'" >&2; echo 'and the repository exists.' >&2; STAND_IN_STATUS=128
                """
            try await write(broken, to: folder.appending("replay.sh"))
            let unreachable = await #expect(throws: ToolchainError.self) { try await install() }
            #expect(unreachable?.code == "download-failed" && unreachable?.message.contains("unable to access") == true)
            let left = try await Peers.run("/bin/ls", ["-A", folder.appending("prefix").string]).output
            #expect(!left.contains(".staging"))
        }
    }
}
