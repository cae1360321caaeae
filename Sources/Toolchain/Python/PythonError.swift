// What stands in the way of running the training scripts, and what to do about it.

/// Why Python, its packages or a script of ours cannot be used.
public enum PythonError: Error, Equatable, Sendable {
    /// No interpreter of a version that the packages have wheels for; what was found instead.
    case interpreterMissing(found: [String])
    /// The interpreter cannot make an environment.
    case environmentFailed(output: String)
    /// The packages could not be fetched.
    case downloadFailed(output: String)
    /// The disk is full.
    case diskFull(folder: String)
    /// The environment's folder cannot be written.
    case unwritable(folder: String, reason: String)
    /// A script ended without saying why; the last lines that it printed.
    case scriptFailed(script: String, status: String, output: String)

    /// The stable code, one of those the command line documents.
    public var code: String {
        switch self {
        case .interpreterMissing, .environmentFailed: "tool-missing"
        case .downloadFailed: "download-failed"
        case .diskFull: "disk-full"
        case .unwritable: "output-unwritable"
        case .scriptFailed: "build-failed"
        }
    }

    /// What happened, to what.
    public var message: String {
        switch self {
        case .interpreterMissing(let found):
            "training needs Python 3.9 to 3.11, "
                + (found.isEmpty ? "and none was found" : "and only \(found.joined(separator: ", ")) was found")
        case .environmentFailed(let output): "Python cannot make an environment: \(output)"
        case .downloadFailed(let output): "the Python packages for training cannot be fetched: \(output)"
        case .diskFull(let folder): "the disk is full; the packages for training take 1.5 GB in \(folder)"
        case .unwritable(let folder, let reason): "\(folder) cannot be written: \(reason)"
        case .scriptFailed(let script, let status, let output): "\(script) \(status): \(output)"
        }
    }

    /// What to do now.
    public var hint: String {
        switch self {
        case .interpreterMissing:
            "Install one (apt-get install python3 python3-venv), or name it with ESPMASK_PYTHON=/path/to/python3.11."
        case .environmentFailed: "Install what it lacks: apt-get install python3-venv."
        case .downloadFailed:
            "Connect to the network and run the command again, or fetch the wheels of training/requirements.txt "
                + "elsewhere (pip download) and set PIP_NO_INDEX=1 and PIP_FIND_LINKS to their folder."
        case .diskFull: "Make room, or set ESPMASK_TRAINING to a folder on another disk."
        case .unwritable: "Set ESPMASK_TRAINING to a folder that can be written."
        case .scriptFailed: "Remove the environment's folder to have it made anew; if that does not help, report this."
        }
    }
}
