// Builds small ELF files for the tests: sections with bytes, program headers, a name table. No linker is involved, so
// that any layout can be had, also those a linker would not make.

import TestSupport

/// An ELF file to be.
struct ELFBuilder {
    struct Section {
        var name: String
        var type: UInt32 = 1
        var address: UInt32
        var data: [UInt8]
    }

    var machine: UInt16 = 94
    var entry: UInt32 = 0x4008_0000
    var sections: [Section] = []
    /// PT_LOAD rows: index of the section whose bytes they load.
    var loads: [Int] = []

    init(machine: UInt16 = 94) {
        self.machine = machine
    }

    func with(
        _ name: String, at address: UInt32, _ data: [UInt8], type: UInt32 = 1
    ) -> ELFBuilder {
        var copy = self
        copy.sections.append(Section(name: name, type: type, address: address, data: data))
        copy.loads.append(copy.sections.count - 1)
        return copy
    }

    func bytes() -> [UInt8] {
        var names: [UInt8] = [0]
        var body: [UInt8] = []
        let bodyStart = 52 + 32 * loads.count
        var rows: [[UInt32]] = [[UInt32](repeating: 0, count: 10)]
        for section in sections {
            let nameOffset = UInt32(names.count)
            names += Array(section.name.utf8) + [0]
            while (bodyStart + body.count) % 4 != 0 { body.append(0xEE) }
            rows.append([
                nameOffset, section.type, 2, section.address, UInt32(bodyStart + body.count),
                UInt32(section.data.count), 0, 0, 4, 0,
            ])
            body += section.type == 8 ? [] : section.data
        }
        let namesName = UInt32(names.count)
        names += Array(".shstrtab".utf8) + [0]
        rows.append([namesName, 3, 0, 0, UInt32(bodyStart + body.count), UInt32(names.count), 0, 0, 1, 0])
        body += names
        while (bodyStart + body.count) % 4 != 0 { body.append(0) }
        var file: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 1, 1, 1] + [UInt8](repeating: 0, count: 9)
        file += u16(2) + u16(machine) + u32(1) + u32(entry)
        file += u32(loads.isEmpty ? 0 : 52) + u32(UInt32(bodyStart + body.count)) + u32(0)
        file += u16(52) + u16(32) + u16(UInt16(loads.count)) + u16(40) + u16(UInt16(rows.count))
        file += u16(UInt16(rows.count - 1))
        for index in loads {
            let row = rows[index + 1]
            let fileSize = row[1] == 8 ? 0 : row[5]
            for value in [1, row[4], row[3], row[3], fileSize, row[5], 5, 4] as [UInt32] { file += u32(value) }
        }
        file += body
        for row in rows { for value in row { file += u32(value) } }
        return file
    }
}

func u16(_ value: UInt16) -> [UInt8] { [UInt8(value & 0xFF), UInt8(value >> 8)] }

func u32(_ value: UInt32) -> [UInt8] { u16(UInt16(value & 0xFFFF)) + u16(UInt16(value >> 16)) }

/// A generator whose numbers are the same on every run: SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }

    mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &self) < percent
    }
}
