// Drives a LoaderMachine over a line: performs its actions, keeps its deadline, and strings requests together
// into what a user wants. Which bytes mean what is the machines' business; this file only waits, sends and asks.

import ESPImage

/// A conversation with a board's loader over one line.
public actor LoaderSession {
    /// The line, which outlives the session.
    nonisolated public let line: any SerialLine

    private var machine: LoaderMachine
    private let approach: LoaderMachine.Approach
    private let stub: StubSource?
    /// The chip, known after `connect`.
    public private(set) var chip: LoaderChip?
    /// What the flash's id says, when it was asked for.
    private(set) var flashBytes: Int?
    /// Who answers.
    private(set) var kind = LoaderKind.rom
    private var baud: Int
    private var attachedBytes: Int?
    /// What was asked about the board and holds until it is connected again.
    private var known = KnownFacts()

    private struct KnownFacts {
        var security: ChipSecurity?
        var table: PartitionTable??
    }

    /// Any size the ROM can address: enough for hashing before the true size is asked for.
    private static let provisionalFlashBytes = FlashPlan.addressableBytes

    /// Finds the flasher stub for a chip; nil where the ROM's loader is to do the work.
    public typealias StubSource = @Sendable (_ chip: String) throws(DeviceError) -> StubProgram?

    /// A session over `line`, which runs at `baud`. `resets` are tried in turn where the line can reset the board;
    /// nil stands for the usual ones.
    /// With `stub` the ROM's loader is replaced by the program it gives, after connecting.
    public init(
        line: any SerialLine, baud: Int = 115200, resets: [ResetSequence]? = nil,
        stub: StubSource? = nil
    ) {
        self.line = line
        self.stub = stub
        self.baud = baud
        var approach = LoaderMachine.Approach.waiting
        if line.capabilities.contains(.modemLines) {
            approach = .resetting
            let isRemote = line.capabilities.contains(.remote)
            approach.resets = resets ?? (isRemote ? ResetSequence.overNetwork : approach.resets)
        }
        self.approach = approach
        machine = LoaderMachine(approach)
    }

    // MARK: Connecting

    /// Brings the board into its loader and finds out its chip.
    /// Errors: `no-reply`, `wrong-boot-mode`, `application-running`, `wrong-chip`, `connection-lost`.
    @discardableResult
    public func connect() async throws(DeviceError) -> LoaderChip {
        try await reach()
        let found = try await detect()
        if let chip, chip.name != found.name { throw .wrongChip(found: found.name, wanted: chip.name) }
        chip = found
        if kind == .rom, let program = try stub?(found.name) {
            try await start(program)
            kind = .stub
        }
        return found
    }

    /// Throws `wrong-chip` unless the connected chip is `name`.
    public func require(chip name: String) throws(DeviceError) {
        guard let chip else { throw .brokeOff(during: "the check of the chip", heard: "") }
        if chip.name != name { throw .wrongChip(found: chip.name, wanted: name) }
    }

    private func reach() async throws(DeviceError) {
        attachedBytes = nil
        known = KnownFacts()
        if line.capabilities.contains(.baudRate), baud != 115200 {
            try await line.setBaudRate(115200)
            baud = 115200
        }
        guard case .connected(let kind) = try await drive(machine.opened()) else { throw .silence }
        self.kind = kind
    }

    /// The ROM's magic word first: the ESP32 does not know GET_SECURITY_INFO and answers it many times over.
    private func detect() async throws(DeviceError) -> LoaderChip {
        let magic = try await register(LoaderChip.magicRegister)
        if let chip = LoaderChip.all.first(where: { $0.magic == magic }) { return chip }
        guard case .reply(let reply) = try await exchange(.securityInfo),
            let id = reply.data.littleEndian(UInt32.self, at: 12),
            let chip = LoaderChip.all.first(where: { $0.securityID == id })
        else { throw .unknownChip("magic number \(address(magic))") }
        return chip
    }

    // MARK: Exchanging

    /// What came of a request.
    enum Outcome {
        case connected(LoaderKind)
        case reply(LoaderReply)
        case refused(ROMError)
        case lost
    }

    /// Sends a request and returns its reply; a refusal is `loader-refused`, a loss `connection-lost`.
    func ask(_ request: LoaderRequest) async throws(DeviceError) -> LoaderReply {
        switch try await exchange(request) {
        case .reply(let reply): return reply
        case .refused(let reason): throw .refused(request.opcode, reason)
        case .lost, .connected: throw .brokeOff(during: "\(request.opcode)", heard: "")
        }
    }

    /// Sends a request and says what came of it.
    func exchange(_ request: LoaderRequest) async throws(DeviceError) -> Outcome {
        try await drive(machine.request(request))
    }

    /// The value of a register.
    func register(_ address: UInt32) async throws(DeviceError) -> UInt32 {
        try await ask(.readRegister(address)).value
    }

    private func drive(_ first: [LoaderMachine.Action]) async throws(DeviceError) -> Outcome {
        var actions = first
        var deadline = await line.now
        while true {
            for action in actions {
                switch action {
                case .wait(let time): deadline = await line.now + time
                case .connected(let kind): return .connected(kind)
                case .reply(let reply): return .reply(reply)
                case .refused(let reason): return .refused(reason)
                case .lost: return .lost
                case .failed(let error): throw error
                case .discardInput, .reset, .send: try await perform(action)
                }
            }
            if Task.isCancelled { throw .interrupted }
            actions = try await listen(until: deadline)
        }
    }

    private func perform(_ action: LoaderMachine.Action) async throws(DeviceError) {
        do throws(DeviceError) {
            switch action {
            case .discardInput: try await line.discardInput()
            case .send(let bytes): try await line.write(bytes)
            case .reset(let sequence): try await line.perform(sequence)
            case .wait, .connected, .reply, .refused, .lost, .failed: break
            }
        } catch {
            _ = machine.closed(error)
            throw error
        }
    }

    private func listen(until deadline: Duration) async throws(DeviceError) -> [LoaderMachine.Action] {
        let left = await deadline - line.now
        guard left > .zero else { return machine.timedOut() }
        do throws(DeviceError) {
            let bytes = try await line.read(within: left)
            return bytes.isEmpty ? machine.timedOut() : machine.received(bytes)
        } catch {
            _ = machine.closed(error)
            throw error
        }
    }

    // MARK: Preparing

    /// Connects the flash to the ROM's driver and tells it a size: the true one where it is known.
    func attach() async throws(DeviceError) {
        let size = flashBytes ?? Self.provisionalFlashBytes
        if attachedBytes == size { return }
        if attachedBytes == nil { _ = try await ask(.spiAttach(kind)) }
        _ = try await ask(.spiSetParameters(flashSize: size))
        attachedBytes = size
    }

    /// Notes the true size of the flash; the ROM is told with the next `attach`.
    func learned(flashBytes bytes: Int?) {
        if let bytes { flashBytes = min(bytes, FlashPlan.addressableBytes) }
    }

    /// What the fuses protect, asked once.
    func knownSecurity() async throws(DeviceError) -> ChipSecurity {
        if let security = known.security { return security }
        let security = try await security()
        known.security = security
        return security
    }

    /// The board's partition table, read once; nil where there is none.
    func knownTable() async throws(DeviceError) -> PartitionTable? {
        if let table = known.table { return table }
        let table = try await partitionTable()
        known.table = .some(table)
        return table
    }

    /// The table that the flash is proven to hold now.
    func remember(_ table: PartitionTable) { known.table = .some(table) }

    /// The flash is about to change: what was read of the table no longer counts where `range` holds it.
    func forgetTable(in range: Range<Int>) {
        if range.contains(PartitionTable.usualOffset) { known.table = nil }
    }

    /// Connects again after the board restarted or fell silent, where the line can reset it.
    func reconnect() async throws(DeviceError) {
        try await connect()
        try await attach()
    }

    /// Whether `reconnect` can help.
    var canReconnect: Bool { line.capabilities.contains(.modemLines) }

    /// The known chip, or `connection-lost` before `connect`.
    func connectedChip() throws(DeviceError) -> LoaderChip {
        guard let chip else { throw .brokeOff(during: "the work", heard: "the loader was not connected") }
        return chip
    }

    /// Changes the rate of both ends and makes sure that they understand each other; what the ROM believes of its
    /// crystal is made up for. A rate at which nothing comes back is given up for the next lower one, where the board
    /// can be reset to start anew.
    public func changeBaudRate(_ wanted: Int) async throws(DeviceError) {
        guard line.capabilities.contains(.baudRate) else { return }
        var wanted = wanted
        while wanted != baud {
            do throws(DeviceError) {
                return try await change(to: wanted)
            } catch {
                guard error.code == "connection-lost", canReconnect, let lower = Self.lower(than: wanted) else {
                    throw error
                }
                wanted = lower
                try await reconnect()
            }
        }
    }

    private func change(to wanted: Int) async throws(DeviceError) {
        var asked = wanted
        if try connectedChip().name == "esp32", kind == .rom {
            asked = try await fuses().requestedBaud(wanted, calibration: register(ESP32Fuses.calibration))
        }
        _ = try await ask(.changeBaudRate(asked, from: baud, kind))
        try await line.setBaudRate(wanted)
        baud = wanted
        // The chip changes over while its answer is still leaving, and what a server has confirmed may still be on its
        // way to its port: the first question is one that is soon asked again.
        try await line.pause(.milliseconds(50))
        try await line.discardInput()
        _ = try await ask(.sync)
    }

    /// The next rate below, nil below the one every loader starts with.
    static func lower(than baud: Int) -> Int? {
        [1_500_000, 921_600, 460_800, 230_400, 115_200].first { $0 < baud }
    }

    /// The rate both ends use now.
    public var currentBaud: Int { baud }

    /// Restarts the board from its flash: by the modem lines, or by telling the loader to.
    public func reset() async throws(DeviceError) {
        if line.capabilities.contains(.modemLines) {
            try await line.perform(.run)
        } else if machine.isIdle {
            // The ROM takes the END only after a BEGIN; nothing comes back, since it is gone by then.
            let nothing = LoaderRequest.flashBegin(
                eraseBytes: 0, blocks: 0, offset: 0,
                encryptionWord: chip?.beginHasEncryptionWord ?? false, kind)
            try await line.write(nothing.frame)
            _ = try await line.read(within: .milliseconds(100))
            try await line.write(LoaderRequest.flashEndReboot.frame)
        }
        if baud != 115200, line.capabilities.contains(.baudRate) { try await line.setBaudRate(115200) }
        baud = 115200
        attachedBytes = nil
    }
}

extension SerialLine {
    /// Drives the modem lines through a sequence.
    public func perform(_ sequence: ResetSequence) async throws(DeviceError) {
        for step in sequence.steps {
            switch step {
            case .lines(let dtr, let rts): try await setModemLines(dtr: dtr, rts: rts)
            case .wait(let time): try await pause(time)
            }
        }
    }
}
