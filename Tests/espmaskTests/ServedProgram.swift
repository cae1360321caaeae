// The virtual board served by the program that was just built, for tests that talk to it as a user's tools would.

import SystemPackage
import TestSupport
import Testing

/// A running `board serve` and the address it gave.
struct ServedProgram {
    let program: RunningProgram
    let url: String

    /// Serves a flash file of the folder.
    init(_ arguments: [String], in folder: FilePath, flash: String = "flash.bin") throws {
        program = try BuiltProgram.start(["board", "serve", "--flash", flash] + arguments, in: folder)
        let line = program.line() ?? ""
        let prefix = #"{"event":"listening","url":""#
        guard line.hasPrefix(prefix), line.hasSuffix("\"}") else {
            _ = program.end()
            throw Unserved(line: line, errors: program.errors)
        }
        url = String(line.dropFirst(prefix.count).dropLast(2))
    }

    struct Unserved: Error {
        let line: String
        let errors: String
    }

    var port: UInt16 { url.split(separator: ":").last.flatMap { UInt16($0) } ?? 0 }

    func client() throws -> ByteClient { try ByteClient(port: port) }

    /// Runs esptool on it to its end.
    func esptool(_ arguments: [String], global: [String] = []) async throws -> Peers.Outcome {
        let program = try #require(Peers.python("esptool"))
        let before = url.hasPrefix("rfc2217") ? "default-reset" : "no-reset"
        return try await Peers.run(program, ["--port", url, "--before", before] + global + arguments)
    }
}
