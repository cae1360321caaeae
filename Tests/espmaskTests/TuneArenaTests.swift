// `espmask tune-arena` on the virtual board.

import SystemPackage
import TestSupport
import Testing

@Suite("Tune the arena", .enabled(if: Peers.program("xtensa-lx106-elf-gcc") != nil, "no cross compiler"))
struct TuneArenaTests {
    private static func model(_ name: String) -> String {
        Peers.checkout.appending("models").appending(name + ".tflite").string
    }

    @Test("The planned arena works and four bytes less are refused with their number; the margin is left in force")
    func provesTheMinimum() async throws {
        let folder = try ScratchFolder()
        let tuned = try await BuiltProgram.run(
            ["tune-arena", "--model", Self.model("mask_mlp_7"), "--margin", "10", "--json"], in: folder.path)
        try #require(tuned.status == 0, "\(tuned.output)\(tuned.errors)")
        #expect(tuned.output.split(separator: "\n").count == 1)
        for part in [
            "\"boots\":2", "\"steps\":[{\"arena\":56,\"ok\":true},{\"arena\":52,\"ok\":false,\"missing\":4}]",
            "\"minimum\":56", "\"recommended\":64", "\"static_estimate\":56",
        ] {
            #expect(tuned.output.contains(part), "\(part) in \(tuned.output)")
        }

        let kept = try Peers.contents(of: folder.path.appending("espmask.yaml"))
        #expect(String(decoding: kept, as: UTF8.self).contains("arena: 64\n"))
        let run = try await BuiltProgram.run(["run", "--count", "1"], in: folder.path)
        #expect(run.status == 0, "\(run.output)\(run.errors)")
        #expect(run.output.contains("nothing to flash"), "\(run.output)")
        #expect(run.output.contains("its arena has 64 bytes, 56 used"), "\(run.output)")
        // The arena of one model is not another's.
        let other = try await BuiltProgram.run(
            ["run", "--count", "1", "--model", Self.model("mask_cnn_10")], in: folder.path)
        #expect(other.status == 0, "\(other.output)\(other.errors)")
    }

    @Test("A margin that cannot be is refused", arguments: ["-1", "nan", "100000"])
    func refusesMargins(margin: String) async throws {
        let folder = try ScratchFolder()
        let result = try await BuiltProgram.run(["tune-arena", "--margin=\(margin)"], in: folder.path)
        #expect(result.status == 2, "\(result.errors)")
    }
}
