// The host's end of the ROM loader's protocol without a wire and without a clock: it brings the board into its
// loader, sends one request at a time, recognises its reply among boot text, stale and foreign frames, and wakes
// the loader again after a loss. It repeats only what is harmless to repeat; whether a lost data block was
// written is for its user to find out. What the requests mean is not known here.

/// Connects to a loader and exchanges requests for replies.
package struct LoaderMachine: Sendable {
    /// What the driver has to do, in order.
    package enum Action: Equatable, Sendable {
        /// Throw away what has arrived.
        case discardInput
        /// Drive the modem lines.
        case reset(ResetSequence)
        /// Send these bytes.
        case send([UInt8])
        /// Call `timedOut` when this much time has passed from now; replaces an earlier wait.
        case wait(Duration)
        /// The loader answers.
        case connected(LoaderKind)
        /// The request was carried out.
        case reply(LoaderReply)
        /// The loader refused the request.
        case refused(ROMError)
        /// No reply came; the loader answers again, but whether it did what was asked is not known.
        case lost
        /// It is over.
        case failed(DeviceError)
    }

    /// How connecting is tried.
    package struct Approach: Equatable, Sendable {
        /// Resets to try in turn; empty where the line cannot reset.
        package var resets: [ResetSequence]
        /// How many resets in all.
        package var attempts: Int
        /// Synchronisations after each reset.
        package var syncs: Int

        /// For a line with modem lines.
        package static let resetting = Approach(resets: ResetSequence.usual, attempts: 7, syncs: 5)
        /// For a line without: the board must be in its loader, or be brought there by connecting.
        package static let waiting = Approach(resets: [], attempts: 1, syncs: 30)

        package init(resets: [ResetSequence], attempts: Int, syncs: Int) {
            self.resets = resets
            self.attempts = attempts
            self.syncs = syncs
        }
    }

    private enum State {
        /// Not connected.
        case closed
        /// The board was reset; its banner may tell where it went.
        case listening(attempt: Int, hearing: BootHearing)
        /// Synchronisations are being sent.
        case syncing(attempt: Int, left: Int, hearing: BootHearing)
        /// Connected, nothing outstanding.
        case idle
        /// A request is out.
        case awaiting(LoaderRequest, repeats: Int, hearing: BootHearing)
        /// A stub streams a range of the flash; what has come so far.
        case streaming(LoaderRequest, [UInt8])
        /// A reply did not come; the loader is being woken.
        case waking(LoaderRequest, repeats: Int, left: Int, hearing: BootHearing)
    }

    private let approach: Approach
    private var state = State.closed
    private var decoder = SlipDecoder()
    /// The most telling thing heard over all attempts.
    private var verdict = BootHearing.Verdict.silence
    private var evidence = ""

    private static let bannerTime = Duration.milliseconds(80)
    private static let mostRepeats = 3
    private static let wakeTries = 20

    package init(_ approach: Approach) {
        self.approach = approach
    }

    /// True when a request may be sent.
    package var isIdle: Bool {
        if case .idle = state { true } else { false }
    }

    /// Starts connecting, from any state.
    package mutating func opened() -> [Action] {
        verdict = .silence
        evidence = ""
        return attempt(0)
    }

    /// Sends a request. Only when idle: asking twice at once is an error of ours.
    package mutating func request(_ request: LoaderRequest) -> [Action] {
        guard isIdle else {
            return fail(.brokeOff(during: "\(request.opcode)", heard: "the loader is not connected"))
        }
        return send(request, repeats: 0)
    }

    /// The line broke.
    package mutating func closed(_ error: DeviceError) -> [Action] {
        fail(error)
    }

    /// Bytes arrived.
    package mutating func received(_ bytes: [UInt8]) -> [Action] {
        var actions: [Action] = []
        for event in decoder.feed(bytes) {
            switch event {
            case .frame(let packet): actions += frame(packet)
            case .text(let text): actions += heard(text)
            case .oversize, .malformed: break  // damaged: its request times out
            }
        }
        return actions
    }

    /// The last wait is over.
    package mutating func timedOut() -> [Action] {
        switch state {
        case .closed, .idle:
            return []
        case .listening(let attempt, let hearing):
            if case .flashBoot = hearing.verdict, !approach.resets.isEmpty {
                return nextAttempt(after: attempt, hearing)
            }
            return sync(attempt, left: approach.syncs, hearing)
        case .syncing(let attempt, let left, let hearing):
            return left > 0 ? sync(attempt, left: left, hearing) : nextAttempt(after: attempt, hearing)
        case .awaiting(let request, let repeats, let hearing):
            return wake(request, repeats, left: Self.wakeTries, hearing)
        case .streaming(let request, _):
            return wake(request, Self.mostRepeats, left: Self.wakeTries, BootHearing())
        case .waking(let request, let repeats, let left, let hearing):
            if left > 0 { return wake(request, repeats, left: left, hearing) }
            return fail(.brokeOff(during: "\(request.opcode)", heard: hearing.evidence))
        }
    }
}

