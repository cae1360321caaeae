// Everything that a board shall hold, brought to it in one connection: firmware regions, then the model, then the
// board is restarted. What is there already is not sent again.

public import ESPImage

/// What a board shall hold.
public struct BoardUpdate: Sendable {
    /// A model and the partition it goes to.
    public struct Model: Sendable {
        /// The model.
        public var slot: ModelSlot
        /// The partition's range of the flash.
        public var partition: Range<Int>

        /// Names a place for a model.
        public init(slot: ModelSlot, partition: Range<Int>) {
            self.slot = slot
            self.partition = partition
        }
    }

    /// A file for a partition.
    public struct Labelled: Sendable {
        /// The partition's label.
        public var partition: String
        /// What belongs there.
        public var bytes: [UInt8]
        /// What to call it.
        public var label: String

        /// Names a file and its place.
        public init(partition: String, bytes: [UInt8], label: String) {
            self.partition = partition
            self.bytes = bytes
            self.label = label
        }
    }

    /// The chip that all of it is for; nil where nobody said.
    public var chip: String?
    /// Files at their offsets.
    public var plan: FlashPlan
    /// Files for partitions that the board's own table, or the plan's, has to find by their labels.
    public var labelled: [Labelled] = []
    /// The model; nil leaves what is there.
    public var model: Model?
    /// Erase the whole flash first.
    public var erasesAll = false
    /// How to flash.
    public var options = FlashOptions()
    /// The rate to write with.
    public var baud: Int

    /// Names what goes where.
    public init(chip: String?, plan: FlashPlan, model: Model? = nil, baud: Int = 115200) {
        self.chip = chip
        self.plan = plan
        self.model = model
        self.baud = baud
    }
}

/// What bringing it to the board did.
public struct BoardUpdateReport: Equatable, Sendable {
    /// Firmware and model, by offset.
    public var flash: FlashReport
    /// The slot in force where a model was asked for.
    public var slot: SlotPosition?
}

extension LoaderSession {
    /// Connects, brings the board to what `update` says, and restarts it from its flash.
    /// Errors: those of `connect`, `flash` and `bring`.
    public func perform(
        _ update: BoardUpdate, progress: @Sendable (FlashProgress) -> Void = { _ in }
    ) async throws(DeviceError) -> BoardUpdateReport {
        let start = ContinuousClock.now
        try await connect()
        if let chip = update.chip { try require(chip: chip) }
        try await changeBaudRate(update.baud)
        let plan = try await resolve(update)
        if update.erasesAll {
            if !update.options.isForced { try await clearChip(plan) }
            try await eraseAll()
        }
        var report = try await flash(plan, options: update.options, progress: progress)
        var slot: SlotPosition?
        if let model = update.model {
            if !update.options.isForced { try await checkPlace(of: model, plan) }
            let outcome = try await bring(
                model.slot, to: model.partition, options: update.options, progress: progress)
            slot = outcome.slot
            report.regions.append(
                .init(offset: outcome.offset, size: outcome.size, written: outcome.written, label: "model"))
        }
        try await reset()
        report.seconds = (ContinuousClock.now - start) / .seconds(1)
        return BoardUpdateReport(flash: report, slot: slot)
    }
    /// The plan with the labelled files in their places.
    private func resolve(_ update: BoardUpdate) async throws(DeviceError) -> FlashPlan {
        if update.labelled.isEmpty { return update.plan }
        guard let table = try await tableInForce(update.plan) else {
            throw .noPartition(update.labelled[0].partition, known: [])
        }
        var regions = update.plan.regions
        for file in update.labelled {
            guard let partition = table[file.partition] else {
                throw .noPartition(file.partition, known: table.partitions.map(\.name))
            }
            guard file.bytes.count <= partition.size || update.options.isForced else {
                throw .layout(
                    "\(file.label) has \(file.bytes.count) bytes, \(file.bytes.count - partition.size) more than the "
                        + "partition '\(partition.name)' holds", forcible: true)
            }
            regions.append(
                FlashRegion(
                    offset: partition.offset, bytes: file.bytes, label: file.label, partition: partition.name))
        }
        return try FlashPlan(regions)
    }

    /// Throws `layout-overlap` where the board's own table, when the update leaves it, has another use for the place
    /// of the model.
    private func checkPlace(of model: BoardUpdate.Model, _ plan: FlashPlan) async throws(DeviceError) {
        guard plan.ownTable == nil, let table = try await knownTable() else { return }
        if table.partitions.contains(where: { !$0.isApplication && $0.range == model.partition }) { return }
        throw .layout(
            "the board's partition table has no partition for a model at \(hexadecimal(model.partition.lowerBound)): "
                + "its firmware is another one", forcible: true)
    }
}
