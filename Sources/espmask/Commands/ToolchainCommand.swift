// `espmask toolchain`: the tools that builds need, installed, listed, removed, checked, exported and bundled.

import ArgumentParser
import SystemPackage
import Toolchain

struct ToolchainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "toolchain", abstract: "Install and look after the tools that builds need.",
        discussion: """
            Building for the bare-metal back end needs nothing of this. Examples:
              espmask toolchain install qemu
              espmask toolchain install arduino
              espmask toolchain install --manifest ~/esp/esp-idf/tools/tools.json xtensa-esp-elf
              espmask toolchain bundle --to usb-stick && espmask toolchain install --from usb-stick
              eval "$(espmask toolchain env)"
            """,
        subcommands: [
            ToolchainListCommand.self, ToolchainInstallCommand.self, ToolchainRemoveCommand.self,
            ToolchainDoctorCommand.self, ToolchainEnvCommand.self, ToolchainBundleCommand.self,
        ])
}

/// Where tools are installed.
struct PrefixOption: ParsableArguments {
    @Option(help: "Where tools are installed; else ESPMASK_TOOLCHAINS, else ~/.local/share/espmask/toolchains.")
    var prefix: String?
}

/// Which tools there are.
struct ManifestOptions: ParsableArguments {
    @Option(help: "An ESP-IDF tools.json or an Arduino package index: a file or a URL.") var manifest: String?
    @Option(help: "The chip that tools are for.") var target = "esp32"
    @Option(help: "FROM=TO: ask TO for URLs that begin with FROM; TO is a URL or a folder.") var mirror: [String] = []
}

struct ToolchainListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List what is installed, what was found, and what there is.",
        discussion: "Example: espmask toolchain list --json")

    @OptionGroup var place: PrefixOption
    @OptionGroup var source: ManifestOptions
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        let work = try ToolchainWork(prefix: place.prefix, manifest: source.manifest)
        let manifest = try await work.manifest().manifest
        let receipts = work.prefix.receipts()
        let idfs = FoundIDF.all(environment: work.environment, prefix: work.prefix)
        let cores = FoundArduino.all(environment: work.environment, prefix: work.prefix)
        if console.json {
            console.event([
                "prefix": .string(work.prefix.root.string),
                "installed": .array(receipts.map { $0.json(in: work.prefix) }),
                "found": .array(idfs.map(\.json) + cores.map(\.json)),
                "available": .array(manifest.tools.filter { $0.serves(source.target) }.map(\.json)),
            ])
            return
        }
        console.line("installed in \(work.prefix.root)")
        if receipts.isEmpty { console.line("  nothing") }
        for receipt in receipts { console.line("  \(receipt.name.padded(to: 24)) \(receipt.version)") }
        if !idfs.isEmpty || !cores.isEmpty { console.line("found, and used in place") }
        for idf in idfs {
            console.line("  \("ESP-IDF \(idf.version ?? "")".padded(to: 24)) \(idf.path) (\(idf.source.rawValue))")
        }
        for core in cores {
            console.line(
                "  \("Arduino core \(core.version ?? "")".padded(to: 24)) \(core.core) (\(core.source.rawValue))")
        }
        console.line("available")
        for tool in manifest.tools where tool.serves(source.target) && tool.preferred != nil {
            console.line("  \(tool.name.padded(to: 24)) \((tool.preferred?.name ?? "").padded(to: 28)) \(tool.summary)")
        }
    }
}

