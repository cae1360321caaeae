// `read`, `erase`, `verify`, `reset`, `info` and `flash` of plain files, as a user calls them: on the virtual board in the
// program itself, and on one that another program serves.

import Crypto
import SystemPackage
import TestSupport
import Testing

@Suite("The loader's verbs", .serialized)
struct LoaderVerbTests {
    /// How the board is reached.
    enum Way: String, CaseIterable, Sendable {
        case inProcess, rfc2217, socket
    }

    /// A board with known contents in a folder of its own.
    private struct Bench {
        let folder: ScratchFolder
        let port: String
        let served: ServedProgram?
        let flash: FilePath
        let content: [UInt8]

        init(_ way: Way) throws {
            folder = try ScratchFolder()
            var content = LoaderVerbTests.noise(4 << 20, seed: 21)
            content.replaceSubrange(0x8000..<0x9000, with: LoaderVerbTests.table())
            self.content = content
            switch way {
            case .inProcess:
                flash = folder.path.pushing(".espmask/boards/esp32-devkitc-v4/flash.bin")
                try folder.makeFolders(".espmask/boards/esp32-devkitc-v4")
                try folder.write(content, as: ".espmask/boards/esp32-devkitc-v4/flash.bin")
                served = nil
                port = "virtual:"
            case .rfc2217, .socket:
                flash = try folder.write(content, as: "flash.bin")
                let place = way == .rfc2217 ? ["--rfc2217", "0"] : ["--tcp", "0", "--download"]
                let served = try ServedProgram(place + ["--virtual-time"], in: folder.path)
                self.served = served
                port = served.url
            }
        }

        func run(_ arguments: [String]) async throws -> Peers.Outcome {
            try await BuiltProgram.run(arguments + ["--port", port, "--json"], in: folder.path)
        }

        func held() throws -> [UInt8] { try Peers.contents(of: flash) }

        func end() { _ = served?.program.end() }
    }

