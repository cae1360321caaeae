// Who holds the lock on a flash file, so that an error can name the process to end. Linux keeps a list of locks
// (proc(5), /proc/locks); where it cannot be read the holder stays unnamed.

internal import Glibc

/// The process that holds a file's lock.
struct FlashLockHolder {
    let process: Int
    let name: String

    /// The holder of the lock on an open file, nil when it cannot be told.
    static func find(of descriptor: CInt) -> FlashLockHolder? {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        // A line reads `1: FLOCK  ADVISORY  WRITE 4242 08:01:131082 0 EOF`; waiting locks have `->` after the number.
        for line in contents(of: "/proc/locks").split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count >= 6, fields[1] == "FLOCK", let process = Int(fields[4]),
                fields[5].split(separator: ":").last == "\(status.st_ino)"
            else { continue }
            let name = contents(of: "/proc/\(process)/comm").prefix { $0 != "\n" }
            return FlashLockHolder(process: process, name: String(name))
        }
        return nil
    }

    private static func contents(of path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while text.count < 1 << 20 {
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { break }
            text += chunk[..<count]
        }
        return String(decoding: text, as: UTF8.self)
    }
}
