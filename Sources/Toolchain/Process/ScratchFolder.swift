// A folder for the length of one piece of work, in TMPDIR.

import Glibc
import SystemPackage

struct ScratchFolder {
    let path: FilePath

    init(prefix: String) throws(ToolchainError) {
        let folder = FilePath(getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp")
        var template = Array("\(folder)/\(prefix)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw .storing(folder, Errno(rawValue: errno), .temporary, folder: folder)
        }
        path = FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    func remove() { try? Tree.remove(path) }
}
