// Archives, honest and hostile. The hostile ones are made here, member by member; each is refused with the member's
// name, and nothing is written beside the folder.

import SystemPackage
import TestSupport
import Testing
import Toolchain

@Suite("Archives")
struct ArchiveTests {
    struct Hostile: Sendable, CustomTestStringConvertible {
        var name: String
        var members: [Member]
        var says: String
        var strip = StripRule.levels(0)
        var alsoZip = true
        var testDescription: String { name }
    }

    static let hostile: [Hostile] = [
        Hostile(name: "a way up", members: [.file("../x", "x")], says: "../x"),
        Hostile(name: "a way up further in", members: [.file("a/../../x", "x")], says: "a/../../x"),
        Hostile(name: "an absolute path", members: [.file("/etc/x", "x")], says: "/etc/x"),
        Hostile(name: "a drive", members: [.file("C:/x", "x")], says: "drive"),
        Hostile(name: "a backslash", members: [.file("a\\..\\x", "x")], says: "backslash"),
        Hostile(name: "no name", members: [.file("", "x")], says: "without a name"),
        Hostile(name: "a control character", members: [.file("a\u{1B}[2Jb", "x")], says: "control"),
        Hostile(name: "the folder itself", members: [.file(".", "x")], says: "the folder itself"),
        Hostile(
            name: "a link to a file outside", members: [.folder("a/"), .link("a/l", to: "../../etc/passwd")],
            says: "a/l"),
        Hostile(name: "a link to an absolute path", members: [.link("l", to: "/etc")], says: "'l' leads to '/etc'"),
        Hostile(name: "a link to the folder above", members: [.link("l", to: "..")], says: "'l' leads out"),
        Hostile(
            name: "a file through a link", members: [.folder("b/"), .link("l", to: "b"), .file("l/x", "x")],
            says: "through 'l'"),
        Hostile(
            name: "a link that leaves by another link",
            members: [.folder("d/"), .link("d/x", to: ".."), .link("y", to: "d/x/../etc")], says: "'y' leads out"),
        Hostile(name: "links in a circle", members: [.link("a", to: "b"), .link("b", to: "a")], says: "circle"),
        Hostile(
            name: "a link out of the part that is kept",
            members: [.folder("top/"), .file("other", "x"), .link("top/l", to: "../other")], says: "top/l",
            strip: .singleFolder),
        Hostile(name: "a device", members: [Member(name: "dev", type: UInt8(ascii: "3"))], says: "'dev' is a device"),
        Hostile(
            name: "the same file twice", members: [.file("a/x", "1"), .file("a/x", "2")], says: "'a/x' is in it twice"),
        Hostile(
            name: "a file that becomes a folder", members: [.file("a", "1"), .file("a/x", "2")], says: "through 'a'"),
        Hostile(name: "a folder that becomes a file", members: [.folder("a/"), .file("a", "1")], says: "'a'"),
        Hostile(
            name: "two names that differ in case", members: [.file("Read.me", "1"), .file("READ.ME", "2")], says: "case"
        ),
        Hostile(
            name: "two folders that differ in case", members: [.file("Lib/x", "1"), .file("lib/y", "2")], says: "case"),
        Hostile(
            name: "a hard link out", members: [.hardLink("h", to: "../x")], says: "../x", alsoZip: false),
        Hostile(
            name: "a hard link to what is not in it", members: [.hardLink("h", to: "etc/passwd")],
            says: "no file before it",
            alsoZip: false),
        Hostile(
            name: "a hard link to a link", members: [.link("l", to: "x"), .hardLink("h", to: "l")], says: "'h'",
            alsoZip: false),
        Hostile(name: "a pipe", members: [Member(name: "p", type: UInt8(ascii: "6"))], says: "pipe", alsoZip: false),
        Hostile(
            name: "a block device", members: [Member(name: "sda", type: UInt8(ascii: "4"))], says: "device",
            alsoZip: false),
        Hostile(
            name: "a sparse file of 10 GB", members: [Member(name: "s", type: UInt8(ascii: "S"), claimed: 10 << 30)],
            says: "sparse", alsoZip: false),
        Hostile(
            name: "a file of 8 GB, as the header says", members: [Member(name: "big", claimed: (1 << 33) - 1)],
            says: "bomb",
            alsoZip: false),
        Hostile(
            name: "two folders where one was expected", members: [.folder("a/"), .folder("b/")], says: "a, b",
            strip: .singleFolder),
        Hostile(
            name: "a file where a folder was expected", members: [.file("a", "x")], says: "level 1", strip: .levels(1)),
        Hostile(name: "fewer levels than expected", members: [.file("a/x", "x")], says: "level 2", strip: .levels(2)),
    ]

