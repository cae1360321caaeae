// `espmask image`: firmware images made from ELF files, looked at, and merged into one file.

import ArgumentParser
import ESPImage

struct ImageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image", abstract: "Make, look at and merge firmware images.",
        subcommands: [ImageMake.self, ImageInfo.self, ImageMerge.self])
}

struct ImageMake: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "make", abstract: "Make a firmware image from an ELF file, as esptool's elf2image does.",
        discussion: "Example: espmask image make app.elf -o app.bin --flash-mode dio --flash-size 4MB")

    @Argument(help: "The linked program.") var elf: String
    @Option(name: .shortAndLong, help: "Where the image goes.") var output: String
    @Option(help: "The chip: esp32, esp32s3, esp32c3 ...") var chip = "esp32"
    @Option(help: "qio, qout, dio or dout.") var flashMode = "qio"
    @Option(help: "The flash clock: 80m, 40m, 26m, 20m; the chip's default where not given.") var flashFreq: String?
    @Option(help: "The flash size: 1MB, 2MB, 4MB ...") var flashSize = "1MB"
    @Option(help: "The lowest chip revision, major * 100 + minor.") var minRevFull: UInt16 = 0
    @Option(help: "The highest chip revision, major * 100 + minor.") var maxRevFull: UInt16 = 65535
    @Option(help: "Where in the image the SHA-256 of the ELF file goes.") var elfSha256Offset: ByteNumber?
    @Flag(help: "Load program headers instead of sections.") var useSegments = false
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        let chip = try Chip.named(chip)
        var options = FirmwareImage.Options()
        options.flashMode = try FlashMode.named(flashMode)
        options.flashFrequency = try flashFreq.map { name throws(ESPImageError) in try chip.flashFrequency(named: name)
        }
        options.flashSize = try FlashSize.named(flashSize)
        options.minimumRevision = minRevFull
        options.maximumRevision = maxRevFull
        options.elfDigestOffset = elfSha256Offset?.value
        options.source = useSegments ? .programHeaders : .sections
        let image = try FirmwareImage(elf: try ELFFile(try Files.read(elf)), chip: chip, options: options)
        try Files.write(image.bytes, to: output)
        console.event([
            "file": .string(output), "bytes": .int(image.bytes.count), "segments": .int(image.segments.count),
        ])
        if !console.json { console.line("\(output): \(image.bytes.count) bytes, \(image.segments.count) segments") }
    }
}

struct ImageInfo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info", abstract: "Say what a firmware image holds and whether its checksums hold.",
        discussion: "Example: espmask image info app.bin --json")

    @Argument(help: "The image; - for standard input.") var image: String
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        let report = ImageReport(try FirmwareImage(parsing: try Files.read(image)))
        if console.json { console.event(report.json) } else { report.lines.forEach(console.line) }
    }
}

struct ImageMerge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge", abstract: "Merge several files at their offsets into one flash image.",
        discussion: "Example: espmask image merge 0x1000 boot.bin 0x8000 table.bin 0x10000 app.bin -o flash.bin")

    @Argument(help: "OFFSET FILE, and again as often as needed.") var parts: [String] = []
    @Option(name: .shortAndLong, help: "Where the merged image goes.") var output: String
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        guard !parts.isEmpty, parts.count.isMultiple(of: 2) else {
            throw ValidationError("Give pairs of OFFSET and FILE, for example 0x10000 app.bin")
        }
        var inputs: [MergeInput] = []
        for index in stride(from: 0, to: parts.count, by: 2) {
            guard let offset = ByteNumber.parse(parts[index]) else {
                throw ValidationError("'\(parts[index])' is no offset; write for example 0x10000")
            }
            let file = parts[index + 1]
            inputs.append(MergeInput(offset: offset, bytes: try Files.read(file), name: file))
        }
        let merged = try FirmwareImage.merging(inputs)
        try Files.write(merged, to: output)
        console.event(["file": .string(output), "bytes": .int(merged.count)])
        if !console.json { console.line("\(output): \(merged.count) bytes") }
    }
}
