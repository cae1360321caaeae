// Finds the product's own files: boards/, sketches/ and the inference engine's sources. They are where ESPMASK_HOME
// says, else beside an installed executable (PREFIX/share/espmask), else in the checkout above it.

public import SystemPackage

/// The folder that holds boards/, sketches/ and Sources/InferenceC/.
public struct ProjectHome: Sendable, Equatable {
    /// The folder.
    public let root: FilePath

    /// Takes a folder as it is.
    public init(root: FilePath) {
        self.root = root
    }

    /// Finds the folder. `executable` is the running program's path, symbolic links resolved.
    ///
    /// Throws `file-not-found` with the places that were tried.
    public static func find(
        environment: [String: String], executable: FilePath?
    ) throws(ToolchainError) -> ProjectHome {
        if let given = environment["ESPMASK_HOME"], !given.isEmpty {
            guard isHome(FilePath(given)) else { throw .homeNotFound(tried: [FilePath(given)]) }
            return ProjectHome(root: FilePath(given))
        }
        guard var folder = executable?.removingLastComponent() else { throw .homeNotFound(tried: []) }
        let installed = folder.removingLastComponent().appending("share").appending("espmask")
        if isHome(installed) { return ProjectHome(root: installed) }
        var tried = [installed]
        while true {
            if isHome(folder) { return ProjectHome(root: folder) }
            tried.append(folder)
            guard folder.removeLastComponent(), !folder.isEmpty else { throw .homeNotFound(tried: tried) }
        }
    }

    /// The folder of boards.
    public var boards: FilePath { root.appending("boards") }
    /// The folder of sketches.
    public var sketches: FilePath { root.appending("sketches") }
    /// The training scripts.
    public var training: FilePath { root.appending("training") }
    /// The inference engine's sources.
    public var inferenceEngine: FilePath { root.appending("Sources").appending("InferenceC") }

    private static func isHome(_ folder: FilePath) -> Bool {
        ["boards", "sketches"].allSatisfy { FileStamp.isDirectory(folder.appending($0)) }
    }
}
