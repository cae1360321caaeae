// What can go wrong between this machine and a board, as one value: a stable code of CLI.md, what happened, and
// what to do now. Every case is made here, so that no two codes tell the user the same thing.

package import ESPImage

/// Why the work on a board could not be done.
public struct DeviceError: Error, Equatable, Sendable {
    /// The stable code of CLI.md.
    public var code: String
    /// What happened.
    public var message: String
    /// What to do now.
    public var hint: String

    /// Makes an error from its three parts.
    public init(code: String, message: String, hint: String) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}

extension DeviceError {
    /// What the image library found wrong.
    package init(_ error: ESPImageError) {
        self.init(code: error.code, message: error.message, hint: error.hint)
    }

    /// Nothing came back at all.
    package static let silence = DeviceError(
        code: "no-reply", message: "the board does not answer: no byte came back",
        hint: "Check power, the cable (some carry no data) and the port; hold BOOT while resetting the board by hand.")

    /// The loader said it waits for a download, but our bytes do not reach it.
    package static let deafLoader = DeviceError(
        code: "no-reply", message: "the board's loader is waiting, but what is sent to it does not arrive",
        hint: "Check the wire from this machine's TX to the board's RX, and that nothing else drives RX.")

    /// The reset worked, but the strapping pin chose flash boot.
    package static func wrongBootMode(_ evidence: String) -> DeviceError {
        DeviceError(
            code: "wrong-boot-mode", message: "the board was reset, but started from flash: \(evidence)",
            hint: "Hold the BOOT button (GPIO0 low) while the command starts.")
    }

    /// Text came that is no loader's and no boot's.
    package static func applicationRunning(_ evidence: String) -> DeviceError {
        DeviceError(
            code: "application-running", message: "the application keeps running and talks: \(evidence)",
            hint: "This port does not reset the board: hold BOOT, press RESET, then run the command again.")
    }

    /// The ROM answered with an error.
    package static func refused(_ opcode: LoaderOpcode, _ reason: ROMError) -> DeviceError {
        DeviceError(
            code: "loader-refused", message: "the loader refused \(opcode): \(reason)",
            hint: reason.hint)
    }

    /// The loader stopped answering and could not be woken.
    package static func brokeOff(during what: String, heard: String) -> DeviceError {
        let tail = heard.isEmpty ? "" : "; it said: \(heard)"
        return DeviceError(
            code: "connection-lost", message: "the loader stopped answering during \(what)\(tail)",
            hint: "Check cable and supply, try a lower --baud, then run the command again; what is written stays.")
    }

    /// The flash holds something else than was sent.
    package static func verifyFailed(_ label: String, at offsets: [Int]) -> DeviceError {
        let places = offsets.prefix(8).map { hexadecimal($0) }.joined(separator: ", ")
        return DeviceError(
            code: "verify-failed",
            message: "\(label): the flash differs from what was sent, in the sectors at \(places)",
            hint: "Check the supply and the flash's write protection; erase the range and flash again.")
    }

    /// The chip at the other end is not the one that was asked for.
    package static func wrongChip(found: String, wanted: String) -> DeviceError {
        DeviceError(
            code: "wrong-chip", message: "the board has an \(found), not an \(wanted)",
            hint: "Choose the board with --board, or build for \(found).")
    }

    /// A chip whose magic number or id is in no table.
    package static func unknownChip(_ what: String) -> DeviceError {
        DeviceError(
            code: "wrong-chip", message: "the chip is unknown: \(what)",
            hint: "Known chips are listed by `espmask boards`.")
    }

    /// The chip's fuses forbid plain flashing.
    package static func protectedChip(_ what: String) -> DeviceError {
        DeviceError(
            code: "protected-chip", message: "the chip has \(what) enabled; a plain image would make it unbootable",
            hint: "Use the tools you protected it with, or --force if you know better.")
    }

    /// The flash chip does not identify itself.
    package static let noFlash = DeviceError(
        code: "loader-refused", message: "the flash chip does not answer or its size is unknown",
        hint: "Check that nothing holds the flash's pins (GPIO6 to 11 on an ESP32) and that the board has flash.")

    /// The user broke it off.
    package static let interrupted = DeviceError(
        code: "interrupted", message: "interrupted", hint: "Run the command again to go on where it stopped.")

    /// A range or region that cannot be.
    package static func layout(_ message: String, forcible: Bool = false) -> DeviceError {
        DeviceError(
            code: "layout-overlap", message: message,
            hint: "Compare the offsets and sizes with the partition table (`espmask partitions show`)"
                + (forcible ? ", or use --force if you know better." : "."))
    }

    /// Somebody's data lies where a file shall go.
    package static func keptData(_ label: String, _ partition: String, at range: Range<Int>) -> DeviceError {
        DeviceError(
            code: "layout-overlap",
            message: "\(label) would wipe out the data in the partition '\(partition)' at "
                + "\(hexadecimal(range.lowerBound))..\(hexadecimal(range.upperBound))",
            hint: "Flash the parts separately, write `\(partition) FILE` if it is meant for that partition, "
                + "or use --force to give the data up.")
    }

    /// No partition has this label.
    package static func noPartition(_ label: String, known: [String]) -> DeviceError {
        DeviceError(
            code: "usage",
            message: known.isEmpty
                ? "there is no partition '\(label)': the board holds no partition table"
                : "there is no partition '\(label)' on the board",
            hint: known.isEmpty
                ? "Give an offset, for example 0x10000, or flash a firmware with its partition table first."
                : "Its partitions are: \(known.joined(separator: ", ")).")
    }

    /// A number that cannot be.
    package static func usage(_ message: String, hint: String) -> DeviceError {
        DeviceError(code: "usage", message: message, hint: hint)
    }
}
