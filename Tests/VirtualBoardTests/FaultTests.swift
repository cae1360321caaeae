// Fault specs as text, and what they do to bytes, flash and time.

import TestSupport
import Testing
import VirtualBoard

@Suite("Fault specs")
struct FaultSpecTests {
    @Test(
        "Every kind is read",
        arguments: [
            ("drop:byte=100,dir=tx", [.drop(.byte(100), .tx)]),
            ("corrupt:every=5000,dir=rx", [.corrupt(.every(5000), .rx)]),
            ("duplicate:byte=0x40", [.duplicate(.byte(64), nil)]),
            ("delay:byte=1,ms=500,dir=tx", [.delay(.byte(1), .tx, milliseconds: 500)]),
            ("disconnect:byte=4096,dir=rx", [.disconnect(byte: 4096, .rx)]),
            ("power-cut:write=12", [.powerCut(write: 12)]), ("brownout:ms=0", [.brownout(milliseconds: 0)]),
            ("flash-bit:offset=0x10020,bit=3", [.flashBit(offset: 0x10020, bit: 3, stuckAt: nil)]),
            ("flash-bit:offset=0,bit=7,stuck=0", [.flashBit(offset: 0, bit: 7, stuckAt: false)]),
            ("rate:p=0.02,seed=9,dir=tx", [.rate(probability: 0.02, seed: 9, .tx)]),
            ("rate:p=1", [.rate(probability: 1, seed: 1, nil)]),
            (" drop : byte = 1 ; brownout:ms=5", [.drop(.byte(1), nil), .brownout(milliseconds: 5)]),
        ] as [(String, [FaultSpec])])
    func reads(text: String, expected: [FaultSpec]) throws { #expect(try FaultSpec.parse(text) == expected) }

    @Test(
        "What is wrong is said, with an example that is right",
        arguments: [
            ("", "empty"), ("drop:byte=1;", "empty"), ("explode:byte=1", "'explode'"), ("drop", "byte=N or every=N"),
            ("drop:", "key=value"), ("drop:byte", "key=value"), ("drop:byte=", "whole number"),
            ("drop:byte=0", "from 1 up"), ("drop:byte=-3", "from 1 up"), ("drop:every=0", "from 1 up"),
            ("drop:byte=1,every=2", "exclude"), ("drop:byte=1,byte=2", "twice"), ("drop:byte=1,dir=up", "'up'"),
            ("drop:write=1", "no key"), ("delay:byte=1", "ms=N is missing"), ("delay:byte=1,ms=0", "from 1"),
            ("power-cut:write=99999999999999999999", "whole number"), ("flash-bit:offset=1,bit=8", "from 0 to 7"),
            ("flash-bit:offset=0x1000000,bit=0", "offset"), ("rate:p=1.5", "from 0 to 1"),
            ("rate:p=nan", "from 0 to 1"),
            ("rate:seed=1", "p=PROBABILITY"), ("rate:p=0.1,seed=-1", "seed"), ("brownout:ms=1.5", "whole number"),
            ("corrupt:byte=1,dir=tx:", "dir"),
        ])
    func refuses(text: String, part: String) throws {
        let error = #expect(throws: VirtualBoardError.self) { try FaultSpec.parse(text) }
        let found = try #require(error)
        #expect(found.code == "usage")
        #expect(found.message.contains(part), "\(found.message)")
        let example = try #require(found.hint.split(separator: " ").last)
        #expect(throws: Never.self) { try FaultSpec.parse(String(example)) }
    }

    @Test("No text traps the parser")
    func survives() {
        var random = LoaderTestBytes(seed: 31)
        let seeds = ["drop:byte=100,dir=tx;rate:p=0.02,seed=9", "flash-bit:offset=0x10,bit=3", "delay:every=5,ms=5"]
        for round in 0..<5000 {
            let text = String(decoding: random.mutated(Array(seeds[round % 3].utf8)), as: UTF8.self)
            guard let specs = try? FaultSpec.parse(text) else { continue }
            let faults = FaultInjector(specs)
            faults.admit([1, 2, 3], .rx, now: 0)
            _ = faults.release(.rx, now: .max)
        }
    }
}

@Suite("Fault injection")
struct FaultInjectionTests {
    private func through(_ spec: String, _ bytes: [UInt8], _ direction: FaultDirection = .tx) throws -> [UInt8] {
        var outcomes: Set<[UInt8]> = []
        for cutting in Cutting.allCases {
            let faults = try FaultInjector(parsing: spec)
            for piece in cutting.pieces(of: bytes) { faults.admit(piece, direction, now: 5) }
            outcomes.insert(faults.release(direction, now: 5))
        }
        #expect(outcomes.count == 1, "it does not matter how the bytes are cut")
        return outcomes.first ?? []
    }

