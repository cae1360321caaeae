// What to do about each diagnosis, as concretely as what was read allows.

/// What is known beside the findings.
struct HintContext: Equatable, Sendable {
    /// The size of the arena, where the caller or the board said it.
    var arena: Int?
    /// The chip, where a banner named it.
    var chip: String?
    /// Whether the start of the firmware was seen, so that errors at start-up would have been read.
    var sawStart = false
}

enum Hints {
    /// What to do now.
    static func hint(for finding: Finding, _ context: HintContext, codes: Set<DiagnosisCode>) -> String {
        let details = finding.details
        switch finding.code {
        case .arenaTooSmall: return arena(details, context)
        case .allocateTensorsFailed:
            return
                "Reset the board and read the lines around this one: the cause is printed before or after it. Most often "
                + "the arena is too small; double it and look again."
        case .opMissing: return op(details)
        case .modelMissing:
            return
                "The model partition is blank: flash the model (`espmask flash --only model`), and check the partition's offset."
        case .modelSchemaMismatch: return schema(details)
        case .modelInvalid: return "What is in the model partition is damaged: flash the model again and verify it."
        case .modelUnsupported: return unsupported(details)
        case .inputMismatch:
            if let expected = details["expected"]?.number, let got = details["got"]?.number {
                return "The model takes \(expected) values and got \(got): send \(expected), in the model's order."
            }
            return "Compare the number, shape and type of the inputs with the model's (`espmask model info MODEL`)."
        case .heapExhausted: return heap(details)
        case .heapCorruption:
            return
                "Something wrote past a block of memory: check buffer sizes (input and output arrays against the model's), "
                + "then switch on comprehensive heap poisoning to catch the writer."
        case .stackOverflow:
            let task = details["task"]?.text ?? "the task"
            return "Give \(task) a larger stack and move large local arrays (inputs, images) to static memory."
        case .nanOutput: return nan(context, codes)
        case .overflowOutput:
            return
                "The value is too large to print or infinite: check the scaling of the inputs ((byte - 127) / 128) and that "
                + "the output is read with the right type."
        case .stuckOutput:
            return
                "The inputs change and the output does not: check that they reach the input tensor, in its type and scale."
        case .zeroOutput:
            return
                "All outputs are zero: check that Invoke() ran (its duration is plausible), that its status is OK, and "
                + "that the output tensor is read after it."
        case .driftingOutput:
            return
                "One input gives different outputs: something writes into the arena or into the model; look for buffers "
                + "that overlap and for inputs that are filled only in part."
        case .rebootLoop: return loop(codes)
        case .brownout:
            return
                "The supply voltage sags: use a short, thick USB cable or another supply, and add a capacitor near the board; "
                + "radio and camera draw the peaks."
        case .panic: return panic(details, codes)
        case .abort:
            if codes.contains(.heapExhausted) {
                return "Follows from the exhausted heap: free memory and it goes away."
            }
            return
                "The firmware ended itself on purpose: look up the address or the assertion in its sources (--elf names the line)."
        case .firmwareError: return "The firmware reports this error itself: look its code up in the sketch."
        case .taskWatchdog:
            let fatal = details["fatal"]?.flag == true
            return
                (fatal
                ? "A task kept the processor until the watchdog restarted the chip"
                : "A task keeps the processor for seconds; nothing was reset")
                + ": let long computations yield (delay(1) between predictions), or raise the task watchdog's timeout."
        case .interruptWatchdog:
            return
                "Interrupts were blocked for too long: shorten interrupt handlers and critical sections, and call nothing "
                + "that waits in them."
        case .watchdogReset:
            return
                "A watchdog reset the chip without a word: the firmware or the bootloader hung. Look at the last line before the "
                + "reset" + (details["pc"]?.address.map { " and at the saved PC \(address($0))" } ?? "")
                + "; at start-up check flash mode, frequency and supply."
        case .cpuLockup:
            return
                "The processor faulted while it handled a fault, so nothing was printed. Look the saved PC up in the ELF file; "
                + "common causes are a damaged stack and code in flash called while the cache is off."
        case .cacheDisabledAccess:
            return
                "Code or data in flash was used while the flash was being written: put interrupt handlers and what they use into "
                + "RAM (IRAM_ATTR, DRAM_ATTR)."
        case .flashReadError, .imageInvalidHeader, .imageWrongOffset, .imageTooLarge, .noBootableApp,
            .partitionTableCorrupt,
            .flashSizeMismatch, .flashModeUnsupported, .psramNotFound, .downloadMode:
            return BootHints.hint(for: finding, context)
        case .dramOverflow, .iramOverflow, .dromOverflow, .literalOutOfRange, .wrongCoreObjects, .appTooLarge,
            .compileError:
            return BuildHints.hint(for: finding)
        }
    }

