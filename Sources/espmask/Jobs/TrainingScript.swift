// A script of training/ at work: its environment made where need be, its events shown or handed on, its failure told as
// the program's own.

import Foundation
import Toolchain

/// What the training scripts tell, one JSON object to a line.
struct TrainingEvent: Decodable, Sendable {
    var event: String
    var phase: String?
    var done: Int?
    var total: Int?
    var label: String?
    var text: String?
    var code: String?
    var message: String?
    var hint: String?
    var model: String?
    var format: String?
    var file: String?
    var bytes: Int?
    var accuracy: Double?
    var test: Double?
    var unseen: Double?
    var unseenPictures: Int?
    var pictures: Int?
    var size: Int?
    var out: String?
    var report: String?
    var how: String?
    var left: Int?
    var top: Int?
    var width: Int?
    var height: Int?

    enum CodingKeys: String, CodingKey {
        case event, phase, done, total, label, text, code, message, hint, model, format, file, bytes, accuracy, test
        case unseen, pictures, size, out, report, how, left, top, width, height
        case unseenPictures = "unseen_pictures"
    }

    /// The event of a line; nil where it is none.
    init?(line: String) {
        guard line.hasPrefix("{"), let event = try? JSONDecoder().decode(Self.self, from: Data(line.utf8)) else {
            return nil
        }
        self = event
    }
}

/// One script in its environment.
struct TrainingScript {
    let environment: TrainingEnvironment
    let console: Console

    init(home: ProjectHome, console: Console) {
        environment = TrainingEnvironment(home: home, environment: Console.environmentVariables)
        self.console = console
    }

    /// Makes the environment where it is not there, saying so.
    func prepare() async throws {
        let console = console
        try await environment.prepare { words in
            if console.json {
                console.event(["event": "note", "text": .string(words)])
            } else {
                console.note(words)
            }
        }
    }

    /// Runs a script. Progress and notes are shown here; `take` hears all else.
    func run(
        _ script: String, _ arguments: [String],
        take: @escaping @Sendable (TrainingEvent) async throws -> Void = { _ in }
    ) async throws {
        let bar = Mutexed(ProgressBar(console: console, unit: "steps"))
        let ending = Mutexed(Ending())
        let console = console
        let isQuiet = script == "crop_faces.py"
        _ = try await environment.run(
            script, (isQuiet || script == "camera.py" ? [] : ["--events"]) + arguments,
            hasExplained: { ending.with { $0.failure != nil } }
        ) { line in
            guard let event = TrainingEvent(line: line) else { return false }
            switch event.event {
            case "progress":
                bar.with {
                    $0.show(
                        phase: event.phase ?? "", label: event.label ?? "", done: event.done ?? 0,
                        total: event.total ?? 0)
                }
            case "note":
                bar.with { $0.finish() }
                if !console.json { console.note(event.text ?? "") }
            case "error":
                ending.with {
                    $0.failure = Failure(event.code ?? "build-failed", event.message ?? line, hint: event.hint ?? "")
                }
            case _:
                bar.with { $0.finish() }
                do { try await take(event) } catch { ending.with { $0.other = error } }
            }
            return true
        }
        bar.with { $0.finish() }
        if let failure = ending.with({ $0.failure }) { throw failure }
        if let other = ending.with({ $0.other }) { throw other }
    }

    private struct Ending {
        var failure: Failure?
        var other: (any Error)?
    }
}
