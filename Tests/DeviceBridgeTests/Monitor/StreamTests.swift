// What holds for any stream: nothing that comes depends on how it was cut or on whether lines are told, no control
// character comes through, memory stays bounded, and an end in the middle of a line means nothing.

import DeviceBridge
import TestSupport
import Testing

@Suite("Streams of any kind")
struct StreamTests {
    /// Pieces that parsers look for, whole and broken, and bytes that mean nothing.
    private static let pieces: [[UInt8]] = [
        "predicted: 0.47", "prediction: nan", "0.1,-0.2,0.3,nan,", "-0.39,0.12,0.98,1.00,",
        "espmask: n=1 out=3ef0a3d7 us=8",
        "predicted: 0.47\r\nespmask: n=1 out=3ef0a3d7 us=812\r\nespmask: ready\r\n", "prediction: -1.50\r\n",
        "predicted: 12345678901234567.5\n", "157,50,3,0,", "12.5,-.5,1e3,0.25,7\n",
        "espmask: ready", "espmask: error=arena-too-small needed=1300 available=600",
        "rst:0x1 (POWERON_RESET),boot:0x13 (X)",
        "rst:0xc (SW_CPU_RESET)", "ets Jul 29 2019 12:21:46",
        "Guru Meditation Error: Core  1 panic'ed (LoadProhibited)",
        "Core  1 register dump:", "PC      : 0x400d1234  PS      : 0x00060630  A0      : 0x800d5678",
        "Backtrace: 0x400d1231:0x3ffb2230",
        "ELF file SHA256: 8f3a9c01d2e4b576", "Rebooting...", "abort() was called at PC 0x400d1234 on core 0",
        "assert failed: x y.c:1 (z)", "Requested: 99999999999999999999, available -1, missing: 4294967295",
        "Failed to resize buffer. Requested: 128, available 64, missing: 64",
        "region `dram0_0_seg' overflowed by 12 bytes",
        "undefined reference to `", "Image length 99999999999 doesn't fit", "invalid header: 0xffffffff",
        "Person score: 149",
        "Not person score: 1", "Predictions (DSP: 1 ms.):", "    no mask: 0.00391",
        "x_value: 1.5*2^-2, y_value: 0.1*2^-9",
        "onDataCallback(0x3ffe3a84, 100)157,50,", "12:30:11.001 -> ", "[12:58:51]", "2024-05-01T10:00:00.500 ", "> ",
        "--- ",
        "I (29) boot: ", "[   464][I][main.cpp:96] setup(): ", "\u{1B}[0;32m", "\u{1B}[0m", "\u{1B}]0;owned\u{07}",
        "\u{1B}[2J",
        "e[0;31m", "\\033[0m", "<CR><LF>", "\u{9B}31m", "\u{202E}", "\u{FEFF}", "\r", "\r\n", "\r\r\n", "\n", "\n\r",
        " ",
        "        ", "\t", ",", "0x", ":", "-", "nan", "inf", "ovf",
    ].map { Array($0.utf8) }

