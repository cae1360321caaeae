// Puts predictions together from the lines around them: the dump of the input comes first, then the prediction, then
// (from our sketches) the line with its raw bits and its duration. A prediction is held until the next line, since
// that one may belong to it.

/// Makes predictions out of lines.
struct InferenceParser: Equatable, Sendable {
    /// The names of the classes; two for a model with one output.
    var labels: [String] = []
    /// The single output from which the second class begins.
    var threshold = 0.5

    private(set) var held: InferenceEvent?
    private var dump: Dump?
    private var firstScore: (NumberToken, source: Diagnosis.Evidence)?
    private var block = ResultBlock()
    private var count = 0
    /// Lines since somebody said that an inference ran.
    private var linesSinceRun = Int.max

    /// A line of numbers that may be an input.
    private struct Dump: Equatable, Sendable {
        var numbers: PrintedNumbers
        var line: Int
        /// Whether it came right after a word on an inference that ran: then it is what came out.
        var followsRun: Bool
    }

    static func == (left: Self, right: Self) -> Bool {
        left.held == right.held && left.dump == right.dump && left.block == right.block && left.count == right.count
            && left.linesSinceRun == right.linesSinceRun && left.firstScore?.0 == right.firstScore?.0
    }

    /// Takes a line; the predictions that are complete now, in order.
    mutating func take(_ line: MonitorLine, _ report: SketchReport?, _ traits: LineTraits) -> [InferenceEvent] {
        if case .result(_, let bits, let microseconds) = report?.kind {
            return finishHeld(bits: bits, microseconds: microseconds).map { [$0] } ?? []
        }
        var done = nextLine().map { [$0] } ?? []
        if traits.contains(.otherResult) || block.isOpen, let result = block.take(line) { done += emit(result) }
        if block.isOpen {
            // A line of a report is nothing else.
        } else if !traits.contains(.prediction), let numbers = Self.dump(line, traits) {
            take(numbers, line: line.number)
        } else if traits.contains(.prediction) || traits.contains(.otherResult), !line.isCutShort,
            let result = ResultLine(line, traits)
        {
            done += hold(result, .init(line))
        } else if traits.contains(.ran) {
            linesSinceRun = 0
        }
        return done
    }

    /// Takes the workshop's line with one output, and nothing else in it.
    mutating func take(_ output: NumberToken, _ source: Diagnosis.Evidence) {
        held = event([output], label: nil, inputs: takeInputs(), source)
    }

    /// Takes a line that is nothing but numbers.
    mutating func take(_ numbers: PrintedNumbers, line: Int) {
        dump = Dump(numbers: numbers, line: line, followsRun: linesSinceRun <= 2)
    }

    /// A line came; the prediction that waited for it to be its second half, if one did.
    mutating func nextLine() -> InferenceEvent? {
        if linesSinceRun < Int.max { linesSinceRun += 1 }
        return held == nil ? nil : release()
    }

    /// Whether the lines of a report are being read.
    var isReadingBlock: Bool { block.isOpen }

    /// The board was reset: nothing that came before belongs to what comes.
    mutating func reset() -> [InferenceEvent] {
        let done = flush()
        dump = nil
        firstScore = nil
        linesSinceRun = Int.max
        return done
    }

    /// The stream paused or ended.
    mutating func flush() -> [InferenceEvent] {
        let done = release().map { [$0] } ?? []
        return done + (block.finish().map { emit($0) } ?? [])
    }

    /// Whether something waits for another line.
    var isWaiting: Bool { held != nil || block.isOpen }

    private mutating func emit(_ result: ResultBlock.Result) -> [InferenceEvent] {
        [event(result.tokens, label: result.label, inputs: takeInputs(), result.source)]
    }

    /// Gives out the prediction that waits for its second line.
    mutating func release() -> InferenceEvent? {
        defer { held = nil }
        return held
    }

    /// The second half of the prediction that waits for it.
    mutating func finishHeld(bits: [String], microseconds: Int?) -> InferenceEvent? {
        guard var event = held else { return nil }
        event.bits = bits
        event.microseconds = microseconds
        if !labels.isEmpty, event.label == name(event.values) {
            // Two decimals hide on which side of the threshold an output lies; the bits do not.
            let exact = bits.map { word in
                word.utf8.count == 8 ? UInt32(word, radix: 16).map { Double(Float(bitPattern: $0)) } : nil
            }
            if exact.count == event.values.count, !exact.contains(nil) { event.label = name(exact) }
        }
        held = event
        return release()
    }

