// Writes what the ledger admits, into a folder of its own. Links are made last, when it is known that all of them stay
// inside, so that nothing is ever written through one; so are the folders' own modes and times.

import Glibc
import SystemPackage

final class TreeWriter {
    private let folder: FilePath
    private var ledger: EntryLedger
    private var file: FileDescriptor?
    private var entry: ArchiveEntry?
    /// By path; what the last entry of a folder says counts.
    private var directories: [String: ArchiveEntry] = [:]
    private var madeFolders: Set<String> = [""]
    /// What the disk said, where it was at fault and not the archive.
    private(set) var diskError: Errno?

    init(folder: FilePath, limits: ArchiveLimits) {
        self.folder = folder
        ledger = EntryLedger(limits)
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
        if entry.kind == .directory { directories[components.joined(separator: "/")] = entry }
        if components.isEmpty { return }
        let path = place(components.joined(separator: "/"))
        try makeFolders(components.dropLast())
        switch entry.kind {
        case .directory: try makeFolders(components[...])
        case .file:
            file = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
                permissions: .ownerReadWrite)
        case .symbolicLink: break
        case .hardLink(let target):
            let source = place(try EntryLedger.components(of: target).joined(separator: "/"))
            try check(source.withPlatformString { old in path.withPlatformString { link(old, $0) } })
        }
    }

    private func end() throws {
        guard let file, let entry else { return }
        self.file = nil
        try file.closeAfter {
            if let modified = entry.modified {
                var times = Self.times(modified)
                _ = futimens(file.rawValue, &times)
            }
            try check(fchmod(file.rawValue, entry.mode ?? 0o644))
        }
    }

    /// Makes the links, and gives the folders their modes. `keepFree` are names that may not be in the tool's folder.
    func finish(strip: StripRule, keepFree: [String]) throws -> UnpackedTree {
        let root = try ledger.root(strip)
        try ledger.keepFree(keepFree, in: root)
        for link in try ledger.links(below: root) {
            try check(link.target.withCString { target in place(link.path).withPlatformString { symlink(target, $0) } })
        }
        // What is in a folder comes before it: its mode may forbid to go there, and its time would be changed.
        let prefix = root.path.isEmpty ? "" : root.path + "/"
        for (path, entry) in directories.sorted(by: { $0.key.utf8.count > $1.key.utf8.count })
        where path.hasPrefix(prefix) && !path.isEmpty {
            if let modified = entry.modified {
                var times = Self.times(modified)
                _ = place(path).withPlatformString { utimensat(AT_FDCWD, $0, &times, 0) }
            }
            try setMode(entry.mode ?? 0o755, of: path)
        }
        // A folder that was stripped leaves its mode behind. The owner writes the receipt into the tool's own, and to
        // move it may need to write as well.
        if strip == .singleFolder || strip == .levels(0), let entry = directories[root.path] {
            try setMode((entry.mode ?? 0o755) | 0o700, of: root.path)
        }
        return UnpackedTree(root: place(root.path), files: ledger.files(below: root), bytes: ledger.bytes)
    }

    private func setMode(_ mode: mode_t, of path: String) throws {
        try check(place(path).withPlatformString { chmod($0, mode) })
    }

    private func makeFolders(_ components: ArraySlice<String>) throws {
        let whole = components.joined(separator: "/")
        if madeFolders.contains(whole) { return }
        try makeFolders(components.dropLast())
        let made = place(whole).withPlatformString { mkdir($0, 0o777) }
        if made != 0, errno != EEXIST { throw Errno(rawValue: errno) }
        madeFolders.insert(whole)
    }

    private func place(_ path: String) -> FilePath { path.isEmpty ? folder : folder.pushing(FilePath(path)) }

    private func check(_ status: CInt) throws { if status != 0 { throw Errno(rawValue: errno) } }

    private static func times(_ time: ArchiveTime) -> [timespec] {
        let time = timespec(tv_sec: time.seconds, tv_nsec: time.nanoseconds)
        return [time, time]
    }
}
