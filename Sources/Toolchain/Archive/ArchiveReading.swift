// Unpacks an archive into an empty folder of its own. Each entry is judged before it is written; symbolic links are made
// last, when it is known that all of them stay inside, so that nothing is ever written through one.

import Glibc
import Subprocess
package import SystemPackage

/// What was unpacked.
package struct UnpackedTree: Sendable {
    /// The folder that becomes the tool's.
    package var root: FilePath
    /// Files and links in it.
    package var files: Int
    /// Bytes of the files in the archive.
    package var bytes: Int
}

package enum ArchiveReading {
    /// Unpacks `archive` into `folder`, which must be there and empty.
    ///
    /// Throws `archive-unsafe` with the entry's name, `disk-full`, and `tool-missing` without the decompressor.
    package static func unpack(
        _ archive: FilePath, named name: String, strip: StripRule, into folder: FilePath, environment: [String: String]
    ) async throws(ToolchainError) -> UnpackedTree {
        guard let format = ArchiveFormat(fileName: name) else {
            throw .install(.archiveUnsafe(archive: name, reason: "its name is of no known kind of archive"))
        }
        guard let size = FileStamp.of(archive)?.size else { throw .unreadable(path: archive, .noSuchFileOrDirectory) }
        let writer = TreeWriter(folder: folder, ledger: EntryLedger(archiveBytes: size))
        do {
            switch format {
            case .zip: try readZip(archive, bytes: size, writer)
            case .tarGzip, .tar: try readTar(archive, isCompressed: format == .tarGzip, writer)
            case .tarXZ, .tarBzip2, .tarZstd:
                let program = try Programs.find(
                    format.program ?? "xz", environment: environment, purpose: "unpacking \(name)")
                try await readTar(archive, through: program, environment: environment, writer)
            }
            return try writer.finish(strip: strip)
        } catch let fault as ArchiveFault {
            if let error = writer.diskError { throw .unwritable(path: folder, error) }
            throw .install(.archiveUnsafe(archive: name, reason: fault.reason))
        } catch let error as ToolchainError {
            throw error
        } catch {
            throw .unwritable(path: folder, error as? Errno ?? .ioError)
        }
    }

    private static func readZip(_ archive: FilePath, bytes: Int, _ writer: TreeWriter) throws {
        let file = try FileDescriptor.open(archive, .readOnly)
        try file.closeAfter { try ZipReader(file, bytes: bytes).read(writer.receive) }
    }

    private static func readTar(_ archive: FilePath, isCompressed: Bool, _ writer: TreeWriter) throws {
        let file = try FileDescriptor.open(archive, .readOnly)
        try file.closeAfter {
            var reader = TarReader()
            let inflater = isCompressed ? try Inflater(.gzip) : nil
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 16)
            defer { buffer.deallocate() }
            while case let count = try file.read(into: buffer), count > 0 {
                let piece = UnsafeRawBufferPointer(rebasing: buffer[..<count])
                if let inflater {
                    try inflater.feed(piece) { bytes throws(ArchiveFault) in try reader.feed(bytes, writer.receive) }
                } else {
                    try reader.feed(piece, writer.receive)
                }
            }
            if let inflater, !inflater.isAtEnd { throw ArchiveFault("it is damaged: it ends too early") }
            try reader.finish()
        }
    }

    private static func readTar(
        _ archive: FilePath, through program: FilePath, environment: [String: String], _ writer: TreeWriter
    ) async throws {
        var reader = TarReader()
        var fault: (any Error)?
        let result = try await Subprocess.run(
            .path(program), arguments: ["-dc", archive.string], environment: .inherit.updating(["LC_ALL": "C"]),
            input: .none, output: .sequence, error: .string(limit: 1 << 16)
        ) { execution in
            for try await chunk in execution.standardOutput {
                do {
                    try chunk.withUnsafeBytes { try reader.feed($0, writer.receive) }
                } catch {
                    fault = error
                    try? execution.send(signal: .kill)
                    break
                }
            }
        }
        if let fault { throw fault }
        guard result.terminationStatus == .exited(0) else {
            let said = result.standardError.split(whereSeparator: \.isNewline).last.map { String($0) }
            throw ArchiveFault("it is damaged: \(said ?? "the decompressor ended with \(result.terminationStatus)")")
        }
        try reader.finish()
    }
}

