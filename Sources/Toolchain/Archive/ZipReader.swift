// Reads zip files by their central directory, whose offsets and sizes are checked against the file and against each
// other before any of it is believed: members that overlap are how a small file becomes a huge one. Stored and deflated
// members are understood, with the 64-bit extensions; encryption and volumes are not.

import CZlib
import Glibc
import SystemPackage

struct ZipReader {
    private struct Member {
        var entry: ArchiveEntry
        var method: Int
        var crc: UInt32
        var packed: Int
        var offset: Int
        var name: [UInt8]
    }

    private let file: FileDescriptor
    private let fileBytes: Int
    private let limits: ArchiveLimits
    private static let largestDirectory = 64 << 20

    init(_ file: FileDescriptor, bytes: Int, limits: ArchiveLimits) {
        self.file = file
        fileBytes = bytes
        self.limits = limits
    }

    /// Reads all members in the order of the directory.
    func read(_ receive: ArchiveReceiver) throws(ArchiveFault) {
        let (members, directory) = try members()
        try judge(members.map(\.entry))
        var places: [Range<Int>] = []
        for member in members {
            let start = try dataStart(of: member)
            let (end, overflow) = start.addingReportingOverflow(member.packed)
            guard !overflow, end <= directory else {
                throw ArchiveFault("it is damaged: a member reaches into the directory")
            }
            places.append(member.offset..<max(end, member.offset + 1))
        }
        let sorted = places.sorted { $0.lowerBound < $1.lowerBound }
        for (one, next) in zip(sorted, sorted.dropFirst()) where one.upperBound > next.lowerBound {
            throw ArchiveFault("its members overlap: that is a bomb")
        }
        for (member, place) in zip(members, places) {
            try read(member, from: place.upperBound - member.packed, receive)
        }
    }

    // All that it says it has is known before anything is unpacked.
    private func judge(_ entries: [ArchiveEntry]) throws(ArchiveFault) {
        var sum = 0
        for entry in entries {
            let (more, overflow) = sum.addingReportingOverflow(entry.size)
            guard !overflow, more <= limits.bytes else {
                let largest = entries.max { $0.size < $1.size } ?? entry
                throw ArchiveFault("it unpacks to more than \(limits.bytes) bytes ('\(largest.path)'): that is a bomb")
            }
            sum = more
        }
    }

    private func read(_ member: Member, from start: Int, _ receive: ArchiveReceiver) throws(ArchiveFault) {
        let isLink = if case .symbolicLink = member.entry.kind { true } else { false }
        if isLink {
            // The contents are the target; no path is that long.
            guard member.entry.size <= 4096 else {
                throw ArchiveFault("the link '\(member.entry.path)' has a long target")
            }
            var target: [UInt8] = []
            try contents(of: member, from: start) { target += $0 }
            guard let text = String(validating: target, as: UTF8.self) else {
                throw ArchiveFault("the link '\(member.entry.path)' has no text as its target")
            }
            var entry = member.entry
            entry.kind = .symbolicLink(target: text)
            entry.size = 0
            try receive(.entry(entry))
        } else {
            try receive(.entry(member.entry))
            if member.entry.kind == .file {
                try contents(of: member, from: start) { bytes throws(ArchiveFault) in try receive(.data(bytes)) }
            }
        }
        try receive(.endOfEntry)
    }

    private func contents(
        of member: Member, from start: Int, _ receive: (UnsafeRawBufferPointer) throws(ArchiveFault) -> Void
    ) throws(ArchiveFault) {
        var sum = crc32(0, nil, 0)
        var count = 0
        func take(_ bytes: UnsafeRawBufferPointer) throws(ArchiveFault) {
            count += bytes.count
            guard count <= member.entry.size else {
                throw ArchiveFault("'\(member.entry.path)' has more than the \(member.entry.size) bytes it says")
            }
            sum = crc32(sum, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt32(bytes.count))
            try receive(bytes)
        }
        let inflater = member.method == 8 ? try Inflater(.raw) : nil
        var place = start
        let end = start + member.packed
        while place < end {
            let piece = try bytes(at: place, count: min(1 << 18, end - place))
            place += piece.count
            var fault: ArchiveFault?
            piece.withUnsafeBytes { raw in
                do throws(ArchiveFault) {
                    if let inflater { try inflater.feed(raw, take) } else { try take(raw) }
                } catch {
                    fault = error
                }
            }
            if let fault { throw fault }
        }
        guard count == member.entry.size, inflater?.isAtEnd ?? true, UInt32(truncatingIfNeeded: sum) == member.crc
        else {
            throw ArchiveFault("it is damaged: '\(member.entry.path)' is not what its sum says")
        }
    }

