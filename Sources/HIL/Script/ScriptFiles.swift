// What reading scripts wants of the world: files, and a few facts that others own.

/// Files and facts for the reader of scripts.
package protocol ScriptFiles: Sendable {
    /// A file's text; nil where it cannot be read.
    func text(of path: String) -> String?
    /// Where a file is that a script in `folder` names; nil where there is none.
    func find(_ name: String, _ role: FileRole, from folder: String) -> String?
    /// The files that match a pattern, sorted.
    func files(matching pattern: String, from folder: String) -> [String]
    /// What is wrong with a fault spec; nil where it is right.
    func complaint(aboutFault text: String) -> String?
    /// The known chips.
    var chips: [String] { get }
    /// Bytes of a flash size, `4MB`; nil where it is none.
    func flashBytes(_ text: String) -> Int?
}

extension Place {
    /// The folder that paths beside the script start from.
    var folder: String {
        guard let slash = file.lastIndex(of: "/") else { return "." }
        return slash == file.startIndex ? "/" : String(file[..<slash])
    }
}
