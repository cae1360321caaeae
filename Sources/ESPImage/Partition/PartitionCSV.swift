// The CSV form: name, type, subtype, offset, size, flags; blank offsets are filled in, negative sizes mean "up to that
// address". Lines that start with # and blank lines do not count; fields after the sixth are ignored.

extension PartitionTable {
    /// Reads a CSV table, fills in what was left blank, and checks every rule.
    ///
    /// UTF-8, with or without a byte-order mark, and UTF-16 with one. `$NAME` and `${NAME}` are replaced from
    /// `variables`. Throws `partition-table-invalid` with the line.
    public init(
        csv bytes: [UInt8], placement: Placement = Placement(), variables: [String: String] = [:]
    ) throws(ESPImageError) {
        guard let text = Self.decode(bytes) else { throw .partitionTableInvalid(line: nil, .notText) }
        var rows: [PartitionRow] = []
        for (index, raw) in Self.lines(of: text).enumerated() {
            do throws(PartitionFault) {
                let line = trimmed(Substring(try expandVariables(raw, variables)))
                if line.isEmpty || line.utf8.first == UInt8(ascii: "#") { continue }
                rows.append(try PartitionRow(line: line, number: index + 1, placement: placement))
            } catch {
                throw .partitionTableInvalid(line: index + 1, error)
            }
        }
        partitions = []
        partitions.reserveCapacity(rows.count)
        var previousEnd = placement.firstFree
        var previous = "the partition table"
        for row in rows {
            do throws(PartitionFault) {
                let partition = try row.placed(after: previousEnd, of: previous)
                partitions.append(partition)
                if !Self.liesBeforeTable(partition) {
                    previousEnd = partition.end
                    previous = "'\(partition.name)'"
                }
            } catch {
                throw .partitionTableInvalid(line: row.number, error)
            }
        }
        try validate(placement) { rows[$0].number }
    }

    /// The table as CSV, with every offset and size written out.
    public func csv() -> String {
        var text = "# Name, Type, SubType, Offset, Size, Flags\n"
        for partition in partitions {
            let fields = [
                partition.name, partition.typeName, partition.subtypeName, hexOffset(partition.offset),
                Self.sizeText(partition.size), partition.flagNames,
            ]
            text += fields.joined(separator: ",") + "\n"
        }
        return text
    }

    /// `24K`, `1M`, or hex where it is neither.
    static func sizeText(_ size: Int) -> String {
        if size % 0x10_0000 == 0 { return "\(size / 0x10_0000)M" }
        if size % 0x400 == 0 { return "\(size / 0x400)K" }
        return hexOffset(size)
    }

    private static func decode(_ bytes: [UInt8]) -> String? {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return String(validating: bytes.dropFirst(3), as: UTF8.self) }
        let isLittle = bytes.starts(with: [0xFF, 0xFE])
        guard isLittle || bytes.starts(with: [0xFE, 0xFF]) else { return String(validating: bytes, as: UTF8.self) }
        guard bytes.count % 2 == 0 else { return nil }
        let units = stride(from: 2, to: bytes.count, by: 2).map { index in
            let (first, second) = (UInt16(bytes[index]), UInt16(bytes[index + 1]))
            return isLittle ? second << 8 | first : first << 8 | second
        }
        return String(validating: units, as: UTF16.self)
    }

    /// Lines ended by LF, CR LF or CR. Cut by code unit, here and at commas: a character may hide an end of line or
    /// a comma under a combining mark.
    private static func lines(of text: String) -> [Substring] {
        let units = text.utf8
        var lines: [Substring] = []
        var start = units.startIndex
        while let end = units[start...].firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) {
            lines.append(Substring(units[start..<end]))
            start = units.index(after: end)
            if units[end] == 0x0D, start < units.endIndex, units[start] == 0x0A { start = units.index(after: start) }
        }
        return lines + [Substring(units[start...])]
    }
}

