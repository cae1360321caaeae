// `espmask explain`: the monitor's analysis of a log that somebody saved, a board's or a build's.

import ArgumentParser
import DeviceBridge

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Name the causes of what a saved serial or build log shows.",
        discussion: """
            Example: espmask explain crash.log --elf build/run_model_cnn.elf
            Example: arduino-cli compile ... 2>&1 | espmask explain -
            """)

    @Argument(help: "The log; - or nothing is standard input.") var file = "-"
    @Option(help: "The ELF file of the firmware: names the functions and lines of a panic.") var elf: String?
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        let decoder = try elf.map { try AddressDecoder(elf: try Files.read($0)) }
        var heard = HeardLog(console: console, decoder: decoder)
        try heard.report(on: file)
        if let path = elf, heard.hasForeignPanic {
            console.note("note: the panic's ELF digest is not that of \(path): its names and lines may be wrong")
        }
    }
}
