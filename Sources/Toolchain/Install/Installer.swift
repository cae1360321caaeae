// Installs tools: fetched, unpacked into a folder of its own beside the others, asked for its version, given a receipt,
// and put into place by one rename. Killed at any moment, it leaves the old or the new; what lies in the staging folder
// is swept by the next run, and archives that were fetched are not fetched again.

import Glibc
public import SystemPackage

/// What installing a tool came to.
public struct InstallOutcome: Equatable, Sendable {
    /// How it came to be there.
    public enum Change: String, Sendable {
        /// It was installed now.
        case installed
        /// Another build of it, or a broken folder, was replaced.
        case replaced
        /// It was there.
        case present
    }

    /// The receipt.
    public var receipt: Receipt
    /// The folder.
    public var folder: FilePath
    /// How it came to be there.
    public var change: Change

    /// What is odd about it: a tool that tells another version than its manifest.
    public var remark: String? {
        guard let reported = receipt.reported, reported != receipt.version else { return nil }
        return "\(receipt.name) is \(receipt.version) in the manifest and calls itself \(reported)"
    }
}

/// What the installer does meanwhile, for people.
public enum InstallEvent: Equatable, Sendable {
    /// Another installer is at work in the same prefix.
    case waiting
    /// Bytes came.
    case download(DownloadProgress)
    /// An archive is unpacked now.
    case unpacking(String)
    /// Something that its user should know.
    case remark(String)
}

/// A tool to install, and its place in the manifest.
public struct InstallStep: Equatable, Sendable {
    /// The archive.
    public var artifact: Artifact
    /// The order of PATH.
    public var order: Int
    /// What its makers think of the version; nil where they do not tell.
    public var status: ToolVersion.Status?

    /// Makes a step.
    public init(artifact: Artifact, order: Int, status: ToolVersion.Status? = nil) {
        self.artifact = artifact
        self.order = order
        self.status = status
    }
}

/// Installs into a prefix.
public struct Installer: Sendable {
    /// Where to.
    public let prefix: InstallPrefix
    private let downloader: Downloader
    private let environment: [String: String]
    private let patience: Duration

    /// Makes an installer. `environment` is that of the tools' probes and of the decompressors; `patience` is how long a
    /// probe may say nothing.
    public init(
        prefix: InstallPrefix, downloader: Downloader, environment: [String: String], patience: Duration = .seconds(60)
    ) {
        self.prefix = prefix
        self.downloader = downloader
        self.environment = environment
        self.patience = patience
    }

    /// Installs what is not there yet; all archives are fetched before the first one is unpacked.
    ///
    /// Throws `download-failed`, `hash-mismatch`, `archive-unsafe`, `tool-missing`, `disk-full`, and `usage` for a
    /// folder that cannot be written. A tool that fails leaves those before it installed and everything that was there
    /// as it was.
    public func install(
        _ steps: [InstallStep], report: @escaping @Sendable (InstallEvent) -> Void = { _ in }
    ) async throws(ToolchainError) -> [InstallOutcome] {
        do throws(ToolchainError) {
            return try await installing(steps, report: report)
        } catch {
            throw error.storing(in: .prefix, folder: prefix.root)
        }
    }

    private func installing(
        _ steps: [InstallStep], report: @escaping @Sendable (InstallEvent) -> Void
    ) async throws(ToolchainError) -> [InstallOutcome] {
        try FileStamp.makeFolder(prefix.root)
        let lock = try await FolderLock.acquire(in: prefix.root) { report(.waiting) }
        defer { lock.release() }
        // Whoever made these is dead: the lock is ours.
        try Tree.remove(prefix.staging)
        let missing = steps.filter { present($0.artifact) == nil }
        let archives = try await downloader.fetch(missing.map(\.artifact)) { report(.download($0)) }
        var fetched = zip(missing, archives).map { $0 }[...]
        var outcomes: [InstallOutcome] = []
        for step in steps {
            let folder = prefix.folder(step.artifact.place)
            if var receipt = present(step.artifact) {
                try renew(&receipt, for: step)
                outcomes.append(InstallOutcome(receipt: receipt, folder: folder, change: .present))
            } else if let (_, archive) = fetched.popFirst() {
                report(.unpacking(step.artifact.archiveName))
                outcomes.append(try await unpack(archive, step: step, folder: folder))
            }
        }
        try Tree.remove(prefix.staging)
        return outcomes
    }

