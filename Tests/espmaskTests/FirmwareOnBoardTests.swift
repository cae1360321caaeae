// The whole way without a wire: the sketch is built, the model packed, both laid into the flash, and the virtual board
// runs what is there. Its bits are compared with those of the same engine on this machine.

import ESPImage
import HostInference
import SystemPackage
import TestSupport
import Testing
import VirtualBoard

@Suite("Firmware on the virtual board", .enabled(if: Peers.program("xtensa-lx106-elf-gcc") != nil, "no cross compiler"))
struct FirmwareOnBoardTests {
    static func flash(model: String, in folder: FilePath) async throws -> NORFlash {
        let out = folder.appending("out").string
        let built = try await BuiltProgram.run(["build", "run_model_cnn", "--output", out], in: folder)
        #expect(built.status == 0, "\(built.errors)")
        let slot = folder.appending("slot.bin")
        let packed = try await BuiltProgram.run(["model", "pack", model, "-o", slot.string], in: folder)
        #expect(packed.status == 0, "\(packed.errors)")
        let flash = try NORFlash(size: 4 << 20)
        let parts = [
            (0x1000, "second-stage.bin"), (0x8000, "partition-table.bin"), (0x10000, "firmware.bin"),
        ]
        for (offset, name) in parts {
            let bytes = try Peers.contents(of: FilePath(out).appending(name))
            flash.bytes.advanced(by: offset).copyMemory(from: bytes, byteCount: bytes.count)
        }
        let bytes = try Peers.contents(of: slot)
        flash.bytes.advanced(by: 0x110000).copyMemory(from: bytes, byteCount: bytes.count)
        return flash
    }

    @Test(
        "A plan in the slot that does not hold is not believed: the board makes its own and predicts the host's bits",
        arguments: [
            "every tensor at the arena's start", "an arena of four bytes", "a word too few", "an offset beyond",
        ])
    func plansAnew(lie: String) async throws {
        let folder = try ScratchFolder()
        let path = Peers.checkout.appending("models").appending("mask_cnn_10.tflite")
        let model = try LoadedModel(bytes: try Peers.contents(of: path))
        let plan = try model.plan()
        var offsets = plan.offsets.map { $0 == .max ? nil : UInt32?.some($0) }
        var arena = UInt32(plan.arenaBytes)
        switch lie {
        case "every tensor at the arena's start": offsets = offsets.map { $0.map { _ in 0 } }
        case "an arena of four bytes": arena = 4
        case "a word too few": offsets.removeLast()
        case _: offsets = offsets.map { $0.map { $0 + 0x7FFF_FFF0 } }
        }
        var slot = ModelSlot(name: "lying", model: try Peers.contents(of: path))
        slot.memoryPlan = .init(arenaBytes: arena, offsets: offsets)
        let flash = try await Self.flash(model: path.string, in: folder.path)
        let bytes = try slot.encoded()
        flash.bytes.advanced(by: 0x110000).copyMemory(from: bytes, byteCount: bytes.count)
        let board = Board(profile: .devKitC, flash: flash)
        board.powerOn(.flashBoot)
        let boot = Self.text(of: board, until: "espmask: ready\r\n", seconds: 1)
        #expect(boot.contains("espmask: note=memory-plan-rejected\r\n"), "\(boot)")
        let sample = (0..<100).map { InputValue.real(Float($0 % 9) / 9 - 0.4) }
        board.receive(Array("in: \(Self.tokens(sample))\n".utf8))
        let bits = try InferenceSession(model).run(sample).bits.joined(separator: ",")
        let answer = Self.text(of: board, until: "espmask: ready\r\n")
        #expect(answer.contains("out=\(bits) us="), "\(answer)")
    }

    /// Runs until the text holds `ending`, for at most `seconds` of board time from now.
    static func text(of board: Board, until ending: String, seconds: UInt64 = 10) -> String {
        var bytes: [UInt8] = []
        let deadline = board.now + seconds * 1_000_000_000
        while !String(decoding: bytes, as: UTF8.self).contains(ending) {
            guard board.run(until: deadline) == .output else { break }
            bytes += board.takeOutput()
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The form in which inputs are sent: the bits of a float32, or an int8 as it is.
    static func tokens(_ sample: [InputValue]) -> String {
        sample.map { value in
            switch value {
            case .real(let real):
                let digits = String(real.bitPattern, radix: 16)
                return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
            case .whole(let whole): return String(whole)
            }
        }.joined(separator: ",")
    }

    @Test("Boots with the chip's banner and predicts the host's bits", arguments: ["mask_cnn_10", "mask_cnn_10_int8"])
    func predictsTheHostsBits(name: String) async throws {
        let folder = try ScratchFolder()
        let models = Peers.checkout.appending("models")
        let path = models.appending(name + ".tflite")
        let board = Board(profile: .devKitC, flash: try await Self.flash(model: path.string, in: folder.path))
        board.powerOn(.flashBoot)
        let boot = Self.text(of: board, until: "espmask: ready\r\n", seconds: 1)
        try #require(boot.hasSuffix("ready\r\n"), "\(board.whereabouts)")
        #expect(boot.contains("rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"))
        #expect(boot.contains("espmask: model=\(name) slot=A"), "\(boot)")

        let model = try LoadedModel(bytes: try Peers.contents(of: path))
        let session = try InferenceSession(model)
        let csv = try Peers.contents(of: models.appending("samples").appending(name + ".csv"))
        let samples = try SampleFile.samples(in: String(decoding: csv, as: UTF8.self), for: model)
        for sample in samples.prefix(4) {
            board.receive(Array("in: \(Self.tokens(sample))\n".utf8))
            let bits = try session.run(sample).bits.joined(separator: ",")
            let answer = Self.text(of: board, until: "espmask: ready\r\n")
            #expect(answer.contains("out=\(bits) us="), "\(answer)")
        }
    }
}