extension LoaderMachine {
    // MARK: Connecting

    private mutating func attempt(_ number: Int) -> [Action] {
        decoder.reset()
        state = .listening(attempt: number, hearing: BootHearing())
        guard !approach.resets.isEmpty else { return [.wait(Self.bannerTime)] }
        return [
            .discardInput, .reset(approach.resets[number % approach.resets.count]), .wait(Self.bannerTime),
        ]
    }

    private mutating func sync(_ attempt: Int, left: Int, _ hearing: BootHearing) -> [Action] {
        state = .syncing(attempt: attempt, left: left - 1, hearing: hearing)
        return [.send(LoaderRequest.sync.frame), .wait(LoaderRequest.sync.timeout)]
    }

    private mutating func nextAttempt(after attempt: Int, _ hearing: BootHearing) -> [Action] {
        remember(hearing)
        return attempt + 1 < approach.attempts ? self.attempt(attempt + 1) : fail(diagnosis)
    }

    private mutating func remember(_ hearing: BootHearing) {
        switch (hearing.verdict, verdict) {
        case (.silence, _), (_, .download), (.text, .flashBoot): break
        case (.text, _), (.download, _), (.flashBoot, _):
            verdict = hearing.verdict
            evidence = hearing.evidence
        }
    }

    private var diagnosis: DeviceError {
        switch verdict {
        case .silence: .silence
        case .text: .applicationRunning(evidence)
        case .download: .deafLoader
        case .flashBoot(let line): .wrongBootMode(line)
        }
    }

    // MARK: Hearing

    private mutating func heard(_ text: [UInt8]) -> [Action] {
        switch state {
        case .closed, .idle, .streaming:
            return []
        case .listening(let attempt, var hearing):
            hearing.heard(text)
            state = .listening(attempt: attempt, hearing: hearing)
            switch hearing.verdict {
            case .download: return sync(attempt, left: approach.syncs, hearing)
            // It may be what a network still held from before the reset: the banner that counts comes behind it.
            case .flashBoot, .silence, .text: return []
            }
        case .syncing(let attempt, var left, var hearing):
            hearing.heard(text)
            if case .flashBoot = hearing.verdict, !approach.resets.isEmpty { left = 0 }
            state = .syncing(attempt: attempt, left: left, hearing: hearing)
            return []
        case .awaiting(let request, let repeats, var hearing):
            hearing.heard(text)
            state = .awaiting(request, repeats: repeats, hearing: hearing)
            return restarted(hearing, request)
        case .waking(let request, let repeats, let left, var hearing):
            hearing.heard(text)
            state = .waking(request, repeats: repeats, left: left, hearing: hearing)
            return restarted(hearing, request)
        }
    }

