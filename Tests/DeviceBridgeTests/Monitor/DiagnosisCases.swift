// What each diagnosis is made from: lines in the wording of the firmware that prints them, and what they must come to.

import DeviceBridge
import Testing

/// Lines, the code that must come first, its severity and some of its details.
struct DiagnosisCase: Sendable, CustomTestStringConvertible {
    var lines: [String]
    var code: DiagnosisCode
    var severity: Diagnosis.Severity
    var details: [String: Diagnosis.Detail]

    init(
        _ code: DiagnosisCode, _ severity: Diagnosis.Severity = .error, _ details: [String: Diagnosis.Detail] = [:],
        _ lines: String...
    ) {
        self.code = code
        self.severity = severity
        self.details = details
        self.lines = lines
    }

    var testDescription: String { lines.first ?? "" }

    static let all = arena + model + memory + crashes + boot + build

    static let arena: [DiagnosisCase] = [
        .init(
            .arenaTooSmall, .error,
            [
                "needed": .number(33616), "available": .number(20536), "missing": .number(13080),
                "suggested_arena": .number(33616),
            ],
            "Failed to resize buffer. Requested: 33616, available 20536, missing: 13080", "AllocateTensors() failed"),
        .init(
            .arenaTooSmall, .error, ["needed": .number(19712), "available": .number(13764), "missing": .number(5948)],
            "Failed to resize buffer. Requested: 19712, available: 13764"),
        .init(
            .arenaTooSmall, .error, ["needed": .number(812), "available": .number(300), "missing": .number(512)],
            "E (311) TFLM: ... Requested: 812, available 300, missing: 512", "E (312) app: no interpreter"),
        .init(
            .arenaTooSmall, .error, ["available": .number(-64), "missing": .number(192)],
            "Failed to allocate tail memory. Requested: 128, available 4294967232, missing: 192"),
        .init(
            .arenaTooSmall, .error, ["needed": .number(8240), "available": .number(7796), "missing": .number(444)],
            "Failed to resize buffer. Requested: 8240, available 7796,", " missing: 444", "AllocateTensors failed"),
        .init(
            .arenaTooSmall, .error, ["needed": .number(10496), "available": .number(8080), "missing": .number(2416)],
            "Failed to resize buffer. Requested: 10496, available 8080, missi"),
        .init(.allocateTensorsFailed, .error, [:], "Failed to initialize input tensor 0", "setup ends"),
        .init(
            .arenaTooSmall, .error, ["missing": .number(168), "needed": .number(496)],
            "Failed to allocate tail memory. Requested: 496, available 328, missing: 168",
            "Failed to allocate memory for node_and_registrations."),
        .init(
            .arenaTooSmall, .error, ["missing": .number(2000), "available": .number(-1000)],
            "Failed to allocate temp memory. Requested: 1000, available 4294966296, missing: 2000"),
        .init(
            .arenaTooSmall, .error, ["missing": .number(12)],
            "Failed to allocate memory. Requested: 100, available 88, missing: 12"),
        .init(
            .arenaTooSmall, .error, ["needed": .number(212448), "missing": .number(21072)],
            "Arena size is too small for all buffers. Needed 212448 but only 191376 was available.",
            "AllocateTensors() failed"),
        .init(
            .arenaTooSmall, .error, ["needed": .number(2840), "missing": .number(1000)],
            "Arena size is too small for activation buffers. Needed 2840 but only 1840 was available."),
        .init(.arenaTooSmall, .error, [:], "Arena size is too small for activation buffers. Nee"),
        .init(.arenaTooSmall, .error, [:], "Failed to allocate variables. Please increase arena size."),
        // The cause may be printed after the complaint.
        .init(
            .arenaTooSmall, .error, ["missing": .number(64)], "AllocateTensors() failed", "starting",
            "Failed to resize buffer. Requested: 128, available 64, missing: 64"),
        .init(
            .arenaTooSmall, .error,
            ["needed": .number(1300), "missing": .number(276), "suggested_arena": .number(1312)],
            "espmask: error=arena-too-small needed=1300 available=1024 missing=276"),
        .init(
            .allocateTensorsFailed, .error, [:], "AllocateTensors() failed",
            "Guru Meditation Error: Core  1 panic'ed (LoadProhibited). Exception was unhandled."),
        .init(.allocateTensorsFailed, .error, [:], "Cannot allocate tensors"),
        .init(.allocateTensorsFailed, .error, [:], "Allocation failed"),
    ]

