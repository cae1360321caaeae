// Folders as the installer moves them: removed with all they hold, counted, and put in another's place in one step.

import Glibc
import SystemPackage

enum Tree {
    /// Removes a folder or file with all it holds; links are removed, never followed. What is not there is no error.
    static func remove(_ path: FilePath) throws(ToolchainError) {
        var status = stat()
        guard path.withPlatformString({ lstat($0, &status) }) == 0 else { return }
        if status.st_mode & S_IFMT == S_IFDIR {
            // Its own mode may forbid what its owner may do.
            _ = path.withPlatformString { chmod($0, 0o700) }
            for name in FileStamp.names(in: path) { try remove(path.appending(name)) }
            if path.withPlatformString({ rmdir($0) }) != 0 { throw .unwritable(path: path, Errno(rawValue: errno)) }
        } else if path.withPlatformString({ unlink($0) }) != 0, errno != ENOENT {
            throw .unwritable(path: path, Errno(rawValue: errno))
        }
    }

    /// How many files and links are below a folder.
    static func count(_ path: FilePath) -> Int {
        FileStamp.names(in: path).reduce(0) { sum, name in
            var status = stat()
            let child = path.appending(name)
            guard child.withPlatformString({ lstat($0, &status) }) == 0 else { return sum }
            return sum + (status.st_mode & S_IFMT == S_IFDIR ? count(child) : 1)
        }
    }

    /// Puts a finished folder at `place`. What was there is at `folder` afterwards, or nowhere if there was nothing.
    ///
    /// At every moment either the old or the new is at `place`.
    static func put(_ folder: FilePath, at place: FilePath) throws(ToolchainError) {
        try FileStamp.makeFolder(place.removingLastComponent())
        if folder.withPlatformString({ old in place.withPlatformString { rename(old, $0) } }) == 0 { return }
        guard errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR else {
            throw .unwritable(path: place, Errno(rawValue: errno))
        }
        if let exchange,
            folder.withPlatformString({ old in
                place.withPlatformString { exchange(AT_FDCWD, old, AT_FDCWD, $0, 2) }
            }) == 0
        {
            return
        }
        // A file system that cannot exchange two names: for a moment there is nothing at the place.
        let aside = FilePath(folder.string + "-old")
        try FileStamp.rename(place, to: aside)
        try FileStamp.rename(folder, to: place)
        try FileStamp.rename(aside, to: folder)
    }

    // renameat2(2) with RENAME_EXCHANGE (2). glibc has it since 2.28, its Swift module does not show it.
    private typealias Exchange =
        @convention(c) (CInt, UnsafePointer<CChar>, CInt, UnsafePointer<CChar>, CUnsignedInt) -> CInt
    private static let exchange: Exchange? = dlsym(dlopen(nil, RTLD_NOW), "renameat2").map {
        unsafeBitCast($0, to: Exchange.self)
    }

    /// Gives a file a second name, or copies it where that cannot be. What was at `to` is there until the new one is.
    static func copy(_ from: FilePath, to: FilePath) throws(ToolchainError) {
        let beside = FilePath(to.string + ".new")
        _ = beside.withPlatformString { unlink($0) }
        if from.withPlatformString({ old in beside.withPlatformString { link(old, $0) } }) == 0 {
            // Renaming does nothing where both are names of one file, as when a folder is copied to itself.
            defer { _ = beside.withPlatformString { unlink($0) } }
            return try FileStamp.rename(beside, to: to)
        }
        do {
            let source = try FileDescriptor.open(from, .readOnly)
            defer { try? source.close() }
            let target = try FileDescriptor.open(
                beside, .writeOnly, options: [.create, .truncate, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            try target.closeAfter {
                let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
                defer { buffer.deallocate() }
                while case let count = try source.read(into: buffer), count > 0 {
                    _ = try target.writeAll(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                }
            }
        } catch {
            _ = beside.withPlatformString { unlink($0) }
            throw .unwritable(path: to, error as? Errno ?? .ioError)
        }
        try FileStamp.rename(beside, to: to)
    }
}
