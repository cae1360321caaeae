// The conversation with the running sketch: an input for each `ready`, a prediction back, compared with this machine's
// own. It ends with the last prediction, with a diagnosis that says why none will come, or with silence.

import DeviceBridge
import ESPImage
import HostInference
import SystemPackage

/// A run on a board that was just restarted.
struct LiveRun {
    private let plan: RunPlan
    private let console: Console
    private let judge: HostJudge
    private var session: MonitorSession
    private var view: RunView
    /// Inputs sent.
    private var sent = 0
    /// Predictions seen.
    private var done = 0
    private var differing: [Int] = []
    private var expected: [Prediction] = []
    private var isSick = false
    private var lastPrediction = Duration.zero
    /// When the last input that was sent has reached the board.
    private var arrival = Duration.zero
    private var firmware: FirmwareFinder
    private var profile = InferenceProfile()

    /// A board that says nothing for so long, on its own clock, says nothing any more.
    private static let patience = Duration.seconds(15)
    /// So long after the first diagnosis its companions may come.
    private static let settling = Duration.seconds(3)
    /// A board that talks for so long without a prediction will make none.
    private static let longestPrediction = Duration.seconds(120)

    init(plan: RunPlan, line: any SerialLine, console: Console) throws {
        self.plan = plan
        self.console = console
        judge = try HostJudge(plan.model)
        session = MonitorSession(
            line: line,
            MonitorConfiguration(
                labels: plan.model.slot.labels, threshold: plan.threshold, operators: OperatorNames.names))
        view = RunView(plan: plan, console: console)
        firmware = try FirmwareFinder(elf: plan.elf?.string)
    }

    /// Talks until the last prediction. Throws `timed-out`, `verify-failed` and the line's errors; ends the program with
    /// 6 where the firmware is sick.
    mutating func perform() async throws {
        var lastWord = await session.line.now
        lastPrediction = lastWord
        var sickSince: Duration?
        while done < plan.count {
            let heard = try await session.listen(within: .milliseconds(200))
            let now = await session.line.now
            if !heard.bytes.isEmpty { lastWord = now }
            for event in heard.events { try await take(event) }
            lastWord = max(lastWord, min(arrival, now))
            if isSick, sickSince == nil { sickSince = now }
            // A board in a reboot loop is never silent.
            if let sickSince, now - sickSince > Self.settling { break }
            if now - lastWord > Self.patience || now - lastPrediction > Self.longestPrediction { break }
        }
        for event in session.finish() { try await take(event) }
        try conclude()
    }

    private mutating func take(_ event: MonitorEvent) async throws {
        switch event {
        case .boot(let boot): view.boot(boot)
        case .sketch(let report): try await take(report)
        case .inference(let inference):
            lastPrediction = await session.line.now
            try take(inference)
        case .diagnosis(let diagnosis):
            if diagnosis.severity == .error { isSick = true }
            view.diagnosis(diagnosis)
        case .panic(let report): view.panic(firmware.decode(report).panic)
        case .line, .partial: break
        }
    }

    private mutating func take(_ report: SketchReport) async throws {
        view.sketch(report)
        profile.take(report)
        guard case .ready = report.kind, let samples = plan.samples, sent < plan.count,
            let index = plan.sample(sent)
        else { return }
        sent += 1
        let sample = samples.all[index]
        expected.append(try judge.predict(sample))
        let input = Array(Samples.line(sample).utf8)
        try await session.send(input)
        // Until it has it all, the board has nothing to say.
        arrival = await session.line.now + WireTime.of(input.count)
    }

    private mutating func take(_ inference: InferenceEvent) throws {
        guard done < plan.count else { return }
        defer { done += 1 }
        guard done < expected.count, let index = plan.sample(done), let samples = plan.samples else {
            return view.prediction(inference, sample: nil, host: nil)
        }
        let host = expected[done]
        if inference.bits != host.bits { differing.append(done) }
        view.prediction(inference, sample: samples.all[index], host: host)
    }

    /// Shows what the predictions cost. Throws `timed-out` where the board told nothing.
    func showProfile() throws {
        guard !profile.isEmpty else {
            throw Failure(
                "timed-out", "the board did not say what its predictions cost",
                hint: "Name a sketch that is built here: an earlier build's folder has no profile in it.")
        }
        if console.json { return console.event(profile.json) }
        for line in profile.lines { console.line(line) }
    }

    /// Says how it ended.
    private func conclude() throws {
        if isSick { throw SickFirmware() }
        if done < plan.count {
            throw Failure(
                "timed-out", "no more came from the board after \(done) of \(plan.count) predictions",
                hint: "Look at what it says with `espmask monitor --reset`.")
        }
        if let first = differing.first {
            throw Failure(
                "verify-failed",
                "\(differing.count) of \(done) predictions differ from this machine's, the first is number \(first)",
                hint: "The firmware's engine is another one than this program's: build and flash again.")
        }
        view.summary(predictions: done, compared: expected.count)
    }
}

/// The end of a command whose diagnosis was already told.
struct SickFirmware: Error {}
