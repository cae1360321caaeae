// How steps begin, and how they go on when something was heard or done.

internal import DeviceBridge

extension ScriptMachine {
    /// How long is waited where the script says nothing.
    private static let usualWait = 10.0
    /// An answer takes no longer, unless the script says so.
    private static let usualAnswerWait = 60.0
    /// Inputs where neither the script nor the sketch's settings name any.
    private static let usualInputs = 10

    private func seconds(_ given: Double?, _ usual: Double) -> Duration {
        .milliseconds(Int64((given ?? usual) * 1000))
    }

    var seed: UInt64 { script.seed ?? configuration.seed }

    /// Begins a step; nil where it has ended at once.
    mutating func start(_ step: Step) -> ScriptAction? {
        switch step {
        case .build: return work(.build)
        case .flash(let flash): return work(.flash(flash))
        case .reset: return work(.reset)
        case .expect(let pattern, let within): return wait(.pattern(pattern), within)
        case .expectBoot(let wish, let within): return wait(.boot(wish), within)
        case .expectPrediction(let wish):
            if let file = wish.inputs { return work(.prepare(.file(file))) }
            // A sketch that was sent something predicts no more by itself: it is asked again what it was asked last.
            if hasSent, let input = lastInput, hearing.isSketch {
                extraNotes.append("the sketch waits for inputs, so it was sent \(input.caption) again")
                let inputs = [PreparedInput](repeating: input, count: wish.count ?? 1)
                return ask(.prediction(wish), inputs, wish.within)
            }
            return wait(.predictions(wish), wish.within, usual: 15)
        case .compareHost(let choice, _): return work(.prepare(request(choice)))
        case .expectDiagnosis(let code, let within): return wait(.diagnosis(code), within)
        case .expectNoDiagnosis(let code, let fromWarnings, let within):
            return wait(.noDiagnosis(code: code, fromWarnings: fromWarnings), within, usual: 3)
        case .send(let text):
            lastSent = Array((text.hasSuffix("\n") ? text : text + "\n").utf8)
            return work(.send(lastSent ?? []))
        case .sendImage(let file, _, _): return work(.prepare(.picture(file)))
        case .fault(let specs): return work(.fault(specs))
        case .measure(let wish): return measure(Measuring(wish))
        case .tuneArena(let margin, _): return work(.tuneArena(marginPercent: margin))
        case .sleepBoard(let seconds): return wait(.sleep, seconds)
        case .repeated, .forEach, .include: return nil
        }
    }

    private func request(_ choice: InputChoice) -> InputRequest {
        switch choice {
        case .file(let path): .file(path)
        case .random(let count, let own): .random(count, seed: own ?? seed)
        case .usual(let own): .usual(Self.usualInputs, seed: own ?? seed)
        }
    }

    mutating func work(_ work: Work) -> ScriptAction {
        tries += 1
        activity = .working(work)
        return .work(work)
    }

    private mutating func wait(_ goal: Waiting.Goal, _ within: Double?, usual: Double = usualWait) -> ScriptAction? {
        let waiting = Waiting(goal, within: seconds(within, usual), from: cursor, at: now.line)
        return go(on: waiting)
    }

    /// Looks at what is there already, and listens where that is not enough.
    private mutating func go(on waiting: Waiting) -> ScriptAction? {
        var waiting = waiting
        waiting.compare(with: hearing.transcript, now: now.line)
        switch waiting.look(at: hearing, accepted: accepted, now: now.line) {
        case .open:
            if let again = lookAgain(&waiting, hasMissed: false) { return again }
            activity = .waiting(waiting)
            return .listen(until: min(waiting.deadline, now.line + Self.look))
        case .met(let meeting):
            met(meeting, waiting)
            return nil
        case .missed(let miss):
            if let again = lookAgain(&waiting, hasMissed: true) { return again }
            var hint = miss.hint
            if waiting.looks > 1 {
                hint = hint ?? "It was looked for \(waiting.looks) times, the board restarted in between."
            }
            endStep(
                .failed, note: nil, message: miss.message, expected: miss.expected, nearest: miss.nearest, hint: hint)
            return nil
        }
    }

    /// The machine looks at the line at least this often.
    static var look: Duration { .milliseconds(200) }

    private mutating func met(_ meeting: Waiting.Meeting, _ waiting: Waiting) {
        if let place = meeting.cursor { cursor = max(cursor, place) }
        for (name, value) in meeting.values { scope.set(name, to: value) }
        if case .diagnosis(let code) = waiting.goal { accepted.insert(code) }
        // What follows from an expected cause is expected too.
        if case .diagnosis = waiting.goal { accepted.formUnion(hearing.diagnoses.map(\.code)) }
        for (index, prediction) in waiting.judged.enumerated() {
            record {
                $0.predictions.append(
                    PredictionRecord(
                        index: index + 1, board: prediction.values, token: prediction.token, label: prediction.label,
                        microseconds: prediction.microseconds))
            }
        }
        if waiting.looks > 1 {
            extraNotes.append(
                "the line damaged it \(waiting.looks - 1) times, so the board was restarted to hear it again")
        }
        lastSent = nil
        endStep(.passed, note: meeting.note)
    }

    mutating func ask(_ wish: Asking.Wish, _ inputs: [PreparedInput], _ within: Double?) -> ScriptAction? {
        let conversation = Conversation(
            inputs, patience: seconds(within, Self.usualAnswerWait), hasAsked: hasSent, at: now.line)
        activity = .asking(Asking(wish: wish, conversation: conversation))
        return heard([])
    }

