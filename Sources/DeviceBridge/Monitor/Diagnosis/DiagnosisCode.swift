// The stable names of what can be wrong, as CLI.md lists them. The order of the cases is the order of causation:
// what stands further up explains what stands further down.

/// What is wrong.
public enum DiagnosisCode: String, CaseIterable, Sendable {
    // Build.
    case literalOutOfRange = "literal-out-of-range"
    case wrongCoreObjects = "wrong-core-objects"
    case dramOverflow = "dram-overflow"
    case iramOverflow = "iram-overflow"
    case dromOverflow = "drom-overflow"
    case appTooLarge = "app-too-large"
    case compileError = "compile-error"
    // Supply, boot and flash.
    case brownout
    case psramNotFound = "psram-not-found"
    case flashModeUnsupported = "flash-mode-unsupported"
    case flashReadError = "flash-read-error"
    case imageTooLarge = "image-too-large"
    case partitionTableCorrupt = "partition-table-corrupt"
    case flashSizeMismatch = "flash-size-mismatch"
    case noBootableApp = "no-bootable-app"
    case imageInvalidHeader = "image-invalid-header"
    case imageWrongOffset = "image-wrong-offset"
    // Model.
    case modelMissing = "model-missing"
    case modelSchemaMismatch = "model-schema-mismatch"
    case modelInvalid = "model-invalid"
    case opMissing = "op-missing"
    case modelUnsupported = "model-unsupported"
    case inputMismatch = "input-mismatch"
    // Memory.
    case arenaTooSmall = "arena-too-small"
    case heapExhausted = "heap-exhausted"
    case allocateTensorsFailed = "allocate-tensors-failed"
    case heapCorruption = "heap-corruption"
    case stackOverflow = "stack-overflow"
    // Crashes.
    case cacheDisabledAccess = "cache-disabled-access"
    case interruptWatchdog = "interrupt-watchdog"
    case taskWatchdog = "task-watchdog"
    case cpuLockup = "cpu-lockup"
    case panic
    case abort
    case firmwareError = "firmware-error"
    // Outputs.
    case nanOutput = "nan-output"
    case overflowOutput = "overflow-output"
    case zeroOutput = "zero-output"
    case stuckOutput = "stuck-output"
    case driftingOutput = "drifting-output"
    // Symptoms.
    case watchdogReset = "watchdog-reset"
    case downloadMode = "download-mode"
    case rebootLoop = "reboot-loop"

    /// Where it stands among causes; smaller explains larger.
    var rank: Int { Self.allCases.firstIndex(of: self).map { $0 * 10 } ?? 0 }

    /// Codes of one family explain each other: a line that only says "it failed" counts for nothing beside one of
    /// its family that says why.
    enum Family: Equatable, Sendable {
        case build, start, model, crash, output, symptom
    }

    /// The family.
    var family: Family {
        switch self {
        case .literalOutOfRange, .wrongCoreObjects, .dramOverflow, .iramOverflow, .dromOverflow, .appTooLarge,
            .compileError:
            .build
        case .brownout, .psramNotFound, .flashModeUnsupported, .flashReadError, .imageTooLarge, .partitionTableCorrupt,
            .flashSizeMismatch, .noBootableApp, .imageInvalidHeader, .imageWrongOffset:
            .start
        case .modelMissing, .modelSchemaMismatch, .modelInvalid, .opMissing, .modelUnsupported, .inputMismatch,
            .arenaTooSmall, .heapExhausted, .allocateTensorsFailed:
            .model
        case .heapCorruption, .stackOverflow, .cacheDisabledAccess, .interruptWatchdog, .taskWatchdog, .cpuLockup,
            .panic, .abort, .firmwareError:
            .crash
        case .nanOutput, .overflowOutput, .zeroOutput, .stuckOutput, .driftingOutput: .output
        case .watchdogReset, .downloadMode, .rebootLoop: .symptom
        }
    }
}
