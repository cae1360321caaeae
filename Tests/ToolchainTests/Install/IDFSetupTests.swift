// ESP-IDF as it is installed: which of its own scripts are called, in which folder of tools, and what a bundle brings.

import SystemPackage
import TestSupport
import Testing
import Toolchain

@Suite("ESP-IDF")
struct IDFSetupTests {
    private static func downloader(_ folder: FilePath) -> Downloader {
        Downloader(
            cache: ArchiveCache(folder: folder.appending("cache")), transport: Transports.standard(environment: [:]))
    }

    /// A checkout with one small tool.
    private static func checkout(_ idf: FilePath, in folder: FilePath) async throws {
        try await write("v5.5.1\n", to: idf.appending("version.txt"))
        let manifest = try await SmallTool().make(in: folder, url: { "file://\(folder)/\($0)" })
        try await write(manifest, to: idf.pushing("tools/tools.json"))
    }

    private static func setup(_ folder: FilePath, _ environment: [String: String], mirrors: Mirrors = .none) -> IDFSetup
    {
        let installer = Installer(
            prefix: InstallPrefix(environment: environment), downloader: downloader(folder), environment: environment)
        return IDFSetup(installer: installer, mirrors: mirrors, host: linuxHost, environment: environment)
    }

    @Test("The tools of the checkout that is there, and its own script, which is told our folder and the chip")
    func installs() async throws {
        try await withTemporaryFolder { folder in
            let standIn = try await StandIn(["python3", "git"], in: folder, replay: "")
            let idf = folder.appending("esp-idf")
            try await Self.checkout(idf, in: folder)
            let environment = standIn.environment.merging(["IDF_PATH": idf.string]) { $1 }
            let mirrors = try Mirrors(
                ["https://dl.espressif.com=https://mirror.example"], environment: ["IDF_MIRROR_PREFIX_MAP": "a,b"])
            let done = try await Self.setup(folder, environment, mirrors: mirrors).install(
                version: "5.5", target: "esp32"
            ) { _ in }
            #expect(done.idf.path == idf && done.tools.map(\.change) == [.installed])
            let calls = try standIn.calls()
            #expect(calls.map(\.program) == ["python3", "python3"])
            let script = "\(idf)/tools/idf_tools.py"
            #expect(
                calls.map(\.words) == [
                    [script, "--non-interactive", "install", "--targets=esp32"],
                    [script, "--non-interactive", "install-python-env"],
                ])
            for call in calls {
                #expect(call.environment["IDF_TOOLS_PATH"] == InstallPrefix(environment: environment).root.string)
                #expect(call.environment["IDF_PATH"] == idf.string)
                // Python would leave compiled files in a checkout that is not ours.
                #expect(call.environment["PYTHONDONTWRITEBYTECODE"] == "1")
                #expect(
                    call.environment["IDF_MIRROR_PREFIX_MAP"]
                        == #"^https://dl\.espressif\.com,https://mirror.example;a,b"#)
            }
        }
    }

    /// How an installation ends whose script says what `replay` says.
    private static func failure(_ replay: String, in folder: FilePath) async throws -> ToolchainError? {
        let standIn = try await StandIn(["python3"], in: folder, replay: replay)
        let idf = folder.appending("esp-idf")
        try await checkout(idf, in: folder)
        let environment = standIn.environment.merging(["IDF_PATH": idf.string]) { $1 }
        return await #expect(throws: ToolchainError.self) {
            try await setup(folder, environment).install(version: nil, target: "esp32") { _ in }
        }
    }

    @Test("What ESP-IDF's script says of its failure is told, with the warning that says what")
    func failure() async throws {
        try await withTemporaryFolder { folder in
            let replay = """
                echo 'WARNING: Failed to download https://dl/x to /y'
                echo 'ERROR: Failed to download, and retry count has expired'; STAND_IN_STATUS=1
                """
            let error = try await Self.failure(replay, in: folder)
            #expect(error?.code == "tool-missing")
            #expect(
                error?.message.contains("retry count has expired; WARNING: Failed to download https://dl/x") == true)
        }
    }

    @Test("A Python without venv is told from other failures")
    func withoutVenv() async throws {
        try await withTemporaryFolder { folder in
            let replay = """
                echo 'The virtual environment was not created successfully because ensurepip is not'
                echo 'available.'; echo 'subprocess.CalledProcessError: it failed' >&2; STAND_IN_STATUS=1
                """
            let error = try await Self.failure(replay, in: folder)
            #expect(error?.code == "tool-missing" && error?.hint == "apt-get install python3-venv")
        }
    }

    @Test("An installation of somebody else's that is whole is used as it is; one that is not gets our tools")
    func whole() async throws {
        try await withTemporaryFolder { folder in
            let replay = """
                case "$*" in *export*) [ -f "$HOME/whole" ] || exit 1; echo "IDF_PYTHON_ENV_PATH=/its/env" ;; esac
                """
            let standIn = try await StandIn(["python3"], in: folder, replay: replay)
            let idf = folder.appending("esp-idf")
            try await Self.checkout(idf, in: folder)
            let record = #"{"idfInstalled":{"x":{"path":"\#(idf)"}}}"#
            try await write(record, to: folder.pushing("home/.espressif/idf-env.json"))
            try await write("", to: folder.pushing("home/whole"))
            let setup = Self.setup(folder, standIn.environment)
            let prefix = InstallPrefix(environment: standIn.environment)
            let found = try await setup.install(version: nil, target: "esp32") { _ in }
            #expect(found.idf.path == idf && found.tools.isEmpty && prefix.receipts().isEmpty)
            _ = try await Peers.run("/bin/rm", [folder.pushing("home/whole").string])
            let done = try await setup.install(version: nil, target: "esp32") { _ in }
            #expect(done.tools.count == 1 && prefix.receipts().count == 1)
            // From then on the checkout goes with our tools, which the script has written down.
            try await write(record, to: prefix.root.appending("idf-env.json"))
            let again = FoundIDF.all(environment: standIn.environment, prefix: prefix)
            #expect(again.map(\.toolsPath) == [prefix.root] && again.map(\.path) == [idf])
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
            let prefix = InstallPrefix(environment: standIn.environment)
            let setup = Self.setup(folder, standIn.environment)
            let done = try await setup.install(version: "5.4.2", target: "esp32") { _ in }
            #expect(done.idf.path == prefix.root.pushing("idf/v5.4.2") && done.idf.source == .own)
            let call = try #require(try standIn.calls().first)
            #expect(call.value("--branch") == "v5.4.2" && call.words.contains("--recurse-submodules"))
            #expect(call.words.contains(IDFSetup.repository))
            // It is there now, under its number and under its tag.
            _ = try await setup.install(version: "5.4", target: "esp32") { _ in }
            _ = try await setup.install(version: "v5.4.2", target: "esp32") { _ in }
            let clones = try standIn.calls().filter { $0.words.first == "clone" }
            #expect(clones.count == 1)
            try await write("", to: prefix.root.pushing("python_env/x"))
            let installer = Installer(
                prefix: prefix, downloader: Self.downloader(folder), environment: standIn.environment)
            #expect(
                try await installer.removeIDF(version: nil) == [
                    prefix.root.pushing("idf/v5.4.2"), prefix.root.appending("python_env"),
                ])
            let gone = await #expect(throws: ToolchainError.self) { try await installer.removeIDF(version: "5.4.2") }
            #expect(gone?.code == "usage")
        }
    }

    @Test(
        "Mirrors of a repository are asked in turn, those of release files never; git's cause is told, not its advice")
    func cloneFailures() async throws {
        try await withTemporaryFolder { folder in
            let replay = """
                case "$*" in
                    *nowhere*) echo 'fatal: Remote branch v99.9 not found in upstream origin' >&2 ;;
                    *) echo 'fatal: unable to access' >&2; echo 'and the repository exists.' >&2 ;;
                esac
                STAND_IN_STATUS=128
                """
            let standIn = try await StandIn(["python3", "git"], in: folder, replay: replay)
            let assets = ["IDF_GITHUB_ASSETS": "assets.example", "IDF_MIRROR_PREFIX_MAP": "github,gitlab"]
            func error(_ texts: [String]) async throws -> ToolchainError? {
                let mirrors = try Mirrors(texts, environment: assets)
                return await #expect(throws: ToolchainError.self) {
                    try await Self.setup(folder, standIn.environment, mirrors: mirrors).install(
                        version: "99.9", target: "esp32"
                    ) { _ in }
                }
            }
            let plain = try await error([])
            #expect(plain?.code == "download-failed" && plain?.message.hasSuffix("fatal: unable to access") == true)
            #expect(try standIn.calls().last?.words.contains(IDFSetup.repository) == true)
            let unknown = try await error([
                "https://github.com=https://one.example", "https://github.com=https://nowhere.example",
            ])
            #expect(unknown?.code == "usage" && unknown?.message.contains("idf@v99.9") == true)
            #expect(
                try standIn.calls().suffix(2).map { $0.words[$0.words.count - 2] } == [
                    "https://one.example/espressif/esp-idf.git", "https://nowhere.example/espressif/esp-idf.git",
                ])
            let left = try await Peers.run("/bin/ls", ["-A", folder.appending("prefix").string]).output
            #expect(!left.contains(".staging"))
        }
    }

    @Test("A folder with a space in its name is refused before ESP-IDF trips over it")
    func spaces() async throws {
        try await withTemporaryFolder { folder in
            let environment = ["ESPMASK_TOOLCHAINS": folder.appending("a b").string]
            let error = await #expect(throws: ToolchainError.self) {
                try await Self.setup(folder, environment).install(version: nil, target: "esp32") { _ in }
            }
            #expect(error?.code == "usage" && error?.hint.contains("--prefix") == true)
        }
    }

    /// Python with venv and pip, as far as making wheels needs them.
    private static let python = """
        case "$*" in
            *"-m venv"*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
            *"pip wheel"*) touch "$8/a-1-py3-none-any.whl" ;;
            *"import sys"*) echo "$ESPMASK_TEST_PYTHON" ;;
        esac
        """

    @Test("A bundle brings checkout, tools and wheels to a machine without internet, and only to its own Python")
    func bundle() async throws {
        try await withTemporaryFolder { folder in
            let maker = try await StandIn(["python3"], in: folder.appending("maker"), replay: Self.python)
            let idf = folder.appending("esp-idf")
            try await Self.checkout(idf, in: folder)
            try await write("flask\n", to: idf.pushing("tools/requirements/requirements.core.txt"))
            try await write("secret", to: idf.pushing(".git/config"))
            let www = folder.pushing("www/dl/esp-idf/espidf.constraints.v5.5.txt")
            try await write("flask==1\n", to: www)
            let mirrors = try Mirrors(["https://dl.espressif.com=\(folder)/www"], environment: [:])
            let making = maker.environment.merging(["IDF_PATH": idf.string, "ESPMASK_TEST_PYTHON": "3.11"]) { $1 }
            let downloader = Downloader(
                cache: ArchiveCache(folder: folder.appending("cache")),
                transport: Transports.standard(environment: [:]), mirrors: mirrors)
            // A space, since pip splits its list of links at one.
            let stick = folder.appending("my stick")
            let made = try await Self.setup(folder, making).bundle(
                version: nil, target: "esp32", in: stick, downloader: downloader
            ) { _ in }
            #expect(made.version == "5.5.1")
            let wheel = try #require(try maker.calls().first { $0.words.contains("wheel") })
            #expect(wheel.value("-r") == "\(idf)/tools/requirements/requirements.core.txt")
            #expect(wheel.value("--constraint") == "\(stick)/idf/espidf.constraints.v5.5.txt")
            _ = try await Peers.run("/bin/rm", ["-r", idf.string, folder.appending("cache").string])

            let user = try await StandIn(["python3"], in: folder.appending("user"), replay: Self.python)
            let environment = user.environment.merging(["ESPMASK_TEST_PYTHON": "3.11"]) { $1 }
            let prefix = InstallPrefix(environment: environment)
            let bundle = try #require(try IDFBundle(bundle: stick))
            let installer = Installer(
                prefix: prefix,
                downloader: Downloader(
                    cache: ArchiveCache(folder: folder.appending("empty"), others: [bundle.archives]),
                    transport: Transports.offline(folder: stick)), environment: environment)
            func setup(_ environment: [String: String]) -> IDFSetup {
                IDFSetup(installer: installer, mirrors: .none, host: linuxHost, environment: environment)
            }
            let done = try await setup(environment).install(version: nil, target: "esp32", from: bundle) { _ in }
            #expect(done.idf.path == prefix.root.pushing("idf/v5.5.1") && done.tools.map(\.change) == [.installed])
            let left = try await Peers.run("/bin/ls", ["-A", done.idf.path.string]).output
            #expect(left == "tools\nversion.txt\n")
            let constraints = prefix.root.appending("espidf.constraints.v5.5.txt")
            #expect(try Peers.contents(of: constraints) == Array("flask==1\n".utf8))
            let steps = try user.calls().filter { $0.words.contains("--non-interactive") }
            #expect(steps.count == 2)
            for step in steps {
                #expect(step.environment["PIP_NO_INDEX"] == "1")
                #expect(step.environment["PIP_FIND_LINKS"] == "file://\(folder)/my%20stick/idf/wheels")
            }
            // pip would take any wheel that lies there.
            let wheels = stick.pushing("idf/wheels")
            for (name, code) in [("b-1-py3-none-any.whl", "hash-mismatch"), ("a-1-py3-none-any.whl", "hash-mismatch")] {
                try await write("other", to: wheels.appending(name))
                let changed = await #expect(throws: ToolchainError.self) {
                    try await setup(environment).install(version: nil, target: "esp32", from: bundle) { _ in }
                }
                #expect(changed?.code == code && changed?.message.contains(name) == true)
                _ = try await Peers.run("/bin/rm", [wheels.appending(name).string])
            }
            let other = environment.merging(["ESPMASK_TEST_PYTHON": "3.12"]) { $1 }
            let error = await #expect(throws: ToolchainError.self) {
                try await setup(other).install(version: nil, target: "esp32", from: bundle) { _ in }
            }
            #expect(error?.code == "tool-missing" && error?.message.contains("Python 3.11") == true)
            #expect(try IDFBundle(bundle: folder) == nil)
        }
    }
}
