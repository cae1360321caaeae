// The folder that holds a virtual board's flash file, made on first use.

import SystemPackage
import VirtualBoard

#if canImport(Glibc)
    import Glibc
#endif

enum FlashFolder {
    /// Makes a folder and those above it.
    static func make(_ folder: FilePath) throws(VirtualBoardError) {
        var path = FilePath(root: folder.root, [])
        for component in folder.components {
            path.append(component)
            let status = path.withPlatformString { mkdir($0, 0o777) }
            if status != 0, errno != EEXIST {
                let reason = Errno(rawValue: errno)
                throw VirtualBoardError(
                    code: reason == .noSpace ? "disk-full" : "permission-denied",
                    message: "cannot make the folder \(path) for the virtual board: \(reason)",
                    hint: "Run the command in a folder that can be written to.")
            }
        }
    }
}
