// What `send` shows: each picture as the board got it, what the board made of it, and whether this machine agrees.

import DeviceBridge
import HostInference

/// The face of `send`.
struct SendView {
    let model: PackedModel
    let threshold: Double
    let judge: HostJudge
    let console: Console
    private var shown = 0
    private var differing = 0

    init(model: PackedModel, threshold: Double, judge: HostJudge, console: Console) {
        self.model = model
        self.threshold = threshold
        self.judge = judge
        self.console = console
    }

    /// A prediction for an input that was sent.
    mutating func show(_ answer: InferenceEvent, name: String, how: String?, sample: [InputValue]) throws {
        let host = try judge.predict(sample)
        // Firmware of others prints no bits: then there is nothing to compare.
        let isSame = answer.bits.map { $0 == host.bits }
        shown += 1
        if isSame == false { differing += 1 }
        // Two decimals hide on which side of the threshold an output lies; the bits do not.
        let label = (isSame == true ? model.label(host.values, threshold: threshold) : nil) ?? answer.label
        if console.json {
            var members = answer.members.filter { $0.key != "label" && $0.key != "index" }
            members.insert(.init(key: "index", value: .int(shown - 1)), at: 1)
            members += [
                .init(key: "label", value: .optional(label)), .init(key: "input", value: .string(name)),
                .init(key: "crop", value: .optional(how)),
                .init(key: "host_bits", value: .array(host.bits.map { .string($0) })),
                .init(key: "matches_host", value: isSame.map { .bool($0) } ?? .null),
            ]
            return console.event(.object(members))
        }
        let facts = [
            label, "predicted \(answer.tokens.joined(separator: ", "))",
            how.map { $0 == "whole" ? "no face found: the whole picture" : "cut out by its \($0)" },
            answer.microseconds.map { "\($0) us" },
            isSame.map { $0 ? "same bits as this machine" : "NOT this machine's bits" },
        ].compactMap { $0 }
        console.line("#\(shown)  \(name)")
        let rows = picture(sample)
        for row in 0..<max(rows.count, facts.count) {
            let left = row < rows.count ? rows[row] : String(repeating: " ", count: model.pictureSize?.width ?? 0)
            console.line("    \(left)  \(row < facts.count ? facts[row] : "")")
        }
    }

    private func picture(_ sample: [InputValue]) -> [String] {
        guard let size = model.pictureSize else { return [] }
        return Picture(values: model.pixels(sample), width: size.width, height: size.height)?
            .lines(colour: console.colour) ?? []
    }

    /// Throws `verify-failed` where a prediction was not this machine's.
    func conclude() throws(Failure) {
        guard differing > 0 else { return }
        throw Failure(
            "verify-failed", "\(differing) of \(shown) predictions differ from this machine's",
            hint: "The board runs another model or engine: name it with --model, or flash this one with `espmask run`.")
    }
}