    static let model: [DiagnosisCase] = [
        .init(
            .opMissing, .error, ["op": .text("EXPAND_DIMS"), "version": .number(1)],
            "Didn't find op for builtin opcode 'EXPAND_DIMS' version '1'. An older version of this builtin might be supported. Are you using an old TFLite binary with a newer model?",
            "",
            "Failed to get registration from op code EXPAND_DIMS", " ", "AllocateTensors() failed!"),
        .init(
            .opMissing, .error, ["op": .text("DIV")], "Didn\u{2019}t find op for builtin opcode \u{2018}DIV\u{2019}",
            "Failed to get registration from op code  d"),
        .init(.opMissing, .error, ["op": .text("MyOp")], "Encountered unresolved custom op: MyOp."),
        .init(
            .opMissing, .error, ["op": .text("SOFTMAX")], "Failed to get registration from op code SOFTMAX",
            "Failed to resize buffer. Requested: 128, available 64, missing: 64"),
        .init(.opMissing, .error, [:], "Couldn't register builtin op #9, resolver size is too small (5)."),
        .init(
            .opMissing, .error, ["op": .text("MEAN"), "at_op": .number(3)], "espmask: error=op-missing op=MEAN at_op=3"),
        .init(
            .modelSchemaMismatch, .error, ["version": .number(4), "supported": .number(3)], "Version mismatch",
            "Model provided is schema version 4 not equal to supported version 3."),
        .init(.modelSchemaMismatch, .error, ["version": .number(2)], "Model version mismatch. Expected 3, got 2"),
        .init(.modelSchemaMismatch, .error, [:], "[E][ModelHandler:151]: Model schema version mismatch"),
        .init(
            .modelMissing, .error, ["version": .number(-1)],
            "Model provided is schema version -1 not equal to supported version 3."),
        .init(
            .modelMissing, .error, ["version": .number(-1)],
            "model's schema version 4294967295 is not equal to supported version 3"),
        .init(.modelMissing, .error, ["partition": .text("blank")], "espmask: error=model-missing partition=blank"),
        .init(.modelInvalid, .error, ["partition": .text("damaged")], "espmask: error=model-invalid partition=damaged"),
        .init(
            .modelUnsupported, .error, ["op": .text("FULLY_CONNECTED"), "node": .number(14)],
            "Node FULLY_CONNECTED (number 14f) failed to prepare with status 1"),
        .init(
            .modelUnsupported, .error, [:], "Hybrid models are not supported on TFLite Micro.",
            "Node FULLY_CONNECTED (number 2) failed to prepare with status 1"),
        .init(.modelUnsupported, .error, ["type": .text("INT32")], "Type INT32 (2) not supported."),
        .init(
            .modelUnsupported, .error, [:],
            "tensorflow/lite/micro/kernels/conv.cc:62 input->type != output->type (1 != 9)"),
        .init(
            .modelUnsupported, .error, [:],
            "kernels/reshape.cc:66 ReshapeOutput(context, node) == kTfLiteOk was not true."),
        .init(
            .modelUnsupported, .error, [:], "Op#3 (WHILE) of subgraph 0 has dynamic tensor #7",
            "Dynamic tensors are not supported"),
        .init(.inputMismatch, .error, [:], "Bad input tensor parameters in model"),
        .init(
            .inputMismatch, .error, ["expected": .number(7), "got": .number(5)],
            "espmask: error=input-mismatch expected=7 got=5"),
        .init(
            .inputMismatch, .warning, ["expected": .number(100)], "espmask: arena=1300 used=1300", "espmask: ready",
            "espmask: error=input-mismatch expected=100 got=3", "espmask: ready"),
        .init(.firmwareError, .error, ["error": .text("strange")], "espmask: error=strange"),
    ]