/// A CSV line, before blank offsets are filled in.
private struct PartitionRow {
    let number: Int
    let name: String
    let type: UInt8
    let subtype: UInt8
    /// nil where it was left blank.
    let offset: Int?
    /// Negative: minus the address it reaches to.
    let size: Int
    let flags: Partition.Flags

    init(line: Substring, number: Int, placement: PartitionTable.Placement) throws(PartitionFault) {
        var fields = line.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            .map { trimmed(Substring($0)) }
        while fields.count < 6 { fields.append("") }
        self.number = number
        name = String(fields[0])
        if name.isEmpty { throw .emptyField("name") }
        if name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) { throw .controlInName }
        type = try Self.byte(fields[1], field: "type", words: PartitionType.words)
        if fields[2].isEmpty {
            guard type != PartitionType.application else { throw .emptyField("subtype") }
            subtype = PartitionType.undefined
        } else {
            subtype = try Self.byte(fields[2], field: "subtype", words: PartitionType.subtypes(of: type))
        }
        offset = try Self.offset(fields[3], type: type, subtype: subtype, placement)
        size = try Self.size(fields[4], type: type, placement)
        flags = try Self.flags(fields[5])
    }

    /// The partition, behind `end` where no offset was given.
    func placed(after end: Int, of previous: String) throws(PartitionFault) -> Partition {
        var start = offset ?? end
        let isFixed =
            subtype == 0 && (type == PartitionType.bootloader || type == PartitionType.table)
        if !isFixed {
            if let offset, offset < end {
                throw .overlap(name: name, offset: offset, previousEnd: end, previous: previous)
            }
            if offset == nil {
                let alignment = PartitionTable.offsetAlignment(ofType: type)
                start += (alignment - start % alignment) % alignment
            }
        }
        let length = size < 0 ? -size - start : size
        let range = 0...Int(UInt32.max)
        guard range.contains(start) else { throw .outOfRange(field: "offset", value: hexOffset(start)) }
        guard range.contains(length), start + length <= 1 << 32 else {
            throw .outOfRange(field: "size", value: hexOffset(length))
        }
        return Partition(name: name, type: type, subtype: subtype, offset: start, size: length, flags: flags)
    }

    private static func byte(
        _ text: Substring, field: String, words: [(word: String, value: UInt8)]
    ) throws(PartitionFault) -> UInt8 {
        if text.isEmpty { throw .emptyField(field) }
        if let number = integer(text) {
            guard let byte = UInt8(exactly: number), byte != 0xFF else {
                throw .outOfRange(field: field, value: String(text))
            }
            return byte
        }
        let word = text.lowercased()
        if let found = words.first(where: { $0.word == word }) { return found.value }
        throw .badValue(field: field, value: String(text), known: words.map(\.word))
    }

    private static func offset(
        _ text: Substring, type: UInt8, subtype: UInt8, _ placement: PartitionTable.Placement
    ) throws(PartitionFault) -> Int? {
        switch (type, subtype) {
        case (PartitionType.bootloader, 0):
            guard let offset = placement.bootloaderOffset else {
                throw .bootloaderOffsetUnknown(subtype: "primary")
            }
            return offset
        case (PartitionType.bootloader, 2):
            guard let offset = placement.recoveryBootloaderOffset else {
                throw .bootloaderOffsetUnknown(subtype: "recovery")
            }
            return offset
        case (PartitionType.table, 0): return placement.tableOffset
        case _: return text.isEmpty ? nil : try address(text, field: "offset")
        }
    }

    private static func size(
        _ text: Substring, type: UInt8, _ placement: PartitionTable.Placement
    ) throws(PartitionFault) -> Int {
        switch type {
        case PartitionType.bootloader:
            guard let offset = placement.bootloaderOffset, offset < placement.tableOffset else {
                throw .bootloaderOffsetUnknown(subtype: "primary")
            }
            return placement.tableOffset - offset
        case PartitionType.table: return PartitionTable.sectorSize
        case _:
            if text.isEmpty { throw .emptyField("size") }
            return try address(text, field: "size")
        }
    }

    private static func address(_ text: Substring, field: String) throws(PartitionFault) -> Int {
        guard let number = integer(text) else { throw .badValue(field: field, value: String(text), known: []) }
        guard number.magnitude <= UInt(UInt32.max) else { throw .outOfRange(field: field, value: String(text)) }
        return number
    }

    private static func flags(_ text: Substring) throws(PartitionFault) -> Partition.Flags {
        var flags: Partition.Flags = []
        for word in text.split(separator: ":") {
            guard let known = PartitionType.flags.first(where: { $0.word == word }) else {
                throw .unknownFlag(String(word))
            }
            flags.insert(known.flag)
        }
        return flags
    }
}

