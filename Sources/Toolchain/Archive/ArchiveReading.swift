// Unpacks an archive into an empty folder of its own: a reader for its form, and a writer that has each entry judged
// before anything of it is written.

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
    /// Unpacks `archive` into `folder`, which must be there and empty. `keepFree` are names that the tool's folder may
    /// not have.
    ///
    /// Throws `archive-unsafe` with the entry's name, `disk-full`, and `tool-missing` without the decompressor.
    package static func unpack(
        _ archive: FilePath, named name: String, strip: StripRule, into folder: FilePath,
        keepFree: [String] = [], environment: [String: String]
    ) async throws(ToolchainError) -> UnpackedTree {
        guard let format = ArchiveFormat(fileName: name) else {
            throw .install(.archiveUnsafe(archive: name, reason: "its name is of no known kind of archive"))
        }
        guard let size = FileStamp.of(archive)?.size else { throw .unreadable(path: archive, .noSuchFileOrDirectory) }
        let limits = ArchiveLimits(archiveBytes: size)
        let writer = TreeWriter(folder: folder, limits: limits)
        do {
            switch format {
            case .zip: try readZip(archive, bytes: size, limits, writer)
            case .tarGzip, .tar: try readTar(archive, isCompressed: format == .tarGzip, limits, writer)
            case .tarXZ, .tarBzip2, .tarZstd:
                let program = try Programs.find(
                    format.program ?? "xz", environment: environment, purpose: "unpacking \(name)")
                try await readTar(archive, through: program, environment: environment, limits, writer)
            }
            return try writer.finish(strip: strip, keepFree: keepFree)
        } catch let fault as ArchiveFault {
            if let error = writer.diskError { throw .unwritable(path: folder, error) }
            throw .install(.archiveUnsafe(archive: name, reason: fault.reason))
        } catch let error as ToolchainError {
            throw error
        } catch {
            throw .unwritable(path: folder, error as? Errno ?? .ioError)
        }
    }

    private static func readZip(
        _ archive: FilePath, bytes: Int, _ limits: ArchiveLimits, _ writer: TreeWriter
    ) throws {
        let file = try FileDescriptor.open(archive, .readOnly)
        try file.closeAfter { try ZipReader(file, bytes: bytes, limits: limits).read(writer.receive) }
    }

    private static func readTar(
        _ archive: FilePath, isCompressed: Bool, _ limits: ArchiveLimits, _ writer: TreeWriter
    ) throws {
        let file = try FileDescriptor.open(archive, .readOnly)
        try file.closeAfter {
            var reader = TarReader(limits)
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
        _ archive: FilePath, through program: FilePath, environment: [String: String], _ limits: ArchiveLimits,
        _ writer: TreeWriter
    ) async throws {
        var reader = TarReader(limits)
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
