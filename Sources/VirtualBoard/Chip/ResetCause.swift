// Why the chip starts: the codes of RTC_CNTL_RESET_STATE (TRM, "Reset and Clock"), the names the boot ROM prints
// for them, and how much of the chip each of them clears. Power domains finer than these three are left out.

/// Why the CPU starts from its reset vector.
package enum ResetCause: UInt32, CaseIterable, Sendable {
    case powerOn = 1
    case software = 3
    case oldWatchdog = 4
    case deepSleep = 5
    case sdio = 6
    case timerGroup0 = 7
    case timerGroup1 = 8
    case rtcWatchdogSystem = 9
    case intrusion = 10
    case timerGroupCPU = 11
    case softwareCPU = 12
    case rtcWatchdogCPU = 13
    case externalCPU = 14
    case brownout = 15
    case rtcWatchdogRTC = 16

    /// How much of the chip a reset clears; each scope includes the ones before it.
    package enum Scope: Int, Comparable, Sendable {
        /// The CPU alone: peripherals and memories keep what they hold.
        case cpu
        /// The digital core: everything but the RTC block.
        case core
        /// The whole chip; the strapping pins are sampled again.
        case chip

        package static func < (left: Scope, right: Scope) -> Bool { left.rawValue < right.rawValue }
    }

    /// What the reset clears.
    package var scope: Scope {
        switch self {
        case .powerOn, .brownout, .rtcWatchdogRTC: .chip
        case .software, .oldWatchdog, .deepSleep, .sdio, .timerGroup0, .timerGroup1, .rtcWatchdogSystem, .intrusion:
            .core
        case .timerGroupCPU, .softwareCPU, .rtcWatchdogCPU, .externalCPU: .cpu
        }
    }

    /// The name in the boot ROM's banner.
    package var romName: String {
        switch self {
        case .powerOn: "POWERON_RESET"
        case .software: "SW_RESET"
        case .oldWatchdog: "OWDT_RESET"
        case .deepSleep: "DEEPSLEEP_RESET"
        case .sdio: "SDIO_RESET"
        case .timerGroup0: "TG0WDT_SYS_RESET"
        case .timerGroup1: "TG1WDT_SYS_RESET"
        case .rtcWatchdogSystem: "RTCWDT_SYS_RESET"
        case .intrusion: "INTRUSION_RESET"
        case .timerGroupCPU: "TGWDT_CPU_RESET"
        case .softwareCPU: "SW_CPU_RESET"
        case .rtcWatchdogCPU: "RTCWDT_CPU_RESET"
        case .externalCPU: "EXT_CPU_RESET"
        case .brownout: "RTCWDT_BROWN_OUT_RESET"
        case .rtcWatchdogRTC: "RTCWDT_RTC_RESET"
        }
    }
}
