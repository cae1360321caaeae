// A folder for the length of one piece of work, in TMPDIR or the folder named.

import Glibc
import SystemPackage

struct ScratchFolder {
    let path: FilePath

    init(prefix: String, in parent: FilePath? = nil) throws(ToolchainError) {
        let folder = parent ?? FilePath(getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp")
        var template = Array("\(folder)/\(prefix)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            let error = ToolchainError.unwritable(path: folder, Errno(rawValue: errno))
            throw parent == nil ? error.storing(in: .temporary, folder: folder) : error
        }
        path = FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    func remove() { try? Tree.remove(path) }
}
