// `espmask doctor` and `espmask toolchain doctor`: what is there, what is missing, and the command that mends it.

import ArgumentParser
import Toolchain

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Show what is there, what is missing, and what mends it.",
        discussion: """
            Example: espmask doctor --json

            Ends with 5 when something is broken, or something is missing without which nothing can be built.
            """)

    @OptionGroup var place: PrefixOption
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let work = try ToolchainWork(prefix: place.prefix, manifest: nil)
        let doctor = Doctor(environment: work.environment, prefix: work.prefix)
        var findings: [Finding] = []
        do {
            let home = try ProjectHome.find(environment: work.environment, executable: Console.executable)
            findings.append(Finding("espmask", .ok, "\(home.root), boards: \(home.boardNames().count)"))
        } catch {
            findings.append(Finding("espmask", .missing, error.message, remedy: error.hint))
        }
        findings += doctor.bareBackEnd()
        findings += await doctor.backEnds()
        findings += doctor.programs()
        findings += await doctor.tools()
        findings += doctor.disk() + doctor.serialPorts()
        try findings.show(on: out.console)
    }
}

struct ToolchainDoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check every installed tool, and what installing needs.",
        discussion: "Example: espmask toolchain doctor --prefix ~/tools")

    @OptionGroup var place: PrefixOption
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let work = try ToolchainWork(prefix: place.prefix, manifest: nil)
        let doctor = Doctor(environment: work.environment, prefix: work.prefix)
        try (await doctor.tools() + doctor.programs() + doctor.disk()).show(on: out.console)
    }
}

extension [Finding] {
    /// Prints them, and ends with 5 if work will fail.
    func show(on console: Console) throws {
        let fails = contains(where: \.isFailure)
        if console.json {
            console.event([
                "ok": .bool(!fails),
                "checks": .array(
                    map {
                        [
                            "name": .string($0.name), "state": .string($0.state.rawValue), "detail": .string($0.detail),
                            "remedy": .string($0.remedy),
                        ]
                    }),
            ])
        } else {
            let width = Swift.min(28, map(\.name.count).max() ?? 0)
            for finding in self {
                console.line(
                    "\(finding.state.rawValue.padded(to: 8)) \(finding.name.padded(to: width)) \(finding.detail)")
                if finding.state != .ok, !finding.remedy.isEmpty {
                    console.line("\("".padded(to: width + 10))do: \(finding.remedy)")
                }
            }
        }
        if fails { throw ArgumentParser.ExitCode(ExitCode.toolMissing) }
    }
}