struct ToolchainInstallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install", abstract: "Install tools: fetched, verified, unpacked, put into place in one step.",
        discussion: """
            Examples: espmask toolchain install qemu
                      espmask toolchain install idf@5.5
                      espmask toolchain install xtensa-esp-elf --manifest tools.json --prefix ~/tools
                      espmask toolchain install --from usb-stick

            Names may be patterns (esp-*), `required` or `all`; NAME@VERSION takes a version. An interrupted download \
            is continued by the same command.
            """)

    @Argument(help: "NAME[@VERSION] of the manifest, arduino, idf or qemu.") var names: [String] = []
    @OptionGroup var place: PrefixOption
    @OptionGroup var source: ManifestOptions
    @Option(help: "A folder that `toolchain bundle` made; the network is not used.") var from: String?
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        let bundle = from.map { FilePath($0) }
        if from == nil, source.manifest == nil {
            for name in names {
                switch ToolRequest(name).name {
                case "arduino", "idf": return try await installWhole(console)
                case _: break
                }
            }
        }
        var words = names
        var target = source.target
        var manifestPath = source.manifest
        var isBuiltIn = false
        if let bundle, manifestPath == nil {
            guard let host = Host.current else {
                throw Failure("tool-missing", "nobody makes toolchains for this machine", hint: "")
            }
            let contents = try ToolBundle(folder: bundle, host: host)
            manifestPath = contents.manifest.string
            if words.isEmpty { words = contents.tools }
            target = contents.target
        }
        if manifestPath == nil, words.isEmpty {
            throw Failure(
                "usage", "nothing is named to install",
                hint: "Name arduino, idf, qemu, or tools of a manifest; espmask toolchain list shows them.")
        }
        if manifestPath == nil { isBuiltIn = words.contains { ToolRequest($0).name == "qemu" } }
        let work = try ToolchainWork(prefix: place.prefix, manifest: manifestPath, mirrors: source.mirror)
        let manifest = try await work.manifest(builtIn: isBuiltIn).manifest
        words = words.map { word in
            let request = ToolRequest(word)
            guard request.name == "qemu", manifest.tool("qemu") == nil else { return word }
            return "qemu-xtensa" + (request.version.map { "@\($0)" } ?? "")
        }
        let steps = try manifest.steps(words, target: target, host: work.host)
        let outcomes = try await ToolchainInstalling.install(
            steps, with: try work.installer(from: bundle), console: console)
        ToolchainInstalling.show(outcomes, prefix: work.prefix, console: console)
    }

    private func installWhole(_ console: Console) async throws {
        let work = try ToolchainWork(prefix: place.prefix, manifest: nil, mirrors: source.mirror)
        for name in names {
            let request = ToolRequest(name)
            switch request.name {
            case "arduino": try await ArduinoInstalling(work: work, console: console).install(version: request.version)
            case "idf": try await IDFInstalling(work: work, console: console).install(version: request.version)
            case _:
                throw Failure(
                    "usage", "'\(name)' cannot be installed together with arduino or idf",
                    hint: "Run espmask toolchain install \(name) by itself.")
            }
        }
    }
}

struct ToolchainRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove installed tools.",
        discussion: "Example: espmask toolchain remove qemu-xtensa")

    @Argument(help: "NAME[@VERSION]; without a version, all of them.") var names: [String]
    @OptionGroup var place: PrefixOption
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        let work = try ToolchainWork(prefix: place.prefix, manifest: nil)
        let words = names.map { $0 == "qemu" ? "qemu-xtensa" : $0 }
        let removed = try await work.installer().remove(words)
        console.event(["removed": .array(removed.map { $0.json(in: work.prefix) })])
        if !console.json { for receipt in removed { console.line("removed \(receipt.name) \(receipt.version)") } }
    }
}

struct ToolchainEnvCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env", abstract: "Print the environment in which installed tools are found.",
        discussion: """
            Examples: eval "$(espmask toolchain env)"
                      espmask toolchain env --format fish | source
            """)

    @Option(help: "sh, fish or json.") var format = "sh"
    @OptionGroup var place: PrefixOption
    @OptionGroup var out: OutputOptions

    func run() async throws {
        guard let form = out.json ? .json : ToolEnvironment.Format(rawValue: format) else {
            throw Failure("usage", "there is no format '\(format)'", hint: "Use sh, fish or json.")
        }
        let work = try ToolchainWork(prefix: place.prefix, manifest: nil)
        Console(json: out.json).paint(ToolEnvironment(prefix: work.prefix).text(form))
    }
}

struct ToolchainBundleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle", abstract: "Make a folder to install from on machines without internet.",
        discussion: "Example: espmask toolchain bundle qemu --to usb-stick --platform linux-arm64")

    @Argument(help: "NAME[@VERSION] of the manifest; without one, what everybody needs.") var names: [String] = []
    @Option(help: "The folder.") var to: String
    @Option(help: "The platform of the machines, for example linux-arm64; else this one's.") var platform: String?
    @OptionGroup var place: PrefixOption
    @OptionGroup var source: ManifestOptions
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        let work = try ToolchainWork(
            prefix: place.prefix, manifest: source.manifest, mirrors: source.mirror, platform: platform)
        let wantsQemu = names.contains { ToolRequest($0).name == "qemu" }
        let (manifest, bytes) = try await work.manifest(builtIn: wantsQemu)
        let words = names.map { manifest.tool("qemu") == nil && $0 == "qemu" ? "qemu-xtensa" : $0 }
        let steps = try manifest.steps(words, target: source.target, host: work.host)
        guard !steps.isEmpty else {
            throw Failure("usage", "the manifest has nothing that everybody needs", hint: "Name tools.")
        }
        let rows = Mutexed(DownloadRows(console: console))
        let size = try await ToolBundle.make(
            steps, manifest: bytes, target: source.target, host: work.host, in: FilePath(to),
            downloader: try work.downloader()
        ) { event in rows.with { $0.show(event) } }
        console.event([
            "event": "done", "folder": .string(to), "bytes": .int(size),
            "tools": .array(steps.map { .string("\($0.artifact.name)@\($0.artifact.version)") }),
        ])
        if !console.json { console.line("\(to) holds \(steps.count) archives, \(size >> 10) KB") }
    }
}
