// From lines to named causes: every code, every host's decoration, every cutting.

import DeviceBridge
import SystemPackage
import TestSupport
import Testing

@Suite("Diagnoses")
struct DiagnosisTests {
    @Test("Each wording comes to its cause, with the facts in it", arguments: DiagnosisCase.all)
    func wordings(sample: DiagnosisCase) {
        let found = monitor(Array(sample.lines.joined(separator: "\r\n").utf8)).diagnoses
        let first = found.first
        #expect(first?.code == sample.code, "\(found.map(\.code))")
        #expect(first?.severity == sample.severity)
        for (key, value) in sample.details {
            #expect(first?.details[key] == value, "\(key) in \(first?.details ?? [:])")
        }
        #expect(first?.hint.isEmpty == false)
        #expect(first?.evidence.isEmpty == false)
    }

    @Test("Every code of the list is made from something, except that one which only accompanies another")
    func everyCode() {
        let covered = Set(
            DiagnosisCase.all.flatMap { monitor(Array($0.lines.joined(separator: "\n").utf8)).diagnoses.map(\.code) })
        #expect(Set(DiagnosisCode.allCases).subtracting(covered) == [])
    }

    @Test("No two causes are given the same advice")
    func hintsDiffer() {
        var codes: [String: Set<DiagnosisCode>] = [:]
        for sample in DiagnosisCase.all {
            guard let first = monitor(Array(sample.lines.joined(separator: "\n").utf8)).diagnoses.first else {
                continue
            }
            codes[first.hint, default: []].insert(first.code)
        }
        #expect(codes.values.filter { $0.count > 1 }.isEmpty)
    }

    private static let decorations: [(String, @Sendable (Int, String) -> String)] = [
        ("Arduino's clock", { "12:00:\(10 + $0 % 50).\(100 + $0) -> " + $1 }),
        ("PlatformIO's clock", { "12:00:\(10 + $0 % 50).\(100 + $0) > " + $1 }),
        ("ESPHome's clock", { "[12:00:\(10 + $0 % 50)]" + $1 }),
        ("quotes", { "> " + $1 }),
        ("colours", { "\u{1B}[0;31m" + $1 + "\u{1B}[0m" }),
        ("colours as pictures", { "\u{241B}[0;31m" + $1 + "\u{241B}[0m" }),
        ("written line ends", { _, line in line + "<CR><LF>" }),
        ("indentation", { "    [12:00:\(10 + $0 % 50)]" + $1 }),
    ]

