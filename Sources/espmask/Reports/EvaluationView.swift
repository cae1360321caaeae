// What `evaluate` shows: scikit-learn's report of each model, then all forms side by side.

import Evaluation
import Foundation
import HostInference

/// The report of an evaluation.
struct EvaluationView {
    let artifacts: Artifacts
    let verdicts: [ModelVerdict]
    let board: [BoardVerdict]
    /// Another training's verdicts; nil where there is none to compare with.
    let baseline: [ModelVerdict]?
    let pictures: EvaluatedPictures

    /// Four decimals.
    static func decimals(_ value: Double) -> String { String(format: "%.4f", value) }

    /// The text.
    var lines: [String] {
        var lines: [String] = []
        for verdict in verdicts {
            guard let report = verdict.report(pictures) else { continue }
            lines.append(verdict.title)
            lines += report.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        }
        let held = artifacts.isHeldOut.filter { $0 }.count
        lines.append(
            "\(artifacts.pictures.count) pictures, \(held) of them in the test part, which no network has seen")
        var head =
            "model".padded(to: 20) + "bytes".padded(to: 9) + "all".padded(to: 9) + "test".padded(to: 9)
            + "loss".padded(to: 9)
        if baseline != nil { head += "before".padded(to: 9) }
        lines.append(head + (board.isEmpty ? "" : "board"))
        for verdict in verdicts { lines.append(row(verdict)) }
        return lines.map { String($0.reversed().drop { $0 == " " }.reversed()) }
    }

    private func row(_ verdict: ModelVerdict) -> String {
        let start = verdict.title.padded(to: 20) + (verdict.bytes.map { String($0) } ?? "").padded(to: 9)
        guard let all = verdict.all, let test = verdict.test else {
            return start + "not run: \(verdict.refusal ?? "")"
        }
        var row = start + Self.decimals(all.accuracy).padded(to: 9) + Self.decimals(test.accuracy).padded(to: 9)
        row += (loss(verdict).map { Self.decimals($0) } ?? "").padded(to: 9)
        if baseline != nil { row += (before(verdict).map { Self.decimals($0) } ?? "").padded(to: 9) }
        guard let answer = onBoard(verdict) else { return row }
        let same = answer.differing == 0 ? "same bits" : "\(answer.differing) of \(answer.predictions) differ"
        return row + same + (answer.microseconds.map { ", \($0) us" } ?? "")
    }

    /// What a form loses against float32 in accuracy; nil for float32 itself.
    private func loss(_ verdict: ModelVerdict) -> Double? {
        guard verdict.format != "float32", let own = verdict.report(pictures)?.accuracy,
            let whole = verdicts.first(where: { $0.name == verdict.name && $0.format == "float32" })?.report(pictures)
        else { return nil }
        return whole.accuracy - own
    }

    private func before(_ verdict: ModelVerdict) -> Double? {
        baseline?.first { $0.name == verdict.name && $0.format == verdict.format }?.report(pictures)?.accuracy
    }

    private func onBoard(_ verdict: ModelVerdict) -> BoardVerdict? {
        board.first { $0.name == verdict.name && $0.format == verdict.format }
    }

    /// The shape of `evaluate --json`.
    var json: JSON {
        [
            "models": .array(verdicts.map(model)), "pictures": .int(artifacts.pictures.count),
            "test_pictures": .int(artifacts.isHeldOut.filter { $0 }.count),
        ]
    }

    private func model(_ verdict: ModelVerdict) -> JSON {
        var members: [JSON.Member] = [
            .init(key: "name", value: .string(verdict.name)), .init(key: "format", value: .string(verdict.format)),
            .init(key: "file", value: .optional(verdict.path)), .init(key: "bytes", value: .optional(verdict.bytes)),
        ]
        guard let all = verdict.all, let test = verdict.test else {
            members.append(.init(key: "accuracy", value: .null))
            members.append(.init(key: "refused", value: .optional(verdict.refusal)))
            return .object(members)
        }
        members += Self.members(of: all)
        members.append(.init(key: "test", value: .object(Self.members(of: test))))
        members.append(.init(key: "loss", value: .optional(loss(verdict))))
        if baseline != nil { members.append(.init(key: "before", value: .optional(before(verdict)))) }
        members.append(.init(key: "predictions", value: .array(predictions(verdict))))
        if let answer = onBoard(verdict) {
            members.append(
                .init(
                    key: "board",
                    value: [
                        "predictions": .int(answer.predictions), "differing": .int(answer.differing),
                        "us": .optional(answer.microseconds),
                    ]))
        }
        return .object(members)
    }

    private func predictions(_ verdict: ModelVerdict) -> [JSON] {
        verdict.said.indices.map { index in
            var members: [JSON.Member] = [
                .init(key: "picture", value: .string(artifacts.pictures[index])),
                .init(key: "is", value: .string(artifacts.classes[artifacts.labels[index]])),
                .init(key: "said", value: .string(artifacts.classes[verdict.said[index]])),
            ]
            if index < verdict.predictions.count {
                let prediction = verdict.predictions[index]
                members.append(.init(key: "outputs", value: .array(prediction.values.map { .float($0) })))
                members.append(.init(key: "bits", value: .array(prediction.bits.map { .string($0) })))
            }
            return .object(members)
        }
    }

    private static func members(of report: ClassificationReport) -> [JSON.Member] {
        [
            .init(key: "accuracy", value: .number(report.accuracy)),
            .init(
                key: "classes",
                value: .object(report.classes.map { .init(key: $0.name, value: row($0)) })),
            .init(key: "macro", value: row(report.macro)), .init(key: "weighted", value: row(report.weighted)),
            .init(
                key: "confusion", value: .array(report.confusion.map { .array($0.map { .int($0) }) })),
        ]
    }

    private static func row(_ row: ClassificationReport.Row) -> JSON {
        [
            "precision": .number(row.precision), "recall": .number(row.recall), "f1": .number(row.f1),
            "support": .int(row.support),
        ]
    }
}
