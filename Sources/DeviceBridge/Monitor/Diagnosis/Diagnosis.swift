// A named cause, with the lines that show it and what to do.

/// What is wrong with a board or a build, why we think so, and what to do.
public struct Diagnosis: Equatable, Sendable {
    /// How bad it is.
    public enum Severity: String, Equatable, Sendable, Comparable, CaseIterable {
        /// Worth knowing.
        case info
        /// It works, or may work, but look at it.
        case warning
        /// It does not work.
        case error

        private var rank: Int {
            switch self {
            case .info: 0
            case .warning: 1
            case .error: 2
            }
        }

        /// Whether the left one is less bad.
        public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
    }

    /// A fact of a diagnosis.
    public enum Detail: Equatable, Sendable {
        /// A count or a number of bytes.
        case number(Int)
        /// A name.
        case text(String)
        /// An address, printed as `0x400d2d5c`.
        case address(UInt32)
        /// Yes or no.
        case flag(Bool)

        /// A number as printed; one so large that calculating with it could overflow stays text.
        static func reading(_ text: String) -> Detail {
            guard let number = Int(text), abs(Double(number)) < 1e12 else { return .text(text) }
            return .number(number)
        }

        /// The number, if it is one.
        public var number: Int? { if case .number(let value) = self { value } else { nil } }
        /// The text, if it is one.
        public var text: String? { if case .text(let value) = self { value } else { nil } }
        /// The address, if it is one.
        public var address: UInt32? { if case .address(let value) = self { value } else { nil } }
        /// The flag, if it is one.
        public var flag: Bool? { if case .flag(let value) = self { value } else { nil } }
    }

    /// A line that shows it.
    public struct Evidence: Equatable, Sendable {
        /// The line's number.
        public var line: Int
        /// What it says, cut when it is very long.
        public var text: String

        init(line: Int, text: String) {
            self.line = line
            self.text = text
        }

        init(_ line: MonitorLine) { self.init(line: line.number, text: line.text.shortened(to: 300)) }
    }

    /// The stable code.
    public var code: DiagnosisCode
    /// How bad it is.
    public var severity: Severity
    /// The lines that show it, the first one first.
    public var evidence: [Evidence]
    /// What to do.
    public var hint: String
    /// Sizes, names, addresses; the keys are CLI.md's.
    public var details: [String: Detail]
    /// How often it was seen.
    public var occurrences: Int

    /// The number of the first line that shows it.
    public var line: Int { evidence.first?.line ?? 0 }
}

/// One sighting, before all of them are weighed.
struct Finding: Equatable, Sendable {
    var code: DiagnosisCode
    var severity: Diagnosis.Severity
    /// Smaller is nearer to the root.
    var rank: Int
    /// Says that something failed, not why: dropped beside a finding of the same family that does say why.
    var isWeak = false
    var evidence: [Diagnosis.Evidence]
    var details: [String: Diagnosis.Detail] = [:]

    init(
        _ code: DiagnosisCode, _ severity: Diagnosis.Severity, _ line: MonitorLine,
        details: [String: Diagnosis.Detail] = [:], weak: Bool = false
    ) {
        self.init(code, severity, Diagnosis.Evidence(line), details: details, weak: weak)
    }

    init(
        _ code: DiagnosisCode, _ severity: Diagnosis.Severity, _ source: Diagnosis.Evidence,
        details: [String: Diagnosis.Detail] = [:], weak: Bool = false
    ) {
        self.code = code
        self.severity = severity
        self.details = details
        rank = code.rank
        isWeak = weak
        evidence = [source]
    }

    /// What tells two sightings of one code apart.
    var identity: String {
        var text = code.rawValue
        for key in ["op", "missing", "needed", "cause", "pc", "task", "version", "bytes", "header"] {
            text += "|"
            switch details[key] {
            case .number(let number): text += String(number)
            case .text(let word): text += word
            case .address(let address): text += String(address, radix: 16)
            case .flag(let flag): text += flag ? "yes" : "no"
            case nil: break
            }
        }
        return text
    }
}

extension String {
    /// The first characters and an ellipsis, when it is longer.
    func shortened(to limit: Int) -> String {
        utf8.count <= limit ? self : String(prefix(limit)) + "..."
    }
}
