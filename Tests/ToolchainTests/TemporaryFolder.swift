// A folder of a test's own, gone when the test is over.

import Glibc
import SystemPackage
import TestSupport

/// Makes a folder, hands it over, and removes it.
func withTemporaryFolder<Result>(_ body: (FilePath) async throws -> Result) async throws -> Result {
    var template = Array("/tmp/espmask-toolchain-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw Errno(rawValue: errno) }
    let folder = FilePath(String(cString: made))
    do {
        let result = try await body(folder)
        _ = try await Peers.run("/bin/rm", ["-rf", folder.string])
        return result
    } catch {
        _ = try await Peers.run("/bin/rm", ["-rf", folder.string])
        throw error
    }
}

/// Writes a text file, making the folders above it.
func write(_ text: String, to path: FilePath) async throws {
    _ = try await Peers.run("/bin/mkdir", ["-p", path.removingLastComponent().string])
    let file = try FileDescriptor.open(
        path, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
    try file.closeAfter { _ = try file.writeAll(Array(text.utf8)) }
}
