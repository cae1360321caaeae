// A log as the monitor heard it from its first byte to its last, and the report on it.

import DeviceBridge

/// All that a log holds.
struct HeardLog {
    /// Root cause first.
    var diagnoses: [Diagnosis]
    var inferences: [InferenceEvent] = []
    var boots: [BootEvent] = []
    var panics: [PanicReport] = []
    var lines = 0

    init(_ bytes: [UInt8], _ configuration: MonitorConfiguration = MonitorConfiguration()) {
        var machine = MonitorMachine(configuration)
        for event in machine.received(bytes, at: 0) + machine.finished() {
            switch event {
            case .line(let line): lines = line.number
            case .boot(let boot): boots.append(boot)
            case .inference(let inference): inferences.append(inference)
            case .panic(let panic): panics.append(panic)
            case .partial, .sketch, .diagnosis: break
            }
        }
        diagnoses = machine.diagnoses
    }

    /// The shape of `explain --json`.
    var json: JSON {
        [
            "diagnoses": .array(diagnoses.map(\.json)), "inferences": .array(inferences.map(\.json)),
            "boots": .array(boots.map(\.json)),
        ]
    }

    /// The report for people.
    func text() -> [String] {
        var out: [String] = []
        for (index, diagnosis) in diagnoses.enumerated() {
            if index > 0 { out.append("") }
            let times = diagnosis.occurrences > 1 ? ", seen \(diagnosis.occurrences) times" : ""
            out.append("\(diagnosis.severity.rawValue): \(diagnosis.code.rawValue)\(Self.summary(diagnosis))\(times)")
            for line in diagnosis.evidence { out.append("  line \(line.line): \(line.text)") }
            out.append("  do: \(diagnosis.hint)")
        }
        if diagnoses.isEmpty { out.append("nothing is wrong in these \(lines) lines") }
        if !boots.isEmpty || !inferences.isEmpty {
            out.append("")
            out.append("\(boots.count) starts, \(inferences.count) predictions")
        }
        return out
    }

    /// The details, shortly.
    private static func summary(_ diagnosis: Diagnosis) -> String {
        let parts = diagnosis.details.sorted { $0.key < $1.key }.map { key, detail in
            switch detail {
            case .number(let value): "\(key) \(value)"
            case .text(let value): "\(key) \(value)"
            case .address(let value): "\(key) 0x\(String(value, radix: 16))"
            case .flag(let value): "\(value ? "" : "not ")\(key)"
            }
        }
        return parts.isEmpty ? "" : " (" + parts.joined(separator: ", ") + ")"
    }
}
