// esptool as the judge: many files to one Python process, its images and readings back.

import SystemPackage
import TestSupport

/// What esptool made of a file.
enum PeerVerdict: Equatable {
    case made([UInt8])
    case refused(String)
    case crashed(String)
}

enum EsptoolPeer {
    /// The Python that has esptool, or nil where the peers' environment was not made.
    static let python = Peers.python("esptool") == nil ? nil : Peers.python("python")
    static var isThere: Bool { python != nil }

    static func run(_ verb: String, _ cases: [(options: String, bytes: [UInt8])]) async throws -> [PeerVerdict] {
        guard let python else { return [] }
        return try await withTemporaryFolder { folder in
            var input: [UInt8] = []
            for item in cases {
                input += u32(UInt32(item.options.utf8.count)) + Array(item.options.utf8)
                input += u32(UInt32(item.bytes.count)) + item.bytes
            }
            try write(input, to: folder.appending("in"))
            let script = Peers.checkout.appending("Tests/ESPImageTests/Scripts/esptool_batch.py")
            let outcome = try await Peers.run(
                python, [script.string, verb, folder.appending("in").string, folder.appending("out").string])
            guard outcome.status == 0 else { throw PeerFailure(text: outcome.errors) }
            return try parse(try Peers.contents(of: folder.appending("out")))
        }
    }

    private static func parse(_ output: [UInt8]) throws -> [PeerVerdict] {
        var verdicts: [PeerVerdict] = []
        var position = 0
        while position < output.count {
            let size = (1...4).reversed().reduce(0) { $0 << 8 | Int(output[position + $1]) }
            let body = Array(output[position + 5..<position + 5 + size])
            switch output[position] {
            case 0: verdicts.append(.made(body))
            case 1: verdicts.append(.refused(String(decoding: body, as: UTF8.self)))
            case _: verdicts.append(.crashed(String(decoding: body, as: UTF8.self)))
            }
            position += 5 + size
        }
        return verdicts
    }
}

struct PeerFailure: Error { let text: String }

/// A folder of its own for the time of the closure.
func withTemporaryFolder<Result>(_ body: (FilePath) async throws -> Result) async throws -> Result {
    var generator = SystemRandomNumberGenerator()
    let folder = FilePath("/tmp").appending("espimage-\(UInt64.random(in: 0...UInt64.max, using: &generator))")
    let made = try await Peers.run(FilePath("/bin/mkdir"), [folder.string])
    guard made.status == 0 else { throw PeerFailure(text: made.errors) }
    do {
        let result = try await body(folder)
        _ = try await Peers.run(FilePath("/bin/rm"), ["-r", folder.string])
        return result
    } catch {
        _ = try await Peers.run(FilePath("/bin/rm"), ["-r", folder.string])
        throw error
    }
}

func write(_ bytes: [UInt8], to path: FilePath) throws {
    let file = try FileDescriptor.open(
        path, .writeOnly, options: [.create, .truncate], permissions: [.ownerReadWrite])
    _ = try file.closeAfter { try file.writeAll(bytes) }
}
