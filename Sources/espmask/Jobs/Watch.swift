// The loop of `monitor`: what comes is recorded, shown and counted until the goal is met, the time is over, or somebody
// ends it. A line that breaks is opened again; keys go to the board.

import ArgumentParser
import DeviceBridge
import Toolchain

/// A monitor at work.
struct Watch {
    /// How a watch goes.
    struct Plan {
        var goal = MonitorGoal.forever
        var resets = false
        var timeout: Duration?
        /// The rate, for the note on a wrong one.
        var baud = Ports.usualBaud
        /// Whether labels were given; else they follow from the model that the board names.
        var hasLabels = false
        /// Opens the line again after it broke; nil where that is not wanted.
        var reopen: (@Sendable () async throws(DeviceError) -> any SerialLine)?
        /// How long a line may stay away; nil is for ever.
        var patience: Duration?
    }

    private var session: MonitorSession
    private let plan: Plan
    private let home: ProjectHome
    private var recorder: MonitorRecorder
    private var face: any MonitorFace
    private var firmware: FirmwareFinder
    private var keyboard: Keyboard?
    private var noise = LineNoise()
    private var summary = WatchSummary()
    /// The line that met the goal.
    private var metLine: Int?
    private var wantsEnd = false
    private let start = ContinuousClock.now

    init(
        session: MonitorSession, plan: Plan, home: ProjectHome, recorder: MonitorRecorder, face: any MonitorFace,
        firmware: FirmwareFinder, keyboard: Keyboard?
    ) {
        self.session = session
        self.plan = plan
        self.home = home
        self.recorder = recorder
        self.face = face
        self.firmware = firmware
        self.keyboard = keyboard
    }

    /// Watches. Throws `timed-out` where the goal was not met in time; ends with 6 where the firmware is sick, with 130
    /// after Ctrl-C. The line is closed whatever happens.
    mutating func perform() async throws {
        var failure: (any Error)?
        do { try await watch() } catch { failure = error }
        for event in session.finish() { try? await takeOrLeave(event) }
        await session.line.close()
        summary.loop = session.loop
        summary.diagnoses = session.diagnoses
        face.finish(summary)
        Interruption.restoreTerminal()
        try recorder.finish()
        if let failure { throw failure }
        if let signal = Interruption.caught { throw ArgumentParser.ExitCode(128 + signal) }
        if summary.isSick { throw SickFirmware() }
        if case .forever = plan.goal { return }
        if metLine != nil || wantsEnd { return }
        throw Failure(
            "timed-out", "the time was over before \(plan.goal.missed(predictions: summary.predictions))",
            hint: "Give a longer --timeout, or look at the log.")
    }

    private var isOver: Bool {
        metLine != nil || wantsEnd || Interruption.caught != nil || (left.map { $0 <= .zero } ?? false)
    }

    private var left: Duration? { plan.timeout.map { $0 - (ContinuousClock.now - start) } }

    private mutating func watch() async throws {
        if plan.resets {
            if session.line.capabilities.contains(.modemLines) {
                // What was on its way before the reset is an older program's life.
                try await session.line.perform(.hold)
                try await session.line.discardInput()
            }
            try await session.reset()
        }
        while !isOver {
            do throws(DeviceError) {
                let heard = try await session.listen(within: min(left ?? .milliseconds(50), .milliseconds(50)))
                try await hear(heard)
                face.idle()
                if let keyboard, let action = keyboard.next(&face) { try await act(action) }
            } catch {
                guard error.code == "connection-lost", plan.reopen != nil else { throw error }
                try await reconnect(after: error)
            }
        }
    }

    private mutating func hear(_ heard: MonitorSession.Heard) async throws(DeviceError) {
        do {
            try recorder.take(heard.bytes)
            for event in heard.events { try await takeOrLeave(event) }
        } catch let error as DeviceError {
            throw error
        } catch {
            // The recorder's file cannot be written: nothing to be done about that over the line.
            throw DeviceError(Failure(describing: error))
        }
        if noise.take(heard.bytes) {
            face.note(
                "wrong-baud-rate",
                "most of what comes is unreadable: the board probably sends at another rate than \(plan.baud) baud; "
                    + "try --baud \(LineNoise.candidates(besides: plan.baud))")
        }
    }

