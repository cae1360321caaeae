// The flash and the PSRAM chip do not answer as expected. Sources: the ROM's messages in published logs, ESP-IDF
// spi_flash and esp_psram components.

enum FlashRules {
    static let rules: [DiagnosisRule] = flash + psram

    private static let flash = [
        DiagnosisRule(.flashReadError, "flash read err, ~<number:int>"),
        DiagnosisRule(.flashReadError, "ets_main.c~ <source_line:int>", weak: true),
        DiagnosisRule(.flashReadError, "SPI flash read failed"),
        DiagnosisRule(.flashReadError, "spi_flash: invalid chip id"),
        DiagnosisRule(.flashReadError, "Failed to read flash"),
        // A segment that is to be loaded to where no memory is: what was read from the flash is noise.
        DiagnosisRule(.flashReadError, "load:0x<address:hex>,len:<length:word>", .warning, judge: strangeSegment),
        DiagnosisRule(.flashModeUnsupported, "ets_loader.c <source_line:int>"),
        // The bootloader goes on in DIO.
        DiagnosisRule(.flashModeUnsupported, "Failed to set QIE bit", .warning),
        DiagnosisRule(.flashModeUnsupported, "QIO mode not supported", .warning),
        DiagnosisRule(
            .flashSizeMismatch,
            "Detected size(<detected:word>) smaller than~ the size in the binary image header(<header_size:word>)"),
        DiagnosisRule(
            .flashSizeMismatch,
            "Detected size(<detected:word>) larger than~ the size in the binary image header(<header_size:word>)", .info
        ),
        DiagnosisRule(.flashSizeMismatch, "will not fit in <flash_size:int> bytes of flash"),
        DiagnosisRule(.flashSizeMismatch, "exceeds flash chip size ~0x<flash_size:hex>"),
        DiagnosisRule(
            .flashSizeMismatch,
            "partition <partition:int> invalid - offset 0x<offset:hex> size 0x<size:hex> exceeds flash chip size ~0x<flash_size:hex>"
        ),
    ]

    private static let psram =
        [
            DiagnosisRule(.psramNotFound, "PSRAM ID read error: ~0x<id:hex>"),
            DiagnosisRule(.psramNotFound, "PSRAM chip is not connected"),
            DiagnosisRule(.psramNotFound, "PSRAM chip not found or not supported"),
            DiagnosisRule(.psramNotFound, "PSRAM not found", .warning),
            DiagnosisRule(.psramNotFound, "No PSRAM found", .warning),
            DiagnosisRule(.psramNotFound, "SPI RAM enabled but initialization failed"),
            DiagnosisRule(.psramNotFound, "PSRAM init failed", .warning),
            DiagnosisRule(.psramNotFound, "SPI RAM not initialized", .warning),
            DiagnosisRule(.psramNotFound, "Failed to init external RAM"),
            DiagnosisRule(.psramNotFound, "Virtual address not enough for PSRAM", .warning),
            DiagnosisRule(.psramNotFound, "Can not enable PSRAM"),
        ]

    /// Where no chip of the family has memory that the ROM loads into.
    @Sendable private static func strangeSegment(_ finding: inout Finding) -> Bool {
        guard let address = finding.details["address"]?.address else { return false }
        finding.details["length"] = nil
        // Data RAM and ROM shadow, instruction RAM, RTC memory; 0x4ff is P4's.
        switch address >> 20 {
        case 0x3F0...0x3FF, 0x400...0x40F, 0x420...0x42F, 0x4FF, 0x500, 0x600: return false
        case _: return true
        }
    }
}
