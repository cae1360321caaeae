// What can go wrong between a manifest and an installed tool, with the cause named: a file that is not the promised one
// is the mirror's or the proxy's doing, not the network's.

public import SystemPackage

/// Why a tool could not be installed.
public enum InstallError: Error, Equatable, Sendable {
    /// A manifest is not what it should be.
    case manifestInvalid(name: String, reason: String)
    /// No tool of the manifest has that name, or no version.
    case toolUnknown(name: String, known: [String])
    /// The manifest has no archive for this host.
    case noArchive(tool: String, version: String, host: Host)
    /// A download did not come to its end.
    case downloadFailed(url: String, reason: String, attempts: Int)
    /// git could not bring sources.
    case cloneFailed(url: String, reason: String)
    /// A folder is no bundle.
    case noBundle(folder: FilePath)
    /// A file is whole and is another than the manifest promises.
    case hashMismatch(archive: String, source: String, promised: String, got: String)
    /// An archive would write where it may not, or is damaged.
    case archiveUnsafe(archive: String, reason: String)
    /// A program that is needed is not there.
    case programMissing(name: String, purpose: String, remedy: String)
    /// A tool was unpacked and does not work.
    case toolBroken(tool: String, reason: String)
    /// A program that a step of the installation was handed to failed.
    case stepFailed(step: String, reason: String)
    /// Nothing of that name is installed.
    case notInstalled(name: String)
    /// A rule for mirrors is not in its form.
    case mirrorInvalid(text: String, place: String)
    /// A folder given with `--from` lacks an archive.
    case bundleIncomplete(folder: FilePath, archive: String)
    /// The disk or its permissions stand in the way of keeping something in a folder of ours.
    case storeUnwritable(path: FilePath, reason: Errno, store: Store, folder: FilePath)

    /// What a folder is there for.
    public enum Store: Sendable, CaseIterable {
        /// Installed tools.
        case prefix
        /// Archives.
        case cache
        /// What is needed for a moment.
        case temporary
        /// A bundle that is being made.
        case bundle

        /// How another folder is chosen.
        var choice: String {
            switch self {
            case .prefix: "choose another place for tools with --prefix or ESPMASK_TOOLCHAINS"
            case .cache: "choose another place for archives with ESPMASK_CACHE"
            case .temporary: "choose another folder for temporary files with TMPDIR"
            case .bundle: "choose another folder for the bundle with --to"
            }
        }
    }

    /// The stable code.
    public var code: String {
        switch self {
        case .manifestInvalid: "manifest-invalid"
        case .toolUnknown, .notInstalled, .mirrorInvalid: "usage"
        case .noArchive, .programMissing, .toolBroken, .stepFailed: "tool-missing"
        case .downloadFailed, .cloneFailed: "download-failed"
        case .hashMismatch: "hash-mismatch"
        case .archiveUnsafe: "archive-unsafe"
        case .bundleIncomplete, .noBundle: "file-not-found"
        case .storeUnwritable(_, let reason, _, _): reason.isFull ? "disk-full" : "usage"
        }
    }

    /// What is wrong, in one sentence without a full stop.
    public var message: String {
        switch self {
        case .manifestInvalid(let name, let reason): "the manifest \(name) cannot be used: \(reason)"
        case .toolUnknown(let name, _): "there is no tool '\(name)'"
        case .noArchive(let tool, let version, let host):
            "\(tool) \(version) is not made for \(host.platform ?? "\(host.system.rawValue) on \(host.architecture.rawValue)")"
        case .downloadFailed(let url, let reason, let attempts):
            "\(url) could not be downloaded\(attempts > 1 ? " in \(attempts) attempts" : ""): \(reason)"
        case .cloneFailed(let url, let reason): "\(url) could not be fetched by git: \(reason)"
        case .noBundle(let folder): "\(folder) is no bundle: it has no bundle.json"
        case .hashMismatch(let archive, let source, let promised, let got):
            "\(archive) is not the file that the manifest promises: \(promised) is promised, \(source) gives \(got)"
        case .archiveUnsafe(let archive, let reason): "\(archive) was not unpacked: \(reason)"
        case .programMissing(let name, let purpose, _): "'\(name)' is not installed; \(purpose) needs it"
        case .toolBroken(let tool, let reason): "\(tool) was unpacked and does not work: \(reason)"
        case .stepFailed(let step, let reason): "'\(step)' failed: \(reason)"
        case .notInstalled(let name): "'\(name)' is not installed"
        case .mirrorInvalid(let text, let place): "'\(text)' in \(place) is no mirror"
        case .bundleIncomplete(let folder, let archive): "\(folder) lacks the archive \(archive)"
        case .storeUnwritable(let path, let reason, _, _): "\(path) cannot be written: \(reason)"
        }
    }

    /// What to do now.
    public var hint: String {
        switch self {
        case .manifestInvalid: "take the manifest of an ESP-IDF checkout (tools/tools.json) or an Arduino package index"
        case .toolUnknown(_, let known) where known.isEmpty: "check how it is written; a version is like 5.5.1"
        case .toolUnknown(_, let known):
            "known are \(known.prefix(30).joined(separator: ", "))\(known.count > 30 ? ", ..." : "")"
        case .noArchive: "take another version, or build on a machine that it is made for"
        case .downloadFailed:
            "run the same command again: what has arrived is kept and continued; a mirror is given with --mirror FROM=TO"
        case .cloneFailed: "run the same command again; a mirror is given with --mirror FROM=TO"
        case .noBundle:
            "make one with espmask toolchain bundle NAME --to FOLDER, or name the manifest of the archives with --manifest"
        case .hashMismatch: "a mirror or proxy altered the file, or it is outdated: try without it, or another one"
        case .archiveUnsafe: "nothing was left behind; do not unpack this archive by other means, and tell its makers"
        case .programMissing(_, _, let remedy): remedy
        case .toolBroken: "check that its archive is for this machine; the rest of the installation is as it was"
        case .stepFailed: "run that command by hand to see all it says, then this one again"
        case .notInstalled: "espmask toolchain list shows what is"
        case .mirrorInvalid:
            "write --mirror https://github.com=https://HOST/PATH, IDF_MIRROR_PREFIX_MAP=REGEX,URL, IDF_GITHUB_ASSETS=HOST"
        case .bundleIncomplete: "make the folder again with espmask toolchain bundle, for this platform"
        case .storeUnwritable(_, let reason, let store, let folder):
            if reason.isFull {
                "free some space at \(folder), or \(store.choice), then run this again: what has arrived is kept"
            } else if reason == .notDirectory {
                "\(folder) must be a folder: move the file that is in its way, or \(store.choice)"
            } else {
                "make sure that \(folder) is there and may be written, or \(store.choice)"
            }
        }
    }
}

extension ToolchainError {
    static func storing(
        _ path: FilePath, _ reason: Errno, _ store: InstallError.Store, folder: FilePath
    ) -> ToolchainError {
        .install(.storeUnwritable(path: path, reason: reason, store: store, folder: folder))
    }

    /// The same, where a bundle's folder could not be written.
    public func making(bundle folder: FilePath) -> ToolchainError { storing(in: .bundle, folder: folder) }

    /// The same, with the folder named that could not be written.
    func storing(in store: InstallError.Store, folder: FilePath) -> ToolchainError {
        guard case .unwritable(let path, let reason) = self else { return self }
        return .storing(path, reason, store, folder: folder)
    }
}

extension Errno {
    /// Whether the disk is full, or the part of it that a user may fill.
    var isFull: Bool { self == .noSpace || self == .diskQuotaExceeded }
}
