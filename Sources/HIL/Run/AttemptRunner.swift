// Drives a script's machine over a line: reads, restarts the board, and has everything else done by a bench. It decides
// nothing; when to give up from outside it is told.

package import DeviceBridge

/// What builds, flashes and computes for a script, on one board.
package protocol TestBench: Sendable {
    /// Does a piece of work; all but restarting the board by its lines.
    func perform(_ work: Work) async throws(WorkFailure) -> WorkOutcome
    /// The line broke while it was read. True where that was a fault's doing and the line is open again.
    func mend() async -> Bool
}

/// One attempt over an open line.
package struct AttemptRunner: Sendable {
    package let line: any SerialLine
    package let bench: any TestBench
    package var machine: ScriptMachine
    /// What happens to the steps.
    package let tell: @Sendable (ScriptMachine.RunEvent) -> Void
    /// Why the attempt is to be given up; nil while it is not.
    package let abandonment: @Sendable () -> Abandonment?

    private let start = ContinuousClock.now
    private var lineStart = Duration.zero

    package init(
        _ machine: ScriptMachine, over line: any SerialLine, bench: any TestBench,
        abandonment: @escaping @Sendable () -> Abandonment?,
        tell: @escaping @Sendable (ScriptMachine.RunEvent) -> Void
    ) {
        self.machine = machine
        self.line = line
        self.bench = bench
        self.abandonment = abandonment
        self.tell = tell
    }

    /// Runs to the end; what became of it. Leaves the board as it is and the line open.
    package mutating func run() async -> (record: AttemptRecord, machine: ScriptMachine) {
        lineStart = await line.now
        var action = machine.begin(at: await moment())
        while true {
            for event in machine.takeEvents() { tell(event) }
            if action == .finish { break }
            if let reason = abandonment() {
                machine.abandon(reason, at: await moment())
                break
            }
            switch action {
            case .listen(let until): action = await listen(until: until)
            case .work(let work): action = await perform(work)
            case .finish: break
            }
        }
        for event in machine.takeEvents() { tell(event) }
        let record = machine.record(at: await moment())
        return (record, machine)
    }

    private func moment() async -> Moment {
        Moment(line: await line.now - lineStart, wall: ContinuousClock.now - start)
    }

    private mutating func listen(until: Duration) async -> ScriptAction {
        let left = await until - (line.now - lineStart)
        do throws(DeviceError) {
            let bytes = try await line.read(within: max(.milliseconds(1), left))
            let now = await moment()
            return bytes.isEmpty ? machine.timePassed(at: now) : machine.received(bytes, at: now)
        } catch {
            if abandonment() == nil, await bench.mend() {
                machine.lineBroke(at: await moment())
                return machine.timePassed(at: await moment())
            }
            return machine.failed(WorkFailure(error, kind: .line), at: await moment())
        }
    }

    private mutating func perform(_ work: Work) async -> ScriptAction {
        do throws(WorkFailure) {
            switch work {
            case .reset:
                try await reset()
                return machine.done(.restarted(note: nil), at: await moment())
            case .flash, .tuneArena:
                try await drain()
                let outcome = try await bench.perform(work)
                machine.restarts(at: await moment())
                return machine.done(outcome, at: await moment())
            case .send(let bytes):
                do throws(DeviceError) { try await line.write(bytes) } catch { throw WorkFailure(error, kind: .line) }
                return machine.done(.done(note: nil), at: await moment())
            case .build, .prepare, .fault, .recall:
                let outcome = try await bench.perform(work)
                return machine.done(outcome, at: await moment())
            }
        } catch {
            if case .flash(let flash) = work, flash.isInterrupted { machine.restarts(at: await moment()) }
            // Work that was cut short fails in ways that say nothing: why it was cut short is the reason.
            if let reason = abandonment() {
                machine.abandon(reason, at: await moment())
                return .finish
            }
            return machine.failed(error, at: await moment())
        }
    }

    /// Restarts the board by its lines. What it said up to then belongs to what was before.
    private mutating func reset() async throws(WorkFailure) {
        guard line.capabilities.contains(.modemLines) else {
            throw WorkFailure(
                .board, code: "usage", message: "this port has no lines that reset the board",
                hint: "Use a port with DTR and RTS, or rfc2217:// instead of socket://.")
        }
        do throws(DeviceError) {
            for step in ResetSequence.run.steps {
                if step == ResetSequence.run.steps.last {
                    // The chip is held in reset: what still comes was under way.
                    try await drainLine()
                    machine.restarts(at: await moment())
                }
                switch step {
                case .lines(let dtr, let rts): try await line.setModemLines(dtr: dtr, rts: rts)
                case .wait(let time): try await line.pause(time)
                }
            }
        } catch {
            throw WorkFailure(error, kind: .line)
        }
    }

    private mutating func drain() async throws(WorkFailure) {
        do throws(DeviceError) { try await drainLine() } catch { throw WorkFailure(error, kind: .line) }
    }

    /// Takes what has arrived already.
    private mutating func drainLine() async throws(DeviceError) {
        for _ in 0..<64 {
            let bytes = try await line.read(within: .milliseconds(2))
            if bytes.isEmpty { return }
            machine.overheard(bytes, at: await moment())
        }
    }
}

extension WorkFailure {
    /// What went wrong with a board.
    package init(_ error: DeviceError, kind: Kind) {
        self.init(kind, code: error.code, message: error.message, hint: error.hint)
    }
}
