// The report's numbers and text, against scikit-learn's own where training's environment is there, and against figures
// worked out by hand.

import Evaluation
import SystemPackage
import TestSupport
import Testing

@Suite("A classification report")
struct ClassificationReportTests {
    @Test("counts hits, misses and false alarms")
    func numbers() {
        let report = ClassificationReport(
            labels: [0, 0, 0, 0, 1, 1], said: [0, 0, 0, 1, 1, 0], classes: ["mask", "no_mask"])
        #expect(report.confusion == [[3, 1], [1, 1]] && report.accuracy == 4.0 / 6)
        #expect(report.classes.map(\.precision) == [0.75, 0.5] && report.classes.map(\.recall) == [0.75, 0.5])
        #expect(report.classes.map(\.f1) == [0.75, 0.5] && report.classes.map(\.support) == [4, 2])
        #expect(report.macro.f1 == 0.625 && report.macro.support == 6)
        #expect(report.weighted.precision == (0.75 * 4 + 0.5 * 2) / 6)
    }

    @Test("is printed as scikit-learn prints it")
    func text() {
        let report = ClassificationReport(
            labels: [0, 0, 0, 0, 1, 1], said: [0, 0, 0, 1, 1, 0], classes: ["mask", "no_mask"])
        #expect(
            report.text == """
                              precision    recall  f1-score   support

                        mask       0.75      0.75      0.75         4
                     no_mask       0.50      0.50      0.50         2

                    accuracy                           0.67         6
                   macro avg       0.62      0.62      0.62         6
                weighted avg       0.67      0.67      0.67         6

                """)
    }

    @Test("of a class that nobody said or that is not there has zeros")
    func empty() {
        let report = ClassificationReport(labels: [0, 0], said: [0, 0], classes: ["a", "b", "c"])
        #expect(report.classes[1].precision == 0 && report.classes[2].f1 == 0 && report.accuracy == 1)
        let nothing = ClassificationReport(labels: [], said: [], classes: ["a", "b"])
        #expect(nothing.accuracy == 0 && nothing.weighted.f1 == 0)
    }

    /// An environment with scikit-learn: the one that `make train-test` leaves.
    static let python: FilePath? = {
        let path = Peers.checkout.appending(".venv-training").appending("bin").appending("python")
        return Peers.run(exists: path) ? path : nil
    }()

    @Test("is scikit-learn's to the last character", .enabled(if: python != nil, "no .venv-training (make train-test)"))
    func peer() async throws {
        let python = try #require(Self.python)
        var lines: [String] = []
        var expected: [String] = []
        var generator = SystemRandomNumberGenerator()
        for round in 0..<40 {
            let names = Array(["mask", "no_mask", "a much longer class name", "ä"].prefix(2 + round % 3))
            let count = Int.random(in: 1...60, using: &generator)
            let labels = (0..<count).map { _ in Int.random(in: names.indices, using: &generator) }
            // Every fourth time nothing is right, which scikit-learn writes in a way of its own.
            let said = labels.map { label in
                round % 4 == 3 ? (label + 1) % names.count : Int.random(in: names.indices, using: &generator)
            }
            lines.append("\(labels)|\(said)|\(names.count)")
            expected.append(ClassificationReport(labels: labels, said: said, classes: names).text)
        }
        let script = """
            import sys, json
            from sklearn.metrics import classification_report as r
            names = ["mask", "no_mask", "a much longer class name", "ä"]
            for line in sys.argv[1].split("\\n"):
                y, p, n = (json.loads(part) for part in line.split("|"))
                print(r(y, p, labels=list(range(n)), target_names=names[:n], zero_division=0), end="=====")
            """
        let outcome = try await Peers.run(python, ["-c", script, lines.joined(separator: "\n")])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let theirs = outcome.output.split(separator: "=====").map(String.init)
        #expect(theirs.count == expected.count)
        for (their, own) in zip(theirs, expected) { #expect(own == their) }
    }
}

extension Peers {
    fileprivate static func run(exists path: FilePath) -> Bool { (try? contents(of: path)) != nil }
}
