// What a run of the fault campaign flashes: a board full of other people's data, a plan that changes a little or all of
// it, a model for its slots, a baud rate, a loader. Everything follows from the seed.

import BoardPorts
import DeviceBridge
import ESPImage
import VirtualBoard

/// One scene, and what the flash must hold in the end.
struct CampaignScene: Sendable {
    /// The shape of a scene; scenes of one shape are alike enough to know how many bytes a run takes.
    struct Shape: Hashable, Sendable {
        var usesStub: Bool
        var writesModel: Bool
        var isFresh: Bool
        var baud: Int
    }

    static let flashBytes = 2 << 20
    static let modelPartition = 0x10_0000..<0x20_0000
    private static let table = handMadeTable([
        (1, 2, 0x9000, 0x4000, "nvs"), (1, 0, 0xD000, 0x2000, "otadata"), (0, 0, 0x10000, 0x40000, "factory"),
        (1, 0x82, 0x60000, 0x80000, "storage"), (0x40, 0, 0x100000, 0x100000, "model"),
    ])
    private static let surroundings = noise(flashBytes, seed: 4711)

    let shape: Shape
    /// What the flash holds before.
    let before: [UInt8]
    let plan: FlashPlan
    let model: ModelSlot?
    /// The sectors that may change.
    let planned: Set<Int>

    init(_ shape: Shape, seed: UInt64) throws {
        self.shape = shape
        var generator = SeededGenerator(seed: seed)
        // Nothing that begins as an image does: it would be looked into.
        let stage = [0x11] + firmwareLike(5_000, seed: seed &+ 1)
        let app = [0x22] + firmwareLike(20_000, seed: seed &+ 2) + noise(6_001, seed: seed &+ 3)
        plan = try FlashPlan([
            FlashRegion(offset: 0x1000, bytes: stage, label: "stage"),
            FlashRegion(offset: 0x10000, bytes: app, label: "app"),
        ])
        var before = Self.surroundings
        before.replaceSubrange(0x8000..<0x8000 + Self.table.count, with: Self.table)
        if !shape.isFresh {
            // The same firmware but for a few bytes.
            before.replaceSubrange(0x1000..<0x1000 + stage.count, with: stage)
            before.replaceSubrange(0x10000..<0x10000 + app.count, with: app)
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                before[0x10000 + Int.random(in: 0..<app.count, using: &generator)] ^= 0x5A
            }
        }
        var planned = Set(plan.regions.flatMap { Array($0.range.lowerBound / 4096...($0.range.upperBound - 1) / 4096) })
        if shape.writesModel {
            let old = try ModelSlot(name: "old", model: noise(3_000, seed: seed &+ 4)).encoded(sequence: 7)
            let start = Self.modelPartition.lowerBound
            before.replaceSubrange(
                Self.modelPartition, with: repeatElement(UInt8(0xFF), count: Self.modelPartition.count))
            before.replaceSubrange(start..<start + old.count, with: old)
            model = ModelSlot(name: "new", model: noise(5_000, seed: seed &+ 5))
            planned.formUnion(Self.modelPartition.lowerBound / 4096..<Self.modelPartition.upperBound / 4096)
        } else {
            model = nil
        }
        self.before = before
        self.planned = planned
    }

    /// A board with the flash of before.
    func board(_ fault: FaultSpec? = nil) async throws -> VirtualLine {
        let flash = try NORFlash(size: Self.flashBytes)
        before.withUnsafeBytes {
            UnsafeMutableRawBufferPointer(start: flash.bytes, count: flash.size).copyMemory(from: $0)
        }
        let line = VirtualLine(
            name: "the campaign's board",
            profile: BoardProfile(board: "esp32-devkitc-v4", piece: nil, flashSize: flash.size),
            flash: flash, pace: .virtualTime)
        try await line.plugIn(fault)
        return line
    }

    /// Does the work.
    func perform(on line: any SerialLine) async throws -> FlashReport {
        // A program for the addresses at which the board knows a stub; its code does not matter.
        let program = StubProgram(
            entry: 0x400A_8000,
            parts: [
                .init(address: 0x400A_8000, bytes: noise(64, seed: 1)),
                .init(address: 0x3FFD_E800, bytes: noise(8, seed: 2)),
            ])
        let source: LoaderSession.StubSource = { _ in program }
        let session = LoaderSession(line: line, stub: shape.usesStub ? source : nil)
        var update = BoardUpdate(chip: "esp32", plan: plan, baud: shape.baud)
        if let model { update.model = .init(slot: model, partition: Self.modelPartition) }
        return try await session.perform(update).flash
    }

    /// Whether everything that was asked for is there.
    func isDone(_ flash: [UInt8]) -> Bool {
        for region in plan.regions where !flash[region.range].elementsEqual(region.bytes) { return false }
        guard let model else { return true }
        let partition = Array(flash[Self.modelPartition])
        return (try? ModelPartition(parsing: partition).model(in: partition))?.model == model.model
    }

    /// Whether a region of the plan, or the model, is not there.
    func differs(_ label: String, in flash: [UInt8]) -> Bool {
        if label == "model" { return !isDone(flash) }
        return plan.regions.contains { $0.label == label && !flash[$0.range].elementsEqual($0.bytes) }
    }

    /// Whether a whole model, the old or the new one, is in force; true where there is none to be.
    func boots(_ flash: [UInt8]) -> Bool {
        guard model != nil else { return true }
        let partition = Array(flash[Self.modelPartition])
        return (try? ModelPartition(parsing: partition).model(in: partition)) != nil
    }

    /// Sectors that changed and must not have.
    func strays(_ flash: [UInt8]) -> [Int] {
        flash.withUnsafeBytes { after in
            before.withUnsafeBytes { old in
                (0..<Self.flashBytes / 4096).filter { sector in
                    !planned.contains(sector)
                        && !UnsafeRawBufferPointer(rebasing: after[sector * 4096..<sector * 4096 + 4096]).elementsEqual(
                            UnsafeRawBufferPointer(rebasing: old[sector * 4096..<sector * 4096 + 4096]))
                }
            }
        }
    }
}
