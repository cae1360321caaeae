// What to do when a board does not start its firmware.

enum BootHints {
    static func hint(for finding: Finding, _ context: HintContext) -> String {
        let details = finding.details
        let offset = bootloaderOffset(context.chip)
        switch finding.code {
        case .flashReadError:
            return
                "The ROM cannot read a bootloader: flash it at \(offset), with flash mode DIO and 40 MHz if it is there; check the "
                + "supply and what hangs on the flash's pins (GPIO12 high at reset selects 1.8 V on an ESP32)."
        case .imageInvalidHeader: return header(details, offset)
        case .imageWrongOffset:
            if let text = details["text"]?.text {
                return
                    "The flash begins with the text \"\(text)\" there: a text file was flashed; build and flash again."
            }
            if let place = details["offset"]?.address {
                return "What is at \(short(place)) is no app image: compare the offset with the partition table."
            }
            return "Something else than a bootloader is at its place: this chip's bootloader belongs at \(offset)."
        case .imageTooLarge:
            var text = "The app is larger than its partition"
            if let bytes = details["bytes"]?.number, let room = details["available"]?.number {
                text = "The app has \(bytes) bytes, its partition \(room)"
            }
            return text
                + ": choose a partition table with a larger app partition, or make the app smaller (-Os, fewer libraries)."
        case .noBootableApp:
            return
                "Flash the firmware at the app partition's offset (0x10000 in the usual table); if it is there, flash it again and verify."
        case .partitionTableCorrupt:
            if let magic = details["magic"]?.address, let text = BootRules.readable(magic | 0x2020_0000) {
                return
                    "The partition table begins with the text \"\(text.trimmedSpaces)\": a CSV or other text was flashed in its place. "
                    + "Make a binary one (`espmask partitions make`) and flash it at 0x8000."
            }
            return
                "Flash the partition table again, in its binary form, at 0x8000 (or where the bootloader was built to look)."
        case .flashSizeMismatch:
            if finding.severity == .info {
                return "The chip is larger than the image says; nothing is wrong, the rest is not used."
            }
            return
                "The image was made for a larger flash than the board's: set the flash size in the build (--flash-size) to what "
                + "`espmask info` says."
        case .flashModeUnsupported:
            return "The flash does not take this mode: build for DIO (--flash-mode dio) and flash again."
        case .psramNotFound:
            return
                "The firmware expects PSRAM and finds none: choose the board that is really there, switch PSRAM off, or set its "
                + "mode (quad or octal) to the module's."
        case .downloadMode where finding.severity == .info:
            return "The board waited for a download, which somebody asked for; a reset starts the firmware."
        case .downloadMode:
            return
                "The board waits for a download: GPIO0 (the BOOT button) was low at reset. Release it and press RESET."
        case .arenaTooSmall, .allocateTensorsFailed, .opMissing, .modelMissing, .modelSchemaMismatch, .modelInvalid,
            .modelUnsupported, .inputMismatch, .heapExhausted, .heapCorruption, .stackOverflow, .nanOutput,
            .overflowOutput, .stuckOutput, .zeroOutput, .driftingOutput, .rebootLoop, .brownout, .panic, .abort,
            .firmwareError, .taskWatchdog, .interruptWatchdog, .watchdogReset, .cpuLockup, .cacheDisabledAccess,
            .dramOverflow, .iramOverflow, .dromOverflow, .literalOutOfRange, .wrongCoreObjects, .appTooLarge,
            .compileError:
            return ""
        }
    }

    private static func header(_ details: [String: Diagnosis.Detail], _ offset: String) -> String {
        if let place = details["offset"]?.address {
            return "There is no app image at \(short(place)): flash the firmware there."
        }
        if details["blank"]?.flag == true {
            return
                "The flash is blank where the ROM looks for the bootloader: flash bootloader, partition table and app; the "
                + "bootloader belongs at \(offset)."
        }
        if let text = details["text"]?.text {
            return
                "The flash begins with the text \"\(text)\": a text file was flashed. Flash the bootloader at \(offset)."
        }
        if details["header"] != nil {
            return
                "What is at the bootloader's place is none: a file went to the wrong offset, or the flash is read wrongly. Flash the "
                + "bootloader at \(offset), with flash mode DIO."
        }
        return
            "The image in flash is damaged: flash it again and verify; if it fails again, check the supply and the flash frequency."
    }

    /// Where each chip's ROM looks for the second stage (ESP-IDF, bootloader documentation).
    private static func bootloaderOffset(_ chip: String?) -> String {
        switch chip {
        case "esp32", "esp32s2": "0x1000"
        case "esp32c5", "esp32p4": "0x2000"
        case "esp32s3", "esp32c2", "esp32c3", "esp32c6", "esp32c61", "esp32h2": "0x0"
        case _: "its offset (0x1000 on ESP32 and S2, 0x2000 on C5 and P4, else 0x0)"
        }
    }

    private static func short(_ number: UInt32) -> String { "0x" + String(number, radix: 16) }
}
