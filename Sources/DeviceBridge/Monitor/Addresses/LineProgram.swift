// Runs the line number programs of .debug_line, versions 2 to 5, and answers for a handful of addresses in one pass:
// nothing is kept of the hundred thousand rows of a real firmware. Source: DWARF 5, section 6.2. Left out: 64-bit DWARF,
// which no 32-bit compiler writes, and the string forms that need .debug_info (strx).

/// Where an address is in the source.
public struct SourcePlace: Equatable, Sendable {
    /// The file as the compiler saw it, folder included.
    public var file: String
    /// The line, from 1.
    public var line: Int
}

/// The sections that line programs need.
struct DebugLineSections {
    var line: ArraySlice<UInt8>
    var lineStrings: ArraySlice<UInt8> = []
    var strings: ArraySlice<UInt8> = []

    /// The program at an offset of the section.
    func program(at offset: UInt64) -> LineProgram? {
        guard offset < UInt64(line.count) else { return nil }
        var reader = DebugReader(line[(line.startIndex + Int(offset))...])
        let length = reader.u32()
        guard length < 0xFFFF_FFF0, let unit = reader.part(UInt64(length)) else { return nil }
        return LineProgram(unit, sections: self)
    }

    /// The places of those addresses that have one.
    func places(of wanted: Set<UInt32>) -> [UInt32: SourcePlace] {
        var places: [UInt32: SourcePlace] = [:]
        let sorted = wanted.sorted()
        var reader = DebugReader(line)
        while !reader.isAtEnd, places.count < wanted.count {
            let length = reader.u32()
            // 0xFFFFFFFF introduces 64-bit DWARF; the values below it are reserved.
            guard length < 0xFFFF_FFF0, let unit = reader.part(UInt64(length)) else { break }
            guard let program = LineProgram(unit, sections: self) else { continue }
            program.run { first, last, file, line in
                for address in sorted where address >= first && address < last && places[address] == nil {
                    if let name = program.name(ofFile: file) { places[address] = SourcePlace(file: name, line: line) }
                }
            }
        }
        return places
    }
}

/// One unit's program.
struct LineProgram {
    private var reader: DebugReader
    private var minimumLength: UInt32 = 1
    private var lineBase: Int64 = 0
    private var lineRange: UInt8 = 1
    private var operandCounts: [UInt8] = []
    private var folders: [String] = []
    private var files: [(name: String, folder: Int)] = []
    /// Before version 5 files count from 1 and folder 0 is where the compiler ran.
    private var firstFile = 1

    /// Reads the head of a unit; nil when its version is unknown or it is damaged.
    init?(_ unit: DebugReader, sections: DebugLineSections) {
        reader = unit
        let version = reader.number(2)
        guard (2...5).contains(version) else { return nil }
        if version == 5 { reader.skip(2) }  // address and segment selector sizes
        let headerLength = reader.number(4)
        guard var header = reader.part(headerLength) else { return nil }
        minimumLength = UInt32(header.u8())
        if version >= 4 { header.skip(1) }  // operations per instruction of VLIW machines
        header.skip(1)  // whether rows are statements by default
        lineBase = Int64(Int8(bitPattern: header.u8()))
        lineRange = header.u8()
        let opcodeBase = header.u8()
        guard lineRange > 0, opcodeBase > 0 else { return nil }
        operandCounts = (1..<Int(opcodeBase)).map { _ in header.u8() }
        if version == 5 {
            firstFile = 0
            folders = Self.entries(&header, sections).map(\.name)
            files = Self.entries(&header, sections)
        } else {
            readOldTables(&header)
        }
        if header.isBroken { return nil }
    }

    private mutating func readOldTables(_ header: inout DebugReader) {
        folders = [""]
        while !header.isAtEnd {
            let name = header.string()
            if name.isEmpty { break }
            folders.append(name)
        }
        while !header.isAtEnd {
            let name = header.string()
            if name.isEmpty { break }
            let folder = header.uleb()
            _ = header.uleb()
            _ = header.uleb()
            files.append((name, Int(clamping: folder)))
        }
    }

