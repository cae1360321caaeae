// What every verb of `toolchain` needs: the manifest that was meant, the prefix, and what downloads.

import SystemPackage
import Toolchain

/// The flags of the verbs that install.
struct ToolchainWork {
    let environment: [String: String]
    let prefix: InstallPrefix
    let host: Host
    let mirrors: Mirrors
    private let given: String?
    private let bundle: ToolBundle?

    /// `bundle` is where everything comes from, in the place of the network.
    init(
        prefix folder: String?, manifest: String?, mirrors texts: [String] = [], platform: String? = nil,
        bundle: ToolBundle? = nil
    ) throws {
        self.bundle = bundle
        if folder == "" {
            throw Failure("usage", "--prefix is empty", hint: "Name a folder; the shell's variable may be unset.")
        }
        environment = Console.environmentVariables
        prefix = folder.map { InstallPrefix(root: FilePath($0)) } ?? InstallPrefix(environment: environment)
        given = manifest
        mirrors = try Mirrors(texts, environment: environment)
        if let platform {
            guard let host = Host(platform: platform) else {
                throw Failure(
                    "usage", "'\(platform)' is no platform",
                    hint: "For example linux-amd64, linux-arm64, macos, macos-arm64, win64.")
            }
            self.host = host
        } else {
            guard let host = Host.current else {
                throw Failure(
                    "tool-missing", "nobody makes toolchains for this machine",
                    hint: "Use --platform to make a bundle for another one.")
            }
            self.host = host
        }
    }

    /// The manifest's bytes and name: the one given, a path or a URL; else that of an ESP-IDF; else our own.
    func manifestFile(builtIn: Bool = false) async throws -> (bytes: [UInt8], name: String) {
        if let given {
            if given.contains("://") { return (try await downloader().fetch(url: given, name: given), given) }
            return (try Files.read(given), given)
        }
        if !builtIn, let idf = FoundIDF.all(environment: environment, prefix: prefix).first {
            return (try Files.read(idf.manifest.string), idf.manifest.string)
        }
        let home = try ProjectHome.find(environment: environment, executable: Console.executable)
        let path = home.boards.pushing("esp32/tools.json").string
        return (try Files.read(path), path)
    }

    /// The manifest for the host.
    func manifest(builtIn: Bool = false) async throws -> (manifest: ToolManifest, bytes: [UInt8]) {
        let file = try await manifestFile(builtIn: builtIn)
        // Our own file, and what a bundle has of it, may lack sizes.
        let needsSizes = given != nil && bundle == nil
        return (
            try ToolManifest(file.bytes, name: file.name, host: host, needsSizes: needsSizes), file.bytes
        )
    }

    /// What downloads, from a folder alone where one is given.
    func downloader(from folder: FilePath? = nil) throws -> Downloader {
        var cache = ArchiveCache(environment: environment)
        let offline = folder ?? bundle?.folder
        if let offline {
            let places = bundle?.archives ?? [offline.appending("dist"), offline]
            cache = ArchiveCache(folder: cache.folder, others: places + cache.others)
        }
        // A stall is a minute without a byte; the variable is for lines that are slower than that.
        var seconds = 60
        if let text = environment["ESPMASK_STALL_SECONDS"] {
            guard let given = Int(text), given > 0 else {
                throw Failure(
                    "usage", "ESPMASK_STALL_SECONDS is '\(text)'", hint: "Give whole seconds, for example 60.")
            }
            seconds = given
        }
        return Downloader(
            cache: cache,
            transport: offline.map { Transports.offline(folder: $0) }
                ?? Transports.standard(environment: environment, inactivityLimit: seconds),
            mirrors: mirrors, policy: try retries())
    }

    private func retries() throws -> RetryPolicy {
        var policy = RetryPolicy()
        if let text = environment["ESPMASK_RETRY_SECONDS"] {
            guard let seconds = Double(text), seconds >= 0 else {
                throw Failure(
                    "usage", "ESPMASK_RETRY_SECONDS is '\(text)'",
                    hint: "Give the first wait in seconds, for example 1.")
            }
            policy.firstWait = seconds
        }
        return policy
    }

    func installer(from folder: FilePath? = nil) throws -> Installer {
        Installer(prefix: prefix, downloader: try downloader(from: folder), environment: environment)
    }
}

/// What a command line names to install: whole toolchains, and tools of a manifest.
struct AskedTools {
    /// Arduino's core, and which version.
    var arduino: ToolRequest?
    /// ESP-IDF, and which version.
    var idf: ToolRequest?
    /// The rest.
    var tools: [String] = []

    init(_ names: [String]) {
        for name in names {
            let request = ToolRequest(name)
            switch request.name {
            case "arduino": arduino = request
            case "idf": idf = request
            case _: tools.append(name)
            }
        }
    }

    /// What people call qemu is qemu-xtensa in the manifests.
    static func manifestName(_ word: String) -> String {
        let request = ToolRequest(word)
        return request.name == "qemu" ? "qemu-xtensa" + (request.version.map { "@\($0)" } ?? "") : word
    }

    /// Whether the tools are those of our own manifest, whatever ESP-IDF is there.
    var isBuiltIn: Bool { tools.contains { ["qemu", "arduino-cli"].contains(ToolRequest($0).name) } }
}

extension ToolManifest {
    /// The names as this manifest has them: what people call qemu is qemu-xtensa in ESP-IDF's.
    func words(_ names: [String]) -> [String] {
        names.map { name in
            let request = ToolRequest(name)
            return request.name == "qemu" && tool("qemu") != nil ? name : AskedTools.manifestName(name)
        }
    }
}
