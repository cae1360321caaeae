// One row per chip. Ids, bootloader offsets, flash windows, page sizes and clock nibbles are facts of the chips as
// esptool 5.6 knows them (targets/*.py); the memory ranges matter only through which addresses share a set of kinds,
// because that decides which sections of an ELF file become one segment. ESP8266 is left out: its images are another
// format.

extension Chip {
    /// Every chip this program makes images for.
    public static let all: [Chip] = [
        .esp32, .esp32s2, .esp32s3, .esp32c2, .esp32c3, .esp32c5, .esp32c6, .esp32c61, .esp32h2, .esp32p4,
    ]

    /// ESP32: two LX6 cores.
    public static let esp32 = Chip(
        name: "esp32", imageID: 0, architecture: .xtensa, bootloaderOffset: 0x1000,
        flashRanges: [0x400D_0000..<0x4040_0000, 0x3F40_0000..<0x3F80_0000], pageSizes: fixedPage,
        flashFrequencies: clocks80MHz, shortestPageTail: 0x24,
        memoryRanges: [
            padding,
            MemoryRange(0x3F40_0000, 0x3F80_0000, .dataFlash), MemoryRange(0x3F80_0000, 0x3FC0_0000, .externalRAM),
            MemoryRange(0x3FF8_0000, 0x3FF8_2000, .rtcData), MemoryRange(0x3FF9_0000, 0x4000_0000, .byteAccessible),
            MemoryRange(0x3FFA_E000, 0x4000_0000, .dataRAM), MemoryRange(0x3FFE_0000, 0x3FFF_FFFC, .dualDataRAM),
            MemoryRange(0x4000_0000, 0x4007_0000, .codeFlash), MemoryRange(0x4007_0000, 0x4007_8000, .cachePRO),
            MemoryRange(0x4007_8000, 0x4008_0000, .cacheAPP), MemoryRange(0x4008_0000, 0x400A_0000, .codeRAM),
            MemoryRange(0x400A_0000, 0x400B_FFFC, .dualCodeRAM), MemoryRange(0x400C_0000, 0x400C_2000, .rtcCode),
            MemoryRange(0x400D_0000, 0x4040_0000, .codeFlash), MemoryRange(0x5000_0000, 0x5000_2000, .rtcSlow),
        ])

    /// ESP32-S2: one LX7 core, native USB.
    public static let esp32s2 = Chip(
        name: "esp32s2", imageID: 2, architecture: .xtensa, bootloaderOffset: 0x1000,
        flashRanges: [0x4008_0000..<0x40B8_0000, 0x3F00_0000..<0x3F3F_0000], pageSizes: fixedPage,
        flashFrequencies: clocks80MHz, shortestPageTail: 0,
        memoryRanges: [
            padding,
            MemoryRange(0x3F00_0000, 0x3FF8_0000, .dataFlash), MemoryRange(0x3F50_0000, 0x3FF8_0000, .externalRAM),
            MemoryRange(0x3FF9_E000, 0x3FFA_0000, .rtcData), MemoryRange(0x3FF9_E000, 0x4000_0000, .byteAccessible),
            MemoryRange(0x3FF9_E000, 0x4007_2000, .internalRAM), MemoryRange(0x3FFB_0000, 0x4000_0000, .dataRAM),
            MemoryRange(0x4000_0000, 0x4001_A100, .maskROM), MemoryRange(0x4002_0000, 0x4007_0000, .codeRAM),
            MemoryRange(0x4007_0000, 0x4007_2000, .rtcCode), MemoryRange(0x4008_0000, 0x4080_0000, .codeFlash),
            MemoryRange(0x5000_0000, 0x5000_2000, .rtcSlow),
        ])

