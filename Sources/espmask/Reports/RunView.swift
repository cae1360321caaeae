// What `run` shows: each prediction with its input as a picture, its class, its bits and its time; JSON lines with
// --json. It only draws.

import DeviceBridge
import HostInference

/// The face of a run.
struct RunView {
    private let plan: RunPlan
    private let console: Console
    private var microseconds: [Int] = []
    private var started = false

    init(plan: RunPlan, console: Console) {
        self.plan = plan
        self.console = console
    }

    /// The board started.
    mutating func boot(_ boot: BootEvent) {
        console.event(boot.json)
        if !console.json, started { console.line("the board restarted: \(boot.reset)") }
        started = true
    }

    /// What the sketch says of itself.
    func sketch(_ report: SketchReport) {
        if console.json { return }
        switch report.kind {
        case .model(let name, let slot, let bytes, _):
            let scale = report.fields["scale"].map { ", pixels (byte - 127) / \($0)" } ?? ""
            console.line("the board runs \(name) from slot \(slot)\(bytes.map { ", \($0) bytes" } ?? "")\(scale)")
        case .arena(let bytes, let used):
            console.line("its arena has \(bytes) bytes\(used.map { ", \($0) used" } ?? "")")
        case .ready, .result, .error, .other: break
        }
    }

    /// A cause was found.
    func diagnosis(_ diagnosis: Diagnosis) {
        if console.json { return console.event(diagnosis.json) }
        console.line("\(diagnosis.severity.rawValue): \(diagnosis.code.rawValue)")
        for evidence in diagnosis.evidence.prefix(3) { console.line("  the board said: \(evidence.text)") }
        console.line("  do: \(diagnosis.hint)")
    }

    /// The firmware crashed.
    func panic(_ panic: DecodedPanic) {
        if console.json { return console.event(panic.json) }
        for line in panic.lines { console.line(line) }
    }

    /// A prediction; `sample` and `host` where the input was sent by us.
    mutating func prediction(_ inference: InferenceEvent, sample: [InputValue]?, host: Prediction?) {
        if let us = inference.microseconds { microseconds.append(us) }
        let isSame = host.map { $0.bits == inference.bits }
        // Two decimals hide on which side of the threshold an output lies; the bits do not.
        let exact = isSame == true ? host.flatMap { plan.model.label($0.values, threshold: plan.threshold) } : nil
        var inference = inference
        inference.label = exact ?? inference.label
        if console.json {
            var members = inference.members
            if let host { members.append(.init(key: "host_bits", value: .array(host.bits.map { .string($0) }))) }
            if let isSame { members.append(.init(key: "matches_host", value: .bool(isSame))) }
            return console.event(.object(members))
        }
        draw(inference, sample: sample, isSame: isSame)
    }

    private func draw(_ inference: InferenceEvent, sample: [InputValue]?, isSame: Bool?) {
        let number = "#\(inference.index + 1)"
        let value = inference.tokens.joined(separator: ", ")
        let bits = inference.bits?.joined(separator: ",")
        let verdict =
            switch isSame {
            case true?: "same bits as this machine"
            case false?: "NOT this machine's bits"
            case nil: nil as String?
            }
        let facts = [
            inference.label, "predicted \(value)", bits.map { "bits \($0)" },
            inference.microseconds.map { "\($0) us" }, verdict,
        ]
        let text = facts.compactMap { $0 }
        console.line("\(number)  " + (text.first ?? ""))
        let rows = picture(inference, sample: sample)
        let side = Array(text.dropFirst())
        for row in 0..<max(rows.count, side.count) {
            let left = row < rows.count ? rows[row] : String(repeating: " ", count: plan.model.pictureSize?.width ?? 0)
            console.line("    \(left)  \(row < side.count ? side[row] : "")")
        }
    }

    /// The input as a picture: what was sent, or what the board printed.
    private func picture(_ inference: InferenceEvent, sample: [InputValue]?) -> [String] {
        guard let size = plan.model.pictureSize else { return [] }
        let pixels = sample.map(plan.model.pixels) ?? inference.inputs?.map { Float($0) } ?? []
        return Picture(values: pixels, width: size.width, height: size.height)?.lines(colour: console.colour) ?? []
    }

    /// The end of a run that went well.
    func summary(predictions: Int, compared: Int) {
        if console.json { return }
        let mean = microseconds.isEmpty ? nil : microseconds.reduce(0, +) / microseconds.count
        let time = mean.map { ", \($0) us each on the board" } ?? ""
        let proof = compared == predictions ? ", every one equal to this machine's to the last bit" : ""
        console.line("\(predictions) predictions\(time)\(proof)")
    }
}
