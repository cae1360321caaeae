// What each trained size costs a board: bytes against the slot, arena against the memory that the firmware leaves, and
// cycles on the board itself where both fit.

import BoardPorts
import DeviceBridge
import ESPImage
import HostInference
import SystemPackage

/// One size in one form.
struct SizeTrial: Sendable {
    /// What stands in the way.
    struct Shortage: Sendable {
        /// `model-too-large`, `arena-too-small`, or why the engine refuses it.
        var code: String
        var words: String
        var needed: Int?
        var available: Int?
    }

    var size: Int
    var format: String
    var file: String
    var bytes: Int
    /// On all pictures, and on those that it was not trained on.
    var accuracy: Double
    var unseen: Double
    var unseenPictures: Int
    var arena: Int?
    var microseconds: Int?
    var shortage: Shortage?

    /// The test inputs of the size.
    var samples: String { "cnn_\(size).csv" }
    /// Cycles of a prediction, of which the bare firmware has 40 to a microsecond.
    var cycles: Int? { microseconds.map { $0 * 40 } }

    init?(_ event: TrainingEvent) {
        guard let size = event.size, let format = event.format, let file = event.file, let bytes = event.bytes,
            let accuracy = event.accuracy, let unseen = event.unseen, let pictures = event.unseenPictures
        else { return nil }
        self.size = size
        self.format = format
        self.file = file
        self.bytes = bytes
        self.accuracy = accuracy
        self.unseen = unseen
        unseenPictures = pictures
    }
}

/// Measures trained sizes on a board.
struct SizeMeasurement {
    let folder: String
    let flags: [SettingName: String]
    let console: Console

    private static let sketch = "run_model_cnn"
    // What the sketch keeps around the arena to notice a kernel that writes past it (Model.cpp), and its alignment.
    private static let guards = 32
    private static let alignment = 16

    /// Fills in what each trial costs.
    func measure(_ trials: inout [SizeTrial]) async throws {
        var flags = flags
        flags[.arena] = "0"
        let firmware = try await FlashJob(what: Self.sketch, flags: flags, part: .firmware, console: console)
        let memory = try firmware.elf.flatMap { try Self.memory(of: $0.string) }
        for index in trials.indices {
            try await measure(&trials[index], memory: memory, flags: flags)
        }
    }

    /// The memory that the firmware leaves for an arena; nil for firmware that does not say.
    static func memory(of elf: String) throws -> Int? {
        let file = try ELFFile(try Files.read(elf))
        guard let start = try file.symbol(named: "_arena_start")?.value,
            let end = try file.symbol(named: "_arena_end")?.value, end > start
        else { return nil }
        return Int(end - start) / alignment * alignment - guards
    }

    private func measure(_ trial: inout SizeTrial, memory: Int?, flags: [SettingName: String]) async throws {
        let path = folder + "/" + trial.file
        let model: PackedModel
        do {
            model = try PackedModel(path: path, options: .init())
            trial.arena = model.plan.arenaBytes
            _ = try model.slot.encoded()
        } catch {
            guard let failure = Failure(describing: error) else { throw error }
            trial.shortage = .init(
                code: failure.code, words: failure.message,
                needed: trial.bytes, available: failure.code == "model-too-large" ? ModelSlot.payloadLimit : nil)
            return
        }
        if let memory, model.plan.arenaBytes > memory {
            trial.shortage = .init(
                code: "arena-too-small",
                words: "the arena needs \(model.plan.arenaBytes) bytes, the firmware leaves \(memory), "
                    + "missing \(model.plan.arenaBytes - memory)",
                needed: model.plan.arenaBytes, available: memory)
            return
        }
        do {
            trial.microseconds = try await time(path, sample: trial.samples, flags: flags)
        } catch let failure as Failure where failure.code == "timed-out" {
            // The other sizes count all the same.
            trial.shortage = .init(code: failure.code, words: failure.message)
        } catch is SickFirmware {
            trial.shortage = .init(code: "firmware-error", words: "the firmware is sick with this model")
        }
    }

    /// Flashes the model and lets it predict one input; its bits must be this machine's.
    private func time(_ path: String, sample: String, flags: [SettingName: String]) async throws -> Int? {
        var flags = flags
        flags[.model] = path
        let job = try await FlashJob(what: Self.sketch, flags: flags, part: .all, console: console)
        guard let model = job.model else { return nil }
        let samples = try Samples(path: folder + "/" + sample, real: model)
        let access = Ports(home: job.home, settings: job.settings, pace: .virtualTime)
        let line = try await access.open(try access.address())
        console.note("\(path): on \(access.name)")
        _ = try await Flashing.perform(job.update, over: line, console: Console(json: false))
        var talk = BoardTalk(line: line, model: model, threshold: 0.5, console: console)
        guard let input = samples.all.first else { return nil }
        let answer = try await talk.ask(input)
        await line.close()
        let host = try HostJudge(model).predict(input)
        guard answer.bits == host.bits else {
            throw Failure(
                "verify-failed", "\(path): the board's prediction has other bits than this machine's",
                hint: "The firmware's engine is another one than this program's: flash it again.")
        }
        return answer.microseconds
    }
}
