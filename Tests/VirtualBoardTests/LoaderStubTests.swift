// The flasher stub's dialect: how it is recognised, and where it differs from the ROM.

import Crypto
import TestSupport
import Testing
import VirtualBoard

@Suite("Flasher stub")
struct LoaderStubTests {
    private var client: LoaderConversation
    private let greeting: String

    init() throws {
        client = try LoaderConversation()
        greeting = client.startStub().last ?? ""
    }

    private func status(_ replies: [String]) -> String? { replies.last.map { String($0.suffix(5)) } }

    @Test(
        "A download that loads where a stub does is greeted as one", arguments: [0x400A_8000, 0x400B_E000] as [UInt32])
    func isRecognised(text: UInt32) throws {
        var client = try LoaderConversation()
        #expect(client.startStub(text: text).last == shown(Array("OHAI".utf8)))
        #expect(client.actions.isEmpty)
    }

    @Test("Any other program is run", arguments: [0x4008_0400, 0x400A_8004, 0x400A_0000] as [UInt32])
    func runsOthers(text: UInt32) throws {
        var client = try LoaderConversation()
        _ = client.startStub(text: text)
        #expect(client.actions == [.run(entry: text + 0x20)])
    }

    @Test("A program where a stub's code goes, but without its data, is run")
    func runsCodeAlone() throws {
        var client = try LoaderConversation()
        _ = client.ask(0x05, words(16, 1, 0x1800, 0x400A_8000))
        _ = client.block(0x07, [UInt8](repeating: 1, count: 16), 0)
        _ = client.ask(0x06, words(0, 0x400A_8000))
        #expect(client.actions == [.run(entry: 0x400A_8000)])
    }

