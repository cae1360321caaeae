// The board's framing.

import TestSupport
import Testing
import VirtualBoard

@Suite("SLIP, board's side")
struct LoaderSLIPTests {
    private func decoder(
        limit: Int = 32, _ rules: SLIPDecoder.Rules = .rom
    ) -> ([UInt8]) -> [[UInt8]] {
        var decoder = SLIPDecoder(limit: limit, rules: rules)
        return { bytes in
            var rest = bytes[...]
            var frames: [[UInt8]] = []
            while let frame = decoder.received(&rest) { frames.append(frame) }
            return frames
        }
    }

    @Test(
        "Frames are found however the bytes are cut",
        arguments: [
            ("c0 01 02 c0", ["01 02"]), ("c0 db dc db dd c0", ["c0 db"]), ("61 62 c0 01 c0 63", ["01"]),
            ("c0 c0 c0 05 c0", ["05"]), ("c0 db 11 c0", ["11"]), ("c0 01 c0 c0 02 c0", ["01", "02"]), ("", []),
        ])
    func decodes(stream: String, frames: [String]) {
        #expect(framingFault(hex(stream), expected: frames.map { hex($0) }) { decoder() } == nil)
    }

    @Test("After a lost delimiter the ROM is in step again one frame later")
    func romResynchronises() {
        let feed = decoder()
        #expect(feed(hex("c0 01 02 | c0 03 c0 c0 04 c0".replacing("|", with: ""))) == [hex("01 02"), hex("04")])
    }

    @Test("A stub that lost a delimiter stays deaf until one comes alone")
    func stubStaysDeaf() {
        let feed = decoder(.stub)
        #expect(feed(hex("c0 01 c0")) == [hex("01")])
        #expect(feed(hex("02 c0")).isEmpty, "its opening delimiter was lost")
        #expect(feed(hex("c0 03 c0 c0 04 c0")).isEmpty)
        #expect(feed(hex("c0")).isEmpty)
        #expect(feed(hex("c0 05 c0")) == [hex("05")])
    }

    @Test("A frame that is too long is dropped, the next one is not", arguments: [33, 34, 5000])
    func dropsLongFrames(length: Int) {
        let long = [0xC0] + [UInt8](repeating: 1, count: length) + [0xC0]
        #expect(framingFault(long + hex("c0 07 c0"), expected: [hex("07")]) { decoder() } == nil)
        let fits = slipFrame([UInt8](repeating: 0xC0, count: 32))
        #expect(decoder()(fits) == [[UInt8](repeating: 0xC0, count: 32)])
    }

    @Test("Any message survives framing")
    func roundTrips() {
        var random = LoaderTestBytes(seed: 3)
        let messages = (0..<200).map { _ in random.bytes(1 + random.below(300)).map { $0 | 0xC0 } }
        let feed = decoder(limit: 300)
        #expect(feed(messages.flatMap { slipFrame($0) }) == messages)
    }

    @Test("Noise never traps, and no frame exceeds the limit", arguments: [SLIPDecoder.Rules.rom, .stub])
    func survivesNoise(rules: SLIPDecoder.Rules) {
        var random = LoaderTestBytes(seed: 17)
        let feed = decoder(limit: 48, rules)
        for _ in 0..<2000 {
            let bytes = random.mutated(slipFrame(random.bytes(random.below(60))))
            for frame in feed(bytes) { #expect(!frame.isEmpty && frame.count <= 48) }
        }
    }
}
