// A virtual board's line that keeps account of what passes: how many bytes each way, which command each byte to the board
// belonged to; and that can lose a whole reply. What happens to single bytes is the board's own faults' doing.

import BoardPorts
import DeviceBridge
import VirtualBoard

/// The line of one run of the campaign.
actor CampaignLine: SerialLine {
    nonisolated let capabilities: LineCapabilities
    nonisolated let board: VirtualLine
    /// Bytes to the board and from it.
    private(set) var sent = 0
    private(set) var heard = 0
    /// Reads that brought something.
    private(set) var replies = 0
    /// The number of the reply that is lost, counted from 1; 0 is none.
    private let lostReply: Int
    private var frames: [(end: Int, opcode: UInt8)] = []

    init(_ board: VirtualLine, lostReply: Int = 0) {
        self.board = board
        capabilities = board.capabilities
        self.lostReply = lostReply
    }

    var now: Duration { get async { await board.now } }

    /// The command that the byte with this number, counted from 1, was part of.
    func opcode(ofByte number: Int) -> UInt8? { frames.first { $0.end >= number }?.opcode }

    /// Whether a command that erases was ever sent.
    var hasErased: Bool { frames.contains { $0.opcode == 0x02 || $0.opcode == 0x10 || $0.opcode == 0xD1 } }

    func write(_ bytes: [UInt8]) async throws(DeviceError) {
        sent += bytes.count
        frames.append((sent, bytes.count > 2 ? bytes[2] : 0))
        try await board.write(bytes)
    }

    func read(within time: Duration) async throws(DeviceError) -> [UInt8] {
        let deadline = await board.now + time
        while true {
            let left = await deadline - board.now
            let bytes = try await board.read(within: max(left, .zero))
            if bytes.isEmpty { return [] }
            heard += bytes.count
            replies += 1
            if replies != lostReply { return bytes }
            if left <= .zero { return [] }
        }
    }

    func setBaudRate(_ baud: Int) async throws(DeviceError) { try await board.setBaudRate(baud) }

    func setModemLines(dtr: Bool, rts: Bool) async throws(DeviceError) {
        try await board.setModemLines(dtr: dtr, rts: rts)
    }

    func discardInput() async throws(DeviceError) { try await board.discardInput() }

    func pause(_ time: Duration) async throws(DeviceError) { try await board.pause(time) }

    func close() async { await board.close() }
}
