// Package indexes of Arduino: which archive a host takes, what a platform brings, and what becomes of entries that are
// not as they should be.

import SystemPackage
import TestSupport
import Testing
import Toolchain

@Suite("Package indexes of Arduino")
struct ArduinoIndexTests {
    static let sha = String(repeating: "cd", count: 32)

    static func system(_ host: String, checksum: String = "SHA-256:\(sha)") -> String {
        let name = "\(host.hasPrefix("all") ? "all" : host).tar.gz"
        return
            #"{"host":"\#(host)","url":"https://e.org/\#(name)","archiveFileName":"\#(name)","checksum":"\#(checksum)","size":"12"}"#
    }

    static func index(systems: [String], dependency: String = "esp-x32") -> String {
        """
        {"packages":[{"name":"esp32","maintainer":"m","platforms":[
          {"name":"esp32","architecture":"esp32","version":"3.0.0","url":"https://e.org/core.zip","archiveFileName":"core.zip",
           "checksum":"SHA-256:\(sha)","size":"5","toolsDependencies":[
             {"packager":"esp32","name":"\(dependency)","version":"2"},
             {"packager":"builtin","name":"ctags","version":"1"}]},
          {"name":"esp32","architecture":"esp32","version":"10.0.0-rc1","url":"https://e.org/core.zip",
           "archiveFileName":"core.zip","checksum":"SHA-256:\(sha)","size":5}],
         "tools":[{"name":"esp-x32","version":"2","systems":[\(systems.joined(separator: ","))]}]}]}
        """
    }

    static let triplets = [
        "x86_64-pc-linux-gnu", "i686-pc-linux-gnu", "aarch64-linux-gnu", "arm-linux-gnueabihf", "x86_64-apple-darwin",
        "i386-apple-darwin11", "i686-mingw32", "x86_64-mingw32",
    ]

    static let choices: [(Host, [String], String?)] = [
        (Host(.linux, .amd64), triplets, "x86_64-pc-linux-gnu"), (Host(.linux, .i686), triplets, "i686-pc-linux-gnu"),
        (Host(.linux, .arm64), triplets, "aarch64-linux-gnu"), (Host(.linux, .armhf), triplets, "arm-linux-gnueabihf"),
        (Host(.macos, .amd64), triplets, "x86_64-apple-darwin"),
        (Host(.macos, .arm64), triplets, "x86_64-apple-darwin"),
        (Host(.macos, .arm64), triplets + ["arm64-apple-darwin"], "arm64-apple-darwin"),
        (Host(.macos, .arm64), ["i386-apple-darwin11"], "i386-apple-darwin11"),
        (Host(.windows, .amd64), triplets, "x86_64-mingw32"),
        (Host(.windows, .amd64), ["i686-mingw32"], "i686-mingw32"),
        (Host(.windows, .i686), triplets, "i686-mingw32"), (Host(.linux, .riscv64), triplets, nil),
        (Host(.freebsd, .amd64), triplets + ["amd64-freebsd11"], "amd64-freebsd11"),
        (Host(.freebsd, .amd64), triplets, nil), (Host(.windows, .arm64), triplets, "x86_64-mingw32"),
        (Host(.windows, .arm64), triplets + ["aarch64-w64-mingw32"], "aarch64-w64-mingw32"),
        (Host(.windows, .arm64), ["i686-mingw32"], "i686-mingw32"),
        (Host(.windows, .arm64), ["aarch64-linux-gnu", "arm64-apple-darwin"], nil),
        (Host(.windows, .amd64), ["aarch64-w64-mingw32"], nil), (Host(.windows, .i686), ["x86_64-mingw32"], nil),
        (Host(.windows, .amd64), ["x86_64-pc-cygwin", "i686-mingw32"], "x86_64-pc-cygwin"),
        (Host(.macos, .i686), triplets, "i386-apple-darwin11"),
        (Host(.macos, .amd64), ["arm64-apple-darwin"], nil), (Host(.macos, .arm64), ["aarch64-apple-darwin"], nil),
        (Host(.macos, .arm64), ["i386-apple-darwin11", "x86_64-apple-darwin20"], "x86_64-apple-darwin20"),
        (Host(.linux, .armel), triplets, "arm-linux-gnueabihf"),
        (Host(.linux, .arm64), ["arm64-linux-gnu"], "arm64-linux-gnu"),
        (Host(.linux, .arm64), ["aarch64-unknown-linux-gnu", "arm-linux-gnueabihf"], nil),
        (Host(.linux, .riscv64), ["riscv64-linux-gnu"], "riscv64-linux-gnu"),
        (Host(.freebsd, .i686), ["i386-freebsd11"], "i386-freebsd11"),
        (Host(.linux, .riscv64), ["all"], "all"), (Host(.linux, .amd64), ["i686-pc-linux-gnu"], nil),
    ]

