// Performs downloads: asks the machine what to do, has the transport do it, and keeps what comes, hashing it on the way.
// A part survives the program; an archive gets its name when it is proven.

import FoundationEssentials
import Glibc
public import SystemPackage

/// How far a download is.
public struct DownloadProgress: Equatable, Sendable {
    /// The archive.
    public var archive: String
    /// Bytes that are there.
    public var done: Int
    /// Bytes in all; 0 where nobody has said.
    public var total: Int
}

/// Fetches archives into a cache.
public struct Downloader: Sendable {
    private let transport: Transport
    private let mirrors: Mirrors
    private let policy: RetryPolicy
    /// Where archives are kept.
    public let cache: ArchiveCache

    /// Downloads at a time.
    private static let parallel = 4

    /// Makes a downloader.
    public init(
        cache: ArchiveCache, transport: @escaping Transport, mirrors: Mirrors = .none,
        policy: RetryPolicy = RetryPolicy()
    ) {
        self.cache = cache
        self.transport = transport
        self.mirrors = mirrors
        self.policy = policy
    }

    /// Fetches archives, several at a time, and returns their paths in the order asked for.
    ///
    /// Throws `download-failed`, `hash-mismatch`, `disk-full`, `usage` for a cache that cannot be written, and
    /// `tool-missing` (curl); what has arrived is kept.
    public func fetch(
        _ artifacts: [Artifact], progress: @escaping @Sendable (DownloadProgress) -> Void
    ) async throws(ToolchainError) -> [FilePath] {
        var results = [Result<FilePath, ToolchainError>?](repeating: nil, count: artifacts.count)
        await withTaskGroup(of: Ended.self) { group in
            var next = 0
            while next < min(Self.parallel, artifacts.count) {
                let (index, artifact) = (next, artifacts[next])
                group.addTask { Ended(index: index, result: await attempt(artifact, progress: progress)) }
                next += 1
            }
            while let ended = await group.next() {
                results[ended.index] = ended.result
                // After a failure the others under way still come to their end: what they fetch is kept.
                guard case .success = ended.result, next < artifacts.count else { continue }
                let (index, artifact) = (next, artifacts[next])
                group.addTask { Ended(index: index, result: await attempt(artifact, progress: progress)) }
                next += 1
            }
        }
        for case .failure(let error)? in results { throw error }
        var paths: [FilePath] = []
        for (artifact, result) in zip(artifacts, results) {
            guard let result else {
                throw .install(.downloadFailed(url: artifact.url, reason: "it was not begun", attempts: 0))
            }
            paths.append(try result.get())
        }
        return paths
    }

    private struct Ended: Sendable {
        var index: Int
        var result: Result<FilePath, ToolchainError>
    }

    private func attempt(
        _ artifact: Artifact, progress: @Sendable (DownloadProgress) -> Void
    ) async -> Result<FilePath, ToolchainError> {
        do throws(ToolchainError) {
            return .success(try await fetch(artifact, progress: progress))
        } catch {
            return .failure(error)
        }
    }

    /// Fetches one archive, or finds it. Errors as above.
    public func fetch(
        _ artifact: Artifact, progress: @Sendable (DownloadProgress) -> Void
    ) async throws(ToolchainError) -> FilePath {
        func told(_ path: FilePath) -> FilePath {
            let size = artifact.size ?? FileStamp.of(path)?.size ?? 0
            progress(.init(archive: artifact.archiveName, done: size, total: size))
            return path
        }
        if let found = cache.find(artifact) { return told(found) }
        do throws(ToolchainError) {
            return told(try await fetchIntoCache(artifact, progress: progress))
        } catch {
            throw error.storing(in: .cache, folder: cache.folder)
        }
    }

    private func fetchIntoCache(
        _ artifact: Artifact, progress: @Sendable (DownloadProgress) -> Void
    ) async throws(ToolchainError) -> FilePath {
        try FileStamp.makeFolder(cache.folder)
        let lock = try await FolderLock.acquire(file: cache.folder.appending(artifact.digest.cacheName + ".lock"))
        defer { lock.release() }
        // Another installer may have brought it while this one waited.
        if let found = cache.find(artifact) { return found }
        let goal = DownloadGoal(
            name: artifact.archiveName, urls: mirrors.candidates(for: artifact.url), size: artifact.size,
            digest: artifact.digest)
        let (part, note) = (cache.part(of: artifact.digest), cache.partNote(of: artifact.digest))
        var work = DownloadWork(goal: goal, part: part, note: note, transport: transport, policy: policy)
        do throws(ToolchainError) {
            try await work.perform { done in
                progress(.init(archive: artifact.archiveName, done: done, total: artifact.size ?? 0))
            }
        } catch {
            // A part of nothing is of no use to anybody.
            if FileStamp.of(part)?.size == 0 { DownloadWork.remove(part, note) }
            throw error
        }
        let path = cache.path(of: artifact.digest)
        try FileStamp.rename(part, to: path)
        DownloadWork.remove(note)
        return path
    }

