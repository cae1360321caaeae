// `espmask partitions`: partition tables between their two forms.

import ArgumentParser
import ESPImage

struct PartitionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "partitions", abstract: "Make and look at partition tables.",
        subcommands: [PartitionsMake.self, PartitionsShow.self])
}

struct PartitionsMake: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "make", abstract: "Make a binary partition table from a CSV file.",
        discussion: "Example: espmask partitions make partitions.csv -o partitions.bin")

    @Argument(help: "The table as CSV.") var csv: String
    @Option(name: .shortAndLong, help: "Where the binary table goes.") var output: String
    @Option(help: "Where in flash the table will lie.") var tableOffset = ByteNumber(0x8000)
    @Option(help: "The flash size, for example 4MB; checked where given.") var flashSize: String?
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        let table = try PartitionTable(csv: try Files.read(csv), placement: .init(tableOffset: tableOffset.value))
        if let flashSize { try table.validate(flashSize: try FlashSize.named(flashSize).bytes) }
        try Files.write(try table.binary(), to: output)
        console.event(["file": .string(output), "partitions": .int(table.partitions.count)])
        if !console.json { console.line("\(output): \(table.partitions.count) partitions") }
    }
}

struct PartitionsShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a partition table, binary or CSV.",
        discussion: "Example: espmask partitions show partitions.bin")

    @Argument(help: "The table; - for standard input.") var table: String
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        let table = try PartitionTable(parsing: try Files.read(table))
        if console.json {
            console.event(["partitions": .array(table.partitions.map(\.json))])
        } else {
            console.line(String(table.csv().dropLast()))
        }
    }
}

extension Partition {
    /// A row as JSON: type and subtype by name where they have one, offset and size in bytes.
    var json: JSON {
        [
            "name": .string(name), "type": .string(typeName), "subtype": .string(subtypeName),
            "offset": .string("0x" + String(offset, radix: 16)), "size": .int(size), "flags": .string(flagNames),
        ]
    }
}