    /// ESP32-S3: two LX7 cores.
    public static let esp32s3 = Chip(
        name: "esp32s3", imageID: 9, architecture: .xtensa, bootloaderOffset: 0,
        flashRanges: [0x4200_0000..<0x4400_0000, 0x3C00_0000..<0x3E00_0000], pageSizes: fixedPage,
        flashFrequencies: clocks80MHz, shortestPageTail: 0,
        memoryRanges: [
            padding,
            MemoryRange(0x3C00_0000, 0x3D00_0000, .dataFlash), MemoryRange(0x3D00_0000, 0x3E00_0000, .externalRAM),
            MemoryRange(0x3FC8_8000, 0x3FD0_0000, .dataRAM), MemoryRange(0x3FC8_8000, 0x403E_2000, .internalRAM),
            MemoryRange(0x4000_0000, 0x4001_A100, .maskROM), MemoryRange(0x4037_0000, 0x403E_0000, .codeRAM),
            MemoryRange(0x4200_0000, 0x4280_0000, .codeFlash), MemoryRange(0x5000_0000, 0x5000_2000, .rtcSlow),
            MemoryRange(0x600F_E000, 0x6010_0000, .rtcCode),
        ])

    /// ESP32-C2 (ESP8684).
    public static let esp32c2 = Chip(
        name: "esp32c2", imageID: 12, architecture: .riscv, bootloaderOffset: 0,
        flashRanges: [0x4200_0000..<0x4240_0000, 0x3C00_0000..<0x3C40_0000], pageSizes: [16384, 32768, 65536],
        flashFrequencies: [
            FlashFrequency(name: "60m", nibble: 0xF), FlashFrequency(name: "30m", nibble: 0),
            FlashFrequency(name: "20m", nibble: 1), FlashFrequency(name: "15m", nibble: 2),
        ], shortestPageTail: 0,
        memoryRanges: [
            padding,
            MemoryRange(0x3C00_0000, 0x3C40_0000, .dataFlash), MemoryRange(0x3FCA_0000, 0x3FCE_0000, .dataRAM),
            MemoryRange(0x3FC8_8000, 0x3FD0_0000, .byteAccessible), MemoryRange(0x3FF0_0000, 0x3FF5_0000, .maskROMData),
            MemoryRange(0x4000_0000, 0x4009_0000, .maskROM), MemoryRange(0x4200_0000, 0x4240_0000, .codeFlash),
            MemoryRange(0x4037_C000, 0x403C_0000, .codeRAM),
        ])

    /// ESP32-C3: one RISC-V core.
    public static let esp32c3 = Chip(
        name: "esp32c3", imageID: 5, architecture: .riscv, bootloaderOffset: 0,
        flashRanges: [0x4200_0000..<0x4280_0000, 0x3C00_0000..<0x3C80_0000], pageSizes: fixedPage,
        flashFrequencies: clocks80MHz, shortestPageTail: 0,
        memoryRanges: [
            padding,
            MemoryRange(0x3C00_0000, 0x3C80_0000, .dataFlash), MemoryRange(0x3FC8_0000, 0x3FCE_0000, .dataRAM),
            MemoryRange(0x3FC8_8000, 0x3FD0_0000, .byteAccessible), MemoryRange(0x3FF0_0000, 0x3FF2_0000, .maskROMData),
            MemoryRange(0x4000_0000, 0x4006_0000, .maskROM), MemoryRange(0x4200_0000, 0x4280_0000, .codeFlash),
            MemoryRange(0x4037_C000, 0x403E_0000, .codeRAM), MemoryRange(0x5000_0000, 0x5000_2000, .rtcSlow),
            MemoryRange(0x600F_E000, 0x6010_0000, .internalRAM),
        ])

    /// ESP32-C5.
    public static let esp32c5 = Chip(
        name: "esp32c5", imageID: 23, architecture: .riscv, bootloaderOffset: 0x2000,
        flashRanges: [0x4200_0000..<0x4400_0000], pageSizes: fixedPage, flashFrequencies: clocksOfC6,
        shortestPageTail: 0,
        memoryRanges: unifiedMap(
            flashEnd: 0x4400_0000, ramEnd: 0x4086_0000, romEnd: 0x4003_A000, romDataEnd: 0x4004_0000))

