// Predictions that come by themselves, judged as they come. One that the line damaged is left out and told of, and the time
// for it does not count.

internal import DeviceBridge

extension Waiting {
    /// More damage than this is no noise.
    private static let mostDamaged = 60

    mutating func lookForPredictions(_ wish: PredictionWish, _ hearing: Hearing, isOver: Bool) -> Verdict {
        while nextPrediction < hearing.predictions.count {
            let prediction = hearing.predictions[nextPrediction]
            nextPrediction += 1
            let place = Transcript.Position(
                line: prediction.line, offset: hearing.transcript[prediction.line]?.text.utf8.count ?? 0)
            // The line may have been looked at in part, as by an `expect` of 'predicted'.
            guard place > from else { continue }
            guard prediction.isIntact(speaksBits: hearing.speaksBits) else {
                damaged += 1
                if damaged < Self.mostDamaged { deadline += .seconds(2) }
                continue
            }
            judged.append(prediction)
            if let miss = wish.complaint(about: prediction, sample: judged.count - 1) { return .missed(miss) }
            if judged.count >= wish.count ?? 1 {
                return .met(Meeting(note: wish.note(judged, damaged: damaged), cursor: place))
            }
            deadline = hearing.lastArrival + within
        }
        guard isOver else { return .open }
        let wanted = wish.count ?? 1
        return .missed(
            Miss(
                message: "\(judged.count) of \(wanted) predictions came within \(Self.words(within)) s"
                    + (damaged > 0 ? "; \(damaged) more were damaged on the line" : ""),
                expected: wish.words, nearest: nil,
                hint: "A sketch that was sent an input waits for the next one: give `inputs:` to send some."))
    }
}

extension PredictionWish {
    /// Half a step of two decimals, which is all that most firmware prints.
    static let usualTolerance = 0.00501

    /// What is wrong with a prediction; nil where it is what was wished for. `sample` counts from 0.
    func complaint(about prediction: HeardPrediction, sample: Int) -> Waiting.Miss? {
        let found = "predicted \(prediction.token)" + (prediction.label.map { " (\($0))" } ?? "")
        if let label, prediction.label != label {
            return Waiting.Miss(
                message: "prediction \(sample + 1) is not \(label)", expected: "the label \(label)", nearest: found,
                hint: prediction.label == nil ? "Name the classes with `labels:`." : nil)
        }
        guard let wanted = wanted(sample, outputs: prediction.values.count) else { return nil }
        let off = tolerance ?? Self.usualTolerance
        let isNear =
            wanted.count == prediction.values.count
            && zip(wanted, prediction.values).allSatisfy { wanted, value in
                value.map { abs($0 - wanted) <= off + abs(wanted) * 1e-9 } ?? false
            }
        if isNear { return nil }
        return Waiting.Miss(
            message: "prediction \(sample + 1) is off", expected: "\(Self.words(wanted)), by at most \(off)",
            nearest: found + (prediction.exact.map { ", exactly \(Self.words($0))" } ?? ""), hint: nil)
    }

    /// The values for a sample: all outputs', or one for each sample of a model with one output.
    private func wanted(_ sample: Int, outputs: Int) -> [Double]? {
        guard let values else { return nil }
        if outputs == 1, values.count > 1, values.indices.contains(sample) { return [values[sample]] }
        return values
    }

    var words: String {
        let facts = [label.map { "the label \($0)" }, values.map { "the value \(Self.words($0))" }].compactMap { $0 }
        return facts.isEmpty ? "a prediction" : facts.joined(separator: " and ")
    }

    func note(_ judged: [HeardPrediction], damaged: Int) -> String {
        let first = judged.first.map { "predicted \($0.token)" + ($0.label.map { " (\($0))" } ?? "") } ?? ""
        return first + (judged.count > 1 ? " and \(judged.count - 1) more" : "")
            + (damaged > 0 ? "; \(damaged) damaged on the line and left out" : "")
    }

    private static func words(_ values: [Double]) -> String {
        values.map { String(($0 * 1e6).rounded() / 1e6) }.joined(separator: ", ")
    }
}
