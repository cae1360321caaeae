// Runs the program that was built beside the tests, as a user would: own working folder, own environment, and
// what it printed comes back.

public import SystemPackage

#if canImport(Glibc)
    import Glibc
#endif

/// The `espmask` that was just built.
public enum BuiltProgram {
    /// Its path: beside the bundle of the tests that are running, else in the release folder of the checkout.
    public static let path: FilePath = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let fallback = Peers.checkout.pushing(FilePath(".build/release/espmask"))
        guard length > 0 else { return fallback }
        let own = FilePath(String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self))
        let beside = own.removingLastComponent().appending("espmask")
        return beside.withPlatformString { access($0, X_OK) == 0 } ? beside : fallback
    }()

    /// Runs it to its end in `folder`.
    public static func run(
        _ arguments: [String], in folder: FilePath, environment: [String: String] = [:]
    ) async throws -> Peers.Outcome {
        var all = ["COLUMNS": "100", "NO_COLOR": "1", "ESPMASK_HOME": Peers.checkout.string]
        all.merge(environment) { _, new in new }
        return try await Peers.run(path, arguments, in: folder, environment: all)
    }
}

/// A folder of its own for a test, removed when the value goes.
public final class ScratchFolder: Sendable {
    /// Where it is.
    public let path: FilePath

    /// Makes it below the system's temporary folder.
    public init() throws {
        var template = Array("/tmp/espmask-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
        path = FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    deinit {
        // The folder is ours alone; a plain recursive removal by name.
        removeTree(path.string)
    }

    /// Makes folders in it, one inside the other.
    public func makeFolders(_ relative: String) throws {
        var folder = path
        for component in FilePath(relative).components {
            folder.append(component)
            guard folder.withPlatformString({ mkdir($0, 0o755) }) == 0 || errno == EEXIST else {
                throw Errno(rawValue: errno)
            }
        }
    }

    /// Writes a file into the folder and returns its path.
    @discardableResult
    public func write(_ bytes: [UInt8], as name: String) throws -> FilePath {
        let target = path.pushing(FilePath(name))
        let file = try FileDescriptor.open(
            target, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
        try file.closeAfter { _ = try file.writeAll(bytes) }
        return target
    }
}

private func removeTree(_ path: String) {
    guard let directory = opendir(path) else {
        unlink(path)
        return
    }
    while let entry = readdir(directory) {
        let name = withUnsafePointer(to: entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        guard name != ".", name != ".." else { continue }
        let child = path + "/" + name
        // A link to a folder is removed, never followed.
        if entry.pointee.d_type == UInt8(DT_DIR) { removeTree(child) } else { unlink(child) }
    }
    closedir(directory)
    rmdir(path)
}
