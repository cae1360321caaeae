// The results of an earlier build, found again in their folder: this program's own, or ESP-IDF's, whose build folder
// lists its images in flasher_args.json.

import FoundationEssentials
public import SystemPackage

/// A folder that a build filled.
public struct BuiltFolder: Equatable, Sendable {
    /// What goes where, by offset; the files as paths that can be opened.
    public let images: [BuildResult.Image]
    /// What made them.
    public let backend: BuildBackend

    /// Reads the folder's list of images.
    ///
    /// Throws `file-not-found` where there is none, `usage` for a malformed one.
    public init(_ folder: FilePath) throws(ToolchainError) {
        let record = BuildRecord.read(folder.appending("build.json"))
        let own = record.images
        let foreign = folder.appending("flasher_args.json")
        if !own.isEmpty {
            images = (own + (record.additions ?? [])).sorted { $0.offset < $1.offset }
            backend = record.backend ?? .bare
        } else if FileStamp.of(foreign) != nil {
            images = try Self.images(of: try SettingsFile.read(foreign), in: folder, foreign)
            backend = .idf
        } else {
            throw .nothingBuilt(folder: folder)
        }
    }

    /// Puts a file beside a build's own images: in its folder and in its list, in the place of one with the same label.
    /// The next build of the folder lists its own again.
    ///
    /// Throws `file-not-found` where nothing was built, and what writing fails with.
    public static func add(
        _ bytes: [UInt8], named file: String, at offset: Int, label: String, to folder: FilePath
    ) throws(ToolchainError) -> BuildResult.Image {
        let list = folder.appending("build.json")
        var record = BuildRecord.read(list)
        guard !record.images.isEmpty else { throw .nothingBuilt(folder: folder) }
        let path = folder.appending(file)
        try FileStamp.write(bytes, to: path)
        let image = BuildResult.Image(offset: offset, file: path.string, label: label)
        record.additions = (record.additions ?? []).filter { $0.label != label } + [image]
        try record.write(to: list)
        return image
    }

    /// The part of flasher_args.json that says what goes where.
    private struct FlasherArguments: Decodable {
        var flash_files: [String: String]
    }

    /// The images of ESP-IDF's build folder.
    static func idfImages(in folder: FilePath) throws(ToolchainError) -> [BuildResult.Image] {
        let list = folder.appending("flasher_args.json")
        return try images(of: try SettingsFile.read(list), in: folder, list)
    }

    private static func images(
        of arguments: FlasherArguments, in folder: FilePath, _ list: FilePath
    ) throws(ToolchainError) -> [BuildResult.Image] {
        var images: [BuildResult.Image] = []
        // A build may name a partition's place and put nothing there.
        for (offset, file) in arguments.flash_files where !file.isEmpty {
            guard offset.hasPrefix("0x"), let number = Int(offset.dropFirst(2), radix: 16) else {
                throw .settingsInvalid(path: list, reason: "'\(offset)' is no offset")
            }
            let path = folder.pushing(FilePath(file))
            images.append(.init(offset: number, file: path.string, label: path.stem ?? file))
        }
        return images.sorted { $0.offset < $1.offset }
    }
}