    static func noise(_ count: Int, seed: UInt64) -> [UInt8] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
    }

    /// nvs, factory and model, with the MD5 row, filled up to a sector.
    private static func table() -> [UInt8] {
        func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        var rows: [UInt8] = []
        for (type, subtype, offset, size, label) in [
            (1, 2, 0x9000, 0x4000, "nvs"), (0, 0, 0x10000, 0x100000, "factory"), (1, 0x40, 0x110000, 0x100000, "model"),
        ] as [(UInt8, UInt8, Int, Int, String)] {
            let name = Array(label.utf8) + [UInt8](repeating: 0, count: 16 - label.utf8.count)
            rows += [0xAA, 0x50, type, subtype] + word(offset) + word(size) + name + [0, 0, 0, 0]
        }
        rows += [0xEB, 0xEB] + [UInt8](repeating: 0xFF, count: 14) + Array(Insecure.MD5.hash(data: rows))
        return rows + [UInt8](repeating: 0xFF, count: 0x1000 - rows.count)
    }

    @Test("info tells chip, MAC, flash and partitions", arguments: Way.allCases)
    func info(way: Way) async throws {
        let bench = try Bench(way)
        defer { bench.end() }
        let result = try await bench.run(["info"])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        for part in [
            #""chip":"esp32""#, #""revision":"v3.0""#, #""mac":"24:0a:c4:45:53:50""#, #""crystal_mhz":40"#,
            #""flash":{"id":"ef4016","size":4194304}"#, #""flash_encryption":false"#, #""label":"model""#,
        ] { #expect(result.output.contains(part), "\(part): \(result.output)") }
    }

    @Test(
        "read copies a range, a partition, and a partition's beginning, whatever their alignment",
        arguments: Way.allCases)
    func reads(way: Way) async throws {
        let bench = try Bench(way)
        defer { bench.end() }
        for (place, size, range) in [
            ("0x12345", "7001", 0x12345..<0x12345 + 7001), ("nvs", "all", 0x9000..<0xD000),
            ("model", "1K", 0x110000..<0x110400),
        ] {
            let result = try await bench.run(["read", place, size, "out.bin"])
            #expect(result.status == 0, "\(result.output)\(result.errors)")
            #expect(try Peers.contents(of: bench.folder.path.appending("out.bin")).elementsEqual(bench.content[range]))
        }
    }

    @Test("erase wipes what it is told and nothing else", arguments: Way.allCases)
    func erases(way: Way) async throws {
        let bench = try Bench(way)
        defer { bench.end() }
        for arguments in [["erase", "0x20000", "0x2000"], ["erase", "nvs"], ["erase", "model", "4K"]] {
            let result = try await bench.run(arguments)
            #expect(result.status == 0, "\(result.output)\(result.errors)")
        }
        var expected = bench.content
        for range in [0x20000..<0x22000, 0x9000..<0xD000, 0x110000..<0x111000] {
            expected.replaceSubrange(range, with: [UInt8](repeating: 0xFF, count: range.count))
        }
        #expect(try bench.held() == expected)
        let all = try await bench.run(["erase", "--all"])
        #expect(all.status == 0, "\(all.output)\(all.errors)")
        #expect(try bench.held().allSatisfy { $0 == 0xFF })
    }

    @Test("verify ends with 0 or with 1 and the sectors that differ", arguments: Way.allCases)
    func verifies(way: Way) async throws {
        let bench = try Bench(way)
        defer { bench.end() }
        var part = Array(bench.content[0x10000..<0x30000])
        try bench.folder.write(part, as: "part.bin")
        let same = try await bench.run(["verify", "factory", "part.bin"])
        #expect(same.status == 0, "\(same.output)\(same.errors)")
        #expect(same.output.contains("\"match\":true"))
        part[0x5001] ^= 1
        part[0x1FFFF] ^= 0x80
        try bench.folder.write(part, as: "part.bin")
        let other = try await bench.run(["verify", "0x10000", "part.bin"])
        #expect(other.status == 1)
        #expect(other.output.contains("verify-failed"))
        #expect(other.output.contains("0x15000..0x16000, 0x2f000..0x30000"), "\(other.output)")
    }

    @Test(
        "flash writes a file by offset and by label, and refuses to overwrite NVS unless named or forced",
        arguments: Way.allCases)
    func flashes(way: Way) async throws {
        let bench = try Bench(way)
        defer { bench.end() }
        let data = Self.noise(9000, seed: 5)
        try bench.folder.write(data, as: "data.bin")
        let refused = try await bench.run(["flash", "0x9000", "data.bin"])
        #expect(refused.status == 2)
        #expect(refused.output.contains("layout-overlap") && refused.output.contains("'nvs'"), "\(refused.output)")
        #expect(try bench.held() == bench.content)
        for arguments in [["0x300000", "data.bin", "nvs", "data.bin"], ["0x9000", "data.bin", "--force"]] {
            let result = try await bench.run(["flash"] + arguments)
            #expect(result.status == 0, "\(result.output)\(result.errors)")
        }
        let held = try bench.held()
        #expect(held[0x9000..<0x9000 + 9000].elementsEqual(data))
        #expect(held[0x300000..<0x300000 + 9000].elementsEqual(data))
        #expect(held[0xD000..<0x300000].elementsEqual(bench.content[0xD000..<0x300000]))
    }

    @Test("reset starts the firmware, or says why it cannot", arguments: Way.allCases)
    func resets(way: Way) async throws {
        let bench = try Bench(way)
        defer { bench.end() }
        let result = try await bench.run(["reset"])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("\"event\":\"reset\""))
    }

    @Test(
        "What cannot be is refused with its code",
        arguments: [
            (["read", "absent", "all", "x.bin"], 2, "usage"), (["read", "0x400000", "1", "x.bin"], 2, "usage"),
            (["read", "0", "0", "x.bin"], 2, "usage"), (["erase", "0x20800", "0x1000"], 2, "usage"),
            (["erase", "0x20000"], 2, "usage"), (["erase"], 2, "usage"), (["erase", "nvs", "--all"], 2, "usage"),
            (["erase", "nvs", "0x5000"], 2, "usage"), (["verify", "0", "absent.bin"], 2, "file-not-found"),
            (["flash", "0x20800", "small.bin"], 2, "layout-overlap"), (["flash", "a", "b", "c"], 2, "usage"),
            (["flash", "absent", "small.bin"], 2, "usage"), (["flash", "0x3FF000", "big.bin"], 2, "layout-overlap"),
            (["info", "--port", "virtual:#other"], 2, "usage"),
        ])
    func refuses(arguments: [String], status: Int, code: String) async throws {
        let bench = try Bench(.inProcess)
        try bench.folder.write([1, 2, 3], as: "small.bin")
        try bench.folder.write([UInt8](repeating: 1, count: 5000), as: "big.bin")
        let result = try await bench.run(arguments)
        #expect(result.status == status, "\(result.output)\(result.errors)")
        #expect(result.output.contains("\"code\":\"\(code)\""), "\(result.output)")
        #expect(try bench.held() == bench.content)
    }

    @Test("Several boards are flashed side by side; one that is not there stops none, and its exit code is told")
    func several() async throws {
        let folder = try ScratchFolder()
        let data = Self.noise(20_000, seed: 6)
        try folder.write(data, as: "data.bin")
        let names = (1...8).map { "virtual:#\($0)" }
        let good = try await BuiltProgram.run(
            ["flash", "0x10000", "data.bin", "--port", names.joined(separator: ","), "--json"], in: folder.path)
        #expect(good.status == 0, "\(good.output)\(good.errors)")
        #expect(good.output.split(separator: "\n").filter { $0.contains("\"event\":\"done\"") }.count == 8)
        for name in 1...8 {
            let file = folder.path.pushing(FilePath(".espmask/boards/esp32-devkitc-v4#\(name)/flash.bin"))
            #expect(try Peers.contents(of: file)[0x10000..<0x10000 + 20_000].elementsEqual(data))
        }
        let mixed = try await BuiltProgram.run(
            [
                "flash", "0x10000", "data.bin", "--json", "--port", "virtual:#a", "--port", "/dev/no-such-device",
                "--port", "socket://127.0.0.1:1,virtual:#b",
            ], in: folder.path)
        #expect(mixed.status == 3, "\(mixed.output)\(mixed.errors)")
        #expect(mixed.output.split(separator: "\n").filter { $0.contains("\"event\":\"done\"") }.count == 2)
        #expect(mixed.output.contains("\"port\":\"/dev/no-such-device\""), "\(mixed.output)")
        for name in ["a", "b"] {
            let file = folder.path.pushing(FilePath(".espmask/boards/esp32-devkitc-v4#\(name)/flash.bin"))
            #expect(try Peers.contents(of: file)[0x10000..<0x10000 + 20_000].elementsEqual(data))
        }
        let text = try await BuiltProgram.run(
            ["flash", "0x10000", "data.bin", "--port", "virtual:#a,virtual:#c"], in: folder.path)
        #expect(
            text.output.contains("nothing to flash") && text.output.contains("flashed 20000 bytes"), "\(text.output)")
    }
}
