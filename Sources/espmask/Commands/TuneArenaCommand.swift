// `espmask tune-arena`: the smallest arena that works, found and proven on the board, and left there with a margin.

import ArgumentParser
import BoardPorts
import DeviceBridge
import HostInference

struct TuneArenaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune-arena", abstract: "Find the smallest arena that works, and prove it on the board.",
        discussion: """
            Example: espmask tune-arena --model my.tflite --margin 10 --json

            A sketch that takes its arena from the macro TENSOR_ARENA_SIZE (TensorFlow Lite Micro, EloquentTinyML) is
            built again for each size, and what it prints is read.
            """)

    @Argument(help: "A sketch's name, its folder, or its .ino file.") var sketch: String?
    @OptionGroup var ports: PortOptions
    @Option(help: "The board, as `boards/` names it.") var board: String?
    @OptionGroup var choice: BackendOption
    @Option(help: "The .tflite file.") var model: String?
    @Option(help: "Percent to leave above the minimum.") var margin = 8.0
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        guard margin >= 0, margin <= 1000 else {
            throw Failure("usage", "a margin of \(margin) % cannot be", hint: "Give for example --margin 10.")
        }
        var flags = ports.flags
        flags[.board] = board
        flags.merge(choice.flags) { $1 }
        flags[.model] = model
        // What an earlier tuning left in the settings is the answer, not the question.
        flags[.arena] = "0"
        if let define = try ArenaDefine.find(in: try Project(flags: flags, sketch: sketch).sketch) {
            return try await rebuild(define, flags: flags)
        }
        let job = try await FlashJob(what: sketch, flags: flags, part: .all, console: console)
        guard let project = job.project, let model = job.model, let target = job.update.model else {
            throw Failure(
                "usage", "the sketch names no model", hint: "Name a sketch, and a model with --model.")
        }
        let access = Ports(home: job.home, settings: job.settings, pace: .virtualTime)
        let line = try await access.open(try access.address())
        // The result is one object; progress is for people.
        _ = try await Flashing.perform(job.update, over: line, console: Console(json: false))
        let tuning = ArenaTuning(model: model, partition: target.partition, line: line, console: console)
        let (search, minimum) = try await tuning.perform()
        let recommended = ArenaSearch.recommended(minimum, marginPercent: margin)
        try await tuning.settle(on: recommended)
        await line.close()
        let place = try project.keep(arena: recommended)
        show(search, minimum: minimum, recommended: recommended, estimate: model.plan.arenaBytes, place, console)
    }

    /// The same for a sketch that has to be built again for each size.
    private func rebuild(_ define: ArenaDefine, flags: [SettingName: String]) async throws {
        let console = out.console
        let project = try Project(flags: flags, sketch: sketch)
        let access = Ports(home: project.home, settings: project.settings, pace: .virtualTime)
        let line = try await access.open(try access.address())
        let rebuilding = ArenaRebuilding(sketch: sketch, flags: flags, line: line, console: console)
        let estimate = try ArenaRebuilding.estimate(define, project: project)
        let (search, minimum) = try await rebuilding.perform(estimate: estimate)
        let recommended = ArenaSearch.recommended(minimum, marginPercent: margin)
        try await rebuilding.settle(on: recommended)
        await line.close()
        let place = try project.keep(arena: recommended)
        show(search, minimum: minimum, recommended: recommended, estimate: estimate, place, console)
    }

    private func show(
        _ search: ArenaSearch, minimum: Int, recommended: Int, estimate: Int, _ place: String, _ console: Console
    ) {
        let steps = search.steps.map { step -> JSON in
            switch step.trial {
            case .works: ["arena": .int(step.arena), "ok": true]
            case .refused(let missing): ["arena": .int(step.arena), "ok": false, "missing": .int(missing)]
            case .failed(let reason): ["arena": .int(step.arena), "ok": false, "reason": .string(reason)]
            }
        }
        if console.json {
            return console.event([
                "minimum": .int(minimum), "recommended": .int(recommended), "used": .int(search.used ?? minimum),
                "boots": .int(search.steps.count), "static_estimate": .int(estimate), "steps": .array(steps),
                "kept_in": .string(place),
            ])
        }
        console.line("minimum      \(minimum) bytes, proven in \(search.steps.count) boots (planned: \(estimate))")
        console.line("recommended  \(recommended) bytes, now on the board and in \(place)")
    }
}