    /// A table of version 5: the forms of its columns, then its rows.
    private static func entries(_ header: inout DebugReader, _ sections: DebugLineSections) -> [(
        name: String, folder: Int
    )] {
        let columns = (0..<header.u8()).map { _ in (kind: header.uleb(), form: header.uleb()) }
        let count = header.uleb()
        var rows: [(name: String, folder: Int)] = []
        for _ in 0..<min(count, 1 << 16) {
            if header.isBroken || columns.isEmpty { break }
            var row = (name: "", folder: 0)
            for column in columns {
                let value = value(&header, form: column.form, sections)
                if column.kind == 1 { row.name = value.text }
                if column.kind == 2 { row.folder = Int(clamping: value.number) }
            }
            rows.append(row)
        }
        return rows
    }

    /// A value in one of the forms that such tables use.
    private static func value(
        _ header: inout DebugReader, form: UInt64, _ sections: DebugLineSections
    ) -> (text: String, number: UInt64) {
        switch form {
        case 0x08: return (header.string(), 0)
        case 0x0E: return (text(in: sections.strings, at: header.number(4)), 0)
        case 0x1F: return (text(in: sections.lineStrings, at: header.number(4)), 0)
        case 0x0B: return ("", UInt64(header.u8()))
        case 0x05: return ("", header.number(2))
        case 0x06: return ("", header.number(4))
        case 0x07: return ("", header.number(8))
        case 0x0F: return ("", header.uleb())
        case 0x1E: header.skip(16)
        case 0x09: header.skip(header.uleb())
        case _: header.skip(.max)  // an unknown form's length is unknown: the table cannot be read
        }
        return ("", 0)
    }

    private static func text(in table: ArraySlice<UInt8>, at offset: UInt64) -> String {
        guard offset < UInt64(table.count) else { return "" }
        let rest = table[(table.startIndex + Int(offset))...]
        return String(decoding: rest.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// The name of a file with its folder.
    func name(ofFile number: Int) -> String? {
        let index = number - firstFile
        guard files.indices.contains(index) else { return nil }
        let file = files[index]
        guard !file.name.hasPrefix("/"), folders.indices.contains(file.folder) else { return file.name }
        var folder = folders[file.folder]
        // Folders may stand below the one where the compiler ran.
        if firstFile == 0, file.folder > 0, !folder.hasPrefix("/"), let base = folders.first, !base.isEmpty {
            folder = base + "/" + folder
        }
        return folder.isEmpty ? file.name : folder + "/" + file.name
    }

    /// Calls `row` with each stretch of addresses that has one file and line.
    func run(_ row: (_ first: UInt32, _ last: UInt32, _ file: Int, _ line: Int) -> Void) {
        var reader = reader
        var state = State()
        var before: State?
        func emit() {
            // What the linker threw away is left at address 0.
            if let start = before, start.address > 0, state.address > start.address {
                row(start.address, state.address, start.file, start.line)
            }
            before = state
        }
        while !reader.isAtEnd {
            let opcode = reader.u8()
            if Int(opcode) > operandCounts.count {
                let adjusted = opcode - UInt8(operandCounts.count + 1)
                state.address &+= UInt32(adjusted / lineRange) &* minimumLength
                state.advance(lineBase + Int64(adjusted % lineRange))
                emit()
                continue
            }
            switch opcode {
            case 0:
                guard var operation = reader.part(reader.uleb()) else { return }
                switch operation.u8() {
                case 1:
                    emit()
                    state = State()
                    before = nil
                case 2: state.address = operation.u32()
                case _: break
                }
            case 1: emit()
            case 2: state.address &+= UInt32(truncatingIfNeeded: reader.uleb()) &* minimumLength
            case 3: state.advance(reader.sleb())
            case 4: state.file = Int(clamping: reader.uleb())
            case 8: state.address &+= UInt32((255 - UInt8(operandCounts.count + 1)) / lineRange) &* minimumLength
            case 9: state.address &+= UInt32(reader.number(2))
            case _: for _ in 0..<operandCounts[Int(opcode) - 1] { _ = reader.uleb() }
            }
        }
    }

    /// The registers of the machine that matter here.
    private struct State {
        var address: UInt32 = 0
        var file = 1
        var line = 1

        mutating func advance(_ by: Int64) {
            let (sum, overflow) = Int64(line).addingReportingOverflow(by)
            line = overflow ? 0 : Int(clamping: sum)
        }
    }
}
