// Thousands of flashings of the virtual board with one thing going wrong in each, drawn from a seed: every one ends in a
// verified flash or in an error that tells the truth, and doing it again heals it. ESPMASK_CAMPAIGN=N runs N of them and
// prints the counts (`make campaign N=10000`); without it the tests run a few hundred.

import BoardPorts
import DeviceBridge
import TestSupport
import Testing
import VirtualBoard

#if canImport(Glibc)
    import Glibc
#endif

private func setting(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }

@Suite("The fault campaign")
struct FaultCampaign {
    /// What can go wrong.
    enum Kind: String, CaseIterable, Sendable {
        case lost, damaged, duplicated, delayed, noise
        case droppedReply = "dropped reply"
        case disconnect
        case powerCut = "power cut"
        case brownout
    }

    /// What came of one run.
    struct Outcome: Sendable {
        var kind: Kind
        /// `verified`, or the code of the error.
        var end: String
        var recoveries = 0
        /// Sectors outside the plan changed after a FLASH_BEGIN was hit, which the loaders do not checksum.
        var wasExposed = false
        /// Whether the report says that something went astray.
        var wasNoticed = false
        /// What must not be.
        var wrong: String?
    }

    /// What a run without faults takes.
    struct Extent: Sendable {
        var sent: Int
        var heard: Int
        var replies: Int
        var writes: Int
    }