    static let memory: [DiagnosisCase] = [
        .init(
            .heapExhausted, .error, ["bytes": .number(1712)],
            "heap_caps_malloc was called but failed to allocate 1712 bytes with 0x1800 capabilities.", "",
            "abort() was called at PC 0x401c2dd6 on core 1"),
        .init(
            .heapExhausted, .error, [:], "ERR: failed to allocate tensor arena",
            "Failed to allocate TFLite arena (error code 1)", "run_classifier returned: -6"),
        .init(
            .heapExhausted, .error, [:], "terminate called after throwing an instance of 'std::bad_alloc'",
            "abort() was called at PC 0x401c2dd6 on core 1"),
        .init(.heapExhausted, .error, [:], "Camera init failed with error 0x101"),
        .init(
            .heapCorruption, .error, [:], "CORRUPT HEAP: Bad head at 0x3ffb7c8c. Expected 0xabba1234 got 0x3ffe4794",
            "", "assert failed: multi_heap_free multi_heap_poisoning.c:253 (head != NULL)"),
        .init(
            .heapCorruption, .error, [:],
            "assertion \"head != NULL\" failed: file \"/esp/heap/multi_heap_poisoning.c\", line 214, function: multi_heap_free"
        ),
        .init(.heapCorruption, .error, ["where": .text("arena")], "espmask: error=heap-corruption where=arena"),
        .init(
            .stackOverflow, .error, ["task": .text("main")],
            "***ERROR*** A stack overflow in task main has been detected.",
            "abort() was called at PC 0x4008df70 on core 0"),
        .init(
            .stackOverflow, .error, ["task": .text("loopTask")],
            "Guru Meditation Error: Core  1 panic'ed (Unhandled debug exception)",
            "Debug exception reason: Stack canary watchpoint triggered (loopTask) "),
        .init(
            .stackOverflow, .error, ["task": .text("mp_task"), "core": .number(0)],
            "Guru Meditation Error: Core  0 panic'ed (Stack protection fault). ", "",
            "Detected in task \"mp_task\" at 0x4200b5a2"),
        .init(
            .stackOverflow, .error, [:], "Stack smashing protect failure!", "",
            "abort() was called at PC 0x4008df70 on core 0"),
        .init(
            .stackOverflow, .error, ["task": .text("loopTask")],
            "***ERROR*** A stack overflow in task loopTask has been detected.",
            "Guru Meditation Error: Core  0 panic'ed (Stack canary overwritten). Exception was unhandled."),
    ]

    static let crashes: [DiagnosisCase] = [
        .init(
            .panic, .error, ["cause": .text("IntegerDivideByZero"), "core": .number(0)],
            "Guru Meditation Error: Core  0 panic'ed (IntegerDivideByZero). Exception was unhandled."),
        .init(
            .abort, .error, ["pc": .address(0x400e_3b1b), "core": .number(0)],
            "abort() was called at PC 0x400e3b1b on core 0"),
        .init(.abort, .error, [:], "assert failed: xQueueSemaphoreTake queue.c:1549 (pxQueue->uxItemSize == 0)"),
        .init(
            .taskWatchdog, .error, ["fatal": .flag(true)],
            "E (17448) task_wdt: Task watchdog got triggered. The following tasks did not reset the watchdog in time:",
            "E (17448) task_wdt:  - IDLE0 (CPU 0)", "E (17448) task_wdt: Aborting.",
            "abort() was called at PC 0x400e3b1b on core 0"),
        .init(
            .taskWatchdog, .error, ["fatal": .flag(true)],
            "E (17448) task_wdt: Task watchdog got triggered. The following tasks/users did not reset the watchdog in time:",
            "abort() was called at PC 0x400e3b1b on core 0"),
        .init(
            .taskWatchdog, .warning, ["fatal": .flag(false)],
            "E (17448) task_wdt: Task watchdog got triggered. The following tasks/users did not reset the watchdog in time:",
            "E (17448) task_wdt: CPU 0: main"),
        .init(
            .interruptWatchdog, .error, ["core": .number(1)],
            "Guru Meditation Error: Core  1 panic'ed (Interrupt wdt timeout on CPU1). "),
        .init(
            .cacheDisabledAccess, .error, [:],
            "Guru Meditation Error: Core  0 panic'ed (Cache disabled but cached memory region accessed). "),
        .init(.cacheDisabledAccess, .error, [:], "Guru Meditation Error: Core  0 panic'ed (Cache error). "),
        .init(
            .cpuLockup, .error, ["pc": .address(0x4212_29a6)], "rst:0x1a (CPU_LOCKUP),boot:0x18 (SPI_FAST_FLASH_BOOT)",
            "Core0 Saved PC:0x421229a6"),
        .init(
            .brownout, .error, [:], "Brownout detector was triggered", "",
            "rst:0xc (SW_CPU_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)"),
        .init(.brownout, .error, [:], "rst:0xf (RTCWDT_BROWN_OUT_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)"),
        .init(.watchdogReset, .warning, [:], "rst:0x8 (TG1WDT_SYS_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)"),
        .init(
            .rebootLoop, .warning, ["count": .number(2)], "rst:0x3 (SW_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)",
            "rst:0x3 (SW_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)"),
        .init(.nanOutput, .error, [:], "predicted: nan"), .init(.overflowOutput, .error, [:], "predicted: ovf"),
        .init(.zeroOutput, .warning, [:], "predicted: 0.00,0.00"),
        .init(.stuckOutput, .warning, [:], "predicted: 1.00", "predicted: 1.00", "predicted: 1.00", "predicted: 1.00"),
        .init(.driftingOutput, .warning, [:], "1,2,3,4,", "predicted: 0.1", "1,2,3,4,", "predicted: 0.9"),
    ]

