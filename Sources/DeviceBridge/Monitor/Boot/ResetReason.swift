// What a reset code means, by chip. The ROM's spelling of the names differs between chips and from the headers, so the
// number decides. Source: reset reasons in each chip's technical reference manual and ROM header (rtc.h).

/// The kind of a reset.
public enum ResetKind: Equatable, Sendable {
    /// Power came, or the reset pin was released.
    case powerOn
    /// Software restarted the chip: on purpose, or after a panic.
    case software
    /// A watchdog bit.
    case watchdog
    /// The supply sagged.
    case brownout
    /// The chip woke from deep sleep.
    case wake
    /// The host did it, through USB or a debugger.
    case host
    /// The processor locked up in a double fault.
    case lockup
    /// Glitches, fuses, intrusion.
    case other

    /// The kind that a code stands for on a chip; nil chip is one whose name was not heard.
    public init(code: Int, chip: String?) {
        switch code {
        case 0x1: self = .powerOn
        case 0x3, 0xC: self = .software
        case 0x4, 0x7, 0x8, 0x9, 0xB, 0xD, 0x10: self = .watchdog
        case 0x11, 0x12: self = chip == "esp32" ? .other : .watchdog
        case 0x5: self = .wake
        case 0xF: self = .brownout
        case 0x15, 0x16, 0x18: self = .host
        case 0x1A: self = .lockup
        case _: self = .other
        }
    }
}
