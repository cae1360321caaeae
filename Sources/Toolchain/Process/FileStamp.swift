// Files as the build driver sees them: whether they are there, whether they changed, what is in them. One call, one
// system call; errors come out as Errno.

import Crypto
import Glibc
import SystemPackage

/// What tells cheaply that a file may have changed: its size and its time of modification.
public struct FileStamp: Codable, Equatable, Sendable {
    /// In bytes.
    public var size: Int
    /// Nanoseconds since 1970.
    public var modified: Int

    static func of(_ path: FilePath) -> FileStamp? {
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0 else { return nil }
        return FileStamp(
            size: Int(status.st_size), modified: Int(status.st_mtim.tv_sec) &* 1_000_000_000 &+ status.st_mtim.tv_nsec)
    }

    static func isDirectory(_ path: FilePath) -> Bool {
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0 else { return false }
        return status.st_mode & S_IFMT == S_IFDIR
    }

    /// The names in a folder, unsorted; none where it cannot be read.
    static func names(in folder: FilePath) -> [String] {
        guard let stream = folder.withPlatformString({ opendir($0) }) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    static func contents(of path: FilePath) throws(ToolchainError) -> [UInt8] {
        do {
            let file = try FileDescriptor.open(path, .readOnly)
            return try file.closeAfter {
                var bytes: [UInt8] = []
                var chunk = [UInt8](repeating: 0, count: 1 << 16)
                while true {
                    let count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
                    if count == 0 { return bytes }
                    bytes += chunk[..<count]
                }
            }
        } catch {
            throw .unreadable(path: path, error as? Errno ?? .ioError)
        }
    }

    /// SHA-256 of a file's contents in hex; nil where it cannot be read.
    static func digest(of path: FilePath) -> String? {
        guard let bytes = try? contents(of: path) else { return nil }
        return SHA256.hash(data: bytes).map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined()
    }

    /// Makes a folder and those above it.
    static func makeFolder(_ path: FilePath) throws(ToolchainError) {
        if isDirectory(path) { return }
        let parent = path.removingLastComponent()
        if !parent.isEmpty, parent != path { try makeFolder(parent) }
        if path.withPlatformString({ mkdir($0, 0o777) }) != 0, errno != EEXIST {
            throw .unwritable(path: path, Errno(rawValue: errno))
        }
        guard isDirectory(path) else { throw .unwritable(path: path, .notDirectory) }
    }

    /// Writes a file whole: beside it first, then over it, so that no reader sees half of it.
    static func write(_ bytes: [UInt8], to path: FilePath) throws(ToolchainError) {
        let beside = FilePath(path.string + ".new")
        do {
            let file = try FileDescriptor.open(
                beside, .writeOnly, options: [.create, .truncate],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            try file.closeAfter { _ = try file.writeAll(bytes) }
        } catch {
            // Half a file is of no use, and on a full disk its room is.
            _ = beside.withPlatformString { unlink($0) }
            throw .unwritable(path: path, error as? Errno ?? .ioError)
        }
        try rename(beside, to: path)
    }

    /// Gives a file or folder another name, over a file of that name.
    static func rename(_ from: FilePath, to path: FilePath) throws(ToolchainError) {
        let renamed = from.withPlatformString { old in path.withPlatformString { Glibc.rename(old, $0) } }
        if renamed != 0 { throw .unwritable(path: path, Errno(rawValue: errno)) }
    }
}
