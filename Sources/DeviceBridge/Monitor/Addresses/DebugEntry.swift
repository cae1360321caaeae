// Reads the entries of .debug_info, versions 2 to 5, as far as it takes to know which functions were put inline where:
// ranges of code, names, calls. Source: DWARF 5, sections 2, 3.3 and 7.5. Left out: 64-bit DWARF, type units, split and
// supplementary files.

/// The sections that entries refer to.
struct DebugInfoSections {
    var info: ArraySlice<UInt8>
    var abbreviations: ArraySlice<UInt8>
    var addresses: ArraySlice<UInt8> = []
    /// Of version 4 and before, and of version 5.
    var ranges: ArraySlice<UInt8> = []
    var rangeLists: ArraySlice<UInt8> = []
    var stringOffsets: ArraySlice<UInt8> = []
    var line: DebugLineSections

    /// The four bytes at an offset of a section, as a number.
    static func word(_ section: ArraySlice<UInt8>, at offset: UInt64) -> UInt32? {
        guard offset <= UInt64(section.count), section.count - Int(offset) >= 4 else { return nil }
        var reader = DebugReader(section[(section.startIndex + Int(offset))...])
        return reader.u32()
    }
}

/// What an entry says that matters here.
struct DebugEntry {
    /// The value of an attribute, before the tables it points into are looked at.
    enum Value: Equatable {
        case number(UInt64)
        case address(UInt32)
        case addressIndex(UInt64)
        case listIndex(UInt64)
        case text(String)
        case textAt(TextTable, UInt64)
        case textIndex(UInt64)
        /// An entry, by its offset in the section.
        case entry(UInt64)
    }

    enum TextTable { case strings, lineStrings }

    /// The attributes that matter.
    enum Attribute: UInt64 {
        case name = 0x03
        case lineProgram = 0x10
        case lowPC = 0x11
        case highPC = 0x12
        case origin = 0x31
        case specification = 0x47
        case ranges = 0x55
        case callFile = 0x58
        case callLine = 0x59
        case linkageName = 0x6E
        case stringOffsetsBase = 0x72
        case addressBase = 0x73
        case rangeListsBase = 0x74
        /// Linkage names before version 4.
        case linkageNameOfMIPS = 0x2007
    }

    /// The tags that matter.
    enum Tag: UInt64 {
        case lexicalBlock = 0x0B
        case inlinedCall = 0x1D
        case function = 0x2E
    }

    var tag: Tag?
    var hasChildren: Bool
    var values: [Attribute: Value] = [:]

    func number(_ attribute: Attribute) -> UInt64? {
        if case .number(let number)? = values[attribute] { number } else { nil }
    }
}

/// The shapes of a unit's entries.
struct DebugAbbreviations {
    private struct Shape {
        var tag: DebugEntry.Tag?
        var hasChildren: Bool
        var attributes: [(attribute: DebugEntry.Attribute?, form: UInt64, constant: Int64)] = []
    }

    private var shapes: [UInt64: Shape] = [:]

    /// Reads a table up to the shape `last`, or all of it.
    init(_ section: ArraySlice<UInt8>, at offset: UInt64, upTo last: UInt64? = nil) {
        guard offset < UInt64(section.count) else { return }
        var reader = DebugReader(section[(section.startIndex + Int(offset))...])
        while !reader.isAtEnd {
            let code = reader.uleb()
            if code == 0 { return }
            var shape = Shape(tag: DebugEntry.Tag(rawValue: reader.uleb()), hasChildren: reader.u8() != 0)
            while !reader.isAtEnd {
                let name = reader.uleb(), form = reader.uleb()
                // DW_FORM_implicit_const: the value stands here.
                let constant = form == 0x21 ? reader.sleb() : 0
                if name == 0, form == 0 { break }
                shape.attributes.append((DebugEntry.Attribute(rawValue: name), form, constant))
            }
            shapes[code] = shape
            if code == last { return }
        }
    }

    /// Whether there are none.
    var isEmpty: Bool { shapes.isEmpty }

    /// The entry where a reader stands; nil for the mark that ends a row of siblings, and where nothing can be read.
    func entry(_ reader: inout DebugReader, unit: UInt64, version: UInt64) -> DebugEntry? {
        guard let shape = shapes[reader.uleb()] else { return nil }
        var entry = DebugEntry(tag: shape.tag, hasChildren: shape.hasChildren)
        for (attribute, form, constant) in shape.attributes {
            let value = Self.value(&reader, form: form, constant: constant, unit: unit, version: version)
            if let attribute, let value { entry.values[attribute] = value }
        }
        return reader.isBroken ? nil : entry
    }

    /// The value in one of DWARF's forms; nil for what is read over.
    private static func value(
        _ reader: inout DebugReader, form: UInt64, constant: Int64, unit: UInt64, version: UInt64
    ) -> DebugEntry.Value? {
        switch form {
        case 0x01: return .address(reader.u32())
        case 0x03: reader.skip(reader.number(2))
        case 0x04: reader.skip(UInt64(reader.u32()))
        case 0x05: return .number(reader.number(2))
        case 0x06, 0x17: return .number(reader.number(4))
        case 0x07: return .number(reader.number(8))
        case 0x08: return .text(reader.string())
        case 0x09, 0x18: reader.skip(reader.uleb())
        case 0x0A: reader.skip(UInt64(reader.u8()))
        case 0x0B, 0x0C: return .number(UInt64(reader.u8()))
        case 0x0D: return .number(UInt64(bitPattern: reader.sleb()))
        case 0x0E: return .textAt(.strings, reader.number(4))
        case 0x0F: return .number(reader.uleb())
        case 0x10: return .entry(reader.number(4))
        case 0x11: return .entry(unit + UInt64(reader.u8()))
        case 0x12: return .entry(unit + reader.number(2))
        case 0x13: return .entry(unit + reader.number(4))
        case 0x14: return .entry(unit &+ reader.number(8))
        case 0x15: return .entry(unit &+ reader.uleb())
        case 0x16:
            let real = reader.uleb()
            // A form that names itself would have no end.
            if real == 0x16 { reader.skip(.max) }
            return value(&reader, form: real, constant: constant, unit: unit, version: version)
        case 0x19: return .number(1)
        case 0x1A: return .textIndex(reader.uleb())
        case 0x1B: return .addressIndex(reader.uleb())
        case 0x1C, 0x1D, 0x1F21: reader.skip(4)
        case 0x1E: reader.skip(16)
        case 0x1F: return .textAt(.lineStrings, reader.number(4))
        case 0x20, 0x24: reader.skip(8)
        case 0x21: return .number(UInt64(bitPattern: constant))
        case 0x22: _ = reader.uleb()
        case 0x23: return .listIndex(reader.uleb())
        case 0x25...0x28: return .textIndex(reader.number(Int(form) - 0x24))
        case 0x29...0x2C: return .addressIndex(reader.number(Int(form) - 0x28))
        case _: reader.skip(.max)
        }
        return nil
    }
}
