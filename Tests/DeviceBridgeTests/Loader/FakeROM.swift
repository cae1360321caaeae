// A scripted stand-in for a board whose ROM loader answers: written for these tests alone, from the protocol's
// description, without a line of the code it judges. It models what flows need: modem lines, boot text, flash,
// a few registers, and faults at exact places. The virtual board is the real peer; this one is the table.

import CZlib
import Crypto
import DeviceBridge

/// A board with an ESP32's loader.
struct FakeROM: LinePeer {
    /// What goes wrong, counted from the first byte or command after connecting.
    enum Fault: Equatable {
        /// The command with this number is carried out, but its reply is lost.
        case loseReply(Int)
        /// The command with this number never arrives.
        case loseRequest(Int)
        /// A byte to the board vanishes.
        case dropReceived(Int)
        /// A byte from the board vanishes.
        case dropSent(Int)
        /// A byte to the board has one bit wrong.
        case corruptReceived(Int)
        /// A byte from the board has one bit wrong.
        case corruptSent(Int)
        /// Before the command with this number the board restarts from flash.
        case restart(Int)
        /// From the command with this number on, silence.
        case silence(Int)
    }

    var flash: [UInt8]
    var registers: [UInt32: UInt32] = [LoaderMagic.register: LoaderMagic.esp32]
    /// Whether the modem lines choose the loader, as on a board with the usual circuit.
    var obeysModemLines = true
    /// What an application prints once a read begins.
    var applicationText = "sensor 17\r\n"
    var inLoader = false
    /// What still comes from before a reset, as over a network.
    var staleText = ""
    var faults: [Fault] = []
    /// Sectors that take no program (protected).
    var stuckSectors: Set<Int> = []
    /// Every command that arrived whole, by opcode.
    private(set) var commands: [UInt8] = []
    /// Sectors erased, in order.
    private(set) var erasedSectors: [Int] = []
    private(set) var boots = 0
    private(set) var receivedBytes = 0
    private(set) var sentBytes = 0

    private var packet: [UInt8]?
    private var isEscaped = false
    private var lines = (dtr: false, rts: false)
    private var stream: [UInt8] = []
    private var writing = (offset: 0, blocks: 0, size: 0)

    init(flashBytes: Int = 0x40_0000) {
        flash = [UInt8](repeating: 0xFF, count: flashBytes)
    }

    mutating func baudRate(_ baud: Int) -> [Delivery] { [] }

    /// EN is low while RTS alone is asserted, IO0 while DTR alone is; the capacitor on EN is the fake's patience.
    mutating func modemLines(dtr: Bool, rts: Bool) -> [Delivery] {
        let wasReset = lines.rts && !lines.dtr
        lines = (dtr, rts)
        if rts, !dtr, !staleText.isEmpty { return [Delivery(bytes: Array(staleText.utf8))] }
        guard obeysModemLines, wasReset, !(rts && !dtr) else { return [] }
        return boot(download: dtr && !rts)
    }

    mutating func boot(download: Bool) -> [Delivery] {
        boots += 1
        inLoader = download
        packet = nil
        let mode = download ? "0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))" : "0x13 (SPI_FAST_FLASH_BOOT)"
        let banner = "ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:\(mode)\r\n"
        let tail = download ? "waiting for download\r\n" : "entry 0x40080404\r\n"
        return [Delivery(after: .milliseconds(20), bytes: Array((banner + tail).utf8))]
    }

    mutating func received(_ bytes: [UInt8]) -> [Delivery] {
        guard inLoader else {
            return applicationText.isEmpty ? [] : [Delivery(bytes: Array(applicationText.utf8))]
        }
        var answer: [UInt8] = []
        for byte in bytes {
            defer { receivedBytes += 1 }
            if faults.contains(.dropReceived(receivedBytes)) { continue }
            let bits: UInt8 = faults.contains(.corruptReceived(receivedBytes)) ? 0x10 : 0
            if let command = deframe(byte ^ bits) {
                if faults.contains(.restart(commands.count)) {
                    faults.removeAll { $0 == .restart(commands.count) }
                    return boot(download: false)
                }
                answer += carryOut(command)
            }
        }
        let sent = answer.filter { _ in
            defer { sentBytes += 1 }
            return !faults.contains(.dropSent(sentBytes))
        }
        return sent.isEmpty ? [] : [Delivery(after: .milliseconds(1), bytes: sent)]
    }

    private mutating func deframe(_ byte: UInt8) -> [UInt8]? {
        guard var open = packet else {
            if byte == 0xC0 { packet = [] }
            return nil
        }
        if byte == 0xC0 {
            packet = open.isEmpty ? [] : nil
            isEscaped = false
            return open.isEmpty ? nil : open
        }
        if isEscaped {
            open.append(byte == 0xDC ? 0xC0 : byte == 0xDD ? 0xDB : byte)
            isEscaped = false
        } else if byte == 0xDB {
            isEscaped = true
        } else {
            open.append(byte)
        }
        packet = open
        return nil
    }

    private mutating func carryOut(_ packet: [UInt8]) -> [UInt8] {
        guard packet.count >= 8, packet[0] == 0 else { return [] }
        let number = commands.count
        if faults.contains(.silence(number))
            || faults.contains(where: { if case .silence(let n) = $0 { n < number } else { false } })
        {
            return []
        }
        if faults.contains(.loseRequest(number)) {
            faults.removeAll { $0 == .loseRequest(number) }
            return []
        }
        commands.append(packet[1])
        let body = Array(packet[8...])
        let length = Int(packet[2]) | Int(packet[3]) << 8
        let reply =
            length == body.count
            ? answer(packet[1], body, checksum: packet[4]) : failure(packet[1], 0x05)
        if faults.contains(.loseReply(number)) {
            faults.removeAll { $0 == .loseReply(number) }
            return []
        }
        return reply
    }

