// The live table before a small terminal: what stands there after each frame, also when the window changes its width.

import HIL
import Testing

@Suite("The live table")
struct LiveTableTests {
    private static let names = ["mask model on a DevKitC", "faces", "noise"]

    private static func passed(_ name: String) -> TestRecord {
        TestRecord(
            name: name, file: "f", port: "virtual:#1", verdict: .passed, seconds: 2,
            attempts: [AttemptRecord(port: "virtual:#1", passed: true, seconds: 2, steps: [], log: [])])
    }

    @Test("shows each running test with its board, its time and its step, and the counts")
    func running() {
        var table = LiveTable(names: Self.names, colour: false)
        var terminal = Terminal(width: 100)
        table.take(.began(test: 0, port: "virtual:#1", attempt: 1), at: 0)
        table.take(.began(test: 1, port: "virtual:#2", attempt: 2), at: 1)
        table.take(.step(test: 0, title: "expect: 'predicting...'", line: 12), at: 2)
        terminal.write(table.frame(columns: 100, at: 4.05))
        #expect(
            terminal.text == [
                "⠹ mask model on a DevKitC    4 s  virtual:#1  12: expect: 'predicting...'",
                "⠹ faces                      3 s  virtual:#2 (attempt 2)  ",
                "  0 of 3 · 4 s",
            ])
    }

    @Test("leaves a line for each test that ended, and nothing of the rows")
    func ending() {
        var table = LiveTable(names: Self.names, colour: false)
        var terminal = Terminal(width: 80)
        table.take(.began(test: 0, port: "virtual:#1", attempt: 1), at: 0)
        terminal.write(table.frame(columns: 80, at: 0))
        table.take(.ended(test: 0, record: Self.passed("mask model on a DevKitC")), at: 2)
        table.take(.boardSetAside(port: "virtual:#2", reason: "it hung up"), at: 2)
        table.take(.began(test: 1, port: "virtual:#1", attempt: 1), at: 2)
        terminal.write(table.frame(columns: 80, at: 2))
        #expect(terminal.text.count == 4)
        #expect(terminal.text[1] == "board    virtual:#2 is set aside: it hung up")
        #expect(terminal.text[3] == "  1 of 3 · 1 passed · 2 s")
        terminal.write(table.end(columns: 80))
        #expect(
            terminal.text == [
                "passed   mask model on a DevKitC  virtual:#1  2 s", "board    virtual:#2 is set aside: it hung up",
            ])
    }

    @Test(
        "leaves no remains in a window that changes its width",
        arguments: [[100, 30, 100], [80, 21, 22, 200], [25, 120]])
    func resizing(widths: [Int]) {
        var table = LiveTable(names: Self.names, colour: true)
        var terminal = Terminal(width: widths[0])
        for test in 0..<3 {
            table.take(.began(test: test, port: "virtual:#\(test)", attempt: 1), at: 0)
            table.take(.step(test: test, title: "expect: '" + String(repeating: "x", count: 90), line: 7), at: 0)
        }
        for (turn, width) in widths.enumerated() {
            terminal.resize(to: width)
            terminal.write(table.frame(columns: width, at: Double(turn)))
            #expect(terminal.text.count == 4, "at width \(width)")
            #expect(terminal.text.allSatisfy { $0.count < width }, "at width \(width)")
        }
        terminal.write(table.end(columns: widths[widths.count - 1]))
        #expect(terminal.text.isEmpty)
    }

    @Test("gives lines alone where nothing can be drawn over, each once")
    func plain() {
        var table = LiveTable(names: Self.names, colour: false)
        table.take(.began(test: 0, port: "virtual:#1", attempt: 1), at: 0)
        #expect(table.plainLines() == "")
        table.take(.ended(test: 0, record: Self.passed("mask model on a DevKitC")), at: 2)
        #expect(table.plainLines() == "passed   mask model on a DevKitC  virtual:#1  2 s\n")
        #expect(table.plainLines() == "")
    }

    @Test("gives characters of two columns their room, and steps nothing to obey")
    func wideAndHarmful() {
        var table = LiveTable(names: ["口罩模型口罩模型口罩模型"], colour: false)
        table.take(.began(test: 0, port: "virtual:", attempt: 1), at: 0)
        table.take(.step(test: 0, title: "\u{1B}[2J\u{7}send", line: 1), at: 0)
        let frame = table.frame(columns: 30, at: 0)
        #expect(!frame.contains("\u{1B}") && !frame.contains("\u{7}"))
        let row = frame.split(separator: "\n")[0]
        let columns = row.unicodeScalars.reduce(0) { $0 + ($1.value > 0x3000 ? 2 : 1) }
        #expect(columns <= 29)
        #expect(row.hasSuffix("…"))
    }
}
