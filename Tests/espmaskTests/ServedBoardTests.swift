// `espmask board serve` as other programs meet it, judged by esptool: it finds the chip, writes, verifies, reads and erases
// the flash, and the firmware that it wrote boots when it lets the chip go.

import HostInference
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite(
    "esptool on a served board", .serialized,
    .enabled(if: Peers.python("esptool") != nil, "the Python peers are absent"))
struct EsptoolOnServedBoardTests {
    private static func noise(_ count: Int, seed: UInt64) -> [UInt8] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
    }

    @Test("It finds chip, flash and MAC", arguments: [["--tcp", "0"], ["--pty"]])
    func identifies(place: [String]) async throws {
        let folder = try ScratchFolder()
        let served = try ServedProgram(place + ["--download"], in: folder.path)
        let outcome = try await served.esptool(["flash-id"])
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        let facts = [
            "ESP32-D0WD-V3 (revision v3.0)", "Crystal frequency:  40MHz", "24:0a:c4:45:53:50", "Manufacturer: ef",
            "Device: 4016", "Detected flash size: 4MB",
        ]
        for fact in facts { #expect(outcome.output.contains(fact), "\(outcome.output)") }
        #expect(served.program.end() == 0)
    }

    @Test(
        "What it writes is in the flash, bit for bit",
        arguments: [[], ["--no-stub"], ["--stub-version", "1"]], [[], ["-u"]])
    func writes(global: [String], how: [String]) async throws {
        let folder = try ScratchFolder()
        // Neither whole blocks nor compressible throughout.
        let data = Self.noise(70_001, seed: 11) + [UInt8](repeating: 0x5A, count: 30_000)
        let image = try folder.write(data, as: "image.bin")
        let flash = try folder.write([UInt8](repeating: 0, count: 4 << 20), as: "flash.bin")
        let served = try ServedProgram(["--tcp", "0", "--download"], in: folder.path)
        let outcome = try await served.esptool(["write-flash"] + how + ["0x10000", image.string], global: global)
        #expect(served.program.end() == 0)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.contains("Hash of data verified"))
        let after = try Peers.contents(of: flash)
        #expect(after[0x10000..<0x10000 + data.count].elementsEqual(data))
        #expect(after[0..<0x10000].allSatisfy { $0 == 0 }, "nothing before it was touched")
        #expect(after[0x29000...].allSatisfy { $0 == 0 }, "nothing behind its last sector was touched")
    }

    @Test("What is in the flash, it reads, verifies and erases")
    func readsAndErases() async throws {
        let folder = try ScratchFolder()
        let content = Self.noise(4 << 20, seed: 12)
        let flash = try folder.write(content, as: "flash.bin")
        let copy = folder.path.appending("copy.bin")
        let part = try folder.write(Array(content[0x10001..<0x16001]), as: "part.bin")
        let served = try ServedProgram(["--tcp", "0", "--download"], in: folder.path)
        let read = try await served.esptool(["read-flash", "0x10001", "0x6000", copy.string])
        #expect(read.status == 0, "\(read.output)\(read.errors)")
        #expect(try Peers.contents(of: copy).elementsEqual(content[0x10001..<0x16001]))
        let verified = try await served.esptool(["verify-flash", "0x10001", part.string])
        #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
        let wrong = try await served.esptool(["verify-flash", "0x10002", part.string], global: ["--no-stub"])
        #expect(wrong.status != 0)
        for (how, start) in [([], 0x20000), (["--no-stub"], 0x30000)] {
            let erased = try await served.esptool(["erase-region", "\(start)", "0x3000"], global: how)
            #expect(erased.status == 0, "\(erased.output)\(erased.errors)")
            let after = try Peers.contents(of: flash)
            #expect(after[start..<start + 0x3000].allSatisfy { $0 == 0xFF })
            #expect(after[start + 0x3000..<0x40000].elementsEqual(content[start + 0x3000..<0x40000]))
        }
        let all = try await served.esptool(["erase-flash"])
        #expect(all.status == 0, "\(all.output)\(all.errors)")
        #expect(try Peers.contents(of: flash).allSatisfy { $0 == 0xFF })
        #expect(served.program.end() == 0)
    }

    // pyserial takes a fifth of a second per request over RFC 2217, so what is written this way is little.
    @Test(
        "The firmware that it wrote boots when its reset lets the chip go, and predicts the host's bits",
        .enabled(if: Peers.program("xtensa-lx106-elf-gcc") != nil, "no cross compiler"))
    func boots() async throws {
        let folder = try ScratchFolder()
        let built = try await BuiltProgram.run(["build", "run_model_cnn", "--output", "out"], in: folder.path)
        try #require(built.status == 0, "\(built.errors)")
        let model = Peers.checkout.appending("models").appending("mask_cnn_10.tflite")
        let packed = try await BuiltProgram.run(["model", "pack", model.string, "-o", "slot.bin"], in: folder.path)
        try #require(packed.status == 0, "\(packed.errors)")
        func file(_ name: String) -> String { folder.path.pushing(FilePath(name)).string }
        let parts = [
            "0x8000", file("out/partition-table.bin"), "0x10000", file("out/firmware.bin"), "0x110000",
            file("slot.bin"),
        ]
        let loader = try ServedProgram(["--tcp", "0", "--download"], in: folder.path)
        let written = try await loader.esptool(["write-flash"] + parts)
        #expect(loader.program.end() == 0)
        #expect(written.status == 0, "\(written.output)\(written.errors)")

        let served = try ServedProgram(["--rfc2217", "0"], in: folder.path)
        do {
            let blank = try served.client()
            #expect(blank.text(until: "ffffffff\r\n").contains("invalid header: 0xffffffff\r\n"))
        }
        let arguments = ["write-flash", "0x1000", file("out/second-stage.bin")]
        let last = try await served.esptool(arguments, global: ["--no-stub", "--chip", "esp32"])
        #expect(last.status == 0, "\(last.output)\(last.errors)")
        #expect(last.output.contains("Hard resetting"))
        try Self.predicts(served, model)
        #expect(served.program.end() == 0)
    }

    /// The running firmware predicts by itself, answers an input with the host's bits, and boots again after a reset by
    /// the modem lines.
    private static func predicts(_ served: ServedProgram, _ path: FilePath) throws {
        let client = try served.client()
        #expect(
            client.text(until: "espmask: ready").contains("predicted: "), "it runs, and was not reset on connection")
        let model = try LoadedModel(bytes: try Peers.contents(of: path))
        let sample = [UInt32](repeating: 0x3F00_0000, count: model.sampleCount)
        let bits = try InferenceSession(model).run(sample.map { .real(Float(bitPattern: $0)) }).bits
        client.send(Array("in: \(sample.map { "0x" + String($0, radix: 16) }.joined(separator: ","))\n".utf8))
        #expect(client.text(until: "out=\(bits[0])").contains("out=\(bits[0])"))
        // RTS on and off again (RFC 2217, SET-CONTROL 11 and 12).
        client.send(hex("ff fa 2c 05 0b ff f0 ff fa 2c 05 0c ff f0"))
        let boot = client.text(until: "espmask: ready")
        #expect(boot.contains("rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"), "\(boot)")
        #expect(boot.contains("espmask: model=mask_cnn_10 slot=A"), "\(boot)")
    }
}
