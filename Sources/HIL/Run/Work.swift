// What a script wants done, and what is told when it was done: the words between the script's machine and whatever
// builds, flashes and computes for it.

/// A moment on both clocks.
package struct Moment: Sendable, Equatable {
    /// The line's: a virtual board's own, else the wall clock's.
    package var line: Duration
    /// The wall clock's, since the attempt began.
    package var wall: Duration

    package init(line: Duration, wall: Duration) {
        self.line = line
        self.wall = wall
    }
}

/// Something to do.
package enum Work: Sendable, Equatable {
    case build
    /// Bring it to the board; the board is restarted afterwards.
    case flash(FlashWork)
    /// Restart the board.
    case reset
    case send([UInt8])
    /// Find inputs, and what this machine makes of them.
    case prepare(InputRequest)
    /// New faults; none ends all.
    case fault([String])
    /// Find the smallest arena and leave it with that margin; the board is restarted afterwards.
    case tuneArena(marginPercent: Double?)
    /// The values of earlier runs.
    case recall(String)
}

/// Inputs that are wanted.
package enum InputRequest: Sendable, Equatable {
    case file(String)
    case picture(String)
    case random(Int, seed: UInt64)
    /// Those of the sketch's settings, else so many random ones.
    case usual(Int, seed: UInt64)
}

/// What came of it.
package enum WorkOutcome: Sendable, Equatable {
    case done(note: String?)
    /// The board was restarted.
    case restarted(note: String?)
    case inputs([PreparedInput])
    case tuned(TuningOutcome)
    case recalled([Double])
}

/// What tuning found.
package struct TuningOutcome: Sendable, Equatable {
    package var minimum: Int
    package var kept: Int
    package var boots: Int

    package init(minimum: Int, kept: Int, boots: Int) {
        self.minimum = minimum
        self.kept = kept
        self.boots = boots
    }
}

/// Why work could not be done.
package struct WorkFailure: Error, Sendable, Equatable {
    /// What it says of the board.
    package enum Kind: Sendable, Equatable {
        /// Nothing: a build, a file, a model.
        case work
        /// The board refused, or the line to it carries too badly.
        case board
        /// The line to the board is gone.
        case line
    }

    package var kind: Kind
    package var code: String
    package var message: String
    package var hint: String

    package init(_ kind: Kind, code: String, message: String, hint: String) {
        self.kind = kind
        self.code = code
        self.message = message
        self.hint = hint
    }
}

/// An input for the sketch, with this machine's answer.
package struct PreparedInput: Sendable, Equatable {
    /// What is sent, its ending included.
    package var line: [UInt8]
    package var caption: String
    package var picture: InputPicture?
    /// What the board prints of it before it predicts, and how far each number may be off.
    package var printed: [Double]
    package var printedTolerance: Double
    package var hostBits: [String]
    package var hostValues: [Double]
    package var hostLabel: String?

    package init(
        line: [UInt8], caption: String, picture: InputPicture?, printed: [Double], printedTolerance: Double,
        hostBits: [String], hostValues: [Double], hostLabel: String?
    ) {
        self.line = line
        self.caption = caption
        self.picture = picture
        self.printed = printed
        self.printedTolerance = printedTolerance
        self.hostBits = hostBits
        self.hostValues = hostValues
        self.hostLabel = hostLabel
    }
}

/// What the machine wants next.
package enum ScriptAction: Sendable, Equatable {
    /// Read the line until then, on its clock, and tell what came.
    case listen(until: Duration)
    case work(Work)
    /// The attempt is over.
    case finish
}

/// Why an attempt is given up from outside.
package enum Abandonment: Sendable, Equatable {
    case timeOver(seconds: Double)
    case interrupted
}
