// Every network of a training flashed in turn, and every picture sent to it: the board's bits beside this machine's.

import BoardPorts
import DeviceBridge
import Evaluation
import HostInference

/// What a board made of one form of a network.
struct BoardVerdict {
    var name: String
    var format: String
    var predictions: Int
    /// How many have other bits than this machine's.
    var differing: Int
    /// The mean time of a prediction.
    var microseconds: Int?
}

/// A training's networks on a board.
struct BoardEvaluation {
    let artifacts: Artifacts
    let folder: String
    let flags: [SettingName: String]
    let console: Console

    /// Judges on the board what this machine could judge.
    func verdicts(of judged: [ModelVerdict]) async throws -> [BoardVerdict] {
        var verdicts: [BoardVerdict] = []
        for verdict in judged {
            guard let path = verdict.path, verdict.refusal == nil,
                let network = artifacts.networks.first(where: { $0.name == verdict.name })
            else { continue }
            verdicts.append(try await self.verdict(of: verdict, network, path: path))
        }
        return verdicts
    }

    private func verdict(
        of judged: ModelVerdict, _ network: Artifacts.Network, path: String
    ) async throws -> BoardVerdict {
        var flags = flags
        flags[.model] = folder + "/" + path
        flags[.arena] = "0"
        flags[.labels] = artifacts.classes.joined(separator: ",")
        if network.isBehindTransform { flags[.transform] = folder + "/" + artifacts.transform.path }
        let sketch = network.isBehindTransform ? "run_model_pca_mlp" : "run_model_cnn"
        let job = try await FlashJob(what: sketch, flags: flags, part: .all, console: console)
        guard let model = job.model else {
            throw Failure("usage", "no model is named", hint: "Name the folder of a training.")
        }
        let access = Ports(home: job.home, settings: job.settings, pace: .virtualTime)
        let line = try await access.open(try access.address())
        console.note("\(judged.title): on \(access.name)")
        // The result is one object; progress is for people.
        _ = try await Flashing.perform(job.update, over: line, console: Console(json: false))
        var talk = BoardTalk(line: line, model: model, threshold: artifacts.threshold, console: console)
        var answer = BoardVerdict(name: judged.name, format: judged.format, predictions: 0, differing: 0)
        var total = 0
        for (pixels, host) in zip(artifacts.inputs(of: network), judged.predictions) {
            let said = try await talk.ask(pixels.map { .real($0) })
            answer.predictions += 1
            if said.bits != host.bits { answer.differing += 1 }
            total += said.microseconds ?? 0
        }
        if answer.predictions > 0, total > 0 { answer.microseconds = total / answer.predictions }
        await line.close()
        return answer
    }
}
