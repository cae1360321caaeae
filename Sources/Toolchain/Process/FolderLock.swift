// One build at a time in one output folder: an advisory lock on a file in it, waited for without blocking a thread.

import Glibc
import SystemPackage

/// Holds the lock of an output folder until it is released or the process ends.
struct FolderLock: Sendable {
    private let file: FileDescriptor

    /// Waits for the lock of a folder.
    static func acquire(
        in folder: FilePath, onWait: () -> Void = {}
    ) async throws(ToolchainError) -> FolderLock {
        try await acquire(file: folder.appending(".lock"), onWait: onWait)
    }

    /// Waits for the lock on a file, which is made where it is not there; `onWait` is called once if somebody has it.
    static func acquire(
        file path: FilePath, onWait: () -> Void = {}
    ) async throws(ToolchainError) -> FolderLock {
        var waited = false
        do {
            let file = try FileDescriptor.open(
                path, .readWrite, options: [.create, .closeOnExec], permissions: [.ownerReadWrite])
            while flock(file.rawValue, LOCK_EX | LOCK_NB) != 0 {
                guard errno == EWOULDBLOCK || errno == EINTR else { throw Errno(rawValue: errno) }
                if !waited { onWait() }
                waited = true
                try await Task.sleep(for: .milliseconds(20))
            }
            return FolderLock(file: file)
        } catch {
            throw .unwritable(path: path, error as? Errno ?? .interrupted)
        }
    }

    func release() {
        // Closing alone would leave the lock to a child that was forked a moment ago (flock(2)).
        _ = flock(file.rawValue, LOCK_UN)
        try? file.close()
    }
}
