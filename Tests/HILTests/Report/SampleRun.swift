// A run in which everything occurs that a report can show: each verdict, pictures, predictions that agree and that do not,
// measures with limits and histories, causes, a board that died, and words that mean harm.

import HIL

enum SampleRun {
    /// A line of a board that would like to be part of the page.
    static let hostile = #"</script><script>document.title='owned'</script><img src=x onerror=alert(1)> ]]> &amp; "'"#

    static let run = RunRecord(
        tests: [
            happy, faces, wrongModel, sick, noisy, lost,
            TestRecord(
                name: "int8 model on an ESP32-S3", file: "tests/hil/s3.yaml", tags: ["s3"], verdict: .skipped,
                message: "no board with the chip esp32s3 among those given"),
        ],
        boards: [
            BoardRecord(port: "virtual:#1", board: "esp32-devkitc-v4"),
            BoardRecord(port: "virtual:#2", board: "esp32-devkitc-v4"),
            BoardRecord(
                port: "rfc2217://bench-3:4000", board: "esp32-devkitc-v4", setAside: "it hung up twice in a row"),
        ], startedAt: 1_790_000_000, seconds: 21.4)

    // MARK: Passed

    static let happy = TestRecord(
        name: "mask model on a DevKitC", file: "tests/hil/happy.yaml", tags: ["smoke", "usb"], port: "virtual:#1",
        verdict: .passed, seconds: 4.62,
        attempts: [
            AttemptRecord(
                port: "virtual:#1", passed: true, startedAt: 0.02, seconds: 4.62,
                steps: [
                    step("erase: { partition: model }", 8, .passed, 0.0, 0.21, phase: .setup),
                    step("build", 10, .passed, 0.22, 1.31, note: "31,248 bytes of flash"),
                    step("flash: { only: all }", 11, .passed, 1.53, 0.64, note: "601,808 bytes, verified"),
                    step("reset", 12, .passed, 2.17, 0.11),
                    step("expect-boot: { reset: POWERON_RESET, within: 5 }", 13, .passed, 2.28, 0.02),
                    step(#"expect: { regex: 'arena=(?<arena>\d+)' }"#, 14, .passed, 2.30, 0.03, note: "arena=1300"),
                    step("repeat: { times: 2 }", 15, .passed, 2.33, 0.61),
                    step("reset", 16, .passed, 2.33, 0.11, depth: 1),
                    step("expect-no-diagnosis", 17, .passed, 2.44, 0.19, depth: 1),
                    step("reset", 16, .passed, 2.63, 0.11, depth: 1),
                    step("expect-no-diagnosis", 17, .passed, 2.74, 0.2, depth: 1),
                    compared,
                    measured(latency: 812, arena: 1300, boot: 214),
                    step("reset", 24, .passed, 4.5, 0.11, phase: .teardown),
                ],
                log: healthyLog, arenaMap: arenaMap)
        ])

    private static let compared = StepRecord(
        title: "compare-host: { random: 24, seed: 7 }", line: 19, verdict: .passed, startedAt: 2.95, seconds: 1.52,
        note: "24 inputs of seed 7, the same bits",
        predictions: (1...24).map { index in
            let value = wave(index)
            return PredictionRecord(
                index: index, board: [value], token: twoDigits(value), host: [value], sameBits: true,
                label: value < 0.5 ? "mask" : "no_mask", microseconds: 806 + index * 7 % 13)
        })

    static let faces = TestRecord(
        name: "faces from the folder", file: "tests/hil/faces.yaml", tags: ["faces"], port: "virtual:#2",
        verdict: .passed, seconds: 3.12,
        attempts: [
            AttemptRecord(
                port: "virtual:#2", passed: true, startedAt: 0.03, seconds: 3.12,
                steps: [
                    step("flash", 6, .passed, 0, 0.31, note: "nothing to write"),
                    step("for-each: { files: 'faces/*.png', as: face }", 7, .passed, 0.31, 2.79, note: "8 files"),
                ]
                    + (0..<8).map { index in
                        let masked = index % 2 == 0
                        let value = masked ? 0.03 + Double(index) * 0.02 : 0.97 - Double(index) * 0.013
                        return StepRecord(
                            title:
                                "send-image: { file: faces/\(index + 1).png, expect-label: \(masked ? "mask" : "no_mask") }",
                            line: 8, depth: 1, verdict: .passed, startedAt: 0.33 + Double(index) * 0.34, seconds: 0.33,
                            note: "predicted \(twoDigits(value)) (\(masked ? "mask" : "no_mask"))",
                            pictures: [face(masked: masked, seed: index)],
                            predictions: [
                                PredictionRecord(
                                    index: 1, board: [value], token: twoDigits(value), host: [value], sameBits: true,
                                    label: masked ? "mask" : "no_mask", microseconds: 815)
                            ])
                    }, log: Array(healthyLog.prefix(12)))
        ])

    // MARK: Failed

    static let wrongModel = TestRecord(
        name: "swap to the int8 model", file: "tests/hil/swap.yaml", tags: ["models"], port: "virtual:#1",
        verdict: .failed, seconds: 6.4, message: "3 of 16 predictions differ from this machine's",
        attempts: [
            AttemptRecord(
                port: "virtual:#1", passed: false, startedAt: 4.7, seconds: 6.4,
                steps: [
                    step("flash", 5, .passed, 0, 0.4),
                    step("swap-model: { model: models/mask_cnn_10_int8.tflite }", 6, .passed, 0.4, 0.3, note: "slot B"),
                    StepRecord(
                        title: "compare-host: { random: 16 }", line: 7, verdict: .failed, startedAt: 0.7, seconds: 5.6,
                        predictions: (1...16).map { index in
                            let value = wave(index + 3)
                            let isWrong = [4, 9, 13].contains(index)
                            let isLost = index == 11
                            return PredictionRecord(
                                index: index, board: [isLost ? nil : isWrong ? value * 0.8 : value],
                                token: isLost ? "nan" : twoDigits(isWrong ? value * 0.8 : value), host: [value],
                                sameBits: !isWrong && !isLost, microseconds: 640 + index)
                        }),
                    measured(latency: 6140, arena: 1300, boot: 214, verdict: .skipped, measures: false),
                ],
                log: healthyLog + [LogLine(seconds: 6.1, text: hostile)],
                diagnoses: [
                    DiagnosisRecord(
                        code: "nan-output", severity: "warning",
                        hint: "The model computes with numbers that are none: check the input's range and the scale.",
                        logIndex: 10)
                ],
                failure: FailureRecord(
                    step: "compare-host: { random: 16 }", line: 7,
                    message: "3 of 16 predictions differ from this machine's",
                    expected: "bits 3ef0a3d7 for input 4 of seed 40421",
                    nearest: "bits 3ec08312 for input 4 of seed 40421",
                    lastLines: ["predicted: 0.38", "espmask: n=4 out=3ec08312 us=644", hostile],
                    hint:
                        "Run it again with seed 40421; a board that computes otherwise than its firmware says has a damaged model slot."
                ))
        ])

    static let sick = TestRecord(
        name: "an arena that is too small", file: "tests/hil/arena.yaml", tags: ["diagnosis"], port: "virtual:#2",
        verdict: .failed, seconds: 5.3, message: "no line had it within 5 s",
        attempts: [
            AttemptRecord(
                port: "virtual:#2", passed: false, startedAt: 3.2, seconds: 5.3,
                steps: [
                    step("reset", 4, .passed, 0, 0.1),
                    step("expect: { text: 'espmask: ready' }", 5, .failed, 0.1, 5),
                    step("expect-prediction: { label: mask, count: 3 }", 6, .skipped, 0, 0),
                    measured(latency: 0, arena: 0, boot: 0, verdict: .skipped, measures: false),
                ],
                log: [
                    LogLine(seconds: 0.11, text: "ets Jul 29 2019 12:21:46"),
                    LogLine(seconds: 0.12, text: "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)"),
                    LogLine(seconds: 0.15, text: "espmask: model=mask_cnn_10 slot=A bytes=3232 crc32=1a2b3c4d"),
                    LogLine(seconds: 0.16, text: "espmask: error=arena-too-small needed=1300 available=1200"),
                    LogLine(seconds: 0.17, text: "espmask: read"),
                ],
                diagnoses: [
                    DiagnosisRecord(
                        code: "arena-too-small", severity: "error",
                        hint: "The model needs 1300 bytes, 1200 were given: 100 are missing. Give --arena 1408.",
                        logIndex: 3)
                ],
                failure: FailureRecord(
                    step: "expect: { text: 'espmask: ready' }", line: 5, message: "no line had it within 5 s",
                    expected: "espmask: ready", nearest: "espmask: read",
                    lastLines: ["espmask: error=arena-too-small needed=1300 available=1200", "espmask: read"],
                    hint: "Look at the cause above first: it says why the line did not come."))
        ])

    // MARK: Flaky, in error

    static let noisy = TestRecord(
        name: "a noisy wire, 2 % of all bytes lost", file: "tests/hil/noise.yaml", tags: ["noise"], port: "virtual:#1",
        verdict: .flaky, seconds: 7.9, message: "no line had it within 3 s",
        attempts: [
            AttemptRecord(
                port: "virtual:#2", passed: false, startedAt: 8.6, seconds: 3.4,
                steps: [
                    step("fault: 'rate:p=0.02,dir=tx'", 4, .passed, 0, 0),
                    step("expect: { text: 'predicting...' }", 5, .failed, 0.1, 3),
                ],
                log: [
                    LogLine(seconds: 0.4, text: "espmask: redy"), LogLine(seconds: 1.4, text: "predictng..."),
                    LogLine(seconds: 2.4, text: "predicte: 0.47"),
                ],
                failure: FailureRecord(
                    step: "expect: { text: 'predicting...' }", line: 5, message: "no line had it within 3 s",
                    expected: "predicting...", nearest: "predictng...", lastLines: ["predictng...", "predicte: 0.47"])),
            AttemptRecord(
                port: "virtual:#1", passed: true, startedAt: 12.1, seconds: 4.5,
                steps: [
                    step("fault: 'rate:p=0.02,dir=tx'", 4, .passed, 0, 0),
                    step("expect: { text: 'predicting...' }", 5, .passed, 0.1, 1.2),
                    measured(latency: 4210, arena: 1300, boot: 998),
                ], log: Array(healthyLog.suffix(6))),
        ])

    static let lost = TestRecord(
        name: "self-hosted board", file: "tests/hil/bench.yaml", tags: ["bench"], port: "rfc2217://bench-3:4000",
        verdict: .error, seconds: 9.8,
        message: "the connection to rfc2217://bench-3:4000 is lost: the other end hung up",
        attempts: [0.05, 10.1].map { start in
            AttemptRecord(
                port: "rfc2217://bench-3:4000", passed: false, startedAt: start, seconds: 4.9,
                steps: [step("flash", 3, .error, 0, 4.9), step("reset", 4, .skipped, 0, 0)], log: [],
                failure: FailureRecord(
                    step: "flash", line: 3,
                    message: "the connection to rfc2217://bench-3:4000 is lost: the other end hung up",
                    hint: "Check cable and supply; the flash holds what was written so far."))
        })

    // MARK: Parts

    private static func step(
        _ title: String, _ line: Int, _ verdict: StepVerdict, _ start: Double, _ seconds: Double, note: String? = nil,
        depth: Int = 0, phase: StepRecord.Phase = .steps
    ) -> StepRecord {
        StepRecord(
            phase: phase, title: title, line: line, depth: depth, verdict: verdict, startedAt: start, seconds: seconds,
            note: note)
    }

    private static func measured(
        latency: Double, arena: Double, boot: Double, verdict: StepVerdict = .passed, measures: Bool = true
    ) -> StepRecord {
        StepRecord(
            title: "measure: { latency-us: { below: 5000 }, arena: { below: 2000 }, boot-ms: { below: 1000 } }",
            line: 20,
            verdict: verdict, startedAt: 4.47, seconds: 0.02,
            measures: measures
                ? [
                    MeasureRecord(
                        name: "latency-us", unit: "us", value: latency, below: 5000,
                        trend: [905, 899, 902, 871, 868, 870, 824, 819, 820, 816]),
                    MeasureRecord(
                        name: "arena", unit: "bytes", value: arena, below: 2000, trend: [3508, 2912, 1316, 1300, 1300]),
                    MeasureRecord(name: "boot-ms", unit: "ms", value: boot, below: 1000),
                ] : [])
    }

    private static func wave(_ index: Int) -> Double {
        // A triangle wave with a beat: between 0.04 and 0.96, without a library of mathematics.
        let phase = Double(index * 37 % 48) / 48
        return 0.04 + 0.92 * (phase < 0.5 ? 2 * phase : 2 - 2 * phase)
    }

    private static func twoDigits(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        return "\(hundredths / 100).\(hundredths / 10 % 10)\(hundredths % 10)"
    }

    /// A face of 20 x 20 pixels, drawn from circles.
    static func face(masked: Bool, seed: Int) -> InputPicture {
        var grey: [UInt8] = []
        for row in 0..<20 {
            for column in 0..<20 {
                let x = Double(column) - 9.5 - Double(seed % 3 - 1), y = Double(row) - 9.5
                var level = 40 + Double((row * 7 + column * 3 + seed * 11) % 13)
                if x * x / 56 + y * y / 84 < 1 { level = 178 - y * 2 + Double((row * column + seed) % 9) }
                if (abs(x) - 3.4) * (abs(x) - 3.4) + (y + 2.5) * (y + 2.5) < 1.9 { level = 36 }
                if masked, y > 0.6, x * x / 50 + y * y / 78 < 1 { level = 228 - Double(row % 3) * 14 }
                if !masked, abs(y - 4.6) < 0.8, abs(x) < 3.2 { level = 74 }
                if !masked, abs(x) < 0.9, y > -1, y < 2.6 { level = 148 }
                grey.append(UInt8(max(0, min(255, level))))
            }
        }
        return InputPicture(rows: 20, columns: 20, grey: grey, caption: "\(seed + 1).png")
    }

    static let healthyLog: [LogLine] = {
        var lines = [
            LogLine(seconds: 2.28, text: "ets Jul 29 2019 12:21:46"), LogLine(seconds: 2.28, text: ""),
            LogLine(seconds: 2.285, text: "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)"),
            LogLine(seconds: 2.30, text: "espmask: model=mask_cnn_10 slot=A bytes=3232 crc32=1a2b3c4d"),
            LogLine(seconds: 2.31, text: "espmask: arena=1300 used=1300"),
            LogLine(seconds: 2.33, text: "espmask: ready"),
        ]
        for index in 0..<4 {
            let time = 3.0 + Double(index) * 0.4
            lines.append(LogLine(seconds: time, text: "-0.39,-0.06,0.61,0.12,0.40,-0.88,0.03,0.52,"))
            lines.append(LogLine(seconds: time + 0.01, text: "predicting..."))
            lines.append(LogLine(seconds: time + 0.02, text: "predicted: \(twoDigits(wave(index)))"))
            lines.append(LogLine(seconds: time + 0.02, text: "espmask: n=\(index + 1) out=3ef0a3d7 us=812"))
        }
        return lines
    }()

    static let arenaMap = #"""
        <svg xmlns="http://www.w3.org/2000/svg" width="520" height="190" viewBox="0 0 520 190" font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/><text x="60" y="22" font-size="15">mask_cnn_10: arena of 1300 bytes</text><rect x="62" y="60" width="216" height="90" fill="#4e79a7" fill-opacity=".6" stroke="#4e79a7"/><text x="68" y="76">1x10x10x1 400 B</text><rect x="172" y="36" width="216" height="24" fill="#f28e2b" fill-opacity=".6" stroke="#f28e2b"/><text x="178" y="52">1x5x5x8 800 B</text><rect x="392" y="120" width="106" height="30" fill="#59a14f" fill-opacity=".6" stroke="#59a14f"/><text x="398" y="138">1x1 4 B</text><text x="66" y="172" font-size="10">DEPTHWISE_CONV_2D</text><text x="176" y="172" font-size="10">CONV_2D</text><text x="396" y="172" font-size="10">LOGISTIC</text></svg>
        """#
}
