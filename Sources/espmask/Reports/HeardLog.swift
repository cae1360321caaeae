// A log as the monitor heard it from its first byte to its last, and the report on it.

import DeviceBridge
import Foundation

/// All that a log holds.
struct HeardLog {
    /// Root cause first.
    let diagnoses: [Diagnosis]
    private(set) var inferences: [InferenceEvent] = []
    private(set) var boots: [BootEvent] = []
    private(set) var panics: [DecodedPanic] = []
    private var lines = 0

    init(
        _ bytes: [UInt8], _ configuration: MonitorConfiguration = MonitorConfiguration(), decoder: AddressDecoder? = nil
    ) {
        var machine = MonitorMachine(configuration)
        for event in machine.received(bytes, at: 0) + machine.finished() {
            switch event {
            case .line(let line): lines = line.number
            case .boot(let boot): boots.append(boot)
            case .inference(let inference): inferences.append(inference)
            case .panic(let panic): panics.append(DecodedPanic(panic, decoder))
            case .partial, .sketch, .diagnosis: break
            }
        }
        diagnoses = machine.diagnoses
    }

    /// Whether a panic says that another ELF file than the given one runs.
    var hasForeignPanic: Bool { panics.contains { $0.match == .different } }

    /// The shape of `explain --json`.
    var json: JSON {
        [
            "diagnoses": .array(diagnoses.map(\.json)), "inferences": .array(inferences.map(\.json)),
            "boots": .array(boots.map(\.json)), "panics": .array(panics.map(\.json)),
        ]
    }

    /// The report for people.
    var text: [String] {
        var out: [String] = []
        for diagnosis in diagnoses {
            if !out.isEmpty { out.append("") }
            out += diagnosis.lines
            let first = panics.first { $0.report.kind != .trace && $0.report.line == diagnosis.line }
            out += first.map(\.lines) ?? []
        }
        if diagnoses.isEmpty { out.append("nothing is wrong in \(lines == 1 ? "this line" : "these \(lines) lines")") }
        if !boots.isEmpty || !inferences.isEmpty {
            out += ["", "\(Self.count(boots.count, "start")), \(Self.count(inferences.count, "prediction"))"]
        }
        return out
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}

/// A panic with the names of its addresses.
struct DecodedPanic {
    /// The panic as read.
    let report: PanicReport
    /// Its frames; without names when there is no ELF file.
    let frames: [AddressDecoder.Frame]
    /// Whether the ELF file is the one that runs.
    let match: AddressDecoder.Match

    init(_ report: PanicReport, _ decoder: AddressDecoder?) {
        self.report = report
        match = decoder?.match(report) ?? .unknown
        frames = decoder?.frames(of: report) ?? report.backtrace.map { AddressDecoder.Frame(pc: $0.pc) }
    }

    /// One panic as JSON.
    var json: JSON {
        [
            "event": "panic", "line": .int(report.line), "cause": .optional(report.cause),
            "core": .optional(report.core),
            "pc": report.pc.map { .address($0) } ?? .null, "task": .optional(report.task),
            "elf_sha256": .optional(report.elfDigest),
            "elf_matches": match == .unknown ? .null : .bool(match == .same),
            "registers": .object(report.registers.map { .init(key: $0.name, value: .address($0.value)) }),
            "backtrace": .array(frames.map(\.json)),
        ]
    }

    /// The frames that have names, for people.
    var lines: [String] {
        guard frames.contains(where: { $0.function != nil }) else { return [] }
        let warning =
            match == .different ? ["  the ELF file is not the one that runs (digest \(report.elfDigest ?? "")):"] : []
        return warning
            + frames.map {
                "  at \(JSON.address($0.pc).plain)\($0.isGuess ? " (a guess)" : "")  \(PlainText.of($0.shortText))"
            }
    }
}

extension AddressDecoder.Frame {
    /// The text with the file named from the working folder, where it lies below it.
    var shortText: String {
        guard let place else { return text }
        var frame = self
        var file = place.file.replacing("/./", with: "/")
        let working = FileManager.default.currentDirectoryPath + "/"
        if file.hasPrefix(working) { file.removeFirst(working.count) }
        frame.place?.file = file
        return frame.text
    }

    /// The shape of a frame.
    var json: JSON {
        [
            "pc": .address(pc), "function": .optional(function), "file": .optional(place?.file),
            "line": .optional(place?.line), "guess": .bool(isGuess),
        ]
    }
}

extension Diagnosis {
    /// The diagnosis for people: what, how bad, the lines that show it, what to do.
    var lines: [String] {
        let times = occurrences > 1 ? ", seen \(occurrences) times" : ""
        let facts = details.sorted { $0.key < $1.key }.map {
            "\($0.key.replacing("_", with: " ")) \($0.value.json.plain)"
        }
        let summary = facts.isEmpty ? "" : " (\(facts.joined(separator: ", ")))"
        return ["\(severity.rawValue): \(code.rawValue)\(summary)\(times)"]
            + evidence.map { "  line \($0.line): \($0.text)" } + ["  hint: \(hint)"]
    }
}

extension JSON {
    /// The value without quotes.
    var plain: String {
        if case .string(let text) = self { text } else { text }
    }
}
