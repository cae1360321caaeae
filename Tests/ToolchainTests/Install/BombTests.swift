// Archives that unpack to more than anybody wants, and zips that say two things of one.

import SystemPackage
import TestSupport
import Testing
import Toolchain

extension ArchiveTests {
    @Test("Bombs are refused before they fill the disk")
    func bombs() async throws {
        try await withTemporaryFolder { folder in
            let out = folder.appending("out")
            _ = try await Peers.run("/bin/mkdir", [out.string])
            // What does not fit into the 256 MB that a small archive may have.
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

    /// Bombs that are made in a moment; `says` is in the message.
    static let small: [(name: String, bytes: [UInt8], says: String)] = [
        (
            "files.tar.gz", Archives.tar((0...20_000).map { Member(name: String($0, radix: 36)) }),
            "more than 20000 entries ('\(String(20_000, radix: 36))')"
        ),
        (
            "folders.tar.xz", Archives.tar((0...10_000).map { .folder("a\($0)/b/") }), "more than 20000 entries"
        ),
        ("again.tar.bz2", Archives.tar(Array(repeating: .folder("t/"), count: 20_001)), "more than 20000 entries"),
        (
            "files.zip", Archives.zip((0...20_000).map { Member(name: String($0, radix: 36)) }),
            "more than 20000 entries"
        ),
        ("zeros.tar.zst", [UInt8](repeating: 0, count: 3 << 20), "goes on after its end"),
        (
            "tail.tar.xz", Archives.tar([.file("a", "x")]) + [UInt8](repeating: 0, count: 2 << 20),
            "after its end (after 'a')"
        ),
    ]

    @Test("Bombs of entries, attributes and zeros are refused with the entry's name", arguments: small.indices)
    func smallBombs(index: Int) async throws {
        let (name, bytes, says) = Self.small[index]
        let outcome = try await Self.unpack(bytes, name, strip: .levels(0))
        #expect(outcome.error?.code == "archive-unsafe")
        #expect(outcome.error?.message.contains(says) == true, "\(outcome.error?.message ?? "no error")")
    }

    @Test("A zip that says it has fewer members than it has, and one with two names for one, are refused")
    func dividedZips() async throws {
        let honest = Archives.zip([.file("a", "abc"), .file("b", "abc")])
        #expect(try await Self.unpack(raw: honest, "a.zip") == nil)
        var fewer = honest
        fewer[honest.count - 12] = 1
        #expect(try await Self.unpack(raw: fewer, "a.zip")?.message.contains("2 entries and says 1") == true)
        var other = honest
        other[30] = UInt8(ascii: "c")
        #expect(try await Self.unpack(raw: other, "a.zip")?.message.contains("another name") == true)
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
}
