// The ROM loader's answers, byte for byte as the ESP32's boot ROM of 2019 gives them (seen with that ROM in an
// emulator). The value field keeps what an earlier answer left there; so does the reason.

import CZlib
import TestSupport
import Testing
import VirtualBoard

@Suite("ROM loader")
struct LoaderROMTests {
    private var client: LoaderConversation

    init() throws { client = try LoaderConversation() }

    @Test("Sync is answered eight times with its own first word")
    mutating func syncs() {
        let reply = "01 08 04 00 07 07 12 20 00 00 00 00"
        #expect(client.ask(0x08, LoaderConversation.sync) == [String](repeating: reply, count: 8))
    }

    @Test("After a sync an unknown operation is refused eight times", arguments: [UInt8(0x14), 0x00, 0xFF, 0xD0, 0x0C])
    func refusesUnknown(opcode: UInt8) throws {
        var client = client
        _ = client.ask(0x08, LoaderConversation.sync)
        let refusal = "01 08 04 00 07 07 12 20 01 05 00 00"
        if opcode != 0x0C { #expect(client.ask(opcode) == [String](repeating: refusal, count: 8)) }
        _ = client.ask(0x0A, words(0x4000_1000))
        if opcode != 0x0C { #expect(client.ask(opcode) == ["01 0a 04 00 83 1d f0 00 01 05 00 00"]) }
    }

    @Test("Registers are read and written by mask, several in one request")
    mutating func registers() {
        #expect(client.ask(0x0A, words(0x4000_1000)) == ["01 0a 04 00 83 1d f0 00 00 00 00 00"])
        #expect(
            client.ask(0x09, words(0x3FFB_0000, 0x1122_3344, 0xFFFF_FFFF, 0)) == ["01 09 04 00 83 1d f0 00 00 00 00 00"]
        )
        _ = client.ask(0x09, words(0x3FFB_0000, 0xAABB_CCDD, 0x00FF_00FF, 0))
        #expect(client.ask(0x0A, words(0x3FFB_0000)) == ["01 0a 04 00 dd 33 bb 11 00 00 00 00"])
        _ = client.ask(0x09, words(0x3FFB_0000, 1, 0xFFFF_FFFF, 0, 0x3FFB_0004, 2, 0xFFFF_FFFF, 0))
        #expect(client.ask(0x0A, words(0x3FFB_0000)) == ["01 0a 04 00 01 00 00 00 00 00 00 00"])
        #expect(client.ask(0x0A, words(0x3FFB_0004)) == ["01 0a 04 00 02 00 00 00 00 00 00 00"])
        _ = client.ask(0x09, words(0x3FFB_0000, 7, 0xFFFF_FFFF))
        #expect(client.ask(0x0A, words(0x3FFB_0000)) == ["01 0a 04 00 01 00 00 00 00 00 00 00"], "12 bytes: no entry")
        _ = client.ask(0x09, words(0x3FFB_0000, 8, 0xFFFF_FFFF, 0, 0))
        #expect(client.ask(0x0A, words(0x3FFB_0000)) == ["01 0a 04 00 08 00 00 00 00 00 00 00"], "20 bytes: one")
    }

    @Test("An address with nothing behind it is refused, not read as zero")
    mutating func refusesUnmapped() {
        #expect(client.ask(0x0A, words(0x0000_0010)) == ["01 0a 04 00 00 00 00 00 01 05 00 00"])
        #expect(client.ask(0x09, words(0x0000_0010, 1, 0xFFFF_FFFF, 0)) == ["01 09 04 00 00 00 00 00 01 05 00 00"])
    }

    @Test("What is missing from a request is what the one before left in the buffer")
    mutating func keepsItsBuffer() {
        _ = client.ask(0x0A, words(0x4000_1000))
        let reply = ["01 0a 04 00 83 1d f0 00 00 00 00 00"]
        #expect(client.ask(0x0A) == reply)
        #expect(client.send(hex("c0 00 0a c0")) == reply)
        #expect(client.send(hex("c0 01 0a c0")) == ["01 0a 04 00 83 1d f0 00 01 05 00 00"], "not a request")
        #expect(client.send(Array("noise".utf8)).isEmpty)
        #expect(client.ask(0x0A, words(0x4000_1000)) == reply)
    }

    @Test("A reason stays in later answers, whose first status byte counts")
    mutating func keepsTheReason() {
        client.prepare()
        #expect(client.block(0x03, [1, 2, 3, 4], 0) == ["01 03 04 00 07 07 12 20 01 05 00 00"])
        #expect(client.ask(0x02, words(0x1000, 4, 0x400, 0x1000)) == ["01 02 04 00 07 07 12 20 00 05 00 00"])
    }

    @Test(
        "A flash begin is checked",
        arguments: [
            (words(0x1000, 1, 0x1800, 0x1000), "00 00"), (words(0x1000, 1, 0x1801, 0x1000), "01 05"),
            (words(0x1000, 4, 0x400, 0x1000, 0), "01 05"), (words(0x1000, 4, 0x400, 0x1100), "01 06"),
            (words(0x1000, 4, 0x400, 0x3FF000), "00 00"), (words(0x1001, 4, 0x400, 0x3FF000), "01 06"),
            (words(0x1000, 4, 0x400, 0x400000), "01 06"), (words(0xFFFF_FFFF, 4, 0x400, 0xFFFF_F000), "01 06"),
            (words(0, 0, 0x400, 0x2000), "00 00"),
        ])
    func checksBegin(body: [UInt8], status: String) throws {
        for opcode in [UInt8(0x02), 0x10] {
            var client = try LoaderConversation()
            client.prepare()
            #expect(client.ask(opcode, body) == ["01 \(shown([opcode])) 04 00 07 07 12 20 \(status) 00 00"])
        }
    }

    @Test("Without attach nothing is reached, and without parameters only 2 MB are")
    mutating func needsSetup() {
        #expect(client.ask(0x02, words(0x1000, 4, 0x400, 0x1000)).last?.hasSuffix("01 06 00 00") == true)
        _ = client.ask(0x0D, words(0, 0))
        #expect(client.ask(0x02, words(0x1000, 4, 0x400, 0x1FF000)).last?.hasSuffix("00 06 00 00") == true)
        #expect(client.ask(0x02, words(0x1000, 4, 0x400, 0x200000)).last?.hasSuffix("01 06 00 00") == true)
        #expect(client.ask(0x13, words(0x200000, 16, 0, 0)).last?.hasSuffix("01 09 00 00") == true)
        #expect(client.ask(0x0B, words(0, 4 << 20, 65536, 4096, 256)).last?.hasSuffix("01 05 00 00") == true)
        _ = client.ask(0x0B, words(0, 4 << 20, 65536, 4096, 256, 0xFFFF))
        #expect(client.ask(0x02, words(0x1000, 4, 0x400, 0x200000)).last?.hasSuffix("00 05 00 00") == true)
    }

    @Test(
        "A begin erases the sectors it names and no more",
        arguments: [
            (0x3000, 0x800, 0x3000..<0x4000), (0x8000, 0x1001, 0x8000..<0xA000), (0x1000, 0x12000, 0x1000..<0x13000),
            (0x5F000, 0x3000, 0x5F000..<0x62000),
        ])
    func erases(offset: Int, size: Int, range: Range<Int>) throws {
        var client = try LoaderConversation(flashSize: 1 << 20)
        _ = client.host.flash.program(0, ArraySlice([UInt8](repeating: 0, count: 1 << 20)))
        client.prepare()
        _ = client.ask(0x02, words(UInt32(size), 1, 0x400, UInt32(offset)))
        let image = client.host.flash.read(0, count: 1 << 20) ?? []
        #expect(image.firstIndex(of: 0xFF) == range.lowerBound)
        #expect(image.lastIndex(of: 0xFF) == range.upperBound - 1)
        #expect(image[range].allSatisfy { $0 == 0xFF })
    }

    @Test("Blocks must come in turn; a block with a bad checksum counts as come")
    mutating func countsBlocks() {
        client.prepare()
        let block = { (byte: UInt8) in [UInt8](repeating: byte, count: 1024) }
        _ = client.ask(0x02, words(0x1000, 4, 0x400, 0x1000))
        func status(_ replies: [String]) -> String? { replies.last.map { String($0.suffix(11).prefix(5)) } }
        #expect(status(client.block(0x03, block(0x11), 1)) == "01 05", "not in turn")
        #expect(status(client.block(0x03, block(0x11), 0)) == "00 05")
        #expect(status(client.block(0x03, block(0x11), 0)) == "01 05", "twice")
        #expect(status(client.block(0x03, block(0x22), 1, checksum: 0)) == "01 07")
        #expect(status(client.block(0x03, block(0x22), 1)) == "01 05", "sent again")
        #expect(status(client.block(0x03, block(0x33), 2)) == "00 05")
        #expect(status(client.block(0x03, [1, 2, 3], 3)) == "01 05", "not whole words")
        #expect(status(client.block(0x03, block(0x44), 3, count: 0x401)) == "01 05", "longer than a block")
        #expect(status(client.block(0x11, block(0x44), 3)) == "01 05", "compressed after a plain begin")
        #expect(client.host.flash.read(0x1000, count: 2048) == block(0x11) + block(0x33), "the lost block left no gap")
    }

    @Test("The digest is 32 hex digits before the status")
    mutating func digests() {
        client.prepare()
        _ = client.host.flash.program(0x1000, ArraySlice(Array("abc".utf8)))
        let digest = shown(Array("900150983cd24fb0d6963f7d28e17f72".utf8))
        #expect(client.ask(0x13, words(0x1000, 3, 0, 0)) == ["01 13 24 00 07 07 12 20 \(digest) 00 00 00 00"])
        let empty = shown(Array("d41d8cd98f00b204e9800998ecf8427e".utf8))
        #expect(client.ask(0x13, words(0x1000, 0, 0, 0)) == ["01 13 24 00 07 07 12 20 \(empty) 00 00 00 00"])
        let failed = shown([UInt8](repeating: 0, count: 32))
        #expect(client.ask(0x13, words(0x3FF000, 0x2000, 0, 0)) == ["01 13 24 00 07 07 12 20 \(failed) 01 09 00 00"])
        #expect(client.ask(0x13, words(0xFFFF_FFFF, 0xFFFF_FFFF, 0, 0)).last?.hasSuffix("01 09 00 00") == true)
    }

    @Test("A slow read always carries 64 bytes", arguments: [0, 4, 64, 65, 0xFFFF_FFFF] as [UInt32])
    func readsSlowly(count: UInt32) throws {
        var client = client
        client.prepare()
        _ = client.host.flash.program(0x1000, ArraySlice((0..<64).map { UInt8($0) }))
        let kept = Int(min(count, 64))
        let data = (0..<64).map { $0 < kept ? UInt8($0) : 0 }
        #expect(client.ask(0x0E, words(0x1000, count)) == ["01 0e 44 00 07 07 12 20 \(shown(data)) 00 00 00 00"])
        #expect(client.ask(0x0E, words(0x400000 - 3, max(4, count))).last?.hasSuffix("01 09 00 00") == true)
    }

    @Test("The speed changes after the answer")
    mutating func changesSpeed() {
        let actions = client.loader.received(
            slipFrame([0, 0x0F, 8, 0, 0, 0, 0, 0] + words(921600, 0)), host: client.host)
        #expect(actions == [.send(slipFrame(hex("01 0f 04 00 00 00 00 00 00 00 00 00"))), .changeBaud(921600)])
        _ = client.ask(0x0F, words(0, 0))
        #expect(client.ask(0x0A, words(0x4000_1000)).count == 1, "no speed is no change")
    }

    @Test("A RAM download is stored and run; one that is not started by 0 stays in the loader")
    mutating func runsPrograms() {
        #expect(client.block(0x07, [1, 2, 3, 4], 0) == ["01 07 04 00 00 00 00 00 01 05 00 00"])
        #expect(client.ask(0x05, words(0x10, 1, 0x1801, 0x3FFB_0000)) == ["01 05 04 00 00 00 00 00 01 05 00 00"])
        _ = client.ask(0x05, words(0x10, 1, 0x1800, 0x3FFB_0000))
        #expect(client.block(0x07, [1, 2, 3, 4], 0, checksum: 1).last?.hasSuffix("01 07 00 00") == true)
        #expect(client.block(0x07, [5, 6, 7, 8], 1).last?.hasSuffix("00 07 00 00") == true)
        #expect(client.host.stored[0x3FFB_0000] == 5 && client.host.stored[0x3FFB_0003] == 8)
        #expect(client.ask(0x06, words(1, 0)).count == 1)
        #expect(client.actions.isEmpty)
        _ = client.ask(0x06, words(0, 0x4008_0400))
        #expect(client.actions == [.run(entry: 0x4008_0400)])
        #expect(client.ask(0x08, LoaderConversation.sync).isEmpty, "the program has the line now")
    }

    @Test("RAM that is not there is refused")
    mutating func refusesNoRAM() {
        _ = client.ask(0x05, words(0x10, 1, 0x1800, 0xFFFF_FFF0))
        #expect(client.block(0x07, [1, 2, 3, 4], 0).last?.hasSuffix("01 05 00 00") == true)
    }

    @Test(
        "Ending a flash download leaves the loader, whatever its flag", arguments: [UInt8(0x04), 0x12],
        [0, 1] as [UInt32])
    func leaves(opcode: UInt8, flag: UInt32) throws {
        var client = client
        client.prepare()
        #expect(client.ask(opcode, words(flag)).count == 1)
        #expect(client.actions == [.reboot])
    }
}

@Suite("ROM loader, compressed")
struct LoaderROMDeflateTests {
    private let data: [UInt8]
    private let blocks: [[UInt8]]
    private var client: LoaderConversation

