// Both kinds of manifests, and which of their archives suit which host.

import SystemPackage
import TestSupport
import Testing
import Toolchain

@Suite("Hosts")
struct HostTests {
    static let names: [(String, String, Host?)] = [
        ("Linux", "x86_64", Host(.linux, .amd64)), ("Linux", "aarch64", Host(.linux, .arm64)),
        ("Linux", "arm64", Host(.linux, .arm64)), ("Linux", "armv8l", Host(.linux, .arm64)),
        ("Linux", "armv7l", Host(.linux, .armel)), ("Linux", "i686", Host(.linux, .i686)),
        ("Linux", "riscv64", Host(.linux, .riscv64)), ("Darwin", "x86_64", Host(.macos, .amd64)),
        ("Darwin", "arm64", Host(.macos, .arm64)), ("Windows", "AMD64", Host(.windows, .amd64)),
        ("Windows", "x86", Host(.windows, .i686)), ("Windows", "ARM64", Host(.windows, .arm64)),
        ("FreeBSD", "amd64", Host(.freebsd, .amd64)), ("Linux", "armv6l", nil), ("Plan9", "x86_64", nil), ("", "", nil),
    ]

    @Test("uname's names are those of hosts", arguments: names)
    func uname(system: String, machine: String, host: Host?) {
        #expect(Host(system: system, machine: machine) == host)
    }

    // e_machine is at 18, e_flags of a 32-bit file at 36.
    @Test(
        "On ARM the programs that run there say which ARM it is",
        arguments: [
            (183, 0, Host.Architecture.arm64), (40, 0x400, .armhf), (40, 0x200, .armel), (62, 0, .arm64),
        ])
    func elf(machine: Int, flags: Int, expected: Host.Architecture) {
        var head: [UInt8] = [0x7F, 0x45, 0x4C, 0x46] + [UInt8](repeating: 0, count: 60)
        head[18] = UInt8(machine)
        head[37] = UInt8(flags >> 8)
        #expect(Host(system: "Linux", machine: "aarch64", executable: head)?.architecture == expected)
        #expect(Host(system: "Linux", machine: "x86_64", executable: head)?.architecture == .amd64)
        for count in 0..<40 { _ = Host(system: "Linux", machine: "aarch64", executable: Array(head.prefix(count))) }
    }

