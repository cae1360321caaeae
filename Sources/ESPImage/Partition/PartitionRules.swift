// The rules among partitions. Each fault is reported with the CSV line of the partition that breaks it, where there is
// one.

extension PartitionTable {
    /// Checks every rule; `line` gives the CSV line of a partition by its index.
    func validate(_ placement: Placement, line: (Int) -> Int?) throws(ESPImageError) {
        guard !partitions.isEmpty else { throw .partitionTableInvalid(line: nil, .empty) }
        guard partitions.count <= Self.capacity else {
            throw .partitionTableInvalid(line: nil, .tooManyPartitions(count: partitions.count))
        }
        var names: Set<String> = []
        for (index, partition) in partitions.enumerated() {
            if let fault = Self.fault(of: partition) { throw .partitionTableInvalid(line: line(index), fault) }
            guard names.insert(partition.name).inserted else {
                throw .partitionTableInvalid(line: line(index), .duplicateName(partition.name))
            }
        }
        try checkOverlaps(placement, line: line)
        try checkSingle(PartitionType.otaData, "OTA data", line: line)
        try checkSingle(PartitionType.teeOTAData, "TEE OTA data", line: line)
    }

    /// What a partition does wrong by itself.
    private static func fault(of partition: Partition) -> PartitionFault? {
        let name = partition.name
        if name.utf8.count > 15 { return .nameTooLong(name) }
        let alignment = offsetAlignment(ofType: partition.type)
        if partition.offset % alignment != 0 {
            return .misalignedOffset(name: name, offset: partition.offset, alignment: alignment)
        }
        if partition.type == PartitionType.application, partition.size % sectorSize != 0 {
            return .misalignedSize(name: name, size: partition.size)
        }
        guard partition.type == PartitionType.data else { return nil }
        let isReadOnly = partition.flags.contains(.readOnly)
        if isReadOnly, partition.subtype == PartitionType.otaData || partition.subtype == PartitionType.coreDump {
            return .cannotBeReadOnly(name: name)
        }
        if partition.subtype == PartitionType.nvs, partition.size < 0x3000, !isReadOnly {
            return .nvsTooSmall(name: name, size: partition.size)
        }
        return nil
    }

    /// Applications are mapped in 64 KB pages; everything else is erased in sectors.
    static func offsetAlignment(ofType type: UInt8) -> Int {
        type == PartitionType.application ? 0x1_0000 : sectorSize
    }

    private func checkOverlaps(_ placement: Placement, line: (Int) -> Int?) throws(ESPImageError) {
        let order = partitions.indices.sorted { (partitions[$0].offset, $0) < (partitions[$1].offset, $1) }
        var previous: Partition?
        for index in order {
            let partition = partitions[index]
            if partition.offset < placement.firstFree, !Self.liesBeforeTable(partition) {
                throw .partitionTableInvalid(
                    line: line(index),
                    .overlap(
                        name: partition.name, offset: partition.offset, previousEnd: placement.firstFree,
                        previous: "the partition table"))
            }
            if let previous, partition.offset < previous.end {
                throw .partitionTableInvalid(
                    line: line(index),
                    .overlap(
                        name: partition.name, offset: partition.offset, previousEnd: previous.end,
                        previous: "'\(previous.name)'"))
            }
            previous = partition
        }
    }

    /// The running bootloader and the table itself may be listed; they lie where they lie.
    static func liesBeforeTable(_ partition: Partition) -> Bool {
        partition.subtype == 0
            && (partition.type == PartitionType.bootloader || partition.type == PartitionType.table)
    }

    private func checkSingle(_ subtype: UInt8, _ kind: String, line: (Int) -> Int?) throws(ESPImageError) {
        let found = partitions.indices.filter {
            partitions[$0].type == PartitionType.data && partitions[$0].subtype == subtype
        }
        if found.count > 1 { throw .partitionTableInvalid(line: line(found[1]), .repeated(kind: kind)) }
        if let only = found.first, partitions[only].size != 0x2000 {
            throw .partitionTableInvalid(
                line: line(only), .wrongOTADataSize(name: partitions[only].name, size: partitions[only].size))
        }
    }
}
