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

    /// A package index of one core with one tool, in `www`, and rules that lead there.
    private static func arduino(in folder: FilePath) async throws -> Mirrors {
        let www = folder.appending("www")
        try await write("", to: www.pushing("arduino-esp32/.keep"))
        var entries: [String] = []
        for name in ["core.zip", "x32.zip"] {
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
                {"packager":"esp32","name":"esp-x32","version":"2511"}]},
              {"name":"esp32","architecture":"esp32","version":"2.0.9",\(entries[0])}],
             "tools":[{"name":"esp-x32","version":"2511","systems":[{"host":"all",\(entries[1])}]}]}]}
            """
        try await write(index, to: www.pushing("arduino-esp32/package_esp32_index.json"))
        return try Mirrors(
            ["https://espressif.github.io=\(www)", "https://github.com=\(www)"], environment: [:])
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
            #expect(staged == "core.zip\nx32.zip\n")
            let calls = try standIn.calls()
            let cli = calls.filter { $0.program == "arduino-cli" }
            let urls = ["--additional-urls", ArduinoSetup.indexURL, "--no-color"]
            #expect(
                cli.map(\.words) == [
                    ["core", "update-index"] + urls, ["core", "install", "esp32:esp32@3.3.5"] + urls,
                ])
            #expect(
                cli.allSatisfy {
                    $0.environment["ARDUINO_DIRECTORIES_DATA"] == prefix.root.pushing("arduino/data").string
                })
            let fetched = calls.filter { $0.words.contains("fetch") }.compactMap(\.words.last)
            #expect(fetched == ArduinoSetup.libraries.map(\.commit))
            for library in ArduinoSetup.libraries {
                let source = prefix.root.pushing("arduino/user/libraries").appending(library.name).appending(
                    "library.h")
                #expect(try Peers.contents(of: source) == Array("source\n".utf8))
            }
            // The second time the libraries are there.
            #expect(try await setup.install(version: "2.0.9") { _ in } == "2.0.9")
            let again = try standIn.calls().filter { $0.words.contains("fetch") }
            #expect(again.count == 2)
            let error = await #expect(throws: ToolchainError.self) { try await setup.install(version: "9") { _ in } }
            #expect(error?.code == "usage" && error?.hint.contains("arduino@3.3.5") == true)
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
        }
    }

    @Test("ESP-IDF: the tools of the checkout that is there, and its own script for Python, which is told our folder")
    func idf() async throws {
        try await withTemporaryFolder { folder in
            let standIn = try await StandIn(["python3", "git"], in: folder, replay: "")
            let idf = folder.appending("esp-idf")
            try await write("v5.5.1\n", to: idf.appending("version.txt"))
            let manifest = try await SmallTool().make(in: folder, url: { "file://\(folder)/\($0)" })
            try await write(manifest, to: idf.pushing("tools/tools.json"))
            let environment = standIn.environment.merging(["IDF_PATH": idf.string]) { $1 }
            let prefix = InstallPrefix(environment: environment)
            let installer = Installer(
                prefix: prefix, downloader: Self.downloader(folder, .none), environment: environment)
            let setup = IDFSetup(installer: installer, mirrors: .none, host: linuxHost, environment: environment)
            let done = try await setup.install(version: "5.5", target: "esp32") { _ in }
            #expect(done.idf.path == idf && done.tools.map(\.change) == [.installed])
            let calls = try standIn.calls()
            #expect(calls.map(\.program) == ["python3"])
            #expect(calls[0].words == ["\(idf)/tools/idf_tools.py", "--non-interactive", "install-python-env"])
            #expect(calls[0].environment["IDF_TOOLS_PATH"] == prefix.root.string)
        }
    }

    @Test("An ESP-IDF that is not there is cloned beside its place and then put there")
    func clone() async throws {
        try await withTemporaryFolder { folder in
            let manifest = try await SmallTool().make(in: folder, url: { "file://\(folder)/\($0)" })
            try await write(manifest, to: folder.appending("tools.json"))
            let replay = """
                [ "$1" = clone ] || return 0
                for word; do last=$word; done
                mkdir -p "$last/tools"; cp "$HOME/../tools.json" "$last/tools/"; echo v5.4.2 > "$last/version.txt"
                """
            let standIn = try await StandIn(["python3", "git"], in: folder, replay: replay)
            try await write("", to: folder.pushing("home/.keep"))
            let environment = standIn.environment
            let prefix = InstallPrefix(environment: environment)
            let installer = Installer(
                prefix: prefix, downloader: Self.downloader(folder, .none), environment: environment)
            let setup = IDFSetup(installer: installer, mirrors: .none, host: linuxHost, environment: environment)
            let done = try await setup.install(version: "5.4.2", target: "esp32") { _ in }
            #expect(done.idf.path == prefix.root.pushing("idf/v5.4.2") && done.idf.source == .own)
            let call = try #require(try standIn.calls().first)
            #expect(call.value("--branch") == "v5.4.2" && call.words.contains("--recurse-submodules"))
            #expect(call.words.contains(IDFSetup.repository))
            // It is there now.
            _ = try await setup.install(version: "5.4", target: "esp32") { _ in }
            let clones = try standIn.calls().filter { $0.words.first == "clone" }
            #expect(clones.count == 1)
        }
    }
}
