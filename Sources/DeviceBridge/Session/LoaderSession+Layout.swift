// The board's own partition table, read from its flash, and the checks that need to ask the board: what is there in
// the way of a plan, and what the chip's fuses forbid.

public import ESPImage

extension LoaderSession {
    // Tables have a handful of rows, and the ROM gives two of them at a time.
    private static let tableStep = 64

    /// The partition table in the board's flash; nil where there is none that holds.
    public func partitionTable() async throws(DeviceError) -> PartitionTable? {
        try await attach()
        let start = PartitionTable.usualOffset
        var bytes: [UInt8] = []
        while bytes.count < PartitionTable.binarySize {
            bytes += try await piece(start + bytes.count..<start + bytes.count + Self.tableStep)
            let rows = stride(from: 0, to: bytes.count, by: 32).map { Array(bytes[$0..<min($0 + 32, bytes.count)]) }
            if rows.contains(where: { $0.allSatisfy { $0 == 0xFF } }) { break }
            guard rows.allSatisfy({ [[0xAA, 0x50], [0xEB, 0xEB]].contains($0.prefix(2)) }) else { return nil }
        }
        guard let table = try? PartitionTable(binary: bytes) else { return nil }
        // Replies carry no checksum; the digest says that what came is what is there.
        return try await md5(start..<start + bytes.count) == RangeProbe.digest(bytes[...]) ? table : nil
    }

    private func piece(_ range: Range<Int>) async throws(DeviceError) -> [UInt8] {
        if kind == .stub { return try await stream(range) { _ in } }
        return try await ask(.readFlashSlow(offset: range.lowerBound, count: range.count)).data
    }

    /// The range of the partition called `label`, cut to `size` bytes where one is given.
    /// Errors: `usage` where there is no such partition or it is smaller.
    public func partition(_ label: String, size: Int? = nil) async throws(DeviceError) -> Range<Int> {
        let table = try await partitionTable()
        guard let partition = table?[label] else {
            throw .noPartition(label, known: table?.partitions.map(\.name) ?? [])
        }
        guard let size else { return partition.range }
        guard size <= partition.size else {
            throw .usage(
                "the partition '\(label)' has \(partition.size) bytes, not \(size)",
                hint: "Give a smaller size, or an offset instead of the label.")
        }
        return partition.offset..<partition.offset + size
    }

    /// The last look before the first erase: the chip takes plain images, the flash is large enough, the files are in
    /// the places where they belong. Errors: `protected-chip`, `layout-overlap`, `wrong-chip`, `loader-refused`.
    func clear(_ plan: FlashPlan, _ options: FlashOptions) async throws(DeviceError) {
        if options.isForced { return try await attach() }
        try await clearChip(plan)
        guard let table = try await tableInForce(plan) else { return }
        for claim in try LayoutGuard(table).claims(of: plan) {
            let blank = RangeProbe.digest([UInt8](repeating: 0xFF, count: claim.range.count)[...])
            let held = try await md5(claim.range)
            if held != blank, held != plan.digest(of: claim.range) {
                throw .keptData(claim.label, claim.partition, at: claim.range)
            }
        }
    }

    /// The plan's own table, else the board's.
    func tableInForce(_ plan: FlashPlan) async throws(DeviceError) -> PartitionTable? {
        if let own = plan.ownTable { return own }
        return try await knownTable()
    }

    /// The part of it that does not look at what the flash holds.
    func clearChip(_ plan: FlashPlan) async throws(DeviceError) {
        let chip = try connectedChip()
        if let protection = try await knownSecurity().protection { throw .protectedChip(protection) }
        let images = try ImageGuard(plan, chip: chip.name)
        if images.limitsRevision, let revision = try await revision() { try images.check(revision: revision) }
        guard chip.spi != nil else { return }
        let bytes = try await flashSize()
        try plan.check(flashBytes: bytes)
        if let offset = (try? Chip.named(chip.name))?.bootloaderOffset {
            try images.check(flashBytes: bytes, bootloaderOffset: offset)
        }
        for partition in plan.ownTable?.partitions ?? [] where partition.end > bytes {
            throw .layout(
                "the partition '\(partition.name)' ends at \(hexadecimal(partition.end)), "
                    + "the board's flash at \(hexadecimal(bytes))", forcible: true)
        }
        try await attach()
    }
}

extension FlashPlan {
    /// The MD5 of what a range of the flash would hold where one region covers all of it.
    fileprivate func digest(of range: Range<Int>) -> [UInt8]? {
        guard
            let region = regions.first(where: {
                $0.range.lowerBound <= range.lowerBound && $0.range.upperBound >= range.upperBound
            })
        else { return nil }
        return RangeProbe.digest(region.bytes[range.lowerBound - region.offset..<range.upperBound - region.offset])
    }
}
