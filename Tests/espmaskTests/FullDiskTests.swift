// Disks that are full, cannot be written, or have a file in the way: what `toolchain install` says, what it leaves, and
// that it ends well when there is room again. The disks are small ones in memory, which only root may mount.

import Crypto
import Glibc
import SystemPackage
import TestSupport
import Testing

@Suite("Installing on a full disk")
struct FullDiskTests {
    /// A small disk below a folder of the test's own; it is unmounted with the value.
    private final class Disk {
        let path: FilePath

        /// Whether mounting is allowed here.
        static let isPossible: Bool = {
            guard let folder = try? ScratchFolder() else { return false }
            return (try? Disk(folder.path, kilobytes: 4)) != nil
        }()

        init(_ path: FilePath, kilobytes: Int) throws {
            self.path = path
            try mounted(flags: 0, "size=\(kilobytes)k")
        }

        func resize(kilobytes: Int) throws { try mounted(flags: UInt(MS_REMOUNT), "size=\(kilobytes)k") }
        func makeReadOnly() throws { try mounted(flags: UInt(MS_REMOUNT | MS_RDONLY), "") }

        private func mounted(flags: UInt, _ options: String) throws {
            let status = path.withPlatformString { place in
                options.withCString { mount("tmpfs", place, "tmpfs", flags, $0) }
            }
            if status != 0 { throw Errno(rawValue: errno) }
        }

        deinit { _ = path.withPlatformString { umount2($0, CInt(MNT_DETACH)) } }
    }

    /// A tool of many small files that compress well: little to fetch, much to unpack.
    private struct Place {
        let folder: ScratchFolder
        var path: FilePath { folder.path }

        init() throws {
            folder = try ScratchFolder()
            for name in ["disk", "tiny/bin", "tiny/data"] { try folder.makeFolders(name) }
        }

        /// Writes the archive and the manifest of a build.
        func make(_ build: String) async throws {
            try folder.write(Array("#!/bin/sh\necho tiny 1.0\n".utf8), as: "tiny/bin/tiny")
            _ = try await Peers.run("/bin/chmod", ["755", "tiny/bin/tiny"], in: path)
            for number in 0..<100 {
                try folder.write(
                    [UInt8](repeating: build.utf8.first ?? 0, count: 10_000), as: "tiny/data/\(number)")
            }
            // And something that does not, so that fetching it takes room as well.
            var noise: UInt32 = 1
            try folder.write(
                (0..<40_000).map { _ in
                    noise = noise &* 1_664_525 &+ 1_013_904_223
                    return UInt8(noise >> 24)
                }, as: "tiny/bin/noise")
            _ = try await Peers.run("/bin/tar", ["-czf", "\(build).tar.gz", "tiny"], in: path)
            let bytes = try Peers.contents(of: path.appending("\(build).tar.gz"))
            let hex = SHA256.hash(data: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            let manifest = """
                {"version":2,"tools":[{"name":"tiny","description":"A tool","install":"always","info_url":"i","license":"l",
                "export_paths":[["tiny","bin"]],"version_cmd":["tiny"],"version_regex":"tiny ([0-9.]+)",
                "versions":[{"name":"1.0","status":"recommended",
                "any":{"url":"file://\(path)/\(build).tar.gz","size":\(bytes.count),"sha256":"\(hex)"}}]}]}
                """
            try folder.write(Array(manifest.utf8), as: "\(build).json")
        }

        func install(
            _ build: String, prefix: String = "prefix", cache: String = "cache", more: [String: String] = [:],
            words: [String] = []
        ) async throws -> Peers.Outcome {
            let words =
                ["toolchain", "install", "tiny", "--manifest", "\(build).json", "--prefix", prefix, "--json"] + words
            return try await BuiltProgram.run(
                words, in: path,
                environment: ["ESPMASK_CACHE": path.appending(cache).string, "HOME": path.string, "IDF_PATH": ""]
                    .merging(more) { $1 })
        }

        /// Which build's files are there, and whether the receipt is.
        func state(_ prefix: String) async throws -> String {
            let script = """
                cd "\(prefix)/tools/tiny/1.0" 2>/dev/null || { echo nothing; exit; }
                ls receipt.json tiny/data | wc -w | tr -d ' \\n'; head -c 1 tiny/data/99
                """
            return try await Peers.run("/bin/sh", ["-c", script], in: path).output
        }

        func leftovers(_ folder: String) async throws -> [String] {
            try await Peers.run("/usr/bin/find", [folder, "-mindepth", "1"], in: path).output
                .split(separator: "\n").map { String($0.dropFirst(folder.count + 1)) }.sorted()
        }
    }

