// Which functions the compiler put inline at an address, and where they were called: so that a frame of a backtrace tells
// what the source says and not only the function that is left. All addresses of a dump in one pass; of a unit that holds
// none of them only the head is read. Source: DWARF 5, sections 2.17 and 3.3.8.

/// A function that was put inline.
struct InlineCall: Equatable {
    /// Its name.
    var function: String?
    /// Where it was called.
    var place: SourcePlace?
}

extension DebugInfoSections {
    /// The functions put inline at each address, outermost first.
    func inlineCalls(at wanted: Set<UInt32>) -> [UInt32: [InlineCall]] {
        var found: [UInt32: [InlineCall]] = [:]
        var reader = DebugReader(info)
        while !reader.isAtEnd {
            let start = UInt64(reader.at - info.startIndex)
            let length = reader.u32()
            guard length < 0xFFFF_FFF0, let body = reader.part(UInt64(length)) else { break }
            guard var unit = DebugUnit(body, start: start, self) else { continue }
            let covered = unit.covered(of: wanted)
            if !covered.isEmpty { unit.collect(covered, into: &found) }
        }
        return found
    }
}

/// One unit of .debug_info.
private struct DebugUnit {
    private let sections: DebugInfoSections
    /// Where the unit begins in the section: references count from here.
    private let start: UInt64
    private let bytes: ArraySlice<UInt8>
    private let version: UInt64
    private let abbreviationOffset: UInt64
    private var abbreviations: DebugAbbreviations
    private let head: DebugEntry
    private let first: DebugReader
    private var base: UInt32 = 0
    private var files: LineProgram?
    private var names: [UInt64: String?] = [:]

    /// Reads the head of a unit; nil when its version is unknown or it is damaged.
    init?(_ body: DebugReader, start: UInt64, _ sections: DebugInfoSections) {
        var reader = body
        let version = reader.number(2)
        var offset: UInt64 = 0
        var addressSize: UInt8 = 0
        switch version {
        case 2...4:
            offset = reader.number(4)
            addressSize = reader.u8()
        case 5:
            let type = reader.u8()
            addressSize = reader.u8()
            offset = reader.number(4)
            guard type == 1 else { return nil }
        case _: return nil
        }
        guard !reader.isBroken, addressSize == 4 else { return nil }
        var peek = reader
        let shapes = DebugAbbreviations(sections.abbreviations, at: offset, upTo: peek.uleb())
        guard let head = shapes.entry(&reader, unit: start, version: version) else { return nil }
        (self.sections, self.start, self.version, abbreviationOffset) = (sections, start, version, offset)
        (abbreviations, self.head, first, bytes) = (shapes, head, reader, body.bytes)
        base = address(head.values[.lowPC]) ?? 0
    }

    /// The addresses that may lie in it.
    func covered(of wanted: Set<UInt32>) -> Set<UInt32> {
        guard head.values[.ranges] != nil || head.values[.highPC] != nil else { return wanted }
        return covered(of: wanted, by: head)
    }

    /// Adds the inline calls at these addresses.
    mutating func collect(_ wanted: Set<UInt32>, into found: inout [UInt32: [InlineCall]]) {
        abbreviations = DebugAbbreviations(sections.abbreviations, at: abbreviationOffset)
        var reader = first
        guard head.hasChildren else { return }
        // The addresses that lie in each of the entries around.
        var around: [Set<UInt32>] = [wanted]
        while let last = around.last, !reader.isAtEnd, around.count < 256 {
            guard let entry = abbreviations.entry(&reader, unit: start, version: version) else {
                if reader.isBroken { return }
                around.removeLast()
                continue
            }
            var inside = last
            switch entry.tag {
            case .function, .lexicalBlock: inside = last.isEmpty ? [] : covered(of: last, by: entry)
            case .inlinedCall:
                inside = last.isEmpty ? [] : covered(of: last, by: entry)
                if !inside.isEmpty {
                    let call = InlineCall(function: name(of: entry), place: place(of: entry))
                    for address in inside { found[address, default: []].append(call) }
                }
            case nil: break
            }
            if entry.hasChildren { around.append(inside) }
        }
    }

    private func covered(of wanted: Set<UInt32>, by entry: DebugEntry) -> Set<UInt32> {
        if let low = address(entry.values[.lowPC]), let high = entry.values[.highPC] {
            // A number is a length.
            let end =
                if case .number(let length) = high { low &+ UInt32(truncatingIfNeeded: length) } else {
                    address(high) ?? low
                }
            return wanted.filter { $0 >= low && $0 < end }
        }
        let list: DebugReader?
        switch entry.values[.ranges] {
        case .number(let offset): list = reader(at: offset, of: version >= 5 ? sections.rangeLists : sections.ranges)
        case .listIndex(let index):
            let table = head.number(.rangeListsBase) ?? 12
            let offset = DebugInfoSections.word(sections.rangeLists, at: table &+ 4 &* index)
            list = offset.flatMap { reader(at: table &+ UInt64($0), of: sections.rangeLists) }
        case .address, .addressIndex, .text, .textAt, .textIndex, .entry, nil: list = nil
        }
        guard var list else { return [] }
        return version >= 5 ? ranges(&list, wanted) : oldRanges(&list, wanted)
    }