    @Test("A host takes the archive of its triplet, or one that it can emulate", arguments: choices)
    func choice(host: Host, systems: [String], expected: String?) throws {
        let manifest = try ToolManifest(text: Self.index(systems: systems.map { Self.system($0) }), host: host)
        let artifact = manifest.tool("esp-x32")?.version("2")?.artifact
        #expect(artifact?.archiveName == expected.map { "\($0).tar.gz" })
        if let artifact { #expect(artifact.strip == .singleFolder && artifact.size == 12) }
    }

    @Test("The three forms of checksums are understood, and no others")
    func checksums() throws {
        for (text, algorithm) in [
            ("SHA-256:\(Self.sha)", Digest.Algorithm.sha256), ("sha-1:" + String(repeating: "a", count: 40), .sha1),
            ("MD5:" + String(repeating: "B", count: 32), .md5),
        ] {
            #expect(Digest(checksum: text)?.algorithm == algorithm)
        }
        for text in ["", ":", "SHA-256", "SHA-256:12", "CRC:\(Self.sha)", "SHA-512:\(Self.sha)", "SHA-1:\(Self.sha)"] {
            #expect(Digest(checksum: text) == nil)
        }
    }

    @Test("A platform brings the tools it needs, and the newest is the one that people mean")
    func platform() throws {
        let manifest = try ToolManifest(text: Self.index(systems: [Self.system("all")]))
        #expect(manifest.release(of: "esp32", "esp32")?.version == "10.0.0-rc1")
        let steps = try manifest.steps(["esp32:esp32@3.0.0"], target: "esp32", host: linuxHost)
        #expect(
            steps.map(\.artifact.place) == [
                ["packages", "esp32", "hardware", "esp32", "3.0.0"], ["packages", "esp32", "tools", "esp-x32", "2"],
            ])
        #expect(throws: ToolchainError.self) { try manifest.steps(["esp32:avr"], target: "esp32", host: linuxHost) }
        let lacking = try ToolManifest(text: Self.index(systems: [], dependency: "gcc"))
        let error = #expect(throws: ToolchainError.self) {
            try lacking.steps(["esp32:esp32@3.0.0"], target: "esp32", host: linuxHost)
        }
        #expect(error?.code == "manifest-invalid")
    }

    static let slips: [(entry: String, reason: String)] = [
        (system("all", checksum: "SHA-256:"), "checksum is 'SHA-256:'"),
        (system("all", checksum: ""), "checksum"),
        (system("all").replacing("\"12\"", with: "\"0\""), "size"),
        (system("all").replacing("\"12\"", with: "\"many\""), "size"),
        (system("all").replacing(",\"size\":\"12\"", with: ""), "size"),
        (system("all").replacing("https://e.org/all.tar.gz", with: "INVALID"), "INVALID"),
        (system("all").replacing("\"https://e.org/all.tar.gz\"", with: "7"), "url"),
        ("5", "wrong kind"),
    ]

    @Test("An entry with a slip is refused when it is asked for, and spoils nothing else", arguments: slips.indices)
    func slip(index: Int) throws {
        let (entry, reason) = Self.slips[index]
        let good = #"{"name":"good","tools":[{"name":"gcc","version":"1","systems":[\#(Self.system("all"))]}]}"#
        let text = Self.index(systems: [entry]).dropLast(2) + ",\(good)]}"
        let manifest = try ToolManifest(text: String(text))
        #expect(try manifest.steps(["gcc"], target: "esp32", host: linuxHost).count == 1)
        for word in ["esp-x32", "esp-x32@2", "esp32:esp32@3.0.0"] {
            let error = #expect(throws: ToolchainError.self) {
                try manifest.steps([word], target: "esp32", host: linuxHost)
            }
            #expect(error?.code == "manifest-invalid")
            #expect(error?.message.contains("esp-x32 2 of 'esp32'") == true, "\(error?.message ?? "")")
            #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
        }
    }

    @Test("A slip in another host's archive is that host's alone")
    func foreignSlip() throws {
        let systems = [Self.system("x86_64-linux-gnu"), Self.system("arm64-apple-darwin", checksum: "none")]
        let text = Self.index(systems: systems.map { $0.replacing("x86_64-linux", with: "x86_64-pc-linux") })
        #expect(try ToolManifest(text: text).steps(["esp-x32"], target: "esp32", host: linuxHost).count == 1)
        #expect(try ToolManifest(text: text, host: Host(.macos, .arm64)).refused.map(\.name) == ["esp-x32"])
    }

    @Test("A platform with a slip is refused alone, a package's odd name is none of a folder, odd archives' names are")
    func oddities() throws {
        let text = Self.index(systems: [Self.system("all")])
        let broken = try ToolManifest(text: text.replacing("\"size\":\"5\"", with: "\"size\":\"?\""))
        #expect(broken.platforms.map(\.version) == ["10.0.0-rc1"])
        let error = #expect(throws: ToolchainError.self) {
            try broken.steps(["esp32:esp32@3.0.0"], target: "esp32", host: linuxHost)
        }
        #expect(error?.message.contains("esp32:esp32 3.0.0") == true)
        let spaced = try ToolManifest(
            text: text.replacing("{\"name\":\"esp32\",\"maintainer\"", with: "{\"name\":\"e s\",\"maintainer\""))
        #expect(spaced.tools.isEmpty && spaced.platforms.isEmpty && spaced.refused.count == 3)
        let odd = try ToolManifest(
            text: text.replacing("\"archiveFileName\":\"all.", with: "\"archiveFileName\":\"a (1) x."))
        #expect(
            try odd.steps(["esp-x32"], target: "esp32", host: linuxHost).map(\.artifact.archiveName) == [
                "a (1) x.tar.gz"
            ])
    }

    @Test(
        "A name that leads out of its folder spoils the whole index",
        arguments: [
            ("\"name\":\"esp-x32\",\"version\":\"2\",\"systems\"", "\"name\":\"../x\",\"version\":\"2\",\"systems\""),
            ("\"name\":\"esp-x32\",\"version\":\"2\",\"systems\"", "\"name\":\"x\",\"version\":\"..\",\"systems\""),
            ("\"archiveFileName\":\"all.tar.gz\"", "\"archiveFileName\":\"../../all.tar.gz\""),
            ("\"archiveFileName\":\"core.zip\"", "\"archiveFileName\":\"a\\\\b.zip\""),
            ("\"architecture\":\"esp32\"", "\"architecture\":\"/etc\""),
            ("\"version\":\"3.0.0\"", "\"version\":\"-rf\""),
            ("{\"name\":\"esp32\",\"maintainer\"", "{\"name\":\"\",\"maintainer\""),
        ])
    func hostileNames(from: String, to: String) {
        let text = Self.index(systems: [Self.system("all")])
        #expect(text.contains(from))
        let error = #expect(throws: ToolchainError.self) { try ToolManifest(text: text.replacing(from, with: to)) }
        #expect(error?.code == "manifest-invalid")
        #expect(error?.message.contains("is no file name") == true, "\(error?.message ?? "")")
    }

    /// A folder of real indexes.
    static let real = Peers.variable("ESPMASK_INDEXES").map { FilePath($0) }

    @Test(
        "Real indexes are read, for every host", .enabled(if: real != nil, "ESPMASK_INDEXES names no folder of indexes")
    )
    func realIndexes() async throws {
        let folder = try #require(Self.real)
        let names = try await Peers.run("/bin/ls", [folder.string]).output.split(separator: "\n").map { String($0) }
        #expect(!names.isEmpty)
        for name in names {
            let bytes = try Peers.contents(of: folder.appending(name))
            for host in Host.System.allCases.flatMap({ s in Host.Architecture.allCases.map { Host(s, $0) } }) {
                let manifest = try ToolManifest(bytes, name: name, host: host)
                #expect(!manifest.tools.isEmpty || !manifest.platforms.isEmpty || !manifest.refused.isEmpty, "\(name)")
            }
        }
    }

    @Test(
        "Versions are ordered as people order them",
        arguments: [
            ("1.9", "1.10"), ("1.0-rc1", "1.0"), ("3.0.0-rc1", "3.0.0-rc2"), ("2.0", "2.0.1"), ("1.0", "2.0-rc1"),
            ("esp-13.2.0_20230928", "esp-14.2.0_20240906"), ("9", "10"),
        ])
    func order(older: String, newer: String) {
        #expect(isOlderVersion(older, than: newer))
        #expect(!isOlderVersion(newer, than: older))
        #expect(!isOlderVersion(older, than: older))
    }
}
