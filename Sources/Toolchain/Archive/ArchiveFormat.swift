// The kinds of archives that toolchains come in, told by the file's name as everybody does.

/// A kind of archive.
public enum ArchiveFormat: String, Equatable, Sendable, CaseIterable {
    /// tar, compressed by gzip.
    case tarGzip
    /// tar, compressed by xz.
    case tarXZ
    /// tar, compressed by bzip2.
    case tarBzip2
    /// tar, compressed by zstd.
    case tarZstd
    /// tar alone.
    case tar
    /// zip.
    case zip

    /// Takes a file's name; nil for one that is no archive's.
    public init?(fileName: String) {
        let name = fileName.lowercased()
        let endings: [(String, ArchiveFormat)] = [
            (".tar.gz", .tarGzip), (".tgz", .tarGzip), (".tar.xz", .tarXZ), (".txz", .tarXZ), (".tar.bz2", .tarBzip2),
            (".tbz2", .tarBzip2), (".tbz", .tarBzip2), (".tar.zst", .tarZstd), (".tzst", .tarZstd), (".tar", .tar),
            (".zip", .zip),
        ]
        guard let found = endings.first(where: { name.hasSuffix($0.0) && name.count > $0.0.count }) else { return nil }
        self = found.1
    }

    /// The program that takes the compression off; nil where none is needed.
    var program: String? {
        switch self {
        case .tarXZ: "xz"
        case .tarBzip2: "bzip2"
        case .tarZstd: "zstd"
        case .tarGzip, .tar, .zip: nil
        }
    }
}

/// Why an archive is refused; its name is added further up.
struct ArchiveFault: Error, Equatable {
    var reason: String

    init(_ reason: String) { self.reason = reason }
}

/// What an archive says of one of its members, before anything of it is written.
struct ArchiveEntry: Equatable, Sendable {
    enum Kind: Equatable, Sendable {
        case file
        case directory
        case symbolicLink(target: String)
        case hardLink(target: String)
    }

    var path: String
    var kind: Kind
    /// The permission bits that it may have here; nil where the archive has none.
    var mode: UInt32?
    /// In bytes, of a file's contents.
    var size: Int
    /// Nil where the archive has none.
    var modified: ArchiveTime?
}

/// A time in an archive.
struct ArchiveTime: Equatable, Sendable {
    /// Since 1970.
    var seconds: Int
    /// Of the second that has begun.
    var nanoseconds = 0

    init(seconds: Int) { self.seconds = seconds }

    /// Reads pax's decimal seconds, `1600000000.25` or `-1.5`; nil for other text.
    init?(pax text: String) {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, let seconds = Int(whole) else { return nil }
        self.seconds = seconds
        guard parts.count > 1 else { return }
        let digits = parts[1].prefix(9)
        guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        nanoseconds = Int(digits + String(repeating: "0", count: 9 - digits.count)) ?? 0
        if whole.hasPrefix("-"), nanoseconds > 0 {
            guard seconds > .min else { return nil }
            self.seconds = seconds - 1
            nanoseconds = 1_000_000_000 - nanoseconds
        }
    }
}

/// How much may come out of an archive.
struct ArchiveLimits: Equatable, Sendable {
    /// Of all files.
    let bytes: Int
    /// Entries, and folders that they imply.
    let entries: Int

    /// `archiveBytes` is the archive's own size. What a toolchain packs into a byte is 5 to 20; a hundred is a bomb's.
    /// The largest has some 40,000 entries; in a tree of short texts one takes some 400 bytes.
    init(archiveBytes: Int) {
        let (hundredfold, overflow) = archiveBytes.multipliedReportingOverflow(by: 100)
        bytes = max(256 << 20, overflow ? .max >> 1 : hundredfold)
        entries = max(20_000, archiveBytes / 128)
    }

    /// Of a tar without its compression: each entry has headers and padding beside its contents.
    var streamBytes: Int { bytes + entries * 2048 }
}

/// What a reader finds, in order: an entry, then, of a file, its contents in pieces.
enum ArchiveEvent {
    case entry(ArchiveEntry)
    case data(UnsafeRawBufferPointer)
    case endOfEntry
}

/// Takes what a reader finds; what it throws ends the reading.
typealias ArchiveReceiver = (ArchiveEvent) throws(ArchiveFault) -> Void
