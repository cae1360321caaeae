// A script as it was read and found right. Its steps are kept as nodes, since values may only be known when it runs.

/// A hardware-in-the-loop test.
package struct Script: Sendable, Equatable {
    package var name: String
    /// The path as it was given.
    package var file: String
    /// The settings of the firmware: nil leaves what the sketch, the environment or espmask.yaml say.
    package var firmware = FirmwareSettings()
    package var board = BoardNeeds()
    /// Seconds of the wall clock for one attempt.
    package var timeoutSeconds = 120.0
    package var retries = 0
    package var seed: UInt64?
    package var tags: [String] = []
    package var vars: [String: String] = [:]
    package var setup: [StepNode] = []
    package var steps: [StepNode] = []
    package var teardown: [StepNode] = []

    package init(name: String, file: String) {
        self.name = name
        self.file = file
    }
}

/// What is built, packed and flashed.
package struct FirmwareSettings: Sendable, Equatable {
    package var sketch: String?
    package var model: String?
    package var transform: String?
    package var labels: [String]?
    package var threshold: Double?
    package var scale: Int?
    package var arena: Int?

    package init() {}
}

/// What a script wants of its board.
package struct BoardNeeds: Sendable, Equatable {
    package var name: String?
    package var chip: String?
    /// At least.
    package var flashBytes: Int?
    package var tags: [String] = []

    package init() {}

    /// What a board lacks, in words; nil for one that will do.
    package func missing(in board: BoardFacts) -> String? {
        if let name, board.name != name { return "it is no \(name)" }
        if let chip, board.chip != chip { return "its chip is \(board.chip), not \(chip)" }
        if let flashBytes, board.flashBytes < flashBytes {
            return "its flash has \(board.flashBytes >> 20) MB, less than \(flashBytes >> 20) MB"
        }
        let lacking = tags.filter { !board.tags.contains($0) }
        return lacking.isEmpty ? nil : "it lacks the tag \(lacking.joined(separator: ", "))"
    }

    /// What is wanted, in words.
    package var words: String {
        let facts = [
            name.map { "name \($0)" }, chip.map { "chip \($0)" }, flashBytes.map { "flash \($0 >> 20)MB" },
            tags.isEmpty ? nil : "tags \(tags.joined(separator: ", "))",
        ].compactMap { $0 }
        return facts.isEmpty ? "any board" : facts.joined(separator: ", ")
    }
}

/// What a board is.
package struct BoardFacts: Sendable, Equatable {
    package var name: String
    package var chip: String
    package var flashBytes: Int
    package var tags: [String]

    package init(name: String, chip: String, flashBytes: Int, tags: [String]) {
        self.name = name
        self.chip = chip
        self.flashBytes = flashBytes
        self.tags = tags
    }
}

/// A step as it stands in a file, its keys checked.
package struct StepNode: Sendable, Equatable {
    /// `expect`
    package var name: String
    package var place: Place
    /// Its keys' values; a short form is a map with one key.
    package var arguments: [ScriptNode.Entry]
    /// The steps inside it.
    package var steps: [StepNode] = []
    /// The values that an included file brings.
    package var vars: [String: String] = [:]

    package init(name: String, place: Place, arguments: [ScriptNode.Entry] = []) {
        self.name = name
        self.place = place
        self.arguments = arguments
    }

    subscript(key: String) -> ScriptNode? { arguments.first { $0.name == key }?.value }
}
