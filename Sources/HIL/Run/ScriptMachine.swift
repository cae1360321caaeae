// Runs a script as a machine: what came over the line, what became of work and the time go in, the next thing to do comes
// out. It keeps the order of the steps, the values they make known, and the record of the attempt. It opens nothing and
// has no clock. How single steps begin and end stands in the files beside this one.

internal import DeviceBridge

/// One attempt at a script.
package struct ScriptMachine {
    /// What the machine is told of the attempt.
    package struct Configuration: Sendable {
        package var port: String
        /// The names of the classes and what divides them.
        package var labels: [String] = []
        package var threshold = 0.5
        /// Names of operators by their codes, for the monitor.
        package var operators: [String] = []
        /// The seed of random inputs where the script names none.
        package var seed: UInt64
        /// Whether the line may damage what it carries: not so where the board lives in this process.
        package var canBeNoisy: Bool
        /// Whether the board has a clock of its own.
        package var hasOwnClock: Bool

        package init(port: String, seed: UInt64, canBeNoisy: Bool, hasOwnClock: Bool) {
            self.port = port
            self.seed = seed
            self.canBeNoisy = canBeNoisy
            self.hasOwnClock = hasOwnClock
        }
    }

    /// A list of steps that is being run.
    struct Frame {
        var steps: [StepNode]
        var next = 0
        /// The record of the step that holds the list; nil at the top.
        var parent: Int?
        /// Rounds still to come, with the value of the variable in each.
        var rounds: [String] = []
        var variable: String?
        /// What the values of an included file were outside.
        var outer: [(name: String, value: String?)] = []
    }

    /// What the machine is at.
    enum Activity {
        case idle
        case working(Work)
        case waiting(Waiting)
        case asking(Asking)
        case measuring(Measuring)
        case finished
    }

    let script: Script
    let files: any ScriptFiles
    let configuration: Configuration
    var hearing: Hearing
    var scope: Scope
    var frames: [Frame] = []
    var phase = StepRecord.Phase.setup
    var activity = Activity.idle
    var now = Moment(line: .zero, wall: .zero)
    /// Where the next search begins.
    var cursor = Transcript.Position()
    var accepted: Set<DiagnosisCode> = []
    /// The step that runs.
    var step: Step?
    var node: StepNode?
    var stepStart = Duration.zero
    private(set) var steps: [StepRecord] = []
    private(set) var failure: FailureRecord?
    package private(set) var hasError = false
    /// Whether trying again would come to the same: a build that fails, a script that is wrong.
    package private(set) var isHopeless = false
    /// Why the board is no good, where that ended the attempt.
    package private(set) var boardFailure: WorkFailure?
    /// What was sent by the step before, so that it can be sent again.
    var lastSent: [UInt8]?
    /// The input that was asked last.
    var lastInput: PreparedInput?
    /// Whether the chapter began with a restart of ours and nothing was sent since: then it can be had again.
    var canBeHadAgain = false
    /// Whether something was sent since the sketch was started.
    var hasSent = false
    var hasFaults = false
    /// How often a piece of work was tried.
    var tries = 0
    var extraNotes: [String] = []
    private var told: [RunEvent] = []

    /// What happens to the steps, for those who show it live.
    package enum RunEvent: Sendable, Equatable {
        case began(title: String, line: Int)
        case ended(StepRecord)
    }

    package init(_ script: Script, files: any ScriptFiles, _ configuration: Configuration) {
        self.script = script
        self.files = files
        self.configuration = configuration
        hearing = Hearing(
            MonitorConfiguration(
                labels: configuration.labels, threshold: configuration.threshold, operators: configuration.operators))
        scope = Scope(script.vars)
        scope.set("port", to: configuration.port)
    }

    // MARK: Events

    /// The line is open.
    package mutating func begin(at now: Moment) -> ScriptAction {
        self.now = now
        _ = hearing.startAnew(at: now)
        enter(.setup)
        return advance()
    }

    /// Bytes came while the machine listened.
    package mutating func received(_ bytes: [UInt8], at now: Moment) -> ScriptAction {
        self.now = now
        return heard(hearing.received(bytes, at: now))
    }

    /// Nothing came until now.
    package mutating func timePassed(at now: Moment) -> ScriptAction {
        self.now = now
        return heard(hearing.timePassed(to: now))
    }

    /// Bytes came that belong to what was before the work that is being done.
    package mutating func overheard(_ bytes: [UInt8], at now: Moment) {
        self.now = now
        _ = hearing.received(bytes, at: now)
    }

    /// The board is about to start anew: what comes from here on is of the new start.
    package mutating func restarts(at now: Moment) {
        self.now = now
        _ = hearing.startAnew(at: now)
        cursor = hearing.transcript.end
        accepted = []
        canBeHadAgain = true
        hasSent = false
    }

    /// The line broke and is open again: what was being said when it did is another line than what comes.
    package mutating func lineBroke(at now: Moment) {
        self.now = now
        hearing.breakLine()
        extraNotes.append("the line broke and was opened again")
    }

    /// The work was done.
    package mutating func done(_ outcome: WorkOutcome, at now: Moment) -> ScriptAction {
        self.now = now
        return ended(outcome)
    }

    /// The work could not be done, or the line broke while the machine listened.
    package mutating func failed(_ failure: WorkFailure, at now: Moment) -> ScriptAction {
        self.now = now
        return broken(failure)
    }

    /// The attempt is given up: no teardown, since there is no time or nobody who waits for it.
    package mutating func abandon(_ reason: Abandonment, at now: Moment) {
        self.now = now
        let message: String
        var hint: String?
        switch reason {
        case .timeOver(let seconds):
            message = "the time was over: \(Waiting.words(.seconds(seconds))) s for one attempt"
            hint = "Give a longer `timeout:`, or look at which step took it."
        case .interrupted: message = "interrupted"
        }
        if node == nil {
            fail(message: message, hint: hint, isError: true)
        } else {
            endStep(.error, message: message, hint: hint)
        }
        frames = []
        activity = .finished
    }

    /// The events of steps since the last call.
    package mutating func takeEvents() -> [RunEvent] {
        defer { told = [] }
        return told
    }

    /// Whether all went well so far.
    package var isGood: Bool { failure == nil }

    // MARK: Order

    /// The next step, or the end.
    mutating func advance() -> ScriptAction {
        while true {
            guard var frame = frames.popLast() else {
                guard let next = nextPhase else {
                    activity = .finished
                    return .finish
                }
                enter(next)
                continue
            }
            if frame.next < frame.steps.count {
                let node = frame.steps[frame.next]
                frame.next += 1
                frames.append(frame)
                if let action = begin(node) { return action }
            } else if !frame.rounds.isEmpty {
                let value = frame.rounds.removeFirst()
                if let variable = frame.variable { scope.set(variable, to: value) }
                frame.next = 0
                frames.append(frame)
            } else {
                close(frame, .passed)
            }
        }
    }

    private var nextPhase: StepRecord.Phase? {
        switch phase {
        case .setup: failure == nil ? .steps : .teardown
        case .steps: .teardown
        case .teardown: nil
        }
    }

    private mutating func enter(_ phase: StepRecord.Phase) {
        // What was to come is told as left out.
        if phase == .teardown, self.phase == .setup, failure != nil { skip(script.steps, depth: 0, in: .steps) }
        self.phase = phase
        switch phase {
        case .setup: frames = [Frame(steps: script.setup)]
        case .steps: frames = [Frame(steps: script.steps)]
        case .teardown: frames = [Frame(steps: script.teardown)]
        }
    }

    /// Ends a list of steps.
    private mutating func close(_ frame: Frame, _ verdict: StepVerdict) {
        if let parent = frame.parent {
            steps[parent].verdict = verdict
            steps[parent].seconds = now.wall / .seconds(1) - steps[parent].startedAt
            if verdict != .skipped { told.append(.ended(steps[parent])) }
        }
        for (name, value) in frame.outer { scope.restore(name, to: value) }
    }

    private mutating func skip(_ nodes: [StepNode], depth: Int, in phase: StepRecord.Phase) {
        for node in nodes {
            steps.append(
                StepRecord(
                    phase: phase, title: title(of: node), line: node.place.line, depth: depth, verdict: .skipped,
                    startedAt: now.wall / .seconds(1)))
        }
    }

    // MARK: Steps

    /// Begins a step; nil where the next one can follow at once.
    private mutating func begin(_ node: StepNode) -> ScriptAction? {
        self.node = node
        stepStart = now.wall
        tries = 0
        extraNotes = []
        let title = title(of: node)
        told.append(.began(title: title, line: node.place.line))
        steps.append(
            StepRecord(
                phase: phase, title: title, line: node.place.line, depth: frames.count - 1, verdict: .passed,
                startedAt: now.wall / .seconds(1)))
        let step: Step
        do throws(Problem) {
            step = try Step.read(node, scope: scope, files: files)
        } catch {
            isHopeless = failure == nil
            endStep(.error, message: "\(error)", hint: "Correct the script.")
            return nil
        }
        self.step = step
        switch step {
        case .repeated(let times, let variable):
            open(node, rounds: (2...max(2, times)).prefix(times - 1).map(String.init), variable, first: "1")
            return nil
        case .forEach(let values, let variable):
            guard let first = values.first else {
                endStep(.passed)
                return nil
            }
            open(node, rounds: Array(values.dropFirst()), variable, first: first)
            return nil
        case .include:
            let outer = node.vars.keys.map { (name: $0, value: scope.values[$0]) }
            for (name, value) in node.vars { scope.set(name, to: value) }
            frames.append(Frame(steps: node.steps, parent: steps.count - 1, outer: outer))
            return nil
        case .build, .flash, .reset, .expect, .expectBoot, .expectPrediction, .compareHost, .expectDiagnosis,
            .expectNoDiagnosis, .send, .sendImage, .fault, .measure, .tuneArena, .sleepBoard:
            return start(step)
        }
    }

    private mutating func open(_ node: StepNode, rounds: [String], _ variable: String?, first: String) {
        if let variable { scope.set(variable, to: first) }
        frames.append(Frame(steps: node.steps, parent: steps.count - 1, rounds: rounds, variable: variable))
    }

    /// Ends the step that runs; with a failure the rest is left out, and the teardown comes next.
    mutating func endStep(
        _ verdict: StepVerdict, note: String? = nil, message: String? = nil, expected: String? = nil,
        nearest: String? = nil, hint: String? = nil
    ) {
        guard let last = steps.indices.last else { return }
        let notes = (note.map { [$0] } ?? []) + extraNotes
        steps[last].verdict = verdict
        steps[last].seconds = now.wall / .seconds(1) - steps[last].startedAt
        steps[last].note = notes.isEmpty ? nil : notes.joined(separator: "; ")
        told.append(.ended(steps[last]))
        if let message {
            fail(message: message, expected: expected, nearest: nearest, hint: hint, isError: verdict == .error)
            giveUp(verdict)
        }
        step = nil
        node = nil
        activity = .idle
    }

    /// Notes what ends the attempt. The first failure is the one to tell.
    private mutating func fail(
        message: String, expected: String? = nil, nearest: String? = nil, hint: String? = nil, isError: Bool
    ) {
        guard failure == nil else { return }
        hasError = isError
        failure = FailureRecord(
            step: steps.last?.title ?? script.name, line: steps.last?.line ?? 1, message: message, expected: expected,
            nearest: nearest, lastLines: hearing.transcript.last(8).map { Self.shortened($0.text) }, hint: hint)
        failureFile = node?.place.file ?? script.file
    }

    /// A dump of an input says no more in full.
    private static func shortened(_ text: String) -> String {
        text.utf8.count <= 200 ? text : String(text.prefix(160)) + " ... (\(text.utf8.count) bytes)"
    }

    /// The file that the failed step stands in.
    package private(set) var failureFile: String?

    /// Leaves out what is left of this phase.
    private mutating func giveUp(_ verdict: StepVerdict) {
        for (depth, frame) in frames.enumerated().reversed() {
            close(frame, verdict)
            skip(Array(frame.steps[frame.next...]), depth: depth, in: phase)
        }
        frames = []
    }

    /// Adds to the record of the step that runs.
    mutating func record(_ change: (inout StepRecord) -> Void) {
        guard let last = steps.indices.last else { return }
        change(&steps[last])
    }

    /// Notes what a failure says of the board and of trying again.
    mutating func blame(_ failure: WorkFailure) {
        guard self.failure == nil else { return }
        switch failure.kind {
        case .line: boardFailure = failure
        case .work: isHopeless = true
        case .board: break
        }
    }

    // MARK: The end

    /// The record of the attempt.
    package mutating func record(at now: Moment) -> AttemptRecord {
        self.now = now
        let causes = hearing.finish()
        return AttemptRecord(
            port: configuration.port, passed: failure == nil, seconds: now.wall / .seconds(1), steps: steps,
            log: log, diagnoses: causes.map { DiagnosisRecord($0.diagnosis, logIndex: $0.logIndex) },
            failure: failure)
    }

    private var log: [LogLine] {
        var times = hearing.wallTimes[...]
        var wall = 0.0
        return hearing.transcript.lines.enumerated().map { index, line in
            while let next = times.first, next.lines <= index {
                wall = next.wall / .seconds(1)
                times.removeFirst()
            }
            return LogLine(
                seconds: wall, text: line.text, boardSeconds: configuration.hasOwnClock ? line.time / .seconds(1) : nil)
        }
    }
}

extension DiagnosisRecord {
    init(_ diagnosis: Diagnosis, logIndex: Int?) {
        self.init(
            code: diagnosis.code.rawValue, severity: diagnosis.severity.rawValue, hint: diagnosis.hint,
            logIndex: logIndex)
    }
}