    /// What `state` says of a whole one: 100 files, the receipt and the folder's own line.
    private static func whole(_ build: String) -> String { "102\(build)" }

    private static func isRefused(_ outcome: Peers.Outcome, _ status: Int, _ code: String, _ hints: [String]) -> Bool {
        outcome.status == status && outcome.output.contains("{\"error\":{\"code\":\"\(code)\"")
            && hints.allSatisfy { outcome.output.contains($0) } && !outcome.output.contains("--output")
    }

    @Test(
        "Full while unpacking: nothing half installed, the archive kept, the old build in its place, then the new",
        .enabled(if: Disk.isPossible, "mounting is not allowed"))
    func unpacking() async throws {
        let place = try Place()
        try await place.make("A")
        try await place.make("B")
        let disk = try Disk(place.path.appending("disk"), kilobytes: 400)
        defer { withExtendedLifetime(disk) {} }
        let refused = try await place.install("A", prefix: "disk/tools")
        #expect(
            Self.isRefused(refused, 5, "disk-full", ["/disk/tools", "--prefix", "ESPMASK_TOOLCHAINS"]),
            "\(refused.output)")
        #expect(try await place.leftovers("disk") == ["tools", "tools/.lock"])
        #expect(try await place.leftovers("cache").filter { !$0.hasSuffix(".lock") }.count == 1)
        // The archive's source is gone, and is not needed any more.
        _ = try await Peers.run("/bin/rm", ["A.tar.gz"], in: place.path)
        try disk.resize(kilobytes: 2000)
        #expect(try await place.install("A", prefix: "disk/tools").status == 0)
        #expect(try await place.state("disk/tools") == Self.whole("A"))
        // Room for one, not for two.
        let second = try await place.install("B", prefix: "disk/tools")
        #expect(Self.isRefused(second, 5, "disk-full", ["disk/tools"]), "\(second.output)")
        #expect(try await place.state("disk/tools") == Self.whole("A"))
        #expect(try await place.leftovers("disk").contains { $0.contains("staging") } == false)
        try disk.resize(kilobytes: 4000)
        #expect(try await place.install("B", prefix: "disk/tools").status == 0)
        #expect(try await place.state("disk/tools") == Self.whole("B"))
    }

    @Test(
        "Whatever the disk has no room for, the answer is the same, and nothing is left",
        .enabled(if: Disk.isPossible, "mounting is not allowed"))
    func anywhere() async throws {
        let place = try Place()
        try await place.make("A")
        let disk = try Disk(place.path.appending("disk"), kilobytes: 4)
        defer { withExtendedLifetime(disk) {} }
        // Page by page around the size of the whole tree, so that folders, files, links and the receipt all are the one
        // thing too much.
        var ends: Set<Int> = []
        for kilobytes in [4, 8, 12, 100] + Array(stride(from: 1236, through: 1268, by: 4)) {
            try disk.resize(kilobytes: kilobytes)
            let outcome = try await place.install("A", prefix: "disk/tools")
            ends.insert(outcome.status)
            if outcome.status == 0 {
                #expect(try await place.state("disk/tools") == Self.whole("A"))
                _ = try await Peers.run("/bin/rm", ["-r", "disk/tools/tools"], in: place.path)
            } else {
                #expect(Self.isRefused(outcome, 5, "disk-full", ["ESPMASK_TOOLCHAINS"]), "\(outcome.output)")
                let left = try await place.leftovers("disk")
                #expect(Set(left).isSubset(of: ["tools", "tools/.lock", "tools/tools", "tools/tools/tiny"]), "\(left)")
            }
        }
        #expect(ends == [0, 5])
    }

