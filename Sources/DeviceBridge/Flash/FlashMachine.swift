// Flashing as a machine: ask what the board holds, write the runs of sectors that differ, prove the whole. A
// reply that was lost never leads to sending a block again on suspicion: the board is asked by MD5 what it holds
// and only what is missing is written, a bounded number of times. No bytes of the wire and no clock here.

/// One flashing of a plan.
package struct FlashMachine: Sendable {
    /// What happened.
    package enum Event: Equatable, Sendable {
        /// Begin, or go on after `.writesAhead`.
        case proceed
        /// The last request was carried out.
        case reply(LoaderReply)
        /// The last request was refused.
        case refused(ROMError)
        /// Whether the last request was carried out is not known; the loader answers again.
        case lost
    }

    /// What to do next.
    package enum Step: Equatable, Sendable {
        /// Send this and report what comes of it.
        case request(LoaderRequest, FlashProgress)
        /// Something differs and will be written: the last moment to look at size and protection.
        case writesAhead
        /// All regions are in the flash.
        case done
        /// It cannot be done.
        case failed(DeviceError)
    }

    private enum State {
        case starting
        case comparing(Int, RangeProbe)
        case cleared
        case writing(Int, RunWriter)
        case recovering(Int, RangeProbe)
        case proving(Int)
        case localising(Int, RangeProbe)
        case over
    }

    private struct Run {
        var region: Int
        var range: Range<Int>
    }

    private let plan: FlashPlan
    private let options: FlashOptions
    private let encryptionWord: Bool
    /// Who carries the requests out; may change when the board had to be reached again.
    package var kind: LoaderKind
    private var state = State.starting
    private var runs: [Run] = []
    private var bytesAhead = 0
    private var bytesBehind = 0
    private var rewrites = 0
    /// Whether a command that erases was sent.
    private var hasBegun = false
    /// The region at work when it failed.
    private var last: Int?
    /// Bytes written per region.
    package private(set) var written: [Int]
    /// How often what a lost reply left open had to be asked.
    package private(set) var recoveries = 0

    /// Whether something that was taken turned out not to be there.
    package private(set) var wentAstray = false

    private static let mostRecoveries = 16
    private static let mostRewrites = 1

    package init(_ plan: FlashPlan, options: FlashOptions, encryptionWord: Bool, kind: LoaderKind) {
        self.plan = plan
        self.options = options
        self.encryptionWord = encryptionWord
        self.kind = kind
        written = plan.regions.map { _ in 0 }
    }

    /// What was done so far, per region.
    package var outcome: [FlashReport.Region] {
        zip(plan.regions, written).map {
            FlashReport.Region(offset: $0.offset, size: $0.bytes.count, written: $1, label: $0.label)
        }
    }

    /// What the flash holds of the plan now, for a message about why the work ended.
    package var standing: String {
        guard hasBegun else { return "the flash is as it was" }
        var open: [Int] = runs.map(\.region)
        switch state {
        case .writing(let index, _), .recovering(let index, _), .localising(let index, _): open.append(index)
        case .starting, .comparing, .cleared, .proving, .over: break
        }
        if let last { open.append(last) }
        let labels = Set(open).sorted().map { plan.regions[$0].label }
        guard !labels.isEmpty else { return "all was written, but the proof is missing" }
        return "\(labels.joined(separator: ", ")): incomplete on the flash, \(min(bytesBehind, bytesAhead)) of "
            + "\(bytesAhead) bytes that differed were taken"
    }

    /// Takes an event and says what is next.
    package mutating func next(_ event: Event) -> Step {
        switch state {
        case .starting:
            return options.onlyDifferences ? compare(0) : planned(plan.regions.map { [$0.range] })
        case .comparing(let index, let probe):
            return probing(index, probe, event) {
                .comparing($0, $1)
            } done: { machine, found in
                machine.add(found, of: index)
                return machine.compare(index + 1)
            }
        case .cleared:
            return writeNext()
        case .writing(let index, let writer):
            return writing(index, writer, event)
        case .recovering(let index, let probe):
            return probing(index, probe, event) {
                .recovering($0, $1)
            } done: { machine, found in
                machine.runs.insert(contentsOf: found.map { Run(region: index, range: $0) }, at: 0)
                return machine.writeNext()
            }
        case .proving(let index):
            return proving(index, event)
        case .localising(let index, let probe):
            return probing(index, probe, event) {
                .localising($0, $1)
            } done: { machine, found in
                machine.mismatch(index, found)
            }
        case .over:
            return .done
        }
    }
}

extension FlashMachine {
    // MARK: Asking

    private mutating func compare(_ index: Int) -> Step {
        guard index < plan.regions.count else { return runs.isEmpty ? finish() : clear() }
        let region = plan.regions[index]
        return ask(index, RangeProbe(region, range: region.range)) { .comparing($0, $1) }
    }

    private mutating func planned(_ ranges: [[Range<Int>]]) -> Step {
        for (index, found) in ranges.enumerated() { add(found, of: index) }
        return runs.isEmpty ? finish() : clear()
    }