    @Test("What hosts do to a log changes nothing", arguments: decorations.map(\.0))
    func decorated(name: String) throws {
        let decorate = try #require(Self.decorations.first { $0.0 == name }?.1)
        for sample in DiagnosisCase.all {
            let lines = sample.lines.enumerated().map { decorate($0.offset, $0.element) }
            let first = monitor(Array(lines.joined(separator: "\n").utf8)).diagnoses.first
            #expect(first?.code == sample.code, "\(sample.lines)")
            for (key, value) in sample.details { #expect(first?.details[key] == value, "\(key) of \(sample.lines)") }
        }
    }

    @Test("Lines that are cut at 80 columns still name the cause")
    func cutAtColumns() {
        for sample in DiagnosisCase.arena + DiagnosisCase.model.prefix(6) {
            let lines = sample.lines.map { String($0.prefix(79)) }
            #expect(monitor(Array(lines.joined(separator: "\n").utf8)).diagnoses.first?.code == sample.code, "\(lines)")
        }
    }

    @Test("The same events, whole, byte by byte and in threes")
    func cuttings() {
        let all =
            DiagnosisCase.all.map { $0.lines.joined(separator: "\r\n") } + DiagnosisCase.healthy
            + [SampleLog.xtensaPanic, SampleLog.riscvPanic]
        for log in all + [all.joined(separator: "\r\n")] {
            let bytes = Array(log.utf8)
            let whole = monitor(bytes)
            for pieces in [1, 3] {
                let cut = monitor(bytes, pieces: pieces)
                #expect(cut.events == whole.events)
                #expect(cut.diagnoses == whole.diagnoses)
            }
        }
    }

    @Test("A healthy log has no diagnosis of severity error", arguments: DiagnosisCase.healthy)
    func healthy(log: String) {
        let found = monitor(Array(log.utf8)).diagnoses
        #expect(!found.contains { $0.severity == .error }, "\(found.map(\.code))")
    }

    @Test("Two logs one after the other: the first's causes are found in both places")
    func glued() {
        let log = Array(
            (SampleLog.banner
                + "\nFailed to resize buffer. Requested: 128, available 64, missing: 64\nAllocateTensors() failed\n")
                .utf8)
        let once = monitor(log), twice = monitor(log + log)
        #expect(once.diagnoses.map(\.code) == [.arenaTooSmall])
        #expect(twice.diagnoses.map(\.code) == [.arenaTooSmall])
        #expect(twice.diagnoses.first?.occurrences == 2)
    }

    @Test("Random bytes, and random bytes among known words, never trap")
    func random() {
        var random = SystemRandomNumberGenerator()
        let words = DiagnosisCase.all.flatMap(\.lines) + SampleLog.xtensaPanic.split(separator: "\n").map(String.init)
        for round in 0..<60 {
            var bytes: [UInt8] = []
            for _ in 0..<60 {
                if Bool.random(using: &random), let word = words.randomElement(using: &random) {
                    bytes += word.utf8.shuffledPart(using: &random)
                }
                bytes += (0..<Int.random(in: 0...40)).map { _ in UInt8.random(in: 0...255) }
            }
            let whole = monitor(bytes), cut = monitor(bytes, pieces: 1 + round % 5)
            #expect(whole.events == cut.events)
        }
    }

    @Test("Numbers beyond all bounds are read as words or not at all")
    func hugeNumbers() {
        for huge in [
            "99999999999999999999999", "-99999999999999999999", "18446744073709551615", "4294967296",
            "9223372036854775807", "-9223372036854775808",
        ] {
            let lines = [
                "Failed to resize buffer. Requested: \(huge), available \(huge), missing: \(huge)",
                "region `dram0_0_seg' overflowed by \(huge) bytes",
                "espmask: error=arena-too-small needed=\(huge) available=-\(huge) missing=\(huge)",
                "espmask: arena=\(huge) used=\(huge)",
                "predicted: \(huge)", "rst:0xffffffff (X),boot:0xffffffff (Y)",
                "Global variables use 1 bytes (1%) of dynamic memory, leaving \(huge) bytes",
                "Sketch uses \(huge) bytes (101%) of program storage space. Maximum is -\(huge) bytes.",
                "Model provided is schema version \(huge) not equal to supported version 3",
                "x_value: 1.0*2^\(huge), y_value: 1*2^99999", "I (\(huge)) tag: x", "\(huge):\(huge):\(huge) -> x",
            ]
            for line in lines { _ = monitor(line) }
            _ = monitor(Array(lines.joined(separator: "\n").utf8))
        }
    }

    @Test("While a board runs, a cause is spoken of once, after the lines that may explain it, root cause first")
    func live() {
        var machine = MonitorMachine()
        var events = machine.received(Array("AllocateTensors() failed\n".utf8), at: 0)
        #expect(events.announced.isEmpty)
        events = machine.received(
            Array("Failed to resize buffer. Requested: 128, available 64, missing: 64\npredicted: nan\n".utf8), at: 10)
        #expect(events.announced.isEmpty)
        events = machine.timePassed(to: 1_000_000_000)
        #expect(events.announced == ["arena-too-small", "nan-output"])
        events =
            machine.received(Array("predicted: nan\npredicted: nan\n".utf8), at: 2_000_000_000)
            + machine.timePassed(to: 4_000_000_000)
        #expect(events.announced.isEmpty)
        // Another size is another story.
        events = machine.received(
            Array("Failed to resize buffer. Requested: 120, available 64, missing: 56\n".utf8), at: 5_000_000_000)
        events += machine.timePassed(to: 6_000_000_000)
        #expect(events.announced == ["arena-too-small"])
    }

    @Test("A long session costs no more than a short one")
    func bounded() {
        var machine = MonitorMachine()
        let restart = SampleLog.banner.replacing("0x1 (POWERON", with: "0xc (SW_CPU")
        for round in 0..<500 {
            let log = "\(SampleLog.xtensaPanic)\n\(restart)\npredicted: 0.\(round)\n"
            _ = machine.received(Array(log.utf8), at: UInt64(round) * 1_000_000_000)
        }
        _ = machine.finished()
        #expect(machine.diagnoses.map(\.code) == [.panic])
        #expect(machine.diagnoses.first?.occurrences == 500)
        #expect((machine.diagnoses.first?.evidence.count ?? 9) <= 6)
    }

    private static let truth = Peers.shared("data/logs/dev/truth.tsv")

    @Test(
        "The labelled logs of the shared data are explained as their labels say",
        .enabled(if: truth != nil, "no ../shared/data/logs beside this checkout"))
    func labelledLogs() throws {
        let table = try #require(Self.truth)
        for row in String(decoding: try Peers.contents(of: table), as: UTF8.self).split(separator: "\n").dropFirst() {
            let columns = row.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            let log = try Peers.contents(of: table.removingLastComponent().appending(columns[0]))
            let found = monitor(log).diagnoses
            let acceptable = [columns[1]] + columns[2].split(separator: ",").map(String.init)
            let first =
                columns[1] == "none" && !found.contains { $0.severity == .error } ? "none" : found.first?.code.rawValue
            #expect(acceptable.contains(first ?? "none"), "\(columns[0])")
            for code in columns[3].split(separator: ",") {
                #expect(found.contains { $0.code.rawValue == code }, "\(columns[0])")
            }
        }
    }
}

extension String.UTF8View {
    /// Some of it, beginning anywhere.
    fileprivate func shuffledPart(using random: inout SystemRandomNumberGenerator) -> [UInt8] {
        let bytes = Array(self)
        guard bytes.count > 2 else { return bytes }
        let start = Int.random(in: 0..<bytes.count / 2, using: &random)
        return Array(bytes[start..<Int.random(in: start...bytes.count, using: &random)])
    }
}
