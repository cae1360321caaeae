// Finds the ELF file of the firmware that runs on a board: the one that was given, or the one among the builds of the
// working folder whose digest the board prints with a panic. What is not the running firmware is said to be another.

import DeviceBridge
import Foundation
import SystemPackage

/// Decodes panics with the right ELF file.
struct FirmwareFinder {
    private let given: (path: String, decoder: AddressDecoder)?
    private let builds: String
    /// Files that were read before, by digest.
    private var known: [String: AddressDecoder] = [:]
    private var told: Set<String> = []
    /// The file that the latest digest belongs to.
    private var latest: AddressDecoder?

    /// Takes the ELF file of `--elf`, or else looks below `builds`. Throws `file-not-found`, `elf-invalid` and
    /// `wrong-architecture` for the given one.
    init(elf: String?, builds: String = ".espmask/build") throws {
        given = try elf.map { ($0, try AddressDecoder(elf: try Files.read($0))) }
        self.builds = builds
    }

    /// The panic with its names, and what is to be said about the ELF file, once for each digest.
    mutating func decode(_ report: PanicReport) -> (panic: DecodedPanic, note: String?) {
        if let given {
            let panic = DecodedPanic(report, given.decoder)
            guard panic.match == .different else { return (panic, nil) }
            return (
                panic,
                once(
                    report.elfDigest ?? "",
                    "the panic's ELF digest is not that of \(given.path): its names and lines may be wrong")
            )
        }
        guard let digest = report.elfDigest, digest.utf8.count >= 8 else {
            // A dump that was cut off has no digest; the board runs what it ran before.
            if let latest { return (DecodedPanic(report, latest), nil) }
            let note = report.kind == .trace ? nil : once("", "give the firmware's ELF file with --elf to see where")
            return (DecodedPanic(report, nil), note)
        }
        latest = built(digest)
        if let latest { return (DecodedPanic(report, latest), nil) }
        let note = "the board runs a firmware whose ELF file (digest \(digest)) is not among the builds in \(builds): "
        return (DecodedPanic(report, nil), once(digest, note + "give it with --elf"))
    }

    private mutating func once(_ key: String, _ text: String) -> String? { told.insert(key).inserted ? text : nil }

    /// The build whose ELF file has the digest.
    private mutating func built(_ digest: String) -> AddressDecoder? {
        if let found = known.first(where: { $0.key.hasPrefix(digest.lowercased()) }) { return found.value }
        // It may have been built again since.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: builds)) ?? []
        for name in names.sorted() {
            let path = "\(builds)/\(name)/firmware.elf"
            guard Files.exists(path), let bytes = try? Files.read(path),
                let decoder = try? AddressDecoder(elf: bytes)
            else { continue }
            known[decoder.digest] = decoder
            if decoder.digest.hasPrefix(digest.lowercased()) { return decoder }
        }
        return nil
    }
}
