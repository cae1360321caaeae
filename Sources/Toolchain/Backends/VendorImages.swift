// What a vendor's toolchain made, brought into the form of every build: the ELF file as firmware.elf, the images with
// their offsets, and the record that finds them again.

import ESPImage
import SystemPackage

struct VendorImages {
    let output: FilePath
    let backend: BuildBackend
    var images: [BuildResult.Image] = []

    /// Adds a file under a name of our own.
    mutating func add(_ file: FilePath, as name: String, offset: Int, label: String) throws(ToolchainError) {
        guard FileStamp.of(file) != nil else {
            let program = backend == .idf ? "idf.py" : "arduino-cli"
            throw .compilerFailed(program: program, output: "it ended well, and left no \(file)")
        }
        let target = output.appending(name)
        try FileStamp.write(try FileStamp.contents(of: file), to: target)
        images.append(BuildResult.Image(offset: offset, file: target.string, label: label))
    }

    /// Checks the images against the table and each other, and writes the record.
    ///
    /// Throws `build-failed` with `app-too-large`, and `layout-overlap`.
    func finish(
        elf: FilePath, table: PartitionTable, said: [CompilerDiagnostic], seconds: Double, isUpToDate: Bool
    ) throws(ToolchainError) -> BuildResult {
        let bytes = try FileStamp.contents(of: elf)
        let target = output.appending("firmware.elf")
        try FileStamp.write(bytes, to: target)
        let sizes: BuildResult.Sizes
        do throws(ESPImageError) {
            sizes = BuildResult.Sizes(elf: try ELFFile(bytes))
        } catch {
            throw .image(error)
        }
        for image in images {
            let size = FileStamp.of(FilePath(image.file))?.size ?? 0
            guard let partition = table.partitions.first(where: { $0.offset == image.offset }), size > partition.size
            else { continue }
            let message = "the application takes \(size) bytes, its partition '\(partition.name)' has \(partition.size)"
            throw .buildFailed([
                CompilerDiagnostic(
                    severity: .error, message: message, code: "app-too-large", bytes: size - partition.size)
            ])
        }
        let sorted = images.sorted { $0.offset < $1.offset }
        var record = BuildRecord()
        record.images = sorted
        record.sizes = sizes
        record.backend = backend
        try record.write(to: output.appending("build.json"))
        return BuildResult(
            backend: backend, elf: target, images: sorted, sizes: sizes,
            warnings: said.filter { $0.severity == .warning }, diagnostics: said, seconds: seconds,
            isUpToDate: isUpToDate)
    }

    /// Runs what may complain about bytes.
    static func imaging<Value>(_ make: () throws(ESPImageError) -> Value) throws(ToolchainError) -> Value {
        do {
            return try make()
        } catch {
            throw .image(error)
        }
    }
}

extension PartitionTable {
    /// The partition that the second stage boots: the factory application, else the first OTA slot.
    var application: Partition? {
        partitions.filter { $0.type == 0 && ($0.subtype == 0 || $0.subtype >> 4 == 1) }
            .min { $0.subtype < $1.subtype }
    }

    /// The partition that says which OTA slot is booted.
    var otaData: Partition? { partitions.first { $0.type == 1 && $0.subtype == 0 } }
}