    private mutating func add(_ found: [Range<Int>], of index: Int) {
        let bytes = found.reduce(0) { $0 + $1.count }
        runs += found.map { Run(region: index, range: $0) }
        written[index] += bytes
        bytesAhead += bytes
    }

    private mutating func clear() -> Step {
        state = .cleared
        return .writesAhead
    }

    private mutating func ask(_ index: Int, _ probe: RangeProbe, _ state: (Int, RangeProbe) -> State) -> Step {
        guard let range = probe.question else { return failed(.silence) }
        self.state = state(index, probe)
        let region = plan.regions[index]
        return .request(
            .flashMD5(range),
            FlashProgress(
                phase: .compare, done: range.lowerBound - region.offset, total: region.bytes.count,
                label: region.label))
    }

    /// One answer of a search; `done` gets what differs when it is over.
    private mutating func probing(
        _ index: Int, _ probe: RangeProbe, _ event: Event, state: (Int, RangeProbe) -> State,
        done: (inout FlashMachine, [Range<Int>]) -> Step
    ) -> Step {
        var probe = probe
        switch event {
        case .reply(let reply):
            guard let digest = reply.digest else {
                // Damaged on the way: replies carry no checksum.
                recoveries += 1
                guard recoveries <= Self.mostRecoveries else {
                    return failed(.brokeOff(during: "\(LoaderOpcode.flashMD5)", heard: ""))
                }
                return ask(index, probe, state)
            }
            probe.answered(digest)
            return probe.question == nil ? done(&self, probe.differing) : ask(index, probe, state)
        case .refused(let reason):
            return failed(.refused(.flashMD5, reason))
        case .proceed, .lost:
            return ask(index, probe, state)
        }
    }

    // MARK: Writing

    private mutating func writeNext() -> Step {
        guard !runs.isEmpty else { return options.verifies ? prove(0) : finish() }
        let run = runs.removeFirst()
        let writer = RunWriter(
            plan.regions[run.region], range: run.range, compresses: options.compresses,
            encryptionWord: encryptionWord, kind: kind)
        return send(run.region, writer)
    }

    private mutating func send(_ index: Int, _ writer: RunWriter) -> Step {
        var writer = writer
        guard let request = writer.next() else {
            bytesBehind += writer.range.count
            return writeNext()
        }
        state = .writing(index, writer)
        hasBegun = true
        let done = min(bytesAhead, bytesBehind + writer.bytesDone)
        return .request(
            request,
            FlashProgress(
                phase: writer.isErasing ? .erase : .write, done: done, total: bytesAhead,
                label: plan.regions[index].label))
    }

    private mutating func writing(_ index: Int, _ writer: RunWriter, _ event: Event) -> Step {
        switch event {
        case .proceed, .reply:
            return send(index, writer)
        case .refused(let reason) where !reason.isTransmissionDamage && writer.isErasing:
            return failed(.refused(writer.opcode, reason))
        case .refused(let reason):
            return recover(index, writer, orFail: .refused(writer.opcode, reason))
        case .lost:
            return recover(index, writer, orFail: .brokeOff(during: "\(writer.opcode)", heard: ""))
        }
    }

    private mutating func recover(_ index: Int, _ writer: RunWriter, orFail error: DeviceError) -> Step {
        recoveries += 1
        guard recoveries <= Self.mostRecoveries else { return failed(error) }
        return ask(index, RangeProbe(plan.regions[index], range: writer.range)) { .recovering($0, $1) }
    }

    // MARK: Proving

    private mutating func prove(_ index: Int) -> Step {
        guard index < plan.regions.count else { return finish() }
        state = .proving(index)
        let region = plan.regions[index]
        let before = plan.regions[..<index].reduce(0) { $0 + $1.bytes.count }
        return .request(
            .flashMD5(region.range),
            FlashProgress(
                phase: .verify, done: before, total: plan.regions.reduce(0) { $0 + $1.bytes.count },
                label: region.label))
    }

    private mutating func proving(_ index: Int, _ event: Event) -> Step {
        let region = plan.regions[index]
        switch event {
        case .reply(let reply):
            if reply.digest == RangeProbe.digest(region.bytes[...]) { return prove(index + 1) }
            return ask(index, RangeProbe(region, range: region.range)) { .localising($0, $1) }
        case .refused(let reason):
            return failed(.refused(.flashMD5, reason))
        case .proceed, .lost:
            return prove(index)
        }
    }

    /// The proof failed at these places: write them once more, then give up.
    private mutating func mismatch(_ index: Int, _ found: [Range<Int>]) -> Step {
        if found.isEmpty { return prove(index) }
        guard rewrites < Self.mostRewrites else {
            return failed(.verifyFailed(plan.regions[index].label, at: found.map(\.lowerBound)))
        }
        rewrites += 1
        wentAstray = true
        runs = found.map { Run(region: index, range: $0) }
        return writeNext()
    }

    private mutating func finish() -> Step {
        state = .over
        return .done
    }

    private mutating func failed(_ error: DeviceError) -> Step {
        switch state {
        case .writing(let index, _), .recovering(let index, _), .localising(let index, _): last = index
        case .starting, .comparing, .cleared, .proving, .over: break
        }
        state = .over
        return .failed(error)
    }
}
