// Drives arduino-cli. The cache of compiled cores is our own and stays; the output folder gets the artefacts only, since
// --build-path would compile the core anew with every option. Sizes are checked against our partition, because the
// core's boards.txt knows nothing of a sketch's partitions.csv. Flags go where the core leaves room for them:
// build.extra_flags is full of its own.

import ESPImage
import FoundationEssentials
import Glibc
import SystemPackage

struct ArduinoBuild: Sendable {
    let environment: [String: String]
    let prefix: InstallPrefix

    func build(_ original: BuildRequest) async throws(ToolchainError) -> BuildResult {
        let start = ContinuousClock.now
        guard let board = original.board.arduino else {
            throw .backendUnsupported(board: original.board.name, backend: .arduino)
        }
        guard let cli = ArduinoFolders.program(environment: environment, prefix: prefix) else {
            throw .install(
                .programMissing(
                    name: "arduino-cli", purpose: "the arduino back end", remedy: "espmask toolchain install arduino"))
        }
        guard let core = FoundArduino.all(environment: environment, prefix: prefix).first else {
            throw .install(
                .programMissing(
                    name: "the ESP32 core", purpose: "the arduino back end", remedy: "espmask toolchain install arduino"
                ))
        }
        let request = original.withAbsolutePaths
        let output = request.outputFolder(.arduino)
        try FileStamp.makeFolder(output)
        let lock = try await FolderLock.acquire(in: output)
        defer { lock.release() }
        let staged = StagedSources(request: request, output: output)
        let csv = try staged.partitions()
        let table = try VendorImages.imaging { () throws(ESPImageError) in try PartitionTable(csv: csv.bytes) }
        guard let application = table.application else {
            throw .settingsInvalid(path: csv.path, reason: "it has no application partition")
        }
        let sketch = try staged.sketch()
        let results = output.appending("arduino")
        let arguments = ArduinoArguments(
            request: request, fqbn: fqbn(board.fqbn, core: core, request.board), sketch: sketch, output: results,
            libraries: [try staged.inferenceLibrary()] + productLibraries(request),
            applicationBytes: application.size, jobs: max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        ).all
        var child = environment.merging(core.variables) { $1 }
        child["ARDUINO_BUILD_CACHE_PATH"] = output.removingLastComponent().appending(".arduino-cache").string
        child["ARDUINO_UPDATER_ENABLE_NOTIFICATION"] = "false"
        let outcome = try await Programs.run(cli, arguments, environment: child, in: output)
        let report = ArduinoReport(parsing: outcome.output)
        let said = report.diagnostics(errors: outcome.errors)
        guard outcome.succeeded, report.succeeded ?? true else {
            throw BuildFailures.failure(
                of: "arduino-cli", said: said, output: report.text + outcome.errors + outcome.output)
        }
        return try images(
            of: staged.mainName, in: results, core: report.corePath ?? core.core, request: request, output: output
        ) { made, table throws(ToolchainError) in
            try made.finish(
                elf: results.appending("\(staged.mainName).ino.elf"), table: table, said: said,
                seconds: (ContinuousClock.now - start) / .seconds(1), isUpToDate: false)
        }
    }

    private func images(
        of name: String, in results: FilePath, core: FilePath, request: BuildRequest, output: FilePath,
        finish: (VendorImages, PartitionTable) throws(ToolchainError) -> BuildResult
    ) throws(ToolchainError) -> BuildResult {
        var made = VendorImages(output: output, backend: .arduino)
        let chip = try VendorImages.imaging { () throws(ESPImageError) in try Chip.named(request.board.chip) }
        try made.add(
            results.appending("\(name).ino.bootloader.bin"), as: "second-stage.bin", offset: chip.bootloaderOffset,
            label: "second-stage")
        let binary = results.appending("\(name).ino.partitions.bin")
        let bytes = try FileStamp.contents(of: binary)
        // What the core made of the sketch's table is what counts.
        let real = try VendorImages.imaging { () throws(ESPImageError) in try PartitionTable(binary: bytes) }
        try made.add(binary, as: "partition-table.bin", offset: 0x8000, label: "partition-table")
        if let otaData = real.otaData {
            try made.add(
                core.pushing("tools/partitions/boot_app0.bin"), as: "boot_app0.bin", offset: otaData.offset,
                label: otaData.name)
        }
        guard let application = real.application else {
            throw .settingsInvalid(path: binary, reason: "it has no application partition")
        }
        try made.add(
            results.appending("\(name).ino.bin"), as: "firmware.bin", offset: application.offset,
            label: application.name)
        return try finish(made, real)
    }