    @Test("Every run ends in a verified flash or a true error, heals when done again, and leaves the rest alone")
    func campaign() async throws {
        let count = setting("ESPMASK_CAMPAIGN") ?? 250
        let seed = UInt64(Peers.seed(named: "ESPMASK_SEED", upTo: 1_000_000))
        let start = ContinuousClock.now
        var extents: [CampaignScene.Shape: Extent] = [:]
        for shape in Self.shapes { extents[shape] = try await Self.measure(shape) }
        let known = extents
        let outcomes = try await withThrowingTaskGroup(of: [(Int, Outcome)].self) { group in
            for worker in 0..<2 {
                group.addTask {
                    var outcomes: [(Int, Outcome)] = []
                    for number in stride(from: worker, to: count, by: 2) {
                        outcomes.append((number, try await Self.run(seed &* 1_000_003 &+ UInt64(number), known)))
                    }
                    return outcomes
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        Self.report(outcomes.map(\.1), seed, (ContinuousClock.now - start) / .seconds(1))
        for (number, outcome) in outcomes.sorted(by: { $0.0 < $1.0 }) where outcome.wrong != nil {
            Issue.record("run \(number) of seed \(seed), \(outcome.kind.rawValue): \(outcome.wrong ?? "")")
        }
    }

    private static let shapes = [false, true].flatMap { stub in
        [false, true].flatMap { model in
            [false, true].flatMap { fresh in
                [115_200, 921_600].map {
                    CampaignScene.Shape(usesStub: stub, writesModel: model, isFresh: fresh, baud: $0)
                }
            }
        }
    }

    private static func measure(_ shape: CampaignScene.Shape) async throws -> Extent {
        let scene = try CampaignScene(shape, seed: 1)
        let line = CampaignLine(try await scene.board())
        _ = try await scene.perform(on: line)
        let flash = try await line.board.flashContents()
        #expect(scene.isDone(flash) && scene.strays(flash).isEmpty)
        let extent = Extent(
            sent: await line.sent, heard: await line.heard, replies: await line.replies,
            writes: try await line.board.flashWrites())
        await line.close()
        return extent
    }

    private static func run(_ seed: UInt64, _ extents: [CampaignScene.Shape: Extent]) async throws -> Outcome {
        var generator = SeededGenerator(seed: seed)
        guard let shape = shapes.randomElement(using: &generator), let extent = extents[shape],
            let kind = Kind.allCases.randomElement(using: &generator)
        else { throw CancellationError() }
        let scene = try CampaignScene(shape, seed: seed)
        let isToBoard = Bool.random(using: &generator)
        let byte = Int.random(in: 1...(isToBoard ? extent.sent : extent.heard), using: &generator)
        let direction: FaultDirection = isToBoard ? .rx : .tx
        var fault: FaultSpec?
        var lostReply = 0
        switch kind {
        case .lost: fault = .drop(.byte(byte), direction)
        case .damaged: fault = .corrupt(.byte(byte), direction, bit: Int.random(in: 0..<8, using: &generator))
        case .duplicated: fault = .duplicate(.byte(byte), direction)
        case .delayed:
            let time = Int.random(in: 1...6_000, using: &generator)
            fault = .delay(.byte(byte), direction, milliseconds: time)
        case .noise:
            let often = Double.random(in: 0.00002...0.0005, using: &generator)
            fault = .rate(probability: often, seed: generator.next(), direction)
        case .droppedReply: lostReply = Int.random(in: 1...extent.replies, using: &generator)
        case .disconnect: fault = .disconnect(byte: byte, direction)
        case .powerCut: fault = .powerCut(write: Int.random(in: 1...extent.writes, using: &generator))
        case .brownout: fault = .brownout(milliseconds: Int.random(in: 1...3_000, using: &generator))
        }
        let line = CampaignLine(try await scene.board(fault), lostReply: lostReply)
        var outcome = Outcome(kind: kind, end: "verified")
        var failure: DeviceError?
        do {
            let report = try await scene.perform(on: line)
            (outcome.recoveries, outcome.wasNoticed) = (report.recoveries, report.wentAstray)
        } catch let error as DeviceError {
            failure = error
            outcome.end = error.code
        }
        let flash = try await line.board.flashContents()
        let strays = scene.strays(flash)
        let hasErased = await line.hasErased
        let hit = isToBoard ? await line.opcode(ofByte: byte) : nil
        // Noise may have hit several commands.
        outcome.wasExposed =
            !strays.isEmpty && isToBoard && hasErased
            && (kind == .noise || kind == .damaged && (hit == 0x02 || hit == 0x10))
        outcome.wrong = Self.judge(scene, flash, failure)
        if !strays.isEmpty, !outcome.wasExposed {
            outcome.wrong = "sectors \(strays.prefix(4)) changed outside the plan, after \(hit ?? 0): \(outcome.end)"
        }
        if outcome.wrong == nil { outcome.wrong = try await heal(scene, line.board) }
        await line.close()
        return outcome
    }

    /// What is not true of what a run said; nil where all is.
    private static func judge(
        _ scene: CampaignScene, _ flash: [UInt8], _ failure: DeviceError?
    ) -> String? {
        guard let failure else { return scene.isDone(flash) ? nil : "said to be verified, and is not" }
        let text = "\(failure.code): \(failure.message)"
        if !scene.boots(flash) { return "no whole model is left after \(text)" }
        if failure.message.contains("the flash is as it was"), !scene.shape.writesModel, flash != scene.before {
            return "the flash changed, but it says: \(text)"
        }
        switch failure.code {
        case "connection-lost", "no-reply", "loader-refused", "wrong-boot-mode": return nil
        case "verify-failed":
            let label = failure.message.prefix { $0 != ":" }
            return scene.differs(String(label), in: flash) ? nil : "nothing differs, but it says: \(text)"
        default: return "not true of this board: \(text)"
        }
    }

    /// Does the work again on the board as it was left, without a fault.
    private static func heal(_ scene: CampaignScene, _ board: VirtualLine) async throws -> String? {
        try await board.plugIn(nil)
        await board.endFaults()
        do {
            _ = try await scene.perform(on: board)
        } catch let error as DeviceError {
            return "again, it ends in \(error.code): \(error.message)"
        }
        return scene.isDone(try await board.flashContents()) ? nil : "again, it says verified and is not"
    }

    private static func report(_ outcomes: [Outcome], _ seed: UInt64, _ seconds: Double) {
        print("fault campaign: \(outcomes.count) runs, seed \(seed), \(Int(seconds)) s")
        for kind in Kind.allCases {
            let runs = outcomes.filter { $0.kind == kind }
            var ends: [String: Int] = [:]
            for run in runs { ends[run.end, default: 0] += 1 }
            let codes = ends.filter { $0.key != "verified" }.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            let mended = runs.filter { $0.end == "verified" && $0.recoveries > 0 }.count
            print(
                "  \(kind.rawValue): \(runs.count) runs, verified \(ends["verified"] ?? 0) (\(mended) after mending)"
                    + (codes.isEmpty ? "" : ", " + codes.joined(separator: ", ")))
        }
        let exposed = outcomes.filter(\.wasExposed)
        let told = exposed.filter { $0.end != "verified" || $0.wasNoticed }.count
        print("  FLASH_BEGIN hit, sectors outside the plan changed: \(exposed.count), of which \(told) noticed")
        print("  untrue, not healed, or changed elsewhere: \(outcomes.filter { $0.wrong != nil }.count)")
    }
}
