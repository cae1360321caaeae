// The engine against TensorFlow Lite Micro on random models: one operator at a time and random chains, float32 and
// int8. A Python peer makes models, inputs and TFLM's outputs; here they are run under a planned arena and under
// the plan a board would make. Int8 outputs and all float32 sums must be equal to the bit. Where e^x comes in
// (LOGISTIC, SOFTMAX in float32) the engine's is correctly rounded and TFLM's is the C library's, which now and then
// is one unit in the last place off.

import HostInference
import SystemPackage
import TestSupport
import Testing

/// How many units in the last place float32 outputs may differ, by kind of case.
private func tolerance(of kind: Substring, isFloat: Bool) -> Int32 {
    guard isFloat else { return 0 }
    switch kind {
    // One for e^x, doubled where 1 / (1 + e^x) lies in a lower binade, and one for the rounding of the quotient.
    case "logistic": return 3
    // Twice that, where the product lies in a lower binade, and its own rounding.
    case "gate": return 7
    // One for e^x, one for the sum, and their rounding; a network ends in one of the two.
    case "softmax", "network", "mixed": return 4
    case _: return 0
    }
}

@Suite("Against TensorFlow Lite Micro")
struct PeerTests {
    private static let isJudgeThere = Peers.python("python") != nil

    /// Two series: one that is always the same, and one that is new with every run.
    private static let seeds: [Int] = [1, Peers.seed(named: "ESPMASK_SEED", upTo: 10_000)]

    @Test(
        "Random models give TFLM's outputs: all int8 bits, and all float32 bits but for the last ones of e^x",
        .enabled(if: isJudgeThere, "no Python judges: make peers"), arguments: seeds)
    func randomModels(seed: Int) async throws {
        let cases = try await Self.cases(from: "tflm_cases.py", seed: seed, count: 10)
        #expect(cases.count >= 500)
        try Self.judge(cases, seed: seed)
    }

    @Test(
        "Dynamic-range models give the bits of LiteRT's reference kernels",
        .enabled(if: isJudgeThere, "no Python judges: make peers"), arguments: seeds)
    func hybridModels(seed: Int) async throws {
        let cases = try await Self.cases(from: "hybrid_cases.py", seed: seed, count: 40)
        #expect(cases.count == 200)
        try Self.judge(cases, seed: seed)
    }

    private static func cases(from script: String, seed: Int, count: Int) async throws -> [PeerCase] {
        let folder = try ScratchFolder()
        let file = folder.path.appending("cases.bin")
        let script = Peers.checkout.pushing("Tests/InferenceTests/peers").appending(script)
        let python = try #require(Peers.python("python"))
        let made = try await Peers.run(python, [script.string, file.string, "\(seed)", "\(count)"], in: folder.path)
        try #require(made.status == 0, "ESPMASK_SEED=\(seed): \(made.errors.suffix(2000))")
        return try PeerCase.read(try Peers.contents(of: file))
    }

    /// Runs each case under the host's plan and under the board's own.
    private static func judge(_ cases: [PeerCase], seed: Int) throws {
        var compared = Comparison()
        for one in cases {
            let model = try LoadedModel(bytes: one.model)
            for plan in [try model.plan(), try model.greedyPlan()] {
                #expect(model.accepts(planWords: plan.words), "ESPMASK_SEED=\(seed) \(one.name)")
                let session = try InferenceSession(model, plan: plan)
                let verdict = one.compare(with: session)
                compared.add(verdict)
                let allowed = tolerance(of: one.kind, isFloat: verdict.isFloat)
                #expect(verdict.worst <= allowed, "ESPMASK_SEED=\(seed) \(one.name)")
                #expect(session.guardsAreIntact, "ESPMASK_SEED=\(seed) \(one.name)")
            }
        }
        // What differs at all is rare: an e^x of another kind would show here.
        #expect(compared.different * 100 <= compared.values, "ESPMASK_SEED=\(seed)")
    }
}

/// Sums over cases.
private struct Comparison {
    var worst: Int32 = 0
    var different = 0
    var values = 0
    var isFloat = false

    mutating func add(_ other: Comparison) {
        different += other.different
        values += other.values
    }
}

/// A model, and what TFLM made of its inputs.
private struct PeerCase {
    var name: String
    var model: [UInt8]
    var samples: [(inputs: [UInt8], outputs: [UInt8])]

    /// `conv`, `network`, ...
    var kind: Substring { name.prefix { $0 != "/" } }

    /// The largest distance of an output value from TFLM's, and how many differ.
    func compare(with session: InferenceSession) -> Comparison {
        var result = Comparison()
        for (inputs, outputs) in samples {
            guard let got = session.run(bytes: inputs), got.count == outputs.count else {
                result.worst = .max
                continue
            }
            var at = 0
            for tensor in session.loaded.outputs {
                let width = tensor.isInt8 ? 1 : 4
                result.isFloat = result.isFloat || !tensor.isInt8
                result.values += tensor.elements
                for _ in 0..<tensor.elements {
                    let ours = got[at..<(at + width)]
                    let theirs = outputs[at..<(at + width)]
                    at += width
                    guard !ours.elementsEqual(theirs) else { continue }
                    result.different += 1
                    let distance = tensor.isInt8 ? Int32.max : Self.distance(ours, theirs)
                    result.worst = max(result.worst, distance)
                }
            }
        }
        return result
    }

    /// Units in the last place between two float32; two NaN are alike.
    private static func distance(_ a: ArraySlice<UInt8>, _ b: ArraySlice<UInt8>) -> Int32 {
        func place(_ bytes: ArraySlice<UInt8>) -> (rank: Int64, isNaN: Bool) {
            let bits = bytes.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            let magnitude = Int64(bits & 0x7FFF_FFFF)
            return (bits >> 31 == 0 ? magnitude : -magnitude, magnitude > 0x7F80_0000)
        }
        let (x, y) = (place(a), place(b))
        if x.isNaN || y.isNaN { return x.isNaN && y.isNaN ? 0 : .max }
        return Int32(clamping: abs(x.rank - y.rank))
    }

    /// Reads the peer's file: see the head of tflm_cases.py.
    static func read(_ bytes: [UInt8]) throws -> [PeerCase] {
        var cases: [PeerCase] = []
        var at = 0
        func number() throws -> Int {
            try #require(at + 4 <= bytes.count)
            defer { at += 4 }
            return bytes[at..<(at + 4)].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        func part() throws -> [UInt8] {
            let count = try number()
            try #require(at + count <= bytes.count)
            defer { at += count }
            return Array(bytes[at..<(at + count)])
        }
        while at < bytes.count {
            var one = PeerCase(name: String(decoding: try part(), as: UTF8.self), model: try part(), samples: [])
            for _ in 0..<(try number()) { one.samples.append((try part(), try part())) }
            cases.append(one)
        }
        return cases
    }
}
