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
    /// Permission bits; nil where the archive has none.
    var mode: UInt32?
    /// In bytes, of a file's contents.
    var size: Int
    /// Seconds since 1970; nil where the archive has none.
    var modified: Int?
}

/// What a reader finds, in order: an entry, then, of a file, its contents in pieces.
enum ArchiveEvent {
    case entry(ArchiveEntry)
    case data(UnsafeRawBufferPointer)
    case endOfEntry
}

/// Takes what a reader finds; what it throws ends the reading.
typealias ArchiveReceiver = (ArchiveEvent) throws(ArchiveFault) -> Void
