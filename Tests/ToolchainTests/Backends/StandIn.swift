// Programs that are not here, as scripts on a PATH of the test's own: they write down how they were called, and replay
// what the real ones leave behind.

import SystemPackage
import TestSupport
import Toolchain

/// A folder of stand-ins.
struct StandIn: Sendable {
    /// One call.
    struct Call: Equatable {
        var program: String
        var words: [String] = []
        var environment: [String: String] = [:]

        /// The word after another.
        func value(_ name: String) -> String? {
            words.firstIndex(of: name).flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
        }
        /// All words after another.
        func values(_ name: String) -> [String] {
            words.indices.filter { words[$0] == name && $0 + 1 < words.count }.map { words[$0 + 1] }
        }
    }

    let folder: FilePath

    /// Makes stand-ins of these names; `replay` is a shell script that knows the words.
    init(_ names: [String], in folder: FilePath, replay: String) async throws {
        self.folder = folder
        let script = try Peers.contents(of: Peers.checkout.pushing("Tests/ToolchainTests/Scripts/stand_in.sh"))
        for name in names {
            try await write("", to: folder.pushing("bin").appending(name))
            try writeBytes(script, to: folder.pushing("bin").appending(name))
            _ = try await Peers.run("/bin/chmod", ["755", folder.pushing("bin").appending(name).string])
        }
        try await write(replay, to: folder.appending("replay.sh"))
    }

    /// The environment in which they are found. No folder of the user's own is.
    var environment: [String: String] {
        [
            "PATH": "\(folder)/bin:/usr/bin:/bin", "HOME": folder.appending("home").string,
            "STAND_IN_LOG": folder.appending("calls").string, "STAND_IN_REPLAY": folder.appending("replay.sh").string,
            "ESPMASK_TOOLCHAINS": folder.appending("prefix").string,
        ]
    }

    /// How they were called.
    func calls() throws -> [Call] {
        guard let bytes = try? Peers.contents(of: folder.appending("calls")) else { return [] }
        var calls: [Call] = []
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else { continue }
            switch parts[0] {
            case "program": calls.append(Call(program: parts[1]))
            case "word": calls[calls.count - 1].words.append(parts[1])
            case "env":
                let pair = parts[1].split(separator: "=", maxSplits: 1).map(String.init)
                calls[calls.count - 1].environment[pair[0]] = pair.count > 1 ? pair[1] : ""
            case _: break
            }
        }
        return calls
    }

    /// An ESP32 core of Arduino in our prefix.
    func makeCore(version: String = "3.3.5") async throws {
        let core = folder.pushing("prefix/arduino/data/packages/esp32/hardware/esp32").appending(version)
        try await write("version=\(version)\n", to: core.appending("platform.txt"))
        try await write("boot app 0", to: core.pushing("tools/partitions/boot_app0.bin"))
    }

    /// Bytes of an ELF file and of a binary partition table, made by the bare back end's own means.
    static func table(_ csv: String) throws -> [UInt8] { try PartitionBytes.make(csv) }
}
