// `espmask build`: a sketch becomes firmware, through the bare-metal back end.

import ArgumentParser
import SystemPackage
import Toolchain

struct BuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Build a sketch's firmware with Debian's cross compiler.",
        discussion: "Example: espmask build run_model_cnn --output out -D ARENA=4096")

    @Argument(help: "A sketch's name, its folder, or its .ino file.") var sketch = "run_model_cnn"
    @Option(help: "The board, as `boards/` names it.") var board = "esp32-devkitc-v4"
    @Option(name: .customShort("D"), help: "NAME=VALUE for the compiler.") var defines: [String] = []
    @Option(help: "Where the results go.") var output: String?
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        let environment = Console.environmentVariables
        let home = try ProjectHome.find(environment: environment, executable: Console.executable)
        let request = BuildRequest(
            sketch: try home.sketch(sketch), board: try home.board(named: board), defines: defines,
            output: output.map { FilePath($0) })
        let result = try await BareBuild(environment: environment).build(request)
        if console.json { console.event(result.json) } else { result.lines.forEach(console.line) }
    }
}

extension BuildResult {
    /// The shape of `build --json`.
    var json: JSON {
        [
            "backend": "bare", "elf": .string(elf.string),
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
