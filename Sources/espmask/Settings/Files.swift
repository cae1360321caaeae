// Reads and writes whole files, with failures that name the file and say what to do. Writing goes to a
// neighbouring name first and is renamed, so that an interrupted run leaves the old file or the new one.

import SystemPackage

#if canImport(Glibc)
    import Glibc
#endif

/// Whole files.
enum Files {
    /// The largest file that is read whole; a flash image has 16 MB, so this is no limit for honest input.
    static let largest = 256 << 20

    /// All bytes of a file; `-` is standard input.
    static func read(_ path: String) throws(Failure) -> [UInt8] {
        do {
            if path == "-" { return try drain(.standardInput) }
            let file = try FileDescriptor.open(FilePath(path), .readOnly)
            defer { try? file.close() }
            return try drain(file)
        } catch {
            throw Failure(
                "file-not-found", "cannot read \(path): \(describe(error))",
                hint: "Check the path; relative paths start at the working folder.")
        }
    }

    /// The file as text; broken UTF-8 is replaced.
    static func text(_ path: String) throws(Failure) -> String { String(decoding: try read(path), as: UTF8.self) }

    /// Replaces a file by `bytes`, whole or not at all.
    static func write(_ bytes: [UInt8], to path: String) throws(Failure) {
        let target = FilePath(path)
        let part = FilePath(path + ".part-\(getpid())")
        do {
            let file = try FileDescriptor.open(
                part, .writeOnly, options: [.create, .truncate], permissions: [.ownerReadWrite, .groupRead, .otherRead])
            try file.closeAfter { _ = try file.writeAll(bytes) }
            let status = part.withPlatformString { from in target.withPlatformString { rename(from, $0) } }
            if status != 0 { throw Errno(rawValue: errno) }
        } catch {
            _ = part.withPlatformString { unlink($0) }
            let full = (error as? Errno) == .noSpace
            throw Failure(
                full ? "disk-full" : "output-unwritable", "cannot write \(path): \(describe(error))",
                hint: full ? "Make room on the disk." : "Check that the folder is there and can be written to.")
        }
    }

    /// Adds bytes to a file's end, in one piece; the file and its folder are made where they are missing.
    static func append(_ bytes: [UInt8], to path: String) throws(Failure) {
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex { try makeFolder(String(path[..<slash])) }
        do {
            let file = try FileDescriptor.open(
                FilePath(path), .writeOnly, options: [.create, .append],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            try file.closeAfter { _ = try file.writeAll(bytes) }
        } catch {
            throw Failure(
                "output-unwritable", "cannot write \(path): \(describe(error))",
                hint: "Check that the folder is there and can be written to.")
        }
    }

    /// Makes a folder and those above it.
    static func makeFolder(_ path: String) throws(Failure) {
        var built = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            built += built.isEmpty || built.hasSuffix("/") ? String(part) : "/" + part
            if mkdir(built, 0o777) != 0, errno != EEXIST {
                throw Failure(
                    "output-unwritable", "cannot make the folder \(built): \(Errno(rawValue: errno))",
                    hint: "Check its permissions or name another folder.")
            }
        }
    }

    /// True when the path is a folder.
    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// True when a folder holds an .ino file.
    static func holdsSketch(_ folder: String) -> Bool { names(in: folder).contains { $0.hasSuffix(".ino") } }

    /// The names in a folder, sorted; none where it cannot be read.
    static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafeBytes(of: &entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                })
        }
        return names.sorted()
    }

    /// The size of a file in bytes.
    static func size(_ path: String) throws(Failure) -> Int {
        var status = stat()
        if stat(path, &status) == 0 { return Int(status.st_size) }
        throw Failure(
            "file-not-found", "cannot read \(path): \(Errno(rawValue: errno))", hint: "Check the path.")
    }

    /// True when something is at the path.
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private static func describe(_ error: any Error) -> String { (error as? Errno)?.description ?? "\(error)" }

    private static func drain(_ file: FileDescriptor) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count < largest {
            let count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return bytes
    }
}
