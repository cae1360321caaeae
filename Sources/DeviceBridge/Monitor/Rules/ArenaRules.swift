// The tensor arena is too small: every wording of TensorFlow Lite Micro since 2019 and of the copies of it in Arduino
// libraries. Sources: micro/*.cc of tflite-micro over time (MicroPrintf, TF_LITE_REPORT_ERROR).

enum ArenaRules {
    static let rules: [DiagnosisRule] =
        [
            // The head of the arena: what is available is the arena less what is kept at its end.
            DiagnosisRule(
                .arenaTooSmall, "resize buffer. ~Requested: <needed:int>, available<available>, missing: <missing:int>",
                judge: wholeArena),
            DiagnosisRule(
                .arenaTooSmall,
                "Arena size is too small for all buffers.~ Needed <needed:int> but only <available:int>",
                judge: wholeArena),
            DiagnosisRule(
                .arenaTooSmall,
                "Arena size is too small for activation buffers.~ Needed <needed:int> but only <available:int>",
                judge: wholeArena),
            // The rest of it: what is available is what was left.
            DiagnosisRule(
                .arenaTooSmall,
                "Failed to allocate tail memory. ~Requested: <needed:int>, available<available>, missing: <missing:int>",
                judge: remainder),
            DiagnosisRule(
                .arenaTooSmall,
                "Failed to allocate temp memory. ~Requested: <needed:int>, available<available>, missing: <missing:int>",
                judge: remainder),
            DiagnosisRule(
                .arenaTooSmall,
                "Failed to allocate memory. Requested: <needed:int>~, available<available>, missing: <missing:int>",
                judge: remainder),
            // What is left of any of these where a log library cut the head off.
            DiagnosisRule(
                .arenaTooSmall, "Requested: <needed:int>, available<available>~, missing: <missing:int>",
                judge: remainder),
        ]
        + [
            "Failed to allocate memory for memory planning, ~<requested:int> bytes",
            "Failed to allocate memory for context-",
            "Failed to allocate memory for model metadata",
            "Failed to allocate memory for node_and_registrations",
            "Failed to allocate memory for persistent TfLiteTensor",
            "Failed to allocate memory for allocation_info",
            "Failed to allocate memory for the per-",
            "Failed to allocate persistent memory",
            "Failed to allocate scratch buffer",
            "Failed to allocate temp. memory for tensor",
            "Failed to allocate variable tensor of size ~<requested:int>",
            "Failed to allocate variables. Please increase arena",
            "Failed to allocate resource buffer",
            "Unable to allocate TfLiteAffineQuantization",
            "Unable to allocate quantization-",
            "failed to allocate memory for compression",
            "please increase arena", "increase the arena", "increase tensor arena", "increase kTensorArenaSize",
            "arena is too small", "arena too small",
        ].map { DiagnosisRule(.arenaTooSmall, $0) }

    /// The board's unsigned arithmetic may have wrapped below zero.
    static func signed(_ number: Int) -> Int {
        number > Int(Int32.max) && number <= Int(UInt32.max) ? number - 1 << 32 : number
    }

    private static func settle(_ finding: inout Finding) {
        // A colon may follow the word `available`; ESPHome prints one.
        if let text = finding.details["available"]?.text {
            finding.details["available"] = Diagnosis.Detail.reading(text.filter { $0.isNumber || $0 == "-" }).number.map
            { .number(signed($0)) }
        } else if let number = finding.details["available"]?.number {
            finding.details["available"] = .number(signed(number))
        }
        guard let wanted = finding.details["needed"]?.number, let available = finding.details["available"]?.number
        else { return }
        if finding.details["missing"]?.number == nil {
            let (missing, overflow) = wanted.subtractingReportingOverflow(available)
            if !overflow { finding.details["missing"] = .number(missing) }
        }
    }

    @Sendable private static func wholeArena(_ finding: inout Finding) -> Bool {
        settle(&finding)
        if let needed = finding.details["needed"]?.number {
            finding.details["suggested_arena"] = .number(rounded(needed))
        }
        return true
    }

    @Sendable private static func remainder(_ finding: inout Finding) -> Bool {
        settle(&finding)
        return true
    }

    /// The next multiple of 16, the alignment of the arena.
    static func rounded(_ bytes: Int) -> Int { bytes < 0 || bytes > Int(Int32.max) ? bytes : (bytes + 15) / 16 * 16 }
}