    static let boot: [DiagnosisCase] = [
        .init(
            .flashReadError, .error, [:], "rst:0x10 (RTCWDT_RTC_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)",
            "flash read err, 1000", "ets_main.c 371 "),
        .init(
            .imageInvalidHeader, .error, ["header": .address(0xFFFF_FFFF), "blank": .flag(true)],
            "invalid header: 0xffffffff", "invalid header: 0xffffffff"),
        .init(
            .imageInvalidHeader, .error, ["header": .address(0x656d_6147), "text": .text("Game")],
            "invalid header: 0x656d6147", "ets_main.c 384"),
        .init(.imageInvalidHeader, .error, [:], "csum err:0x8e!=0xef", "ets_main.c 384 "),
        .init(
            .imageInvalidHeader, .error, [:], "E (120) esp_image: Image hash failed - image is corrupt",
            "E (126) boot: Factory app partition is not bootable",
            "E (130) boot: No bootable app partitions in the partition table"),
        .init(
            .imageInvalidHeader, .error, ["checksum": .address(0x12)],
            "espmask: error=image-invalid-header checksum=0x12 computed=0x34"),
        .init(
            .imageTooLarge, .error, ["bytes": .number(1054368), "available": .number(1048576)],
            "E (533) esp_image: Image length 1054368 doesn't fit in partition length 1048576",
            "E (541) boot: Factory app partition is not bootable",
            "E (550) boot: No bootable app partitions in the partition table"),
        .init(
            .noBootableApp, .error, [:],
            "E (35) esp_image: image at 0x10000 has invalid magic byte (nothing flashed here?)",
            "E (35) boot: Factory app partition is not bootable",
            "E (47) boot: No bootable app partitions in the partition table"),
        .init(
            .partitionTableCorrupt, .error, ["magic": .address(0x0a0a)],
            "E (96) flash_parts: partition 0 invalid magic number 0xa0a",
            "E (103) boot: Failed to verify partition table", "E (110) boot: load partition table error!"),
        .init(
            .flashSizeMismatch, .error, ["detected": .text("2048k"), "header_size": .text("4096k")],
            "E (460) spi_flash: Detected size(2048k) smaller than the size in the binary image header(4096k). Probe failed.",
            "assert failed: do_core_init startup.c:328 (flash_ret == ESP_OK)"),
        .init(
            .flashSizeMismatch, .error, ["flash_size": .address(0x200000)],
            "E (93) flash_parts: partition 3 invalid - offset 0x150000 size 0x2b0000 exceeds flash chip size 0x200000",
            "E (103) boot: Failed to verify partition table"),
        .init(
            .flashSizeMismatch, .info, [:],
            "W (200) spi_flash: Detected size(8192k) larger than the size in the binary image header(4096k). Using the size in the binary image header."
        ),
        .init(.flashModeUnsupported, .error, [:], "ets_loader.c 78 "),
        .init(
            .psramNotFound, .error, [:], "E (252) psram: PSRAM ID read error: 0x00ffffff",
            "E (252) spiram: SPI RAM enabled but initialization failed. Bailing out.",
            "abort() was called at PC 0x42006b94 on core 1"),
        .init(
            .downloadMode, .error, [:], "rst:0x1 (POWERON_RESET),boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))",
            "waiting for download"),
    ]

