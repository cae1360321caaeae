// How scripts are spelled, as data: the keys of a script and of its steps, and what kind of value each takes. The reader
// checks scripts by this table and the JSON Schema is made from it, so that both say the same.

/// What a key takes.
package enum KeyKind: Sendable, Equatable {
    /// A word or a sentence; numbers are taken as they are written.
    case text
    /// One text or a list of them.
    case texts
    /// A regular expression.
    case expression
    /// Seconds, above 0.
    case seconds
    /// A number of that range.
    case number(ClosedRange<Double>)
    /// A number or a list of numbers.
    case numbers
    /// A whole number of that range.
    case whole(ClosedRange<Int>)
    /// true or false.
    case flag
    /// One of these words.
    case word([String])
    /// A diagnosis code.
    case diagnosis
    /// The name of a file that must be there.
    case file(FileRole)
    /// A pattern of files, `faces/*.png`.
    case files
    /// The name of a variable that the key makes.
    case variable
    /// One or several fault specs, or `none`.
    case faults
    /// `{ below: NUMBER }`
    case limit
    /// Names and texts.
    case values
    /// A list of steps.
    case steps
    /// What a board must be.
    case board
}

/// What a file is looked for as.
package enum FileRole: Sendable, Equatable {
    /// A sketch: a folder, an .ino file, or one of the product's by its name.
    case sketch
    /// A model or another file, beside the script, in the working folder, or the product's own.
    case data
    /// A part of a script, beside the file that includes it.
    case script
}

/// A key.
package struct KeyShape: Sendable, Equatable {
    package var name: String
    package var kind: KeyKind
    package var isRequired: Bool
    package var about: String

    init(_ name: String, _ kind: KeyKind, required: Bool = false, _ about: String) {
        self.name = name
        self.kind = kind
        isRequired = required
        self.about = about
    }
}

/// A step, or the whole script, or a map inside one.
package struct MapShape: Sendable, Equatable {
    package var name: String
    package var about: String
    package var keys: [KeyShape]
    /// The key that is meant where a step is written as `step: value`.
    package var short: String?
    /// Whether the step's name alone is the step.
    package var canBeBare: Bool
    /// Keys of which exactly one has to be there.
    package var oneOf: [String]

    init(
        _ name: String, _ about: String, _ keys: [KeyShape] = [], short: String? = nil, bare: Bool = false,
        oneOf: [String] = []
    ) {
        self.name = name
        self.about = about
        self.keys = keys
        self.short = short
        canBeBare = bare
        self.oneOf = oneOf
    }

    package subscript(key: String) -> KeyShape? { keys.first { $0.name == key } }
}

extension MapShape {
    private static let within = KeyShape(
        "within", .seconds, "Seconds to wait, on the board's own clock where it has one.")
    private static let interrupted = KeyShape(
        "interrupted", .flag, "The work is to be broken off by a fault; the board is then plugged in again.")
    private static let many = 1...1_000_000

