// What a stream of bytes turns into.

/// Something that the board said or that follows from it.
public enum MonitorEvent: Equatable, Sendable {
    /// A whole line.
    case line(MonitorLine)
    /// A line that has not ended while nothing more came; the whole line follows when it has.
    case partial(String)
    /// The board started.
    case boot(BootEvent)
    /// A prediction.
    case inference(InferenceEvent)
    /// A line `espmask: ...` of our sketches.
    case sketch(SketchReport)
    /// A panic, an abort or a backtrace, when all of it was read.
    indirect case panic(PanicReport)
    /// A cause was found; the same one is not said twice.
    indirect case diagnosis(Diagnosis)
}

/// What the monitor is told beforehand.
public struct MonitorConfiguration: Equatable, Sendable {
    /// The names of the classes, in the order of the outputs; two for a model with one output.
    public var labels: [String]
    /// The single output from which the second class begins.
    public var threshold: Double
    /// The size of the arena in bytes, where it is known.
    public var arena: Int?

    /// The names of the builtin operators, each at its code's place: our firmware knows only the codes.
    public var operators: [String]

    /// Whether each line, and each report of our sketches, is an event. Without them a gigabyte of log costs no more than
    /// a look.
    public var tellsLines: Bool

    /// Makes a configuration.
    public init(
        labels: [String] = [], threshold: Double = 0.5, arena: Int? = nil, operators: [String] = [],
        tellsLines: Bool = true
    ) {
        self.labels = labels
        self.threshold = threshold
        self.arena = arena
        self.operators = operators
        self.tellsLines = tellsLines
    }
}