    @Test("Sync is answered eight times with the value 0")
    mutating func syncs() {
        #expect(
            client.ask(0x08, LoaderConversation.sync) == [String](repeating: "01 08 02 00 00 00 00 00 00 00", count: 8))
    }

    @Test(
        "Requests are checked before they are done",
        arguments: [
            (UInt8(0x0A), [], "c0 00"), (0x0A, words(1, 2), "c0 00"), (0x09, words(1, 2, 3), "c8 00"),
            (0x09, [], "c8 00"), (0x0D, words(0, 0), "c0 00"), (0x0D, words(0), "00 00"),
            (0x0B, words(0, 1), "c0 00"), (0x13, words(0, 1), "c0 00"), (0x14, [], "ff 00"),
            (0xD1, words(0x800, 0x1000), "c0 00"), (0xD1, words(0, 0x1001), "c0 00"),
            (0xD1, words(0x400000, 0x1000), "c4 00"), (0xD1, words(0xFFFF_F000, 0xFFFF_F000), "c4 00"),
            (0x13, words(0x400000, 1, 0, 0), "c4 00"), (0x02, words(0, 0, 0), "c0 00"),
            (0x02, words(0, 0, 0x4000, 0, 1), "ff 00"), (0x03, words(0, 0, 0, 0), "c6 00"),
            (0x11, words(0, 0, 0, 0), "c6 00"), (0x03, [], "c8 00"), (0x11, [], "c0 00"), (0x04, words(0), "c6 00"),
            (0x06, words(1, 0), "c6 00"), (0x07, words(0, 0, 0, 0), "c6 00"), (0x0E, words(0, 64), "c3 00"),
            (0x77, [], "c3 00"), (0xD5, words(0), "ff 00"), (0x0F, words(921600), "c0 00"),
        ])
    func checks(opcode: UInt8, body: [UInt8], expected: String) throws {
        var client = client
        #expect(status(client.ask(opcode, body)) == expected)
        #expect(client.ask(0x0A, words(0x4000_1000)) == ["01 0a 02 00 83 1d f0 00 00 00"], "and goes on")
    }

    @Test("A frame whose length lies is refused")
    mutating func checksLength() {
        #expect(status(client.ask(0x0A, words(0x4000_1000), length: 8)) == "c0 00")
        #expect(status(client.send(hex("c0 01 0a 00 00 00 00 00 00 c0"))) == "c3 00")
    }

    @Test("A write must bring exactly what it promised")
    mutating func countsBytes() {
        _ = client.ask(0x02, words(10, 1, 0x4000, 0x1003))
        #expect(status(client.ask(0x04, words(1))) == "c0 00", "too early")
        #expect(status(client.block(0x03, [1, 2, 3, 4, 5, 6], 0)) == "00 00")
        #expect(status(client.block(0x03, [7, 8, 9, 10, 0xFF, 0xFF, 0, 0], 7)) == "00 00", "no sequence, padding cut")
        #expect(status(client.ask(0x04, words(1))) == "00 00")
        #expect(client.host.flash.read(0x1002, count: 13) == [0xFF] + (1...10).map { UInt8($0) } + [0xFF, 0xFF])
    }

    @Test("A block is checked before its answer, and its write failure told with the next request, which is not done")
    mutating func defersFailure() {
        _ = client.ask(0x02, words(8, 2, 0x4000, 0x1000))
        #expect(status(client.block(0x03, [1, 2, 3, 4], 0, checksum: 0)) == "c1 00")
        #expect(status(client.block(0x03, [1, 2, 3, 4], 0, count: 5)) == "c9 00")
        client.host.flash.onWrite = { _ in false }
        #expect(status(client.block(0x03, [1, 2, 3, 4], 0)) == "00 00")
        client.host.flash.onWrite = nil
        client.host.flash.restorePower()
        #expect(status(client.ask(0xD1, words(0x1000, 0x1000))) == "c4 00")
        #expect(client.host.flash.counters.erases == 0)
        #expect(status(client.ask(0xD1, words(0x1000, 0x1000))) == "00 00")
    }

    @Test("A compressed write sent again from a block that was taken goes wrong, as on the chip")
    mutating func cannotResend() {
        var random = LoaderTestBytes(seed: 9)
        let data = random.bytes(5000)
        let stream = deflated(data)
        _ = client.ask(0x10, words(5000, 2, 0x4000, 0x1000))
        _ = client.block(0x11, Array(stream[..<2000]), 0)
        _ = client.block(0x11, Array(stream[..<2000]), 0)
        _ = client.block(0x11, Array(stream[2000...]), 1)
        #expect(status(client.ask(0x12, words(1))) != "00 00")
        _ = client.ask(0x10, words(5000, 2, 0x4000, 0x1000))
        _ = client.block(0x11, Array(stream[..<2000]), 0)
        _ = client.block(0x11, Array(stream[2000...]), 1)
        #expect(status(client.ask(0x12, words(1))) == "00 00")
        #expect(client.host.flash.read(0x1000, count: 5000) == data)
    }

    @Test("Blank sectors before the first that is not are spared the erase")
    mutating func sparesBlankSectors() {
        _ = client.host.flash.program(0x3000, [0])
        let data = [UInt8](repeating: 0xFE, count: 0x4000)
        _ = client.ask(0x02, words(0x4000, 1, 0x4000, 0x1000))
        _ = client.block(0x03, data, 0)
        #expect(status(client.ask(0x04, words(1))) == "00 00")
        #expect(client.host.flash.counters.erases == 2, "0x3000 and, no longer looked at, 0x4000")
        #expect(client.host.flash.read(0x1000, count: 0x4000) == data)
    }

    @Test("A whole chip and a region are erased")
    mutating func erases() {
        _ = client.host.flash.program(0, ArraySlice([UInt8](repeating: 0, count: 0x4000)))
        #expect(status(client.ask(0xD1, words(0x1000, 0x2000))) == "00 00")
        #expect(client.host.flash.read(0xFFF, count: 2) == [0, 0xFF])
        #expect(client.host.flash.read(0x2FFF, count: 2) == [0xFF, 0])
        #expect(status(client.ask(0xD0)) == "00 00")
        #expect(client.host.flash.read(0, count: 4 << 20)?.allSatisfy { $0 == 0xFF } == true)
    }

    @Test("The digest is 16 raw bytes")
    mutating func digests() {
        _ = client.host.flash.program(0x1000, ArraySlice(Array("abc".utf8)))
        #expect(
            client.ask(0x13, words(0x1000, 3, 0, 0)) == [
                "01 13 12 00 00 00 00 00 90 01 50 98 3c d2 4f b0 d6 96 3f 7d 28 e1 7f 72 00 00"
            ])
    }

    @Test(
        "Flash is read in packets, each when the one before is acknowledged, and then a digest",
        arguments: [1, 100, 8192, 8193])
    func reads(count: Int) throws {
        var client = client
        var random = LoaderTestBytes(seed: 21)
        let data = random.bytes(count)
        _ = client.host.flash.program(0x1001, ArraySlice(data))
        var packets = client.ask(0xD2, words(0x1001, UInt32(count), 4096, 64))
        #expect(packets.removeFirst() == "01 d2 02 00 00 00 00 00 00 00")
        var got: [UInt8] = []
        while got.count < count, let packet = packets.first {
            #expect(packets.count == 1)
            got += hex(packet)
            packets = client.send(slipFrame(words(UInt32(got.count))))
        }
        #expect(got == data)
        #expect(packets == [shown(Array(Insecure.MD5.hash(data: data)))])
        #expect(client.ask(0x08, LoaderConversation.sync).count == 8)
    }

    @Test("A read that cannot be is told with the next request; one broken off ends with a digest")
    mutating func breaksReads() {
        #expect(client.ask(0xD2, words(0x3FFFFF, 2, 4096, 64)).count == 1)
        #expect(status(client.ask(0x0A, words(0x4000_1000))) == "c4 00")
        #expect(client.ask(0xD2, words(0, 8192, 4097, 64)).count == 1)
        #expect(status(client.ask(0x0A, words(0x4000_1000))) == "c0 00")
        #expect(client.ask(0xD2, words(0, 8192, 4096, 64)).count == 2)
        #expect(client.send(slipFrame([1, 2, 3])).first?.split(separator: " ").count == 16)
        #expect(client.ask(0x08, LoaderConversation.sync).count == 8)
    }

    @Test("Only the legacy stub resets on request")
    mutating func resets() throws {
        #expect(client.ask(0xD3).isEmpty && client.actions.isEmpty)
        var legacy = try LoaderConversation()
        _ = legacy.startStub(text: 0x400B_E000)
        #expect(status(legacy.ask(0x77)) == "ff 00")
        #expect(legacy.ask(0xD3).isEmpty && legacy.actions == [.reboot])
        #expect(legacy.ask(0x08, LoaderConversation.sync).isEmpty)
    }

    @Test("The stub itself can load and run programs, also another stub")
    mutating func loadsPrograms() {
        #expect(client.startStub(text: 0x400B_E000).last == greeting)
        _ = client.ask(0x05, words(4, 1, 0x4000, 0x4008_0400))
        #expect(status(client.block(0x07, [1, 2, 3, 4, 5], 0)) == "c9 00")
        #expect(status(client.block(0x07, [1, 2, 3, 4], 9, checksum: 77)) == "00 00")
        #expect(client.ask(0x06, words(0, 0x4008_0400)) == ["01 06 02 00 00 00 00 00 00 00"])
        #expect(client.actions == [.run(entry: 0x4008_0400)])
    }
}

