// A model slot that was damaged at random: the board refuses it and runs the other one.

import SystemPackage
import TestSupport
import Testing

@Suite("Damaged model slots", .enabled(if: Peers.program("xtensa-lx106-elf-gcc") != nil, "no cross compiler"))
struct SlotDamageTests {
    private static let flash = FilePath(".espmask/boards/esp32-devkitc-v4/flash.bin")
    private static let slots = (a: 0x110000, b: 0x190000)
    private static let damage = 64 << 10

    /// Overwrites 64 KB of the board's flash with noise.
    private static func damage(_ folder: ScratchFolder, at offset: Int, seed: Int) throws {
        let file = try FileDescriptor.open(folder.path.pushing(flash), .readWrite)
        var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
        let noise = (0..<damage).map { _ -> UInt8 in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state >> 24)
        }
        try file.closeAfter { _ = try file.writeAll(toAbsoluteOffset: Int64(offset), noise) }
    }

    /// Two models, the second one in force, in slot B.
    private static func board() async throws -> ScratchFolder {
        let folder = try ScratchFolder()
        for name in ["mask_cnn_10", "mask_cnn_10_int8"] {
            let model = Peers.checkout.appending("models").appending(name + ".tflite").string
            let done = try await BuiltProgram.run(["flash", "--model", model], in: folder.path)
            try #require(done.status == 0, "\(done.errors)")
        }
        return folder
    }

    private static func watch(_ folder: ScratchFolder) async throws -> Peers.Outcome {
        try await BuiltProgram.run(
            ["monitor", "--reset", "--until", "count=1", "--timeout", "20", "--json"], in: folder.path)
    }

    @Test("With 64 KB of noise anywhere in the slot in force, the other slot's model runs")
    func runsTheOther() async throws {
        let folder = try await Self.board()
        let whole = try Peers.contents(of: folder.path.pushing(Self.flash))
        let seed = Peers.seed(named: "ESPMASK_SEED", upTo: 10_000)
        // Over both headers; over one and the model; over the model alone.
        for offset in [0, 0x1000, 0x2000] {
            try folder.write(whole, as: Self.flash.string)
            try Self.damage(folder, at: Self.slots.b + offset, seed: seed)
            let heard = try await Self.watch(folder)
            #expect(heard.status == 0, "ESPMASK_SEED=\(seed) \(offset): \(heard.output)\(heard.errors)")
            #expect(heard.output.contains("mask_cnn_10 "), "ESPMASK_SEED=\(seed) \(offset): \(heard.output)")
            #expect(heard.output.contains("slot=A"), "ESPMASK_SEED=\(seed) \(offset): \(heard.output)")
        }
    }

    @Test("With both slots damaged the board says so, and is told how to be cured")
    func bothDamaged() async throws {
        let folder = try await Self.board()
        try Self.damage(folder, at: Self.slots.a + 0x2000, seed: 1)
        try Self.damage(folder, at: Self.slots.b + 0x2000, seed: 2)
        let heard = try await Self.watch(folder)
        #expect(heard.status == 6, "\(heard.output)\(heard.errors)")
        #expect(heard.output.contains("\"code\":\"model-invalid\""), "\(heard.output)")
    }
}
