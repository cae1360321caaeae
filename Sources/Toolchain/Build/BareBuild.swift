// The bare-metal build driver: compiles what changed, several sources at a time, links the application and the second
// stage, and makes the images for flash. The model is no part of it.

import ESPImage
import Glibc
import SystemPackage

/// Builds sketches with the distribution's cross compiler alone.
public struct BareBuild: Sendable {
    private let searchPath: String
    private let jobs: Int

    /// A driver that looks for the compiler along the environment's PATH.
    public init(environment: [String: String]) {
        searchPath = environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        jobs = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }

    /// Builds a sketch for a board.
    ///
    /// Throws `compiler-missing`, `build-failed` with the compiler's complaints, `usage` for a board without bare-metal
    /// support, a malformed definition or an output folder that cannot be written, and what the image makers throw.
    public func build(_ request: BuildRequest) async throws(ToolchainError) -> BuildResult {
        let start = ContinuousClock.now
        for define in request.defines where !Self.isDefinition(define) { throw .defineInvalid(define) }
        guard let bare = request.board.bare else { throw .bareUnsupported(board: request.board.name) }
        let compiler = try BareCompiler.find(path: searchPath)
        let request = request.withAbsolutePaths
        let output = request.outputFolder(.bare)
        try FileStamp.makeFolder(output)
        let lock = try await FolderLock.acquire(in: output)
        defer { lock.release() }
        let sources = BareSources(
            compiler: compiler, request: request, support: request.sketch.home.boards.pushing(FilePath(bare)),
            output: output)
        var work = BuildWork(sources: sources, jobs: jobs)
        try await work.perform()
        let said = CompilerDiagnostic.parse(work.complaints)
        return BuildResult(
            elf: work.applicationELF, images: work.record.images, sizes: work.record.sizes,
            warnings: said.filter { $0.severity == .warning }, diagnostics: said,
            seconds: (ContinuousClock.now - start) / .seconds(1), isUpToDate: !work.didSomething)
    }

    /// `NAME` or `NAME=VALUE`, the name as in C.
    package static func isDefinition(_ text: String) -> Bool {
        let name = text.utf8.prefix { $0 != UInt8(ascii: "=") }
        guard let first = name.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return false }
        return name.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            case _: false
            }
        }
    }
}

extension FilePath {
    /// The process's working folder.
    static var working: FilePath {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return FilePath(String(cString: path))
    }

    /// The path from the root, `.` and `..` resolved by name.
    var absolute: FilePath { (isAbsolute ? self : FilePath.working.pushing(self)).lexicallyNormalized() }
}

extension BuildRequest {
    /// The same request, told without regard to the working folder, which the record outlives.
    var withAbsolutePaths: BuildRequest {
        var request = self
        request.sketch = sketch.withAbsolutePaths
        request.output = output?.absolute
        return request
    }

    /// Where what is made goes.
    func outputFolder(_ backend: BuildBackend) -> FilePath {
        let name = backend == .bare ? sketch.name : "\(sketch.name)-\(backend.rawValue)"
        return output ?? FilePath.working.pushing(FilePath(".espmask/build/\(name)"))
    }
}

extension Sketch {
    fileprivate var withAbsolutePaths: Sketch {
        let folder = folder.absolute
        return Sketch(
            name: name == "sketch" ? folder.lastComponent?.string ?? name : name, folder: folder,
            sources: sources.map(\.absolute), settings: settings, home: ProjectHome(root: home.root.absolute))
    }
}
