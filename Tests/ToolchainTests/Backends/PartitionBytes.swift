// Binary partition tables for the stand-ins' results.

import ESPImage

enum PartitionBytes {
    static func make(_ csv: String) throws -> [UInt8] {
        try PartitionTable(csv: Array(csv.utf8)).binary()
    }

    /// The smallest ELF file for an Xtensa that is one: a header and the empty section that every file begins with.
    static let elf: [UInt8] = {
        var bytes: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 1, 1, 1, 0] + [UInt8](repeating: 0, count: 8)
        // e_type, e_machine, e_version, e_entry, e_phoff, e_shoff, e_flags
        bytes += [2, 0, 94, 0, 1, 0, 0, 0] + [UInt8](repeating: 0, count: 8) + [52, 0, 0, 0, 0, 0, 0, 0]
        // e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx
        bytes += [52, 0, 32, 0, 0, 0, 40, 0, 1, 0, 0, 0]
        // The section is the table of names too: one byte, zero, out of the head.
        var section = [UInt8](repeating: 0, count: 40)
        section[16] = 8
        section[20] = 1
        return bytes + section
    }()
}
