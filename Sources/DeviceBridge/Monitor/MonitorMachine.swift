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
    private var announced: [String: Diagnosis.Severity] = [:]
    private var inWindow: [String: Diagnosis.Severity] = [:]
    /// Whether our sketch has a model that works: then a refused input is the host's fault.
    private var sketchIsReady = false
    /// Whether the next start is to be the loader's.
    private var expectsLoader = false
    private var now: UInt64 = 0
    private var lastArrival: UInt64 = 0
    private var toldPartial = 0
    private var hostDays: UInt64 = 0
    private var lastHostTime: Int?
    /// Whether each line is an event.
    private let tellsLines: Bool
    private let operators: [String]
    /// Room for a line that loses its colours.
    private var scratch: [UInt8] = []

    /// So many lines behind a finding may still explain it.
    private static let windowLines = 8
    /// After this silence nothing more belongs to what came: half a second's worth of a slow board, in nanoseconds.
    private static let silence: UInt64 = 300_000_000

    /// Makes a machine.
    public init(_ configuration: MonitorConfiguration = MonitorConfiguration()) {
        inferences.labels = configuration.labels
        inferences.threshold = configuration.threshold
        context.arena = configuration.arena
        tellsLines = configuration.tellsLines
        operators = configuration.operators
    }

    /// How many lines came.
    public private(set) var lineCount = 0

    /// All diagnoses so far, root cause first; complete after `finished()`.
    public var diagnoses: [Diagnosis] { total.diagnoses(context) }

    /// When `timePassed` is to be called if nothing arrives before; nil when nothing waits.
    public var deadline: UInt64? {
        let waits =
            inferences.isWaiting || !window.isEmpty || merger.unfinished.count != toldPartial || panics.isOpen
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
        var events: [MonitorEvent] = []
        let isTaken: Void? = bytes.withContiguousStorageIfAvailable { received($0, at: nanoseconds, into: &events) }
        if isTaken == nil {
            Array(bytes).withUnsafeBufferPointer { received($0, at: nanoseconds, into: &events) }
        }
        return events
    }

    /// The same; the events are appended, so that a reader of gigabytes needs no new room for each piece.
    public mutating func received(
        _ bytes: UnsafeBufferPointer<UInt8>, at nanoseconds: UInt64, into events: inout [MonitorEvent]
    ) {
        now = max(now, nanoseconds)
        lastArrival = now
        var merger = LineMerger()
        swap(&merger, &self.merger)
        merger.take(bytes) { line, number in take(raw: line, number, &events) }
        swap(&merger, &self.merger)
        if self.merger.unfinished.count < toldPartial { toldPartial = 0 }
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

    /// The stream ended. Where it was cut off, the line that has no ending may be half a line, and means nothing.
    public mutating func finished(isCutOff: Bool = false) -> [MonitorEvent] {
        var events: [MonitorEvent] = []
        if let raw = merger.finished() {
            if isCutOff {
                lineCount = raw.number
                let text = Array(PlainText.of(raw.bytes).utf8)
                if tellsLines { events.append(.line(MonitorLine(bytes: text, number: raw.number, isCutShort: true))) }
            } else {
                raw.bytes.withUnsafeBufferPointer { take(raw: $0, raw.number, &events) }
            }
        }
        toldPartial = 0
        emit(inferences.flush(), &events)
        if let report = panics.finish() { take(report, &events) }
        announce(&events)
        return events
    }

    /// The caller is about to reset the board: the restart that follows is not the firmware's, and where it is into the
    /// loader nothing is wrong with the board that waits there.
    public mutating func hostResets(intoLoader: Bool = false) {
        reboots.hostResets()
        expectsLoader = intoLoader
    }

    /// What the board said meanwhile was not heard, perhaps a start.
    public mutating func lineWasAway() {
        context.sawStart = false
    }

    /// A line as it came.
    private mutating func take(raw: UnsafeBufferPointer<UInt8>, _ number: Int, _ events: inout [MonitorEvent]) {
        lineCount = number
        if PlainBytes.isPlain(raw) { return take(stamped: raw, number, &events) }
        var plain: [UInt8] = []
        swap(&plain, &scratch)
        PlainBytes.strip(raw, into: &plain)
        plain.withUnsafeBufferPointer { take(stamped: $0, number, &events) }
        plain.removeAll(keepingCapacity: plain.capacity <= 1 << 14)
        swap(&plain, &scratch)
    }

    /// A line of plain text with what a host may have put before it.
    private mutating func take(stamped: UnsafeBufferPointer<UInt8>, _ number: Int, _ events: inout [MonitorEvent]) {
        guard HostPrefix.isPossible(stamped) else { return take(plain: stamped, number, nil, &events) }
        let prefix = HostPrefix(of: Array(stamped))
        let rest = UnsafeBufferPointer(rebasing: stamped[prefix.length...])
        take(plain: rest, number, prefix.milliseconds, &events)
    }

    /// A line of the board: most of them say nothing to any parser, which costs one look at each byte.
    private mutating func take(
        plain text: UnsafeBufferPointer<UInt8>, _ number: Int, _ hostMilliseconds: Int?,
        _ events: inout [MonitorEvent]
    ) {
        let isQuiet = !panics.isOpen && !inferences.isReadingBlock
        if isQuiet, let numbers = InferenceParser.plainDump(text) ?? InferenceParser.callbackDump(text) {
            pass(text, number, hostMilliseconds, speaksOfResults: false, &events)
            return inferences.take(numbers, line: number)
        }
        if isQuiet, !tellsLines, let line = WorkshopLine(text) {
            return take(line, text, number, hostMilliseconds, &events)
        }
        var traits = LineTraits.of(text)
        if traits.contains(.oddNumber), !OutputWatcher.mayHoldOddNumber(text) { traits.remove(.oddNumber) }
        if isQuiet, traits.subtracting(.speaksOfResults).isEmpty, !Self.needsCare(text) {
            let speaks = traits.contains(.speaksOfResults) && text.count < OutputWatcher.longestLine
            return pass(text, number, hostMilliseconds, speaksOfResults: speaks, &events)
        }
        let line = MonitorLine(bytes: Array(text), number: number, hostMilliseconds: hostMilliseconds)
        guard traits.contains(.cut) else { return take(line, traits, &events) }
        for part in line.parts { take(part, part.bytes.withUnsafeBufferPointer(LineTraits.of), &events) }
    }

    /// Whether a line that holds no word that matters may still be a host's note or a dump behind a log's head.
    private static func needsCare(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = text.first else { return false }
        switch first {
        case 0x20, 0x2D, 0x30: return true
        // Numbers that the quick reader left to the careful one.
        case 0x31...0x39, 0x2E, 0x4E, 0x6E: return text.contains(0x2C)
        case 0x5B, 0x44, 0x45, 0x49, 0x56, 0x57:
            guard let last = text.last, last == 0x2C || last.isDigit else { return false }
            return text.contains(0x2C)
        case _: return false
        }
    }

    /// A line that concerns no parser: all that it does is to be one more.
    private mutating func pass(
        _ text: UnsafeBufferPointer<UInt8>, _ number: Int, _ hostMilliseconds: Int?, speaksOfResults: Bool,
        _ events: inout [MonitorEvent]
    ) {
        if let event = inferences.nextLine() { emit(event, &events) }
        if tellsLines {
            events.append(
                .line(MonitorLine(bytes: Array(text), number: number, hostMilliseconds: hostMilliseconds)))
        }
        count(hostMilliseconds, speaksOfResults: speaksOfResults, &events)
    }

    /// A line of the workshop's sketches in exactly the form they print, where nobody wants the line itself.
    private mutating func take(
        _ line: WorkshopLine, _ text: UnsafeBufferPointer<UInt8>, _ number: Int, _ hostMilliseconds: Int?,
        _ events: inout [MonitorEvent]
    ) {
        switch line {
        case .result(let bits, let microseconds):
            if let event = inferences.finishHeld(bits: [bits], microseconds: microseconds) { emit(event, &events) }
        case .prediction(let output):
            if let event = inferences.nextLine() { emit(event, &events) }
            inferences.take(output, Diagnosis.Evidence(line: number, text: String(decoding: text, as: UTF8.self)))
        case .ready:
            if let event = inferences.nextLine() { emit(event, &events) }
            sketchIsReady = true
        }
        count(hostMilliseconds, speaksOfResults: line.isPrediction ? nil : false, &events)
    }

    /// One line more; nil where its words do not count.
    private mutating func count(_ hostMilliseconds: Int?, speaksOfResults: Bool?, _ events: inout [MonitorEvent]) {
        if let hostMilliseconds { noteTime(hostMilliseconds) }
        reboots.line()
        if linesSinceTaskWatchdog < Int.max { linesSinceTaskWatchdog += 1 }
        if let speaksOfResults { outputs.nextLine(speaksOfResults: speaksOfResults) }
        linesSinceFinding += 1
        if linesSinceFinding > Self.windowLines { announce(&events) }
    }

    private mutating func take(_ line: MonitorLine, _ traits: LineTraits, _ events: inout [MonitorEvent]) {
        let report = traits.contains(.sketch) ? SketchReport(line) : nil
        emit(inferences.take(line, report, traits), &events)
        if tellsLines { events.append(.line(line)) }
        if let time = line.hostMilliseconds { noteTime(time) }
        if traits.contains(.boot) {
            if let boot = boots.take(line) { take(boot, line, &events) } else { takeSavedPC(line) }
        }
        if let report { take(report, line, &events) }
        if traits.contains(.host), line.saysThatHostResets { reboots.hostResets() }
        reboots.line()
        if linesSinceTaskWatchdog < Int.max { linesSinceTaskWatchdog += 1 }
        if !line.isHostNote {
            if traits.contains(.panic) || panics.isOpen, let panic = panics.take(line) { take(panic, &events) }
            // A dump of numbers says nothing in words.
            if traits.contains(.rule), !line.looksLikeNumbers {
                for finding in RuleIndex.all.findings(in: line) { add(finding) }
            }
            if inferences.held?.line != line.number { for finding in outputs.take(line, traits) { add(finding) } }
        }
        linesSinceFinding += 1
        // A dump that is being printed will say more.
        if linesSinceFinding > Self.windowLines, !panics.isOpen { announce(&events) }
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
        defer { expectsLoader = false }
        if boot.isDownload {
            add(Finding(.downloadMode, expectsLoader ? .info : .error, line))
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
        if let cause = total.rootCause(context) { finding.details["cause"] = .text(cause.rawValue) }
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
        if tellsLines { events.append(.sketch(report)) }
        switch report.kind {
        case .error(let code):
            var finding = Finding.reported(code, report, line, isReady: sketchIsReady)
            finding.nameOperator(of: operators)
            add(finding)
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
        for event in ready { emit(event, &events) }
    }

    private mutating func emit(_ event: InferenceEvent, _ events: inout [MonitorEvent]) {
        events.append(.inference(event))
        reboots.inference()
        for finding in outputs.take(event) { add(finding) }
    }

    private mutating func add(_ finding: Finding) {
        if finding.code == .taskWatchdog { linesSinceTaskWatchdog = 0 }
        total.add(finding)
        let identity = finding.identity
        // What is graver than it was is news again.
        if announced.count < 4096, announced[identity].map({ $0 < finding.severity }) ?? true {
            if window.isEmpty { linesSinceFinding = 0 }
            window.add(finding)
            inWindow[identity] = max(inWindow[identity] ?? .info, finding.severity)
        }
    }

    /// Speaks of what was found, root cause first.
    private mutating func announce(_ events: inout [MonitorEvent]) {
        guard !window.isEmpty else { return }
        for diagnosis in window.diagnoses(context, others: total) {
            if announced[diagnosis.identity].map({ $0 < diagnosis.severity }) ?? true {
                announced[diagnosis.identity] = diagnosis.severity
                events.append(.diagnosis(diagnosis))
            }
        }
        announced.merge(inWindow) { max($0, $1) }
        inWindow = [:]
        window = CaseFile()
    }

    /// The best clock there is: the saved log's, else the caller's.
    private func milliseconds(of line: MonitorLine) -> UInt64? {
        if let time = line.hostMilliseconds { return hostDays * 86_400_000 + UInt64(time) }
        return now > 0 ? now / 1_000_000 : nil
    }

    /// A saved log's clock starts again at midnight.
    private mutating func noteTime(_ time: Int) {
        if let last = lastHostTime, time < last - 43_200_000 { hostDays += 1 }
        if lastHostTime == nil { reboots.changeClock() }
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