    private static func arena(_ details: [String: Diagnosis.Detail], _ context: HintContext) -> String {
        guard let missing = details["missing"]?.number, missing > 0 else {
            if let arena = context.arena {
                return
                    "Raise the arena from \(arena) bytes, say to \(ArenaRules.rounded(arena * 3 / 2)), and look again."
            }
            return
                "Raise the arena (TENSOR_ARENA_SIZE, --arena), say by half, and look again; `espmask tune-arena` finds the smallest."
        }
        if let suggested = details["suggested_arena"]?.number {
            return
                "\(missing) bytes are missing: set the arena to at least \(suggested) bytes. This is the first allocation that "
                + "failed; more may follow, `espmask tune-arena` finds the size that holds."
        }
        return
            "\(missing) bytes are missing: make the arena at least \(missing + 16) bytes larger. This is the first allocation "
            + "that failed; more may follow, `espmask tune-arena` finds the size that holds."
    }

    private static func op(_ details: [String: Diagnosis.Detail]) -> String {
        guard let op = details["op"]?.text else {
            return
                "The firmware's resolver lacks an operator of the model: add it, or use AllOpsResolver to learn which."
        }
        if let version = details["version"]?.number, version > 1 {
            return
                "The firmware's library has no version \(version) of \(op): use a newer TensorFlow Lite Micro, or convert the "
                + "model for the older one."
        }
        return "Add \(op) to the firmware's op resolver (and raise its size), or train without it."
    }

    private static func schema(_ details: [String: Diagnosis.Detail]) -> String {
        guard let version = details["version"]?.number else {
            return
                "The firmware reads another version of the model format: convert the model again or update the library."
        }
        if version <= 0 || version > 99 {
            return
                "Version \(version) is no version at all: what the firmware reads is not the model. Check address, alignment and "
                + "offset, and flash the model again."
        }
        let supported = details["supported"]?.number.map { ", the firmware knows \($0)" } ?? ""
        return "The model has format version \(version)\(supported): convert it with a matching TensorFlow."
    }

    private static func unsupported(_ details: [String: Diagnosis.Detail]) -> String {
        let op = details["op"]?.text.map { " by \($0)" } ?? ""
        if let type = details["type"]?.text {
            return
                "Tensors of type \(type) are not supported\(op): convert the model to float32, or to full int8 with a "
                + "representative dataset."
        }
        return
            "The model is refused\(op): convert it without dynamic-range quantisation and without dynamic shapes, to float32 or "
            + "full int8."
    }

    private static func heap(_ details: [String: Diagnosis.Detail]) -> String {
        let size = details["bytes"]?.number.map { "a block of \($0) bytes" } ?? "a block"
        return
            "The heap has no room for \(size): make buffers smaller or static, free what is not needed before (camera, WiFi, "
            + "Bluetooth), or use PSRAM."
    }

    private static func nan(_ context: HintContext, _ codes: Set<DiagnosisCode>) -> String {
        if codes.contains(.arenaTooSmall) || codes.contains(.allocateTensorsFailed) || codes.contains(.opMissing) {
            return "Follows from the model that could not be started."
        }
        if !context.sawStart {
            return
                "The start of the firmware is not in this log: reset the board and look for AllocateTensors or another error there; "
                + "a model that was never started predicts nan. Raise TENSOR_ARENA_SIZE if it says so."
        }
        return
            "The start-up shows no error: check the inputs for nan, their scale, and the model's weights on this machine "
            + "(`espmask predict`)."
    }

    private static func loop(_ codes: Set<DiagnosisCode>) -> String {
        let causes = codes.subtracting([.rebootLoop, .watchdogReset])
        if causes.isEmpty {
            return
                "The board restarts again and again without saying why: read the lines before each restart; capture them with "
                + "`espmask monitor --log FILE`."
        }
        return "A symptom: remove the cause that is named first."
    }

    private static func panic(_ details: [String: Diagnosis.Detail], _ codes: Set<DiagnosisCode>) -> String {
        let model: Set<DiagnosisCode> = [
            .opMissing, .arenaTooSmall, .allocateTensorsFailed, .modelSchemaMismatch, .modelMissing, .modelUnsupported,
        ]
        if !codes.isDisjoint(with: model) {
            return
                "Follows from the model that could not be started: the sketch went on with tensors that are not there. Remove the first "
                + "cause, and check the status of AllocateTensors()."
        }
        var text = "The backtrace says where; its names come from the ELF file that runs on the board (--elf)."
        if let fault = details["address"]?.address {
            if fault < 0x400 {
                text = "A null pointer was used (address \(address(fault))). " + text
            } else if let ascii = BootRules.readable(fault) {
                text =
                    "The address \(address(fault)) is the text \"\(ascii)\": a pointer was overwritten by a string. "
                    + text
            }
        }
        return text
    }
}
