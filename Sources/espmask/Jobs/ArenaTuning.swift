// Tunes the arena on a board: each trial rewrites one header of the model's slot, restarts the board, and lets it
// predict one input, whose bits must be this machine's.

import DeviceBridge
import ESPImage
import HostInference

/// A tuning at work.
struct ArenaTuning {
    let model: PackedModel
    let partition: Range<Int>
    let line: any SerialLine
    let console: Console

    /// A board that says nothing for so long on its own clock has failed.
    private static let patience = Duration.seconds(5)

    /// Runs the search. Throws the line's errors, and `arena-too-small` where no size works.
    func perform() async throws -> (search: ArenaSearch, minimum: Int) {
        var search = ArenaSearch(estimate: model.plan.arenaBytes)
        var next = search.first
        while true {
            switch next {
            case .attempt(let arena):
                let trial = try await attempt(arena)
                if !console.json { console.note("\(arena) bytes: \(Self.words(trial))") }
                next = search.tried(arena, trial)
            case .found(let minimum): return (search, minimum)
            case .hopeless(let reason):
                throw Failure(
                    "arena-too-small", "no arena works on this board: \(reason)",
                    hint: "Look at what the board says with `espmask monitor --reset`.")
            }
        }
    }

    /// Leaves an arena of this size on the board and restarts it.
    func settle(on arena: Int) async throws {
        _ = try await boot(with: arena)
    }

    private func boot(with arena: Int) async throws -> Int {
        let session = LoaderSession(line: line)
        try await session.connect()
        let written = try await session.setArena(UInt32(clamping: arena), in: partition)
        try await session.reset()
        return written
    }

    /// One trial: the header, a restart, a prediction.
    private func attempt(_ arena: Int) async throws -> ArenaTrial {
        _ = try await boot(with: arena)
        let sample = [InputValue](repeating: model.takesWholeNumbers ? .whole(0) : .real(0.25), count: model.inputCount)
        let wanted = try HostJudge(model).predict(sample)
        var session = MonitorSession(line: line)
        var (used, hasAsked) = (arena, false)
        var lastWord = await line.now
        while await line.now - lastWord < Self.patience {
            let heard = try await session.listen(within: .milliseconds(200))
            if !heard.bytes.isEmpty { lastWord = await line.now }
            for event in heard.events {
                switch event {
                case .sketch(let report):
                    switch report.kind {
                    case .arena(_, let bytes): used = bytes ?? arena
                    case .ready where !hasAsked:
                        hasAsked = true
                        try await session.send(Array(Samples.line(sample).utf8))
                    case .error(let code): return Self.failure(code, report)
                    case .model, .ready, .result, .other: break
                    }
                case .inference(let inference):
                    guard hasAsked else { continue }
                    return inference.bits == wanted.bits ? .works(used: used) : .failed(reason: "other output bits")
                case .panic(let panic): return .failed(reason: "a panic (\(panic.cause ?? "no cause named"))")
                case .diagnosis(let diagnosis) where diagnosis.severity == .error:
                    return .failed(reason: diagnosis.code.rawValue)
                case .diagnosis, .boot, .line, .partial: break
                }
            }
        }
        return .failed(reason: "silence")
    }

    private static func failure(_ code: String, _ report: SketchReport) -> ArenaTrial {
        if code == "arena-too-small", let missing = report.fields["missing"].flatMap({ Int($0) }) {
            return .refused(missing: missing)
        }
        return .failed(reason: code)
    }

    static func words(_ trial: ArenaTrial) -> String {
        switch trial {
        case .works(let used): "works, \(used) used"
        case .refused(let missing): "refused, \(missing) missing"
        case .failed(let reason): "failed: \(reason)"
        }
    }
}
