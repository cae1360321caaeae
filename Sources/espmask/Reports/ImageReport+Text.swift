// An image's description as JSON and as text for a person.

import ESPImage

extension ImageReport {
    /// The shape of `image info --json`.
    var json: JSON {
        var members: [JSON.Member] = [
            .init(key: "chip", value: .string(chip)), .init(key: "entry", value: .string(entry)),
            .init(
                key: "segments",
                value: .array(
                    segments.map {
                        ["address": .string($0.address), "size": .int($0.size), "offset": .int($0.offset)]
                    })),
            .init(key: "checksum", value: .string(checksum)), .init(key: "digest", value: .string(digest)),
            .init(key: "size", value: .int(size)), .init(key: "flash_mode", value: .string(flash_mode)),
            .init(key: "flash_freq", value: .string(flash_freq)), .init(key: "flash_size", value: .string(flash_size)),
            .init(key: "min_revision", value: .string(min_revision)),
            .init(key: "max_revision", value: .string(max_revision)),
        ]
        if let app {
            members.append(
                .init(
                    key: "app",
                    value: [
                        "project": .string(app.project), "version": .string(app.version),
                        "compiled": .string(app.compiled), "idf": .string(app.idf),
                        "elf_sha256": .string(app.elf_sha256),
                    ]))
        }
        return .object(members)
    }

    /// The same for a person.
    var lines: [String] {
        var lines = [
            "chip       \(chip), revisions \(min_revision) to \(max_revision)",
            "entry      \(entry)",
            "flash      \(flash_mode), \(flash_freq), \(flash_size)",
            "size       \(size) bytes",
            "checksum   \(checksum)",
            "digest     \(digest)",
        ]
        if let app { lines.append("app        \(app.project) \(app.version), \(app.compiled), IDF \(app.idf)") }
        lines.append("segments")
        for (index, segment) in segments.enumerated() {
            let number = String(index).padded(to: 3)
            let size = String(segment.size).padded(to: 8)
            lines.append("  \(number) \(segment.address)  \(size) bytes at file offset \(segment.offset)")
        }
        return lines
    }
}
