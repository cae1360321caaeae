// What the fuzzers feed: the parsers that take bytes from boards, networks and files. Each must end without a trap whatever
// comes, and what it accepts must hold together. The same code runs under libFuzzer (`make fuzz`) and over the committed
// corpus in the tests.

import DeviceBridge
import ESPImage

/// A parser under fire.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// SLIP frames from a board.
    case slip
    /// A loader's replies, through connecting and exchanging.
    case replies
    /// Firmware images.
    case images
    /// Partition tables, binary and CSV.
    case tables
    /// ELF files, and images made of them.
    case elf
    /// Telnet with the com-port option.
    case rfc2217

    /// Runs the parser over `bytes`; traps where something does not hold.
    public func run(_ bytes: [UInt8]) {
        switch self {
        case .slip: slip(bytes)
        case .replies: replies(bytes)
        case .images: images(bytes)
        case .tables: tables(bytes)
        case .elf: elf(bytes)
        case .rfc2217: rfc2217(bytes)
        }
    }

    private func slip(_ bytes: [UInt8]) {
        var whole = SlipDecoder(limit: 300)
        var single = SlipDecoder(limit: 300)
        let frames = whole.feed(bytes).filter { if case .text = $0 { false } else { true } }
        let again = bytes.flatMap { single.feed([$0]) }.filter { if case .text = $0 { false } else { true } }
        precondition(frames == again, "cutting the stream changed its frames")
        var coder = SlipDecoder(limit: bytes.count + 1)
        let packet = bytes.isEmpty ? [0] : bytes
        precondition(coder.feed(SlipEncoder.frame(packet)) == [.frame(packet)], "a frame came back as another")
    }

    /// The first byte of each piece says how long it is, or that time passes.
    private func replies(_ bytes: [UInt8]) {
        var machine = LoaderMachine(.resetting)
        var actions = machine.opened()
        var rest = bytes[...]
        let requests: [LoaderRequest] = [
            .readRegister(0), .flashMD5(0..<4096), .readFlashSlow(offset: 0, count: 64), .readFlash(0..<5000),
            .securityInfo,
            .sync,
        ]
        var next = 0
        while let length = rest.popFirst() {
            if length == 0 {
                actions = machine.timedOut()
            } else {
                actions = machine.received(Array(rest.prefix(Int(length))))
                rest = rest.dropFirst(Int(length))
            }
            for case .reply(let reply) in actions { _ = reply.digest }
            if machine.isIdle {
                actions = machine.request(requests[next % requests.count])
                next += 1
            }
            if case .failed = actions.last { actions = machine.opened() }
        }
    }

    private func images(_ bytes: [UInt8]) {
        guard let image = try? FirmwareImage(parsing: bytes) else { return }
        _ = ImageReport(image)
        if let plan = try? FlashPlan([.init(offset: 0x10000, bytes: bytes, label: "fuzz")]) {
            let guardian = try? ImageGuard(plan, chip: "esp32")
            try? guardian?.check(chip: "esp32")
            try? guardian?.check(revision: 300)
            try? guardian?.check(flashBytes: 4 << 20, bootloaderOffset: 0x1000)
        }
    }

    private func tables(_ bytes: [UInt8]) {
        if let table = try? PartitionTable(parsing: bytes), let binary = try? table.binary() {
            guard let again = try? PartitionTable(binary: binary) else { preconditionFailure("its own table is none") }
            precondition(again.partitions == table.partitions, "a table came back as another")
            if let plan = try? FlashPlan([.init(offset: 0x9000, bytes: [1, 2, 3], label: "fuzz")]) {
                _ = try? LayoutGuard(table).claims(of: plan)
            }
        }
    }

    private func elf(_ bytes: [UInt8]) {
        guard let file = try? ELFFile(bytes) else { return }
        for chip in Chip.all { _ = try? FirmwareImage(elf: file, chip: chip) }
    }

    private func rfc2217(_ bytes: [UInt8]) {
        var whole = RFC2217Machine()
        var single = RFC2217Machine()
        _ = (whole.opened(), single.opened())
        let arrival = whole.received(bytes)
        let pieces = bytes.map { single.received([$0]) }
        precondition(arrival.data == pieces.flatMap(\.data), "cutting the stream changed its data")
        precondition(arrival.answer == pieces.flatMap(\.answer), "cutting the stream changed its answers")
        precondition(arrival.answer.count <= 3 * bytes.count, "an answer longer than the question")
        var plain = RFC2217Machine()
        precondition(plain.received(plain.escaped(bytes)).data == bytes, "data came back as other data")
    }
}
