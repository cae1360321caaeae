// What was done the last time, kept in the output folder: for each step its arguments, the files it read and the files
// it wrote. A step is done again when any of these changed; files that only look new (another time of modification,
// the same bytes) do not count as changed.

import FoundationEssentials
import SystemPackage

/// A file that a step read.
struct StepInput: Codable, Equatable, Sendable {
    var path: String
    var stamp: FileStamp
    var digest: String
}

/// A file that a step wrote.
struct StepOutput: Codable, Equatable, Sendable {
    var path: String
    var stamp: FileStamp
}

/// One step as it was done.
struct StepRecord: Codable, Equatable, Sendable {
    var arguments: [String]
    var inputs: [StepInput]
    var outputs: [StepOutput]
    /// What the compiler said although it succeeded.
    var complaints: String
}

/// All steps of an output folder.
struct BuildRecord: Codable, Equatable, Sendable {
    static let currentFormat = 1

    var format = currentFormat
    var steps: [String: StepRecord] = [:]
    var images: [BuildResult.Image] = []
    /// What was put beside the build's own images after it; every build begins without.
    var additions: [BuildResult.Image]?
    var sizes = BuildResult.Sizes(flash: 0, ram: 0)
    /// Absent in the bare back end's records.
    var backend: BuildBackend?

    /// Reads the record; an absent, damaged or foreign one is an empty one.
    static func read(_ path: FilePath) -> BuildRecord {
        guard let bytes = try? FileStamp.contents(of: path),
            let record = try? JSONDecoder().decode(BuildRecord.self, from: Data(bytes)),
            record.format == currentFormat
        else { return BuildRecord() }
        return record
    }

    func write(to path: FilePath) throws(ToolchainError) {
        guard let data = try? JSONEncoder().encode(self) else { return }
        try FileStamp.write(Array(data), to: path)
    }
}

/// Looks at each file once per build.
struct FileView {
    private var stamps: [String: FileStamp?] = [:]
    private var digests: [String: String?] = [:]

    mutating func stamp(_ path: String) -> FileStamp? {
        if let known = stamps[path] { return known }
        let stamp = FileStamp.of(FilePath(path))
        stamps[path] = .some(stamp)
        return stamp
    }

    mutating func digest(_ path: String) -> String? {
        if let known = digests[path] { return known }
        let digest = FileStamp.digest(of: FilePath(path))
        digests[path] = .some(digest)
        return digest
    }

    /// Forgets a file that was written meanwhile.
    mutating func forget(_ path: String) {
        stamps[path] = nil
        digests[path] = nil
    }

    /// What a file is now; nil where it is not there.
    mutating func input(_ path: String) -> StepInput? {
        guard let stamp = stamp(path), let digest = digest(path) else { return nil }
        return StepInput(path: path, stamp: stamp, digest: digest)
    }

    /// The record with its inputs' stamps brought up to date, or nil when the step must be done again.
    mutating func current(_ record: StepRecord?, arguments: [String]) -> StepRecord? {
        guard var record, record.arguments == arguments else { return nil }
        for output in record.outputs where stamp(output.path) != output.stamp { return nil }
        for (index, input) in record.inputs.enumerated() {
            guard let now = stamp(input.path) else { return nil }
            if now == input.stamp { continue }
            guard now.size == input.stamp.size, digest(input.path) == input.digest else { return nil }
            record.inputs[index].stamp = now
        }
        return record
    }
}
