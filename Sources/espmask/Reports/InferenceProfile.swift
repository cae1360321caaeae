// What `run --profile` collects from the board's `espmask: profile=...` lines: cycles of each operator over all
// predictions, stack and free memory; as a table, or as one JSON object.

import DeviceBridge

/// Figures of one or more predictions on a board.
struct InferenceProfile {
    /// One operator's cycles, in each prediction.
    private struct Operation {
        var name: String
        var cycles: [Int] = []
    }

    private var operations: [Int: Operation] = [:]
    private var totals: [Int] = []
    private var stack = 0
    private var stackSize = 0
    private var free: Int?

    /// Whether the board said anything.
    var isEmpty: Bool { totals.isEmpty }

    /// Takes a line of the sketch; others than a profile's are left alone.
    mutating func take(_ report: SketchReport) {
        func number(_ name: String) -> Int? { report.fields[name].flatMap { UInt32($0) }.map { Int($0) } }
        switch report.fields["profile"] {
        case "op":
            guard let index = number("index"), let cycles = number("cycles"), index < 4096 else { return }
            operations[index, default: Operation(name: report.fields["op"] ?? "?")].cycles.append(cycles)
        case "all":
            guard let cycles = number("cycles") else { return }
            totals.append(cycles)
            stack = max(stack, number("stack") ?? 0)
            stackSize = number("stack_size") ?? stackSize
            free = number("free") ?? free
        case .some, .none: return
        }
    }

    private static func mean(_ values: [Int]) -> Int {
        values.isEmpty ? 0 : (values.reduce(0, +) + values.count / 2) / values.count
    }

    /// The object of `run --profile --json`.
    var json: JSON {
        [
            "event": "profile", "predictions": .int(totals.count), "cycles": .int(Self.mean(totals)),
            "ops": .array(
                operations.sorted { $0.key < $1.key }.map { index, operation in
                    [
                        "index": .int(index), "op": .string(operation.name),
                        "cycles": .int(Self.mean(operation.cycles)), "most": .int(operation.cycles.max() ?? 0),
                    ]
                }),
            "stack": .int(stack), "stack_size": .int(stackSize), "free": .optional(free),
        ]
    }

    /// The table.
    var lines: [String] {
        let total = Self.mean(totals)
        var lines = ["operator                    cycles   share"]
        for (index, operation) in operations.sorted(by: { $0.key < $1.key }) {
            let cycles = Self.mean(operation.cycles)
            let share = total == 0 ? 0 : (1000 * cycles + total / 2) / total
            let name = "\(index) \(operation.name)".padded(to: 24)
            lines.append("\(name)\(Self.right("\(cycles)", 10))\(Self.right("\(share / 10).\(share % 10) %", 9))")
        }
        lines.append("\("all".padded(to: 24))\(Self.right("\(total)", 10))\(Self.right("", 9))")
        lines.append("stack    \(stack) of \(stackSize) bytes at the most")
        if let free { lines.append("free     \(free) bytes of memory beside the arena") }
        return lines
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
