// The monitor as a machine: bytes and the time go in, events come out. It puts the parsers of this folder in a row,
// and decides when a finding may be spoken of: after a few lines, since the cause of a failure is sometimes printed
// behind it. It opens nothing, waits for nothing and keeps nothing that grows with the length of the session.

/// Turns a board's output into events.
public struct MonitorMachine: Sendable {
    private var merger = LineMerger()
    private var boots = BootParser()
    private var inferences = InferenceParser()
    private var panics = PanicParser()
    private var reboots = RebootWatcher()
    private var outputs = OutputWatcher()
    private var context = HintContext()

    /// All that was found.
    private var total = CaseFile()
    /// What was found and not yet spoken of.
    private var window = CaseFile()
    private var linesSinceFinding = 0
    private var linesSinceTaskWatchdog = Int.max
    /// Whether the firmware said in this run why it ends.
    private var hasCrashed = false
    private var announced: Set<String> = []
    private var inWindow: Set<String> = []
    /// Whether our sketch has a model that works: then a refused input is the host's fault.
    private var sketchIsReady = false
    private var now: UInt64 = 0
    private var lastArrival: UInt64 = 0
    private var toldPartial = 0
    private var hostDays: UInt64 = 0
    private var lastHostTime: Int?
    private var lastLine: MonitorLine?

    /// So many lines behind a finding may still explain it.
    private static let windowLines = 8
    /// After this silence nothing more belongs to what came: half a second's worth of a slow board, in nanoseconds.
    private static let silence: UInt64 = 300_000_000

    /// Makes a machine.
    public init(_ configuration: MonitorConfiguration = MonitorConfiguration()) {
        inferences.labels = configuration.labels
        inferences.threshold = configuration.threshold
        context.arena = configuration.arena
    }

    /// All diagnoses so far, root cause first; complete after `finished()`.
    public var diagnoses: [Diagnosis] { total.diagnoses(context) }

    /// When `timePassed` is to be called if nothing arrives before; nil when nothing waits.
    public var deadline: UInt64? {
        let waits =
            inferences.isWaiting || !window.isEmpty || merger.unfinished.count != toldPartial || panics.open != nil
        return waits ? lastArrival &+ Self.silence : nil
    }

    /// Whether the start of the firmware was heard: without it nobody knows what it said of its errors then.
    public var sawStart: Bool { context.sawStart }

    /// The restarts that nobody asked for, while they follow each other.
    public var loop: RebootLoop? { reboots.loop }

    /// Names the classes from now on.
    public mutating func name(labels: [String], threshold: Double) {
        inferences.labels = labels
        inferences.threshold = threshold
    }

    /// Takes bytes that arrived at a time, in nanoseconds of any steady clock.
    public mutating func received(_ bytes: some Sequence<UInt8>, at nanoseconds: UInt64) -> [MonitorEvent] {
        now = max(now, nanoseconds)
        lastArrival = now
        var events: [MonitorEvent] = []
        for raw in merger.received(bytes) { take(raw, &events) }
        if merger.unfinished.count < toldPartial { toldPartial = 0 }
        return events
    }

    /// Nothing arrived until this time: gives out what only waited for more.
    public mutating func timePassed(to nanoseconds: UInt64) -> [MonitorEvent] {
        now = max(now, nanoseconds)
        guard now - lastArrival >= Self.silence else { return [] }
        var events: [MonitorEvent] = []
        emit(inferences.flush(), &events)
        if let report = panics.finish() { take(report, &events) }
        announce(&events)
        let unfinished = merger.unfinished
        if unfinished.count > toldPartial {
            toldPartial = unfinished.count
            events.append(.partial(PlainText.of(unfinished)))
        }
        return events
    }

    /// The stream ended.
    public mutating func finished() -> [MonitorEvent] {
        var events: [MonitorEvent] = []
        if let raw = merger.finished() { take(raw, &events) }
        toldPartial = 0
        emit(inferences.flush(), &events)
        if let report = panics.finish() { take(report, &events) }
        announce(&events)
        return events
    }

    /// The caller is about to reset the board: the restart that follows is not the firmware's.
    public mutating func hostResets() { reboots.hostResets() }

    private mutating func take(_ raw: RawLine, _ events: inout [MonitorEvent]) {
        for line in MonitorLine.lines(of: raw) { take(line, &events) }
    }

    private mutating func take(_ line: MonitorLine, _ events: inout [MonitorEvent]) {
        lastLine = line
        let report = SketchReport(line)
        emit(inferences.take(line, report), &events)
        events.append(.line(line))
        noteTime(of: line)
        if let boot = boots.take(line) { take(boot, line, &events) } else { takeSavedPC(line) }
        if let report { take(report, line, &events) }
        if line.saysThatHostResets { reboots.hostResets() }
        reboots.line()
        if linesSinceTaskWatchdog < Int.max { linesSinceTaskWatchdog += 1 }
        if !line.isHostNote {
            if let panic = panics.take(line) { take(panic, &events) }
            // A dump of numbers says nothing in words.
            if !line.looksLikeNumbers {
                for finding in RuleIndex.all.findings(in: line) { add(finding) }
            }
            if inferences.held?.line != line.number { for finding in outputs.take(line) { add(finding) } }
        }
        linesSinceFinding += 1
        // A dump that is being printed will say more.
        if linesSinceFinding > Self.windowLines, panics.open == nil { announce(&events) }
    }