    /// Every step.
    package static let steps: [MapShape] = [
        MapShape("build", "Build the sketch.", bare: true),
        MapShape(
            "flash", "Bring firmware and model to the board, what differs, and restart it.",
            [
                KeyShape("only", .word(["all", "firmware", "model"]), "What to bring."),
                KeyShape("erase", .flag, "Erase the whole flash first."),
                KeyShape("file", .file(.data), "A file to write instead, as it is."),
                KeyShape("at", .text, "Where the file goes: an offset, for example 0x10000, or a partition's name."),
                interrupted,
            ], bare: true),
        MapShape(
            "erase", "Erase a partition, or the whole flash, and restart the board.",
            [KeyShape("partition", .text, "The partition's name; all of the flash without it."), interrupted],
            short: "partition", bare: true),
        MapShape("reset", "Restart the board; what is expected next is looked for from here on.", bare: true),
        MapShape(
            "expect", "Wait for a text or a regular expression, from the end of the last match on.",
            [
                KeyShape("text", .text, "A text as it stands in one line."),
                KeyShape("regex", .expression, "A regular expression; its named groups become values."), within,
            ], short: "text", oneOf: ["text", "regex"]),
        MapShape(
            "expect-boot", "Wait for a start of the board.",
            [
                KeyShape("reset", .text, "The reset's name as the boot ROM prints it, for example POWERON_RESET."),
                KeyShape("mode", .text, "The boot mode's name, for example SPI_FAST_FLASH_BOOT."), within,
            ], bare: true),
        MapShape(
            "expect-prediction", "Wait for predictions, or ask for them, and judge them.",
            [
                KeyShape("inputs", .file(.data), "Inputs to send: a CSV file, one sample a line, or a picture."),
                KeyShape("value", .numbers, "What is to come out; one number for each output."),
                KeyShape(
                    "tolerance", .number(0...1e9), "How far a value may be off; half a printed step where not given."),
                KeyShape("label", .text, "The class that is to come out."),
                KeyShape("count", .whole(many), "How many predictions; without inputs one."), within,
            ], bare: true),
        MapShape(
            "compare-host", "Send inputs and hold the output bits against this machine's.",
            [
                KeyShape("random", .whole(many), "So many random inputs."),
                KeyShape("inputs", .file(.data), "Inputs from a file: CSV or a picture."),
                KeyShape("seed", .whole(0...Int.max), "The seed of the random inputs; a new one, printed, without it."),
                within,
            ], bare: true),
        MapShape(
            "expect-diagnosis", "Wait for the monitor to name a cause.",
            [KeyShape("code", .diagnosis, required: true, "The cause's code."), within], short: "code"),
        MapShape(
            "expect-no-diagnosis", "Hold that nothing is wrong with the firmware since it was last started.",
            [
                KeyShape("code", .diagnosis, "Only this cause counts."),
                KeyShape("severity", .word(["error", "warning"]), "From which severity on a cause counts."), within,
            ], bare: true),
        MapShape(
            "send", "Send a line to the board.",
            [KeyShape("text", .text, required: true, "The line; its ending is added.")], short: "text"),
        MapShape(
            "send-image", "Send a picture to the sketch and wait for what it makes of it.",
            [
                KeyShape("file", .file(.data), required: true, "A PNG or JPEG picture."),
                KeyShape("expect-label", .text, "The class that is to come out."), within,
            ], short: "file"),
        MapShape(
            "fault", "Make a virtual board misbehave from here on; `none` ends that.",
            [KeyShape("spec", .faults, required: true, "Faults, for example corrupt:byte=100,dir=tx.")], short: "spec"),
        MapShape(
            "measure", "Measure, and hold the values against limits.",
            [
                KeyShape("latency-us", .limit, "Microseconds of a prediction: the median of several."),
                KeyShape("arena", .limit, "Bytes of arena that the sketch sets aside."),
                KeyShape("boot-ms", .limit, "Milliseconds from the reset until the sketch is ready."),
                KeyShape("predictions", .whole(1...1000), "How many predictions are timed; five where not given."),
            ]),
        MapShape(
            "tune-arena", "Find the smallest arena on the board and leave it there with a margin.",
            [
                KeyShape("margin", .number(0...1000), "Percent to add."),
                KeyShape("below", .number(0...1e9), "The smallest arena has to stay below so many bytes."),
            ], bare: true),
        MapShape(
            "swap-model", "Bring another model to the board and restart it.",
            [KeyShape("model", .file(.data), required: true, "The .tflite file."), interrupted], short: "model"),
        MapShape(
            "sleep-board", "Let time pass on the board.",
            [KeyShape("seconds", .seconds, required: true, "How much.")], short: "seconds"),
        MapShape(
            "repeat", "Run steps several times.",
            [
                KeyShape("times", .whole(many), required: true, "How often."),
                KeyShape("as", .variable, "A variable for the number of the round, from 1."),
                KeyShape("steps", .steps, required: true, "What to run."),
            ]),
        MapShape(
            "for-each", "Run steps once for each file or value.",
            [
                KeyShape("files", .files, "A pattern of files, for example faces/*.png."),
                KeyShape("values", .texts, "A list of values."),
                KeyShape("as", .variable, required: true, "The variable for it."),
                KeyShape("steps", .steps, required: true, "What to run."),
            ], oneOf: ["files", "values"]),
        MapShape(
            "include", "Run the steps of another file.",
            [KeyShape("file", .file(.script), required: true, "The file, from this file's folder.")], short: "file"),
    ]

    /// The step of that name.
    package static func step(_ name: String) -> MapShape? { steps.first { $0.name == name } }

    /// The script itself.
    package static let script = MapShape(
        "script", "A hardware-in-the-loop test for `espmask test`.",
        [
            KeyShape("name", .text, required: true, "What the test is called in reports."),
            KeyShape("sketch", .file(.sketch), "The sketch: a folder, or the name of one of the product's."),
            KeyShape("model", .file(.data), "The .tflite file; the sketch's own where not given."),
            KeyShape("transform", .file(.data), "The file of an input transform, for a sketch that wants one."),
            KeyShape("labels", .texts, "The names of the classes."),
            KeyShape("threshold", .number(-1e9...1e9), "The single output from which the second class begins."),
            KeyShape("scale", .word(["127", "128"]), "Pixels are (byte - 127) / scale."),
            KeyShape("arena", .whole(0...(1 << 24)), "Bytes of arena the board sets aside; 0 as planned."),
            KeyShape("board", .board, "What the board must be."),
            KeyShape("timeout", .seconds, "Seconds of the wall clock for one attempt; 120 where not given."),
            KeyShape("retries", .whole(0...20), "How often a failed test is tried again; it is then shown as flaky."),
            KeyShape("seed", .whole(0...Int.max), "The seed of random inputs."),
            KeyShape("tags", .texts, "Words by which tests are chosen with --tags."),
            KeyShape("vars", .values, "Values that ${name} stands for."),
            KeyShape("setup", .steps, "Steps that come first."),
            KeyShape("steps", .steps, required: true, "The test."),
            KeyShape("teardown", .steps, "Steps that come last, whatever happened."),
        ])

    /// A file that others include.
    package static let part = MapShape(
        "part", "Steps that scripts include.",
        [
            KeyShape("vars", .values, "Values that ${name} stands for in these steps."),
            KeyShape("steps", .steps, required: true, "The steps."),
        ])

    /// The value of `board`.
    package static let board = MapShape(
        "board", "What the board must be.",
        [
            KeyShape("name", .text, "The board's name in boards/."),
            KeyShape("chip", .text, "The chip, for example esp32."),
            KeyShape("flash", .text, "The least size of its flash, for example 4MB."),
            KeyShape("tags", .texts, "Tags that it must have: those of boards/, virtual or real, usb or network."),
        ])

    /// The value of a limit.
    package static let limit = MapShape(
        "limit", "What a measure has to hold.",
        [KeyShape("below", .number(0...1e12), "The value has to stay below this.")])
}