    private func productLibraries(_ request: BuildRequest) -> [FilePath] {
        let libraries = request.sketch.home.sketches.appending("libraries")
        return FileStamp.names(in: libraries).sorted().filter { !$0.hasPrefix(".") }.map { libraries.appending($0) }
    }

    // The board's options in the words of the core's boards.txt. The scheme `custom` came with the core 2.0.
    private func fqbn(_ plain: String, core: FoundArduino, _ board: BoardDescription) -> String {
        var parts = plain.split(separator: ":").map { String($0) }
        if parts.count > 1 { parts[0] = core.packager }
        var options: [String] = []
        if core.version.map({ !isOlderVersion($0, than: "2.0.0") }) ?? true { options.append("PartitionScheme=custom") }
        options.append("FlashMode=\(board.flash.mode)")
        options.append("FlashFreq=\(board.flash.frequency.prefix { $0.isNumber })")
        options.append("FlashSize=\(board.flash.size.replacing("MB", with: "M"))")
        return parts.joined(separator: ":") + ":" + options.joined(separator: ",")
    }
}

/// The words of `arduino-cli compile`.
struct ArduinoArguments {
    var request: BuildRequest
    var fqbn: String
    var sketch: FilePath
    var output: FilePath
    var libraries: [FilePath]
    var applicationBytes: Int
    var jobs: Int

    var all: [String] {
        // The engine's bits must be those of the host: no fused multiply-add.
        let defines = request.defines.map { quoted("-D\($0)") }
        let c = (["-ffp-contract=off"] + defines).joined(separator: " ")
        let cxx = defines.joined(separator: " ")
        var arguments = [
            "compile", "--json", "--no-color", "--fqbn", fqbn, "--output-dir", output.string, "--warnings", "default",
            "--jobs", String(jobs),
        ]
        for library in libraries { arguments += ["--library", library.string] }
        arguments += ["--build-property", "compiler.c.extra_flags=\(c)"]
        if !cxx.isEmpty { arguments += ["--build-property", "compiler.cpp.extra_flags=\(cxx)"] }
        arguments += ["--build-property", "upload.maximum_size=\(applicationBytes)"]
        // A file of the whole flash's size that nobody asked for.
        arguments += ["--build-property", "recipe.hooks.objcopy.postobjcopy.3.pattern=/usr/bin/true"]
        return arguments + [sketch.string]
    }

    // arduino-cli splits properties at spaces and heeds either kind of quotes.
    private func quoted(_ word: String) -> String {
        guard word.contains(where: { $0 == " " || $0 == "\"" || $0 == "'" }) else { return word }
        return word.contains("'") ? "\"\(word)\"" : "'\(word)'"
    }
}

/// What arduino-cli says with --json.
struct ArduinoReport {
    private struct Output: Decodable {
        struct Result: Decodable {
            struct Platform: Decodable {
                var install_dir: String?
            }
            struct Complaint: Decodable {
                var severity: String?
                var message: String?
                var file: String?
                var line: Int?
                var column: Int?
            }
            var board_platform: Platform?
            var diagnostics: [Complaint]?
        }
        var compiler_out: String?
        var compiler_err: String?
        var builder_result: Result?
        var success: Bool?
        var error: String?
    }

    private let output: Output?

    init(parsing text: String) {
        // Older versions print other lines before the object.
        let json = text.firstIndex(of: "{").map { text[$0...] } ?? ""
        output = try? JSONDecoder().decode(Output.self, from: Data(json.utf8))
    }

    var succeeded: Bool? { output?.success }
    /// The folder of the core that was used.
    var corePath: FilePath? {
        output?.builder_result?.board_platform?.install_dir.flatMap { $0.isEmpty ? nil : FilePath($0) }
    }
    /// Everything that was said.
    var text: String {
        [output?.compiler_err, output?.compiler_out, output?.error].compactMap { $0 }.map { $0 + "\n" }.joined()
    }

    /// The complaints, from the compiler's own words; from arduino-cli's list where those are missing.
    func diagnostics(errors: String) -> [CompilerDiagnostic] {
        let said = CompilerDiagnostic.parse(text + errors)
        if said.contains(where: { $0.severity == .error }) { return said }
        let listed = (output?.builder_result?.diagnostics ?? []).compactMap { complaint -> CompilerDiagnostic? in
            guard let message = complaint.message else { return nil }
            let severity: CompilerDiagnostic.Severity =
                switch complaint.severity?.uppercased() {
                case "ERROR", "FATAL": .error
                case "NOTE": .note
                case _: .warning
                }
            return CompilerDiagnostic(
                severity: severity, file: complaint.file, line: complaint.line, column: complaint.column,
                message: message, code: severity == .error ? "compile-error" : nil)
        }
        return said + listed.filter { !said.contains($0) }
    }
}