    /// The receipt of the very archive, if it is installed and nothing of it is gone.
    private func present(_ artifact: Artifact) -> Receipt? {
        let folder = prefix.folder(artifact.place)
        guard let receipt = Receipt.read(in: folder), receipt.archive.digest == artifact.digest.text,
            // The receipt itself is one file more.
            Tree.count(folder) > receipt.files
        else { return nil }
        return receipt
    }

    // The environment is the one that the manifest at hand wants, also where an older one brought the very archive.
    private func renew(_ receipt: inout Receipt, for step: InstallStep) throws(ToolchainError) {
        guard step.status != nil else { return }
        let renewed = Receipt(step: step, files: receipt.files, reported: receipt.reported)
        guard renewed != receipt else { return }
        try renewed.write(in: prefix.folder(receipt.place))
        receipt = renewed
    }

    private func unpack(
        _ archive: FilePath, step: InstallStep, folder: FilePath
    ) async throws(ToolchainError) -> InstallOutcome {
        let artifact = step.artifact
        let staged = prefix.staging.appending("\(artifact.name)-\(getpid())")
        do throws(ToolchainError) {
            try FileStamp.makeFolder(staged)
            let tree = try await ArchiveReading.unpack(
                archive, named: artifact.archiveName, strip: artifact.strip, into: staged,
                keepFree: [Receipt.fileName, Receipt.fileName + ".new"], environment: environment)
            let reported = try await Probing.version(
                of: artifact, in: tree.root, environment: environment, patience: patience)
            let receipt = Receipt(step: step, files: tree.files, reported: reported)
            try receipt.write(in: tree.root)
            let replaces = FileStamp.of(folder) != nil
            try Tree.put(tree.root, at: folder)
            try Tree.remove(staged)
            return InstallOutcome(receipt: receipt, folder: folder, change: replaces ? .replaced : .installed)
        } catch {
            try? Tree.remove(staged)
            try? Tree.remove(prefix.staging)
            throw error
        }
    }

    /// Removes an installed tool, all its versions where none is named. Returns the receipts of what was removed.
    ///
    /// Throws `usage` where there is none.
    public func remove(_ names: [String]) async throws(ToolchainError) -> [Receipt] {
        // Without a folder there is nothing to lock either.
        guard FileStamp.isDirectory(prefix.root) else { throw .install(.notInstalled(name: names.first ?? "")) }
        do throws(ToolchainError) {
            let lock = try await FolderLock.acquire(in: prefix.root)
            defer { lock.release() }
            // What another removal began and did not end is removed, too.
            try Tree.remove(prefix.staging)
            let victims = try installed(names)
            try FileStamp.makeFolder(prefix.staging)
            for victim in victims {
                // Out of sight in one step, then away in many.
                let folder = prefix.folder(victim.place)
                let aside = prefix.staging.appending("\(victim.name)-\(victim.version)")
                try FileStamp.rename(folder, to: aside)
                try Tree.remove(aside)
                // The folder of all its versions, where this was the last.
                _ = folder.removingLastComponent().withPlatformString { rmdir($0) }
            }
            try Tree.remove(prefix.staging)
            return victims
        } catch {
            throw error.storing(in: .prefix, folder: prefix.root)
        }
    }

    private func installed(_ names: [String]) throws(ToolchainError) -> [Receipt] {
        var victims: [Receipt] = []
        for name in names {
            let wanted = ToolRequest(name)
            let found = prefix.receipts().filter {
                wanted.matches($0.name) && ($0.version == wanted.version ?? $0.version)
            }
            guard !found.isEmpty else { throw .install(.notInstalled(name: name)) }
            victims += found.filter { !victims.contains($0) }
        }
        return victims
    }
}
