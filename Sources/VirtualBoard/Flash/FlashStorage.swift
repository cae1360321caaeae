// Where the flash's bytes lie: anonymous memory, or a file mapped into it and locked while open. The file is
// the raw image, so any tool of the field can look at it. What a flash chip does with its bytes is NORFlash's.

internal import Glibc
internal import SystemPackage

/// A mapped run of bytes that stays at one address for its whole life.
struct FlashStorage {
    let base: UnsafeMutableRawPointer
    let size: Int
    /// The locked file behind the bytes, nil for memory alone.
    private let descriptor: CInt?

    /// Erased bytes in memory.
    init(size: Int) throws(VirtualBoardError) {
        base = try Self.map(size: size, descriptor: nil, path: nil)
        self.size = size
        descriptor = nil
        memset(base, 0xFF, size)
    }

    /// The bytes of `file`, which is created, or filled up to `size` with 0xFF.
    init(file: FilePath, size: Int) throws(VirtualBoardError) {
        let descriptor = file.withPlatformString { open($0, O_RDWR | O_CREAT | O_CLOEXEC, 0o644) }
        guard descriptor >= 0 else { throw Self.openError(Errno(rawValue: errno), file) }
        do throws(VirtualBoardError) {
            try Self.lock(descriptor, file)
            try Self.fill(descriptor, file, to: size)
            base = try Self.map(size: size, descriptor: descriptor, path: file)
        } catch {
            Self.unlock(descriptor)
            throw error
        }
        self.size = size
        self.descriptor = descriptor
    }

    /// Gives the memory back and the lock up. The bytes must not be touched afterwards.
    func release() {
        munmap(base, size)
        if let descriptor { Self.unlock(descriptor) }
    }

    // Closing alone would leave the lock to a child that was forked a moment ago and holds the descriptor until it becomes
    // another program (flock(2)).
    private static func unlock(_ descriptor: CInt) {
        _ = flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    private static func map(
        size: Int, descriptor: CInt?, path: FilePath?
    ) throws(VirtualBoardError) -> UnsafeMutableRawPointer {
        let flags = descriptor == nil ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED
        let address = mmap(nil, size, PROT_READ | PROT_WRITE, flags, descriptor ?? -1, 0)
        guard let address, address != MAP_FAILED else {
            throw VirtualBoardError(
                code: "disk-full", message: "cannot map \(path?.string ?? "\(size) bytes"): \(Errno(rawValue: errno))",
                hint: "free some memory, or keep the flash file on a local disk")
        }
        return address
    }

    private static func openError(_ errno: Errno, _ file: FilePath) -> VirtualBoardError {
        let isForbidden = errno == .permissionDenied || errno == .readOnlyFileSystem
        return VirtualBoardError(
            code: isForbidden ? "permission-denied" : "file-not-found",
            message: "cannot open the flash file \(file): \(errno)",
            hint: isForbidden
                ? "make the file writable, or name another with --flash" : "name a file in a folder that exists")
    }

    private static func lock(_ descriptor: CInt, _ file: FilePath) throws(VirtualBoardError) {
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return }
        let holder = FlashLockHolder.find(of: descriptor)
        let user = holder.map { "process \($0.process)\($0.name.isEmpty ? "" : " (\($0.name))")" } ?? "another process"
        throw VirtualBoardError(
            code: "port-busy", message: "the board of \(file) is in use by \(user)",
            hint: "end the monitor or server that holds it, or name a second board with #NAME")
    }

    // Written, not truncated to size: the blocks must exist, or a full disk would show as a fatal signal
    // at the first store into the mapping.
    private static func fill(_ descriptor: CInt, _ file: FilePath, to size: Int) throws(VirtualBoardError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw VirtualBoardError(
                code: "file-not-found", message: "\(file) is not a regular file", hint: "name a file for the flash")
        }
        var end = Int(status.st_size)
        guard end <= size else {
            throw VirtualBoardError(
                code: "usage", message: "\(file) holds \(end) bytes, more than the board's flash of \(size)",
                hint: "use a board with a larger flash, or another flash file")
        }
        let erased = [UInt8](repeating: 0xFF, count: 65536)
        while end < size {
            let count = pwrite(descriptor, erased, min(erased.count, size - end), off_t(end))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                throw VirtualBoardError(
                    code: "disk-full", message: "cannot write \(file): \(Errno(rawValue: errno))",
                    hint: "free \(size - end) bytes on its disk")
            }
            end += count
        }
    }
}