    @Test(
        "Bytes are counted from 1, each direction for itself",
        arguments: [
            ("drop:byte=3", "0102 0405060708"), ("drop:every=4", "010203 050607"),
            ("corrupt:byte=2", "0112 030405060708"),
            ("duplicate:byte=8", "0102030405060708 08"), ("drop:byte=3,dir=rx", "0102030405060708"),
            ("drop:byte=3,dir=tx;drop:byte=1", "02 0405060708"), ("drop:byte=9", "0102030405060708"),
            ("disconnect:byte=5", "01020304"), ("rate:p=0", "0102030405060708"),
        ])
    func hits(spec: String, expected: String) throws {
        #expect(try through(spec, hex("0102030405060708")) == hex(expected))
    }

    @Test("Noise is as frequent as asked, and the same for the same seed")
    func makesNoise() throws {
        let bytes = [UInt8](repeating: 0x55, count: 20_000)
        let first = try through("rate:p=0.02,seed=4", bytes)
        #expect(try through("rate:p=0.02,seed=4", bytes) == first)
        #expect(try through("rate:p=0.02,seed=5", bytes) != first)
        #expect(try through("rate:p=0.02,seed=4", bytes, .rx) != first)
        // A third of 2 % are corrupted: 133 expected, 4 standard deviations are 46.
        #expect((87...180).contains(first.filter { $0 != 0x55 }.count))
    }

    @Test("Delayed bytes hold back those behind them, in order")
    func delays() throws {
        let faults = try FaultInjector(parsing: "delay:byte=3,ms=2,dir=tx")
        faults.admit([1, 2, 3, 4], .tx, now: 1_000_000)
        #expect(faults.release(.tx, now: 1_000_000) == [1, 2])
        #expect(faults.held(.tx) == 2 && faults.nextRelease(.tx) == 3_000_000)
        faults.admit([5], .tx, now: 2_000_000)
        #expect(faults.release(.tx, now: 2_999_999).isEmpty)
        #expect(faults.release(.tx, now: 3_000_000) == [3, 4, 5])
        #expect(faults.held(.tx) == 0 && faults.nextRelease(.tx) == nil)
    }

    @Test("A hang-up happens once")
    func disconnects() throws {
        let faults = try FaultInjector(parsing: "disconnect:byte=2,dir=rx")
        faults.admit([1, 2, 3], .rx, now: 0)
        #expect(faults.takeDisconnect())
        #expect(!faults.takeDisconnect())
        faults.admit([4, 5], .rx, now: 0)
        #expect(faults.release(.rx, now: 0) == [4, 5])
        #expect(!faults.takeDisconnect())
    }

    @Test("Power is cut in the middle of the write that was named, once")
    func cutsPower() throws {
        let flash = try NORFlash(size: 1 << 16)
        let faults = try FaultInjector(parsing: "power-cut:write=2")
        faults.attach(to: flash)
        #expect(flash.program(0, [0]) && !faults.takePowerCut())
        #expect(!flash.erase(.sector, at: 0))
        #expect(faults.takePowerCut() && !faults.takePowerCut())
        flash.restorePower()
        #expect(flash.program(0, [0]))
    }

    @Test("Flash bits are turned or stuck when the flash is there, also later")
    func turnsBits() throws {
        let flash = try NORFlash(size: 1 << 16)
        let faults = try FaultInjector(parsing: "flash-bit:offset=0x10,bit=4;flash-bit:offset=0x20,bit=0,stuck=0")
        faults.attach(to: flash)
        #expect(flash.read(0x10, count: 1) == [0xEF])
        #expect(flash.erase(.sector, at: 0))
        #expect(flash.read(0x10, count: 1) == [0xFF] && flash.read(0x20, count: 1) == [0xFE])
        faults.add(.flashBit(offset: 0x11, bit: 0, stuckAt: nil))
        #expect(flash.read(0x11, count: 1) == [0xFE])
        faults.add(.flashBit(offset: 0xFF_FFFF, bit: 0, stuckAt: nil))
    }

    @Test("Brownouts come in the order of their times")
    func brownsOut() throws {
        let faults = try FaultInjector(parsing: "brownout:ms=20;brownout:ms=10")
        #expect(faults.nextBrownout == 10_000_000)
        #expect(!faults.takeBrownout(now: 9_999_999))
        #expect(faults.takeBrownout(now: 10_000_000))
        #expect(faults.nextBrownout == 20_000_000)
        #expect(faults.takeBrownout(now: 50_000_000) && !faults.takeBrownout(now: 50_000_000))
        #expect(faults.nextBrownout == nil)
    }

    @Test("The flash outlives its faults")
    func isLeftBehind() throws {
        let flash = try NORFlash(size: 1 << 16)
        try FaultInjector(parsing: "power-cut:write=1").attach(to: flash)
        #expect(flash.program(0, [0]))
    }
}