    private static func stream(_ random: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 1...120, using: &random) {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<6: bytes += pieces.randomElement(using: &random) ?? []
            case 6: bytes += (pieces.randomElement(using: &random) ?? []).prefix(Int.random(in: 0...20, using: &random))
            case 7: bytes += (0..<8).map { _ in UInt8.random(in: 0...255, using: &random) }
            case 8: bytes += [UInt8](repeating: UInt8.random(in: 0...255, using: &random), count: 300)
            case _: bytes += [0x0D, 0x0A]
            }
        }
        return bytes
    }

    @Test("Random streams of what parsers look for give the same events however they are cut, and no controls")
    func randomStreams() {
        let seed = Peers.seed(named: "ESPMASK_SEED", upTo: 1 << 30)
        var random = SeededGenerator(seed: UInt64(seed))
        for round in 0..<400 {
            let bytes = Self.stream(&random)
            let whole = monitor(bytes)
            let place: Comment = "ESPMASK_SEED=\(seed), round \(round)"
            for size in [1, 7, 64] { #expect(monitor(bytes, pieces: size).events == whole.events, place) }
            let quiet = monitor(bytes, MonitorConfiguration(tellsLines: false))
            #expect(quiet.diagnoses == whole.diagnoses, place)
            let told = whole.events.filter { event in
                switch event {
                case .line, .sketch: false
                case .partial, .boot, .inference, .panic, .diagnosis: true
                }
            }
            #expect(quiet.events == told, place)
            for line in whole.events.lines { #expect(Self.isPlain(line), place) }
            for diagnosis in whole.diagnoses {
                #expect(Self.isPlain(diagnosis.hint), place)
                #expect(diagnosis.evidence.allSatisfy { Self.isPlain($0.text) }, place)
            }
            for inference in whole.events.inferences { #expect(inference.tokens.allSatisfy(Self.isPlain), place) }
        }
    }

    private static func isPlain(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { $0 == "\t" || !($0.value < 0x20 || (0x7F..<0xA0).contains($0.value)) }
    }

    @Test("Broken UTF-8 is repaired as the standard library repairs it, and what is plain stays")
    func repair() {
        var random = SeededGenerator(seed: UInt64(Peers.seed(named: "ESPMASK_SEED", upTo: 1 << 30)))
        let bytes: [UInt8] = [
            0x61, 0x20, 0x5A, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC3, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE,
            0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
        ]
        for _ in 0..<1000 {
            let line = (0..<12).map { _ in bytes.randomElement(using: &random) ?? 0 }
            let repaired = String(decoding: line, as: UTF8.self).unicodeScalars.filter {
                switch $0.value {
                case 0x80..<0xA0, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF: false
                case _: true
                }
            }
            #expect(PlainText.of(line) == String(String.UnicodeScalarView(repaired)), "\(line)")
        }
    }

    @Test(
        "Whatever a terminal would obey is gone, and the rest of the line stays",
        arguments: [
            ("a\u{1B}[31mb\u{1B}[0mc", "abc"), ("a\u{1B}]0;title\u{07}b", "ab"), ("a\u{1B}]8;;http://x\u{1B}\\b", "ab"),
            ("a\u{1B}[2J\u{1B}[Hb", "ab"), ("a\u{1B}P1$r\u{1B}\\b", "ab"), ("a\u{1B}cb", "ab"), ("a\u{9B}31mb", "ab"),
            ("a\u{241B}[0;32mb", "ab"), ("a\\033[0;32mb", "ab"), ("a^[[0mb", "ab"), ("a\u{7}\u{8}\u{0}b", "ab"),
            ("a\u{202E}b\u{200F}", "ab"), ("\u{FEFF}ab", "ab"), ("ab<CR><LF>", "ab"), ("ab\\r\\n", "ab"),
            ("ab\u{240D}\u{240A}", "ab"), ("a\u{1B}", "a"), ("a\u{1B}[", "a"), ("a\u{1B}[31", "a"),
            ("e[0;31mE (5) x: fine e[0m", "E (5) x: fine "), ("table[0] = [12;34]", "table[0] = [12;34]"),
            ("arr[3m] [1m", "arr[3m] "), ("\u{1B}[38;5;196mred\u{1B}[m", "red"), ("21 \u{B0}C", "21 \u{B0}C"),
        ])
    func obeyed(line: String, plain: String) {
        #expect(PlainText.of(line) == plain)
        #expect(monitor(Array(line.utf8)).events.lines == [plain])
    }

    @Test(
        "A hundred megabytes without a line's end, and some of any byte, cost no more than a piece of them",
        arguments: [(0x00, 100), (0x41, 8), (0x1B, 8), (0xFF, 8), (0x2C, 8), (0x30, 8)])
    func endless(byte: UInt8, megabytes: Int) {
        var machine = MonitorMachine(MonitorConfiguration(tellsLines: false))
        let piece = [UInt8](repeating: byte, count: 1 << 20)
        for _ in 0..<megabytes {
            let events = machine.received(piece, at: 1)
            #expect(events.count < 64)
        }
        _ = machine.finished()
        #expect(machine.lineCount == 1)
    }

    @Test("Lines made to keep rules and parsers busy take time in proportion to their length")
    func busyLines() {
        let clock = ContinuousClock()
        for text in [
            "undefined reference to '", "rst:0x", "Flash: [", "0x0: ", "predicted:", "register dump:", " > ",
            "Backtrace:",
        ] {
            let line = Array(String(repeating: text, count: 200_000 / text.utf8.count).utf8) + [0x0A]
            var slowest = Duration.zero
            slowest = max(slowest, clock.measure { _ = monitor(line) })
            // A few milliseconds on any machine; quadratic work would take minutes.
            #expect(slowest < .seconds(20), "\(text): \(slowest)")
        }
    }

    @Test("A stream that is cut off in the middle of a line says nothing by that line")
    func cutOff() {
        for end in ["predicted: 0.4", "invalid header: 0xfffff", "rst:0xc (SW_CPU_RE"] {
            var machine = MonitorMachine()
            var events = machine.received(Array("I (1) app: up\r\n\(end)".utf8), at: 1)
            events += machine.finished(isCutOff: true)
            #expect(events.lines == ["I (1) app: up", end])
            #expect(events.inferences.isEmpty && events.boots.isEmpty && machine.diagnoses.isEmpty)
        }
    }

    @Test("A finding that becomes graver is told again, a repeated one is not")
    func graver() {
        let restart = "rst:0xc (SW_CPU_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\nstarting\r\n"
        let events = monitor(Array(String(repeating: restart, count: 12).utf8)).events
        let told: [Diagnosis] = events.compactMap { if case .diagnosis(let found) = $0 { found } else { nil } }
        #expect(told.filter { $0.code == .rebootLoop }.map(\.severity) == [.warning, .error])
    }

    @Test("The raw bits decide the class where two decimals cannot")
    func exactLabels() {
        let configuration = MonitorConfiguration(labels: ["mask", "no_mask"])
        let events = monitor(
            "predicted: 0.50", "espmask: n=1 out=3effffff us=9", "predicted: 0.50", "espmask: n=2 out=3f000000 us=9",
            configuration: configuration
        ).events
        #expect(events.inferences.map(\.label) == ["mask", "no_mask"])
    }

    @Test(
        "Inputs go into JSON as they were printed, where JSON takes them so",
        arguments: [
            ("0.10,-0.20,3,4.5,", "[0.10,-0.20,3,4.5]"), (".5,+0.5,5.,00.25,", "[0.5,0.5,5.0,0.25]"),
            ("nan,1,ovf,-inf", "[null,1,null,null]"), (" 1 , 2 ,3,4", "[1,2,3,4]"), ("1e2,2,3,4,", "[100.0,2,3,4]"),
        ])
    func inputs(dump: String, json: String) throws {
        let event = try #require(monitor(dump, "predicted: 0.5").events.inferences.first)
        var bytes: [UInt8] = []
        #expect(event.writeInputsAsJSON(to: &bytes))
        #expect(String(decoding: bytes, as: UTF8.self) == json)
    }

    @Test("Bytes of another baud rate are noticed once; text in any language is not")
    func noise() {
        var random = SeededGenerator(seed: 5)
        var noise = LineNoise()
        let garbage = (0..<400).map { _ in UInt8.random(in: 0...255, using: &random) | 0x80 }
        let (first, second) = (noise.take(garbage), noise.take(garbage))
        #expect(first && !second)
        for text in [
            "Temperatur außen: 3 °C\r\n", "温度传感器已启动\n", "Маска: да\n", "\u{1B}[0;32mI (29) boot: up\u{1B}[0m\r\n",
        ] {
            var noise = LineNoise()
            let isNoise = noise.take(Array(String(repeating: text, count: 40).utf8))
            #expect(!isNoise)
        }
        var burst = LineNoise()
        let isNoise = burst.take(
            Array(garbage.prefix(24)) + Array(String(repeating: "predicted: 0.5\r\n", count: 20).utf8))
        #expect(!isNoise)
    }
}
