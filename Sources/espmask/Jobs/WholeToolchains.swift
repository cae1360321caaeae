// `toolchain install arduino` and `toolchain install idf`, with their progress and what came of them; and the bundle that
// brings either to machines without internet.

import SystemPackage
import Toolchain

extension ToolchainWork {
    /// Installs Arduino's core; our own manifest has arduino-cli, for machines without it.
    func arduinoSetup() async throws -> ArduinoSetup {
        ArduinoSetup(
            prefix: prefix, downloader: try downloader(), mirrors: mirrors, host: host, environment: environment,
            own: try? await manifest(builtIn: true).manifest)
    }

    /// Installs ESP-IDF's tools.
    func idfSetup() throws -> IDFSetup {
        IDFSetup(installer: try installer(), mirrors: mirrors, host: host, environment: environment)
    }
}

/// Installs the ESP32 core of Arduino.
struct ArduinoInstalling {
    let work: ToolchainWork
    let console: Console
    var bundle: ToolBundle?

    func install(version: String?) async throws {
        let rows = Mutexed(DownloadRows(console: console))
        let installed = try await work.arduinoSetup().install(version: version, from: bundle?.arduino) { event in
            rows.with { $0.show(event) }
        }
        let folder = ArduinoFolders(prefix: work.prefix).data.string
        console.event([
            "event": "done", "name": "arduino", "version": .string(installed), "path": .string(folder),
        ])
        if !console.json { console.line("Arduino's ESP32 core \(installed) is in \(folder)") }
    }
}

/// Installs ESP-IDF's tools.
struct IDFInstalling {
    let work: ToolchainWork
    let console: Console
    let target: String
    var bundle: ToolBundle?

    func install(version: String?) async throws {
        let rows = Mutexed(DownloadRows(console: console))
        let (idf, outcomes) = try await work.idfSetup().install(
            version: version, target: target, from: bundle?.idf
        ) { event in rows.with { $0.show(event) } }
        let isWhole = idf.source != .own && outcomes.isEmpty
        if !isWhole { ToolchainInstalling.show(outcomes, prefix: work.prefix, console: console) }
        console.event([
            "event": "done", "name": "idf", "version": .optional(idf.version), "path": .string(idf.path.string),
        ])
        if !console.json {
            let words = isWhole ? "is installed already, and used as it is:" : "is ready:"
            console.line("ESP-IDF \(idf.version ?? "") \(words) \(idf.path)")
        }
    }
}

/// Makes a bundle.
struct ToolchainBundling {
    let work: ToolchainWork
    let target: String
    let folder: FilePath
    let console: Console
    let isForThisMachine: Bool

    func make(_ names: [String], hasManifest: Bool) async throws {
        var asked = AskedTools(names)
        guard !folder.isEmpty else {
            throw Failure("usage", "--to is empty", hint: "Name a folder; the shell's variable may be unset.")
        }
        if hasManifest, asked.arduino != nil || asked.idf != nil {
            throw Failure(
                "usage", "arduino and idf have manifests of their own",
                hint: "Make their bundle without --manifest.")
        }
        if asked.idf != nil, !isForThisMachine {
            throw Failure(
                "usage", "a bundle with idf is for machines like this one",
                hint: "Its Python packages are made here: run this on a machine of that platform.")
        }
        let hasWhole = asked.arduino != nil || asked.idf != nil
        // Whoever is without internet has no arduino-cli either.
        if asked.arduino != nil { asked.tools.append("arduino-cli") }
        let (manifest, bytes) = try await work.manifest(builtIn: hasWhole || asked.isBuiltIn)
        let steps =
            hasWhole && asked.tools.isEmpty
            ? [] : try manifest.steps(manifest.words(asked.tools), target: target, host: work.host)
        guard hasWhole || !steps.isEmpty else {
            throw Failure("usage", "the manifest has nothing that everybody needs", hint: "Name tools.")
        }
        do {
            try ToolBundle.begin(in: folder, arduino: asked.arduino != nil, idf: asked.idf != nil)
            try await make(asked, steps, manifest: bytes)
        } catch let error as ToolchainError {
            throw error.making(bundle: folder)
        }
    }

    private func make(_ asked: AskedTools, _ steps: [InstallStep], manifest bytes: [UInt8]) async throws {
        let rows = Mutexed(DownloadRows(console: console))
        let report: @Sendable (InstallEvent) -> Void = { event in rows.with { $0.show(event) } }
        var size = 0
        var held: [String] = []
        if let request = asked.arduino {
            let made = try await work.arduinoSetup().bundle(version: request.version, in: folder, report: report)
            size += made.bytes
            held.append("arduino@\(made.version)")
        }
        if let request = asked.idf {
            let made = try await work.idfSetup().bundle(
                version: request.version, target: target, in: folder, downloader: try work.downloader(), report: report)
            size += made.bytes
            held.append("idf@\(made.version)")
        }
        size += try await ToolBundle.make(
            steps, manifest: bytes, target: target, host: work.host, in: folder, downloader: try work.downloader(),
            report: report)
        held += steps.map { "\($0.artifact.name)@\($0.artifact.version)" }
        console.event([
            "event": "done", "folder": .string(folder.string), "bytes": .int(size),
            "tools": .array(held.map { .string($0) }),
        ])
        if !console.json { console.line("\(folder) holds \(held.joined(separator: ", ")): \(size >> 10) KB") }
    }
}
