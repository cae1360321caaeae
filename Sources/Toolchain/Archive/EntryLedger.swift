// Which members of an archive may become files, judged before each is written: nothing outside the folder, nothing twice,
// nothing that another member's spelling hides on a disk that ignores case or how accents are spelled, and links only
// to what is inside. It keeps the tree of names it has admitted; it touches no disk.

struct EntryLedger {
    enum Kind: Equatable {
        case directory
        case file
        case link(target: String)
    }

    private struct Node {
        let name: String
        let kind: Kind
        let parent: Int
        /// By folded name.
        var children: [String: Int] = [:]
    }

    /// A folder of the tree.
    struct Root: Equatable {
        fileprivate let node: Int
        /// Empty for the tree itself.
        let path: String
    }

    private static let longestPath = 3000
    private static let deepest = 100
    /// Links to links are followed as often as the kernel does; no honest way has so many steps.
    private static let (mostLinks, mostSteps) = (40, 300)

    private let limits: ArchiveLimits
    private var nodes = [Node(name: "", kind: .directory, parent: 0)]
    private var entries = 0
    private(set) var bytes = 0

    init(_ limits: ArchiveLimits) { self.limits = limits }

    /// Judges an entry and keeps it. Returns the components of its path, none for the folder itself.
    mutating func admit(_ entry: ArchiveEntry) throws(ArchiveFault) -> [String] {
        entries += 1
        guard entries <= limits.entries else { throw tooMany(entry.path) }
        let components = try Self.components(of: entry.path)
        let (sum, overflow) = bytes.addingReportingOverflow(entry.size)
        guard !overflow, sum <= limits.bytes else {
            throw ArchiveFault("it unpacks to more than \(limits.bytes) bytes ('\(entry.path)'): that is a bomb")
        }
        bytes = sum
        guard let name = components.last else {
            guard entry.kind == .directory else {
                throw ArchiveFault("'\(entry.path)' would replace the folder itself")
            }
            return []
        }
        var place = 0
        for parent in components.dropLast() {
            if let there = try child(parent, of: place) {
                guard nodes[there].kind == .directory else {
                    throw ArchiveFault(
                        "'\(entry.path)' would be written through '\(path(of: there))', which is no folder")
                }
                place = there
            } else {
                place = try add(parent, .directory, to: place)
            }
        }
        if let there = try child(name, of: place) {
            let isFolder = nodes[there].kind == .directory
            if isFolder, entry.kind == .directory { return components }
            throw ArchiveFault(
                isFolder ? "'\(path(of: there))' is a folder and more" : "'\(path(of: there))' is in it twice")
        }
        switch entry.kind {
        case .directory: _ = try add(name, .directory, to: place)
        case .file: _ = try add(name, .file, to: place)
        case .symbolicLink(let target):
            try Self.check(target: target, of: entry.path)
            _ = try add(name, .link(target: target), to: place)
        case .hardLink(let target):
            guard try kind(at: Self.components(of: target)) == .file else {
                throw ArchiveFault("the link '\(entry.path)' leads to '\(target)', which is no file before it")
            }
            _ = try add(name, .file, to: place)
        }
        return components
    }

    /// The folder that becomes the tool's.
    func root(_ rule: StripRule) throws(ArchiveFault) -> Root {
        switch rule {
        case .levels(let count):
            var root = Root(node: 0, path: "")
            for level in 0..<count {
                let children = nodes[root.node].children.values
                guard let only = children.first, children.count == 1, nodes[only].kind == .directory else {
                    let names = children.map { nodes[$0].name }.sorted().prefix(4).joined(separator: ", ")
                    throw ArchiveFault("one folder was expected at level \(level + 1), there is: \(names)")
                }
                root = Root(node: only, path: path(of: only))
            }
            return root
        case .singleFolder:
            let folders = nodes[0].children.values.filter {
                nodes[$0].kind == .directory && !nodes[$0].name.hasPrefix("__MACOSX")
            }
            guard let only = folders.first, folders.count == 1 else {
                let names = folders.map { nodes[$0].name }.sorted().prefix(4).joined(separator: ", ")
                throw ArchiveFault("one folder was expected at the top, there is: \(names.isEmpty ? "none" : names)")
            }
            return Root(node: only, path: nodes[only].name)
        }
    }

    /// Refuses what is called like a file that the installer itself writes into the folder.
    func keepFree(_ names: [String], in root: Root) throws(ArchiveFault) {
        for name in names {
            if let there = nodes[root.node].children[Self.folded(name)] {
                throw ArchiveFault("'\(path(of: there))' has the name of the installer's own '\(name)'")
            }
        }
    }

    /// Files and links below `root`.
    func files(below root: Root) -> Int { indices(below: root).count { nodes[$0].kind != .directory } }

    /// The symbolic links below `root`, all of them leading to places below it. Throws for one that does not.
    func links(below root: Root) throws(ArchiveFault) -> [(path: String, target: String)] {
        var links: [(path: String, target: String)] = []
        for index in indices(below: root) {
            guard case .link(let target) = nodes[index].kind else { continue }
            let path = path(of: index)
            try follow(target, from: nodes[index].parent, path: path, root: root.node)
            links.append((path, target))
        }
        return links
    }

