// Reads tar: old, POSIX ustar and pax, and GNU with its long names. Bytes go in, in pieces of any size; entries and
// pieces of contents come out. Devices, pipes and sparse files are refused here, since no tool needs them and a sparse
// file unpacks to any size it likes.

struct TarReader {
    private static let block = 512
    /// Longer than any honest path or list of attributes, and more than any entry has.
    private static let (longestMetadata, mostMetadata) = (1 << 20, 8)
    /// Zeros that fill the last record follow the end; the largest records that tar(1) makes by itself have 10 KB.
    private static let longestTail = 1 << 20

    private enum State {
        case header
        case contents(left: Int, padding: Int)
        case metadata(type: UInt8, left: Int, padding: Int)
        case padding(Int)
        case ended
    }

    private var state = State.header
    private var pending: [UInt8] = []
    private let limits: ArchiveLimits
    private var bytes = 0
    private var tail = 0
    private var zeroBlocks = 0
    private var sawEntry = false
    /// The entry before, for messages.
    private var last = ""
    /// Extended headers since.
    private var metadata = 0
    /// What extended headers said of the entry that follows.
    private var path: String?
    private var link: String?
    private var size: Int?
    private var modified: ArchiveTime?
    private var sparse: (name: String?, size: String?)?

    init(_ limits: ArchiveLimits) { self.limits = limits }

    /// Takes more bytes. Throws for what is no tar and for entries that are refused.
    mutating func feed(_ bytes: UnsafeRawBufferPointer, _ receive: ArchiveReceiver) throws(ArchiveFault) {
        self.bytes += bytes.count
        guard self.bytes <= limits.streamBytes else {
            throw ArchiveFault("it unpacks to more than \(limits.streamBytes) bytes (after '\(last)'): that is a bomb")
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            switch state {
            case .ended:
                tail += rest.count
                guard tail <= Self.longestTail else {
                    throw ArchiveFault(
                        "it goes on after its end\(last.isEmpty ? "" : " (after '\(last)')"): that is a bomb")
                }
                return
            case .header:
                let missing = Self.block - pending.count
                pending += rest.prefix(missing)
                rest = rest.dropFirst(missing)
                guard pending.count == Self.block else { return }
                let header = pending
                pending.removeAll(keepingCapacity: true)
                try take(header: header, receive)
            case .contents(let left, let padding):
                let piece = rest.prefix(left)
                try receive(.data(UnsafeRawBufferPointer(rebasing: piece)))
                rest = rest.dropFirst(piece.count)
                if piece.count == left {
                    try receive(.endOfEntry)
                    state = padding > 0 ? .padding(padding) : .header
                } else {
                    state = .contents(left: left - piece.count, padding: padding)
                }
            case .metadata(let type, let left, let padding):
                let piece = rest.prefix(left)
                pending += piece
                rest = rest.dropFirst(piece.count)
                if piece.count == left {
                    let text = pending
                    pending.removeAll(keepingCapacity: true)
                    try take(metadata: text, type: type)
                    state = padding > 0 ? .padding(padding) : .header
                } else {
                    state = .metadata(type: type, left: left - piece.count, padding: padding)
                }
            case .padding(let left):
                let count = min(left, rest.count)
                rest = rest.dropFirst(count)
                state = count == left ? .header : .padding(left - count)
            }
        }
    }

    /// The bytes have ended. Throws when they end within an entry.
    func finish() throws(ArchiveFault) {
        switch state {
        case .ended: return
        case .header where pending.isEmpty && sawEntry: return
        case .header, .contents, .metadata, .padding: throw ArchiveFault("it is damaged: it ends too early")
        }
    }

    private mutating func take(header: [UInt8], _ receive: ArchiveReceiver) throws(ArchiveFault) {
        if header.allSatisfy({ $0 == 0 }) {
            zeroBlocks += 1
            if zeroBlocks == 2 { state = .ended }
            return
        }
        zeroBlocks = 0
        let sum = header.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
        guard Self.number(header[148..<156]) == sum else {
            throw ArchiveFault(sawEntry ? "it is damaged: a header's sum is wrong" : "it is no tar archive")
        }
        guard let ownSize = Self.number(header[124..<136]) else { throw ArchiveFault("it has an entry without a size") }
        sawEntry = true
        let type = header[156]
        switch type {
        case UInt8(ascii: "x"), UInt8(ascii: "g"), UInt8(ascii: "L"), UInt8(ascii: "K"):
            metadata += 1
            guard ownSize <= Self.longestMetadata, metadata <= Self.mostMetadata else {
                throw ArchiveFault("it has too many attributes (after '\(last)')")
            }
            state = Self.body(ownSize, { .metadata(type: type, left: $0, padding: $1) })
        case _: try take(entry: header, type: type, ownSize: ownSize, receive)
        }
    }