    /// ESP32-C6. Its ROM sets the flash clock's divider wrongly, so 80m is written as 40m's nibble.
    public static let esp32c6 = Chip(
        name: "esp32c6", imageID: 13, architecture: .riscv, bootloaderOffset: 0,
        flashRanges: [0x4200_0000..<0x4280_0000, 0x4280_0000..<0x4300_0000], pageSizes: smallPages,
        flashFrequencies: [
            FlashFrequency(name: "80m", nibble: 0), FlashFrequency(name: "40m", nibble: 0),
            FlashFrequency(name: "20m", nibble: 2),
        ], shortestPageTail: 0,
        memoryRanges: unifiedMap(
            flashEnd: 0x4300_0000, ramEnd: 0x4088_0000, romEnd: 0x4004_AC00, romDataEnd: 0x4005_0000))

    /// ESP32-C61.
    public static let esp32c61 = Chip(
        name: "esp32c61", imageID: 20, architecture: .riscv, bootloaderOffset: 0,
        flashRanges: [0x4200_0000..<0x4280_0000, 0x4280_0000..<0x4300_0000], pageSizes: smallPages,
        flashFrequencies: clocksOfC6, shortestPageTail: 0,
        memoryRanges: unifiedMap(
            flashEnd: 0x4400_0000, ramEnd: 0x4086_0000, romEnd: 0x4004_AC00, romDataEnd: 0x4005_0000))

    /// ESP32-H2: no Wi-Fi, 96 MHz flash clock.
    public static let esp32h2 = Chip(
        name: "esp32h2", imageID: 16, architecture: .riscv, bootloaderOffset: 0,
        flashRanges: [0x4200_0000..<0x4280_0000, 0x4280_0000..<0x4300_0000], pageSizes: smallPages,
        flashFrequencies: [
            FlashFrequency(name: "48m", nibble: 0xF), FlashFrequency(name: "24m", nibble: 0),
            FlashFrequency(name: "16m", nibble: 1), FlashFrequency(name: "12m", nibble: 2),
        ], shortestPageTail: 0,
        memoryRanges: unifiedMap(
            flashEnd: 0x4300_0000, ramEnd: 0x4088_0000, romEnd: 0x4004_AC00, romDataEnd: 0x4005_0000))

    /// ESP32-P4.
    public static let esp32p4 = Chip(
        name: "esp32p4", imageID: 18, architecture: .riscv, bootloaderOffset: 0x2000,
        flashRanges: [0x4000_0000..<0x4C00_0000], pageSizes: fixedPage, flashFrequencies: clocks80MHz,
        shortestPageTail: 0,
        memoryRanges: [
            padding,
            MemoryRange(0x4000_0000, 0x4C00_0000, .codeFlash), MemoryRange(0x4FF0_0000, 0x4FFA_0000, .dataRAM),
            MemoryRange(0x4FC0_0000, 0x4FC2_0000, .maskROM), MemoryRange(0x5010_8000, 0x5011_0000, .rtcSlow),
            MemoryRange(0x600F_E000, 0x6010_0000, .internalRAM),
        ])

    private static let fixedPage = [65536]
    private static let smallPages = [8192, 16384, 32768, 65536]
    private static let padding = MemoryRange(0, 0x1_0000, .padding)

    private static let clocks80MHz = [
        FlashFrequency(name: "80m", nibble: 0xF), FlashFrequency(name: "40m", nibble: 0),
        FlashFrequency(name: "26m", nibble: 1), FlashFrequency(name: "20m", nibble: 2),
    ]
    private static let clocksOfC6 = [
        FlashFrequency(name: "80m", nibble: 0xF), FlashFrequency(name: "40m", nibble: 0),
        FlashFrequency(name: "20m", nibble: 2),
    ]

    /// The chips whose code and data share one address space: flash, RAM, ROM code then ROM data, RTC memory.
    private static func unifiedMap(
        flashEnd: UInt32, ramEnd: UInt32, romEnd: UInt32, romDataEnd: UInt32
    ) -> [MemoryRange] {
        [
            padding,
            MemoryRange(0x4200_0000, flashEnd, .codeFlash), MemoryRange(0x4080_0000, ramEnd, .dataRAM),
            MemoryRange(0x4000_0000, romEnd, .maskROM), MemoryRange(romEnd, romDataEnd, .maskROMData),
            MemoryRange(0x5000_0000, 0x5000_4000, .rtcSlow), MemoryRange(0x600F_E000, 0x6010_0000, .internalRAM),
        ]
    }
}
