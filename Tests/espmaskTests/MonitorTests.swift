// `espmask monitor` at ports that say what a test wants: what is kept, what is shown, how it goes on when a line breaks,
// and how it ends.

import DeviceBridge
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Watching a port")
struct MonitorTests {
    private static func watch(
        _ port: TalkingPort, _ arguments: [String], in folder: ScratchFolder
    ) async throws -> Peers.Outcome {
        try await BuiltProgram.run(["monitor", "--port", port.url] + arguments, in: folder.path)
    }

    private static let banner = "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"

    @Test("The log has every byte as it came, the screen nothing that a terminal obeys, the table the predictions")
    func files() async throws {
        let folder = try ScratchFolder()
        let said: [[UInt8]] = [
            Array("\u{1B}]0;owned\u{07}\u{1B}[2J\u{1B}[31mI (5) app: up\u{1B}[0m\r\n".utf8), [0, 0xFF, 0x9B, 0x0A],
            Array("0.10,0.20,0.30,0.40,\r\npredicted: 0.25\r\nespmask: n=1 out=3e800000 us=812\r\n".utf8),
            Array("1,2,3,4,\r\npredicted: 0.10,0.90\r\nespmask: n=2 out=3dcccccd,3f666666 us=7\r\n".utf8),
            Array("predicted: nan\r\nend\r\nbehind".utf8),
        ]
        let port = try TalkingPort([.init(pieces: said)])
        let result = try await Self.watch(
            port, ["--log", "raw.log", "--csv", "table.csv", "--until", "end", "--labels", "mask,no_mask"], in: folder)
        #expect(result.status == 6, "\(result.errors)")
        let kept = try Peers.contents(of: folder.path.appending("raw.log"))
        #expect(said.joined().starts(with: kept) && kept.count >= said.dropLast().joined().count)
        let table = String(decoding: try Peers.contents(of: folder.path.appending("table.csv")), as: UTF8.self)
        #expect(
            table == """
                index,value,label,us,bits
                0,0.25,mask,812,3e800000
                1,0.10 0.90,no_mask,7,3dcccccd 3f666666
                2,nan,,,

                """)
        let shown = result.output + result.errors
        #expect(shown.contains("I (5) app: up\n") && !shown.contains("owned"))
        #expect(
            shown.unicodeScalars.allSatisfy { $0 == "\n" || !($0.value < 0x20 || (0x7F..<0xA0).contains($0.value)) })
        #expect(!shown.contains("behind"))
        // Nobody heard the start, and this port cannot reset the board.
        #expect(result.errors.contains("was not heard: reset the board by hand"))
    }

    @Test("A line that breaks is opened again, and the predictions go on being counted")
    func reconnects() async throws {
        let folder = try ScratchFolder()
        let port = try TalkingPort([
            .init(pieces: [Array((Self.banner + "predicted: 0.1\r\npredicted: 0.").utf8)]),
            .init(pieces: [Array("9\r\npredicted: 0.3\r\n".utf8)]),
            .init(pieces: [Array("predicted: 0.4\r\nnext\r\n".utf8)], lingers: .seconds(20)),
        ])
        let result = try await Self.watch(port, ["--json", "--until", "next", "--timeout", "20"], in: folder)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        let tokens = result.output.split(separator: "\n").filter { $0.contains("\"event\":\"inference\"") }.map {
            line in
            let rest = line.split(separator: "\"token\":\"", omittingEmptySubsequences: false).last ?? ""
            return String(rest.prefix { $0 != "\"" })
        }
        // What the break cut in two is no prediction.
        #expect(tokens == ["0.1", "0.3", "0.4"])
        #expect(result.output.split(separator: "\n").count { $0.contains("\"code\":\"connection-lost\"") } == 2)
        #expect(result.output.split(separator: "\n").count { $0.contains("\"code\":\"connected\"") } == 2)
    }

    @Test("A line that breaks where that is not wanted, or that never was, is a failure with its code")
    func givesUp() async throws {
        let folder = try ScratchFolder()
        let port = try TalkingPort([.init(pieces: [Array("predicted: 0.1\r\n".utf8)])])
        let broken = try await Self.watch(port, ["--no-reconnect", "--json", "--timeout", "20"], in: folder)
        #expect(broken.status == 4 && broken.output.contains("connection-lost"), "\(broken.output)")
        #expect(broken.output.contains("\"token\":\"0.1\""), "what came before is lost")
        let absent = try await BuiltProgram.run(
            ["monitor", "--port", "socket://127.0.0.1:1", "--json", "--timeout", "20"], in: folder.path)
        #expect(absent.status == 3 && absent.output.contains("port-not-found"), "\(absent.output)")
    }

    @Test("The end by a goal is 0, by the time alone 0, by the time before a goal 124")
    func ends() async throws {
        let folder = try ScratchFolder()
        let script = TalkingPort.Script(
            pieces: [Array("hello\r\npredicted: 0.5\r\nbye\r\n".utf8)], lingers: .seconds(20))
        for (arguments, status) in [
            (["--until", "count=1"], 0), (["--until", "^bye$"], 0), (["--timeout", "0.3"], 0),
            (["--until", "count=2", "--timeout", "0.3"], 124), (["--until", "never", "--timeout", "0.3"], 124),
            (["--until", "count=x"], 2), (["--until", "("], 2), (["--filter", "x"], 2), (["--timeout", "0"], 2),
        ] {
            let port = try TalkingPort([script])
            let result = try await Self.watch(port, arguments, in: folder)
            #expect(result.status == status, "\(arguments): \(result.errors)")
        }
    }

    @Test("Ctrl-C ends with 130 and leaves whole files behind", arguments: [SIGINT, SIGTERM])
    func interrupted(signal: Int32) async throws {
        let folder = try ScratchFolder()
        let port = try TalkingPort([
            .init(pieces: [Array("predicted: 0.5\r\nwaiting\r\n".utf8)], lingers: .seconds(30))
        ])
        let program = try BuiltProgram.start(
            ["monitor", "--port", port.url, "--log", "raw.log", "--csv", "table.csv"], in: folder.path)
        #expect(program.line() == "predicted: 0.5")
        #expect(program.line() == "waiting")
        #expect(program.end(signal) == 128 + Int(signal))
        #expect(
            String(decoding: try Peers.contents(of: folder.path.appending("raw.log")), as: UTF8.self)
                == "predicted: 0.5\r\nwaiting\r\n")
        #expect(
            String(decoding: try Peers.contents(of: folder.path.appending("table.csv")), as: UTF8.self)
                == "index,value,label,us,bits\n0,0.5,,,\n")
    }

    @Test("Filters by tag and level hide log lines and nothing else, and stamps tell the time")
    func filters() async throws {
        let folder = try ScratchFolder()
        let said = "I (1) wifi: a\r\nE (2) wifi: b\r\nD (3) cam: c\r\nplain\r\n[  4][I][x.cpp:5] f(): d\r\nend\r\n"
        let port = try TalkingPort([.init(pieces: [Array(said.utf8)], lingers: .seconds(20))])
        let result = try await Self.watch(
            port, ["--filter", "*:W", "--filter", "cam:D", "--timestamps", "--until", "end"], in: folder)
        #expect(result.status == 0)
        let lines = result.output.split(separator: "\n").map { $0.drop { $0 != "]" }.dropFirst(2) }
        #expect(lines == ["E (2) wifi: b", "D (3) cam: c", "plain", "end"], "\(result.output)")
        #expect(result.output.split(separator: "\n").allSatisfy { $0.hasPrefix("[0.") || $0.hasPrefix("[1") })
    }

    @Test("Nothing is lost of what comes faster than any board can send, and other rates are recognised")
    func sustained() async throws {
        let folder = try ScratchFolder()
        var text = Self.banner
        for index in 0..<20_000 {
            text +=
                "I (\(index)) app: frame \(index) took \(index % 97) us\r\n0.11,-0.22,0.33,0.44,\r\npredicted: 0.\(index % 100 + 100)\r\n"
        }
        let bytes = Array((text + "end\r\n").utf8)
        let port = try TalkingPort([.init(pieces: [bytes], lingers: .seconds(60))])
        let result = try await Self.watch(port, ["--log", "raw.log", "--csv", "t.csv", "--until", "^end$"], in: folder)
        #expect(result.status == 0, "\(result.errors.suffix(500))")
        #expect(try Peers.contents(of: folder.path.appending("raw.log")) == bytes)
        let rows = try Peers.contents(of: folder.path.appending("t.csv")).count { $0 == 0x0A }
        #expect(rows == 20_001)

        // Every byte above ASCII, in an order that makes no character.
        let noise = (0..<600).map { UInt8(0x80 + $0 * 77 % 64) }
        let noisy = try TalkingPort([.init(pieces: [noise], lingers: .seconds(20))])
        let heard = try await Self.watch(noisy, ["--timeout", "0.5"], in: folder)
        #expect(heard.errors.contains("another rate than 115200 baud"))
    }
}