    private func reader(at offset: UInt64, of section: ArraySlice<UInt8>) -> DebugReader? {
        guard offset < UInt64(section.count) else { return nil }
        return DebugReader(section[(section.startIndex + Int(offset))...])
    }

    private func oldRanges(_ list: inout DebugReader, _ wanted: Set<UInt32>) -> Set<UInt32> {
        var found: Set<UInt32> = []
        var base = base
        while !list.isAtEnd {
            let low = list.u32(), high = list.u32()
            if low == 0, high == 0 { break }
            if low == .max {
                base = high
            } else {
                found.formUnion(wanted.filter { $0 >= base &+ low && $0 < base &+ high })
            }
        }
        return found
    }

    private func ranges(_ list: inout DebugReader, _ wanted: Set<UInt32>) -> Set<UInt32> {
        var found: Set<UInt32> = []
        var base = base
        while !list.isAtEnd {
            var (low, high): (UInt32, UInt32)
            switch list.u8() {
            case 0x01:
                base = address(.addressIndex(list.uleb())) ?? 0
                continue
            case 0x02:
                (low, high) = (address(.addressIndex(list.uleb())) ?? 0, address(.addressIndex(list.uleb())) ?? 0)
            case 0x03:
                low = address(.addressIndex(list.uleb())) ?? 0
                high = low &+ UInt32(truncatingIfNeeded: list.uleb())
            case 0x04:
                low = base &+ UInt32(truncatingIfNeeded: list.uleb())
                high = base &+ UInt32(truncatingIfNeeded: list.uleb())
            case 0x05:
                base = list.u32()
                continue
            case 0x06: (low, high) = (list.u32(), list.u32())
            case 0x07:
                low = list.u32()
                high = low &+ UInt32(truncatingIfNeeded: list.uleb())
            case _: return found
            }
            found.formUnion(wanted.filter { $0 >= low && $0 < high })
        }
        return found
    }

    private func address(_ value: DebugEntry.Value?) -> UInt32? {
        switch value {
        case .address(let address): return address
        case .addressIndex(let index):
            return DebugInfoSections.word(sections.addresses, at: (head.number(.addressBase) ?? 8) &+ 4 &* index)
        case .number, .listIndex, .text, .textAt, .textIndex, .entry, nil: return nil
        }
    }

    private func text(_ value: DebugEntry.Value?) -> String? {
        switch value {
        case .text(let text): return text
        case .textAt(.strings, let offset): return string(at: offset, of: sections.line.strings)
        case .textAt(.lineStrings, let offset): return string(at: offset, of: sections.line.lineStrings)
        case .textIndex(let index):
            let place = (head.number(.stringOffsetsBase) ?? 8) &+ 4 &* index
            return DebugInfoSections.word(sections.stringOffsets, at: place).flatMap {
                string(at: UInt64($0), of: sections.line.strings)
            }
        case .number, .address, .addressIndex, .listIndex, .entry, nil: return nil
        }
    }

    private func string(at offset: UInt64, of section: ArraySlice<UInt8>) -> String? {
        guard var reader = reader(at: offset, of: section) else { return nil }
        return reader.string()
    }

    /// The name of an entry, or of the one it stands for.
    private mutating func name(of entry: DebugEntry) -> String? {
        guard case .entry(let offset)? = entry.values[.origin] ?? entry.values[.specification] else { return nil }
        if let known = names[offset] { return known }
        var place = offset
        var plain: String?
        // A call, the function, its declaration: no chain is longer.
        for _ in 0..<4 {
            guard let next = self.entry(at: place) else { break }
            if let linkage = text(next.values[.linkageName] ?? next.values[.linkageNameOfMIPS]) {
                plain = MangledName.readable(linkage)
                break
            }
            plain = plain ?? text(next.values[.name])
            guard case .entry(let further)? = next.values[.origin] ?? next.values[.specification] else { break }
            place = further
        }
        names[offset] = plain
        return plain
    }

    /// The entry at an offset of the section, where it belongs to this unit.
    private func entry(at offset: UInt64) -> DebugEntry? {
        // The unit's body begins behind its length.
        guard offset >= start + 4, offset - start - 4 < UInt64(bytes.count) else { return nil }
        var reader = DebugReader(bytes[(bytes.startIndex + Int(offset - start - 4))...])
        return abbreviations.entry(&reader, unit: start, version: version)
    }

    private mutating func place(of entry: DebugEntry) -> SourcePlace? {
        guard let file = entry.number(.callFile), let line = entry.number(.callLine), line > 0,
            let program = head.number(.lineProgram)
        else { return nil }
        if files == nil { files = sections.line.program(at: program) }
        guard let name = files?.name(ofFile: Int(clamping: file)) else { return nil }
        return SourcePlace(file: name, line: Int(clamping: line))
    }
}