    private mutating func take(_ boot: BootEvent, _ line: MonitorLine, _ events: inout [MonitorEvent]) {
        emit(inferences.reset(), &events)
        if let report = panics.finish() { take(report, &events) }
        announce(&events)
        events.append(.boot(boot))
        context.chip = boot.chip ?? context.chip
        context.sawStart = true
        sketchIsReady = false
        switch reboots.boot(boot, milliseconds: milliseconds(of: line)) {
        case .unremarkable: break
        // After a panic a watchdog may be what does the reset.
        case .watchdog where hasCrashed: break
        case .watchdog(let grave):
            let details: [String: Diagnosis.Detail] = ["reset": .text(boot.reset), "code": .number(boot.code)]
            add(Finding(.watchdogReset, grave ? .error : .warning, line, details: details))
        case .brownout: add(Finding(.brownout, .error, line))
        case .lockup: add(Finding(.cpuLockup, .error, line))
        }
        hasCrashed = false
        if boot.isDownload {
            add(Finding(.downloadMode, .error, line))
        } else {
            total.update(.downloadMode) { $0.severity = .info }
        }
        if let loop = reboots.loop { add(loop, line) }
        takeSavedPC(line)
    }

    private mutating func add(_ loop: RebootLoop, _ line: MonitorLine) {
        let grave = loop.count > 2 || !loop.isSoftwareOnly || total.codes.contains { $0.family != .symptom }
        var finding = Finding(.rebootLoop, grave ? .error : .warning, line)
        finding.details = ["count": .number(loop.count), "reset": .text(loop.reset)]
        if let period = loop.periodMilliseconds { finding.details["period_ms"] = .number(period) }
        if let cause = total.diagnoses(context).first(where: { $0.code.family != .symptom }) {
            finding.details["cause"] = .text(cause.code.rawValue)
        }
        add(finding)
        // The last word on how many there were is the latest one.
        let details = finding.details
        total.update(.rebootLoop) { old in old.details.merge(details) { _, new in new } }
        window.update(.rebootLoop) { old in old.details.merge(details) { _, new in new } }
    }

    /// Newer ROMs say where the program was; the evidence of resets that say nothing else.
    private mutating func takeSavedPC(_ line: MonitorLine) {
        guard line.bytes.holds("Saved PC:"), let pc = boots.savedPC else { return }
        for code in [DiagnosisCode.watchdogReset, .cpuLockup] {
            let note: (inout Finding) -> Void = { finding in
                guard finding.details["pc"] == nil else { return }
                finding.details["pc"] = .address(pc)
                finding.evidence.append(.init(line: line.number, text: line.text))
            }
            total.update(code, note)
            window.update(code, note)
        }
    }

    private mutating func take(_ report: SketchReport, _ line: MonitorLine, _ events: inout [MonitorEvent]) {
        events.append(.sketch(report))
        switch report.kind {
        case .error(let code): add(Finding.reported(code, report, line, isReady: sketchIsReady))
        case .arena(let bytes, _): context.arena = bytes
        case .model: context.sawStart = true
        case .ready: sketchIsReady = true
        case .result, .other: break
        }
    }

    private mutating func take(_ report: PanicReport, _ events: inout [MonitorEvent]) {
        events.append(.panic(report))
        guard let finding = Finding(report) else { return }
        hasCrashed = true
        if finding.code == .abort, linesSinceTaskWatchdog < 40 {
            // The watchdog's own abort, whose "Aborting." was cut off.
            for file in [\Self.total, \Self.window] {
                self[keyPath: file].update(.taskWatchdog) {
                    $0.severity = .error; $0.details["fatal"] = .flag(true)
                }
            }
        }
        add(finding)
    }

    private mutating func emit(_ ready: [InferenceEvent], _ events: inout [MonitorEvent]) {
        for event in ready {
            events.append(.inference(event))
            reboots.inference()
            for finding in outputs.take(event) { add(finding) }
        }
    }

    private mutating func add(_ finding: Finding) {
        if finding.code == .taskWatchdog { linesSinceTaskWatchdog = 0 }
        total.add(finding)
        if announced.count < 4096, !announced.contains(finding.identity) {
            if window.isEmpty { linesSinceFinding = 0 }
            window.add(finding)
            inWindow.insert(finding.identity)
        }
    }

    /// Speaks of what was found, root cause first.
    private mutating func announce(_ events: inout [MonitorEvent]) {
        guard !window.isEmpty else { return }
        for diagnosis in window.diagnoses(context, others: total.codes) {
            if announced.insert(diagnosis.identity).inserted { events.append(.diagnosis(diagnosis)) }
        }
        announced.formUnion(inWindow)
        inWindow = []
        window = CaseFile()
    }

    /// The best clock there is: the saved log's, else the caller's.
    private func milliseconds(of line: MonitorLine) -> UInt64? {
        if let time = line.hostMilliseconds { return hostDays * 86_400_000 + UInt64(time) }
        return now > 0 ? now / 1_000_000 : nil
    }

    /// A saved log's clock starts again at midnight.
    private mutating func noteTime(of line: MonitorLine) {
        guard let time = line.hostMilliseconds else { return }
        if let last = lastHostTime, time < last - 43_200_000 { hostDays += 1 }
        lastHostTime = time
    }
}

extension MonitorLine {
    /// Whether a flasher or monitor says in the log that it resets the board or has just begun.
    var saysThatHostResets: Bool {
        bytes.holds("Hard resetting") || bytes.holds("idf_monitor on") || bytes.holds("esp-idf-monitor ")
            || bytes.holds("Terminal on /dev") || bytes.holds("Terminal on COM")
    }

    /// Whether nearly all of it is digits and commas: a dump, which the rules need not read.
    var looksLikeNumbers: Bool {
        guard bytes.count > 200 else { return false }
        return !bytes.prefix(400).dropFirst(64).contains { $0.isLetter && $0 | 0x20 != 0x65 }
    }
}
