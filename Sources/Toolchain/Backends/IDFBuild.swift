// Drives idf.py. A sketch becomes a project in the output folder, with the engine and the sketches' library as
// components; a folder that is a project of ESP-IDF already is built as it is. sdkconfig lives in the build folder and
// is thrown away when what it was made from changes, because defaults never reach an sdkconfig that is there.

import Crypto
import ESPImage
import FoundationEssentials
import SystemPackage

struct IDFBuild: Sendable {
    let environment: [String: String]
    let prefix: InstallPrefix

    func build(_ original: BuildRequest) async throws(ToolchainError) -> BuildResult {
        let start = ContinuousClock.now
        guard let board = original.board.idf else {
            throw .backendUnsupported(board: original.board.name, backend: .idf)
        }
        let tools = try await IDFEnvironment.find(environment: environment, prefix: prefix)
        let request = original.withAbsolutePaths
        let output = request.outputFolder(.idf)
        // ESP-IDF splits its own paths at spaces in several places.
        for path in [tools.checkout, output] where path.string.contains(" ") {
            throw .pathHasSpaces(path: path, tool: "ESP-IDF")
        }
        try FileStamp.makeFolder(output)
        let lock = try await FolderLock.acquire(in: output)
        defer { lock.release() }
        let staged = StagedSources(request: request, output: output)
        let isProject = FileStamp.of(request.sketch.folder.appending("CMakeLists.txt")) != nil
        let project = isProject ? request.sketch.folder : try staged.project()
        let build = output.appending("idf")
        let csv = try staged.partitions()
        let defaults = try defaults(request.board, partitions: csv.path)
        try prepare(
            build, defaults: defaults, csv: csv.bytes, configured: "\(board.target) \(tools.interpreter)")
        let components = try staged.components()
        let own = project.appending("sdkconfig.defaults")
        let lists = (FileStamp.of(own) != nil ? [own] : []) + [build.appending("espmask.defaults")]
        let arguments = [
            "-C", project.string, "-B", build.string, "-DIDF_TARGET=\(board.target)",
            "-DSDKCONFIG=\(build.appending("sdkconfig"))",
            "-DSDKCONFIG_DEFAULTS=\(lists.map(\.string).joined(separator: ";"))",
            "-DEXTRA_COMPONENT_DIRS=\(components)", "-DESPMASK_DEFINES=\(request.defines.joined(separator: ";"))",
            "-G", "Ninja", "--no-hints", "build",
        ]
        let outcome = try await Programs.run(
            tools.program, tools.arguments + arguments, environment: tools.variables, in: output)
        let text = outcome.output + "\n" + outcome.errors
        let said = CompilerDiagnostic.parse(text)
        guard outcome.succeeded else { throw BuildFailures.failure(of: "idf.py", said: said, output: text) }
        return try images(in: build, request: request, output: output, said: said, start: start)
    }

    private func images(
        in build: FilePath, request: BuildRequest, output: FilePath, said: [CompilerDiagnostic],
        start: ContinuousClock.Instant
    ) throws(ToolchainError) -> BuildResult {
        struct Description: Decodable { var app_elf: String }
        let description: Description = try SettingsFile.read(build.appending("project_description.json"))
        let elf = build.pushing(FilePath(description.app_elf))
        var made = VendorImages(output: output, backend: .idf)
        var table = PartitionTable([])
        for image in try BuiltFolder.idfImages(in: build) where image.label == "partition-table" {
            let bytes = try FileStamp.contents(of: FilePath(image.file))
            table = try VendorImages.imaging { () throws(ESPImageError) in try PartitionTable(binary: bytes) }
        }
        for image in try BuiltFolder.idfImages(in: build) {
            let isApplication = image.offset == table.application?.offset
            let label = isApplication ? table.application?.name ?? image.label : image.label
            let name = isApplication ? "firmware" : image.label == "bootloader" ? "second-stage" : image.label
            try made.add(
                FilePath(image.file), as: "\(name).bin", offset: image.offset,
                label: image.label == "bootloader" ? "second-stage" : label)
        }
        return try made.finish(
            elf: elf, table: table, said: said, seconds: (ContinuousClock.now - start) / .seconds(1),
            isUpToDate: false)
    }

    private func defaults(_ board: BoardDescription, partitions: FilePath) throws(ToolchainError) -> String {
        """
        CONFIG_PARTITION_TABLE_CUSTOM=y
        CONFIG_PARTITION_TABLE_CUSTOM_FILENAME="\(partitions)"
        CONFIG_PARTITION_TABLE_OFFSET=0x8000
        CONFIG_ESPTOOLPY_FLASHSIZE_\(board.flash.size.uppercased())=y
        CONFIG_ESPTOOLPY_FLASHMODE_\(board.flash.mode.uppercased())=y
        CONFIG_ESPTOOLPY_FLASHFREQ_\(board.flash.frequency.uppercased())=y
        CONFIG_ESP_MAIN_TASK_STACK_SIZE=8192
        CONFIG_FREERTOS_HZ=1000
        CONFIG_COMPILER_OPTIMIZATION_PERF=y
        CONFIG_BOOTLOADER_LOG_LEVEL_WARN=y
        CONFIG_LOG_DEFAULT_LEVEL_WARN=y
        \(console(baud: board.baud.monitor))
        """
    }

    // The rate may only be set on a console that is called custom (components/esp_stdio/Kconfig).
    private func console(baud: Int) -> String {
        baud == 115_200 ? "" : "CONFIG_ESP_CONSOLE_UART_CUSTOM=y\nCONFIG_ESP_CONSOLE_UART_BAUDRATE=\(baud)\n"
    }

    // A cache for another target or another Python is a hard error of ESP-IDF's, and an sdkconfig does not heed new
    // defaults.
    private func prepare(
        _ build: FilePath, defaults: String, csv: [UInt8], configured: String
    ) throws(ToolchainError) {
        let digest = SHA256.hash(data: Array(defaults.utf8) + csv + Array(configured.utf8)).map { String($0) }
        let stamp = Array("\(configured) \(digest.joined(separator: "."))".utf8)
        let note = build.appending("espmask.inputs")
        let before = (try? FileStamp.contents(of: note)) ?? []
        if before != stamp {
            if before.starts(with: Array("\(configured) ".utf8)) {
                try Tree.remove(build.appending("sdkconfig"))
            } else {
                try Tree.remove(build)
            }
        }
        try FileStamp.makeFolder(build)
        try FileStamp.write(Array(defaults.utf8), to: build.appending("espmask.defaults"))
        try FileStamp.write(stamp, to: note)
    }
}
