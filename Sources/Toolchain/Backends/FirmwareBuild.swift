// The three ways to firmware behind one face: the back end that was asked for, or the one that suits sketch and board.

import SystemPackage

extension BuildBackend {
    /// The back end that suits, where none was asked for: the sketch's own, else the one without a vendor's toolchain.
    public static func suiting(_ sketch: Sketch, _ board: BoardDescription) -> BuildBackend {
        if let own = sketch.settings.backend { return own }
        if board.bare != nil { return .bare }
        return board.arduino != nil ? .arduino : .idf
    }
}

/// Builds sketches by any back end.
public struct FirmwareBuild: Sendable {
    private let environment: [String: String]
    private let prefix: InstallPrefix

    /// A builder that finds compilers and toolchains by the environment.
    public init(environment: [String: String]) {
        self.environment = environment
        prefix = InstallPrefix(environment: environment)
    }

    /// Builds a sketch for a board.
    ///
    /// Throws `compiler-missing`, `tool-missing`, `build-failed` with the diagnostics, and `usage`.
    public func build(_ request: BuildRequest, with backend: BuildBackend) async throws(ToolchainError) -> BuildResult {
        for define in request.defines where !BareBuild.isDefinition(define) { throw .defineInvalid(define) }
        switch backend {
        case .bare: return try await BareBuild(environment: environment).build(request)
        case .arduino: return try await ArduinoBuild(environment: environment, prefix: prefix).build(request)
        case .idf: return try await IDFBuild(environment: environment, prefix: prefix).build(request)
        }
    }
}