    @Test(
        "Full while fetching: what came is kept and continued", .enabled(if: Disk.isPossible, "mounting is not allowed")
    )
    func fetching() async throws {
        let place = try Place()
        try await place.make("A")
        let size = try Peers.contents(of: place.path.appending("A.tar.gz")).count
        let disk = try Disk(place.path.appending("disk"), kilobytes: 8)
        defer { withExtendedLifetime(disk) {} }
        try #require(size > 8192)
        let refused = try await place.install("A", cache: "disk")
        #expect(Self.isRefused(refused, 5, "disk-full", ["/disk", "ESPMASK_CACHE"]), "\(refused.output)")
        let kept = try await Peers.run(
            "/bin/sh", ["-c", "cat disk/*.part | wc -c"], in: place.path)
        #expect((Int(kept.output.split(separator: "\n").first ?? "") ?? 0) >= 4096, "\(kept.output)")
        try disk.resize(kilobytes: 1000)
        #expect(try await place.install("A", cache: "disk").status == 0)
        #expect(try await place.state("prefix") == Self.whole("A"))
        #expect(try await place.leftovers("disk").allSatisfy { !$0.contains(".part") })
    }

    @Test(
        "A disk that is read only is named, with the way to another one",
        .enabled(if: Disk.isPossible, "mounting is not allowed"))
    func readOnly() async throws {
        let place = try Place()
        try await place.make("A")
        let disk = try Disk(place.path.appending("disk"), kilobytes: 4000)
        defer { withExtendedLifetime(disk) {} }
        try disk.makeReadOnly()
        let tools = try await place.install("A", prefix: "disk/tools")
        #expect(
            Self.isRefused(tools, 2, "usage", ["/disk/tools", "--prefix", "ESPMASK_TOOLCHAINS"]), "\(tools.output)")
        let cache = try await place.install("A", cache: "disk")
        #expect(Self.isRefused(cache, 2, "usage", ["/disk", "ESPMASK_CACHE"]), "\(cache.output)")
        #expect(try await place.state("prefix") == "nothing\n")
    }

    @Test(
        "A full disk for temporary files is named, too",
        .enabled(if: Disk.isPossible && Peers.program("curl") != nil, "mounting is not allowed, or no curl"))
    func temporary() async throws {
        let place = try Place()
        try await place.make("A")
        let disk = try Disk(place.path.appending("disk"), kilobytes: 8)
        defer { withExtendedLifetime(disk) {} }
        try place.folder.write([UInt8](repeating: 1, count: 8192), as: "disk/all")
        let python = try #require(Peers.program("python3"))
        let server = try RunningProgram(
            python, ["-u", "-m", "http.server", "--bind", "127.0.0.1", "0"], in: place.path)
        defer { withExtendedLifetime(server) {} }
        let line = try #require(server.line())
        let port = try #require(line.split(separator: " ").compactMap { Int($0) }.first)
        let refused = try await place.install(
            "A", more: ["TMPDIR": "\(place.path)/disk"],
            words: ["--mirror", "file://\(place.path)=http://127.0.0.1:\(port)"])
        #expect(Self.isRefused(refused, 5, "disk-full", ["TMPDIR"]), "\(refused.output)")
    }

    @Test("A file in the place of a folder is named, with the way to another one")
    func file() async throws {
        let place = try Place()
        try await place.make("A")
        try place.folder.write([1], as: "file")
        for prefix in ["file", "file/below"] {
            let tools = try await place.install("A", prefix: prefix)
            #expect(Self.isRefused(tools, 2, "usage", ["/file", "--prefix", "must be a folder"]), "\(tools.output)")
        }
        let cache = try await place.install("A", cache: "file")
        #expect(Self.isRefused(cache, 2, "usage", ["/file", "ESPMASK_CACHE"]), "\(cache.output)")
        #expect(try Peers.contents(of: place.path.appending("file")) == [1])
    }
}
