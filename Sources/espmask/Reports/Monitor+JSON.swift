// The JSON shapes of what the monitor hears; CLI.md fixes their keys.

import DeviceBridge

extension BootEvent {
    /// The shape of a boot.
    var json: JSON {
        [
            "event": "boot", "code": .int(code), "reset": .string(reset), "mode": .string(mode),
            "chip": .optional(chip),
            "line": .int(line),
        ]
    }
}

extension InferenceEvent {
    /// The shape of a prediction.
    var json: JSON { .object(members) }

    /// The input's numbers as they were printed.
    private var inputsAsJSON: JSON {
        var bytes: [UInt8] = []
        return writeInputsAsJSON(to: &bytes) ? .verbatim(bytes) : .null
    }

    /// The keys of a prediction.
    var members: [JSON.Member] {
        let pairs: KeyValuePairs<String, JSON> = [
            "event": "inference", "index": .int(index), "value": .optional(value),
            "values": .array(values.map { .optional($0) }), "token": .string(token), "label": .optional(label),
            "inputs": inputsAsJSON,
            "bits": bits.map { .array($0.map { .string($0) }) } ?? .null, "us": .optional(microseconds),
            "line": .int(line),
        ]
        return pairs.map { JSON.Member(key: $0.key, value: $0.value) }
    }
}

extension Diagnosis {
    /// The shape of a diagnosis.
    var json: JSON {
        let pairs = details.sorted { $0.key < $1.key }
        return [
            "event": "diagnosis", "code": .string(code.rawValue), "severity": .string(severity.rawValue),
            "evidence": .array(evidence.map { .string($0.text) }), "line": .int(line), "hint": .string(hint),
            "details": .object(pairs.map { JSON.Member(key: $0.key, value: $0.value.json) }),
            "occurrences": .int(occurrences),
        ]
    }
}

extension Diagnosis.Detail {
    /// Numbers as numbers, addresses as strings.
    var json: JSON {
        switch self {
        case .number(let value): .int(value)
        case .text(let value): .string(value)
        case .address(let value): .address(value)
        case .flag(let value): .bool(value)
        }
    }
}

extension JSON {
    /// The number, or null for nil.
    static func optional(_ value: Double?) -> JSON { value.map { .number($0) } ?? .null }
}
