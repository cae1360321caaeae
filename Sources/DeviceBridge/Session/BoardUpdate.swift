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

    /// The chip that all of it is for; nil where nobody said.
    public var chip: String?
    /// Files at their offsets.
    public var plan: FlashPlan
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
        if update.erasesAll { try await eraseAll() }
        var report = try await flash(update.plan, options: update.options, progress: progress)
        var slot: SlotPosition?
        if let model = update.model {
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
}
