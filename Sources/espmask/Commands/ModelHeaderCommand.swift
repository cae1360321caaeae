// `espmask model header`: a model as a C header, for firmware that compiles its model in.

import ArgumentParser
import HostInference

struct ModelHeaderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "header", abstract: "Export a model as a C header.",
        discussion: "Example: espmask model header my.tflite -o my.h")

    @Argument(help: "The .tflite file.") var model: String
    @Option(name: .shortAndLong, help: "Where the header goes.") var output: String
    @Option(help: "The name of the array; the file's where not given.") var name: String?
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        let bytes = try Files.read(model)
        let (loaded, plan) = try PackedModel.load(bytes, path: model)
        let header = ModelHeader(
            name: ModelCommand.name(of: model), array: name, bytes: bytes, model: loaded, arenaBytes: plan.arenaBytes)
        try Files.write(Array(header.text.utf8), to: output)
        console.event([
            "file": .string(output), "array": .string(header.identifier), "bytes": .int(bytes.count),
            "arena": .int(plan.arenaBytes),
        ])
        if !console.json {
            console.line("\(output): \(header.identifier), \(bytes.count) bytes, arena \(plan.arenaBytes) bytes")
        }
    }
}
