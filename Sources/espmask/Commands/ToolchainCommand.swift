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
              espmask toolchain bundle arduino --to usb-stick && espmask toolchain install --from usb-stick
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
        let work = try ToolchainWork(prefix: place.prefix, manifest: source.manifest, mirrors: source.mirror)
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
        let asked = AskedTools(names)
        if let from {
            guard !from.isEmpty else {
                throw Failure("usage", "--from is empty", hint: "Name a folder; the shell's variable may be unset.")
            }
            return try await installBundle(FilePath(from), asked)
        }
        if source.manifest == nil, names.isEmpty {
            throw Failure(
                "usage", "nothing is named to install",
                hint: "Name arduino, idf, qemu, or tools of a manifest; espmask toolchain list shows them.")
        }
        let work = try ToolchainWork(prefix: place.prefix, manifest: source.manifest, mirrors: source.mirror)
        // Given a manifest, every name is one of its tools; without names those that everybody needs are meant.
        let tools = source.manifest == nil ? asked.tools : names
        if source.manifest != nil || !tools.isEmpty { try await installTools(tools, work, target: source.target) }
        if source.manifest == nil { try await installWholes(asked, work) }
    }

    private func installTools(
        _ words: [String], _ work: ToolchainWork, target: String, from bundle: FilePath? = nil
    ) async throws {
        let console = out.console
        var steps: [InstallStep] = []
        // qemu and arduino-cli are those of our own manifest, whatever ESP-IDF is there.
        let groups = Dictionary(grouping: words) { source.manifest == nil && AskedTools([$0]).isBuiltIn }
        for (isBuiltIn, words) in words.isEmpty ? [false: []] : groups {
            let manifest = try await work.manifest(builtIn: isBuiltIn).manifest
            steps += try manifest.steps(manifest.words(words), target: target, host: work.host)
        }
        let outcomes = try await ToolchainInstalling.install(
            steps, with: try work.installer(from: bundle), console: console)
        ToolchainInstalling.show(outcomes, prefix: work.prefix, console: console)
    }

    private func installWholes(_ asked: AskedTools, _ work: ToolchainWork, from bundle: ToolBundle? = nil) async throws
    {
        let console = out.console
        if let request = asked.arduino {
            try await ArduinoInstalling(work: work, console: console, bundle: bundle).install(version: request.version)
        }
        if let request = asked.idf {
            try await IDFInstalling(
                work: work, console: console, target: bundle?.target ?? source.target, bundle: bundle
            ).install(version: request.version)
        }
    }

    private func installBundle(_ folder: FilePath, _ asked: AskedTools) async throws {
        if let manifest = source.manifest {
            guard !manifest.contains("://") else {
                throw Failure(
                    "usage", "with --from the manifest must be a file: the network is not used",
                    hint: "Fetch it, and name the file.")
            }
            let work = try ToolchainWork(prefix: place.prefix, manifest: manifest, mirrors: source.mirror)
            return try await installTools(names, work, target: source.target, from: folder)
        }
        guard let host = Host.current else {
            throw Failure("tool-missing", "nobody makes toolchains for this machine", hint: "")
        }
        let bundle = try ToolBundle(folder: folder, host: host)
        var wanted = asked
        if names.isEmpty {
            wanted.tools = bundle.tools
            wanted.arduino = bundle.arduino.map { _ in ToolRequest("arduino") }
            wanted.idf = bundle.idf.map { _ in ToolRequest("idf") }
        }
        for (name, isThere) in [("arduino", bundle.arduino != nil), ("idf", bundle.idf != nil)] {
            let isWanted = name == "idf" ? wanted.idf != nil : wanted.arduino != nil
            guard isWanted, !isThere else { continue }
            throw Failure(
                "file-not-found", "\(folder) holds no \(name)",
                hint: "Make it again with espmask toolchain bundle \(name) --to \(folder).")
        }
        let work = try ToolchainWork(
            prefix: place.prefix, manifest: bundle.manifest.string, mirrors: source.mirror, bundle: bundle)
        if !wanted.tools.isEmpty {
            try await installTools(wanted.tools, work, target: bundle.target, from: folder)
        }
        try await installWholes(wanted, work, from: bundle)
    }
}

struct ToolchainRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove installed tools.",
        discussion: """
            Examples: espmask toolchain remove qemu
                      espmask toolchain remove arduino
                      espmask toolchain remove idf@5.5.1

            `idf` removes clones of our own and the Python environments; its tools are removed by their names.
            """)

    @Argument(help: "NAME[@VERSION]; without a version, all of them.") var names: [String]
    @OptionGroup var place: PrefixOption
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let console = out.console
        let work = try ToolchainWork(prefix: place.prefix, manifest: nil)
        let asked = AskedTools(names)
        let installer = try work.installer()
        var rows: [JSON] = []
        if !asked.tools.isEmpty {
            let removed = try await installer.remove(asked.tools.map { AskedTools.manifestName($0) })
            rows += removed.map { $0.json(in: work.prefix) }
            if !console.json { for receipt in removed { console.line("removed \(receipt.name) \(receipt.version)") } }
        }
        var folders: [(String, FilePath)] = []
        if asked.arduino != nil { folders += try await installer.removeArduino().map { ("arduino", $0) } }
        if let request = asked.idf {
            folders += try await installer.removeIDF(version: request.version).map { ("idf", $0) }
        }
        for (name, path) in folders {
            rows.append(["name": .string(name), "path": .string(path.string)])
            if !console.json { console.line("removed \(path)") }
        }
        console.event(["removed": .array(rows)])
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
        guard let form = ToolEnvironment.Format(rawValue: format) else {
            throw Failure("usage", "there is no format '\(format)'", hint: "Use sh, fish or json.")
        }
        let work = try ToolchainWork(prefix: place.prefix, manifest: nil)
        Console(json: out.json).paint(ToolEnvironment(prefix: work.prefix).text(out.json ? .json : form))
    }
}

struct ToolchainBundleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle", abstract: "Make a folder to install from on machines without internet.",
        discussion: """
            Examples: espmask toolchain bundle arduino --to usb-stick
                      espmask toolchain bundle idf qemu --to usb-stick
                      espmask toolchain bundle qemu --to usb-stick --platform linux-arm64

            With idf it holds the checkout and its Python packages too, and is for machines with this one's Python.
            """)

    @Argument(help: "arduino, idf, qemu or NAME[@VERSION] of the manifest; without one, what everybody needs.")
    var names: [String] = []
    @Option(help: "The folder.") var to: String
    @Option(help: "The platform of the machines, for example linux-arm64; else this one's.") var platform: String?
    @OptionGroup var place: PrefixOption
    @OptionGroup var source: ManifestOptions
    @OptionGroup var out: OutputOptions

    func run() async throws {
        let work = try ToolchainWork(
            prefix: place.prefix, manifest: source.manifest, mirrors: source.mirror, platform: platform)
        try await ToolchainBundling(
            work: work, target: source.target, folder: FilePath(to), console: out.console,
            isForThisMachine: platform == nil || Host.current == work.host
        ).make(names, hasManifest: source.manifest != nil)
    }
}