    /// A boot banner in the middle of the work: the loader that knew our request is gone.
    private mutating func restarted(_ hearing: BootHearing, _ request: LoaderRequest) -> [Action] {
        switch hearing.verdict {
        case .silence, .text: []
        case .download: fail(.brokeOff(during: "\(request.opcode)", heard: "it restarted into its loader"))
        case .flashBoot(let line): fail(.brokeOff(during: "\(request.opcode)", heard: "it restarted, \(line)"))
        }
    }

    // MARK: Exchanging

    private mutating func send(_ request: LoaderRequest, repeats: Int) -> [Action] {
        state = .awaiting(request, repeats: repeats, hearing: BootHearing())
        return [.send(request.frame), .wait(request.timeout)]
    }

    private mutating func wake(
        _ request: LoaderRequest, _ repeats: Int, left: Int, _ hearing: BootHearing
    ) -> [Action] {
        state = .waking(request, repeats: repeats, left: left - 1, hearing: hearing)
        return [.send(LoaderRequest.sync.frame), .wait(LoaderRequest.sync.timeout)]
    }

    private mutating func frame(_ packet: [UInt8]) -> [Action] {
        switch state {
        case .closed, .idle:
            return []  // a late reply, or one of the ROM's eight answers to a synchronisation
        case .listening, .syncing:
            switch ReplyReading(packet, to: .sync) {
            case .unrelated: return []
            case .success(let reply):
                state = .idle
                // The ROM leaves garbage in the value, a flasher stub zero.
                return [.connected(reply.value == 0 ? .stub : .rom)]
            case .refused:
                // The ROM answers a synchronisation whose beginning it missed with a refusal: awake all the same.
                state = .idle
                return [.connected(.rom)]
            }
        case .awaiting(let request, let repeats, _):
            switch ReplyReading(packet, to: request) {
            case .unrelated: return []
            case .success(let reply):
                if request.streamBytes > 0 {
                    state = .streaming(request, [])
                    return [.wait(request.timeout)]
                }
                state = .idle
                return [.reply(reply)]
            case .refused(let reason):
                if request.repeat == .harmless, reason.isTransmissionDamage, repeats < Self.mostRepeats {
                    return send(request, repeats: repeats + 1)
                }
                state = .idle
                return [.refused(reason)]
            }
        case .streaming(let request, let bytes):
            return streamed(packet, request, bytes)
        case .waking(let request, let repeats, _, let hearing):
            // Replies come in order, so what was outstanding cannot come after this.
            if ReplyReading(packet, to: .sync) == .unrelated { return [] }
            switch request.repeat {
            case .harmless where repeats < Self.mostRepeats: return send(request, repeats: repeats + 1)
            case .harmless: return fail(.brokeOff(during: "\(request.opcode)", heard: hearing.evidence))
            case .askFirst:
                state = .idle
                return [.lost]
            }
        }
    }

    /// The next packet of a stream is acknowledged by the number of bytes so far; the digest ends it.
    private mutating func streamed(_ packet: [UInt8], _ request: LoaderRequest, _ before: [UInt8]) -> [Action] {
        if before.count == request.streamBytes {
            state = .idle
            return packet == RangeProbe.digest(before[...]) ? [.reply(LoaderReply(data: before))] : [.lost]
        }
        let bytes = before + packet
        // A packet of the wrong length was damaged on the way; silence breaks the stream off.
        guard bytes.count <= request.streamBytes else { return [] }
        state = .streaming(request, bytes)
        var count: [UInt8] = []
        count.appendLittleEndian(UInt32(clamping: bytes.count))
        return [.send(SlipEncoder.frame(count)), .wait(request.timeout)]
    }

    private mutating func fail(_ error: DeviceError) -> [Action] {
        state = .closed
        return [.failed(error)]
    }
}

/// Who answers on the board.
package enum LoaderKind: Equatable, Sendable {
    /// The chip's own loader.
    case rom
    /// A flasher stub: ours, or one that somebody loaded and left running.
    case stub

    /// What one data command carries.
    package var blockBytes: Int {
        switch self {
        case .rom: 0x400
        case .stub: 0x4000
        }
    }
}