    // MARK: Something was heard

    /// Events, or none where only time passed.
    mutating func heard(_ events: [MonitorEvent]) -> ScriptAction {
        switch activity {
        case .waiting(let waiting): return go(on: waiting) ?? advance()
        case .asking(var asking):
            let step = asking.conversation.look(at: hearing, events: events, now: now.line)
            if let action = take(step, &asking) { return action }
            return advance()
        case .measuring(let measuring): return heard(events, measuring) ?? advance()
        case .working(let work): return .work(work)
        case .idle: return advance()
        case .finished: return .finish
        }
    }

    private mutating func take(_ step: Conversation.Step, _ asking: inout Asking) -> ScriptAction? {
        while asking.judged < asking.conversation.answers.count {
            let answer = asking.conversation.answers[asking.judged]
            let prediction = asking.record(answer)
            record {
                $0.predictions.append(prediction)
                if let picture = answer.input.picture, $0.pictures.count < 64 { $0.pictures.append(picture) }
            }
            lastInput = answer.input
            cursor = max(
                cursor,
                .init(
                    line: answer.prediction.line,
                    offset: hearing.transcript[answer.prediction.line]?.text.utf8.count ?? 0))
            if let miss = asking.complaint(about: answer) {
                let note = asking.seedNote
                endStep(
                    .failed, note: note, message: miss.message + (note.map { " (\($0))" } ?? ""),
                    expected: miss.expected,
                    nearest: miss.nearest, hint: miss.hint)
                return nil
            }
            asking.judged += 1
        }
        switch step {
        case .finished:
            endStep(.passed, note: asking.note())
            return nil
        case .failed(let silence):
            endStep(.failed, message: silence.message, expected: silence.expected, hint: silence.hint)
            return nil
        case .send(let bytes):
            hasSent = true
            canBeHadAgain = false
            activity = .asking(asking)
            return .work(.send(bytes))
        case .listen:
            activity = .asking(asking)
            return .listen(until: now.line + .milliseconds(100))
        }
    }

    // MARK: Work was done

    mutating func ended(_ outcome: WorkOutcome) -> ScriptAction {
        switch activity {
        case .asking, .waiting:
            // An input was sent, or the board restarted to look again.
            if case .waiting(var waiting) = activity, case .restarted = outcome {
                waiting.lookAgain(from: cursor, at: now.line)
                activity = .waiting(waiting)
            }
            return heard([])
        case .measuring(let measuring): return ended(outcome, measuring) ?? advance()
        case .working: return finish(outcome) ?? advance()
        case .idle, .finished: return advance()
        }
    }

    private mutating func finish(_ outcome: WorkOutcome) -> ScriptAction? {
        switch step {
        case .expectPrediction(let wish):
            guard case .inputs(let inputs) = outcome else { return unexpected() }
            let count = wish.count.map { min($0, inputs.count) } ?? inputs.count
            return ask(.prediction(wish), Array(inputs.prefix(count)), wish.within)
        case .compareHost(_, let within):
            guard case .inputs(let inputs) = outcome else { return unexpected() }
            return ask(
                .hosts(seed: inputs.first?.caption.hasPrefix("random") == true ? seedOfStep : nil), inputs, within)
        case .sendImage(_, let label, let within):
            guard case .inputs(let inputs) = outcome else { return unexpected() }
            return ask(.label(label), inputs, within)
        case .flash(let flash):
            if flash.isInterrupted {
                endStep(
                    .failed, message: "the work was done to its end, though a fault was to break it off",
                    expected: "a broken connection or a board without power",
                    hint: "Let the fault come earlier, for example power-cut:write=2.")
                return nil
            }
        case .tuneArena(_, let below):
            if case .tuned(let found) = outcome { return tuned(found, below) }
        case .fault(let specs): hasFaults = !specs.isEmpty
        case .send: hasSent = true
        case .build, .reset, .expect, .expectBoot, .expectDiagnosis, .expectNoDiagnosis, .measure, .sleepBoard,
            .repeated,
            .forEach, .include, nil:
            break
        }
        switch outcome {
        case .done(let note), .restarted(let note): endStep(.passed, note: note)
        case .inputs, .tuned, .recalled: return unexpected()
        }
        return nil
    }

    private var seedOfStep: UInt64 {
        guard case .compareHost(let choice, _) = step else { return seed }
        switch choice {
        case .random(_, let own), .usual(let own): return own ?? seed
        case .file: return seed
        }
    }

    private mutating func tuned(_ found: TuningOutcome, _ below: Double?) -> ScriptAction? {
        record {
            $0.measures.append(
                MeasureRecord(name: "arena", unit: "bytes", value: Double(found.minimum), below: below))
        }
        let note = "minimum \(found.minimum) bytes in \(found.boots) starts, \(found.kept) left on the board"
        if let below, Double(found.minimum) >= below {
            endStep(
                .failed, note: note, message: "the smallest arena has \(found.minimum) bytes",
                expected: "less than \(Waiting.words(.seconds(below)))")
        } else {
            endStep(.passed, note: note)
        }
        return nil
    }

    private mutating func unexpected() -> ScriptAction? {
        endStep(.error, message: "the work came to something else than it was done for")
        return nil
    }
}

extension Asking {
    /// The seed, where inputs were random.
    var seedNote: String? {
        if case .hosts(let seed?) = wish { return "seed \(seed)" }
        return nil
    }
}
