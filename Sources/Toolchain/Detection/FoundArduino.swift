// Arduino cores for the ESP32 that are on this machine already: our own, those that arduino-cli or the IDE installed, and
// those that were cloned into the sketchbook, as workshops did in 2020. They are used where they are.

public import SystemPackage

/// An Arduino core for the ESP32.
public struct FoundArduino: Equatable, Sendable {
    /// Who put it there.
    public enum Source: String, Sendable {
        /// `espmask toolchain install arduino`.
        case own = "espmask"
        /// arduino-cli or the Arduino IDE.
        case data = "arduino"
        /// A clone in the sketchbook.
        case sketchbook
    }

    /// The core's folder.
    public var core: FilePath
    /// Its version.
    public var version: String?
    /// Who put it there.
    public var source: Source
    /// arduino-cli's data folder, that of its downloads, and that of sketches and libraries; nil for its own.
    public var folders: ArduinoFolders?
    /// The sketchbook that a cloned core is in; nil for others.
    public var sketchbook: FilePath?
    /// The first part of the board's name: `esp32`, or `espressif` in a sketchbook.
    public var packager: String

    /// The variables by which arduino-cli is told where the core is.
    var variables: [String: String] {
        folders?.variables ?? sketchbook.map { ["ARDUINO_DIRECTORIES_USER": $0.string] } ?? [:]
    }

    /// All cores, our own first, newer ones before older ones.
    public static func all(environment: [String: String], prefix: InstallPrefix) -> [FoundArduino] {
        let home = FilePath(environment["HOME"] ?? "/")
        let own = ArduinoFolders(prefix: prefix)
        let data = environment["ARDUINO_DIRECTORIES_DATA"].map { FilePath($0) } ?? home.appending(".arduino15")
        let sketchbooks =
            (environment["ARDUINO_DIRECTORIES_USER"].map { [FilePath($0)] } ?? [])
            + [home.appending("Arduino"), home.pushing("Documents/Arduino")]
        var found = installed(in: own.data, .own, folders: own) + installed(in: data, .data, folders: nil)
        for sketchbook in sketchbooks {
            let core = sketchbook.pushing("hardware/espressif/esp32")
            guard FileStamp.of(core.appending("platform.txt")) != nil else { continue }
            // Without its tools it cannot compile: get.py was not run, or broke off.
            guard FileStamp.names(in: core.appending("tools")).contains(where: { $0.hasPrefix("xtensa-esp") }) else {
                continue
            }
            found.append(
                FoundArduino(
                    core: core, version: version(of: core), source: .sketchbook, folders: nil, sketchbook: sketchbook,
                    packager: "espressif"))
        }
        return found
    }

    private static func installed(
        in data: FilePath, _ source: Source, folders: ArduinoFolders?
    ) -> [FoundArduino] {
        let cores = data.pushing("packages/esp32/hardware/esp32")
        return FileStamp.names(in: cores).sorted { isOlderVersion($1, than: $0) }
            .filter { FileStamp.of(cores.appending($0).appending("platform.txt")) != nil }
            .map {
                FoundArduino(
                    core: cores.appending($0), version: $0, source: source, folders: folders, packager: "esp32")
            }
    }

    private static func version(of core: FilePath) -> String? {
        guard let bytes = try? FileStamp.contents(of: core.appending("platform.txt")) else { return nil }
        let line = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).first {
            $0.hasPrefix("version=")
        }
        return line.map { String($0.dropFirst("version=".count)).trimmed }
    }
}

/// The folders that arduino-cli works in, kept apart from the user's own.
public struct ArduinoFolders: Equatable, Sendable {
    /// Cores, tools and indexes.
    public var data: FilePath
    /// Archives.
    public var downloads: FilePath
    /// Sketches and libraries.
    public var user: FilePath

    /// Those of a prefix.
    public init(prefix: InstallPrefix) {
        let root = prefix.root.appending("arduino")
        data = root.appending("data")
        downloads = root.appending("downloads")
        user = root.appending("user")
    }

    /// arduino-cli: the one on PATH, else the one that we installed.
    static func program(environment: [String: String], prefix: InstallPrefix) -> FilePath? {
        Programs.path("arduino-cli", environment: environment)
            ?? Programs.path(
                "arduino-cli", environment: ["PATH": ToolEnvironment(prefix: prefix).paths.joined(separator: ":")])
    }

    /// The variables by which arduino-cli is told.
    public var variables: [String: String] {
        [
            "ARDUINO_DIRECTORIES_DATA": data.string, "ARDUINO_DIRECTORIES_DOWNLOADS": downloads.string,
            "ARDUINO_DIRECTORIES_USER": user.string, "ARDUINO_NETWORK_CONNECTION_TIMEOUT": "600s",
            "ARDUINO_UPDATER_ENABLE_NOTIFICATION": "false",
        ]
    }
}
