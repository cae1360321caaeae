// The program as a user meets it before any verb does its work: help, wrong words, JSON errors, exit codes.

import TestSupport
import Testing

@Suite("The program's way in")
struct ProgramTests {
    @Test("Help is printed to stdout and ends with 0")
    func helpIsPrinted() async throws {
        let folder = try ScratchFolder()
        let outcome = try await BuiltProgram.run(["--help"], in: folder.path)
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("USAGE: espmask"))
        #expect(outcome.errors.isEmpty)
    }

    @Test("Its version is three numbers")
    func version() async throws {
        let folder = try ScratchFolder()
        let outcome = try await BuiltProgram.run(["--version"], in: folder.path)
        #expect(outcome.status == 0)
        #expect(outcome.output.wholeMatch(of: /[0-9]+\.[0-9]+\.[0-9]+\n/) != nil, "\(outcome.output)")
    }

    @Test("A wrong word ends with 2 and says which", arguments: ["--bad", "frobnicate"])
    func wrongWordsAreUsageErrors(word: String) async throws {
        let folder = try ScratchFolder()
        let outcome = try await BuiltProgram.run([word], in: folder.path)
        #expect(outcome.status == 2)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.contains(word))
    }

    @Test("With --json a usage error is one JSON object on stdout")
    func usageErrorsAreJSON() async throws {
        let folder = try ScratchFolder()
        let outcome = try await BuiltProgram.run(["--bad", "--json"], in: folder.path)
        #expect(outcome.status == 2)
        #expect(outcome.output.hasPrefix(#"{"error":{"code":"usage","message":"#))
        #expect(outcome.errors.isEmpty)
    }
}
