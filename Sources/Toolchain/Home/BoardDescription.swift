// A board as boards/NAME.json describes it. Which keys there are is fixed here; what they mean to the flasher or to a
// vendor toolchain is theirs.

import FoundationEssentials
import SystemPackage

/// A board: its chip, its flash, how it is reached and how firmware is built for it.
public struct BoardDescription: Decodable, Equatable, Sendable {
    /// The flash chip and how the image header says it is read.
    public struct Flash: Decodable, Equatable, Sendable {
        /// `4MB`
        public var size: String
        /// `dio`
        public var mode: String
        /// `40m`
        public var frequency: String
    }

    /// A USB device that such a board shows as.
    public struct USB: Decodable, Equatable, Sendable {
        /// Four hex digits.
        public var vid: String
        /// Four hex digits.
        public var pid: String
        /// The serial converter's driver.
        public var driver: String?
    }

    /// Baud rates.
    public struct Baud: Decodable, Equatable, Sendable {
        /// What the firmware speaks.
        public var monitor: Int
        /// What the loader can be raised to, in order.
        public var flash: [Int]
    }

    /// The Arduino core's name for it.
    public struct Arduino: Decodable, Equatable, Sendable {
        /// `esp32:esp32:esp32`
        public var fqbn: String
    }

    /// ESP-IDF's name for its chip.
    public struct IDF: Decodable, Equatable, Sendable {
        /// `esp32`
        public var target: String
    }

    /// The file's name without `.json`.
    public var name: String
    /// What people call it.
    public var title: String
    /// The chip's name.
    public var chip: String
    /// The flash.
    public var flash: Flash
    /// The USB devices it shows as.
    public var usb: [USB]
    /// Words by which tests choose it; nil is none.
    public var tags: [String]?
    /// How it is reset into the loader.
    public var reset: String
    /// Baud rates.
    public var baud: Baud
    /// The partition table's CSV file, from the folder of boards.
    public var partitions: String
    /// The folder of bare-metal support, from the folder of boards; nil where there is none.
    public var bare: String?
    /// For arduino-cli.
    public var arduino: Arduino?
    /// For idf.py.
    public var idf: IDF?
}

extension ProjectHome {
    /// The names of all boards, sorted.
    public func boardNames() -> [String] {
        FileStamp.names(in: boards).filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
    }

    /// Reads a board's description. Throws `usage` for a name no board has and for a malformed file.
    public func board(named name: String) throws(ToolchainError) -> BoardDescription {
        let known = boardNames()
        guard known.contains(name) else { throw .boardUnknown(name: name, known: known) }
        let board: BoardDescription = try SettingsFile.read(boards.appending("\(name).json"))
        guard board.name == name else {
            throw .settingsInvalid(
                path: boards.appending("\(name).json"), reason: "its name is '\(board.name)', the file's is '\(name)'")
        }
        return board
    }
}

/// Reads JSON files of settings.
enum SettingsFile {
    static func read<Settings: Decodable>(_ path: FilePath) throws(ToolchainError) -> Settings {
        let bytes = try FileStamp.contents(of: path)
        do {
            return try JSONDecoder().decode(Settings.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw .settingsInvalid(path: path, reason: reason(of: error))
        } catch {
            throw .settingsInvalid(path: path, reason: "it is no JSON")
        }
    }

    /// Why decoding failed, for a file that is not one of ours.
    static func reason(ofAny error: any Error) -> String {
        (error as? DecodingError).map { reason(of: $0) } ?? "it is no JSON"
    }

    private static func reason(of error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, let context): "the key '\(place(context.codingPath + [key]))' is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "the value of '\(place(context.codingPath))' is of the wrong kind"
        case .dataCorrupted(let context):
            context.codingPath.isEmpty ? "it is no JSON" : "the value of '\(place(context.codingPath))' is malformed"
        @unknown default: "it cannot be read"
        }
    }

    private static func place(_ path: [any CodingKey]) -> String {
        path.map(\.stringValue).joined(separator: ".")
    }
}