    // Walks as the kernel would, through other links too, and looks whether the way leaves the root. Names that are not
    // there lead nowhere, and ".." leads back from them.
    private func follow(_ first: String, from folder: Int, path: String, root: Int) throws(ArchiveFault) {
        var place = folder
        var beyond = 0
        var ahead: [Substring] = []
        var links = 0
        var steps = 0
        func enter(_ target: String) { ahead += target.split(separator: "/").reversed() }
        enter(first)
        while let step = ahead.popLast() {
            steps += 1
            guard steps <= Self.mostSteps else { throw ArchiveFault("the link '\(path)' leads too far, to '\(first)'") }
            if step == "." { continue }
            if step == ".." {
                if beyond > 0 {
                    beyond -= 1
                } else {
                    guard place != root else { throw ArchiveFault("the link '\(path)' leads out, to '\(first)'") }
                    place = nodes[place].parent
                }
            } else if beyond == 0, let next = nodes[place].children[Self.folded(String(step))] {
                if case .link(let target) = nodes[next].kind {
                    links += 1
                    guard links <= Self.mostLinks else { throw ArchiveFault("the link '\(path)' leads in a circle") }
                    enter(target)
                } else {
                    place = next
                }
            } else {
                beyond += 1
            }
        }
    }

    private func indices(below root: Root) -> [Int] {
        var found: [Int] = []
        var ahead = Array(nodes[root.node].children.values)
        while let next = ahead.popLast() {
            found.append(next)
            ahead += nodes[next].children.values
        }
        // Nodes are numbered as they came.
        return found.sorted()
    }

    private func path(of node: Int) -> String {
        var names: [String] = []
        var node = node
        while node != 0 {
            names.append(nodes[node].name)
            node = nodes[node].parent
        }
        return names.reversed().joined(separator: "/")
    }

    private func kind(at components: [String]) throws(ArchiveFault) -> Kind? {
        var place = 0
        for name in components {
            guard let next = try child(name, of: place) else { return nil }
            place = next
        }
        return nodes[place].kind
    }

    private func child(_ name: String, of folder: Int) throws(ArchiveFault) -> Int? {
        guard let there = nodes[folder].children[Self.folded(name)] else { return nil }
        // Text is compared byte by byte: to Swift, two spellings of an accent are equal.
        guard nodes[there].name.utf8.elementsEqual(name.utf8) else {
            let own = folder == 0 ? name : path(of: folder) + "/" + name
            throw ArchiveFault(
                "'\(own)' and '\(path(of: there))' differ only in case, in how accents are spelled, or in dots at the end"
            )
        }
        return there
    }

    private mutating func add(_ name: String, _ kind: Kind, to folder: Int) throws(ArchiveFault) -> Int {
        guard nodes.count <= limits.entries else { throw tooMany(path(of: folder) + "/" + name) }
        nodes.append(Node(name: name, kind: kind, parent: folder))
        nodes[folder].children[Self.folded(name)] = nodes.count - 1
        return nodes.count - 1
    }

    private func tooMany(_ path: String) -> ArchiveFault {
        ArchiveFault("it has more than \(limits.entries) entries ('\(path)'): that is a bomb")
    }

    // What Windows and macOS take for one name: they ignore case, and Windows dots and spaces at the end. Canonically
    // equivalent texts are one key of a dictionary.
    private static func folded(_ name: String) -> String {
        var kept = name[...]
        while let last = kept.utf8.last, last == UInt8(ascii: ".") || last == UInt8(ascii: " ") { kept.removeLast() }
        return kept.lowercased()
    }

    private static func check(target: String, of path: String) throws(ArchiveFault) {
        guard !target.isEmpty else { throw ArchiveFault("the link '\(path)' has no target") }
        guard target.utf8.count <= 1000 else { throw ArchiveFault("the link '\(path)' has a long target") }
        guard target.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw ArchiveFault("the link '\(path)' has control characters in its target")
        }
        guard !target.hasPrefix("/") else { throw ArchiveFault("the link '\(path)' leads to '\(target)'") }
    }

    static func components(of path: String) throws(ArchiveFault) -> [String] {
        guard !path.isEmpty else { throw ArchiveFault("it has an entry without a name") }
        guard path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw ArchiveFault("a name has control characters in it")
        }
        guard path.utf8.count <= longestPath else {
            throw ArchiveFault("it has a path of \(path.utf8.count) bytes ('\(path.prefix(60))...')")
        }
        guard !path.hasPrefix("/") else { throw ArchiveFault("'\(path)' is an absolute path") }
        guard !path.contains("\\") else { throw ArchiveFault("'\(path)' has a backslash in it") }
        let components = path.split(separator: "/").map { String($0) }.filter { $0 != "." }
        guard !components.contains("..") else { throw ArchiveFault("'\(path)' leads out of the folder") }
        if let first = components.first?.utf8, first.count == 2, first.last == UInt8(ascii: ":") {
            throw ArchiveFault("'\(path)' names a drive")
        }
        if let long = components.first(where: { $0.utf8.count > 255 }) {
            throw ArchiveFault("it has a name of \(long.utf8.count) bytes ('\(long.prefix(60))...')")
        }
        guard components.count <= deepest else {
            throw ArchiveFault("it has a path of \(components.count) folders ('\(path.prefix(60))...')")
        }
        return components
    }
}