    @Test("This machine is one that toolchains are made for")
    func current() { #expect(Host.current?.system == .linux) }

    @Test("Every platform of ESP-IDF is a host, and no other name is")
    func platforms() {
        let all = [
            "linux-amd64", "linux-arm64", "linux-armhf", "linux-armel", "linux-i686", "macos", "macos-arm64", "win64",
            "win32", "win-arm64",
        ]
        for name in all { #expect(Host(platform: name)?.platform == name) }
        for name in ["any", "linux", "", "darwin"] { #expect(Host(platform: name) == nil) }
    }
}

@Suite("Manifests of ESP-IDF")
struct IDFManifestTests {
    static let sha = String(repeating: "ab", count: 32)

    static func download(_ name: String) -> String {
        #"{"url":"https://example.org/\#(name).tar.xz","size":10,"sha256":"\#(sha)"}"#
    }

    /// A manifest of one tool; what `tool` says is put in the place of what is usual.
    static func manifest(
        tool: String = "", versions: String? = nil, file: String = #""version":3,"#
    ) -> String {
        let usual = [
            ("name", #""gcc""#), ("description", #""d""#), ("install", #""always""#), ("info_url", #""i""#),
            ("license", #""l""#), ("export_paths", #"[["gcc","bin"]]"#), ("version_cmd", #"["gcc","--version"]"#),
            ("version_regex", #""([0-9.]+)""#),
        ]
        let kept = usual.filter { !tool.hasPrefix(",\"\($0.0)\":") }.map { "\"\($0.0)\":\($0.1)" }
        let plain = #"[{"name":"1.0","status":"recommended","linux-amd64":\#(download("linux"))}]"#
        return "{\(file)\"tools\":[{\(kept.joined(separator: ",")),\"versions\":\(versions ?? plain)\(tool)}]}"
    }

    static let choices: [(Host, String?)] = [
        (Host(.linux, .amd64), "linux"), (Host(.macos, .amd64), "mac"), (Host(.macos, .arm64), "any"),
        (Host(.windows, .amd64), "win"), (Host(.windows, .arm64), "win"), (Host(.windows, .i686), "any"),
        (Host(.freebsd, .amd64), "linux"), (Host(.linux, .riscv64), "any"),
    ]

    @Test("A host takes its own archive, a substitute, or the one for all", arguments: choices)
    func choice(host: Host, name: String?) throws {
        let downloads = ["linux-amd64": "linux", "macos": "mac", "win64": "win", "any": "any"]
            .sorted { $0.key < $1.key }.map { "\"\($0.key)\":\(Self.download($0.value))" }.joined(separator: ",")
        let text = Self.manifest(versions: #"[{"name":"1.0","status":"recommended",\#(downloads)}]"#)
        let manifest = try ToolManifest(text: text, host: host)
        #expect(manifest.tools.first?.preferred?.artifact?.archiveName == name.map { "\($0).tar.xz" })
    }

    @Test("Without an archive for the host there is nothing to prefer")
    func nothing() throws {
        #expect(try ToolManifest(text: Self.manifest(), host: Host(.macos, .arm64)).tools[0].preferred == nil)
    }

    @Test("Overrides of the host's platform are put over the rest, the later ones last")
    func overrides() throws {
        let tool = """
            ,"platform_overrides":[
              {"platforms":["linux-amd64","win64"],"install":"on_request","export_paths":[["a"]]},
              {"platforms":["linux-amd64"],"export_paths":[["b"]],"strip_container_dirs":2,"export_vars":{"V":"x"}},
              {"platforms":["macos"],"install":"never"}]
            """
        let linux = try ToolManifest(text: Self.manifest(tool: tool)).tools[0]
        #expect(linux.policy == .onRequest)
        #expect(linux.preferred?.artifact?.exports.paths == [["b"]])
        #expect(linux.preferred?.artifact?.exports.variables.map { [$0.name, $0.value] } == [["V", "x"]])
        #expect(linux.preferred?.artifact?.strip == .levels(2))
        #expect(try ToolManifest(text: Self.manifest(tool: tool), host: Host(.macos, .amd64)).tools[0].policy == .never)
        #expect(
            try ToolManifest(text: Self.manifest(tool: tool), host: Host(.windows, .arm64)).tools[0].policy == .always)
    }

    @Test(
        "The form's three versions and a file without one are read",
        arguments: [#""version":1,"#, #""version":2,"#, ""])
    func versions(file: String) throws { #expect(try ToolManifest(text: Self.manifest(file: file)).tools.count == 1) }

    @Test("The recommended version is preferred, then the newest supported one, never a deprecated one")
    func status() throws {
        func preferred(_ list: [(String, String)]) throws -> String? {
            let versions = list.map {
                #"{"name":"\#($0.0)","status":"\#($0.1)","any":\#(Self.download($0.0))}"#
            }.joined(separator: ",")
            return try ToolManifest(text: Self.manifest(versions: "[\(versions)]")).tools[0].preferred?.name
        }
        #expect(try preferred([("1", "deprecated"), ("2", "supported"), ("3", "recommended")]) == "3")
        #expect(try preferred([("1", "deprecated"), ("2", "supported")]) == "2")
        #expect(try preferred([("1", "deprecated")]) == nil)
    }

    @Test("A renamed archive, an info file and tools that are no programs are understood")
    func details() throws {
        let renamed =
            #"[{"name":"1","status":"recommended","any":{"url":"https://e.org/x.zip","size":1,"sha256":"\#(Self.sha)","rename_dist":"y.zip"}}]"#
        #expect(
            try ToolManifest(text: Self.manifest(versions: renamed)).tools[0].preferred?.artifact?.archiveName
                == "y.zip")
        let info = try ToolManifest(text: Self.manifest(tool: #","tool_info_file":"a/b.json""#)).tools[0]
        #expect(info.preferred?.artifact?.probe?.source == .file(["a", "b.json"]))
        let data = try ToolManifest(text: Self.manifest(tool: #","is_executable":false"#)).tools[0]
        #expect(data.preferred?.artifact?.probe == nil)
        #expect(data.preferred?.artifact?.exports.paths.isEmpty == true)
    }

    static let malformed: [(String, String)] = [
        ("{", "no JSON"), ("[]", "wrong kind"), ("{}", "'tools'"), (#"{"tools":{}}"#, "'tools'"),
        (manifest(file: #""version":4,"#), "version is 4"),
        (manifest(tool: #","install":"sometimes""#), "sometimes"),
        (manifest(tool: #","strip_container_dirs":-1"#), "strip_container_dirs"),
        (manifest(tool: #","export_paths":[["..","bin"]]"#), "leads out"),
        (manifest(tool: #","export_paths":[["a/../../b"]]"#), "leads out"),
        (manifest(tool: #","export_vars":{"LD_PRELOAD":"x"}"#), "LD_PRELOAD"),
        (manifest(tool: #","export_vars":{"A=B":"x"}"#), "A=B"),
        (manifest(tool: #","tool_info_file":"../x""#), "tool_info_file"),
        (manifest(tool: #","version_regex":"(""#), "version_regex"),
        (manifest(tool: #","version_cmd":[]"#), "version_cmd"),
        (manifest(versions: #"[{"name":"../1","status":"recommended"}]"#), "../1"),
        (manifest(versions: #"[{"name":"1","status":"fine"}]"#), "fine"),
        (manifest(versions: #"[{"name":"1","status":"supported","vax":\#(download("x"))}]"#), "vax"),
        (
            manifest(
                versions: #"[{"name":"1","status":"supported","any":{"url":"https://e.org/a","size":1,"sha256":"12"}}]"#
            ),
            "SHA-256"
        ),
        (
            manifest(
                versions:
                    #"[{"name":"1","status":"supported","any":{"url":"ftp://e.org/a","size":1,"sha256":"\#(sha)"}}]"#),
            "ftp://"
        ),
        (
            manifest(
                versions:
                    #"[{"name":"1","status":"supported","any":{"url":"https://e.org/a","size":0,"sha256":"\#(sha)"}}]"#),
            "size"
        ),
        (
            manifest(
                versions:
                    #"[{"name":"1","status":"supported","any":{"url":"https://e.org/a","size":1,"sha256":"\#(sha)","rename_dist":"../../etc"}}]"#
            ), "../../etc"
        ),
        (
            manifest(
                versions:
                    #"[{"name":"1","status":"recommended","any":\#(download("a"))},{"name":"2","status":"recommended","any":\#(download("a"))}]"#
            ), "several versions"
        ),
    ]

    @Test("What the schema forbids, and what would lead out of the folder, is refused and named", arguments: malformed)
    func refused(text: String, names: String) {
        let error = #expect(throws: ToolchainError.self) { try ToolManifest(idf: Array(text.utf8), host: linuxHost) }
        #expect(error?.code == "manifest-invalid")
        #expect(error?.message.contains(names) == true, "\(error?.message ?? "") - \(names)")
    }

    @Test("A manifest that is cut off anywhere is refused")
    func truncation() {
        let bytes = Array(Self.manifest().utf8)
        for count in stride(from: 0, to: bytes.count - 1, by: 7) {
            #expect(throws: ToolchainError.self) { try ToolManifest(idf: Array(bytes.prefix(count)), host: linuxHost) }
        }
    }

    /// A checkout of ESP-IDF, or a folder with its tools/: what ESPMASK_IDF names.
    static let real = Peers.variable("ESPMASK_IDF").map { FilePath($0).pushing("tools/tools.json") }

    @Test(
        "ESP-IDF's own manifest is read whole, for every host",
        .enabled(if: real != nil, "ESPMASK_IDF names no ESP-IDF"),
        arguments: [
            Host(.linux, .amd64), Host(.linux, .arm64), Host(.linux, .armhf), Host(.macos, .arm64),
            Host(.windows, .amd64),
            Host(.windows, .arm64),
        ])
    func whole(host: Host) throws {
        let manifest = try ToolManifest(Peers.contents(of: try #require(Self.real)), name: "tools.json", host: host)
        #expect(manifest.tools.count >= 10)
        let needed = try manifest.steps([], target: "esp32", host: host)
        #expect(needed.contains { $0.artifact.name == "xtensa-esp-elf" })
        #expect(
            needed.allSatisfy {
                $0.artifact.size ?? 0 > 1000 && ArchiveFormat(fileName: $0.artifact.archiveName) != nil
            })
    }

    @Test(
        "Our own manifest has the emulator and arduino-cli for Linux and macOS",
        arguments: ["linux-amd64", "linux-arm64", "macos", "macos-arm64"])
    func own(platform: String) throws {
        let host = try #require(Host(platform: platform))
        let bytes = try Peers.contents(of: Peers.checkout.pushing("boards/esp32/tools.json"))
        let manifest = try ToolManifest(idf: bytes, name: "tools.json", host: host, needsSizes: false)
        let steps = try manifest.steps(["arduino-cli", "qemu-xtensa"], target: "esp32", host: host)
        #expect(steps.map(\.artifact.size) == [nil, steps.last?.artifact.size ?? 0])
        #expect(throws: ToolchainError.self) { try ToolManifest(idf: bytes, name: "tools.json", host: host) }
    }
}