@Suite("Loader under mutated requests")
struct LoaderFuzzTests {
    @Test("No bytes trap it, and it answers within bounds", arguments: [true, false], [UInt64(1), 2, 3])
    func survives(withStub: Bool, seed: UInt64) throws {
        var random = LoaderTestBytes(seed: seed)
        var client = try LoaderConversation(flashSize: 1 << 20)
        let bodies: [(UInt8, Int)] = [
            (0x02, 16), (0x03, 40), (0x04, 4), (0x05, 16), (0x07, 24), (0x09, 32), (0x0A, 4), (0x0B, 24), (0x0D, 8),
            (0x0E, 8), (0x0F, 8), (0x10, 16), (0x11, 60), (0x13, 16), (0x14, 0), (0xD1, 8), (0xD2, 16), (0x06, 8),
        ]
        for round in 0..<3000 {
            if round % 50 == 0 {
                client.loader = ROMLoader()
                if withStub { _ = client.startStub() } else { client.prepare() }
            }
            let (opcode, size) = bodies[random.below(bodies.count)]
            var body = random.bytes(size)
            // Small numbers get past the first checks.
            for index in body.indices where index % 4 != 0 && random.below(3) > 0 { body[index] = 0 }
            let sum = UInt8(truncatingIfNeeded: body.dropFirst(16).reduce(0xEF) { $0 ^ $1 })
            let request = [0, opcode, UInt8(size), 0, sum, 0, 0, 0] + body
            let frame = random.below(2) == 0 ? slipFrame(request) : random.mutated(slipFrame(request))
            let replies = client.send(frame)
            #expect(replies.reduce(0) { $0 + $1.utf8.count } < 40_000)
        }
    }
}
