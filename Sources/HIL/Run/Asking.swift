// Steps that send inputs and judge the answers: what they want of each, and what is told of it.

internal import DeviceBridge

/// A step that asks the sketch.
struct Asking {
    /// What the answers have to be.
    enum Wish {
        /// This machine's, to the last bit.
        case hosts(seed: UInt64?)
        case prediction(PredictionWish)
        case label(String?)
        /// Nothing: the time they take is wanted.
        case time
    }

    var wish: Wish
    var conversation: Conversation
    /// Answers that were judged.
    var judged = 0

    /// What is wrong with an answer; nil where nothing is.
    func complaint(about answer: Conversation.Answer) -> Waiting.Miss? {
        switch wish {
        case .hosts:
            if let isHosts = answer.isHosts {
                if isHosts { return nil }
                return Waiting.Miss(
                    message: "the board's bits are not this machine's for \(answer.input.caption)",
                    expected: Self.words(answer.input.hostBits, answer.input.hostValues),
                    nearest: Self.words(answer.prediction.bits ?? [], answer.prediction.values.map { $0 ?? .nan }),
                    hint: "The board runs another model or engine: build and flash again.")
            }
            if answer.prediction.isNear(answer.input.hostValues) { return nil }
            return Waiting.Miss(
                message: "the board's prediction is not this machine's for \(answer.input.caption)",
                expected: Self.words([], answer.input.hostValues), nearest: "predicted \(answer.prediction.token)",
                hint: "This firmware prints no bits, so what it prints was compared.")
        case .prediction(let wish): return wish.complaint(about: labelled(answer), sample: judged)
        case .label(let label):
            guard let label else { return nil }
            let prediction = labelled(answer)
            if prediction.label == label { return nil }
            return Waiting.Miss(
                message: "\(answer.input.caption) is not \(label)", expected: "the label \(label)",
                nearest: "predicted \(prediction.token)" + (prediction.label.map { " (\($0))" } ?? ""),
                hint: prediction.label == nil ? "Name the classes with `labels:`." : nil)
        case .time: return nil
        }
    }

    /// An answer with its label: where the bits are this machine's, so is the class.
    private func labelled(_ answer: Conversation.Answer) -> HeardPrediction {
        var prediction = answer.prediction
        if answer.isHosts == true { prediction.label = answer.input.hostLabel ?? prediction.label }
        return prediction
    }

    /// The answer as it stands in the record.
    func record(_ answer: Conversation.Answer) -> PredictionRecord {
        let prediction = labelled(answer)
        return PredictionRecord(
            index: judged + 1, board: prediction.values.map { $0.flatMap { $0.isFinite ? $0 : nil } },
            token: prediction.token, host: answer.input.hostValues, sameBits: answer.isHosts, label: prediction.label,
            microseconds: prediction.microseconds)
    }

    /// What all answers together say.
    func note() -> String {
        let answers = conversation.answers
        let first = answers.first.map { labelled($0) }
        var words: [String] = []
        switch wish {
        case .hosts(let seed):
            let bits = answers.allSatisfy { $0.isHosts == true }
            words.append(
                "\(answers.count) predictions, "
                    + (bits ? "every one this machine's to the last bit" : "every one as printed this machine's"))
            if let seed { words.append("seed \(seed)") }
        case .prediction, .label:
            words.append(
                first.map { "predicted \($0.token)" + ($0.label.map { " (\($0))" } ?? "") } ?? "no prediction")
            if answers.count > 1 { words[0] += " and \(answers.count - 1) more" }
        case .time: break
        }
        let again = answers.reduce(0) { $0 + $1.asks - 1 }
        if again > 0 { words.append("\(again) inputs sent again because the line damaged the answers") }
        return words.joined(separator: "; ")
    }

    private static func words(_ bits: [String], _ values: [Double]) -> String {
        let numbers = values.prefix(8).map { "\(Float($0))" }.joined(separator: ", ")
        return bits.isEmpty ? numbers : "\(bits.prefix(8).joined(separator: ",")) (\(numbers))"
    }
}

/// A step that measures, one thing after the other.
struct Measuring {
    let wish: MeasureWish
    /// What is still to be measured.
    var left: [MeasureWish.Item]
    var records: [MeasureRecord] = []
    /// Boot times that were taken.
    var boots: [Double] = []
    var state = State.idle

    enum State {
        case idle
        case restarting
        case waiting(Waiting)
        case preparing
        case asking(Asking)
        case recalling(value: Double, note: String?)
    }

    init(_ wish: MeasureWish) {
        self.wish = wish
        left = wish.items
    }
}