    // The local header has a name and extras of lengths of its own before the data (APPNOTE 4.3.7).
    private func dataStart(of member: Member) throws(ArchiveFault) -> Int {
        let header = Fields(try bytes(at: member.offset, count: 30))
        guard header.u32(0) == 0x0403_4B50 else { throw ArchiveFault("it is damaged: a member has no header") }
        let nameLength = header.u16(26)
        let name = try bytes(at: member.offset + 30, count: nameLength)
        guard name == member.name else {
            throw ArchiveFault("'\(member.entry.path)' has another name in its own header")
        }
        return member.offset + 30 + nameLength + header.u16(28)
    }

    private func members() throws(ArchiveFault) -> (members: [Member], directory: Int) {
        let end = try endOfDirectory()
        guard end.size <= Self.largestDirectory, end.offset >= 0, end.size >= 0, end.offset <= fileBytes - end.size
        else {
            throw ArchiveFault("it is damaged: its directory is not in it")
        }
        let directory = Fields(try bytes(at: end.offset, count: end.size))
        var members: [Member] = []
        var place = 0
        while place < directory.count {
            guard members.count < limits.entries else {
                throw ArchiveFault(
                    "it has more than \(limits.entries) entries ('\(members.last?.entry.path ?? "")'): that is a bomb")
            }
            guard place + 46 <= directory.count, directory.u32(place) == 0x0201_4B50 else {
                throw ArchiveFault("it is damaged: its directory ends too early")
            }
            let (nameLength, extraLength) = (directory.u16(place + 28), directory.u16(place + 30))
            let next = place + 46 + nameLength + extraLength + directory.u16(place + 32)
            guard next <= directory.count else { throw ArchiveFault("it is damaged: its directory ends too early") }
            let name = Array(directory.bytes[(place + 46)..<(place + 46 + nameLength)])
            let extra = Fields(
                Array(directory.bytes[(place + 46 + nameLength)..<(place + 46 + nameLength + extraLength)]))
            members.append(try member(directory, at: place, name: name, extra: extra))
            place = next
        }
        // Without the 64-bit extensions the count has 16 bits, and writers let it run over.
        guard members.count & 0xFFFF == end.count & 0xFFFF else {
            throw ArchiveFault("it is damaged: its directory has \(members.count) entries and says \(end.count)")
        }
        return (members, end.offset)
    }

    private func member(_ directory: Fields, at place: Int, name: [UInt8], extra: Fields) throws(ArchiveFault) -> Member
    {
        guard let path = String(validating: name, as: UTF8.self) else { throw ArchiveFault("a name is no UTF-8") }
        guard directory.u16(place + 8) & 1 == 0 else { throw ArchiveFault("'\(path)' is encrypted") }
        let method = directory.u16(place + 10)
        guard method == 0 || method == 8 else { throw ArchiveFault("'\(path)' is compressed by the method \(method)") }
        var sizes = [directory.u32(place + 24), directory.u32(place + 20), directory.u32(place + 42)]
        try Self.widen(&sizes, extra)
        // The upper half of the attributes is Unix's st_mode where the maker was Unix (3) or macOS (19).
        let maker = directory.u16(place + 4) >> 8
        let attributes = UInt32(truncatingIfNeeded: directory.u32(place + 38)) >> 16
        let mode = maker == 3 || maker == 19 || attributes & 0o777 != 0 ? attributes : 0
        let kind: ArchiveEntry.Kind
        switch mode & S_IFMT {
        case S_IFLNK: kind = .symbolicLink(target: "")
        case S_IFCHR, S_IFBLK: throw ArchiveFault("'\(path)' is a device")
        case S_IFIFO, S_IFSOCK: throw ArchiveFault("'\(path)' is a pipe")
        case _: kind = path.hasSuffix("/") ? .directory : .file
        }
        guard method == 8 || sizes[0] == sizes[1] else { throw ArchiveFault("it is damaged: '\(path)' has two sizes") }
        // The group may write, as ESP-IDF's installer has it; all others may not.
        let entry = ArchiveEntry(
            path: path, kind: kind, mode: mode & 0xFFFF == 0 ? nil : mode & 0o775,
            size: kind == .directory ? 0 : sizes[0], modified: nil)
        return Member(
            entry: entry, method: method, crc: UInt32(truncatingIfNeeded: directory.u32(place + 16)), packed: sizes[1],
            offset: sizes[2], name: name)
    }

