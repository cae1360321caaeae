// A board that is there to be worked with, as tests want it: bring something into its flash, start it, listen. The rest of
// what a loader can do is LoaderSession's.

public import ESPImage

/// A board at the other end of an open line.
///
///     let board = try await ConnectedBoard.open("virtual:#mine")
///     try await board.flash(layout)
///     let session = try await board.start()
///
/// `open` is BoardPorts'; a line that is open already goes to `init(line:)`.
public struct ConnectedBoard: Sendable {
    /// The line.
    public let line: any SerialLine
    /// The rate that the line was opened with and the firmware speaks.
    public let baud: Int

    /// A board behind an open line.
    public init(line: any SerialLine, baud: Int = 115200) {
        self.line = line
        self.baud = baud
    }

    /// Brings the flash to what the layout says, writing only what differs, proves it by the board's own digests, and
    /// starts the board from its flash.
    /// Errors: those of `LoaderSession.perform`.
    @discardableResult
    public func flash(_ layout: FlashLayout, chip: String? = nil) async throws(DeviceError) -> FlashReport {
        let plan = try FlashPlan(
            layout.regions.map { DeviceBridge.FlashRegion(offset: $0.offset, bytes: $0.bytes, label: $0.label) })
        return try await perform(BoardUpdate(chip: chip, plan: plan, baud: baud)).flash
    }

    /// Does whatever an update asks for: firmware, a model, labelled partitions, erasing.
    @discardableResult
    public func perform(_ update: BoardUpdate) async throws(DeviceError) -> BoardUpdateReport {
        try await LoaderSession(line: line, baud: baud).perform(update)
    }

    /// Erases the whole flash.
    public func erase() async throws(DeviceError) {
        let loader = LoaderSession(line: line, baud: baud)
        try await loader.connect()
        try await loader.eraseAll()
    }

    /// Resets the board and listens from then on.
    public func start(
        _ configuration: MonitorConfiguration = MonitorConfiguration(), patience: Duration = .seconds(30)
    ) async throws(DeviceError) -> BoardSession {
        let session = listen(configuration, patience: patience)
        try await session.reset()
        return session
    }

    /// Listens to the board as it runs.
    public func listen(
        _ configuration: MonitorConfiguration = MonitorConfiguration(), patience: Duration = .seconds(30)
    ) -> BoardSession {
        BoardSession(line: line, configuration, patience: patience)
    }

    /// Ends the connection.
    public func close() async { await line.close() }
}
