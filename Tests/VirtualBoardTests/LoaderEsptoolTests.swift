// The loader and the server judged by esptool itself, over plain TCP and RFC 2217. Each run costs more than a
// second, so these few commands stand for the rest.

import Glibc
import SystemPackage
import TestSupport
import Testing
import VirtualBoard

/// Whether the Python peers were made (`make peers`).
private let hasEsptool = Peers.python("esptool") != nil

/// A folder that is gone after the test.
final class ScratchFolder: Sendable {
    let path: FilePath

    init() throws {
        var template = Array("/tmp/espmask-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
        path = FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    deinit {
        guard let folder = opendir(path.string) else { return }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            unlink("\(path.string)/\(name)")
        }
        closedir(folder)
        rmdir(path.string)
    }

    func file(_ name: String, _ bytes: [UInt8] = []) throws -> FilePath {
        let file = path.appending(name)
        if !bytes.isEmpty {
            let descriptor = try FileDescriptor.open(
                file, .writeOnly, options: [.create, .truncate], permissions: [.ownerReadWrite])
            _ = try descriptor.closeAfter { try descriptor.writeAll(bytes) }
        }
        return file
    }
}

@Suite("esptool against a served board", .enabled(if: hasEsptool, "the Python peers are absent"), .serialized)
struct LoaderEsptoolTests {
    /// Runs esptool against a served board and returns what it printed, with the flash afterwards.
    private func esptool(
        _ endpoint: BoardEndpoint, _ arguments: [String], global: [String] = [], flash file: FilePath
    ) async throws -> Peers.Outcome {
        let served = try ServedTestBoard(endpoint) { LoaderTestBoard(flash: try NORFlash(file: file, size: 4 << 20)) }
        defer { served.end() }
        let program = try #require(Peers.python("esptool"))
        let before = served.url.hasPrefix("rfc2217") ? "default-reset" : "no-reset"
        return try await Peers.run(
            program, ["--chip", "esp32", "--port", served.url, "--before", before] + global + arguments)
    }

    @Test("esptool identifies chip and flash")
    func identifies() async throws {
        let folder = try ScratchFolder()
        let outcome = try await esptool(.tcp(port: 0), ["flash-id"], flash: try folder.file("flash.bin"))
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.contains("Detected flash size: 4MB"))
        #expect(outcome.output.contains("24:0a:c4:45:53:50"))
    }

    // Without the stub, as pyserial takes a fifth of a second per request here, and there are fewer this way.
    @Test("Over RFC 2217 esptool resets the board into the loader, and out of it")
    func resets() async throws {
        let folder = try ScratchFolder()
        let file = try folder.file("flash.bin")
        let endpoint = BoardEndpoint.rfc2217(port: 0)
        let outcome = try await esptool(endpoint, ["read-mac"], global: ["--no-stub"], flash: file)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.contains("24:0a:c4:45:53:50"))
        #expect(outcome.output.contains("Hard resetting"))
    }

    @Test("What is in the flash, esptool reads, verifies and erases")
    func readsAndErases() async throws {
        let folder = try ScratchFolder()
        var random = LoaderTestBytes(seed: 12)
        let content = random.bytes(4 << 20)
        let flash = try folder.file("flash.bin", content)
        let copy = folder.path.appending("copy.bin")
        let part = try folder.file("part.bin", Array(content[0x10001..<0x16001]))
        let tcp = BoardEndpoint.tcp(port: 0)
        let read = try await esptool(tcp, ["read-flash", "0x10001", "0x6000", copy.string], flash: flash)
        #expect(read.status == 0, "\(read.output)\(read.errors)")
        #expect(try Peers.contents(of: copy).elementsEqual(content[0x10001..<0x16001]))
        let verified = try await esptool(tcp, ["verify-flash", "0x10001", part.string], flash: flash)
        #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
        let wrong = try await esptool(tcp, ["verify-flash", "0x10002", part.string], flash: flash)
        #expect(wrong.status != 0)
        for how in [[], ["--no-stub"]] {
            let start = how.isEmpty ? 0x20000 : 0x30000
            let arguments = ["erase-region", "\(start)", "0x3000"]
            let erased = try await esptool(tcp, arguments, global: how, flash: flash)
            #expect(erased.status == 0, "\(erased.output)\(erased.errors)")
            let after = try Peers.contents(of: flash)
            #expect(after[start..<start + 0x3000].allSatisfy { $0 == 0xFF })
            #expect(after[start + 0x3000..<0x40000].elementsEqual(content[start + 0x3000..<0x40000]))
        }
        let all = try await esptool(tcp, ["erase-flash"], flash: flash)
        #expect(all.status == 0, "\(all.output)\(all.errors)")
        #expect(try Peers.contents(of: flash).allSatisfy { $0 == 0xFF })
    }

    @Test(
        "What esptool writes is in the flash, bit for bit",
        arguments: [[], ["--no-stub"], ["--stub-version", "1"]], [[], ["-u"]])
    func writes(global: [String], how: [String]) async throws {
        let folder = try ScratchFolder()
        var seed = LoaderTestBytes(seed: 11)
        // Neither whole blocks nor compressible throughout.
        let data = seed.bytes(70_001) + [UInt8](repeating: 0x5A, count: 30_000)
        let image = try folder.file("image.bin", data)
        let flash = try folder.file("flash.bin", [UInt8](repeating: 0, count: 4 << 20))
        let outcome = try await esptool(
            .tcp(port: 0), ["write-flash"] + how + ["0x10000", image.string], global: global, flash: flash)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.contains("Hash of data verified"))
        let after = try Peers.contents(of: flash)
        #expect(after[0x10000..<0x10000 + data.count].elementsEqual(data))
        #expect(after[0..<0x10000].allSatisfy { $0 == 0 }, "nothing before it was touched")
        #expect(after[0x29000...].allSatisfy { $0 == 0 }, "nothing behind its last sector was touched")
    }
}