    private mutating func hold(_ result: ResultLine, _ source: Diagnosis.Evidence) -> [InferenceEvent] {
        switch result {
        case .outputs(let tokens, let label):
            held = event(tokens, label: label, inputs: takeInputs(), source)
        case .pair(let input, let output):
            dump = nil
            let number = input.value == nil ? nil : PrintedNumbers(bytes: Array(input.text.utf8))
            held = event([output], label: nil, inputs: number, source)
        case .named(let name, let score):
            held = event([score], label: name, inputs: takeInputs(), source)
        case .firstScore(let score):
            firstScore = (score, source)
        case .secondScore(let second):
            guard let first = firstScore, source.line - first.source.line <= 3 else { return [] }
            firstScore = nil
            let chosen = (first.0.value ?? 0) >= (second.value ?? 0) ? "person" : "not person"
            held = event([first.0, second], label: chosen, inputs: takeInputs(), source)
        case .chosenClass(let name):
            guard let outputs = dump, outputs.followsRun else { return [] }
            dump = nil
            let label = Int(name).flatMap { labels.indices.contains($0) ? labels[$0] : nil } ?? name
            let text = String(decoding: outputs.numbers.bytes, as: UTF8.self).shortened(to: 300)
            held = event(outputs.numbers.tokens, label: label, inputs: nil, .init(line: outputs.line, text: text))
        }
        return []
    }

    private mutating func takeInputs() -> PrintedNumbers? {
        defer { dump = nil }
        return dump?.numbers
    }

    private mutating func event(
        _ tokens: [NumberToken], label: String?, inputs: PrintedNumbers?, _ source: Diagnosis.Evidence
    ) -> InferenceEvent {
        defer { count += 1 }
        let values = tokens.map(\.value)
        return InferenceEvent(
            index: count, tokens: tokens.map(\.text), values: values, label: label ?? name(values),
            printedInputs: inputs,
            bits: nil, microseconds: nil, source: source)
    }

    /// The class that the outputs stand for.
    private func name(_ values: [Double?]) -> String? {
        if values.count == 1, labels.count == 2, let value = values[0] { return labels[value >= threshold ? 1 : 0] }
        guard values.count == labels.count, !values.contains(nil) else { return nil }
        let largest = values.indices.max { (values[$0] ?? 0) < (values[$1] ?? 0) }
        return largest.map { labels[$0] }
    }

    /// The values of `-0.39,-0.06,...,` or `onDataCallback(0x3ffe3a84, 100)157,50,...,`. Fewer than four numbers are
    /// some reading, not an input.
    private static func dump(_ line: MonitorLine, _ traits: LineTraits) -> PrintedNumbers? {
        // A log's head begins with a letter or a bracket and stands before numbers only where the line ends in them.
        guard let last = line.bytes.last, last < 0x40 || last | 0x20 == 0x6E || last | 0x20 == 0x66 else { return nil }
        var start = line.log?.messageStart ?? 0
        if traits.contains(.callback), let callback = line.bytes.position(of: "onDataCallback("),
            let close = line.bytes[callback...].lastIndex(of: 0x29)
        {
            start = close + 1
        }
        return line.bytes.withUnsafeBufferPointer { bytes in
            dump(UnsafeBufferPointer(rebasing: bytes[min(start, bytes.count)...]))
        }
    }

    /// The same for text that has nothing before its numbers.
    static func dump(_ text: UnsafeBufferPointer<UInt8>) -> PrintedNumbers? {
        guard let first = text.first(where: { $0 != 0x20 && $0 != 0x09 }),
            first.isDigit || first == 0x2D || first == 0x2E || first | 0x20 == 0x6E
        else { return nil }
        if let plain = plainDump(text) { return plain }
        guard text.contains(0x2C) else { return nil }
        let numbers = PrintedNumbers(bytes: Array(text))
        return (NumberToken.list(numbers.bytes[...])?.count ?? 0) >= 4 ? numbers : nil
    }

    /// The usual dump: finite decimal numbers and nothing else.
    static func plainDump(_ text: UnsafeBufferPointer<UInt8>) -> PrintedNumbers? {
        guard let first = text.first, first.isDigit || first == 0x2D || first == 0x2E || first == 0x20,
            case .plain(let count) = NumberScan.listForm(text), count >= 4
        else { return nil }
        return PrintedNumbers(bytes: Array(text))
    }

    /// The same behind the workshop's `onDataCallback(0x3ffe3a84, 100)`.
    static func callbackDump(_ text: UnsafeBufferPointer<UInt8>) -> PrintedNumbers? {
        guard text.first == 0x6F, text.holdsAtStart("onDataCallback("), let close = text.firstIndex(of: 0x29) else {
            return nil
        }
        return plainDump(UnsafeBufferPointer(rebasing: text[(close + 1)...]))
    }

    /// Whether a line is an input, as far as its form tells.
    static func isDump(_ line: MonitorLine) -> Bool { dump(line, .callback) != nil }
}

extension MonitorLine {
    /// Whether it is part of a prediction in the workshop's form: the dump, the words around it, the line with the bits.
    public var belongsToPrediction: Bool {
        if looksLikeNumbers { return true }
        for start: StaticString in [
            "predicted:", "prediction:", "predicting...", "transforming...", "espmask: n=", "espmask: ready",
        ] where bytes.position(of: start) == 0 { return true }
        return InferenceParser.isDump(self)
    }
}
