// A sketch: a folder with an .ino file and, beside it, sketch.json with what it is usually run with.

public import SystemPackage

/// What sketch.json says; every key may be absent.
public struct SketchSettings: Decodable, Equatable, Sendable {
    /// The model file, from the sketch's folder or the product's.
    public var model: String?
    /// The input transform's file (section kind 3 of a model slot), found as the model.
    public var transform: String?
    /// The board's name.
    public var board: String?
    /// Arena bytes; 0 = as planned.
    public var arena: Int?
    /// Pixels go to the model as (byte - 127) / scale.
    public var scale: Double?
    /// The classes' names; with one output the first is below the threshold.
    public var labels: [String]?
    /// Where one output divides two labels.
    public var threshold: Double?
    /// Inputs to predict, found as the model.
    public var inputs: String?
    /// What builds it, where it needs more than the bare-metal core: `arduino` or `idf`.
    public var backend: BuildBackend?

    /// Settings that say nothing.
    public init() {}
}

/// A sketch on disk.
public struct Sketch: Equatable, Sendable {
    /// The folder's name, which is the firmware's.
    public let name: String
    /// The folder.
    public let folder: FilePath
    /// The sources in it: .ino, .cpp, .c and .S files, sorted, the .ino first.
    public let sources: [FilePath]
    /// What sketch.json says.
    public let settings: SketchSettings
    /// Where the product's own files are.
    public let home: ProjectHome

    /// A file that the settings name: in the sketch's folder if it is there, else in the product's.
    public func file(_ relative: String) -> FilePath {
        let beside = folder.pushing(FilePath(relative))
        return FileStamp.of(beside) != nil ? beside : home.root.pushing(FilePath(relative))
    }
}

extension ProjectHome {
    /// Finds a sketch by its folder, its .ino file, or its name among the product's sketches.
    ///
    /// Throws `file-not-found` where no .ino file is found, `usage` for a malformed sketch.json.
    public func sketch(_ name: String) throws(ToolchainError) -> Sketch {
        let given = FilePath(name)
        var candidates = [given]
        if given.extension == "ino" { candidates = [given.components.count > 1 ? given.removingLastComponent() : "."] }
        if given.components.count == 1, given.isRelative { candidates.append(sketches.appending(name)) }
        for folder in candidates where FileStamp.isDirectory(folder) {
            let names = FileStamp.names(in: folder).sorted()
            let sketchFiles = names.filter { $0.hasSuffix(".ino") }
            guard !sketchFiles.isEmpty else { continue }
            let others = names.filter { name in [".cpp", ".c", ".S"].contains { name.hasSuffix($0) } }
            return Sketch(
                name: Self.lastName(of: folder), folder: folder,
                sources: (sketchFiles + others).map { folder.appending($0) },
                settings: try settings(in: folder), home: self)
        }
        throw .sketchNotFound(name: name, tried: candidates)
    }

    private func settings(in folder: FilePath) throws(ToolchainError) -> SketchSettings {
        let file = folder.appending("sketch.json")
        return FileStamp.of(file) == nil ? SketchSettings() : try SettingsFile.read(file)
    }

    private static func lastName(of folder: FilePath) -> String {
        let named = folder.lastComponent?.string ?? "sketch"
        return named == "." || named == ".." ? "sketch" : named
    }
}
