// What to do when a build fails.

enum BuildHints {
    static func hint(for finding: Finding) -> String {
        let bytes = finding.details["bytes"]?.number.map { "\($0) bytes too many" } ?? "too much"
        switch finding.code {
        case .dramOverflow:
            return
                "Static data is \(bytes): make the arena and other static buffers smaller, move constant tables to flash (const), or "
                + "allocate large ones on the heap; static data has about 160 KB on an ESP32, whatever the heap has."
        case .iramOverflow:
            return
                "Code in instruction RAM is \(bytes): take IRAM_ATTR off what need not be there, switch off IRAM options of WiFi "
                + "and drivers, optimise for size."
        case .dromOverflow:
            return
                "Constant data is \(bytes): a model or picture as a C array is too large for the flash window; put it into a "
                + "partition of its own (`espmask model pack`)."
        case .appTooLarge:
            return
                "The program is \(bytes) for its partition: choose a partition scheme with a larger app, or leave libraries out."
        case .literalOutOfRange:
            return
                "A function or a table in code is too large for the compiler's literals: put generated weights into const arrays "
                + "instead of code, split the function, or compile with -mtext-section-literals (or -mauto-litpools); a smaller input helps too."
        case .wrongCoreObjects:
            return
                "An object was compiled for another processor: remove the build folder, and use libraries built for this chip."
        case .compileError: return compile(finding)
        case .arenaTooSmall, .allocateTensorsFailed, .opMissing, .modelMissing, .modelSchemaMismatch, .modelInvalid,
            .modelUnsupported, .inputMismatch, .heapExhausted, .heapCorruption, .stackOverflow, .nanOutput,
            .overflowOutput, .stuckOutput, .zeroOutput, .driftingOutput, .rebootLoop, .brownout, .panic, .abort,
            .firmwareError, .taskWatchdog, .interruptWatchdog, .watchdogReset, .cpuLockup, .cacheDisabledAccess,
            .flashReadError, .imageInvalidHeader, .imageWrongOffset, .imageTooLarge, .noBootableApp,
            .partitionTableCorrupt, .flashSizeMismatch, .flashModeUnsupported, .psramNotFound, .downloadMode:
            return ""
        }
    }

    private static func compile(_ finding: Finding) -> String {
        if let symbol = finding.details["symbol"]?.text {
            return "\(symbol) has no definition, or two: add the source or library that defines it, once."
        }
        if finding.evidence.first?.text.contains("No such file or directory") == true {
            return "Install the library that has this file, or correct the path."
        }
        return finding.isWeak
            ? "The build failed before this line: read the first error above it."
            : "Correct the first error; later ones often follow from it. Libraries that do not fit each other are a common cause."
    }
}
