// What the mask ROM does from reset to the first instruction of the program in flash, as a list of steps with the text
// that the real ROM prints (checked against the chip's ROM on another emulator, and published logs). There is no ROM
// code here: the steps are computed from the flash when the chip starts. Times are round figures of the real ones.
// Left out: secure boot, flash encryption, deep-sleep stubs, SDIO and HSPI boot.

/// One thing that the boot ROM does.
package enum BootStep: Equatable, Sendable {
    /// Prints a line; CR LF follows.
    case print(String)
    /// Is busy for a time.
    case wait(nanoseconds: UInt64)
    /// Copies a piece of flash to memory; addresses without memory swallow it.
    case copy(address: UInt32, flashOffset: Int, count: Int)
    /// Jumps to the program.
    case handOver(entry: UInt32)
    /// Goes on at an earlier step.
    case goTo(step: Int)
    /// Listens to the serial loader protocol.
    case enterLoader
    /// Does nothing any more, until a watchdog bites.
    case hang
}

/// The boot ROM of a chip revision.
package struct BootROM: Sendable {
    /// Where the ROM looks for an image.
    package static let imageOffset = 0x1000
    static let startNanoseconds: UInt64 = 1_000_000
    // Published logs of blank boards show one such line each 42 ms.
    private static let retryNanoseconds: UInt64 = 42_000_000

    private let isOf2019: Bool

    package init(revision: BoardProfile.Revision) { isOf2019 = revision.major >= 3 }

    /// The steps from reset on.
    package func plan(_ cause: ResetCause, _ strapping: UInt32, _ flash: NORFlash) -> [BootStep] {
        let mode: Strapping = strapping & 1 << 4 != 0 ? .flashBoot : .download
        var steps: [BootStep] = [
            .wait(nanoseconds: Self.startNanoseconds),
            .print(isOf2019 ? "ets Jul 29 2019 12:21:46" : "ets Jun  8 2016 00:22:57"), .print(""),
            .print("rst:0x\(hex(cause.rawValue)) (\(cause.romName)),boot:0x\(hex(strapping)) (\(mode.romName))"),
        ]
        switch mode {
        case .download: steps += [.print("waiting for download"), .enterLoader]
        case .flashBoot: steps += flashBoot(BootImageReader(flash: flash), firstStep: steps.count)
        }
        return steps
    }

    private func flashBoot(_ reader: BootImageReader, firstStep: Int) -> [BootStep] {
        guard let header = reader.header() else { return badHeader(reader.word(0), firstStep: firstStep) }
        var steps: [BootStep] = [
            .print("configsip: 0, SPIWP:0x\(hex(UInt32(header.writeProtectPin), digits: 2))"),
            .print(header.driveLine), .print("mode:\(header.modeName), clock div:\(header.clockDivider)"),
        ]
        var load = BootLoad()
        for _ in 0..<header.segmentCount {
            guard reader.loadSegment(&load) else { return steps + load.steps + [.hang] }
        }
        let stored = reader.storedChecksum(&load)
        steps += load.steps
        if stored != load.checksum {
            let line = "csum err:0x\(hex(UInt32(load.checksum), digits: 2))!=0x\(hex(UInt32(stored), digits: 2))"
            return steps + [.print(line), .print(failure), .hang]
        }
        return steps + [.print("entry 0x\(hex(header.entry, digits: 8))"), .handOver(entry: header.entry)]
    }

    // The ROM of 2019 tries again and again; the one of 2016 gives up at once.
    private func badHeader(_ word: UInt32, firstStep: Int) -> [BootStep] {
        guard isOf2019 else { return [.print("flash read err, 1000"), .print(failure), .hang] }
        return [
            .print("invalid header: 0x\(hex(word, digits: 8))"), .wait(nanoseconds: Self.retryNanoseconds),
            .goTo(step: firstStep),
        ]
    }

    private var failure: String { isOf2019 ? "ets_main.c 384 " : "ets_main.c 371 " }
}

/// A number in hexadecimal, padded with zeros to `digits`.
func hex(_ value: UInt32, digits: Int = 1) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
}
