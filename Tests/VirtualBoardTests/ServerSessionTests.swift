// The telnet side of an RFC 2217 connection, as a table of what a client sends and what comes of it.

import TestSupport
import Testing
import VirtualBoard

@Suite("RFC 2217 session")
struct ServerSessionTests {
    private typealias Event = RFC2217Session.Event

    private func events(_ bytes: String) -> [RFC2217Session.Event] {
        var session = RFC2217Session()
        return session.received(hex(bytes))
    }

    @Test(
        "A client's bytes mean",
        arguments: [
            ("01 02 ff ff 03", [.data(hex("01 02 ff 03"))]),
            // Options: binary, suppress go-ahead and the serial port are agreed to, once; echo is not.
            // With the serial port comes the state of the modem lines, once.
            (
                "ff fb 00 ff fd 2c",
                [.reply(hex("ff fd 00")), .reply(hex("ff fb 2c")), .reply(hex("ff fa 2c 6b 30 ff f0"))]
            ),
            (
                "ff fb 2c ff fd 2c",
                [.reply(hex("ff fd 2c")), .reply(hex("ff fa 2c 6b 30 ff f0")), .reply(hex("ff fb 2c"))]
            ),
            ("ff fd 01 ff fb 01", [.reply(hex("ff fc 01")), .reply(hex("ff fe 01"))]),
            (
                "ff fb 2c ff fb 2c ff fc 2c ff fc 2c",
                [.reply(hex("ff fd 2c")), .reply(hex("ff fa 2c 6b 30 ff f0")), .reply(hex("ff fe 2c"))]
            ),
            ("ff fe 2c", []),
            // Speed: set, and asked for with 0.
            ("ff fa 2c 01 00 0e 10 00 ff f0", [.baudRate(921_600), .reply(hex("ff fa 2c 65 00 0e 10 00 ff f0"))]),
            ("ff fa 2c 01 00 00 00 00 ff f0", [.reply(hex("ff fa 2c 65 00 01 c2 00 ff f0"))]),
            ("ff fa 2c 01 00 00 ff ff fe ff f0", [.baudRate(65534), .reply(hex("ff fa 2c 65 00 00 ff ff fe ff f0"))]),
            // Data bits, parity, stop bits.
            ("ff fa 2c 02 07 ff f0", [.reply(hex("ff fa 2c 66 07 ff f0"))]),
            ("ff fa 2c 02 00 ff f0", [.reply(hex("ff fa 2c 66 08 ff f0"))]),
            ("ff fa 2c 03 01 ff f0", [.reply(hex("ff fa 2c 67 01 ff f0"))]),
            ("ff fa 2c 04 02 ff f0", [.reply(hex("ff fa 2c 68 02 ff f0"))]),
            // Control: DTR on, RTS on, what are they, flow control, break.
            ("ff fa 2c 05 08 ff f0", [.modemLines(dtr: true, rts: false), .reply(hex("ff fa 2c 69 08 ff f0"))]),
            ("ff fa 2c 05 0b ff f0", [.modemLines(dtr: false, rts: true), .reply(hex("ff fa 2c 69 0b ff f0"))]),
            ("ff fa 2c 05 07 ff f0", [.reply(hex("ff fa 2c 69 09 ff f0"))]),
            ("ff fa 2c 05 0a ff f0", [.reply(hex("ff fa 2c 69 0c ff f0"))]),
            ("ff fa 2c 05 01 ff f0", [.reply(hex("ff fa 2c 69 01 ff f0"))]),
            ("ff fa 2c 05 00 ff f0", [.reply(hex("ff fa 2c 69 01 ff f0"))]),
            ("ff fa 2c 05 06 ff f0", [.reply(hex("ff fa 2c 69 06 ff f0"))]),
            // Modem state, masks, purge, suspend and resume.
            ("ff fa 2c 07 ff f0", [.reply(hex("ff fa 2c 6b 30 ff f0"))]),
            ("ff fa 2c 0b ff ff ff f0", [.reply(hex("ff fa 2c 6f ff ff ff f0"))]),
            ("ff fa 2c 0c 01 ff f0", [.purgeOutput, .reply(hex("ff fa 2c 70 01 ff f0"))]),
            ("ff fa 2c 0c 02 ff f0", [.reply(hex("ff fa 2c 70 02 ff f0"))]),
            ("ff fa 2c 08 ff f0 ff fa 2c 09 ff f0", [.suspend(true), .suspend(false)]),
            // Other options, empty and unknown subnegotiations, other commands.
            ("ff fa 18 01 ff f0", []), ("ff fa ff f0", []), ("ff fa 2c ff f0", []), ("ff fa 2c 05 ff f0", []),
            ("ff fa 2c 63 01 ff f0", []), ("ff f1 41", [.data([0x41])]), ("ff fa 2c 05 ff f1 41", [.data([0x41])]),
        ] as [(String, [RFC2217Session.Event])])
    func means(bytes: String, expected: [RFC2217Session.Event]) {
        #expect(events(bytes) == expected)
        // Cut anywhere, the same comes of it, but for data that comes in pieces.
        for cut in 0...hex(bytes).count {
            var session = RFC2217Session()
            let all = hex(bytes)
            let found = session.received(Array(all[..<cut])) + session.received(Array(all[cut...]))
            #expect(joined(found) == joined(expected), "cut at \(cut)")
        }
    }

    private func joined(_ events: [RFC2217Session.Event]) -> [RFC2217Session.Event] {
        var result: [RFC2217Session.Event] = []
        for event in events {
            if case .data(let more) = event, case .data(let before) = result.last {
                result[result.count - 1] = .data(before + more)
            } else {
                result.append(event)
            }
        }
        return result
    }

    @Test("Lines keep their state between requests")
    func keepsLines() {
        let got = events("ff fa 2c 05 08 ff f0 ff fa 2c 05 0b ff f0 ff fa 2c 05 09 ff f0 ff fa 2c 05 0a ff f0")
        #expect(
            got.filter { if case .modemLines = $0 { true } else { false } } == [
                .modemLines(dtr: true, rts: false), .modemLines(dtr: true, rts: true),
                .modemLines(dtr: false, rts: true),
            ])
        #expect(got.last == .reply(hex("ff fa 2c 69 0b ff f0")))
    }

    @Test("Data for the client has its 255 doubled")
    func escapes() {
        #expect(RFC2217Session().encode(hex("00 ff fe ff")) == hex("00 ff ff fe ff ff"))
    }

    @Test("No bytes trap it, and it keeps no more than a subnegotiation")
    func survives() {
        var random = LoaderTestBytes(seed: 77)
        let seeds = ["ff fa 2c 05 08 ff f0", "ff fb 2c ff fd 00", "ff fa 2c 01 00 01 c2 00 ff f0", "41 ff ff 42"]
        var session = RFC2217Session()
        for round in 0..<5000 {
            let bytes = random.mutated(hex(seeds[round % seeds.count]))
            for event in session.received(bytes) {
                if case .reply(let reply) = event { #expect(reply.count <= 600) }
            }
        }
        var fresh = RFC2217Session()
        let endless = hex("ff fa 2c 0b") + [UInt8](repeating: 7, count: 100_000) + hex("ff f0")
        #expect(fresh.received(endless) == [.reply(hex("ff fa 2c 6f 07 ff f0"))])
    }
}