    /// Unpacks and returns the error, or nil and the files that came out.
    private static func unpack(
        _ bytes: [UInt8], _ name: String, strip: StripRule
    ) async throws -> (error: ToolchainError?, files: [String]) {
        try await withTemporaryFolder { folder in
            let archive = try await Archives.file(name, bytes, in: folder)
            let target = folder.pushing("deep/er/out")
            try await write("", to: target.appending(".keep"))
            _ = try await Peers.run("/bin/rm", [target.appending(".keep").string])
            var error: ToolchainError?
            do {
                let environment = ["PATH": Peers.variable("PATH") ?? "/usr/bin:/bin"]
                _ = try await ArchiveReading.unpack(
                    archive, named: name, strip: strip, into: target, environment: environment)
            } catch let caught as ToolchainError {
                error = caught
            }
            let listing = try await Peers.run("/usr/bin/find", [folder.appending("deep").string, "-mindepth", "1"])
                .output
            let prefix = target.string + "/"
            let all = listing.split(separator: "\n").map(String.init)
            #expect(
                all.allSatisfy { $0.hasPrefix(prefix) || $0 == target.string || target.string.hasPrefix($0) }, "\(all)")
            return (error, all.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }.sorted())
        }
    }

    @Test("A hostile tar is refused and says why", arguments: hostile)
    func hostileTar(_ example: Hostile) async throws {
        let outcome = try await Self.unpack(Archives.tar(example.members), "a.tar.gz", strip: example.strip)
        #expect(outcome.error?.code == "archive-unsafe")
        #expect(outcome.error?.message.contains(example.says) == true, "\(outcome.error?.message ?? "no error")")
    }

    @Test("A hostile zip is refused and says why", arguments: hostile.filter(\.alsoZip))
    func hostileZip(_ example: Hostile) async throws {
        let outcome = try await Self.unpack(Archives.zip(example.members), "a.zip", strip: example.strip)
        #expect(outcome.error?.code == "archive-unsafe")
        #expect(outcome.error?.message.contains(example.says) == true, "\(outcome.error?.message ?? "no error")")
    }

    static let formats = ["a.tar", "a.tar.gz", "a.tgz", "a.tar.xz", "a.tar.bz2", "a.tar.zst", "a.zip"]

    static let honest: [Member] = [
        .folder("./"), .folder("./t/"), .file("./t/run", "#!/bin/sh\n", mode: 0o755), .file("t/data", "d"),
        .folder("t/empty/"), .link("t/l", to: "data"), .link("t/m", to: "empty/../l"),
        .link("t/dangling", to: "none"),
        .file("t/" + String(repeating: "long/", count: 40) + "name", "deep"), .file("t/set", "s", mode: 0o6777),
        .file("t/Ünïcode", "u"), .file("__MACOSX/x", "m"), .file("readme", "r"),
    ]

    @Test("Every kind of archive gives the same tree", arguments: formats)
    func honestArchive(name: String) async throws {
        let bytes = name.hasSuffix("zip") ? Archives.zip(Self.honest) : Archives.tar(Self.honest)
        let outcome = try await Self.unpack(bytes, name, strip: .singleFolder)
        #expect(outcome.error == nil)
        let expected = Set(
            ["t", "t/run", "t/data", "t/empty", "t/l", "t/m", "t/dangling", "t/set", "t/Ünïcode", "readme", "__MACOSX"]
                + ["__MACOSX/x", "t/" + String(repeating: "long/", count: 40) + "name"])
        #expect(expected.isSubset(of: Set(outcome.files)), "\(expected.subtracting(outcome.files))")
    }

    @Test("Mode bits come along, but for set-uid and others' right to write; times come along")
    func modes() async throws {
        for (name, bytes) in [("a.tar", Archives.tar(Self.honest)), ("a.zip", Archives.zip(Self.honest))] {
            try await withTemporaryFolder { folder in
                let archive = try await Archives.file(name, bytes, in: folder)
                let out = folder.appending("out")
                _ = try await Peers.run("/bin/mkdir", [out.string])
                _ = try await ArchiveReading.unpack(
                    archive, named: name, strip: .singleFolder, into: out, environment: [:])
                let stat = try await Peers.run(
                    "/usr/bin/stat", ["-c", "%a", "t/run", "t/data", "t/set", "t/empty"].map { $0 }, in: out)
                #expect(stat.output == "755\n644\n755\n755\n", "\(stat.output)")
                if name == "a.tar" {
                    let time = try await Peers.run("/usr/bin/stat", ["-c", "%Y", "t/data"], in: out)
                    #expect(time.output == "1600000000\n")
                }
            }
        }
    }

    @Test(
        "Whatever is cut off an archive, it is refused",
        arguments: ["a.tar", "a.tar.gz", "a.tar.xz", "a.tar.bz2", "a.zip"])
    func truncation(name: String) async throws {
        try await withTemporaryFolder { folder in
            let members = [Member.file("t/a", String(repeating: "abc", count: 300)), .file("t/b", "b")]
            let whole = name.hasSuffix("zip") ? Archives.zip(members) : Archives.tar(members)
            let path = try await Archives.file(name, whole, in: folder)
            let bytes = try Peers.contents(of: path)
            // A tar without its last zeros is whole all the same.
            let end = name == "a.tar" ? bytes.count - 1024 - 512 : bytes.count - 1
            for count in stride(from: 0, through: end, by: max(1, end / 23)) {
                let outcome = try await Self.unpack(raw: Array(bytes.prefix(count)), name)
                #expect(outcome?.code == "archive-unsafe", "\(count) of \(bytes.count) bytes")
            }
        }
    }

    private static func unpack(raw bytes: [UInt8], _ name: String) async throws -> ToolchainError? {
        try await withTemporaryFolder { folder in
            try writeBytes(bytes, to: folder.appending(name))
            let out = folder.appending("out")
            _ = try await Peers.run("/bin/mkdir", [out.string])
            do {
                _ = try await ArchiveReading.unpack(
                    folder.appending(name), named: name, strip: .levels(0), into: out,
                    environment: ["PATH": Peers.variable("PATH") ?? "/usr/bin:/bin"])
                return nil
            } catch let error as ToolchainError {
                return error
            }
        }
    }

    @Test("Whatever byte of an archive is changed, reading it ends", arguments: ["a.tar", "a.zip", "a.tar.gz"])
    func mutation(name: String) async throws {
        var generator = SeededGenerator(seed: 11)
        let members = [Member.folder("t/"), .file("t/a", "abc"), .link("t/l", to: "a"), .file("t/b", "b")]
        let plain = name.hasSuffix("zip") ? Archives.zip(members) : Archives.tar(members)
        try await withTemporaryFolder { folder in
            let bytes = try Peers.contents(of: try await Archives.file(name, plain, in: folder))
            for _ in 0..<120 {
                var changed = bytes
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    changed[Int.random(in: 0..<changed.count, using: &generator)] = UInt8.random(
                        in: 0...255, using: &generator)
                }
                let error = try await Self.unpack(raw: changed, name)
                #expect(
                    error == nil || error?.code == "archive-unsafe" || error?.code == "usage",
                    "\(String(describing: error))")
            }
        }
    }

    @Test("Bombs are refused before they fill the disk")
    func bombs() async throws {
        try await withTemporaryFolder { folder in
            let out = folder.appending("out")
            _ = try await Peers.run("/bin/mkdir", [out.string])
            // 10 GB of zeros in a tar, made as a stream and compressed to about 1.5 MB by xz... 300 MB will do.
            let script = """
                head -c 512 header > bomb; head -c 300000000 /dev/zero >> bomb; xz -0 -c bomb > bomb.tar.xz; rm bomb
                """
            try writeBytes(
                Array(Archives.tar([Member(name: "zeros", claimed: 300_000_000)]).prefix(512)),
                to: folder.appending("header"))
            _ = try await Peers.run("/bin/sh", ["-c", script], in: folder)
            let error = await #expect(throws: ToolchainError.self) {
                try await ArchiveReading.unpack(
                    folder.appending("bomb.tar.xz"), named: "bomb.tar.xz", strip: .levels(0), into: out,
                    environment: ["PATH": Peers.variable("PATH") ?? "/usr/bin:/bin"])
            }
            #expect(
                error?.code == "archive-unsafe" && error?.message.contains("bomb") == true,
                "\(String(describing: error))")
            #expect(try await Peers.run("/usr/bin/du", ["-s", out.string]).output.hasPrefix("4\t"))
        }
    }

    @Test("A zip whose member says it is smaller than it is, and one whose members overlap, are refused")
    func lyingZips() async throws {
        let lying = Archives.zip([Member(name: "a", bytes: Array("abc".utf8), claimed: 1)])
        #expect(try await Self.unpack(raw: lying, "a.zip")?.code == "archive-unsafe")
        // Two entries of the directory that point at one member.
        var twice = Archives.zip([.file("a", "abc"), .file("b", "abc")])
        let second = twice.lastIndex(of: UInt8(ascii: "b")) ?? 0
        twice[second - 4] = 0
        #expect(try await Self.unpack(raw: twice, "a.zip")?.code == "archive-unsafe")
    }

    @Test("What is no archive is refused")
    func noArchive() async throws {
        for name in ["a.tar", "a.tar.gz", "a.tar.xz", "a.zip", "a.exe"] {
            for text in ["", "<html>not found</html>", String(repeating: "x", count: 5000)] {
                #expect(try await Self.unpack(raw: Array(text.utf8), name)?.code == "archive-unsafe", "\(name)")
            }
        }
    }
}
