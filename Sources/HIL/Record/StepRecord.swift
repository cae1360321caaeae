// What is known of one step of a test, with whatever it measured or saw: pictures that were sent, predictions beside the
// host's, measures beside their limits. Values only.

/// A step and how it went.
package struct StepRecord: Sendable, Equatable {
    /// Which list of the script it stands in.
    package enum Phase: String, Sendable, Equatable, CaseIterable {
        case setup, steps, teardown
    }

    package var phase: Phase
    /// The step in one line, variables filled in: "expect: 'predicting...'".
    package var title: String
    /// Its line in the script (or in the file that was included), from 1.
    package var line: Int
    /// 0 at the top; one more inside each `repeat`, `for-each` or `include`.
    package var depth: Int
    package var verdict: StepVerdict
    /// When it began, in seconds from the attempt's start.
    package var startedAt: Double
    package var seconds: Double
    /// What it found, in one line: "arena=1300", "predicted 0.47 (mask)".
    package var note: String?
    package var pictures: [InputPicture]
    package var predictions: [PredictionRecord]
    package var measures: [MeasureRecord]

    package init(
        phase: Phase = .steps, title: String, line: Int, depth: Int = 0, verdict: StepVerdict, startedAt: Double = 0,
        seconds: Double = 0, note: String? = nil, pictures: [InputPicture] = [],
        predictions: [PredictionRecord] = [], measures: [MeasureRecord] = []
    ) {
        self.phase = phase
        self.title = title
        self.line = line
        self.depth = depth
        self.verdict = verdict
        self.startedAt = startedAt
        self.seconds = seconds
        self.note = note
        self.pictures = pictures
        self.predictions = predictions
        self.measures = measures
    }
}

/// A grey picture that the board was given, row by row, 0 black to 255 white.
package struct InputPicture: Sendable, Equatable {
    package var rows: Int
    package var columns: Int
    /// rows x columns values.
    package var grey: [UInt8]
    /// The file's name, or "random 3".
    package var caption: String

    package init(rows: Int, columns: Int, grey: [UInt8], caption: String) {
        self.rows = rows
        self.columns = columns
        self.grey = grey
        self.caption = caption
    }
}

/// One prediction of the board.
package struct PredictionRecord: Sendable, Equatable {
    /// From 1, within its step.
    package var index: Int
    /// The board's outputs; nil where it printed something that is no finite number.
    package var board: [Double?]
    /// What it printed, as it printed it.
    package var token: String
    /// This machine's outputs of the same input, where they were computed.
    package var host: [Double]?
    /// Whether both have the same bits; nil where that was not asked.
    package var sameBits: Bool?
    package var label: String?
    package var microseconds: Int?

    package init(
        index: Int, board: [Double?], token: String, host: [Double]? = nil, sameBits: Bool? = nil,
        label: String? = nil, microseconds: Int? = nil
    ) {
        self.index = index
        self.board = board
        self.token = token
        self.host = host
        self.sameBits = sameBits
        self.label = label
        self.microseconds = microseconds
    }
}

/// One thing measured.
package struct MeasureRecord: Sendable, Equatable {
    /// The script's word: "latency-us", "arena", "boot-ms".
    package var name: String
    /// "us", "bytes", "ms".
    package var unit: String
    package var value: Double
    /// The limit that it had to stay below; nil where the script gives none.
    package var below: Double?
    /// The values of earlier runs, oldest first, from the trend file.
    package var trend: [Double]

    package init(name: String, unit: String, value: Double, below: Double? = nil, trend: [Double] = []) {
        self.name = name
        self.unit = unit
        self.value = value
        self.below = below
        self.trend = trend
    }
}

/// A line of the board's log, fit to be shown: no control characters.
package struct LogLine: Sendable, Equatable {
    /// Seconds from the attempt's start.
    package var seconds: Double
    package var text: String
    /// The same on the board's own clock, where it has one: a virtual board's runs ahead of the wall's.
    package var boardSeconds: Double?

    package init(seconds: Double, text: String, boardSeconds: Double? = nil) {
        self.seconds = seconds
        self.text = text
        self.boardSeconds = boardSeconds
    }
}

/// A cause that the monitor named.
package struct DiagnosisRecord: Sendable, Equatable {
    package var code: String
    /// "error", "warning" or "info".
    package var severity: String
    package var hint: String
    /// Index into the attempt's log of the line that shows it, where there is one.
    package var logIndex: Int?

    package init(code: String, severity: String, hint: String, logIndex: Int? = nil) {
        self.code = code
        self.severity = severity
        self.hint = hint
        self.logIndex = logIndex
    }
}

/// What ended an attempt.
package struct FailureRecord: Sendable, Equatable {
    /// The step's title and its place, "line 12".
    package var step: String
    package var line: Int
    /// In one line: what happened.
    package var message: String
    /// What was waited for, where something was.
    package var expected: String?
    /// The nearest thing that was seen instead.
    package var nearest: String?
    /// The last lines of the board before it.
    package var lastLines: [String]
    /// What to do next.
    package var hint: String?

    package init(
        step: String, line: Int, message: String, expected: String? = nil, nearest: String? = nil,
        lastLines: [String] = [], hint: String? = nil
    ) {
        self.step = step
        self.line = line
        self.message = message
        self.expected = expected
        self.nearest = nearest
        self.lastLines = lastLines
        self.hint = hint
    }
}
