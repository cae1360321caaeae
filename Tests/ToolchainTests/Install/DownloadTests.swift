// Downloads from a server on 127.0.0.1 that does everything wrong that servers do: each ends as it should, nothing is
// fetched twice that could be kept, and no wrong file gets a name.

import SystemPackage
import TestSupport
import Testing
import Toolchain

@Suite(
    "Downloads from a faulty server",
    .enabled(if: FaultyServer.isPossible, "curl or python3 is not installed"))
struct DownloadTests {
    static let size = 300_000
    static let bytes: [UInt8] = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var plan: String
        /// The error's code; nil where the file arrives.
        var fails: String?
        /// How many requests it takes.
        var requests: Int
        /// The bytes of bodies that the server gives at most.
        var sent: Int = DownloadTests.size
        var says = ""
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "everything well", plan: "{}", requests: 1),
        Case(name: "cut, then continued", plan: cut("", "{}"), requests: 2),
        Case(
            name: "cut four times",
            plan: #"{"/a.bin":[\#(cutAt(70000)),\#(cutAt(70000)),\#(cutAt(70000)),\#(cutAt(70000)),{}]}"#,
            requests: 5),
        Case(
            name: "cut, then no ranges: begun again", plan: cut("", #"{"fault":"no-range"}"#), requests: 2,
            sent: size + 100_000),
        Case(
            name: "cut, then 416: begun again", plan: cut("", #"{"fault":"416"},{}"#), requests: 3, sent: size + 100_000
        ),
        Case(
            name: "cut, then another ETag: begun again", plan: cut("", #"{"etag":"\"two\""}"#), requests: 2,
            sent: size + 100_000),
        Case(name: "cut without an ETag", plan: cut(#","no_etag":true"#, #"{"no_etag":true}"#), requests: 2),
        Case(
            name: "cut, then a range that lies", plan: cut("", #"{"fault":"lying-range"},{}"#), requests: 3,
            sent: 2 * size + 100_000),
        Case(
            name: "a length that is too short", plan: #"{"/a.bin":[{"fault":"short-length"}]}"#, fails: "hash-mismatch",
            requests: 3, sent: 3 * size, says: "\(size - 100) bytes"),
        Case(
            name: "cut, then a page in its place: continued after it",
            plan: cut("", #"{"fault":"status","status":200},{}"#), requests: 3),
        Case(
            name: "cut, then once of another size: continued after it", plan: cut("", #"{"fault":"other-total"},{}"#),
            requests: 3, sent: 2 * size),
        Case(
            name: "cut, then of another size for ever", plan: cut("", #"{"fault":"other-total"}"#),
            fails: "hash-mismatch", requests: 3, sent: 3 * size, says: "\(size + 1) bytes"),
        Case(
            name: "cut, then 416, then cut: continued again",
            plan: cut("", #"{"fault":"416"},{"fault":"cut","after":200000},{}"#), requests: 4, sent: size + 100_000),
        Case(
            name: "no ranges, and always cut", plan: #"{"/a.bin":[{"fault":"cut-no-range","after":150000}]}"#,
            fails: "download-failed", requests: 3, sent: 450_000),
        Case(
            name: "416 to every range, and always cut", plan: #"{"/a.bin":[{"fault":"cut-416","after":150000}]}"#,
            fails: "download-failed", requests: 5, sent: 450_000),
        Case(name: "encoded where one may", plan: #"{"/a.bin":[{"fault":"gzip-if-taken"}]}"#, requests: 1),
        Case(name: "called encoded, and is not", plan: #"{"/a.bin":[{"fault":"called-gzip"}]}"#, requests: 1),
        Case(
            name: "encoded against our wish", plan: #"{"/a.bin":[{"fault":"gzip"}]}"#, fails: "hash-mismatch",
            requests: 3, says: "gzip"),
        Case(
            name: "a trickle that never stalls", plan: #"{"/a.bin":[{"fault":"trickle"}]}"#, requests: 1),
        Case(
            name: "a stall before the head", plan: #"{"/a.bin":[{"fault":"mute"},{}]}"#, requests: 2),
        Case(
            name: "an error page without an end", plan: #"{"/a.bin":[{"fault":"endless-404"}]}"#,
            fails: "download-failed", requests: 1, sent: 8 << 20, says: "404"),
        Case(name: "no length", plan: #"{"/a.bin":[{"fault":"no-length"}]}"#, requests: 1),
        Case(name: "chunked", plan: #"{"/a.bin":[{"fault":"chunked"}]}"#, requests: 1),
        Case(
            name: "redirected three times",
            plan:
                #"{"/a.bin":[{"fault":"redirect","to":"/b"}],"/b":[{"fault":"redirect","to":"/c"}],"/c":[{"fault":"redirect","to":"/d/a.bin"}]}"#,
            requests: 4),
        Case(
            name: "redirected in a circle", plan: #"{"/a.bin":[{"fault":"redirect","to":"/a.bin"}]}"#,
            fails: "download-failed", requests: 11, sent: 0, says: "redirects"),
        Case(
            name: "404", plan: #"{"/a.bin":[{"fault":"status","status":404}]}"#, fails: "download-failed", requests: 1,
            sent: 0, says: "404"),
        Case(
            name: "500 twice",
            plan: #"{"/a.bin":[{"fault":"status","status":500},{"fault":"status","status":502},{}]}"#,
            requests: 3),
        Case(
            name: "500 for ever", plan: #"{"/a.bin":[{"fault":"status","status":500}]}"#, fails: "download-failed",
            requests: 3, sent: 0, says: "500"),
        Case(
            name: "a stall, then continued", plan: #"{"/a.bin":[{"fault":"stall","after":100000},{}]}"#, requests: 2),
        Case(
            name: "other bytes", plan: #"{"/a.bin":[{"fault":"other-bytes"}]}"#, fails: "hash-mismatch", requests: 1,
            says: "is not the file"),
        Case(
            name: "more bytes than there are", plan: #"{"/a.bin":[{"fault":"longer"}]}"#, fails: "hash-mismatch",
            requests: 1, sent: size + 5000, says: "more"),
    ]

    static func cutAt(_ bytes: Int) -> String { #"{"fault":"cut","after":\#(bytes)}"# }

    static func cut(_ more: String, _ then: String) -> String {
        #"{"/a.bin":[{"fault":"cut","after":100000\#(more)},\#(then)]}"#
    }

    static func artifact(url: String, bytes: [UInt8] = bytes) throws -> Artifact {
        Artifact(
            name: "a", version: "1", url: url, size: bytes.count,
            digest: try #require(Digest(.sha256, hex: sha256(bytes))), archiveName: "a.bin", strip: .levels(0),
            place: ["tools", "a", "1"], exports: .none, probe: nil)
    }

    static func downloader(
        cache: FilePath, others: [FilePath] = [], mirrors: Mirrors = .none, environment: [String: String] = [:]
    ) -> Downloader {
        let path = ["PATH": Peers.variable("PATH") ?? "/usr/bin:/bin"]
        return Downloader(
            cache: ArchiveCache(folder: cache, others: others),
            transport: Transports.standard(environment: path.merging(environment) { $1 }, inactivityLimit: 1),
            mirrors: mirrors, policy: RetryPolicy(attempts: 3, firstWait: 0.001, longestWait: 0.01))
    }

    private func withServer(
        plan: String = "{}", _ body: (FaultyServer, FilePath) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            try await write("", to: folder.pushing("www/d/.keep"))
            try writeBytes(Self.bytes, to: folder.pushing("www/a.bin"))
            try writeBytes(Self.bytes, to: folder.pushing("www/d/a.bin"))
            let server = try await FaultyServer(folder: folder.appending("www"), plan: plan, scratch: folder)
            try await body(server, folder.appending("cache"))
        }
    }

    @Test("Whatever the server does, the download ends as it should", arguments: cases)
    func faults(_ example: Case) async throws {
        try await withServer(plan: example.plan) { server, cache in
            let artifact = try Self.artifact(url: server.url("a.bin"))
            let result: Result<FilePath, ToolchainError>
            do throws(ToolchainError) {
                result = .success(try await Self.downloader(cache: cache).fetch(artifact) { _ in })
            } catch {
                result = .failure(error)
            }
            let requests = try server.requests()
            switch result {
            case .success(let path):
                #expect(example.fails == nil)
                #expect(try Peers.contents(of: path) == Self.bytes)
            case .failure(let error):
                #expect(error.code == example.fails, "\(error)")
                #expect(error.message.contains(example.says), "\(error.message)")
                let left = try await Peers.run("/bin/ls", [cache.string]).output
                #expect(!left.split(separator: "\n").contains(Substring(artifact.digest.hex)))
            }
            #expect(requests.count == example.requests, "\(requests)")
            #expect(requests.reduce(0) { $0 + $1.sent } <= example.sent, "\(requests)")
            for request in requests.dropFirst() where request.range != nil {
                #expect(request.if_range == "\"one\"" || request.fault == "none")
            }
        }
    }

    @Test("A download that a killed program began is continued by the next one")
    func continued() async throws {
        try await withServer { server, cache in
            let artifact = try Self.artifact(url: server.url("a.bin"))
            _ = try await Peers.run("/bin/mkdir", ["-p", cache.string])
            try writeBytes(Array(Self.bytes.prefix(200_000)), to: cache.appending(artifact.digest.hex + ".part"))
            let path = try await Self.downloader(cache: cache).fetch(artifact) { _ in }
            #expect(try Peers.contents(of: path) == Self.bytes)
            #expect(try server.requests().map(\.range) == ["bytes=200000-"])
        }
    }

    @Test("A part that is not the file's beginning costs one fresh download")
    func foreignPart() async throws {
        try await withServer { server, cache in
            let artifact = try Self.artifact(url: server.url("a.bin"))
            _ = try await Peers.run("/bin/mkdir", ["-p", cache.string])
            let part = cache.appending(artifact.digest.hex + ".part")
            try writeBytes([UInt8](repeating: 1, count: 1000), to: part)
            let path = try await Self.downloader(cache: cache).fetch(artifact) { _ in }
            #expect(try Peers.contents(of: path) == Self.bytes)
            #expect(try server.requests().map(\.range) == ["bytes=1000-", nil])
        }
    }

    @Test("What is there is not fetched: our own cache, and the ones of ESP-IDF and Arduino by their names")
    func caches() async throws {
        try await withServer { server, cache in
            let artifact = try Self.artifact(url: server.url("a.bin"))
            let other = cache.removingLastComponent().appending("dist")
            try await write("", to: other.appending(".keep"))
            try writeBytes(Self.bytes, to: other.appending("a.bin"))
            let downloader = Self.downloader(cache: cache, others: [other])
            #expect(try await downloader.fetch(artifact) { _ in } == other.appending("a.bin"))
            #expect(try server.requests().isEmpty == true)
            // A byte changed there: it is no longer the file, and is fetched.
            try writeBytes([1] + Self.bytes.dropFirst(), to: other.appending("a.bin"))
            let own = try await downloader.fetch(artifact) { _ in }
            #expect(own == cache.appending(artifact.digest.hex))
            _ = try await downloader.fetch(artifact) { _ in }
            #expect(try server.requests().count == 1)
            // The same of our own.
            try writeBytes([1] + Self.bytes.dropFirst(), to: own)
            #expect(try Peers.contents(of: try await downloader.fetch(artifact) { _ in }) == Self.bytes)
            #expect(try server.requests().count == 2)
        }
    }

    @Test("file: URLs are read, continued, and missed when they are not there")
    func files() async throws {
        try await withServer { _, cache in
            let file = cache.removingLastComponent().pushing("www/a.bin")
            let artifact = try Self.artifact(url: "file://\(file)")
            #expect(
                try Peers.contents(of: try await Self.downloader(cache: cache).fetch(artifact) { _ in }) == Self.bytes)
            let missing = try Self.artifact(url: "file:///nowhere/b.bin", bytes: [1, 2])
            let error = await #expect(throws: ToolchainError.self) {
                try await Self.downloader(cache: cache).fetch(missing) { _ in }
            }
            #expect(error?.code == "download-failed")
        }
    }

    @Test("A mirror is asked in the place of the manifest's server, and the next one when it has not got the file")
    func mirrors() async throws {
        try await withServer { server, cache in
            let artifact = try Self.artifact(url: "https://github.invalid/a.bin")
            let rules = [
                "https://github.invalid=http://127.0.0.1:\(server.port)/none",
                "https://github.invalid=http://127.0.0.1:\(server.port)",
            ]
            let downloader = Self.downloader(cache: cache, mirrors: try Mirrors(rules, environment: [:]))
            #expect(try Peers.contents(of: try await downloader.fetch(artifact) { _ in }) == Self.bytes)
            #expect(try server.requests().map(\.path) == ["/none/a.bin", "/a.bin"])
        }
    }

    @Test(
        "A proxy of the environment is asked for the whole URL", arguments: ["http_proxy", "HTTP_PROXY", "all_proxy"])
    func proxies(variable: String) async throws {
        try await withServer { server, cache in
            let artifact = try Self.artifact(url: "http://somewhere.invalid/a.bin")
            let downloader = Self.downloader(
                cache: cache, environment: [variable: "http://127.0.0.1:\(server.port)"])
            #expect(try Peers.contents(of: try await downloader.fetch(artifact) { _ in }) == Self.bytes)
            #expect(try server.requests().allSatisfy(\.proxied) == true)
            let without = Self.downloader(
                cache: cache.appending("2"),
                environment: [variable: "http://127.0.0.1:\(server.port)", "no_proxy": "somewhere.invalid"])
            await #expect(throws: ToolchainError.self) { try await without.fetch(artifact) { _ in } }
        }
    }

    @Test("Two that want the same archive at once fetch it once")
    func race() async throws {
        try await withServer { server, cache in
            let artifact = try Self.artifact(url: server.url("a.bin"))
            async let one = Self.downloader(cache: cache).fetch(artifact) { _ in }
            async let other = Self.downloader(cache: cache).fetch(artifact) { _ in }
            #expect(try await one == (try await other))
            #expect(try server.requests().count == 1)
        }
    }

    @Test("Several are fetched side by side and come back in their order; one that fails is told")
    func several() async throws {
        try await withServer { server, cache in
            var artifacts: [Artifact] = []
            for index in 0..<9 {
                let bytes = [UInt8](repeating: UInt8(index), count: 5000 + index)
                let folder = cache.removingLastComponent().appending("www")
                try writeBytes(bytes, to: folder.appending("\(index).bin"))
                artifacts.append(try Self.artifact(url: server.url("\(index).bin"), bytes: bytes))
            }
            for _ in 0..<5 {
                let paths = try await Self.downloader(cache: cache).fetch(artifacts) { _ in }
                #expect(paths.map(\.lastComponent?.string) == artifacts.map(\.digest.hex))
            }
            artifacts.insert(try Self.artifact(url: server.url("none.bin"), bytes: [9]), at: 4)
            let wanted = artifacts
            let error = await #expect(throws: ToolchainError.self) {
                try await Self.downloader(cache: cache.appending("2")).fetch(wanted) { _ in }
            }
            #expect(error?.code == "download-failed")
        }
    }

    @Test(
        "What stands in the way is told in words, and asked for again only where that can help",
        arguments: [
            ("http://127.0.0.1:1/a.bin", 3, "onnect"), ("http://nobody.invalid/a.bin", 3, "resolve"),
            ("ftp://127.0.0.1/a.bin", 1, "no URL of http"), ("a.bin", 1, "no URL of http"),
            ("http://127.0.0.1:999999/a.bin", 1, "illegal"), ("file:///nowhere/a.bin", 1, "no such file"),
        ])
    func causes(url: String, attempts: Int, says: String) async throws {
        try await withTemporaryFolder { cache in
            let artifact = try Self.artifact(url: url)
            let error = await #expect(throws: ToolchainError.self) {
                try await Self.downloader(cache: cache).fetch(artifact) { _ in }
            }
            #expect(error?.code == "download-failed")
            #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
            #expect(error?.message.contains("in \(attempts) attempts") == (attempts > 1), "\(error?.message ?? "")")
            // Nothing came, so nothing is kept.
            let left = try await Peers.run("/bin/ls", [cache.string]).output
            #expect(left == "\(artifact.digest.hex).lock\n")
        }
    }

    @Test("A proxy that refuses to make a tunnel is not asked twice")
    func tunnels() async throws {
        try await withServer(plan: #"{"somewhere.invalid:443":[{"fault":"status","status":403}]}"#) { server, cache in
            let artifact = try Self.artifact(url: "https://somewhere.invalid/a.bin")
            let downloader = Self.downloader(
                cache: cache, environment: ["https_proxy": "http://127.0.0.1:\(server.port)"])
            let error = await #expect(throws: ToolchainError.self) { try await downloader.fetch(artifact) { _ in } }
            #expect(error?.code == "download-failed")
            #expect(error?.message.contains("403") == true, "\(error?.message ?? "")")
            #expect(try server.requests().count == 1)
        }
    }

    @Test("Nobody there, and no curl, are told apart")
    func nobody() async throws {
        try await withTemporaryFolder { cache in
            let artifact = try Self.artifact(url: "http://127.0.0.1:1/a.bin")
            let refused = await #expect(throws: ToolchainError.self) {
                try await Self.downloader(cache: cache).fetch(artifact) { _ in }
            }
            #expect(refused?.code == "download-failed")
            let without = await #expect(throws: ToolchainError.self) {
                try await Self.downloader(cache: cache, environment: ["PATH": cache.string]).fetch(artifact) { _ in }
            }
            #expect(without?.code == "tool-missing")
            #expect(without?.hint.contains("curl") == true)
        }
    }

    @Test("A full disk is named, and what was there stays", .enabled(if: Peers.writable("/dev/full"), "no /dev/full"))
    func fullDisk() async throws {
        try await withTemporaryFolder { cache in
            let artifact = try Self.artifact(url: "file:///nowhere")
            let part = cache.appending(artifact.digest.hex + ".part")
            _ = try await Peers.run("/bin/ln", ["-s", "/dev/full", part.string])
            let transport: Transport = { _, receive throws(ToolchainError) in
                try receive(.head(ResponseHead(status: 200)))
                var fault: ToolchainError?
                Self.bytes.withUnsafeBytes { raw in
                    do throws(ToolchainError) { try receive(.bytes(raw)) } catch { fault = error }
                }
                if let fault { throw fault }
                return .complete
            }
            let downloader = Downloader(cache: ArchiveCache(folder: cache), transport: transport)
            let error = await #expect(throws: ToolchainError.self) { try await downloader.fetch(artifact) { _ in } }
            #expect(error?.code == "disk-full", "\(String(describing: error))")
        }
    }
}
