// `toolchain install arduino` and `toolchain install idf`, with their progress and what came of them.

import SystemPackage
import Toolchain

/// Installs the ESP32 core of Arduino.
struct ArduinoInstalling {
    let work: ToolchainWork
    let console: Console

    func install(version: String?) async throws {
        let setup = ArduinoSetup(
            prefix: work.prefix, downloader: try work.downloader(), mirrors: work.mirrors, host: work.host,
            environment: work.environment)
        let rows = Mutexed(DownloadRows(console: console))
        let installed = try await setup.install(version: version) { event in rows.with { $0.show(event) } }
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

    func install(version: String?) async throws {
        let setup = IDFSetup(
            installer: try work.installer(), mirrors: work.mirrors, host: work.host, environment: work.environment)
        let rows = Mutexed(DownloadRows(console: console))
        let (idf, outcomes) = try await setup.install(version: version, target: "esp32") { event in
            rows.with { $0.show(event) }
        }
        ToolchainInstalling.show(outcomes, prefix: work.prefix, console: console)
        if !console.json { console.line("ready for ESP-IDF \(idf.version ?? "") in \(idf.path)") }
    }
}