    private mutating func take(_ event: MonitorEvent) async throws {
        try await tell(event)
        metLine = plan.goal.metLine(by: event, predictions: summary.predictions)
    }

    private mutating func tell(_ event: MonitorEvent) async throws {
        switch event {
        case .panic(let report):
            let (panic, note) = firmware.decode(report)
            face.panic(panic)
            if let note { face.note("elf", note) }
            return
        case .inference(let inference):
            try recorder.take(inference)
            summary.predictions += 1
        case .diagnosis(let diagnosis):
            if diagnosis.severity == .error { summary.isSick = true }
        case .boot: summary.boots += 1
        case .sketch(let report):
            if case .model(let name, _, _, _) = report.kind, !plan.hasLabels,
                let usual = SketchLabels.usual(for: name, home: home)
            {
                session.name(labels: usual.labels, threshold: usual.threshold)
            }
        case .line, .partial: break
        }
        face.take(event)
        if case .diagnosis(let diagnosis) = event { try await readStart(for: diagnosis) }
    }

    /// Takes an event. After the goal was met only what was said up to then counts: a panic or a cause is told lines
    /// behind the first that shows it.
    private mutating func takeOrLeave(_ event: MonitorEvent) async throws {
        guard let metLine else { return try await take(event) }
        switch event {
        case .diagnosis(let diagnosis): if diagnosis.line <= metLine { try await tell(event) }
        case .panic(let panic): if panic.line <= metLine { try await tell(event) }
        case .line, .partial, .boot, .inference, .sketch: break
        }
    }

    /// Where a nan was found and nobody heard the start, the cause stands there.
    private mutating func readStart(for diagnosis: Diagnosis) async throws {
        let unheard = "the start of the firmware, where the cause stands, was not heard"
        switch try await session.readStart(for: diagnosis, mayReset: plan.resets) {
        case .notNeeded: break
        case .resetting: face.note("start-not-seen", "\(unheard): resetting the board to read it")
        case .notAllowed: face.note("start-not-seen", "\(unheard): run again with --reset")
        case .notPossible: face.note("start-not-seen", "\(unheard): reset the board by hand")
        }
    }

    private mutating func act(_ action: Keyboard.Action) async throws(DeviceError) {
        switch action {
        case .quit: wantsEnd = true
        case .send(let bytes): try await session.send(bytes)
        case .reset, .loader:
            guard session.line.capabilities.contains(.modemLines) else {
                return face.note("reset", "this port has no lines that reset the board: press its button")
            }
            face.note("reset", action == .reset ? "resetting the board" : "resetting the board into its loader")
            if action == .reset { try await session.reset() } else { try await session.resetIntoLoader() }
        case .help: face.note("help", Keyboard.help)
        }
    }

    /// Waits for the line to come back, with longer and longer pauses.
    private mutating func reconnect(after error: DeviceError) async throws {
        guard let reopen = plan.reopen else { throw error }
        for event in session.finish() { try await take(event) }
        await session.line.close()
        face.note("connection-lost", "\(error.message); waiting for it to come back")
        let lost = ContinuousClock.now
        var pause = Duration.milliseconds(100)
        while !isOver {
            if let patience = plan.patience, ContinuousClock.now - lost > patience { throw error }
            try? await Task.sleep(for: min(pause, left ?? pause))
            pause = min(pause * 2, .seconds(2))
            do throws(DeviceError) {
                await session.resume(on: try await reopen())
                return face.note("connected", "connected again")
            } catch {
                let comesAndGoes = ["port-not-found", "port-busy", "permission-denied", "connection-lost", "no-reply"]
                if !comesAndGoes.contains(error.code) { throw error }
            }
        }
    }
}

/// What was seen in all.
struct WatchSummary {
    var predictions = 0
    var boots = 0
    var isSick = false
    var loop: RebootLoop?
    var diagnoses: [Diagnosis] = []
}

extension DeviceError {
    /// A failure of this program's own on the way.
    fileprivate init(_ failure: Failure?) {
        self.init(code: failure?.code ?? "usage", message: failure?.message ?? "?", hint: failure?.hint ?? "")
    }
}
