// Which members of an archive may become files, judged before each is written: nothing outside the folder, nothing twice,
// nothing that another member's spelling hides on a disk that ignores case, and links only to what is inside. It keeps
// the names it has admitted; it touches no disk.

struct EntryLedger {
    enum Known: Equatable {
        case directory
        case file
        case link(target: String)
    }

    /// More entries than the largest toolchain has.
    private static let mostEntries = 1_000_000
    private static let longestPath = 3000

    private(set) var known: [String: Known] = [:]
    private var spelled: [String: String] = [:]
    private var entries = 0
    private(set) var bytes = 0
    private let byteLimit: Int

    /// `archiveBytes` is the archive's own size. What a toolchain packs into a byte is 5 to 20; a hundred is a bomb's.
    init(archiveBytes: Int) {
        let (hundredfold, overflow) = archiveBytes.multipliedReportingOverflow(by: 100)
        byteLimit = max(256 << 20, overflow ? .max : hundredfold)
    }

    /// Judges an entry and keeps it. Returns the components of its path, none for the folder itself.
    mutating func admit(_ entry: ArchiveEntry) throws(ArchiveFault) -> [String] {
        entries += 1
        guard entries <= Self.mostEntries else { throw ArchiveFault("it has more than \(Self.mostEntries) entries") }
        let components = try Self.components(of: entry.path)
        let (sum, overflow) = bytes.addingReportingOverflow(entry.size)
        guard !overflow, sum <= byteLimit else {
            throw ArchiveFault("it unpacks to more than \(byteLimit) bytes ('\(entry.path)'): that is a bomb")
        }
        bytes = sum
        guard !components.isEmpty else {
            guard entry.kind == .directory else {
                throw ArchiveFault("'\(entry.path)' would replace the folder itself")
            }
            return []
        }
        for count in 1..<components.count {
            let parent = components[..<count].joined(separator: "/")
            if let there = known[parent] {
                guard there == .directory else {
                    throw ArchiveFault("'\(entry.path)' would be written through '\(parent)', which is no folder")
                }
            } else {
                try note(parent, .directory)
            }
        }
        let path = components.joined(separator: "/")
        switch entry.kind {
        case .directory:
            if known[path] == .directory { return components }
            try note(path, .directory)
        case .file: try note(path, .file)
        case .symbolicLink(let target):
            guard !target.isEmpty, !target.utf8.contains(0) else {
                throw ArchiveFault("the link '\(path)' has no target")
            }
            guard !target.hasPrefix("/") else { throw ArchiveFault("the link '\(path)' leads to '\(target)'") }
            try note(path, .link(target: target))
        case .hardLink(let target):
            guard known[try Self.components(of: target).joined(separator: "/")] == .file else {
                throw ArchiveFault("the link '\(path)' leads to '\(target)', which is no file before it")
            }
            try note(path, .file)
        }
        return components
    }

    /// The folder that becomes the tool's, as a path below the unpacked tree; empty for the tree itself.
    func root(_ rule: StripRule) throws(ArchiveFault) -> String {
        switch rule {
        case .levels(let count):
            var root = ""
            for level in 0..<count {
                let children = children(of: root)
                guard let only = children.first, children.count == 1, only.kind == .directory else {
                    let names = children.map(\.name).sorted().prefix(4).joined(separator: ", ")
                    throw ArchiveFault("one folder was expected at level \(level + 1), there is: \(names)")
                }
                root = root.isEmpty ? only.name : root + "/" + only.name
            }
            return root
        case .singleFolder:
            let folders = children(of: "").filter { $0.kind == .directory && !$0.name.hasPrefix("__MACOSX") }
            guard let only = folders.first, folders.count == 1 else {
                let names = folders.map(\.name).sorted().prefix(4).joined(separator: ", ")
                throw ArchiveFault("one folder was expected at the top, there is: \(names.isEmpty ? "none" : names)")
            }
            return only.name
        }
    }

    /// The symbolic links below `root`, all of them leading to places below it. Throws for one that does not.
    func links(below root: String) throws(ArchiveFault) -> [(path: String, target: String)] {
        var links: [(path: String, target: String)] = []
        for (path, kind) in known {
            guard case .link(let target) = kind, root.isEmpty || path.hasPrefix(root + "/") else { continue }
            try follow(path, root: root)
            links.append((path, target))
        }
        return links.sorted { $0.path < $1.path }
    }

    // Walks as the kernel would, through other links too, and looks whether the way leaves the root.
    private func follow(_ path: String, root: String) throws(ArchiveFault) {
        let depth = root.isEmpty ? 0 : root.split(separator: "/").count
        var place = path.split(separator: "/").dropLast().map { String($0) }
        var ahead: [String] = []
        var steps = 0
        func enter(_ target: String) { ahead = target.split(separator: "/").map { String($0) } + ahead }
        guard case .link(let first)? = known[path] else { return }
        enter(first)
        while !ahead.isEmpty {
            let step = ahead.removeFirst()
            if step == "." { continue }
            if step == ".." {
                guard place.count > depth else { throw ArchiveFault("the link '\(path)' leads out, to '\(first)'") }
                place.removeLast()
                continue
            }
            place.append(step)
            if case .link(let target)? = known[place.joined(separator: "/")] {
                steps += 1
                guard steps <= 40 else { throw ArchiveFault("the link '\(path)' leads in a circle") }
                place.removeLast()
                enter(target)
            }
        }
    }

    private func children(of folder: String) -> [(name: String, kind: Known)] {
        let prefix = folder.isEmpty ? "" : folder + "/"
        return known.compactMap { path, kind in
            guard path.hasPrefix(prefix) else { return nil }
            let name = path.dropFirst(prefix.count)
            return name.contains("/") || name.isEmpty ? nil : (String(name), kind)
        }
    }

    private mutating func note(_ path: String, _ kind: Known) throws(ArchiveFault) {
        if let there = known[path] {
            throw ArchiveFault(there == .directory ? "'\(path)' is a folder and more" : "'\(path)' is in it twice")
        }
        let folded = path.lowercased()
        if let other = spelled[folded] { throw ArchiveFault("'\(path)' and '\(other)' differ in case alone") }
        spelled[folded] = path
        known[path] = kind
    }

    private static func components(of path: String) throws(ArchiveFault) -> [String] {
        guard !path.isEmpty else { throw ArchiveFault("it has an entry without a name") }
        guard path.utf8.count <= longestPath else { throw ArchiveFault("it has a path of \(path.utf8.count) bytes") }
        guard !path.hasPrefix("/") else { throw ArchiveFault("'\(path)' is an absolute path") }
        guard path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw ArchiveFault("a name has control characters in it")
        }
        guard !path.contains("\\") else { throw ArchiveFault("'\(path)' has a backslash in it") }
        let components = path.split(separator: "/").map { String($0) }.filter { $0 != "." }
        guard !components.contains("..") else { throw ArchiveFault("'\(path)' leads out of the folder") }
        if let first = components.first?.utf8, first.count == 2, first.last == UInt8(ascii: ":") {
            throw ArchiveFault("'\(path)' names a drive")
        }
        if let long = components.first(where: { $0.utf8.count > 255 }) {
            throw ArchiveFault("it has a name of \(long.utf8.count) bytes")
        }
        return components
    }
}
