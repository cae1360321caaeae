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
            """)

    /// What to write of a sketch.
    enum Part: String, ExpressibleByArgument, CaseIterable {
        case model, firmware, all
    }

    @Argument(help: "A sketch, the folder of a build, or OFFSET FILE and again as often as needed.")
    var what: [String] = []
    @OptionGroup var ports: PortOptions
    @Option(help: "The board, as `boards/` names it.") var board: String?
    @Option(help: "The .tflite file for the model partition.") var model: String?
    @Option(help: "Bytes of arena the board sets aside; 0 as planned.") var arena: UInt32?
    @Option(help: "What to write: model, firmware or all.") var only = Part.all
    @Flag(help: "Erase the whole flash first.") var erase = false
    @Flag(name: .customLong("no-diff"), help: "Write everything, without asking what is there already.")
    var noDiff = false
    @Flag(name: .customLong("no-verify"), help: "Do not have the board hash what was written.") var noVerify = false
    @Flag(help: "Write although the chip's fuses protect it.") var force = false
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        var flags = ports.flags
        flags[.board] = board
        flags[.model] = model
        flags[.arena] = arena.map { String($0) }
        let update: BoardUpdate
        let access: Ports
        if ByteNumber.parse(what.first ?? "") != nil {
            let home = try ProjectHome.find(
                environment: Console.environmentVariables, executable: Console.executable)
            access = Ports(home: home, settings: try Project.settings(flags: flags), pace: .virtualTime)
            update = try prepared(BoardUpdate(chip: nil, plan: try FlashPlan(try regions())), access.settings)
        } else {
            guard what.count <= 1 else {
                throw ValidationError("Give one sketch or folder, or pairs of OFFSET and FILE")
            }
            let job = try await FlashJob(what: what.first, flags: flags, part: only, console: console)
            access = Ports(home: job.home, settings: job.settings, pace: .virtualTime)
            update = try prepared(job.update, job.settings)
        }
        for address in try access.addresses() {
            let line = try await access.open(address)
            let report = try await Flashing.perform(update, over: line, console: console)
            await line.close()
            Flashing.show(report, port: address, console: console)
        }
    }

    private func prepared(_ update: BoardUpdate, _ settings: Settings) throws -> BoardUpdate {
        var update = update
        update.erasesAll = erase
        update.options.onlyDifferences = !noDiff
        update.options.verifies = !noVerify
        update.options.ignoresProtection = force
        update.baud = try settings.number(.baud, atLeast: 300) ?? Ports.usualBaud
        return update
    }

    private func regions() throws -> [DeviceBridge.FlashRegion] {
        guard what.count.isMultiple(of: 2) else {
            throw ValidationError("Give pairs of OFFSET and FILE, for example 0x10000 app.bin")
        }
        return try stride(from: 0, to: what.count, by: 2).map { index in
            guard let offset = ByteNumber.parse(what[index]) else {
                throw ValidationError("'\(what[index])' is no offset; write for example 0x10000")
            }
            return .init(offset: offset, bytes: try Files.read(what[index + 1]), label: what[index + 1])
        }
    }
}
