// Tunes a sketch whose arena is fixed when it is compiled: each trial builds it with another TENSOR_ARENA_SIZE, flashes
// what changed, and listens. The firmware's own words say how much is missing.

import BoardPorts
import DeviceBridge
import HostInference

/// A tuning by rebuilding.
struct ArenaRebuilding {
    let sketch: String?
    let flags: [SettingName: String]
    let line: any SerialLine
    let console: Console

    /// TFLM aligns its arena to so many bytes.
    private static let step = 16
    /// Where nothing is known of the model.
    private static let usualSize = 4096

    /// Where the search begins: what TFLM is estimated to need for the model, else the sketch's own size.
    static func estimate(_ define: ArenaDefine, project: Project) throws -> Int {
        guard let path = project.file(.model) else { return define.ownSize ?? usualSize }
        return try PackedModel.load(try Files.read(path), path: path).0.tflmEstimate()?.bytes
            ?? define.ownSize ?? usualSize
    }

    /// Runs the search. Throws the build's and the line's errors, and `arena-too-small` where no size works.
    func perform(estimate: Int) async throws -> (search: ArenaSearch, minimum: Int) {
        var search = ArenaSearch(estimate: estimate, step: Self.step)
        var next = search.first
        while true {
            switch next {
            case .attempt(let arena):
                let trial = try await attempt(arena)
                if !console.json { console.note("\(arena) bytes: \(ArenaTuning.words(trial))") }
                next = search.tried(arena, trial)
            case .found(let minimum): return (search, minimum)
            case .hopeless(let reason):
                throw Failure(
                    "arena-too-small", "no arena works on this board: \(reason)",
                    hint: "Look at what the board says with `espmask monitor --reset`.")
            }
        }
    }

    /// Builds the sketch with this arena and leaves it running on the board.
    func settle(on arena: Int) async throws {
        let job = try await FlashJob(
            what: sketch, flags: flags, part: .all, defines: [ArenaDefine.argument(arena)],
            console: Console(json: console.json))
        _ = try await Flashing.perform(job.update, over: line, console: Console(json: false))
    }

    private func attempt(_ arena: Int) async throws -> ArenaTrial {
        try await settle(on: arena)
        var session = MonitorSession(line: line)
        var watch = ArenaTrialWatch(arena: arena, at: await line.now)
        while true {
            let heard = try await session.listen(within: .milliseconds(200))
            let now = await line.now
            for event in heard.events { watch.heard(event, at: now) }
            if let trial = watch.outcome(at: now) { return trial }
        }
    }
}