/// A number as the generator takes it: decimal, 0x, 0o, 0b, a sign, underscores between digits, and any of the
/// suffixes K and M; nil where it is none. Saturates, so that it is out of every field's range rather than wrapped.
private func integer(_ text: Substring) -> Int? {
    if let last = text.last, let multiplier = ["k": 1 << 10, "m": 1 << 20][last.lowercased()] {
        guard let number = integer(text.dropLast()) else { return nil }
        let (product, overflows) = number.multipliedReportingOverflow(by: multiplier)
        return overflows ? (number < 0 ? -.max : .max) : product
    }
    var digits = trimmed(text)
    let isNegative = digits.hasPrefix("-")
    if isNegative || digits.hasPrefix("+") { digits.removeFirst() }
    var radix = 10
    for (prefix, base) in [("0x", 16), ("0o", 8), ("0b", 2)] where digits.lowercased().hasPrefix(prefix) {
        digits.removeFirst(2)
        if digits.hasPrefix("_") { digits.removeFirst() }
        radix = base
    }
    let parts = digits.split(separator: "_", omittingEmptySubsequences: false)
    let plain = parts.joined()
    guard !parts.contains(where: \.isEmpty), plain.allSatisfy({ $0.isASCII && $0.isHexDigit }) else { return nil }
    // A decimal number with leading zeros could mean octal; the generator refuses it, and so does this.
    if radix == 10, plain.hasPrefix("0"), plain.contains(where: { $0 != "0" }) { return nil }
    guard plain.allSatisfy({ ($0.hexDigitValue ?? 99) < radix }) else { return nil }
    guard let number = Int(plain, radix: radix) else { return isNegative ? -.max : .max }
    return isNegative ? -number : number
}

/// Without white space at both ends.
private func trimmed(_ text: Substring) -> Substring {
    let isSpace = { (unit: UInt8) in unit == 0x20 || (0x09...0x0D).contains(unit) }
    var units = text.utf8.drop(while: isSpace)
    while let last = units.last, isSpace(last) { units.removeLast() }
    return Substring(units)
}

/// Replaces `$NAME` and `${NAME}`.
private func expandVariables(
    _ line: Substring, _ variables: [String: String]
) throws(PartitionFault) -> String {
    var result: [UInt8] = []
    var rest = line.utf8
    while let dollar = rest.firstIndex(of: UInt8(ascii: "$")) {
        result += rest[..<dollar]
        rest = rest[rest.index(after: dollar)...]
        let isBraced = rest.first == UInt8(ascii: "{")
        let start = isBraced ? rest.dropFirst() : rest
        let name = start.prefix(while: isNameUnit)
        let after = start[name.endIndex...]
        guard !name.isEmpty, !isBraced || after.first == UInt8(ascii: "}") else {
            result.append(UInt8(ascii: "$"))
            continue
        }
        guard let value = variables[String(Substring(name))] else { throw .unknownVariable(String(Substring(name))) }
        result += value.utf8
        rest = isBraced ? after.dropFirst() : after
    }
    return String(decoding: result + rest, as: UTF8.self)
}

private func isNameUnit(_ unit: UInt8) -> Bool {
    let scalar = Character(UnicodeScalar(unit))
    return scalar.isASCII && (scalar.isLetter || scalar.isNumber) || scalar == "_"
}
