// Bytes to lines: endings, cuttings, prefixes, escapes, garbage.

import DeviceBridge
import TestSupport
import Testing

@Suite("Lines of a board's output")
struct LineTests {
    private static func lines(_ bytes: [UInt8], _ cutting: Cutting = .whole) -> [String] {
        var merger = LineMerger()
        var raw = cutting.pieces(of: bytes).flatMap { merger.received($0) }
        if let last = merger.finished() { raw.append(last) }
        return raw.map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    @Test(
        "Every way of ending a line gives the same lines, however the bytes are cut",
        arguments: [
            ("a\nb\n", ["a", "b"]), ("a\r\nb\r\n", ["a", "b"]), ("a\r\r\nb", ["a", "b"]), ("a\rb\n", ["a", "b"]),
            ("a\n\rb\n\r", ["a", "b"]), ("a\n\nb", ["a", "", "b"]), ("a\r\n\r\nb", ["a", "", "b"]), ("a", ["a"]),
            ("", []), ("\n", [""]), ("\r", []), ("10%\r20%\r30%\n", ["10%", "20%", "30%"]),
        ])
    func endings(text: String, expected: [String]) {
        for cutting in Cutting.allCases { #expect(Self.lines(Array(text.utf8), cutting) == expected) }
    }

    @Test("An endless line comes out in bounded pieces that lose nothing")
    func endlessLine() {
        let bytes = [UInt8](repeating: 0x41, count: 3_000_000)
        var merger = LineMerger()
        var raw = merger.received(bytes)
        if let last = merger.finished() { raw.append(last) }
        #expect(raw.allSatisfy { $0.bytes.count <= LineMerger.longest && $0.number == 1 })
        #expect(raw.map(\.bytes.count).reduce(0, +) == bytes.count)
        #expect(monitor(bytes).events.lines.joined().utf8.count == bytes.count)
    }

    @Test("Lines are numbered as an editor numbers them")
    func numbers() {
        var merger = LineMerger()
        #expect(merger.received(Array("a\r\nb\rc\n\nd\n".utf8)).map(\.number) == [1, 2, 2, 3, 4])
    }

    @Test(
        "Nothing that a terminal would obey is left of a line",
        arguments: [
            ("\u{1B}[0;32mI (29) boot: up\u{1B}[0m", "I (29) boot: up"),
            ("\u{241B}[0;31mE (1) a: b\u{241B}[0m", "E (1) a: b"),
            ("e[0;32mI (29) boot: upe[0m", "I (29) boot: up"),
            ("\\033[0;33mW (2) x: y\\033[0m", "W (2) x: y"),
            ("^[[0;33mW (2) x: y^[[0m", "W (2) x: y"),
            ("[0;32mI (29) boot: up[0m", "I (29) boot: up"),
            ("\u{1B}]0;owned\u{07}text", "text"),
            ("\u{1B}]8;;http://x\u{1B}\\link\u{1B}]8;;\u{1B}\\", "link"),
            ("\u{1B}[2J\u{1B}[1;1Hclear", "clear"), ("\u{9B}31mred", "red"), ("a\u{08}b\u{07}\u{00}c", "abc"),
            ("bidi\u{202E}x", "bidix"), ("[D][tag:10]: x", "[D][tag:10]: x"), ("[10m] walk", "[10m] walk"),
            ("value[3]", "value[3]"), ("done<CR><LF>", "done"), ("done\\r\\n", "done"), ("\u{1B}", ""), ("\u{1B}[", ""),
            ("a\tb", "a\tb"),
        ])
    func escapes(text: String, expected: String) {
        #expect(PlainText.of(text) == expected)
    }

    @Test("Random bytes become plain text and trap nothing")
    func randomBytes() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let bytes = (0..<400).map { _ in
                Bool.random(using: &random)
                    ? UInt8.random(in: 0...255) : Array("\u{1B}[0;m]\\x<>".utf8).randomElement() ?? 0
            }
            let text = PlainText.of(bytes)
            let controls = text.unicodeScalars.filter {
                $0.value != 9 && ($0.value < 32 || (127..<160).contains($0.value))
            }
            #expect(controls.isEmpty)
        }
    }

    @Test(
        "What a host adds before a line is taken off, and its clock is read",
        arguments: [
            ("19:16:33.281 -> hello", "hello", 69_393_281), ("19:16:33.281 ->", "", 69_393_281),
            ("21:49:50.090 > hello", "hello", 78_590_090), ("[12:58:51]hello", "hello", 46_731_000),
            ("[12:58:51.123][D][tag:1]: hello", "[D][tag:1]: hello", 46_731_123),
            ("2:58:51 no time", "2:58:51 no time", nil), ("15:03:14.017][D][a:1]: x", "[D][a:1]: x", 54_194_017),
            ("    [04:01:19]A6      : 0x3ffc6d44", "A6      : 0x3ffc6d44", 14_479_000),
            ("> predicted: 0.1", "predicted: 0.1", nil), ("> 10:00:00.000 -> x", "x", 36_000_000),
            ("2024-05-01 10:00:00 x", "x", 36_000_000), ("[2024-05-01 10:00:00.5] x", "[2024-05-01 10:00:00.5] x", nil),
            ("2024-05-01T10:00:00.500 x", "x", 36_000_500), ("\t > Person score: 149", "Person score: 149", nil),
            ("99:99:99.999 -> x", "99:99:99.999 -> x", nil), ("12:30:45", "12:30:45", nil),
            (">>> import x", "import x", nil),
        ] as [(String, String, Int?)])
    func prefixes(line: String, text: String, milliseconds: Int?) {
        let events = monitor(line).events
        guard case .line(let found)? = events.first else {
            Issue.record("no line")
            return
        }
        #expect(found.text == text)
        #expect(found.hostMilliseconds == milliseconds)
    }

    @Test(
        "Level, tag and the board's clock are read from a log line",
        arguments: [
            ("I (1234) wifi: up", "I", "wifi", 1234), ("E spi_flash: bad", "E", "spi_flash", nil),
            ("W (12:00:01.123) app: x", "W", "app", nil), ("[   464][I][main.cpp:96] setup(): x", "I", "main.cpp", 464),
            ("[D][sensor:094]: x", "D", "sensor", nil),
        ] as [(String, String, String, Int?)])
    func logHeaders(line: String, level: String, tag: String, milliseconds: Int?) {
        guard case .line(let found)? = monitor(line).events.first, let log = found.log else {
            Issue.record("no log line")
            return
        }
        #expect(log.level.rawValue == level.utf8.first)
        #expect(log.tag == tag)
        #expect(log.milliseconds == milliseconds)
    }

    @Test("Ordinary text is no log line", arguments: ["I am here: look", "predicted: 0.4", "[x] y", "E", ""])
    func noLogHeader(line: String) {
        guard case .line(let found)? = monitor(line).events.first else { return }
        #expect(found.log == nil)
    }

    @Test("A reset in the middle of a line begins a new one of the same number")
    func cutLines() {
        let events = monitor("0.12,0.3ets Jul 29 2019 12:21:46", "", "rst:0xc (SW_CPU_RESET),boot:0x13 (X)").events
        #expect(events.lines.prefix(2) == ["0.12,0.3", "ets Jul 29 2019 12:21:46"])
        guard case .line(let first)? = events.first else { return }
        #expect(first.isCutShort)
    }
}
