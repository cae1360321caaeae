// What the ROM and the second-stage bootloader say when they cannot start the firmware. Sources: messages of the chips'
// ROMs in published logs, ESP-IDF bootloader_support (esp_image_format.c, bootloader_utility.c), flash_partitions.c.

enum BootRules {
    static let rules: [DiagnosisRule] = image + table + application + brownout

    private static let image = [
        DiagnosisRule(.imageInvalidHeader, "invalid header: 0x<header:hex>", judge: header),
        DiagnosisRule(.imageWrongOffset, "invalid header: 0x<header:hex>", .warning, judge: otherContent),
        DiagnosisRule(.imageTooLarge, "Image length <bytes:int> doesn't fit~ in partition length <available:int>"),
        DiagnosisRule(.imageTooLarge, "Image length <bytes:int> doesnt fit~ in partition length <available:int>"),
        // The image is there and damaged; that is why nothing can be booted.
        DiagnosisRule(.imageInvalidHeader, "Image hash failed", rank: .flashSizeMismatch),
        DiagnosisRule(
            .imageInvalidHeader, "Checksum failed. Calculated ~0x<computed:hex> read 0x<stored:hex>",
            rank: .flashSizeMismatch),
        DiagnosisRule(.imageInvalidHeader, "csum err:0x<computed:hex>~!=0x<stored:hex>", rank: .flashSizeMismatch),
        DiagnosisRule(.imageInvalidHeader, "SHA-256 comparison failed", rank: .flashSizeMismatch),
        DiagnosisRule(.imageInvalidHeader, "invalid segment length ~0x<length:hex>", rank: .flashSizeMismatch),
        DiagnosisRule(.imageInvalidHeader, "image at 0x<offset:hex> has invalid magic byte", .warning),
        DiagnosisRule(.imageInvalidHeader, "image corrupted on slot", weak: true),
        DiagnosisRule(
            .imageInvalidHeader, "mismatch chip ID, expected <expected:int>, found <found:int>",
            rank: .flashSizeMismatch),
        DiagnosisRule(.imageInvalidHeader, "run on lower chip revision"),
    ]

    private static let table = [
        DiagnosisRule(.partitionTableCorrupt, "partition <partition:int> invalid magic number ~0x<magic:hex>"),
        DiagnosisRule(.partitionTableCorrupt, "Failed to verify partition table", weak: true),
        DiagnosisRule(.partitionTableCorrupt, "load partition table error", weak: true),
        DiagnosisRule(.partitionTableCorrupt, "partition table has invalid MD5"),
        DiagnosisRule(.partitionTableCorrupt, "Calculated MD5 and stored MD5 differ"),
        DiagnosisRule(.partitionTableCorrupt, "invalid partition table", weak: true),
        DiagnosisRule(.partitionTableCorrupt, "partition table MD5 checksum failed"),
    ]

    private static let application = [
        DiagnosisRule(.noBootableApp, "No bootable app partitions"),
        DiagnosisRule(.noBootableApp, "No app partitions are bootable"),
        DiagnosisRule(.noBootableApp, "app partition is not bootable", .warning, weak: true),
        DiagnosisRule(.noBootableApp, "app partition slot <slot:int> is not bootable", .warning, weak: true),
        DiagnosisRule(.noBootableApp, "ota data partition invalid and no factory", .warning, weak: true),
        DiagnosisRule(.noBootableApp, "Image requires chip rev"),
        DiagnosisRule(.noBootableApp, "No factory image, trying OTA", .info),
    ]

    private static let brownout = [
        DiagnosisRule(.brownout, "Brownout detector was triggered"),
        DiagnosisRule(.brownout, "brownout detected"),
    ]

    /// The word the ROM found at the bootloader's place; all ones is blank flash.
    @Sendable private static func header(_ finding: inout Finding) -> Bool {
        guard let word = finding.details["header"]?.address else { return true }
        finding.details["blank"] = .flag(isBlank(word))
        if let text = readable(word) { finding.details["text"] = .text(text) }
        return true
    }

    /// Something else than blank flash is there: a file at the wrong offset.
    @Sendable private static func otherContent(_ finding: inout Finding) -> Bool {
        guard let word = finding.details["header"]?.address, !isBlank(word), word != 0 else { return false }
        if let text = readable(word) { finding.details["text"] = .text(text) }
        return true
    }

    /// Nearly all ones: flash that was never written, give or take a bit that is read wrongly.
    static func isBlank(_ word: UInt32) -> Bool { word.nonzeroBitCount >= 29 }

    /// The word's bytes as text, when all of them are letters, digits or spaces: then a text file was flashed.
    static func readable(_ word: UInt32) -> String? {
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
        guard bytes.allSatisfy({ (0x20..<0x7F).contains($0) || $0 == 0x0A || $0 == 0x0D }) else { return nil }
        return String(decoding: bytes, as: UTF8.self).replacingLineEnds
    }
}

extension String {
    /// Line ends written out, for a message.
    fileprivate var replacingLineEnds: String {
        var out = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case _: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
