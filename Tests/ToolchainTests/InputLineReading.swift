// The board's reader of input lines, run here: what it takes, what it refuses, and that it never loses its place.

import SketchLibraryC
import TestSupport
import Testing

/// What came out of one line.
private enum Heard: Equatable {
    case input([Float])
    case bad(Int)
}

/// The machine with a taker that collects values and refuses those above 1000.
private final class Listener {
    private var line = input_line()
    private var values: [Float] = []

    init(expected: UInt32) {
        input_line_start(
            &line, expected,
            { context, index, value in
                guard let context, let value else { return false }
                let listener = Unmanaged<Listener>.fromOpaque(context).takeUnretainedValue()
                if index == 0 { listener.values = [] }
                listener.values.append(value.pointee.real)
                return !(value.pointee.real > 1000)
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    func feed(_ bytes: [UInt8]) -> [Heard] {
        bytes.compactMap { byte in
            switch input_line_feed(&line, byte) {
            case INPUT_COMPLETE: .input(values)
            case INPUT_BAD: .bad(Int(line.count))
            case _: nil
            }
        }
    }

    var hasBegun: Bool { input_line_begun(&line) }
}

@Suite("Input lines on the board")
struct InputLineReading {
    fileprivate struct Case: Sendable, CustomTestStringConvertible {
        var text: String
        var heard: [Heard]
        var testDescription: String { text.debugDescription }
    }

    fileprivate static let cases: [Case] = [
        Case(text: "in: 1,2,3\n", heard: [.input([1, 2, 3])]),
        Case(text: "in: 1,2,3\r\n", heard: [.input([1, 2, 3])]),
        Case(text: "in:1, -2 ,3,\n", heard: [.input([1, -2, 3])]),
        Case(text: "in: 0.5,-1e-3,+2.5E2\n", heard: [.input([0.5, -1e-3, 250])]),
        Case(text: "in: 0x3f800000,0xBF000000,0x00000001\n", heard: [.input([1, -0.5, .leastNonzeroMagnitude])]),
        Case(text: "bytes: 3\nin\n", heard: [.input([105, 110, 10])]),
        Case(text: "bytes:3\r\n\0\0\0", heard: [.input([0, 0, 0])]),
        Case(text: "\r\n\nin: 1,2,3\n", heard: [.input([1, 2, 3])]),
        Case(text: "in: 1,2\n", heard: [.bad(2)]),
        Case(text: "in: 1,2,3,4\n", heard: [.bad(4)]),
        Case(text: "in: 1,,2\n", heard: [.bad(2)]),
        Case(text: "in:\n", heard: [.bad(0)]),
        Case(text: "in: 1,2,x\n", heard: [.bad(2)]),
        Case(text: "in: 1,2,nan\n", heard: [.bad(2)]),
        Case(text: "in: 1,2,0x1p3\n", heard: [.bad(2)]),
        Case(text: "in: 1,2,0x3f8\n", heard: [.bad(2)]),
        Case(text: "in: 1,2,0x3f8000000\n", heard: [.bad(2)]),
        Case(text: "in: 1,2,1001\n", heard: [.bad(3)]),
        Case(text: "in: 1,2,- \n", heard: [.bad(2)]),
        Case(text: "in: 1,2,1.2.3\n", heard: [.bad(2)]),
        Case(text: "in: 1,2,\(String(repeating: "9", count: 60))\n", heard: [.bad(3)]),
        Case(text: "input: 1,2,3\n", heard: [.bad(0)]),
        Case(text: "hello\n", heard: [.bad(0)]),
        Case(text: "i\n", heard: [.bad(0)]),
        Case(text: "bytes: 0\n", heard: [.bad(0)]),
        Case(text: "bytes: -3\n", heard: [.bad(0)]),
        Case(text: "bytes: many\n", heard: [.bad(0)]),
        Case(text: "bytes: 99999999\n", heard: [.bad(0)]),
        Case(text: "bytes: 5\n\nin: ", heard: [.bad(5)]),
        Case(text: "bytes: 1\nx", heard: [.bad(1)]),
    ]

    @Test("A line is an input or a complaint, however its bytes were cut", arguments: cases)
    fileprivate func oneLine(_ example: Case) {
        let fault = framingFault(Array(example.text.utf8), expected: example.heard) {
            let listener = Listener(expected: 3)
            return { listener.feed($0) }
        }
        #expect(fault == nil)
    }

    @Test("After a bad line the next good one is heard")
    func recovery() {
        for bad in Self.cases {
            let listener = Listener(expected: 3)
            _ = listener.feed(Array(bad.text.utf8))
            #expect(listener.feed(Array("in: 7,8,9\n".utf8)) == [.input([7, 8, 9])])
        }
    }

    @Test("Only inside an input is its rest waited for")
    func waiting() {
        for (text, begun) in [
            ("", false), ("in", false), ("in:", true), ("in: 1", true), ("bytes: 3\n1", true), ("noise", false),
        ] {
            let listener = Listener(expected: 3)
            _ = listener.feed(Array(text.utf8))
            #expect(listener.hasBegun == begun, "\(text)")
        }
    }

    @Test("Noise never stops it: a line feed and a good line bring it back")
    func noise() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<60 {
            let listener = Listener(expected: 3)
            let count = Int.random(in: 0..<80, using: &generator)
            let alphabet = Array("in:bytes 0123456789,.-xeE\n\r".utf8)
            _ = listener.feed((0..<count).map { _ in alphabet.randomElement(using: &generator) ?? 0 })
            // At most all announced raw bytes are swallowed before it listens again.
            _ = listener.feed([UInt8](repeating: 0x0A, count: 1 << 20))
            #expect(listener.feed(Array("in: 1,2,3\n".utf8)) == [.input([1, 2, 3])])
        }
    }
}
