// Does the work of a script on one board: builds, packs, flashes, erases, tunes, makes inputs and this machine's answers to
// them, and has a virtual board misbehave.

import BoardPorts
import DeviceBridge
import ESPImage
import HIL
import HostInference
import SystemPackage
import Toolchain
import VirtualBoard

/// The bench of one attempt.
actor BoardBench: TestBench {
    private let script: Script
    private let line: any SerialLine
    private let trend: TrendFile
    private let flags: [SettingName: String]
    private var job: FlashJob?
    /// What the board was given last.
    private var packed: PackedModel?
    /// Whether the faults of now may have hung up the line or cut the power.
    private var hasFaults = false

    init(_ script: Script, flags: [SettingName: String], line: any SerialLine, trend: TrendFile) {
        self.script = script
        self.line = line
        self.trend = trend
        self.flags = BoardBench.flags(of: script, flags)
    }

    /// The settings of a script over those of the command line.
    static func flags(of script: Script, _ flags: [SettingName: String]) -> [SettingName: String] {
        var flags = flags
        let firmware = script.firmware
        flags[.model] = firmware.model
        flags[.transform] = firmware.transform
        flags[.labels] = firmware.labels?.joined(separator: ",")
        flags[.threshold] = firmware.threshold.map { String($0) }
        flags[.scale] = firmware.scale.map { String($0) }
        flags[.arena] = firmware.arena.map { String($0) }
        return flags
    }

    func perform(_ work: Work) async throws(WorkFailure) -> WorkOutcome {
        do {
            switch work {
            case .build: return .done(note: try await build())
            case .flash(let flash): return .restarted(note: try await self.flash(flash))
            case .prepare(let request): return .inputs(try prepare(request))
            case .fault(let specs): return .done(note: try await fault(specs))
            case .tuneArena(let margin): return .tuned(try await tune(margin))
            case .recall(let name): return .recalled(trend.values(test: script.name, measure: name))
            case .reset, .send: return .done(note: nil)
            }
        } catch let failure as WorkFailure {
            throw failure
        } catch {
            throw await describe(error)
        }
    }

    func mend() async -> Bool {
        guard hasFaults, let board = line as? VirtualLine else { return false }
        return await board.reconnect()
    }

    /// The memory map of the model that the board has.
    var arenaMap: String? { packed.map { MemoryDrawing(name: $0.slot.name, ops: $0.loaded.ops, plan: $0.plan).text } }

    // MARK: Firmware

    private func build() async throws -> String {
        let job = try await FlashJob(
            what: script.firmware.sketch, flags: flags, part: .all, console: Console(json: true))
        self.job = job
        let bytes = job.update.plan.regions.reduce(0) { $0 + $1.bytes.count }
        return "\(bytes) bytes of firmware" + (job.model.map { ", model \($0.slot.name)" } ?? "")
    }

    private func flash(_ work: FlashWork) async throws -> String {
        do {
            let note = try await bring(work)
            if work.isInterrupted { await end() }
            return note
        } catch {
            let failure = await describe(error)
            if work.isInterrupted { await end() }
            throw failure
        }
    }

    /// Faults are over, and a board that lost its power or its line has both again.
    private func end() async {
        guard let board = line as? VirtualLine else { return }
        await board.endFaults()
        hasFaults = false
        try? await board.plugIn()
    }

    private func bring(_ work: FlashWork) async throws -> String {
        switch work.kind {
        case .all, .firmware, .model, .swapModel:
            let job = try await job(for: work.kind)
            var update = job.update
            update.erasesAll = work.erasesFirst
            let report = try await LoaderSession(line: line).perform(update)
            if let model = job.model { packed = model }
            return Flashing.summary(of: report)
        case .file(let file, let place):
            let report = try await LoaderSession(line: line).perform(try plain(file, at: place))
            return Flashing.summary(of: report)
        case .erase(let partition): return try await erase(partition)
        }
    }

    private func job(for kind: FlashWork.Kind) async throws -> FlashJob {
        var flags = flags
        let part: FlashCommand.Part
        switch kind {
        case .all:
            if let job { return job }
            part = .all
        case .firmware: part = .firmware
        case .model: part = .model
        case .swapModel(let path):
            flags[.model] = path
            // The arena that was given is the other model's.
            flags[.arena] = "0"
            part = .model
        case .file, .erase: part = .all
        }
        return try await FlashJob(what: script.firmware.sketch, flags: flags, part: part, console: Console(json: true))
    }

    private func plain(_ path: String, at place: String) throws -> BoardUpdate {
        let bytes = try Files.read(path)
        var update = BoardUpdate(chip: nil, plan: try FlashPlan([]))
        if let label = try LoaderWork.label(place) {
            update.labelled = [.init(partition: label, bytes: bytes, label: path)]
        } else {
            let region = DeviceBridge.FlashRegion(offset: ByteNumber.parse(place) ?? 0, bytes: bytes, label: path)
            update.plan = try FlashPlan([region])
        }
        // It is a test's business to flash what would not start.
        update.options.isForced = true
        return update
    }

    private func erase(_ partition: String?) async throws -> String {
        let session = LoaderSession(line: line)
        try await session.connect()
        let bytes: Int
        if let partition {
            let range = try await session.partition(partition)
            try await session.erase(range)
            bytes = range.count
        } else {
            bytes = try await session.eraseAll()
        }
        try await session.reset()
        return "\(bytes) bytes erased"
    }

    private func tune(_ margin: Double?) async throws -> TuningOutcome {
        let job = try await job(for: .all)
        guard let model = job.model, let target = job.update.model else {
            throw Failure("usage", "the sketch names no model", hint: "Name one with `model:`.")
        }
        let tuning = ArenaTuning(model: model, partition: target.partition, line: line, console: Console(json: true))
        let (search, minimum) = try await tuning.perform()
        let kept = ArenaSearch.recommended(minimum, marginPercent: margin ?? 8)
        try await tuning.settle(on: kept)
        return TuningOutcome(minimum: minimum, kept: kept, boots: search.steps.count)
    }

    // MARK: Inputs

    private func prepare(_ request: InputRequest) throws -> [PreparedInput] {
        let (model, project) = try model()
        let maker = try InputMaker(model: model, threshold: project.settings.real(.threshold) ?? 0.5)
        switch request {
        case .file(let path): return try maker.inputs(from: path)
        case .picture(let path): return [try maker.picture(path)]
        case .random(let count, let seed): return try maker.random(count, seed: seed)
        case .usual(let count, let seed):
            if packed == nil || script.firmware.model == nil, let path = project.file(.inputs),
                let inputs = try? maker.inputs(from: path)
            {
                return inputs
            }
            return try maker.random(count, seed: seed)
        }
    }

    /// The model that the board has, as far as this attempt knows.
    private func model() throws -> (PackedModel, Project) {
        let project = try Project(flags: flags, sketch: script.firmware.sketch)
        if let packed { return (packed, project) }
        guard let model = try PackedModel(project: project) else {
            throw Failure("usage", "no model is named", hint: "Name the model that the board runs with `model:`.")
        }
        packed = model
        return (model, project)
    }

    // MARK: Faults

    private func fault(_ specs: [String]) async throws -> String? {
        guard let board = line as? VirtualLine else {
            throw WorkFailure(
                .work, code: "usage", message: "faults are for virtual boards of this process, and this port is none",
                hint: "Run the script with --port virtual:, or give `espmask board serve` the fault.")
        }
        if specs.isEmpty {
            await board.endFaults()
            hasFaults = false
            return "no faults any more"
        }
        for text in specs {
            for spec in try FaultSpec.parse(text) { try await board.add(spec) }
        }
        hasFaults = true
        return nil
    }

    // MARK: Failures

    private func describe(_ error: any Error) async -> WorkFailure {
        let failure =
            Failure(describing: error)
            ?? Failure("usage", "\(error)", hint: "Run the step by hand to see more.")
        var kind = WorkFailure.Kind.work
        if error is DeviceError, !["usage", "layout-overlap", "arena-too-small"].contains(failure.code) {
            kind = await isLineGone() ? .line : .board
        }
        return WorkFailure(kind, code: failure.code, message: failure.message, hint: failure.hint)
    }

    private func isLineGone() async -> Bool {
        do throws(DeviceError) {
            try await line.discardInput()
            return false
        } catch {
            return true
        }
    }
}
