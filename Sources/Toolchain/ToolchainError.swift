// The one error of this module: what stands in the way of a build, and what to do about it. Every case has the
// stable code that the command line documents.

public import ESPImage
public import SystemPackage

/// Why a build could not be done.
public enum ToolchainError: Error, Equatable, Sendable {
    /// The folder with boards, sketches and the inference engine is nowhere.
    case homeNotFound(tried: [FilePath])
    /// No board has that name.
    case boardUnknown(name: String, known: [String])
    /// No sketch is there.
    case sketchNotFound(name: String, tried: [FilePath])
    /// A folder holds no build's results.
    case nothingBuilt(folder: FilePath)
    /// A file of settings is not what it should be.
    case settingsInvalid(path: FilePath, reason: String)
    /// The board has no support for building without a vendor toolchain.
    case bareUnsupported(board: String)
    /// The board's description has nothing for that back end.
    case backendUnsupported(board: String, backend: BuildBackend)
    /// A macro definition is malformed.
    case defineInvalid(String)
    /// The cross compiler is not installed.
    case compilerMissing(program: String, packages: [String])
    /// The compiler is there, but ended in a way that no source explains.
    case compilerFailed(program: String, output: String)
    /// The compiler or linker refused the sources.
    case buildFailed([CompilerDiagnostic])
    /// A file of ours cannot be read.
    case unreadable(path: FilePath, Errno)
    /// A vendor's tool does not work in a folder with spaces in its name.
    case pathHasSpaces(path: FilePath, tool: String)
    /// The output folder cannot be written.
    case unwritable(path: FilePath, Errno)
    /// The ELF file or the partition table could not be made into images.
    case image(ESPImageError)
    /// A tool could not be installed.
    case install(InstallError)

    /// The stable code, one of those the command line documents.
    public var code: String {
        switch self {
        case .homeNotFound, .sketchNotFound, .nothingBuilt, .unreadable: "file-not-found"
        case .boardUnknown, .settingsInvalid, .defineInvalid, .bareUnsupported, .backendUnsupported, .pathHasSpaces:
            "usage"
        case .compilerMissing: "compiler-missing"
        case .compilerFailed, .buildFailed: "build-failed"
        case .unwritable(_, let error) where error.isFull: "disk-full"
        case .unwritable: "usage"
        case .image(let error): error.code
        case .install(let error): error.code
        }
    }

    /// What is wrong, in one sentence without a full stop; for a failed build, the compiler's own first errors.
    public var message: String {
        switch self {
        case .homeNotFound: "the folder with boards/, sketches/ and the inference engine was not found"
        case .boardUnknown(let name, _): "there is no board '\(name)'"
        case .sketchNotFound(let name, _): "there is no sketch '\(name)'"
        case .nothingBuilt(let folder): "\(folder) holds neither a sketch nor the results of a build"
        case .settingsInvalid(let path, let reason): "\(path): \(reason)"
        case .bareUnsupported(let board): "the board '\(board)' cannot be built for without a vendor toolchain"
        case .backendUnsupported(let board, let backend):
            "the board '\(board)' cannot be built for by the back end \(backend.rawValue)"
        case .defineInvalid(let text): "'\(text)' is no macro definition"
        case .compilerMissing(let program, _): "\(program) is not installed"
        case .compilerFailed(let program, let output): "\(program) failed: \(Self.firstLine(of: output))"
        case .buildFailed(let diagnostics): Self.summary(of: diagnostics)
        case .unreadable(let path, let error): "\(path) cannot be read: \(error)"
        case .pathHasSpaces(let path, let tool): "\(tool) does not work below a folder with spaces in its name: \(path)"
        case .unwritable(let path, let error): "\(path) cannot be written: \(error)"
        case .image(let error): error.message
        case .install(let error): error.message
        }
    }

    /// What to do now.
    public var hint: String {
        switch self {
        case .homeNotFound(let tried):
            "set ESPMASK_HOME to a checkout or to PREFIX/share/espmask; tried \(Self.list(tried.map(\.string)))"
        case .boardUnknown(_, let known): "use one of \(Self.list(known))"
        case .sketchNotFound(_, let tried): "name a folder with an .ino file; tried \(Self.list(tried.map(\.string)))"
        case .nothingBuilt: "name a sketch, or the --output folder of a build"
        case .settingsInvalid: "correct that file; the ones in boards/ and sketches/ show the form"
        case .bareUnsupported: "choose --backend arduino or idf, or a board with an ESP32"
        case .backendUnsupported: "choose another --backend, or add the back end's part to the board's file in boards/"
        case .defineInvalid: "write -D NAME or -D NAME=VALUE, with NAME as in C"
        case .compilerMissing(_, let packages): "apt-get install \(packages.joined(separator: " "))"
        case .compilerFailed(let program, _): "run \(program) by hand to see what is wrong with it"
        case .buildFailed(let diagnostics):
            diagnostics.lazy.filter { $0.severity == .error }.compactMap { BuildFailures.hint(for: $0) }.first
                ?? "correct the sources; the first error is usually the cause of the others"
        case .pathHasSpaces: "choose another folder: --output for a build, --prefix or ESPMASK_TOOLCHAINS for tools"
        case .unreadable: "check that the installation is complete and the file's permissions"
        case .unwritable(_, let error) where error.isFull: "free some space, or choose another folder with --output"
        case .unwritable: "choose another folder with --output, or change its permissions"
        case .image(let error): error.hint
        case .install(let error): error.hint
        }
    }

    private static func list(_ items: [String]) -> String {
        items.isEmpty ? "nothing" : items.joined(separator: ", ")
    }

    private static func firstLine(of text: String) -> String {
        text.split(whereSeparator: \.isNewline).first.map { String($0) } ?? "no output"
    }

    private static func summary(of diagnostics: [CompilerDiagnostic]) -> String {
        let errors = diagnostics.filter { $0.severity == .error }
        let shown = errors.prefix(3).map(\.text)
        let rest = errors.count - shown.count
        return (shown + (rest > 0 ? ["and \(rest) more"] : [])).joined(separator: "\n")
    }
}
