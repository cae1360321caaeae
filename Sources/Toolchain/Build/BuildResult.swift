// What a build is asked for and what comes out of it.

public import SystemPackage

/// What to build.
public struct BuildRequest: Sendable {
    /// The sketch.
    public var sketch: Sketch
    /// The board it is for.
    public var board: BoardDescription
    /// `NAME` or `NAME=VALUE`, as after `-D`.
    public var defines: [String]
    /// Where everything that is made goes; nil for `.espmask/build/SKETCH` in the working folder, with `-arduino` or
    /// `-idf` for those back ends.
    public var output: FilePath?

    /// Makes a request.
    public init(sketch: Sketch, board: BoardDescription, defines: [String] = [], output: FilePath? = nil) {
        self.sketch = sketch
        self.board = board
        self.defines = defines
        self.output = output
    }
}

/// What makes firmware of a sketch.
public enum BuildBackend: String, Codable, Sendable, CaseIterable {
    /// The distribution's cross compiler and nothing of a vendor.
    case bare
    /// arduino-cli with Espressif's core.
    case arduino
    /// ESP-IDF.
    case idf
}

/// What a build made.
public struct BuildResult: Equatable, Sendable {
    /// A file for one place in flash.
    public struct Image: Codable, Equatable, Sendable {
        /// Where it goes.
        public var offset: Int
        /// The file.
        public var file: String
        /// `second-stage`, `partition-table`, or the application's partition.
        public var label: String
    }

    /// Bytes used.
    public struct Sizes: Codable, Equatable, Sendable {
        /// Code and data of the application in flash, without padding.
        public var flash: Int
        /// Data memory: initialised, zeroed and stack. The arena takes what is left.
        public var ram: Int
    }

    /// What made it.
    public var backend = BuildBackend.bare
    /// The linked application.
    public var elf: FilePath
    /// By offset.
    public var images: [Image]
    /// Bytes used.
    public var sizes: Sizes
    /// The compiler's warnings, also of sources that did not have to be compiled again.
    public var warnings: [CompilerDiagnostic]
    /// Everything the compiler and linker said.
    public var diagnostics: [CompilerDiagnostic]
    /// How long it took.
    public var seconds: Double
    /// True when nothing had to be done.
    public var isUpToDate: Bool
}
