// A step with all its values known: what the machine runs.

package import DeviceBridge

/// A step to run.
package enum Step: Sendable, Equatable {
    case build
    case flash(FlashWork)
    case reset
    case expect(TextPattern, within: Double?)
    case expectBoot(BootWish, within: Double?)
    case expectPrediction(PredictionWish)
    case compareHost(InputChoice, within: Double?)
    case expectDiagnosis(DiagnosisCode, within: Double?)
    case expectNoDiagnosis(code: DiagnosisCode?, fromWarnings: Bool, within: Double?)
    case send(String)
    case sendImage(file: String, label: String?, within: Double?)
    /// No faults end those that are.
    case fault([String])
    case measure(MeasureWish)
    case tuneArena(marginPercent: Double?, below: Double?)
    case sleepBoard(Double)
    case repeated(times: Int, variable: String?)
    case forEach([String], variable: String)
    case include
}

/// What is brought to a board, or taken from it.
package struct FlashWork: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case all, firmware, model
        /// A model instead of the script's.
        case swapModel(String)
        /// A file at an offset or a partition.
        case file(String, at: String)
        /// A partition, or all, to be erased.
        case erase(String?)
    }

    package var kind: Kind
    package var erasesFirst = false
    /// Whether a fault is to break it off.
    package var isInterrupted = false

    package init(_ kind: Kind) { self.kind = kind }
}

/// A start of the board that is waited for.
package struct BootWish: Sendable, Equatable {
    package var reset: String?
    package var mode: String?
}

/// Inputs for the sketch.
package enum InputChoice: Sendable, Equatable {
    /// Those of the file.
    case file(String)
    case random(Int, seed: UInt64?)
    /// Those of the sketch's settings, else random ones.
    case usual(seed: UInt64?)
}

/// Predictions that are waited for.
package struct PredictionWish: Sendable, Equatable {
    package var inputs: String?
    package var values: [Double]?
    package var tolerance: Double?
    package var label: String?
    package var count: Int?
    package var within: Double?
}

/// What is measured, and the limits.
package struct MeasureWish: Sendable, Equatable {
    /// The script's words of what a board can be measured by.
    package enum Name: String, Sendable, CaseIterable {
        case latency = "latency-us"
        case arena
        case boot = "boot-ms"

        package var unit: String {
            switch self {
            case .latency: "us"
            case .arena: "bytes"
            case .boot: "ms"
            }
        }
    }

    /// A measure; nil below is no limit.
    package struct Item: Sendable, Equatable {
        package var name: Name
        package var below: Double?
    }

    package var items: [Item]
    package var predictions: Int?
}
