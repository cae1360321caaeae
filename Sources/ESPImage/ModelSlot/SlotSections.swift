// The sections of a slot beside the model itself, to bytes and back.

import Crypto

extension ModelSlot {
    /// The contents that a header which counts describes.
    init(header: SlotHeader, slot: ArraySlice<UInt8>) throws(ESPImageError) {
        let contents = { (kind: SlotSection.Kind) throws(ESPImageError) -> [UInt8]? in
            let found = header.sections.filter { $0.kind == kind.rawValue }
            guard let section = found.first else { return nil }
            guard found.count == 1 else {
                throw .slotInvalid(.sectionCount(kind: kind.rawValue, count: found.count))
            }
            guard section.range.upperBound <= slot.count else { throw .slotInvalid(.truncated(part: "payload")) }
            return Array(slot.dropFirst(section.range.lowerBound).prefix(section.range.count))
        }
        guard let model = try contents(.model), !model.isEmpty else {
            throw .slotInvalid(.sectionCount(kind: SlotSection.Kind.model.rawValue, count: 0))
        }
        guard SHA256.hash(data: model).elementsEqual(header.modelDigest) else { throw .slotInvalid(.modelDigest) }
        guard let scale = PixelScale.allCases.first(where: { $0.bits == header.pixelScaleBits }) else {
            throw .slotInvalid(.badScale)
        }
        guard let name = header.nameField.text(at: 0, limit: SlotHeader.nameSize) else { throw .slotInvalid(.badName) }
        self.init(name: name, model: model)
        arenaBytes = header.arenaBytes
        pixelScale = scale
        if let bytes = try contents(.memoryPlan) { memoryPlan = try MemoryPlan(parsing: bytes) }
        if let bytes = try contents(.inputTransform) { inputTransform = try InputTransform(parsing: bytes) }
        if let bytes = try contents(.labels) { labels = try Self.labels(parsing: bytes) }
    }

    private static func labels(parsing bytes: [UInt8]) throws(ESPImageError) -> [String] {
        guard bytes.last == 0 else { throw .slotInvalid(.badSection(kind: SlotSection.Kind.labels.rawValue)) }
        var labels: [String] = []
        for field in bytes.dropLast().split(separator: 0, omittingEmptySubsequences: false) {
            guard let label = String(validating: field, as: UTF8.self), !label.isEmpty else {
                throw .slotInvalid(.badSection(kind: SlotSection.Kind.labels.rawValue))
            }
            labels.append(label)
        }
        return labels
    }
}

extension ModelSlot.MemoryPlan {
    private static let notInArena = UInt32.max

    func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(u32: arenaBytes)
        for offset in offsets { bytes.append(u32: offset ?? Self.notInArena) }
        return bytes
    }

    init(parsing bytes: [UInt8]) throws(ESPImageError) {
        guard bytes.count % 4 == 0, let arenaBytes = bytes.u32(at: 0) else {
            throw .slotInvalid(.badSection(kind: SlotSection.Kind.memoryPlan.rawValue))
        }
        self.arenaBytes = arenaBytes
        offsets = stride(from: 4, to: bytes.count, by: 4).map { position in
            bytes.u32(at: position).flatMap { $0 == Self.notInArena ? nil : $0 }
        }
    }
}

extension ModelSlot.InputTransform {
    func encoded() throws(ESPImageError) -> [UInt8] {
        let (cells, overflows) = rows.multipliedReportingOverflow(by: columns)
        guard rows > 0, columns > 0, !overflows, mean.count == columns, matrix.count == cells,
            let rowCount = UInt32(exactly: rows), let columnCount = UInt32(exactly: columns)
        else { throw .slotContents(.badTransform(rows: rows, columns: columns)) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 + 4 * (columns + cells))
        bytes.append(u32: rowCount)
        bytes.append(u32: columnCount)
        for value in mean { bytes.append(u32: value.bitPattern) }
        for value in matrix { bytes.append(u32: value.bitPattern) }
        return bytes
    }

    /// Reads the section's bytes. Throws `model-invalid` where their number is not that of the rows and columns.
    public init(parsing bytes: [UInt8]) throws(ESPImageError) {
        let fault = ESPImageError.slotInvalid(.badSection(kind: SlotSection.Kind.inputTransform.rawValue))
        guard let rows = bytes.u32(at: 0), let columns = bytes.u32(at: 4), rows > 0, columns > 0 else { throw fault }
        // Both fit 32 bits, so the product fits 64 without a sign; the rest is compared, not added.
        let cells = UInt64(rows) * UInt64(columns)
        let values = UInt64(bytes.count - 8) / 4
        guard bytes.count % 4 == 0, values >= UInt64(columns), values - UInt64(columns) == cells else { throw fault }
        self.rows = Int(rows)
        self.columns = Int(columns)
        let floats = stride(from: 8, to: bytes.count, by: 4).map { Float(bitPattern: bytes.u32(at: $0) ?? 0) }
        mean = Array(floats[..<self.columns])
        matrix = Array(floats[self.columns...])
    }
}
