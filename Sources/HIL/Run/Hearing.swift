// All that is heard of a board during an attempt: the transcript for texts, the monitor for what the lines mean, and since
// when each counts. Each start of the board that the script asks for begins a new chapter: what is wrong with the firmware
// is judged from there on.

internal import DeviceBridge

/// What a board has said.
struct Hearing {
    private(set) var transcript = Transcript()
    private let configuration: MonitorConfiguration
    private var monitor: MonitorMachine
    /// The number of the transcript's line that is the monitor's first, less one.
    private var lineBase = 0

    /// The starts, with the index of the line that told.
    private(set) var boots: [(event: BootEvent, line: Int)] = []
    private(set) var predictions: [HeardPrediction] = []
    /// The causes of this chapter as they were named.
    private(set) var diagnoses: [Diagnosis] = []
    /// The causes of the chapters before.
    private var earlier: [(diagnosis: Diagnosis, base: Int)] = []
    /// What the sketch says of its arena, in this chapter.
    private(set) var arena: (bytes: Int, used: Int?)?
    /// When the sketch was ready first, in this chapter.
    private(set) var readyAt: Duration?
    /// How often it said so, in the whole attempt.
    private(set) var readyCount = 0
    /// Whether the firmware speaks as our sketches do.
    private(set) var isSketch = false
    /// Whether bits of a prediction were read.
    private var sawBits = false
    /// Whether the firmware prints the bits of its predictions: our sketches do, readable or not.
    var speaksBits: Bool { sawBits || isSketch }
    /// When the chapter began.
    private(set) var startedAt = Duration.zero
    /// Where it began.
    private(set) var start = Transcript.Position()
    /// When something arrived last.
    private(set) var lastArrival = Duration.zero
    /// When which line began, on the wall clock, by the number of lines then.
    private(set) var wallTimes: [(lines: Int, wall: Duration)] = []

    init(_ configuration: MonitorConfiguration) {
        self.configuration = configuration
        monitor = MonitorMachine(configuration)
    }

    /// Takes bytes; what they mean.
    mutating func received(_ bytes: [UInt8], at now: Moment) -> [MonitorEvent] {
        lastArrival = now.line
        wallTimes.append((transcript.lineCount, now.wall))
        transcript.received(bytes, at: now.line)
        return note(monitor.received(bytes, at: Self.nanoseconds(now.line)), at: now.line)
    }

    /// Nothing came.
    mutating func timePassed(to now: Moment) -> [MonitorEvent] {
        note(monitor.timePassed(to: Self.nanoseconds(now.line)), at: now.line)
    }

    /// The board is being restarted: a new chapter.
    mutating func startAnew(at now: Moment) -> [MonitorEvent] {
        let last = note(monitor.finished(isCutOff: true), at: now.line)
        earlier += monitor.diagnoses.map { ($0, lineBase) }
        transcript.breakLine()
        lineBase = transcript.nextNumber - 1
        monitor = MonitorMachine(configuration)
        // That it restarts is not the firmware's doing.
        monitor.hostResets()
        diagnoses = []
        arena = nil
        readyAt = nil
        startedAt = now.line
        start = transcript.end
        return last
    }

    /// The line broke and is open again.
    mutating func breakLine() {
        // For the monitor too the line ends here.
        _ = note(monitor.received([0x0A], at: Self.nanoseconds(lastArrival)), at: lastArrival)
        let before = transcript.nextNumber
        transcript.breakLine()
        lineBase += transcript.nextNumber - before - 1
    }

    /// The end: all causes, root cause first in each chapter.
    mutating func finish() -> [(diagnosis: Diagnosis, logIndex: Int?)] {
        _ = note(monitor.finished(isCutOff: true), at: lastArrival)
        return (earlier + monitor.diagnoses.map { ($0, lineBase) }).map { found in
            (found.diagnosis, transcript.index(ofLine: found.base + found.diagnosis.line))
        }
    }

    /// The index of the line that the monitor knows by a number.
    private func index(_ number: Int) -> Int {
        transcript.index(ofLine: lineBase + number) ?? max(0, transcript.lineCount - 1)
    }

    private mutating func note(_ events: [MonitorEvent], at time: Duration) -> [MonitorEvent] {
        for event in events {
            switch event {
            case .boot(let boot): boots.append((boot, index(boot.line)))
            case .inference(let inference):
                let prediction = HeardPrediction(inference, line: index(inference.line))
                sawBits = sawBits || prediction.bits != nil
                predictions.append(prediction)
            case .sketch(let report): note(report, at: time)
            case .diagnosis(let diagnosis):
                diagnoses.removeAll { $0.code == diagnosis.code }
                diagnoses.append(diagnosis)
            case .line, .partial, .panic: break
            }
        }
        return events
    }

    private mutating func note(_ report: SketchReport, at time: Duration) {
        isSketch = true
        switch report.kind {
        case .arena(let bytes, let used): arena = (bytes, used)
        case .ready:
            readyCount += 1
            readyAt = readyAt ?? time
        case .result:
            // Told with its prediction, unless that line could not be read.
            let line = index(report.line)
            guard let prediction = HeardPrediction(report, line: line) else { return }
            sawBits = true
            if let last = predictions.last, last.bits == prediction.bits, line - last.line <= 2 { return }
            predictions.append(prediction)
        case .model, .error, .other: break
        }
    }

    static func nanoseconds(_ time: Duration) -> UInt64 {
        let (seconds, attoseconds) = time.components
        return UInt64(clamping: seconds) &* 1_000_000_000 &+ UInt64(clamping: attoseconds / 1_000_000_000)
    }
}
