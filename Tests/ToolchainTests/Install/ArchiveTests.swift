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
        Hostile(name: "a path that begins twice", members: [.file("//x", "x")], says: "absolute"),
        Hostile(
            name: "one accent spelled in two ways", members: [.file("t/\u{E9}", "1"), .file("t/e\u{301}", "2")],
            says: "accents"),
        Hostile(
            name: "a folder's accent spelled in two ways",
            members: [.file("\u{E9}/a", "1"), .file("e\u{301}/b", "2")], says: "accents"),
        Hostile(
            name: "two names that differ in a dot at the end", members: [.file("t/a", "1"), .file("t/a. ", "2")],
            says: "dots"),
        Hostile(
            name: "a link through a link that differs in case",
            members: [.folder("d/"), .link("d/up", to: ".."), .link("l", to: "D/UP/../x")], says: "'l' leads out"),
        Hostile(name: "a link with a control character", members: [.link("l", to: "a\u{1B}[2J")], says: "control"),
        Hostile(
            name: "a link of a thousand steps", members: [.link("l", to: String(repeating: "./", count: 499) + "xy")],
            says: "too far"),
        Hostile(
            name: "a long link", members: [.link("l", to: String(repeating: "x/", count: 501))], says: "long target"),
        Hostile(name: "a link, then a folder", members: [.link("l", to: "x"), .folder("l/")], says: "'l'"),
        Hostile(
            name: "a folder through a link", members: [.link("l", to: "x"), .folder("l/d/")], says: "through 'l'"),
        Hostile(
            name: "a path of a thousand folders", members: [.file(String(repeating: "d/", count: 1000) + "x", "x")],
            says: "1001 folders"),
        Hostile(
            name: "a name longer than any disk's", members: [.file(String(repeating: "n", count: 256), "x")],
            says: "256 bytes"),
        Hostile(
            name: "the installer's own file", members: [.folder("t/"), .file("t/receipt.json", "{}")],
            says: "'t/receipt.json'", strip: .levels(1)),
        Hostile(
            name: "a link in the place of the installer's own file",
            members: [.folder("t/"), .file("t/x", "x"), .link("t/Receipt.JSON.new", to: "x")],
            says: "'t/Receipt.JSON.new'", strip: .singleFolder),
        Hostile(name: "a folder in its place", members: [.folder("receipt.json/")], says: "'receipt.json'"),
        Hostile(name: "a hard link to itself", members: [.hardLink("h", to: "h")], says: "'h'", alsoZip: false),
        Hostile(
            name: "a hard link to a folder", members: [.folder("d/"), .hardLink("h", to: "d")], says: "'h'",
            alsoZip: false),
        Hostile(
            name: "a hard link whose name is there",
            members: [.file("a", "1"), .file("b", "2"), .hardLink("b", to: "a")],
            says: "'b' is in it twice", alsoZip: false),
        Hostile(
            name: "a name with a zero in it", members: [.attributes([("path", "a\u{0}b")]), .file("x", "x")],
            says: "zero", alsoZip: false),
        Hostile(
            name: "a way up in an attribute", members: [.attributes([("path", "../../x")]), .file("x", "x")],
            says: "../../x", alsoZip: false),
        Hostile(
            name: "a link's way out in an attribute",
            members: [.attributes([("linkpath", "../x")]), .link("l", to: "y")], says: "'l' leads out", alsoZip: false),
        Hostile(
            name: "a size in an attribute", members: [.attributes([("size", "10737418240")]), .file("big", "x")],
            says: "'big'", alsoZip: false),
        Hostile(
            name: "a sparse file of pax's first form",
            members: [
                .attributes([("GNU.sparse.size", "10737418240"), ("GNU.sparse.numblocks", "0")]), .file("s", ""),
            ], says: "'s' is a sparse file of 10737418240 bytes", alsoZip: false),
        Hostile(
            name: "a sparse file of pax's last form",
            members: [
                .attributes([
                    ("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "s"),
                    ("GNU.sparse.realsize", "10737418240"),
                ]), .file("GNUSparseFile.1/s", "0\n"),
            ], says: "'s' is a sparse file of 10737418240 bytes", alsoZip: false),
        Hostile(
            name: "attributes without end",
            members: [.file("a", "x")] + Array(repeating: .attributes([("comment", "c")]), count: 100),
            says: "after 'a'", alsoZip: false),
        Hostile(
            name: "attributes of all without end",
            members: [.file("a", "x")] + Array(repeating: .attributes([("comment", "c")], type: "g"), count: 100),
            says: "after 'a'", alsoZip: false),
        Hostile(
            name: "a kind that nobody knows", members: [Member(name: "v", type: UInt8(ascii: "V"))], says: "'v'",
            alsoZip: false),
        Hostile(name: "fewer levels than expected", members: [.file("a/x", "x")], says: "level 2", strip: .levels(2)),
    ]

    /// Unpacks and returns the error, or nil and the files that came out.
    static func unpack(
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
                    archive, named: name, strip: strip, into: target, keepFree: ["receipt.json", "receipt.json.new"],
                    environment: environment)
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

    /// The hundredth byte is in the middle of a character.
    static let cut = String(repeating: "x", count: 97) + "é" + String(repeating: "y", count: 20)

    static let honest: [Member] = [
        .folder("./"), .folder("./t/"), .file("./t/run", "#!/bin/sh\n", mode: 0o755), .file("t/data", "d"),
        .folder("t/empty/"), .link("t/l", to: "data"), .link("t/m", to: "empty/../l"),
        .link("t/dangling", to: "none"),
        .file("t/" + String(repeating: "long/", count: 40) + "name", "deep"), .file("t/set", "s", mode: 0o6777),
        .file("t/Ünïcode", "u"), .file("t/" + cut, "c"), .link("t/to", to: "./" + cut), .file("__MACOSX/x", "m"),
        .file("readme", "r"),
    ]

    @Test("Every kind of archive gives the same tree", arguments: formats)
    func honestArchive(name: String) async throws {
        let bytes =
            name.hasSuffix("zip") ? Archives.zip(Self.honest) : Archives.tar(Self.honest, isGNU: name == "a.tgz")
        let outcome = try await Self.unpack(bytes, name, strip: .singleFolder)
        #expect(outcome.error == nil)
        let expected = Set(
            [
                "t", "t/run", "t/data", "t/empty", "t/l", "t/m", "t/dangling", "t/set", "t/Ünïcode", "t/" + Self.cut,
                "t/to", "readme", "__MACOSX",
            ]
                + ["__MACOSX/x", "t/" + String(repeating: "long/", count: 40) + "name"])
        #expect(expected.isSubset(of: Set(outcome.files)), "\(expected.subtracting(outcome.files))")
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

    static func unpack(raw bytes: [UInt8], _ name: String) async throws -> ToolchainError? {
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

    @Test("What is no archive is refused")
    func noArchive() async throws {
        for name in ["a.tar", "a.tar.gz", "a.tar.xz", "a.zip", "a.exe"] {
            for text in ["", "<html>not found</html>", String(repeating: "x", count: 5000)] {
                #expect(try await Self.unpack(raw: Array(text.utf8), name)?.code == "archive-unsafe", "\(name)")
            }
        }
    }
}
