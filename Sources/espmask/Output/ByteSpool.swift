// Text that is kept for later in any amount: in memory as long as it is little, then in a file that has no name any
// more, so that nothing is left of it whatever happens.

import SystemPackage

#if canImport(Glibc)
    import Glibc
#endif

/// A growing text.
struct ByteSpool: ~Copyable {
    private var memory: [UInt8] = []
    private var file: FileDescriptor?
    private static let largest = 1 << 20

    /// Whether nothing was kept yet.
    private(set) var isEmpty = true

    init() {}

    /// Keeps more.
    mutating func append(_ text: String) throws(Failure) {
        isEmpty = false
        memory += text.utf8
        guard memory.count > Self.largest else { return }
        do {
            let file = try file ?? Self.namelessFile()
            self.file = file
            _ = try file.writeAll(memory)
            memory.removeAll(keepingCapacity: true)
        } catch {
            let full = (error as? Errno) == .noSpace
            throw Failure(
                full ? "disk-full" : "output-unwritable", "cannot keep what was read in a temporary file: \(error)",
                hint: "Make room in the folder that TMPDIR names, /tmp where it names none.")
        }
    }

    /// Hands on everything that was kept, piece by piece.
    mutating func drain(_ take: ([UInt8]) -> Void) throws {
        if let file {
            try file.seek(offset: 0, from: .start)
            var piece = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = try piece.withUnsafeMutableBytes { try file.read(into: $0) }
                if count == 0 { break }
                take(Array(piece[..<count]))
            }
        }
        take(memory)
        memory = []
    }

    deinit { try? file?.close() }

    private static func namelessFile() throws -> FileDescriptor {
        var template = Array("\(Console.environment("TMPDIR") ?? "/tmp")/espmask-XXXXXX".utf8CString)
        let handle = mkstemp(&template)
        guard handle >= 0 else { throw Errno(rawValue: errno) }
        unlink(template)
        return FileDescriptor(rawValue: handle)
    }
}
