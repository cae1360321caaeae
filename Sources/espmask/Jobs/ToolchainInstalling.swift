// Runs an installation with its progress on the terminal, and reports what came of it.

import SystemPackage
import Toolchain

enum ToolchainInstalling {
    /// Installs, showing what is going on.
    static func install(
        _ steps: [InstallStep], with installer: Installer, console: Console
    ) async throws(ToolchainError) -> [InstallOutcome] {
        let rows = Mutexed(DownloadRows(console: console))
        return try await installer.install(steps) { event in rows.with { $0.show(event) } }
    }

    /// Says what was installed.
    static func show(_ outcomes: [InstallOutcome], prefix: InstallPrefix, console: Console) {
        for outcome in outcomes { if let remark = outcome.remark { console.note("note: \(remark)") } }
        if console.json {
            console.event([
                "event": "done", "prefix": .string(prefix.root.string),
                "tools": .array(
                    outcomes.map {
                        [
                            "name": .string($0.receipt.name), "version": .string($0.receipt.version),
                            "path": .string($0.folder.string), "change": .string($0.change.rawValue),
                        ]
                    }),
            ])
            return
        }
        for outcome in outcomes {
            let what = outcome.change == .present ? "is there already" : outcome.change.rawValue
            console.line("\(outcome.receipt.name) \(outcome.receipt.version) \(what): \(outcome.folder)")
        }
        if outcomes.isEmpty { console.line("nothing to install") }
    }
}

extension Receipt {
    func json(in prefix: InstallPrefix) -> JSON {
        [
            "name": .string(name), "version": .string(version), "path": .string(prefix.folder(place).string),
            "reported": .optional(reported), "files": .int(files), "archive": .string(archive.name),
            "digest": .string(archive.digest),
        ]
    }
}

extension ManifestTool {
    var json: JSON {
        [
            "name": .string(name), "summary": .string(summary), "install": .string(policy.rawValue),
            "recommended": .optional(preferred?.name), "versions": .array(versions.map { .string($0.name) }),
        ]
    }
}

extension FoundIDF {
    var json: JSON {
        [
            "kind": "idf", "path": .string(path.string), "version": .optional(version),
            "source": .string(source.rawValue),
        ]
    }
}

extension FoundArduino {
    var json: JSON {
        [
            "kind": "arduino", "path": .string(core.string), "version": .optional(version),
            "source": .string(source.rawValue),
        ]
    }
}