    private mutating func answer(_ opcode: UInt8, _ body: [UInt8], checksum: UInt8) -> [UInt8] {
        func word(_ index: Int) -> Int {
            guard body.count >= index * 4 + 4 else { return 0 }
            return (0..<4).reduce(0) { $0 | Int(body[index * 4 + $1]) << (8 * $1) }
        }
        switch opcode {
        case 0x08:
            return (0..<8).flatMap { _ in success(opcode, value: 0x2012_0707) }
        case 0x0A:
            return success(opcode, value: registers[UInt32(word(0))] ?? 0)
        case 0x09:
            for entry in 0..<body.count / 16 { registers[UInt32(word(entry * 4))] = UInt32(word(entry * 4 + 1)) }
            if registers[0x3FF4_2024] == 0x7000_009F { registers[0x3FF4_2080] = 0x16_40EF }
            return success(opcode)
        case 0x0B, 0x0D, 0x0F:
            return success(opcode)
        case 0x0E:
            let start = word(0)
            guard start >= 0, start + 64 <= flash.count else { return failure(opcode, 0x0A) }
            return success(opcode, data: Array(flash[start..<start + 64]))
        case 0x13:
            let range = word(0)..<word(0) + word(1)
            guard range.upperBound <= flash.count else { return failure(opcode, 0x64) }
            let digest = Insecure.MD5.hash(data: flash[range])
            return success(opcode, data: digest.flatMap { Array(hexDigits($0).utf8) })
        case 0x02, 0x10:
            guard body.count == 16, word(3) + word(0) <= flash.count else { return failure(opcode, 0x05) }
            writing = (word(3), word(1), word(0))
            stream = []
            erase(word(3)..<word(3) + word(0))
            return success(opcode)
        case 0x03, 0x11:
            let data = body.dropFirst(16)
            guard data.count == word(0) else { return failure(opcode, 0x05) }
            guard data.reduce(0xEF, ^) == checksum else { return failure(opcode, 0x07) }
            return opcode == 0x03 ? plain(data, word(1)) : compressed(data, word(1))
        case 0x04:
            return []
        default:
            return (0..<8).flatMap { _ in failure(opcode, 0x05) }
        }
    }

    private mutating func erase(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        for sector in range.lowerBound / 4096...(range.upperBound - 1) / 4096 {
            erasedSectors.append(sector)
            for index in sector * 4096..<min(flash.count, sector * 4096 + 4096) { flash[index] = 0xFF }
        }
    }

    private mutating func program(_ offset: Int, _ bytes: ArraySlice<UInt8>) {
        for (index, byte) in zip(offset..., bytes) where index < flash.count {
            if !stuckSectors.contains(index / 4096) { flash[index] &= byte }
        }
    }

    private mutating func plain(_ data: ArraySlice<UInt8>, _ sequence: Int) -> [UInt8] {
        program(writing.offset + sequence * 0x400, data)
        return success(0x03)
    }

    private mutating func compressed(_ data: ArraySlice<UInt8>, _ sequence: Int) -> [UInt8] {
        stream += data
        guard sequence == writing.blocks - 1 else { return success(0x11) }
        var output = [UInt8](repeating: 0, count: writing.size)
        var size = uLongf(output.count)
        guard uncompress(&output, &size, stream, uLong(stream.count)) == Z_OK else { return failure(0x11, 0x0B) }
        program(writing.offset, output[..<Int(size)])
        return success(0x11)
    }

    private func success(_ opcode: UInt8, value: UInt32 = 0, data: [UInt8] = []) -> [UInt8] {
        frame(opcode, value, data + [0, 0, 0, 0])
    }

    private func failure(_ opcode: UInt8, _ reason: UInt8) -> [UInt8] {
        frame(opcode, 0, [1, reason, 0, 0])
    }

    private func frame(_ opcode: UInt8, _ value: UInt32, _ body: [UInt8]) -> [UInt8] {
        let head: [UInt8] = [1, opcode, UInt8(body.count & 0xFF), UInt8(body.count >> 8)]
        let number = (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
        let inner = (head + number + body).flatMap { byte -> [UInt8] in
            byte == 0xC0 ? [0xDB, 0xDC] : byte == 0xDB ? [0xDB, 0xDD] : [byte]
        }
        return [0xC0] + inner + [0xC0]
    }
}

private func hexDigits(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
}

enum LoaderMagic {
    static let register: UInt32 = 0x4000_1000
    static let esp32: UInt32 = 0x00F0_1D83
}

/// Bytes that do not compress, the same for the same seed.
func noise(_ count: Int, seed: UInt64) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
}

/// Bytes like a firmware's: repetitive with changing places.
func firmwareLike(_ count: Int, seed: UInt64) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    let words = (0..<64).map { _ in UInt32.random(in: 0...UInt32.max, using: &generator) }
    var bytes: [UInt8] = []
    while bytes.count < count {
        let word = words[Int.random(in: 0..<64, using: &generator)]
        bytes += (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) }
    }
    return Array(bytes.prefix(count))
}

/// splitmix64, so that tests draw the same numbers every time.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