    static let build: [DiagnosisCase] = [
        .init(
            .dramOverflow, .error, ["bytes": .number(42256)],
            "/opt/xtensa-esp32-elf/bin/ld: app.elf section `.dram0.bss' will not fit in region `dram0_0_seg'",
            "/opt/xtensa-esp32-elf/bin/ld: region `dram0_0_seg' overflowed by 42256 bytes",
            "collect2: error: ld returned 1 exit status"),
        .init(
            .dramOverflow, .error, ["bytes": .number(77)],
            "ld: region \u{2018}dram0_0_seg\u{2019} overflowed by 77 bytes"),
        .init(.dramOverflow, .error, ["bytes": .number(1160)], "ld.bfd: region dram0_0_seg' overflowed by 1160 bytes"),
        .init(
            .dramOverflow, .error, ["bytes": .number(12000)],
            "Global variables use 339680 bytes (103%) of dynamic memory, leaving -12000 bytes for local variables. Maximum is 327680 bytes."
        ),
        .init(
            .iramOverflow, .error, ["bytes": .number(2493)],
            "ld.exe: app.elf section `.iram0.text' will not fit in region `iram0_0_seg'",
            "ld.exe: IRAM0 segment data does not fit.", "ld.exe: region `iram0_0_seg' overflowed by 2493 bytes"),
        .init(
            .iramOverflow, .error, [:],
            "ld: sections.ld:40 cannot move location counter backwards (from 4009ff00 to 400a0000)"),
        .init(.dromOverflow, .error, ["bytes": .number(23894700)], "region `drom0_0_seg' overflowed by 23894700 bytes"),
        .init(
            .appTooLarge, .error, ["bytes": .number(18677)],
            "Sketch uses 1329397 bytes (101%) of program storage space. Maximum is 1310720 bytes."),
        .init(
            .appTooLarge, .error, ["bytes": .number(18437)],
            "Error: The program size (1329157 bytes) is greater than maximum allowed (1310720 bytes)"),
        .init(
            .appTooLarge, .error, ["bytes": .number(0x14ef0)],
            "Error: app partition is too small for binary app.bin size 0x114ef0:",
            "  - Part 'factory' 0/0 @ 0x10000 size 0x100000 (overflow 0x14ef0)"),
        .init(
            .literalOutOfRange, .error, [:],
            "main.cpp:(.text.loop+0x96): dangerous relocation: l32r: literal target out of range (try using text-section-literals): (.literal.loop+0x14f8)",
            "collect2: error: ld returned 1 exit status"),
        .init(
            .literalOutOfRange, .error, [:],
            "x.o:(.text+0x1): dangerous relocation: l32r: literal placed after use: (.literal+0x4)"),
        .init(
            .wrongCoreObjects, .error, [:],
            "a.cpp:(.text+0x21e): dangerous relocation: cannot decode instruction opcode: (.text+0x22e)"),
        .init(
            .compileError, .error, [:],
            "src/main.cpp:35:39: error: cannot convert 'const A*' to 'const B*' in assignment",
            "collect2: error: ld returned 1 exit status"),
        .init(
            .compileError, .error, [:], "main.ino:3:10: fatal error: EloquentTinyML.h: No such file or directory",
            "compilation terminated."),
        .init(
            .compileError, .error, ["symbol": .text("tflite::ops::micro::Register()")],
            "src/main.cpp:12: undefined reference to `tflite::ops::micro::Register()'"),
        .init(.compileError, .error, [:], "exit status 1", "Compilation error: exit status 1"),
        .init(.compileError, .error, [:], "error: could not compile `app` (bin) due to 2 previous errors"),
    ]

    /// Logs of boards and builds that work.
    static let healthy: [String] = [
        SampleLog.healthy, SampleLog.banner,
        "I (414) spi_flash: detected chip: generic\nI (348) cpu_start: ELF file SHA256:  7bda2677b4b0245e...\nI (500) app: error count: 0\n",
        "Sketch uses 315873 bytes (24%) of program storage space. Maximum is 1310720 bytes.\nGlobal variables use 59432 bytes (18%) of dynamic memory, leaving 268248 bytes for local variables. Maximum is 327680 bytes.\n",
        "RAM:   [==        ]  15.2% (used 49844 bytes from 327680 bytes)\nFlash: [=====     ]  52.7% (used 690577 bytes from 1310720 bytes)\n",
        "Failed to connect, retrying (1/3)\nconnected\nerror: 0\nErrors: none\nlast reset reason: panic? no\n",
        "error: no\nerror: none so far\nlast abort count 0, brownout detector enabled, watchdog timeout 5 s\n",
        SampleLog.banner + "\nerror: the sensor is not connected yet\nerror: retrying in 5 seconds\npredicted: 0.4\n",
        "W (60) wifi: malloc buffer number adjusted\nE (70) i2c: ack error: retrying\nassertion passed\n",
        "AllocateTensors done\nGetModel done\nVersion check done\nBegin done\nNo error\n",
        "[D][sensor:094]: 'Humidity': Sending state nan % with 1 decimals\n",
        "0x40080400: _init at ??:?\nentry 0x400809f8\nI (30) boot: ESP-IDF v4.2.2 2nd stage bootloader\n",
        "rst:0x5 (DEEPSLEEP_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\nmeasured 21.3\nrst:0x5 (DEEPSLEEP_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\nmeasured 21.4\n",
        "warning: unused variable 'x' [-Wunused-variable]\nmain.cpp:3:5: note: declared here\nLinking .pio/build/esp32dev/firmware.elf\n",
    ]
}