/// Writes what the ledger admits.
private final class TreeWriter {
    private let folder: FilePath
    private var ledger: EntryLedger
    private var file: FileDescriptor?
    private var entry: ArchiveEntry?
    private var directories: [(path: FilePath, entry: ArchiveEntry)] = []
    private var madeFolders: Set<String> = []
    private var files = 0
    /// What the disk said, where it was at fault and not the archive.
    private(set) var diskError: Errno?

    init(folder: FilePath, ledger: EntryLedger) {
        self.folder = folder
        self.ledger = ledger
    }

    deinit { try? file?.close() }

    func receive(_ event: ArchiveEvent) throws(ArchiveFault) {
        do {
            switch event {
            case .entry(let entry): try begin(entry)
            case .data(let bytes): _ = try file?.writeAll(bytes)
            case .endOfEntry: try end()
            }
        } catch let fault as ArchiveFault {
            throw fault
        } catch {
            diskError = error as? Errno ?? .ioError
            throw ArchiveFault("the disk says: \(error)")
        }
    }

    private func begin(_ entry: ArchiveEntry) throws {
        let components = try ledger.admit(entry)
        self.entry = entry
        if components.isEmpty { return }
        let path = folder.pushing(FilePath(components.joined(separator: "/")))
        try makeFolders(components.dropLast())
        switch entry.kind {
        case .directory:
            try makeFolders(components[...])
            directories.append((path, entry))
        case .file:
            file = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
                permissions: .ownerReadWrite)
            files += 1
        case .symbolicLink: files += 1
        case .hardLink(let target):
            let source = folder.pushing(
                FilePath(target.split(separator: "/").filter { $0 != "." }.joined(separator: "/")))
            try check(source.withPlatformString { old in path.withPlatformString { link(old, $0) } })
            files += 1
        }
    }

    private func end() throws {
        guard let file, let entry else { return }
        self.file = nil
        try file.closeAfter {
            try check(fchmod(file.rawValue, Self.permissions(of: entry, else: 0o644)))
            if let modified = entry.modified {
                var times = [timespec(tv_sec: modified, tv_nsec: 0), timespec(tv_sec: modified, tv_nsec: 0)]
                _ = futimens(file.rawValue, &times)
            }
        }
    }

    func finish(strip: StripRule) throws -> UnpackedTree {
        let root = try ledger.root(strip)
        let top = root.isEmpty ? folder : folder.pushing(FilePath(root))
        for link in try ledger.links(below: root) {
            let path = folder.pushing(FilePath(link.path))
            try check(link.target.withCString { target in path.withPlatformString { symlink(target, $0) } })
        }
        // Last, since a folder's own mode may forbid writing into it; the owner may always.
        for (path, entry) in directories.reversed() {
            try check(path.withPlatformString { chmod($0, Self.permissions(of: entry, else: 0o755) | 0o700) })
        }
        return UnpackedTree(root: top, files: files, bytes: ledger.bytes)
    }

    private func makeFolders(_ components: ArraySlice<String>) throws {
        let whole = components.joined(separator: "/")
        if whole.isEmpty || madeFolders.contains(whole) { return }
        try makeFolders(components.dropLast())
        let made = folder.pushing(FilePath(whole)).withPlatformString { mkdir($0, 0o755) }
        if made != 0, errno != EEXIST { throw Errno(rawValue: errno) }
        madeFolders.insert(whole)
    }

    private func check(_ status: CInt) throws { if status != 0 { throw Errno(rawValue: errno) } }

    // No set-uid, set-gid and sticky bits, and nobody but the owner writes; the owner always reads and writes.
    private static func permissions(of entry: ArchiveEntry, else usual: mode_t) -> mode_t {
        (entry.mode.map { mode_t($0) & 0o755 } ?? usual) | 0o600
    }
}
