// What comes along from an archive beside contents: mode bits and times.

import SystemPackage
import TestSupport
import Testing
import Toolchain

extension ArchiveTests {
    struct Kept: Sendable, CustomTestStringConvertible {
        var name: String
        var bytes: [UInt8]
        /// Of the members of `moded`.
        var modes: String
        var times: String?
        var testDescription: String { name }
    }

    static let moded: [Member] = [
        .folder("t/", mode: 0o755), .file("t/run", "#!/bin/sh\n", mode: 0o755), .file("t/data", "d"),
        .file("t/set", "s", mode: 0o6777), .file("t/read", "r", mode: 0o444), .file("t/group", "g", mode: 0o664),
        .folder("t/empty/"), .folder("t/closed/", mode: 0o555), .file("t/closed/x", "x", mode: 0o400),
    ]

    static let kept = [
        Kept(
            name: "a.tar", bytes: Archives.tar(moded), modes: "755 644 755 444 644 755 555 400",
            times: "1600000000 1600000000"),
        Kept(name: "a.zip", bytes: Archives.zip(moded), modes: "755 644 775 444 664 755 555 400"),
        // Without bits a file is as files usually are.
        Kept(name: "dos.zip", bytes: Archives.zip(moded, isDOS: true), modes: "644 644 644 644 644 755 755 644"),
    ]

    @Test("Mode bits come along, but for set-uid and others' right to write; times come along", arguments: kept)
    func modes(_ example: Kept) async throws {
        try await withTemporaryFolder { folder in
            let archive = try await Archives.file(example.name, example.bytes, in: folder)
            let out = folder.appending("out")
            _ = try await Peers.run("/bin/mkdir", [out.string])
            _ = try await ArchiveReading.unpack(
                archive, named: example.name, strip: .singleFolder, into: out, environment: [:])
            let stat = try await Peers.run(
                "/usr/bin/stat", ["-c", "%a"] + Self.moded.dropFirst().map(\.name), in: out)
            #expect(stat.output.split(separator: "\n").joined(separator: " ") == example.modes)
            if let times = example.times {
                let seen = try await Peers.run("/usr/bin/stat", ["-c", "%Y", "t/data", "t/closed"], in: out)
                #expect(seen.output.split(separator: "\n").joined(separator: " ") == times)
            }
        }
    }

    @Test("A time has the parts of a second that pax gives it, and the last entry of a folder counts")
    func fineTimes() async throws {
        try await withTemporaryFolder { folder in
            let members: [Member] = [
                .folder("t/"), .attributes([("mtime", "1500000000.25")]), .file("t/a", "x"),
                .attributes([("mtime", "1500000001.000000001")]), .file("t/b", "x"), .folder("t/d/", mode: 0o700),
                .folder("t/d/", mode: 0o555),
            ]
            let archive = try await Archives.file("a.tar", Archives.tar(members), in: folder)
            let out = folder.appending("out")
            _ = try await Peers.run("/bin/mkdir", [out.string])
            _ = try await ArchiveReading.unpack(
                archive, named: "a.tar", strip: .levels(0), into: out, environment: [:])
            let seen = try await Peers.run("/usr/bin/find", ["t", "-mindepth", "1", "-printf", "%f %m %T@\n"], in: out)
            #expect(
                Set(seen.output.split(separator: "\n")) == [
                    "a 644 1500000000.2500000000", "b 644 1500000001.0000000010", "d 555 1600000000.0000000000",
                ])
        }
    }

    @Test(
        "A time that no file can have does no harm",
        arguments: [
            "-9223372036854775808.5", "-9223372036854775808", "9223372036854775807.9", "1e400", "-0.5", "-", ".5", "x",
        ])
    func impossibleTimes(text: String) async throws {
        try await withTemporaryFolder { folder in
            let members: [Member] = [.attributes([("mtime", text)]), .file("a", "x")]
            let archive = try await Archives.file("a.tar", Archives.tar(members), in: folder)
            let out = folder.appending("out")
            _ = try await Peers.run("/bin/mkdir", [out.string])
            let tree = try await ArchiveReading.unpack(
                archive, named: "a.tar", strip: .levels(0), into: out, environment: [:])
            #expect(tree.files == 1)
        }
    }

    @Test("The folder that is left of a stripped tree is as folders usually are, the tool's own is its owner's")
    func ownFolder() async throws {
        let cases: [(StripRule, [Member], String, String)] = [
            (.levels(1), [.folder("t/", mode: 0o555), .file("t/x", "x")], "t", "755"),
            (
                .levels(2), [.folder("t/", mode: 0o555), .folder("t/u/", mode: 0o500), .file("t/u/x", "x")], "t/u",
                "755"
            ),
            (.singleFolder, [.folder("t/", mode: 0o555), .file("t/x", "x")], "t", "755"),
            (.levels(0), [.folder("./", mode: 0o500), .file("x", "x")], "", "700"),
            (.levels(0), [.file("x", "x")], "", "755"),
        ]
        for (strip, members, root, mode) in cases {
            try await withTemporaryFolder { folder in
                let archive = try await Archives.file("a.tar", Archives.tar(members), in: folder)
                let out = folder.appending("out")
                _ = try await Peers.run("/bin/mkdir", ["-m", "755", out.string])
                let tree = try await ArchiveReading.unpack(
                    archive, named: "a.tar", strip: strip, into: out, environment: [:])
                #expect(tree.root == (root.isEmpty ? out : out.pushing(FilePath(root))))
                let seen = try await Peers.run("/usr/bin/stat", ["-c", "%a", tree.root.string])
                #expect(seen.output == mode + "\n", "\(strip) \(root)")
            }
        }
    }
}
