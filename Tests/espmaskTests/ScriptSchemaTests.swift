// The JSON Schema of scripts: the file is what the program prints, and a validator of others takes right scripts and
// refuses wrong ones.

import SystemPackage
import TestSupport
import Testing

@Suite("The schema of scripts")
struct ScriptSchemaTests {
    private static let file = Peers.checkout.pushing("schemas/hil.schema.json")

    @Test("The file in schemas is what the program prints")
    func isCurrent() async throws {
        let folder = try ScratchFolder()
        let printed = try await BuiltProgram.run(["test", "--schema"], in: folder.path)
        #expect(printed.status == 0)
        let kept = String(decoding: try Peers.contents(of: Self.file), as: UTF8.self)
        #expect(printed.output == kept, "run `espmask test --schema > schemas/hil.schema.json`")
    }

    @Test(
        "jsonschema takes the project's scripts and refuses what the reader refuses",
        .enabled(if: Peers.python("python3") != nil, "no peers"))
    func validator() async throws {
        let python = try #require(Peers.python("python3"))
        let script = Peers.checkout.pushing("Tests/espmaskTests/Scripts/validate_scripts.py")
        let found = try await Peers.run(python, [script.string, "--available"])
        guard found.status == 0 else { return }
        let result = try await Peers.run(
            python, [script.string, Self.file.string, Peers.checkout.pushing("Tests/HIL").string])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("right scripts"))
    }
}