    /// Fetches a small file that nothing proves, a package index for example; `attempts` is for one that can be done
    /// without. Throws `download-failed`.
    public func fetch(url: String, name: String, attempts: Int? = nil) async throws(ToolchainError) -> [UInt8] {
        var policy = policy
        if let attempts { policy.attempts = attempts }
        let part = try ScratchFile(prefix: "espmask-fetch")
        defer { part.remove() }
        let note = FilePath(part.path.string + ".json")
        defer { _ = note.withPlatformString { unlink($0) } }
        var work = DownloadWork(
            goal: DownloadGoal(name: name, urls: mirrors.candidates(for: url)), part: part.path, note: note,
            transport: transport, policy: policy)
        do throws(ToolchainError) {
            try await work.perform { _ in }
        } catch {
            throw error.storing(in: .temporary, folder: part.path.removingLastComponent())
        }
        return try FileStamp.contents(of: part.path)
    }
}

/// One download under way.
struct DownloadWork {
    private struct Note: Codable {
        var url: String?
        var validator: String?
    }

    private static let longestErrorPage = 1 << 20

    private let goal: DownloadGoal
    private let part: FilePath
    private let note: FilePath
    private let transport: Transport
    private var machine: DownloadMachine
    private var hasher: Hasher

    init(goal: DownloadGoal, part: FilePath, note: FilePath, transport: @escaping Transport, policy: RetryPolicy) {
        self.goal = goal
        self.part = part
        self.note = note
        self.transport = transport
        machine = DownloadMachine(goal, policy: policy)
        hasher = Hasher(goal.digest?.algorithm ?? .sha256)
    }

    mutating func perform(progress: (Int) -> Void) async throws(ToolchainError) {
        let file: FileDescriptor
        do {
            file = try FileDescriptor.open(
                part, .readWrite, options: [.create, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
        } catch {
            throw .unwritable(path: part, error as? Errno ?? .ioError)
        }
        defer { try? file.close() }
        var held = HeldPart(bytes: FileStamp.of(part)?.size ?? 0)
        if held.bytes > 0 {
            hasher = try ArchiveCache.hash(part, goal.digest?.algorithm ?? .sha256)
            try io { _ = try file.seek(offset: Int64(held.bytes), from: .start) }
            let known = (try? FileStamp.contents(of: note)).flatMap {
                try? JSONDecoder().decode(Note.self, from: Data($0))
            }
            held.url = known?.url
            held.validator = known?.validator
        }
        var action = machine.start(held: held)
        while true {
            switch action {
            case .request(let request, let seconds):
                action = try await ask(request, after: seconds, file, progress)
            case .discardAndRequest(let request, let seconds):
                try empty(file)
                action = try await ask(request, after: seconds, file, progress)
            case .verify: action = machine.verified(hex: hasher.hex)
            case .done: return
            case .fail(let error, let discards):
                if discards { Self.remove(part, note) }
                throw .install(error)
            }
        }
    }

    static func remove(_ files: FilePath...) {
        for file in files { _ = file.withPlatformString { unlink($0) } }
    }

    private mutating func ask(
        _ request: DownloadRequest, after seconds: Double, _ file: FileDescriptor, _ progress: (Int) -> Void
    ) async throws(ToolchainError) -> DownloadMachine.Action {
        if seconds > 0 {
            do {
                try await Task.sleep(for: .seconds(seconds))
            } catch {
                throw .install(.downloadFailed(url: request.url, reason: "it was cancelled", attempts: 1))
            }
        }
        var keeps = false
        var ignored = 0
        var isStopped = false
        var done = request.offset
        // Ends a transfer of which nothing more is wanted.
        let enough = ToolchainError.install(.downloadFailed(url: request.url, reason: "enough", attempts: 0))
        let end: TransportEnd
        do throws(ToolchainError) {
            end = try await transport(request) { event throws(ToolchainError) in
                switch event {
                case .head(let head):
                    switch machine.received(head) {
                    case .append: keeps = true
                    case .restart(let url, let validator):
                        try empty(file)
                        let data = (try? JSONEncoder().encode(Note(url: url, validator: validator))) ?? Data()
                        try FileStamp.write(Array(data), to: note)
                        keeps = true
                        done = 0
                    case .ignore: keeps = false
                    case .stop:
                        isStopped = true
                        throw enough
                    }
                case .bytes(let bytes):
                    guard keeps else {
                        // An error page is read to its end, but not one that has none.
                        ignored += bytes.count
                        if ignored > Self.longestErrorPage {
                            isStopped = true
                            throw enough
                        }
                        return
                    }
                    guard machine.received(bytes: bytes.count) else {
                        isStopped = true
                        throw enough
                    }
                    try io { _ = try file.writeAll(bytes) }
                    hasher.update(bytes)
                    done += bytes.count
                    progress(done)
                }
            }
        } catch {
            guard isStopped else { throw error }
            end = .broken(reason: "the answer was refused")
        }
        return machine.ended(end, chance: Double.random(in: 0...1))
    }

    private mutating func empty(_ file: FileDescriptor) throws(ToolchainError) {
        try io {
            if try file.seek(offset: 0, from: .end) > 0, ftruncate(file.rawValue, 0) != 0 {
                throw Errno(rawValue: errno)
            }
            _ = try file.seek(offset: 0, from: .start)
        }
        hasher = Hasher(goal.digest?.algorithm ?? .sha256)
    }

    private func io(_ body: () throws -> Void) throws(ToolchainError) {
        do {
            try body()
        } catch {
            throw .unwritable(path: part, error as? Errno ?? .ioError)
        }
    }
}
