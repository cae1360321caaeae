// Archives that are here: our own cache, named by digest and shared by both worlds, then the folders in which ESP-IDF's
// and Arduino's tools keep theirs. The digest decides; a file with the right name and other bytes is not looked at again.

import Glibc
public import SystemPackage

/// Where archives are kept and looked for.
public struct ArchiveCache: Sendable {
    /// Our own folder.
    public let folder: FilePath
    /// Others' folders, in which archives have their own names; they are only read.
    public let others: [FilePath]

    /// Takes folders as they are.
    public init(folder: FilePath, others: [FilePath] = []) {
        self.folder = folder
        self.others = others
    }

    /// The folders that the environment means: `ESPMASK_CACHE`, else `XDG_CACHE_HOME/espmask`, else
    /// `~/.cache/espmask`; beside it `dist/` of ESP-IDF and `staging/packages/` of Arduino.
    public init(environment: [String: String]) {
        let home = FilePath(environment["HOME"] ?? "/")
        let named = environment["ESPMASK_CACHE"].flatMap { $0.isEmpty ? nil : FilePath($0).absolute }
        let shared = environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : FilePath($0) }
        folder = named ?? (shared ?? home.appending(".cache")).appending("espmask").appending("archives")
        let idf = environment["IDF_TOOLS_PATH"].map { FilePath($0) } ?? home.appending(".espressif")
        let arduino =
            environment["ARDUINO_DIRECTORIES_DOWNLOADS"].map { FilePath($0) }
            ?? home.appending(".arduino15").appending("staging")
        others = [idf.appending("dist"), arduino.appending("packages")]
    }

    /// Where a finished archive is kept.
    func path(of digest: Digest) -> FilePath { folder.appending(digest.cacheName) }
    /// Where its beginning is kept meanwhile.
    func part(of digest: Digest) -> FilePath { folder.appending(digest.cacheName + ".part") }
    /// Where it is kept from whom the beginning came.
    func partNote(of digest: Digest) -> FilePath { folder.appending(digest.cacheName + ".part.json") }

    /// A verified archive that is here already; nil where it must be fetched.
    func find(_ artifact: Artifact) -> FilePath? {
        // One that is not what its name says, by the disk's or somebody's doing, is replaced by a fresh one. It is not
        // removed here: another installer may be replacing it now.
        let own = path(of: artifact.digest)
        if Self.isProven(own, artifact) { return own }
        return others.map { $0.appending(artifact.archiveName) }.first { Self.isProven($0, artifact) }
    }

    private static func isProven(_ path: FilePath, _ artifact: Artifact) -> Bool {
        guard let stamp = FileStamp.of(path), stamp.size == artifact.size ?? stamp.size, !FileStamp.isDirectory(path)
        else {
            return false
        }
        return (try? hash(path, artifact.digest.algorithm))?.hex == artifact.digest.hex
    }

    /// Hashes a file, piece by piece.
    static func hash(_ path: FilePath, _ algorithm: Digest.Algorithm) throws(ToolchainError) -> Hasher {
        var hasher = Hasher(algorithm)
        do {
            let file = try FileDescriptor.open(path, .readOnly)
            try file.closeAfter {
                let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
                defer { buffer.deallocate() }
                while case let count = try file.read(into: buffer), count > 0 {
                    hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                }
            }
        } catch {
            throw .unreadable(path: path, error as? Errno ?? .ioError)
        }
        return hasher
    }
}
