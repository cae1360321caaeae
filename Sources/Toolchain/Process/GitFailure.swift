// What git's own words mean when it could not bring sources.

enum GitFailure {
    /// The error for a fetch from `url`; `wanted` is what was asked for, as people name it.
    static func error(_ outcome: ProgramOutcome, url: String, wanted: String) -> InstallError {
        let lines = outcome.errors.split(whereSeparator: \.isNewline).map { String($0) }
        // The last line is mostly advice; the first complaint is the cause.
        let said = lines.first { $0.hasPrefix("fatal: ") || $0.hasPrefix("error: ") } ?? lines.last
        let isUnknown = lines.contains { $0.contains("Remote branch") && $0.contains("not found") }
        if isUnknown { return .toolUnknown(name: wanted, known: []) }
        return .cloneFailed(url: url, reason: said ?? "it ended with \(outcome.status)")
    }
}
