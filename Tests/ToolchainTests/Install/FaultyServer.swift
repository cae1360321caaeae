// The web server of the tests' own: on 127.0.0.1, misbehaving as a plan says, and keeping a log of what it was asked.

import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport

/// A running server; it ends with the value.
final class FaultyServer: Sendable {
    /// What it was asked, and how many bytes of a body it gave.
    struct Request: Decodable, Equatable {
        var path: String
        var range: String?
        var if_range: String?
        var proxied: Bool
        var fault: String
        var sent: Int
    }

    private let program: RunningProgram
    private let log: FilePath
    /// The port on 127.0.0.1.
    let port: Int

    static var isPossible: Bool { Peers.program("python3") != nil && Peers.program("curl") != nil }

    /// Serves `folder`; `plan` is the JSON object that says how.
    init(folder: FilePath, plan: String = "{}", scratch: FilePath) async throws {
        let script = Peers.checkout.pushing("Tests/ToolchainTests/Scripts/faulty_server.py")
        let planFile = scratch.appending("plan.json")
        log = scratch.appending("requests.log")
        try await write(plan, to: planFile)
        try await write("", to: log)
        guard let python = Peers.program("python3") else { throw Errno.noSuchFileOrDirectory }
        program = try RunningProgram(
            python, ["-S", script.string, folder.string, planFile.string, log.string], in: scratch)
        guard let line = program.line(), let port = Int(line) else { throw Errno.connectionRefused }
        self.port = port
    }

    /// The URL of a file.
    func url(_ name: String) -> String { "http://127.0.0.1:\(port)/\(name)" }

    /// What it was asked so far; answers that are not over yet are waited for.
    func requests() throws -> [Request] {
        for _ in 0..<3000 {
            let lines = try Peers.contents(of: log).split(separator: 0x0A, omittingEmptySubsequences: false).dropLast()
            let answers = lines.filter { !$0.isEmpty }
            if 2 * answers.count == lines.count {
                return try answers.map { try JSONDecoder().decode(Request.self, from: Data($0)) }
            }
            usleep(10_000)
        }
        throw Errno.timedOut
    }
}
