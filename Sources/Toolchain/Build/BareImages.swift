// From linked programs to files for flash: the second stage, the partition table, the application; checked against each
// other and against the board's flash before anything is written.

import ESPImage
import SystemPackage

struct BareImages {
    var board: BoardDescription
    var table: FilePath
    var secondStage: FilePath
    var application: FilePath
    var output: FilePath

    /// What the images depend on beside the files.
    var fingerprint: [String] {
        [board.chip, board.flash.size, board.flash.mode, board.flash.frequency, output.string]
    }

    var inputs: [FilePath] { [table, secondStage, application] }

    func make() throws(ToolchainError) -> (images: [BuildResult.Image], sizes: BuildResult.Sizes) {
        let applicationELF = try elf(application)
        let secondStageELF = try elf(secondStage)
        let loader = try imaging { () throws(ESPImageError) in
            try FirmwareImage(elf: secondStageELF, chip: try chip, options: try options)
        }
        let firmware = try imaging { () throws(ESPImageError) in
            try FirmwareImage(elf: applicationELF, chip: try chip, options: try options)
        }
        let csv = try FileStamp.contents(of: table)
        let partitions = try imaging { () throws(ESPImageError) in try PartitionTable(csv: csv) }
        let target = try applicationPartition(of: partitions, bytes: firmware.bytes.count)
        let layout = try imaging { () throws(ESPImageError) in
            var layout = FlashLayout(flashSize: try FlashSize.named(board.flash.size).bytes)
            try layout.add(
                FlashRegion(
                    offset: try chip.bootloaderOffset, bytes: loader.bytes, label: "second-stage"))
            try layout.add(partitions)
            try layout.add(firmware.bytes, to: target)
            return layout
        }
        var images: [BuildResult.Image] = []
        for region in layout.regions {
            let file = output.appending("\(region.label == target.name ? "firmware" : region.label).bin")
            try FileStamp.write(region.bytes, to: file)
            images.append(BuildResult.Image(offset: region.offset, file: file.string, label: region.label))
        }
        return (images, BuildResult.Sizes(elf: applicationELF))
    }

    private var chip: Chip { get throws(ESPImageError) { try Chip.named(board.chip) } }

    private var options: FirmwareImage.Options {
        get throws(ESPImageError) {
            var options = FirmwareImage.Options()
            options.flashMode = try FlashMode.named(board.flash.mode)
            options.flashFrequency = try chip.flashFrequency(named: board.flash.frequency)
            options.flashSize = try FlashSize.named(board.flash.size)
            return options
        }
    }

    private func elf(_ path: FilePath) throws(ToolchainError) -> ELFFile {
        let bytes = try FileStamp.contents(of: path)
        return try imaging { () throws(ESPImageError) in try ELFFile(bytes) }
    }

    private func imaging<Value>(_ make: () throws(ESPImageError) -> Value) throws(ToolchainError) -> Value {
        do {
            return try make()
        } catch {
            throw .image(error)
        }
    }

    // The one the second stage boots: the factory application, else the first OTA slot.
    private func applicationPartition(
        of table: PartitionTable, bytes: Int
    ) throws(ToolchainError) -> Partition {
        let applications = table.partitions.filter { $0.type == 0 && ($0.subtype == 0 || $0.subtype >> 4 == 1) }
        guard let target = applications.min(by: { $0.subtype < $1.subtype }) else {
            throw .settingsInvalid(path: self.table, reason: "it has no application partition")
        }
        guard bytes <= target.size else {
            let message = "the application takes \(bytes) bytes, its partition '\(target.name)' has \(target.size)"
            throw .buildFailed([
                CompilerDiagnostic(
                    severity: .error, message: message, code: "app-too-large", bytes: bytes - target.size)
            ])
        }
        return target
    }

}

extension BuildResult.Sizes {
    /// Adds up sections by where they are: the ESP32's data memory ends where its instruction bus begins.
    init(elf: ELFFile) {
        let inMemory = elf.sections.filter { $0.flags & 2 != 0 }
        let inFile = inMemory.filter { $0.type != 8 }
        let inDataMemory = inMemory.filter { (0x3FFA_E000..<0x4000_0000).contains($0.address) }
        self.init(flash: inFile.reduce(0) { $0 + $1.size }, ram: inDataMemory.reduce(0) { $0 + $1.size })
    }
}
