// `espmask build`: a sketch becomes firmware, through one of the three back ends.

import ArgumentParser
import ESPImage
import SystemPackage
import Toolchain

struct BuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Build a sketch's firmware.",
        discussion: """
            Examples: espmask build run_model_cnn --output out --model my.tflite && espmask flash out
                      espmask build eloquent_cnn --backend arduino -D ARENA=4096

            The back end `bare` needs nothing but Debian's cross compiler. `arduino` drives arduino-cli, `idf` drives \
            idf.py; espmask doctor says whether they are there. With a model that the sketch does not bring itself, the \
            model's partition is packed beside the firmware, and `espmask flash` of the folder writes both.
            """)

    @Argument(help: "A sketch's name, its folder, or its .ino file.") var sketch: String?
    @Option(help: "The board, as `boards/` names it.") var board: String?
    @OptionGroup var choice: BackendOption
    @Option(help: "The .tflite file to pack beside the firmware.") var model: String?
    @Option(help: "Bytes of arena: ARENA for the compiler, and the arena of the packed model.") var arena: UInt32?
    @Option(name: .customShort("D"), help: "NAME=VALUE for the compiler.") var defines: [String] = []
    @Option(help: "Where the results go.") var output: String?
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        var flags = choice.flags
        flags[.board] = board
        flags[.model] = model
        flags[.arena] = arena.map { String($0) }
        let project = try Project(flags: flags, sketch: sketch)
        // Before minutes of compiling: a model that cannot run is refused.
        let packed = project.isChosen(.model) ? try PackedModel(project: project) : nil
        let request = BuildRequest(
            sketch: project.sketch, board: project.board, defines: defines + (arena.map { ["ARENA=\($0)"] } ?? []),
            output: output.map { FilePath($0) })
        var result = try await FirmwareBuild(environment: Console.environmentVariables).build(
            request, with: project.backend)
        if let packed { try result.add(packed) }
        if console.json { console.event(result.json) } else { result.lines.forEach(console.line) }
    }
}

extension BuildResult {
    /// Puts the packed model beside the images, for the partition `model` of the build's own table.
    mutating func add(_ model: PackedModel) throws {
        guard let table = images.first(where: { $0.offset == FlashJob.tableOffset }) else {
            throw Failure.noPlaceForModel
        }
        let place = try PartitionTable(binary: try Files.read(table.file)).partition(named: "model")
        let bytes = try model.slot.encoded()
        guard bytes.count <= place.size else {
            throw Failure(
                "model-too-large", "the packed model has \(bytes.count) bytes, its partition \(place.size)",
                hint: "Give the partition 'model' more room in the board's partition table.")
        }
        images.append(
            try BuiltFolder.add(
                bytes, named: "model.bin", at: place.offset, label: FlashJob.modelLabel,
                to: elf.removingLastComponent()))
    }

    /// The shape of `build --json`.
    var json: JSON {
        [
            "backend": .string(backend.rawValue), "elf": .string(elf.string),
            "images": .array(
                images.map {
                    [
                        "offset": .string("0x" + String($0.offset, radix: 16)), "file": .string($0.file),
                        "label": .string($0.label),
                    ]
                }),
            "sizes": ["flash": .int(sizes.flash), "ram": .int(sizes.ram)],
            "warnings": .array(warnings.map { .string($0.message) }),
            "diagnoses": .array(diagnostics.map { .string($0.message) }), "seconds": .number(seconds),
            "up_to_date": .bool(isUpToDate),
        ]
    }

    /// The same for a person.
    var lines: [String] {
        var lines = warnings.map { "warning: \($0.message)" }
        lines.append("\(isUpToDate ? "up to date" : "built"): \(elf)")
        for image in images { lines.append("  0x\(String(image.offset, radix: 16).padded(to: 8)) \(image.file)") }
        lines.append("flash \(sizes.flash) bytes, RAM \(sizes.ram) bytes")
        return lines
    }
}

/// What builds the firmware.
struct BackendOption: ParsableArguments {
    @Option(help: "What builds: auto, bare, arduino or idf.") var backend: String?

    var flags: [SettingName: String] { backend.map { [.backend: $0] } ?? [:] }
}
