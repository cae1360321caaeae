// The report on a log, of whatever length: it is read piece by piece, predictions are written as they are found, and
// what has to wait for the end is bounded or kept outside memory.

import DeviceBridge
import Foundation
import HostInference
import SystemPackage

/// Hears a log from its first byte to its last and reports on it.
struct HeardLog: ~Copyable {
    private var machine: MonitorMachine
    private let decoder: AddressDecoder?
    private let console: Console
    private var writer: ResultWriter
    private var inferences = 0
    private var boots = 0
    /// The first panics, for the report for people.
    private var panics: [DecodedPanic] = []
    private var bootsAsJSON = ByteSpool()
    private var panicsAsJSON = ByteSpool()
    /// Frames that were looked up before: a board that restarts for hours panics in the same place.
    private var frames: [[UInt32]: [AddressDecoder.Frame]] = [:]
    private static let mostPanics = 64
    private static let pieceBytes = 1 << 16

    /// Whether a panic says that another ELF file than the given one runs.
    private(set) var hasForeignPanic = false

    init(console: Console, _ configuration: MonitorConfiguration = MonitorConfiguration(), decoder: AddressDecoder?) {
        var configuration = configuration
        configuration.tellsLines = false
        configuration.operators = OperatorNames.names
        machine = MonitorMachine(configuration)
        self.console = console
        self.decoder = decoder
        writer = ResultWriter(console: console)
    }

    /// Reads a file, or standard input for `-`, and prints the report. Throws `file-not-found`.
    mutating func report(on path: String) throws {
        let file: FileDescriptor
        do {
            file = path == "-" ? .standardInput : try FileDescriptor.open(FilePath(path), .readOnly)
            if console.json { writer.write("{\"inferences\":[") }
            var piece = [UInt8](repeating: 0, count: Self.pieceBytes)
            var events: [MonitorEvent] = []
            while true {
                let count = try piece.withUnsafeMutableBytes { try file.read(into: $0) }
                if count == 0 { break }
                piece.withUnsafeBufferPointer {
                    machine.received(UnsafeBufferPointer(rebasing: $0[..<count]), at: 0, into: &events)
                }
                for event in events { try take(event) }
                events.removeAll(keepingCapacity: true)
            }
        } catch let error as Errno {
            throw Failure(
                "file-not-found", "cannot read \(path): \(error)",
                hint: "Check the path; relative paths start at the working folder.")
        }
        if path != "-" { try? file.close() }
        for event in machine.finished() { try take(event) }
        if console.json { try finishJSON() } else { for line in text { console.line(line) } }
    }

    private mutating func take(_ event: MonitorEvent) throws {
        switch event {
        case .inference(let inference):
            if console.json {
                if inferences > 0 { writer.write(",") }
                writer.write(inference.json)
            }
            inferences += 1
        case .boot(let boot):
            if console.json { try bootsAsJSON.append((boots > 0 ? "," : "") + boot.json.text) }
            boots += 1
        case .panic(let report):
            let panic = decode(report)
            if panic.match == .different { hasForeignPanic = true }
            if panics.count < Self.mostPanics { panics.append(panic) }
            if console.json { try panicsAsJSON.append((panicsAsJSON.isEmpty ? "" : ",") + panic.json.text) }
        case .line, .partial, .sketch, .diagnosis: break
        }
    }

    private mutating func decode(_ report: PanicReport) -> DecodedPanic {
        var key = (report.backtrace + report.guessedFrames).map(\.pc)
        // What a RISC-V dump's frames follow from.
        if key.isEmpty { key = report.registers.map(\.value) + report.stack.map(\.value) }
        if !key.isEmpty, let known = frames[key] { return DecodedPanic(report, decoder, frames: known) }
        let panic = DecodedPanic(report, decoder)
        if !key.isEmpty, frames.count < 256 { frames[key] = panic.frames }
        return panic
    }

    /// The shape of `explain --json`: what waited for the end, behind the predictions.
    private mutating func finishJSON() throws {
        writer.write("],\"boots\":[")
        try Self.drain(&bootsAsJSON, to: &writer)
        writer.write("],\"panics\":[")
        try Self.drain(&panicsAsJSON, to: &writer)
        writer.write("],\"diagnoses\":")
        writer.write(.array(machine.diagnoses.map(\.json)))
        writer.write("}\n")
        writer.flush()
    }

    private static func drain(_ spool: inout ByteSpool, to writer: inout ResultWriter) throws {
        try spool.drain { writer.write($0) }
    }

    /// The report for people.
    private var text: [String] {
        let diagnoses = machine.diagnoses
        let lines = machine.lineCount
        var out: [String] = []
        for diagnosis in diagnoses {
            if !out.isEmpty { out.append("") }
            out += diagnosis.lines
            let first = panics.first { $0.report.kind != .trace && $0.report.line == diagnosis.line }
            out += first.map(\.lines) ?? []
        }
        if diagnoses.isEmpty { out.append("nothing is wrong in \(lines == 1 ? "this line" : "these \(lines) lines")") }
        if boots > 0 || inferences > 0 {
            out += ["", "\(Self.count(boots, "start")), \(Self.count(inferences, "prediction"))"]
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

    /// Decodes a panic; `frames` where they are known already.
    init(_ report: PanicReport, _ decoder: AddressDecoder?, frames known: [AddressDecoder.Frame]? = nil) {
        self.report = report
        match = decoder?.match(report) ?? .unknown
        frames = known ?? decoder?.frames(of: report) ?? report.backtrace.map { AddressDecoder.Frame(pc: $0.pc) }
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
                "  at \(JSON.address($0.pc).plain)\($0.isInlined ? " (inlined)" : $0.isGuess ? " (a guess)" : "")  \(PlainText.of($0.shortText))"
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
            "line": .optional(place?.line), "guess": .bool(isGuess), "inlined": .bool(isInlined),
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
