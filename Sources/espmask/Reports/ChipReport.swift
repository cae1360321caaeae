// A chip and its flash as text and as the documented JSON.

import DeviceBridge
import ESPImage

/// What `info` tells.
struct ChipReport {
    let chip: ChipDescription
    let partitions: [Partition]

    /// The documented object; `partitions` is added to it.
    var json: JSON {
        [
            "chip": .string(chip.chip), "revision": .optional(chip.revision), "mac": .optional(chip.mac),
            "features": .array(chip.features.map { .string($0) }), "crystal_mhz": .optional(chip.crystalMHz),
            "flash": ["id": .optional(chip.flashID), "size": .optional(chip.flashBytes)],
            "security": [
                "flash_encryption": .bool(chip.security.flashEncryption),
                "secure_boot": .bool(chip.security.secureBoot),
            ],
            "partitions": .array(
                partitions.map {
                    [
                        "label": .string($0.name), "type": .string($0.typeName), "subtype": .string($0.subtypeName),
                        "offset": .string("0x" + String($0.offset, radix: 16)), "size": .int($0.size),
                    ]
                }),
        ]
    }

    /// The same for people.
    var lines: [String] {
        var rows: [(String, String)] = [("chip", chip.chip + (chip.revision.map { " \($0)" } ?? ""))]
        if !chip.features.isEmpty { rows.append(("features", chip.features.joined(separator: ", "))) }
        if let crystal = chip.crystalMHz { rows.append(("crystal", "\(crystal) MHz")) }
        if let mac = chip.mac { rows.append(("MAC", mac)) }
        if let bytes = chip.flashBytes {
            rows.append(("flash", "\(bytes >> 20) MB" + (chip.flashID.map { " (id \($0))" } ?? "")))
        } else {
            rows.append(("flash", "unknown"))
        }
        rows.append(("security", chip.security.summary))
        var lines = rows.map { "\($0.padded(to: 12))\($1)" }
        if partitions.isEmpty { return lines + ["partitions".padded(to: 12) + "no table in the flash"] }
        for (index, partition) in partitions.enumerated() {
            let place = "0x\(String(partition.offset, radix: 16))".padded(to: 10)
            lines.append(
                (index == 0 ? "partitions" : "").padded(to: 12) + partition.name.padded(to: 17) + place
                    + "\(partition.size >> 10) KB \(partition.typeName) \(partition.subtypeName)")
        }
        return lines
    }
}

extension ChipSecurity {
    /// In words.
    var summary: String {
        switch (flashEncryption, secureBoot) {
        case (false, false): "flash encryption and secure boot are off"
        case (true, false): "flash encryption is ON"
        case (false, true): "secure boot is ON"
        case (true, true): "flash encryption and secure boot are ON"
        }
    }
}
