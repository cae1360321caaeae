// One question at a time to a running sketch: an input is sent, its prediction comes back. Random predictions of the
// sketch, which it makes until it has heard the first input, are told apart by the input that the board prints.

import DeviceBridge
import ESPImage
import HostInference

/// A conversation with a sketch, just restarted or long running.
struct BoardTalk {
    private let model: PackedModel
    private let console: Console
    private var session: MonitorSession
    private var isReady = false
    /// What the sketch said of its model, where its start was heard.
    private(set) var identity: SketchReport?

    /// A sketch says `ready` once a second until it hears the first input. One that says nothing for so long waits.
    private static let silence = Duration.seconds(3)
    /// An answer takes no longer, once the input has arrived and but for its printing.
    private static let patience = Duration.seconds(120)

    /// Values in a line that the monitor surely reads as a whole.
    private static let longestDump = LineMerger.longest / 7

    init(line: any SerialLine, model: PackedModel, threshold: Double, console: Console) {
        self.model = model
        self.console = console
        session = MonitorSession(
            line: line, MonitorConfiguration(labels: model.slot.labels, threshold: threshold))
    }

    /// The prediction of a sample. Throws `timed-out`, `input-mismatch` and the line's errors; ends the program with 6
    /// where the firmware is sick.
    mutating func ask(_ sample: [InputValue]) async throws -> InferenceEvent {
        let pixels = model.pixels(sample)
        var lastWord = await session.line.now
        while !isReady {
            let heard = try await session.listen(within: .milliseconds(200))
            if !heard.bytes.isEmpty { lastWord = await session.line.now }
            for event in heard.events { try take(event) }
            if await session.line.now - lastWord > Self.silence { break }
        }
        isReady = false
        let input = Array(Samples.line(sample).utf8)
        try await session.send(input)
        let start = await session.line.now
        // The board prints the input before it predicts, in seven characters a value at the most.
        let patience = Self.patience + WireTime.of(input.count + 7 * sample.count)
        while await session.line.now - start < patience {
            let heard = try await session.listen(within: .milliseconds(200))
            var answer: InferenceEvent?
            for event in heard.events {
                if case .inference(let inference) = event, answer == nil, isAnswer(inference, to: pixels) {
                    answer = inference
                } else {
                    try take(event)
                }
            }
            if let answer { return answer }
        }
        throw Failure(
            "timed-out", "the board gave no prediction for the input",
            hint: "Look at what it says with `espmask monitor --reset`; the sketch must be running and wait for inputs."
        )
    }

    /// Whether the input printed before a prediction is the one sent; two decimals are printed.
    private func isAnswer(_ inference: InferenceEvent, to pixels: [Float]) -> Bool {
        guard let printed = inference.inputs else { return true }
        // Of a dump that is too long for a line only the end is known.
        if printed.count < pixels.count, pixels.count > Self.longestDump { return true }
        guard printed.count == pixels.count else { return false }
        guard model.slot.inputTransform == nil, let input = model.loaded.inputs.first, let scale = input.scale,
            let zero = input.zeroPoint
        else { return zip(printed, pixels).allSatisfy { abs($0 - Double($1)) <= 0.0051 } }
        // An int8 input is printed as what its nearest step means, or its last one.
        let steps = (Float(-128 - zero) * scale)...(Float(127 - zero) * scale)
        return zip(printed, pixels).allSatisfy { printed, pixel in
            let held = min(max(pixel, steps.lowerBound), steps.upperBound)
            return abs(printed - Double(held)) <= 0.0051 + Double(scale) / 2
        }
    }

    private mutating func take(_ event: MonitorEvent) throws {
        switch event {
        case .sketch(let report):
            switch report.kind {
            case .ready: isReady = true
            case .model: identity = report
            case .error(let code):
                throw Failure(
                    code,
                    "the sketch refused: \(report.fields.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: " "))",
                    hint: "Send it inputs of the model that it runs: name that with --model, or flash this one first.")
            case .arena, .result, .other: break
            }
        case .diagnosis(let diagnosis) where diagnosis.severity == .error:
            if console.json {
                console.event(diagnosis.json)
            } else {
                console.note("error: \(diagnosis.code.rawValue)")
                for evidence in diagnosis.evidence.prefix(3) { console.note("  the board said: \(evidence.text)") }
                console.note("  do: \(diagnosis.hint)")
            }
            throw SickFirmware()
        case .boot, .inference, .diagnosis, .panic, .line, .partial: break
        }
    }
}