    private mutating func take(
        entry header: [UInt8], type: UInt8, ownSize: Int, _ receive: ArchiveReceiver
    ) throws(ArchiveFault) {
        // Where an extended header has the text, the short form may be cut off within a character.
        let name = if let path { path } else { try Self.name(in: header) }
        let target = if let link { link } else { try Self.text(header[157..<257]) }
        (last, metadata) = (name, 0)
        if let sparse {
            throw ArchiveFault("'\(sparse.name ?? name)' is a sparse file of \(sparse.size ?? "\(ownSize)") bytes")
        }
        // No set-uid, set-gid and sticky bits, and nobody but the owner writes: as Python's filter for tars has it, and
        // so ESP-IDF's installer.
        var entry = ArchiveEntry(
            path: name, kind: .file,
            mode: Self.number(header[100..<108]).map { UInt32(truncatingIfNeeded: $0) & 0o755 },
            size: size ?? ownSize,
            modified: modified ?? Self.number(header[136..<148]).map { ArchiveTime(seconds: $0) })
        (path, link, size, modified) = (nil, nil, nil, nil)
        switch type {
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"):
            // Before POSIX, a folder was a file whose name ends in a slash.
            if type == 0, name.hasSuffix("/") { entry.kind = .directory }
        case UInt8(ascii: "1"): entry.kind = .hardLink(target: target)
        case UInt8(ascii: "2"): entry.kind = .symbolicLink(target: target)
        case UInt8(ascii: "3"), UInt8(ascii: "4"): throw ArchiveFault("'\(name)' is a device")
        case UInt8(ascii: "5"): entry.kind = .directory
        case UInt8(ascii: "6"): throw ArchiveFault("'\(name)' is a pipe")
        case UInt8(ascii: "S"):
            let whole = Self.number(header[483..<495]) ?? entry.size
            throw ArchiveFault("'\(name)' is a sparse file of \(whole) bytes")
        case _: throw ArchiveFault("'\(name)' is of the unknown kind '\(Character(UnicodeScalar(type)))'")
        }
        if entry.kind != .file {
            // Some writers give links a size; only files have contents.
            entry.size = 0
        }
        try receive(.entry(entry))
        if entry.size == 0 {
            try receive(.endOfEntry)
            state = .header
        } else {
            state = Self.body(entry.size, { .contents(left: $0, padding: $1) })
        }
    }

    private mutating func take(metadata bytes: [UInt8], type: UInt8) throws(ArchiveFault) {
        switch type {
        case UInt8(ascii: "L"): path = try Self.whole(bytes[...])
        case UInt8(ascii: "K"): link = try Self.whole(bytes[...])
        case UInt8(ascii: "g"), UInt8(ascii: "x"): try take(attributes: bytes, isGlobal: type == UInt8(ascii: "g"))
        case _: break
        }
    }

    // pax: `LENGTH KEY=VALUE\n`, the length counting itself.
    private mutating func take(attributes bytes: [UInt8], isGlobal: Bool) throws(ArchiveFault) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let digits = rest.prefix { $0 != UInt8(ascii: " ") }
            guard let length = Int(String(decoding: digits, as: UTF8.self)), length > digits.count + 1,
                length <= rest.count
            else { throw ArchiveFault("it is damaged: an attribute has no length") }
            let record = rest.prefix(length).dropFirst(digits.count + 1).dropLast()
            rest = rest.dropFirst(length)
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let key = String(decoding: record[..<equals], as: UTF8.self)
            let value = record[(equals + 1)...]
            // What a global header says of paths would be said of every entry.
            if isGlobal { continue }
            if key.hasPrefix("GNU.sparse."), sparse == nil { sparse = (nil, nil) }
            switch key {
            case "GNU.sparse.name": sparse?.name = try Self.whole(value)
            case "GNU.sparse.size", "GNU.sparse.realsize": sparse?.size = String(decoding: value, as: UTF8.self)
            case "path": path = try Self.whole(value)
            case "linkpath": link = try Self.whole(value)
            case "size":
                guard let bytes = Int(String(decoding: value, as: UTF8.self)), bytes >= 0 else {
                    throw ArchiveFault("it is damaged: a size is no number")
                }
                size = bytes
            case "mtime":
                modified = ArchiveTime(pax: String(decoding: value, as: UTF8.self)) ?? modified
            case _: break
            }
        }
    }

    private static func body(_ size: Int, _ state: (Int, Int) -> State) -> State {
        size == 0 ? .header : state(size, (block - size % block) % block)
    }

    // ustar: what does not fit into 100 bytes is before it, in the prefix.
    private static func name(in header: [UInt8]) throws(ArchiveFault) -> String {
        let name = try text(header[0..<100])
        guard header[257..<263].elementsEqual([0x75, 0x73, 0x74, 0x61, 0x72, 0]) else { return name }
        let prefix = try text(header[345..<500])
        return prefix.isEmpty ? name : prefix + "/" + name
    }

    private static func text(_ field: ArraySlice<UInt8>) throws(ArchiveFault) -> String {
        let bytes = field.prefix { $0 != 0 }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ArchiveFault("the name '\(String(decoding: bytes, as: UTF8.self))' is no UTF-8")
        }
        return text
    }

    // A text with a length of its own; GNU tar puts one zero at the end.
    private static func whole(_ field: ArraySlice<UInt8>) throws(ArchiveFault) -> String {
        let bytes = field.last == 0 ? field.dropLast() : field
        guard !bytes.contains(0) else { throw ArchiveFault("the name '\(try text(field))' has a zero in it") }
        return try text(bytes)
    }

    // Octal digits, or, with the highest bit set, a binary number.
    private static func number(_ field: ArraySlice<UInt8>) -> Int? {
        guard let first = field.first else { return nil }
        if first & 0x80 != 0 {
            guard first == 0x80 else { return nil }
            var value = 0
            for byte in field.dropFirst() {
                guard value < 1 << 48 else { return nil }
                value = value << 8 | Int(byte)
            }
            return value
        }
        var value = 0
        for byte in field {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "7"): value = value << 3 | Int(byte & 7)
            case 0, UInt8(ascii: " "): continue
            case _: return nil
            }
        }
        return value
    }
}