    init() throws {
        var random = LoaderTestBytes(seed: 5)
        data = random.bytes(3000) + [UInt8](repeating: 0x33, count: 40_000) + random.bytes(1001)
        let stream = deflated(data)
        blocks = stride(from: 0, to: stream.count, by: 1024).map { Array(stream[$0..<min($0 + 1024, stream.count)]) }
        client = try LoaderConversation()
        client.prepare()
        _ = client.ask(0x10, words(UInt32(data.count), UInt32(blocks.count), 0x400, 0x1000))
    }

    private func status(_ replies: [String]) -> String? { replies.last.map { String($0.suffix(11).prefix(5)) } }

    @Test("A stream is written where it belongs, and a byte after its end hangs the ROM")
    mutating func writes() {
        for (index, block) in blocks.enumerated() {
            #expect(status(client.block(0x11, block, UInt32(index))) == "00 00")
        }
        #expect(client.host.flash.read(0x1000, count: data.count) == data)
        #expect(client.block(0x11, [1, 2, 3], UInt32(blocks.count)).isEmpty)
        #expect(client.ask(0x08, LoaderConversation.sync).isEmpty)
    }

    @Test("Nothing is written before the window is full or the stream ends")
    mutating func buffers() {
        _ = client.block(0x11, blocks[0], 0)
        #expect(client.host.flash.counters.programs == 0)
    }