    // Fields of all ones are in the extra field 1, eight bytes each, in this order (APPNOTE 4.5.3).
    private static func widen(_ sizes: inout [Int], _ extra: Fields) throws(ArchiveFault) {
        guard sizes.contains(0xFFFF_FFFF) else { return }
        var place = 0
        while place + 4 <= extra.count {
            let length = extra.u16(place + 2)
            if extra.u16(place) == 1 {
                var field = place + 4
                for index in sizes.indices where sizes[index] == 0xFFFF_FFFF {
                    guard field + 8 <= min(place + 4 + length, extra.count), let wide = extra.u64(field) else { break }
                    sizes[index] = wide
                    field += 8
                }
                break
            }
            place += 4 + length
        }
        guard !sizes.contains(0xFFFF_FFFF) else { throw ArchiveFault("it is damaged: a size is missing") }
    }

    private func endOfDirectory() throws(ArchiveFault) -> (count: Int, size: Int, offset: Int) {
        let length = min(fileBytes, 65557)
        let tail = Fields(try bytes(at: fileBytes - length, count: length))
        var place = tail.count - 22
        while place >= 0 {
            if tail.u32(place) == 0x0605_4B50, place + 22 + tail.u16(place + 20) == tail.count { break }
            place -= 1
        }
        guard place >= 0 else { throw ArchiveFault("it is no zip archive, or ends too early") }
        guard tail.u16(place + 4) == 0, tail.u16(place + 6) == 0 else { throw ArchiveFault("it is in several volumes") }
        let plain = (count: tail.u16(place + 10), size: tail.u32(place + 12), offset: tail.u32(place + 16))
        guard plain.count == 0xFFFF || plain.size == 0xFFFF_FFFF || plain.offset == 0xFFFF_FFFF else { return plain }
        guard place >= 20, tail.u32(place - 20) == 0x0706_4B50, let wide = tail.u64(place - 12) else { return plain }
        let record = Fields(try bytes(at: wide, count: 56))
        guard record.u32(0) == 0x0606_4B50, let count = record.u64(32), let size = record.u64(40),
            let offset = record.u64(48)
        else { throw ArchiveFault("it is damaged: its 64-bit directory is missing") }
        return (count, size, offset)
    }

    private func bytes(at offset: Int, count: Int) throws(ArchiveFault) -> [UInt8] {
        guard offset >= 0, count >= 0, offset <= fileBytes, count <= fileBytes - offset else {
            throw ArchiveFault("it is damaged: it ends too early")
        }
        var got = 0
        do {
            let bytes = try [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
                while got < count {
                    let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[got...])
                    let step = try file.read(fromAbsoluteOffset: Int64(offset + got), into: rest)
                    if step == 0 { break }
                    got += step
                }
                used = got
            }
            guard bytes.count == count else { throw ArchiveFault("it is damaged: it ends too early") }
            return bytes
        } catch let fault as ArchiveFault {
            throw fault
        } catch {
            throw ArchiveFault("it cannot be read: \(error)")
        }
    }
}

/// Little-endian fields in bytes.
private struct Fields {
    let bytes: [UInt8]
    init(_ bytes: [UInt8]) { self.bytes = bytes }
    var count: Int { bytes.count }
    func u16(_ at: Int) -> Int { Int(bytes[at]) | Int(bytes[at + 1]) << 8 }
    func u32(_ at: Int) -> Int { u16(at) | u16(at + 2) << 16 }
    func u64(_ at: Int) -> Int? {
        guard bytes[at + 7] == 0 else { return nil }
        return u32(at) | u32(at + 4) << 32
    }
}
