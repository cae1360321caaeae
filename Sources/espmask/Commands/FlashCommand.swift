// `espmask flash`: brings firmware and model to boards. What is there already is not sent again, and the board's own
// MD5 proves the rest.

import ArgumentParser
import BoardPorts
import DeviceBridge
import ESPImage
import SystemPackage
import Toolchain

struct FlashCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flash", abstract: "Write firmware and model to boards, only what differs, and prove it.",
        discussion: """
            Examples: espmask flash run_model_cnn --port /dev/ttyUSB0
                      espmask flash 0x10000 app.bin --port socket://127.0.0.1:4000
                      espmask flash run_model_cnn --port /dev/ttyUSB0,/dev/ttyUSB1

            What would not start, or would wipe out somebody's data, is refused: an image for another chip or another \
            revision of it, one larger than its partition, a file on NVS or otadata, a layout larger than the flash. \
            Image headers are written as they are; nothing is patched.
            """)

    /// What to write of a sketch.
    enum Part: String, ExpressibleByArgument, CaseIterable {
        case model, firmware, all
    }

    @Argument(help: "A sketch, the folder of a build, or OFFSET FILE (a partition's label will do) and again.")
    var what: [String] = []
    @OptionGroup var ports: PortOptions
    @Option(help: "The board, as `boards/` names it.") var board: String?
    @OptionGroup var choice: BackendOption
    @Option(help: "The .tflite file for the model partition.") var model: String?
    @Option(help: "Bytes of arena the board sets aside; 0 as planned.") var arena: UInt32?
    @Option(help: "What to write: model, firmware or all.") var only = Part.all
    @Flag(help: "Erase the whole flash first.") var erase = false
    @Flag(name: .customLong("no-diff"), help: "Write everything, without asking what is there already.")
    var noDiff = false
    @Flag(name: .customLong("no-verify"), help: "Do not have the board hash what was written.") var noVerify = false
    @OptionGroup var stub: StubOption
    @Flag(help: "Write what would be refused: protected chips, wrong images, wrong places.") var force = false
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        var flags = ports.flags
        flags[.board] = board
        flags.merge(choice.flags) { $1 }
        flags[.model] = model
        flags[.arena] = arena.map { String($0) }
        let update: BoardUpdate
        let access: Ports
        if what.count >= 2 || ByteNumber.parse(what.first ?? "") != nil {
            let home = try ProjectHome.find(
                environment: Console.environmentVariables, executable: Console.executable)
            access = Ports(home: home, settings: try Project.settings(flags: flags), pace: .virtualTime)
            update = try prepared(try files(), access.settings)
        } else {
            let job = try await FlashJob(what: what.first, flags: flags, part: only, console: console)
            access = Ports(home: job.home, settings: job.settings, pace: .virtualTime)
            update = try prepared(job.update, job.settings)
        }
        let addresses = try access.addresses()
        if addresses.count == 1 {
            try await Flashing.one(update, at: addresses[0], access, stub: try stub.source, console: console)
        } else if let failure = await Flashing.many(
            update, at: addresses, access, stub: try stub.source, console: console)
        {
            throw ArgumentParser.ExitCode(failure.exitCode)
        }
    }

    private func prepared(_ update: BoardUpdate, _ settings: Settings) throws -> BoardUpdate {
        var update = update
        update.erasesAll = erase
        update.options.onlyDifferences = !noDiff
        update.options.verifies = !noVerify
        update.options.isForced = force
        update.baud = try settings.number(.baud, atLeast: 300) ?? Ports.usualBaud
        return update
    }

    /// The files of the arguments, at their offsets or for the partitions of their labels.
    private func files() throws -> BoardUpdate {
        guard what.count.isMultiple(of: 2) else {
            throw ValidationError("Give pairs of OFFSET and FILE, for example 0x10000 app.bin")
        }
        var regions: [DeviceBridge.FlashRegion] = []
        var labelled: [BoardUpdate.Labelled] = []
        for index in stride(from: 0, to: what.count, by: 2) {
            let (place, file) = (what[index], what[index + 1])
            let bytes = try Files.read(file)
            if bytes.isEmpty { throw Failure("usage", "\(file) is empty", hint: "Check the path.") }
            if let label = try LoaderWork.label(place) {
                labelled.append(.init(partition: label, bytes: bytes, label: file))
            } else {
                regions.append(.init(offset: ByteNumber.parse(place) ?? 0, bytes: bytes, label: file))
            }
        }
        var update = BoardUpdate(chip: nil, plan: try FlashPlan(regions))
        update.labelled = labelled
        return update
    }
}