    @Test("Broken streams are refused with the reason of their kind")
    mutating func refuses() throws {
        #expect(status(client.block(0x11, [0x01, 0x02] + Array("garbage".utf8), 0)) == "01 0b")
        #expect(status(client.block(0x11, blocks[0], 1)) == "01 0b", "until the next begin")
        _ = client.ask(0x10, words(UInt32(data.count), UInt32(blocks.count), 0x400, 0x1000))
        for (index, block) in blocks.dropLast().enumerated() { _ = client.block(0x11, block, UInt32(index)) }
        let last = try #require(blocks.last)
        #expect(
            status(client.block(0x11, last.dropLast() + [(last.last ?? 0) ^ 1], UInt32(blocks.count - 1))) == "01 0c")
        #expect(
            status(client.block(0x03, [1, 2, 3, 4], UInt32(blocks.count))) == "01 05", "plain after a compressed begin")
    }

    @Test("A write that fails is told at once")
    mutating func tellsFailure() {
        client.host.flash.onWrite = { _ in false }
        var statuses: [String] = []
        for (index, block) in blocks.enumerated() {
            statuses.append(status(client.block(0x11, block, UInt32(index))) ?? "")
        }
        #expect(statuses.contains("01 08"))
    }
}

/// The zlib stream of some bytes.
func deflated(_ bytes: [UInt8]) -> [UInt8] {
    var size = compressBound(uLong(bytes.count))
    var stream = [UInt8](repeating: 0, count: Int(size))
    precondition(compress2(&stream, &size, bytes, uLong(bytes.count), 9) == Z_OK)
    return Array(stream[..<Int(size)])
}
